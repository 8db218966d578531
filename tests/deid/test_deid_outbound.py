"""The outbound check: an adversarial suite of encodings and splits, no false alarm on ordinary text, bounded time."""

import base64
import codecs
import gzip
import json
import random
import time
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest

from osler.core.errors import PolicyRefused
from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.records import PatientIdentity
from osler.core.spans import Label
from osler.deid import Deidentifier, Replacer
from osler.deid.outbound import UNREAD, OutboundCheck
from osler.deid.roster import Roster
from osler.deid.unhidden import all_hidden, hidden_texts


def known(label: Label, value: str, *, birth: bool = False) -> KnownIdentifier:
    return KnownIdentifier(label=label, value=value, birth=birth)


RECORD = (
    known(Label.NAME, "Eleanor Whitfield"),
    known(Label.NAME, "Whitfield, Eleanor"),
    known(Label.MRN, "00482913"),
    known(Label.PHONE, "555-867-5309"),
    known(Label.EMAIL, "e.whitfield@example.org"),
    known(Label.SSN, "123-45-6789"),
    known(Label.LOCATION, "742 Evergreen Terrace"),
    known(Label.DATE, "1956-03-14", birth=True),
    known(Label.OTHER_ID, "0c7764a9-ede1-44de-9c32-8d41151a713e"),
)
CHECK = OutboundCheck(RECORD)
REAL = "Eleanor Whitfield, MRN 00482913"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def hexed(text: str) -> str:
    return text.encode().hex()


ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper": str.upper,
    "percent": quote,
    "percent, each": lambda t: "".join(f"%{b:02x}" for b in t.encode()),
    "percent, twice": lambda t: quote("".join(f"%{b:02X}" for b in t.encode())),
    "entities": lambda t: "".join(f"&#{ord(c)};" for c in t),
    "hex entities": lambda t: "".join(f"&#x{ord(c):x};" for c in t),
    "unicode escapes": lambda t: "".join(f"\\u{ord(c):04x}" for c in t),
    "hex escapes": lambda t: "".join(f"\\x{ord(c):02x}" for c in t),
    "octal escapes": lambda t: "".join(f"\\{ord(c):03o}" for c in t),
    "code points": lambda t: " ".join(f"U+{ord(c):04X}" for c in t),
    "quoted-printable": lambda t: "".join(f"={b:02X}" for b in t.encode()),
    "MIME word": lambda t: f"=?utf-8?B?{b64(t)}?=",
    "base64": b64,
    "base64, alignment 1": lambda t: b64("x " + t),
    "base64, alignment 2": lambda t: b64("xy " + t),
    "base64 behind a path": lambda t: "v1/item_" + b64(t),
    "base64url": lambda t: base64.urlsafe_b64encode(t.encode()).decode().rstrip("="),
    "base64, wrapped": lambda t: base64.encodebytes((t + " and more of the note. " * 8).encode()).decode(),
    "base64, UTF-16": lambda t: b64(t.encode("utf-16")),
    "base64, UTF-16 big-endian": lambda t: b64(t.encode("utf-16-be")),
    "base64, twice": lambda t: b64(b64(t)),
    "base64, three times": lambda t: b64(b64(b64(t))),
    "base64 of percent": lambda t: b64(quote(t)),
    "percent of base64": lambda t: quote(b64(t), safe=""),
    "base64 of gzip": lambda t: b64(gzip.compress(t.encode())),
    "base64 of zlib": lambda t: b64(zlib.compress(t.encode())),
    "base32": lambda t: base64.b32encode(t.encode()).decode(),
    "hex": hexed,
    "hex, upper": lambda t: hexed(t).upper(),
    "hex, 0x": lambda t: "0x" + hexed(t),
    "hex, spaced": lambda t: t.encode().hex(" "),
    "hex, colons": lambda t: t.encode().hex(":"),
    "hex of base64": lambda t: hexed(b64(t)),
    "decimal codes": lambda t: " ".join(str(b) for b in t.encode()),
    "bits": lambda t: " ".join(f"{b:08b}" for b in t.encode()),
    "full width": lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
    "mathematical": lambda t: "".join(chr(0x1D400 + ord(c) - 65) if c.isupper() else c for c in t),
    "zero width": lambda t: "\u200b".join(t),
    "soft hyphens": lambda t: "\u00ad".join(t),
    "combining marks": lambda t: "".join(c + "\u0301" if c.isalpha() else c for c in t),
    "Cyrillic look-alikes": lambda t: t.translate(str.maketrans("aeopc", "аеорс")),
    "Arabic digits": lambda t: t.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "spaced out": " ".join,
    "dotted": ".".join,
    "dashes": "-".join,
    "one a line": "\n".join,
    "tags": lambda t: "<b></b>".join(t),
    "emphasis": lambda t: "**".join(t),
    "reversed": lambda t: t[::-1],
    "ROT13": lambda t: codecs.encode(t, "rot13"),
    "camel case": lambda t: "patient" + t.title().replace(" ", "").replace(",", ""),
    "snake case": lambda t: t.replace(", ", "_").replace(" ", "_").lower(),
    "digits for letters": lambda t: t.replace("e", "3").replace("i", "1").replace("o", "0"),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS.keys())
