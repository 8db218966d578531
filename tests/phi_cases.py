"""Requests that try to carry an identifier to a model server: every place of the wire, and many ways to write one.

`cases()` gives them all. Two people: one whose record is in the workspace (known), and one whom nobody knows, who is
written so that a detector can see it (a title, a label). `WORDS` are what must not be seen at the other end;
`standing` looks for them there, with decoders of its own, which share nothing with Osler's.
"""

import base64
import binascii
import codecs
import contextlib
import gzip
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

Json = dict[str, Any]
PATIENT = "q-7741938-x"
KNOWN = "Zythara Quillonby"
KNOWN_MRN = "QX-7741938"
STRANGER = "Brannoc Vexworthy"
INTRODUCED = f"Mr. {STRANGER}"
TELLING = f"{INTRODUCED}, MRN 55820417, SSN 912-64-7703, phone (614) 783-2291, brannoc@vexworthy.example"
ABROAD = (
    "Müller-Lüdenscheidt", "Quintañal", "Wiśniewski", "Kjærgård", "Guðmundsson", "Путинцев", "Παπαδοπούλου", "王小明",
    "김민준", "शर्मा", "สมชาย", "أحمد",
)  # fmt: skip
"""Names of other languages and scripts."""
WORDS = (
    "zythara", "quillonby", "7741938", "900-27-6614", "900276614", "481-6620", "4816620", "thornewick", "1957-03-14",
    "03/14/1957", *map(str.casefold, ABROAD), "brannoc", "vexworthy", "55820417", "912-64-7703", "912647703", "783-2291", "7832291", "gonzalez",
)  # fmt: skip
ENTRY = [
    {
        "resourceType": "Patient",
        "id": PATIENT,
        "identifier": [
            {"system": "urn:oid:1.2.3", "value": KNOWN_MRN},
            {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "900-27-6614"},
        ],
        "name": [{"family": "Quillonby", "given": ["Zythara"], "text": KNOWN}],
        "telecom": [{"system": "phone", "value": "937-481-6620"}, {"system": "email", "value": "zythara@quillonby.example"}],
        "gender": "female",
        "birthDate": "1957-03-14",
        "address": [{"line": ["4187 Thornewick Lane"], "city": "Dayton", "state": "OH", "postalCode": "45402"}],
    },
    {
        "resourceType": "Condition",
        "id": "c-1",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "code": {"text": "Chronic kidney disease stage 3b"},
        "note": [{"text": f"Told to {KNOWN} ({KNOWN_MRN}) on the phone, 937-481-6620, by her brother."}],
        "onsetDateTime": "2021-05-17",
    },
    {
        "resourceType": "MedicationRequest",
        "id": "m-1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "medicationCodeableConcept": {"text": "lisinopril 20 mg tablet"},
        "dosageInstruction": [{"text": f"One daily for Mrs. Quillonby, {KNOWN_MRN}"}],
        "authoredOn": "2025-02-03",
    },
]  # fmt: skip
BUNDLE = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in ENTRY]}


@dataclass(frozen=True, slots=True)
class Case:
    """A request: what is sent, where, and with which further headers."""

    name: str
    path: str = "/v1/chat/completions"
    body: Json = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


# -- ways to write


def _b64(data: str | bytes) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def _hex(text: str) -> str:
    return text.encode().hex()


WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent": lambda t: "".join(f"%{b:02x}" for b in t.encode()),
    "percent twice": lambda t: quote("".join(f"%{b:02X}" for b in t.encode())),
    "query": lambda t: f"https://ehr.example/find?name={quote(t)}&page=2",
    "path": lambda t: f"https://ehr.example/patients/{quote(t.replace(' ', '-'))}/chart",
    "file name": lambda t: f"/mnt/scans/{t.replace(' ', '_').replace(',', '')}_chest.pdf",
    "entities": lambda t: "".join(f"&#{ord(c)};" for c in t),
    "hex entities": lambda t: "".join(f"&#x{ord(c):X};" for c in t),
    "JSON escapes": lambda t: "".join(f"\\u{ord(c):04X}" for c in t),
    "hex escapes": lambda t: "".join(f"\\x{ord(c):02x}" for c in t),
    "octal escapes": lambda t: "".join(f"\\{ord(c):03o}" for c in t),
    "code points": lambda t: " ".join(f"U+{ord(c):04X}" for c in t),
    "quoted-printable": lambda t: "".join(f"={b:02X}" for b in t.encode()),
    "MIME word": lambda t: f"=?utf-8?B?{_b64(t)}?=",
    "base64": _b64,
    "base64 at another alignment": lambda t: _b64("re: " + t),
    "base64url": lambda t: base64.urlsafe_b64encode(t.encode()).decode().rstrip("="),
    "base64 twice": lambda t: _b64(_b64(t)),
    "base64 of UTF-16": lambda t: _b64(t.encode("utf-16")),
    "base64 of gzip": lambda t: _b64(gzip.compress(t.encode())),
    "base32": lambda t: base64.b32encode(t.encode()).decode(),
    "hex": _hex,
    "hex with spaces": lambda t: t.encode().hex(" "),
    "hex of base64": lambda t: _hex(_b64(t)),
    "decimal codes": lambda t: " ".join(str(b) for b in t.encode()),
    "data URL of text": lambda t: f"data:text/plain;base64,{_b64(t)}",
    "full width": lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
    "mathematical": lambda t: "".join(chr(0x1D400 + ord(c) - 65) if "A" <= c <= "Z" else c for c in t),
    "zero width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "combining marks": lambda t: "".join(c + "\u0301" if c.isalpha() else c for c in t),
    "spaced out": " ".join,
    "dotted": ".".join,
    "one a line": "\n".join,
    "tags": "<b></b>".join,
    "emphasis": "**".join,
    "markdown link": lambda t: f"[chart](https://ehr.example/{quote(t)})",
    "JWT": lambda t: f"{_b64('{}')}.{base64.urlsafe_b64encode(json.dumps({'sub': t}).encode()).decode().rstrip('=')}.c2ln",
    "HL7": lambda t: f"PID|1||55820417^^^H||{'^'.join(reversed(t.split(' ')[-2:]))}||19570314",
    "XML": lambda t: f'<patient name="{t}"/>',
    "CSV": lambda t: f'name,dose\n"{t}",5',
    "SQL": lambda t: f"SELECT * FROM p WHERE name = '{t}'",
    "camel case": lambda t: "patient" + t.replace(".", "").replace(" ", ""),
    "snake case": lambda t: t.replace(" ", "_").lower(),
    "last, first": lambda t: ", ".join(reversed(t.rsplit(" ", 1))),
    "possessive": lambda t: f"{t}'s chart",
}  # fmt: skip
"""Ways to write an identifier. Those that hide it are refused or replaced, either is well."""

_OF_A_KNOWN_ONE = {
    "reversed": lambda t: t[::-1],
    "ROT13": lambda t: codecs.encode(t, "rot13"),
    "digits for letters": lambda t: t.replace("i", "1").replace("o", "0"),
    "initial": lambda t: f"Z. {t.split()[-1]}",
    "family name only": lambda t: t.split()[-1],
}
"""Further ways, which only one who knows the name can see through."""


# -- places


def _says(text: str, **more: Any) -> Json:
    return {"messages": [{"role": "user", "content": text}], **more}


def _tool(**more: Any) -> Json:
    function = {"name": "find", "description": "Finds.", "parameters": {"type": "object", "properties": {}}}
    return {"type": "function", "function": {**function, **more}}


