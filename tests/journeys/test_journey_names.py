"""Names and numbers that are hard to tell from other text: out to a plain socket that echoes, and back again."""

import asyncio
import base64
import json
import socket
import threading
import tomllib
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from osler.app import config as configuration
from osler.app.build import Platform, build
from osler.core.messages import ChatRequest, Message
from osler.core.ports.reader import Source
from osler.gateway.answer import Piece
from osler.gateway.exchange import Done

NOTE = """\
{given} {family} was seen on {day}. {family}, {given}. {given}'s creatinine is 1.8 mg/dL; {family} may call.
{upper}, MRN {mrn}; record {mrn}; ssn {ssn}, {digits}. Call {phone} or {mail}. Lives at {line}, {city}, PA {zip}.
Pacemaker serial {serial}. Born {born}. The long-term plan: she will stop NSAIDs. Signed, Dr. {doctor}
"""
PEOPLE: tuple[dict[str, str], ...] = (
    {"given": "Will", "family": "Long", "doctor": "Young", "city": "Reading", "mrn": "4471902", "id": "w-long"},
    {"given": "April", "family": "Summer", "doctor": "August", "city": "Mobile", "mrn": "MRN-00-44-12-9", "id": "as-77"},
    {"given": "Siobhán", "family": "O'Brien-D'Angelo", "doctor": "D'Souza", "city": "King of Prussia", "mrn": "88-1234-7", "id": "sob-1979"},
    {"given": "小明", "family": "王", "doctor": "Иванова", "city": "上海", "mrn": "A-1200-33", "id": "wx-1955"},
    {"given": "RONALD", "family": "MCDONALD", "doctor": "GRAVES", "city": "LITTLE ROCK", "mrn": "0000417", "id": "aspirin-1"},
    {"given": "Jo", "family": "Ng", "doctor": "O", "city": "Boring", "mrn": "33190", "id": "jo.ng"},
)  # fmt: skip
CONFIG = """
destinations.ward = {{ url = "{url}", location = "on-premises", models.own = {{ id = "own" }} }}
rules = [{{ name = "all", allow = ["*"], transform = "none" }}]
[destinations.cloud]
url = "{url}"
location = "public-cloud"
accepts = {{ deidentified = "{standard}", determination = "d.pdf", owner = "o", until = 2099-01-31 }}
models.open = {{ id = "open" }}
"""
QUESTION = (
    "Summarise the notes. Is {given} {family}'s ({family}) creatinine high? {upper}, {phone}, Patient/{id}"
)


def person(row: dict[str, str]) -> dict[str, str]:
    """All that is known of one person."""
    phone = f"617-555-01{len(row['id']):02d}"
    more = {
        "upper": f"{row['family'].upper()}, {row['given'].upper()}",
        "day": "March 4, 2024",
        "born": "5/9/1961",
        "ssn": "219-09-9999",
        "digits": "219099999",
        "phone": phone,
        "mail": "some.one@example.com",
        "line": "12 Main St",
        "zip": "19601",
        "serial": "SN-88X-20931",
    }
    return {**row, **more}