@pytest.mark.parametrize("value", [REAL, "Eleanor Whitfield", "MRN 00482913", "whitfield", "00482913"])
def test_no_encoding_hides_a_known_identifier(encode: Callable[[str], str], value: str) -> None:
    told = f"Please see to {encode(value)} today."
    assert CHECK.scan([told]), "as a text"
    assert CHECK.scan(json.dumps({"messages": [{"role": "user", "content": told}]}).encode()), "in a body"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("mrn00482913", "MRN"),
        ("0048-2913", "MRN"),
        ("00 48 29 13", "MRN"),
        ("0048\n2913", "MRN"),
        ("MRN 482913 without its zeros", "MRN"),
        ("zero zero four eight two nine one three", "MRN"),
        ("oh oh four eight two nine one three", "MRN"),
        ("(555) 867-5309", "PHONE"),
        ("+1 555 867 5309", "PHONE"),
        ("+15558675309", "PHONE"),
        ("867-5309", "PHONE"),
        ("123 45 6789", "SSN"),
        ("123456789", "SSN"),
        ("e.whitfield at example dot org", "EMAIL"),
        ("E.WHITFIELD@EXAMPLE.ORG", "EMAIL"),
        ("742 evergreen terrace", "LOCATION"),
        ("born 14 March 1956", "DATE"),
        ("3/14/56", "DATE"),
        ("19560314", "DATE"),
        ("0C7764A9EDE144DE9C328D41151A713E", "OTHER_ID"),
        ("Whitfield's", "NAME"),
        ("eleanorwhitfield", "NAME"),
        ("WHITFIELD^ELEANOR", "NAME"),
        ("Wh itfield", "NAME"),
        ("https://x.example/p?q=eleanor%20whitfield", "NAME"),
        ("whitfield1956", "NAME"),
    ],
)
def test_no_way_to_write_it_hides_it(text: str, label: str) -> None:
    assert label in CHECK.scan([f"About {text}, please."])


def body(*messages: dict[str, object], **more: object) -> bytes:
    return json.dumps({"model": "m", "messages": list(messages)} | more).encode()


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


@pytest.mark.parametrize(
    "sent",
    [
        body(user("her name is Whit"), user("field, and")),
        body(user("number 0048"), user("2913 it is")),
        body(user("number 00"), user("48"), user("2913")),
        body(user("number 0048"), {"role": "assistant", "content": "go on"}, user("2913 it is")),
        body(user([{"type": "text", "text": "0048"}, {"type": "text", "text": "2913"}])),
        body({"role": "user", "content": "x", "name": "Eleanor_Whitfield"}),
        body(user("x"), metadata={"00482913": 1}),
        body(user("x"), metadata={"whitfield_notes": ""}),
        body(user("x"), seed=482913),
        body(user("x"), user_number=5558675309),
        body(user("x"), stop=["Whitfield"]),
        body(
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "f", "arguments": json.dumps({"who": "\u0045leanor"})},
                    }
                ],
            }
        ),
        body(
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "function": {
                            "name": "f",
                            "arguments": json.dumps({"a": json.dumps({"mrn": "0048-2913"})}),
                        }
                    }
                ],
            }
        ),
        body(user("x"), tools=[{"function": {"name": "f", "description": "for Whitfield only"}}]),
        body(user([{"type": "image_url", "image_url": {"url": "https://h.example/?mrn=0048%32913"}}])),
        body({"role": "tool", "tool_call_id": "00482913", "content": "ok"}),
        json.dumps(user("Whitfield")).replace("W", "\\u0057").encode(),
        body(user(b64("a note on Whit")), user(b64("field, Eleanor"))),
    ],
)
def test_no_place_in_a_body_hides_it(sent: bytes) -> None:
    assert CHECK.scan(sent)


def test_it_says_kinds_and_counts_only() -> None:
    told = CHECK.scan([f"{REAL}; Whitfield; call 555-867-5309"])
    assert told["PHONE"] >= 1
    assert told["NAME"] >= 2
    assert set(told) == {"NAME", "MRN", "PHONE"}


def test_what_cannot_be_read_does_not_leave() -> None:
    assert CHECK.scan(b"{not json")[UNREAD] == 1
    deep = REAL
    for _ in range(6):
        deep = b64(deep)
    assert CHECK.scan([deep])