def _called(arguments: str, result: str = "found", name: str = "find") -> list[Json]:
    call = {"id": "call_1234567", "type": "function", "function": {"name": name, "arguments": arguments}}
    return [
        {"role": "user", "content": "Please look."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1234567", "content": result},
        {"role": "user", "content": "And?"},
    ]


def _picture(comment: str) -> str:
    return (
        f"data:image/png;base64,{_b64(bytes([137, 80, 78, 71, 13, 10, 26, 10]) + b'tEXt' + comment.encode())}"
    )


def _schema(**more: Any) -> Json:
    schema = {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}},
        "additionalProperties": False,
        **more,
    }
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def places(who: str, told: str) -> Iterator[tuple[str, Json]]:
    """Bodies of chat completions that hold `who` (a name) or `told` (a name and more) somewhere."""
    first, last = who.rsplit(" ", 1)
    under = who.replace(" ", "_").replace(".", "").lower()
    ask = "How is the dose adjusted?"
    yield "a question", _says(told)
    yield (
        "system",
        {"messages": [{"role": "system", "content": f"You help {told}."}, *_says(ask)["messages"]]},
    )
    yield "developer", {"messages": [{"role": "developer", "content": told}, *_says(ask)["messages"]]}
    yield (
        "history",
        {
            "messages": [
                *_says("Hi")["messages"],
                {"role": "assistant", "content": told},
                *_says(ask)["messages"],
            ]
        },
    )
    yield "a message's name", {"messages": [{"role": "user", "name": under, "content": f"I am {who}. {ask}"}]}
    yield (
        "parts",
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": told}, {"type": "text", "text": ask}]}
            ]
        },
    )
    yield (
        "a name cut between parts",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": f"See {first}"},
                        {"type": "text", "text": f"{last}, MRN 55820417"},
                    ],
                }
            ]
        },
    )
    yield (
        "a name cut between messages",
        {
            "messages": [
                {"role": "user", "content": f"I asked about {who[:-4]}"},
                {"role": "user", "content": f"{who[-4:]} yesterday; {told}"},
            ]
        },
    )
    yield (
        "a name cut between roles",
        {
            "messages": [
                *_says(f"The patient is {first}")["messages"],
                {"role": "assistant", "content": "And the family name?"},
                *_says(f"{last}. {told}")["messages"],
            ]
        },
    )
    yield "tool arguments", {"messages": _called(json.dumps({"name": who, "about": told}))}
    yield (
        "tool arguments, escaped",
        {
            "messages": _called(
                json.dumps({"q": "".join(f"\\u{ord(c):04x}" for c in who)}).replace("\\\\", "\\")
            )
        },
    )
    yield (
        "tool arguments, nested JSON",
        {"messages": _called(json.dumps({"q": json.dumps({"q": json.dumps({"name": told})})}))},
    )
    yield "tool arguments, no JSON", {"messages": _called(f"name={told}")}
    yield "tool arguments, broken JSON", {"messages": _called(json.dumps({"name": told})[:-2])}
    apart = {
        "patientName": who.removeprefix("Mr. "),
        "mrn": "55820417",
        "ssn": "912-64-7703",
        "phone": "6147832291",
    }
    yield "tool arguments, one field each", {"messages": _called(json.dumps(apart))}
    yield (
        "tool arguments, numbers",
        {"messages": _called(json.dumps({"mrn": 55820417, "filter": {"phone": 6147832291}}))},
    )
    yield "an unknown field, one field each", _says(ask, x_context={"patient": apart})
    yield (
        "a key that is a person's name",
        {"messages": _called(json.dumps({"eleanor_gonzalez": True, "EleanorGonzalez": 1}))},
    )
    yield "a key of tool arguments", {"messages": _called(json.dumps({who: 1, "list": [{told: None}]}))}
    yield "a tool's result", {"messages": _called("{}", told)}
    yield (
        "a tool's result, JSON",
        {"messages": _called("{}", json.dumps([{"patient": {"name": who, "mrn": "55820417"}}]))},
    )
    yield (
        "a tool's result, parts",
        {
            "messages": [
                *_called("{}")[:2],
                {"role": "tool", "tool_call_id": "call_1234567", "content": [{"type": "text", "text": told}]},
            ]
        },
    )
    yield "the name of a called tool", {"messages": _called("{}", name=f"find_{under}")}
    yield (
        "the id of a call",
        {
            "messages": [
                *_says(ask)["messages"],
                {
                    "role": "assistant",
                    "tool_calls": [
                        {"id": told, "type": "function", "function": {"name": "f", "arguments": "{}"}}
                    ],
                },
                {"role": "tool", "tool_call_id": told, "content": "x"},
            ]
        },
    )
    yield (
        "an old function call",
        {
            "messages": [
                *_says(ask)["messages"],
                {
                    "role": "assistant",
                    "content": None,
                    "function_call": {"name": "f", "arguments": json.dumps({"n": told})},
                },
                {"role": "function", "name": "f", "content": told},
            ]
        },
    )
    yield "a tool's name", _says(ask, tools=[_tool(name=f"find_{under}", description=f"Finds {who}.")])
    yield "a tool's description", _says(ask, tools=[_tool(description=f"Finds {told}.")])
    yield (
        "a parameter's name",
        _says(ask, tools=[_tool(parameters={"type": "object", "properties": {who: {"type": "string"}}})]),
    )
    yield (
        "a parameter's values",
        _says(ask, tools=[_tool(parameters={"type": "object", "properties": {"p": {"enum": [who, told]}}})]),
    )
    yield (
        "a parameter's default",
        _says(
            ask,
            tools=[
                _tool(parameters={"properties": {"p": {"default": told, "examples": [told], "const": who}}})
            ],
        ),
    )
    yield "a tool's own field", _says(ask, tools=[{**_tool(), "x_note": told}])
    yield (
        "an old function",
        _says(ask, functions=[{"name": "f", "description": told, "parameters": {"properties": {who: {}}}}]),
    )
    yield (
        "the choice of a tool",
        _says(
            ask, tools=[_tool()], tool_choice={"type": "function", "function": {"name": under, "note": told}}
        ),
    )
    yield "a schema's title", _says(ask, response_format=_schema(title=told))
    yield "a schema's property", _says(ask, response_format=_schema(properties={who: {"type": "string"}}))
    yield "a schema's values", _says(ask, response_format=_schema(properties={"p": {"enum": [who]}}))
    yield (
        "a schema's pattern",
        _says(ask, response_format=_schema(properties={"p": {"pattern": f"^{told}$"}})),
    )
    yield (
        "a schema's name",
        _says(
            ask,
            response_format={
                "type": "json_schema",
                "json_schema": {"name": under, "description": told, "schema": {}},
            },
        ),
    )
    yield "stop", _says(ask, stop=[who, told])
    yield "user", _says(ask, user=told)
    yield "safety_identifier", _says(ask, safety_identifier=told, prompt_cache_key=told)
    yield "metadata", _says(ask, metadata={"note": told, who: "x"})
    yield "an unknown field", _says(ask, x_custom=told)
    yield "an unknown field, nested", _says(ask, x_custom={"a": [{"b": {"c": [told]}}]})
    yield "an unknown field's key", _says(ask, x_custom={who: {told: 1}})
    yield "an unknown field's own name", _says(ask, **{told: 1})
    yield "an unknown field of a message", {"messages": [{"role": "user", "content": ask, "x_author": told}]}
    yield (
        "an unknown field of a part",
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ask, "x_from": told}]}]},
    )
    yield "logit_bias", _says(ask, logit_bias={"55820417": 1, "7741938": 1})
    yield "a number", _says(f"About {told}", x_mrn=55820417, x_list=[912647703])
    yield "prediction", _says(ask, prediction={"type": "content", "content": told})
    yield "guided_json", _says(ask, guided_json={"properties": {who: {"description": told}}})
    yield "chat_template_kwargs", _says(ask, chat_template_kwargs={"patient": told})
    yield "grammar", _says(ask, grammar=f'root ::= "{told}"')
    yield (
        "a picture with a comment",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": ask},
                        {"type": "image_url", "image_url": {"url": _picture(told)}},
                    ],
                }
            ]
        },
    )
    yield (
        "a picture's address",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": f"https://pacs.example/{quote(told)}.png"}}
                    ],
                }
            ]
        },
    )
    yield "several answers", _says(told, n=3)
    yield (
        "a refusal of before",
        {
            "messages": [
                *_says(ask)["messages"],
                {"role": "assistant", "refusal": told, "content": None},
                *_says(ask)["messages"],
            ]
        },
    )
    yield (
        "reasoning of before",
        {
            "messages": [
                *_says(ask)["messages"],
                {"role": "assistant", "content": "Hm.", "reasoning_content": told},
                *_says(ask)["messages"],
            ]
        },
    )
    yield "the reason to break the glass", _says(ask, metadata={"break_glass": f"Emergency of {told}"})
    yield "the model's name", _says(ask, model=told)
    yield "a purpose", _says(ask, metadata={"purpose": told})
    yield "a task", _says(ask, metadata={"task": told})
    yield "a specialty", _says(ask, metadata={"specialty": told})