def bundle(who: dict[str, str]) -> bytes:
    """A record of one patient with one clinician and one note."""
    text = NOTE.format(**who)
    note = {"contentType": "text/plain", "data": base64.b64encode(text.encode()).decode()}
    patient = {
        "resourceType": "Patient",
        "id": who["id"],
        "name": [{"family": who["family"], "given": [who["given"]]}],
        "birthDate": "1961-05-09",
        "identifier": [
            {"type": {"coding": [{"code": "MR"}]}, "value": who["mrn"]},
            {"system": "http://hl7.org/fhir/sid/us-ssn", "value": who["ssn"]},
        ],
        "telecom": [
            {"system": "phone", "value": who["phone"]},
            {"system": "email", "value": who["mail"]},
        ],
        "address": [{"line": [who["line"]], "city": who["city"], "postalCode": who["zip"]}],
    }
    subject = {"reference": f"Patient/{who['id']}"}
    device = {
        "resourceType": "Device",
        "id": f"{who['id']}-device",
        "patient": subject,
        "serialNumber": who["serial"],
    }
    doctor = {
        "resourceType": "Practitioner",
        "id": f"{who['id']}-doctor",
        "name": [{"text": f"Dr. {who['doctor']}"}],
    }
    document = {
        "resourceType": "DocumentReference",
        "id": f"{who['id']}-note",
        "status": "current",
        "type": {"text": "Note"},
        "subject": subject,
        "date": "2024-03-04T10:00:00Z",
        "content": [{"attachment": note}],
    }
    entries = [{"resource": r} for r in (patient, device, doctor, document)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


class Echo:
    """A model server of plain sockets: keeps what it gets, answers with all of it, streams by single characters."""

    def __init__(self) -> None:
        self.raw = b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        got = b""
        while b"\r\n\r\n" not in got:
            got += connection.recv(65536)
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(
            int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += connection.recv(65536)
        self.raw += body
        asked = json.loads(body)
        said = "\n".join(message["content"] for message in asked["messages"])
        if asked.get("stream"):
            pieces = [{"choices": [{"index": 0, "delta": {"content": c}}]} for c in said]
            pieces.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            data = "".join(f"data: {json.dumps(p)}\n\n" for p in pieces) + "data: [DONE]\n\n"
            kind = "text/event-stream"
        else:
            choice = {
                "index": 0,
                "message": {"role": "assistant", "content": said},
                "finish_reason": "stop",
            }
            data, kind = json.dumps({"choices": [choice]}), "application/json"
        reply = data.encode()
        connection.sendall(
            f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(reply)}\r\n"
            "connection: close\r\n\r\n".encode()
            + reply
        )


@contextmanager
def echoing() -> Iterator[Echo]:
    server = Echo()
    threading.Thread(target=server.serve, daemon=True).start()
    try:
        yield server
    finally:
        server.socket.close()


def platform(folder: Path, url: str, standard: str) -> Platform:
    made = build(
        configuration.parse(tomllib.loads(CONFIG.format(url=url, standard=standard))), folder / standard
    )
    for row in PEOPLE:
        made.library.add(Source(name="record.json", data=bundle(person(row))))
    return made


async def answer(made: Platform, question: str, patient: str, model: str, *, stream: bool) -> str:
    request = ChatRequest(
        messages=(Message(role="user", content=question),),
        model=model,
        patient=patient,
        stream=stream,
        request_id="r",
    )
    shown: list[str] = []
    async for event in made.pipeline.run(request):
        if isinstance(event, Piece):
            shown.append(event.text)
        elif isinstance(event, Done):
            return "".join(shown) if stream else event.exchange.answer
        else:
            raise AssertionError(event.error)
    raise AssertionError("no end")


def forms(who: dict[str, str]) -> set[str]:
    """What must not stand in what left: names as written, in capitals, in plain letters; numbers as digits too."""
    names = {who["given"], who["family"], who["doctor"], who["city"]} - {"O", "王"}
    plain = {
        "".join(c for c in unicodedata.normalize("NFKD", n) if not unicodedata.combining(c)) for n in names
    }
    numbers = {who[key] for key in ("mrn", "ssn", "digits", "phone", "mail", "line", "zip", "serial", "id")}
    joined = {"".join(c for c in n if c.isdecimal()) for n in numbers}
    days = {"March 4, 2024", "2024-03-04", "5/9/1961", "1961-05-09"}
    return names | {n.upper() for n in names} | plain | numbers | {n for n in joined if len(n) > 6} | days


def standing(sent: str, value: str) -> bool:
    at = sent.find(value)
    while at >= 0:
        before, after = sent[at - 1 : at], sent[at + len(value) : at + len(value) + 1]
        if not value.isascii() or not (before.isalnum() or after.isalnum()):
            return True
        at = sent.find(value, at + 1)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("standard", ["surrogate", "redact", "safe-harbor"])
@pytest.mark.ci
def test_hard_names_stay_inside_and_come_back(tmp_path: Path, standard: str) -> None:
    with echoing() as server:
        made = platform(tmp_path, server.url, standard)

        async def ask() -> None:
            for who in map(person, PEOPLE):
                question = QUESTION.format(**who)
                real = await answer(made, question, who["id"], "ward/own", stream=False)
                server.raw = b""
                plain = await answer(made, question, who["id"], "cloud/open", stream=False)
                streamed = await answer(made, question, who["id"], "cloud/open", stream=True)
                sent = said_in(server.raw)
                # a surrogate date may well be one in April
                months = {"APRIL", "AUGUST"} if standard == "surrogate" else set()
                wanted = {value for value in forms(who) if value.upper() not in months}
                assert [value for value in wanted if standing(sent, value)] == []
                assert sent.count("Evidence:") == 2
                if standard == "surrogate":
                    assert plain == real
                    assert streamed == real
            await made.aclose()

        asyncio.run(ask())


def said_in(raw: bytes) -> str:
    """Everything that the captured bodies say, JSON undone."""
    decoder, at, texts = json.JSONDecoder(), 0, list[str]()
    text = raw.decode()
    while at < len(text):
        body: Any
        body, at = decoder.raw_decode(text, at)
        texts += [message["content"] for message in body["messages"]]
    return "\n".join(texts)
