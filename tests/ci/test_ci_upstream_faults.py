"""A whole server in front of model servers that go wrong in every way: a right answer or one clear error, never a mix.

One `osler serve`; for each trouble one model that stands at the faulty server alone, and one that stands at the faulty
server and, dearer, at a healthy one. Each is asked plainly and as a stream.
"""

import contextlib
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from certificates import certificate
from osler.testing import FaultServer, Trouble
from osler.testing.fault_server import UNASKED
from osler.testing.troubles import HARMLESS, ONLY_PLAIN, ONLY_STREAMS
from osler_process import Served, run_osler, serving

pytestmark = pytest.mark.ci

FAULTY, WELL = "Potassium is high.", "Potassium is normal today."
SECRET = "Zythar Quillon, SSN 900-27-6614"
CODES = {"upstream_error", "upstream_timeout", "upstream_unavailable", "upstream_refused"}
OWN_FAULT = {Trouble.INVALID_400, Trouble.UNPROCESSABLE_422}
BEGUN = {
    Trouble.RESET_MID_BODY, Trouble.CLOSE_MID_BODY, Trouble.HANG_MID_BODY, Trouble.MALFORMED_SSE,
    Trouble.TRUNCATED_SSE, Trouble.ERROR_EVENT,
}  # fmt: skip
"""Streams that had begun when it went wrong: nobody takes over."""
TROUBLES: list[Trouble | str] = [*Trouble, "self-signed"]


@dataclass
class Site:
    served: Served
    faulty: dict[str, FaultServer]
    well: FaultServer


@dataclass
class Answer:
    """What a caller has in the end: a status, the text, the error."""

    status: int
    text: str
    code: str
    raw: str
    done: bool


def key(trouble: Trouble | str) -> str:
    return str(trouble).replace(" ", "-")


def configuration(faulty: dict[str, FaultServer], well: FaultServer) -> str:
    lines = [
        "[deid]\nengine = 'fast'\n[gateway.breaker]\nfailures = 0\n[gateway.retries]\nfirst_piece_s = 1.5\n"
    ]
    for name, server in faulty.items():
        lines.append(
            f"[destinations.d-{name}]\nurl = '{server.url}'\nlocation = 'on-premises'\ntimeout_s = 1.5\n"
            f"options = {{ connect_timeout_s = 1.0 }}\n"
            f"models.alone-{name} = {{ id = 'x' }}\nmodels.pair-{name} = {{ id = 'x' }}\n"
        )
    lines.append(f"[destinations.well]\nurl = '{well.url}'\nlocation = 'on-premises'\n")
    lines += [f"models.pair-{name} = {{ id = 'x', price_in = 1.0 }}\n" for name in faulty]
    return "".join(lines)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("faults")
    certificate(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with contextlib.ExitStack() as stack:
        faulty = {
            key(t): stack.enter_context(
                FaultServer(t, text=FAULTY) if isinstance(t, Trouble) else FaultServer(text=FAULTY, tls=tls)
            )
            for t in TROUBLES
        }
        well = stack.enter_context(FaultServer(text=WELL))
        (folder / "osler.toml").write_text(configuration(faulty, well))
        served = stack.enter_context(serving(folder / "ws", config=folder / "osler.toml"))
        yield Site(served=served, faulty=faulty, well=well)


def ask(site: Site, model: str, *, stream: bool) -> Answer:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": f"What of {SECRET}?"}],
        "metadata": {"ground": "off"},
        "stream": stream,
    }
    request = urllib.request.Request(
        f"{site.served.url}/v1/chat/completions",
        json.dumps(body).encode(),
        {"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            status, raw = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        status, raw = error.code, error.read().decode()
    if not raw.startswith(("data:", ":")):
        value = json.loads(raw)
        text = value["choices"][0]["message"]["content"] if status == 200 else ""
        code = value.get("error", {}).get("code", "")
        return Answer(status, text, code, raw, done=status == 200)
    return streamed(status, raw)


def streamed(status: int, raw: str) -> Answer:
    events = [line.removeprefix("data: ") for line in raw.splitlines() if line.startswith("data: ")]
    values = [json.loads(event) for event in events if event != "[DONE]"]
    text = "".join(choice["delta"].get("content") or "" for v in values for choice in v.get("choices", []))
    code = next((v["error"]["code"] for v in values if "error" in v), "")
    return Answer(status, text, code, raw, done="[DONE]" in events)


def hold(trouble: Trouble | str, answer: Answer, *, stream: bool, pair: bool) -> None:
    """A right answer or one clear error."""
    place = f"{trouble} {'stream' if stream else 'plain'} {'pair' if pair else 'alone'}: {answer}"
    assert SECRET not in answer.raw or answer.done, place
    assert UNASKED not in answer.raw, place
    assert "Half." not in answer.raw, place
    spared = trouble in HARMLESS or trouble in (ONLY_PLAIN if stream else ONLY_STREAMS)
    if trouble is Trouble.UNASKED_ANSWER and answer.text:
        assert answer.text in (FAULTY, WELL), place
        assert answer.done or answer.code in CODES, place
    elif spared:
        assert (answer.text, answer.code, answer.done) == (FAULTY, "", True), place
    elif pair and trouble not in OWN_FAULT and not (stream and trouble in BEGUN):
        assert (answer.text, answer.code, answer.done) == (WELL, "", True), place
    else:
        assert answer.code in CODES, place
        assert not answer.done, place
        assert WELL not in answer.text, place
        assert FAULTY.startswith(answer.text.strip()) or "Half".startswith(answer.text.strip()), place


def test_each_trouble_ends_in_a_right_answer_or_one_clear_error(site: Site) -> None:
    cases = [(t, stream, pair) for t in TROUBLES for stream in (False, True) for pair in (False, True)]

    def one(case: tuple[Trouble | str, bool, bool]) -> Answer:
        trouble, stream, pair = case
        return ask(site, f"{'pair' if pair else 'alone'}-{key(trouble)}", stream=stream)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(one, cases))
    for (trouble, stream, pair), answer in zip(cases, answers, strict=True):
        hold(trouble, answer, stream=stream, pair=pair)


def test_an_unasked_answer_is_not_the_next_ones(site: Site) -> None:
    for _ in range(6):
        answer = ask(site, f"alone-{key(Trouble.UNASKED_ANSWER)}", stream=False)
        assert answer.text == FAULTY or (answer.code in CODES and not answer.text)
        assert UNASKED not in answer.raw


def test_the_audit_is_whole_and_nothing_stays_open(site: Site) -> None:
    ask(site, f"pair-{key(Trouble.ERROR_500)}", stream=True)
    workspace = site.served.log.parent / "ws"
    done = run_osler("audit", "verify", "--json", "--workspace", str(workspace), cwd=Path(workspace).parent)
    verdict = json.loads(done.stdout)
    assert done.returncode == 0, verdict
    assert verdict["open_streams"] == 0
    assert site.served.process.poll() is None