def elsewhere(who: str, told: str) -> Iterator[Case]:
    """The other routes, and what is not the body."""
    ask = _says("How is the dose adjusted?")
    for name, body in {
        "prompt": {"prompt": told},
        "prompt in a list": {"prompt": [told]},
        "suffix": {"prompt": "Dear", "suffix": told},
        "stop": {"prompt": "Dear", "stop": [told]},
        "unknown field": {"prompt": "Dear", "x_note": {"k": told}},
    }.items():
        yield Case(f"completions: {name}", "/v1/completions", body)
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": told}]}
    call = {
        "type": "function_call",
        "call_id": "call_1234567",
        "name": "f",
        "arguments": json.dumps({"n": told}),
    }
    out = {"type": "function_call_output", "call_id": "call_1234567", "output": told}
    for name, body in {
        "input": {"input": told},
        "items": {"input": [item]},
        "short items": {"input": [{"role": "user", "content": told}]},
        "instructions": {"input": "Hi", "instructions": told},
        "a call": {"input": [{"role": "user", "content": "Hi"}, call, {**out, "output": "x"}]},
        "its output": {"input": [{"role": "user", "content": "Hi"}, {**call, "arguments": "{}"}, out]},
        "its output in parts": {
            "input": [
                {"role": "user", "content": "Hi"},
                {**call, "arguments": "{}"},
                {**out, "output": [{"type": "input_text", "text": told}]},
            ]
        },
        "tools": {
            "input": "Hi",
            "tools": [
                {
                    "type": "function",
                    "name": "f",
                    "description": told,
                    "parameters": {"properties": {who: {}}},
                }
            ],
        },
        "format": {
            "input": "Hi",
            "text": {"format": {"type": "json_schema", "name": "n", "schema": {"title": told}}},
        },
        "metadata": {"input": "Hi", "metadata": {"x": told}},
        "what was said": {
            "input": [
                {"role": "assistant", "content": [{"type": "output_text", "text": told}]},
                {"role": "user", "content": "Hi"},
            ]
        },
        "a picture": {
            "input": [{"role": "user", "content": [{"type": "input_image", "image_url": _picture(told)}]}]
        },
        "unknown field": {"input": "Hi", "x_note": told},
        "a file": {"input": [{"role": "user", "content": [{"type": "input_file", "filename": told}]}]},
    }.items():
        yield Case(f"responses: {name}", "/v1/responses", body)
    for name, given in {
        "text": told,
        "list": ["knee", told],
        "base64": _b64(told),
        "percent": quote(told),
        "zero width": "\u200b".join(told),
        "cut in two": [told[:9], told[9:]],
        "hex": _hex(told),
    }.items():
        yield Case(f"embeddings: {name}", "/v1/embeddings", {"input": given})
    ascii_told = told.encode("ascii", "replace").decode()
    for header in (
        "user-agent", "cookie", "traceparent", "tracestate", "baggage", "referer", "x-forwarded-for", "accept-language",
        "x-request-id", "x-osler-purpose", "x-osler-patient", "x-osler-task", "x-osler-specialty", "x-osler-nothing",
        "openai-organization", "authorization", "from", "via", "idempotency-key",
    ):  # fmt: skip
        yield Case(f"header {header}", body=ask, headers={header: ascii_told})
    yield Case("query", f"/v1/chat/completions?name={quote(told)}", ask)
    yield Case("an unknown path", f"/v1/{quote(told)}", ask)