def test_published_documents_may_name_a_namesake() -> None:
    check = OutboundCheck([known(Label.NAME, "Anna Takayasu")])
    text = "Takayasu arteritis is a vasculitis."
    assert check.scan([text]) == {"NAME": 1}
    assert check.scan([text], allowed=[text]) == {}
    assert check.scan([text, "Mrs. Takayasu"], allowed=[text]) == {"NAME": 1}


ORDINARY = (
    "BP 142/86 mmHg, pulse 78, SpO2 95 %, HbA1c 7.9 %, INR=2.5, eGFR <30, K 4.8 >3; q8h, 3 x 500 mg, 1/2 tablet.\n"
    "WBC 5.4 4.8 2913 mL; platelets 482 000; Na 140, Cl 101, HCO3 24. Will fall on the ward; young man eats well.\n"
    "See https://www.nice.org.uk/guidance/ng28?x=1&y=2 and doi:10.1056/NEJMoa1504720; ICD-10 E11.9, RxNorm 860975.\n"
    "def f(x):\n    return {'a': x % 2, \"b\": [1, 2, 3]}\n<table><tr><td>5</td></tr></table> a\\nb \\u00e9 &amp; &lt;\n"
    "Plan: whit bread, field test, evergreen trees on a terrace in March 1956 or 14 years, room 742.\n"
)


def test_ordinary_text_is_clean() -> None:
    assert CHECK.scan([ORDINARY]) == {}
    assert CHECK.scan(body(user(ORDINARY), temperature=0.2, seed=4711)) == {}
    noise = b64(random.Random(1).randbytes(400_000))
    assert CHECK.scan([f"data {noise}"]) == {}
    assert (
        OutboundCheck([known(Label.NAME, "Lou Fallon"), known(Label.NAME, "Will Young")]).scan([ORDINARY])
        == {}
    )


def test_surrogates_pass_and_originals_do_not() -> None:
    engine = Deidentifier.load(fast=True)
    note = f"Mrs. {REAL}, phone 555-867-5309, born 03/14/1956, was seen by Dr. Rajesh Kumar on 2026-02-11."
    for seed in range(15):
        replacer = Replacer(engine, known=RECORD, rng=random.Random(seed))
        out = replacer.apply([note, ORDINARY])
        assert CHECK.scan(body(*map(user, out))) == {}
        assert CHECK.scan(body(user(note)))


def test_time_is_bounded_whatever_comes() -> None:
    """The worst that was thought of, a quarter of a megabyte each: linear, so that eight take some seconds."""
    size = 1 << 18
    hostile = [
        "A" * size,
        "%41" * (size // 3),
        "ab " * (size // 3),
        "\\x41" * (size // 4),
        "<a" * (size // 2),
    ]
    hostile += [b64(bytes(size)), "10 " * (size // 3), "&#" * (size // 2), "01000001" * (size // 8)]
    begun = time.process_time()
    for text in hostile:
        CHECK.scan([text[:size]])
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "name", ["base64", "hex", "percent, each", "entities", "full width", "base64, twice"]
)
def test_hidden_texts_come_to_light_for_the_detectors(name: str) -> None:
    told = f"Please see to {ENCODINGS[name]('Mrs. Zelda Quill of Boston')} today."
    assert any("Zelda Quill" in text for text in hidden_texts(told))


def test_nothing_is_hidden_in_ordinary_text() -> None:
    plain_text = ORDINARY.replace("\\u00e9", "")
    assert hidden_texts(plain_text) == ()
    assert hidden_texts("naïve Zoë Müller, 5 µg/mL, 3 m², ½ tablet, β-blocker, 37 °C – “well” …") == ()


def test_the_roster_counts_too() -> None:
    other = PatientIdentity(
        patient="p-2",
        identifiers=(
            known(Label.NAME, "Marcus Delacroix"),
            known(Label.MRN, "77120045"),
            known(Label.OTHER_ID, "p-2"),
        ),
    )
    check = OutboundCheck(RECORD, roster=Roster.of([other]))
    assert check.scan(["as in MRN 77120045"]) == {"MRN": 1}
    assert check.scan([b64("as in Marcus Delacroix")]) == {"NAME": 1}
    assert check.scan(["Marcus wrote"]) == {}
    assert (
        OutboundCheck((), roster=Roster.of([other]), surrogates=["Marcus Delacroix"]).scan(
            ["Marcus Delacroix"]
        )
        == {}
    )


def test_more_encoded_stretches_than_can_be_looked_into_are_refused() -> None:
    text = " ".join(base64.b64encode(b"w %06d x" % n).decode() for n in range(21_000))
    begun = time.process_time()
    assert OutboundCheck(RECORD).scan(json.dumps({"text": text}).encode()) == {UNREAD: 1}
    half = len(text) // 2
    with pytest.raises(PolicyRefused):
        all_hidden((text[:half], text[half:]))
    assert time.process_time() - begun < 6
