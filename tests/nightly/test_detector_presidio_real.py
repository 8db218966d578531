"""The detector `presidio` with Presidio's own recognizers. Needs `pip install 'osler[presidio]'`; else skipped."""

import logging
import socket
import sys
from collections.abc import Iterator

import pytest

from osler.core import registry
from osler.core.errors import ConfigError
from osler.testing import check_detector

presidio = pytest.importorskip("presidio_analyzer", reason="needs `pip install 'osler[presidio]'`")
RECOGNIZERS = (
    "UsSsnRecognizer",
    "CreditCardRecognizer",
    "IpRecognizer",
    "IbanRecognizer",
    "PhoneRecognizer",
    "UsNpiRecognizer",
    "DateRecognizer",
    "MacAddressRecognizer",
    "UrlRecognizer",
)
TEXT = (
    "SSN 078-05-1120; card 4111 1111 1111 1111, iban DE89370400440532013000 "
    "from 10.1.2.3 (00:1b:63:84:45:e6) on 03/14/2021, call +1 212 555 0137."
)
calls: list[str] = []


def listen(event: str, arguments: object) -> None:
    if event in ("socket.connect", "socket.getaddrinfo"):
        calls.append(event)


@pytest.fixture(scope="module", autouse=True)
def network() -> Iterator[None]:
    """Every connection that is tried in this module is noted."""
    sys.addaudithook(listen)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        assert calls, "the hook has to see connections"
    calls.clear()
    yield
    assert not calls


def made(*recognizers: str, **options: object):
    return registry.build("detectors", "presidio", {"recognizers": list(recognizers), **options})


def test_it_keeps_the_contract_of_its_port() -> None:
    check_detector(made(*RECOGNIZERS))


def test_it_finds_what_presidio_finds() -> None:
    found = {(TEXT[s.start : s.end], s.label.value) for s in made(*RECOGNIZERS).find(TEXT)}
    assert {
        ("4111 1111 1111 1111", "ACCOUNT"),
        ("DE89370400440532013000", "ACCOUNT"),
        ("10.1.2.3", "IP"),
        ("00:1b:63:84:45:e6", "IP"),
        ("03/14/2021", "DATE"),
        ("+1 212 555 0137", "PHONE"),
    } <= found


def test_every_pattern_recognizer_of_this_presidio_can_be_made_and_run() -> None:
    known = sys.modules["presidio_analyzer.predefined_recognizers"]
    names = [
        n
        for n in known.__all__
        if isinstance(getattr(known, n), type)
        and issubclass(getattr(known, n), presidio.PatternRecognizer)
        and n != "EmailRecognizer"
    ]
    assert len(names) > 40
    entities = {getattr(known, n)().supported_entities[0]: "OTHER_ID" for n in names}
    assert made(*names, entities=entities).find(TEXT)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("EmailRecognizer", "over the network"),
        ("SpacyRecognizer", "language model or a service"),
        ("GLiNERRecognizer", "language model or a service"),
        ("AzureAILanguageRecognizer", "language model or a service"),
        ("NoSuchRecognizer", "no recognizer 'NoSuchRecognizer'"),
    ],
)
def test_what_it_does_not_run_is_refused(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made(name)


def test_nothing_of_the_text_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Presidio's IBAN recognizer logs what it cannot parse: its log is off once the detector is made."""
    caplog.set_level(logging.DEBUG)
    made("IbanRecognizer").find(TEXT)
    logging.getLogger("presidio-analyzer").error("Failed to validate text %s", "Zythar")
    assert "Zythar" not in caplog.text
    assert "DE8937" not in caplog.text