def cases() -> Iterator[Case]:
    """All of them; names are unique."""
    for name, way in WAYS.items():
        yield Case(f"stranger {name}", body=_says(f"Please see to {way(INTRODUCED)} today, as agreed."))
        yield Case(f"known {name}", body=_says(f"Please see to {way(KNOWN)} today, as agreed."))
    for name, way in {**WAYS, **_OF_A_KNOWN_ONE}.items():
        named = {"patient": PATIENT, "ground": "off"}
        yield Case(f"named {name}", body=_says(f"Is {way(KNOWN)} well?", metadata=named))
    for name in (
        "as it is",
        "percent",
        "base64",
        "hex",
        "zero width",
        "spaced out",
        "full width",
        "decimal codes",
    ):
        yield Case(f"number {name}", body=_says(f"Her record is MRN {WAYS[name]('55820417')}."))
        yield Case(f"known number {name}", body=_says(f"Her record is {WAYS[name](KNOWN_MRN)}."))
    for who, told, kind in (
        (INTRODUCED, TELLING, "stranger"),
        (KNOWN, f"{KNOWN}, {KNOWN_MRN}, 4187 Thornewick Lane", "known"),
    ):
        for name, body in places(who, told):
            yield Case(f"{kind} in {name}", body=body)
    for name in ABROAD:
        yield Case(f"abroad, titled: {name}", body=_says(f"Mrs. {name} asks about her dose of lisinopril."))
        yield Case(f"abroad, labelled: {name}", body=_says(f"Patient: {name}, MRN 55820417. Which dose?"))
        yield Case(
            f"abroad, in a tool: {name}",
            body={"messages": _called(json.dumps({"patient_name": f"Ms. {name}"}))},
        )
    yield from elsewhere(INTRODUCED, TELLING)
    for question in (
        "What is she on?",
        "Who is this patient?",
        "Summarise the record.",
        f"Is {KNOWN} allergic?",
        "phone?",
    ):
        yield Case(f"grounded: {question[:12]}", body=_says(question, metadata={"patient": PATIENT}))
    yield Case(
        "grounded, explained", body=_says("Her medicines?", metadata={"patient": PATIENT, "explain": "true"})
    )


# -- the other end


def standing(raw: bytes | str, words: tuple[str, ...] = WORDS) -> set[str]:
    """Which of the words can be read in what was received, decoded in every way that `WAYS` knows."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    found: set[str] = set()
    for reading in _readings(text, 3):
        folded = unicodedata.normalize("NFKD", reading).casefold()
        bare = re.sub(r"[^0-9a-z]", "", folded)
        backwards = folded[::-1]
        for word in words:
            whole = unicodedata.normalize("NFKD", word).casefold()
            squeezed = re.sub(r"[^0-9a-z]", "", whole)
            rot13 = word.isascii() and word.isalpha() and codecs.encode(word, "rot13") in folded
            if whole in folded or whole in backwards or rot13 or (word.isascii() and squeezed in bare):
                found.add(word)
    return found


def _readings(text: str, depth: int) -> Iterator[str]:
    yield text
    if depth == 0:
        return
    for undo in (
        unquote,
        html.unescape,
        lambda t: re.sub(
            r"(?:\\u[0-9a-fA-F]{4})+", lambda m: json.loads(f'"{m.group()}"'), t.replace("\\\\", "\\")
        ),
        lambda t: re.sub(r"\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), t),
        lambda t: re.sub(r"\\([0-3][0-7]{2})", lambda m: chr(int(m[1], 8)), t.replace("\\\\", "\\")),
        lambda t: re.sub(r"U\+((?:10|0?[0-9A-F])?[0-9A-F]{4})\s?", lambda m: chr(int(m[1], 16)), t),
        lambda t: re.sub(r"=([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), t),
        lambda t: re.sub(r"<[^>]{0,20}>", "", t),
        lambda t: re.sub(r"\\[nrt]", " ", t),
    ):
        undone = undo(text)
        if undone != text:
            yield from _readings(undone, depth - 1)
    coded = [c for run in set(re.findall(r"[A-Za-z0-9+/_=-]{8,}", text)) for c in _coded(run)]
    coded += [
        bytes.fromhex(m.replace(" ", "")).decode("utf-8", "replace")
        for m in re.findall(r"(?:[0-9a-f]{2} ){6,}[0-9a-f]{2}", text)
    ]
    coded += ["".join(chr(int(n)) for n in m.split()) for m in re.findall(r"(?:\d{2,3} ){6,}\d{2,3}", text)]
    if coded:
        yield from _readings("\n".join(coded), depth - 1)


def _coded(run: str) -> Iterator[str]:
    def told(data: bytes) -> Iterator[str]:
        if data.startswith(b"\x1f\x8b"):
            try:
                data = gzip.decompress(data)
            except OSError:
                return
        yield data.decode("utf-8", "ignore")
        if data.count(0) > len(data) // 3:
            yield data.replace(b"\0", b"").decode("utf-8", "ignore")

    plain = run.replace("-", "+").replace("_", "/").rstrip("=")
    for at in range(4):
        part = plain[at:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        with contextlib.suppress(binascii.Error, ValueError):
            yield from told(base64.b64decode(part + "=" * (-len(part) % 4), validate=True))
    for pattern, decode in ((r"[0-9a-fA-F]{12,}", bytes.fromhex), (r"[A-Z2-7]{16,}=*", base64.b32decode)):
        for match in re.findall(pattern, run):
            with contextlib.suppress(binascii.Error, ValueError):
                yield from told(decode(match[: len(match) // 2 * 2] if decode is bytes.fromhex else match))
