"""The detector `remote` against a real service on loopback: what it sends, what it takes, and every way it can fail."""

import datetime
import ipaddress
import json
import socket
import ssl
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from osler.app import config as configuration
from osler.app.configured import build_deidentifier
from osler.backends.detectors.remote import remote
from osler.core import registry
from osler.core.errors import ConfigError, GuardUnavailable
from osler.core.spans import Label, Span
from osler.testing import DetectorFault, DetectorServer, check_detector

CANARY = "Zythar Quillon"
TEXT = f"Seen today: {CANARY}, ward 7."
SECRET = "sk-svc-4711"
F = DetectorFault


def found(detector: Any, text: str) -> list[tuple[str, str, float]]:
    return [(text[s.start : s.end], s.label.value, s.score) for s in detector.find(text)]


def test_it_keeps_the_contract_of_its_port() -> None:
    with DetectorServer({"NAME": r"Jones|Müller|Smith", "MRN": r"\d{8}", "DATE": r"\S+"}) as server:
        check_detector(remote(url=server.url))


def test_what_is_asked_is_the_text_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVC_KEY", f" {SECRET}\n")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with DetectorServer({"NAME": CANARY}, key=SECRET) as server:
        detector = remote(url=server.url, auth={"env": "SVC_KEY"})
        assert found(detector, TEXT) == [(CANARY, "NAME", 1.0)]
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert json.loads(body) == {"text": TEXT}
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert names == {
        b"host",
        b"accept-encoding",
        b"content-type",
        b"content-length",
        b"accept",
        b"user-agent",
        b"authorization",
    }


def test_a_token_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(SECRET + "\n")
    with DetectorServer({"NAME": CANARY}, key=SECRET) as server:
        assert found(remote(url=server.url, auth={"file": str(tmp_path / "key")}), TEXT)


def test_labels_are_mapped_and_scores_passed_through() -> None:
    with DetectorServer({"person": CANARY, "ward": r"ward \d", "DATE": "today"}, score=0.3) as server:
        detector = remote(url=server.url, labels={"person": "NAME", "ward": "O", "DATE": "OTHER_ID"})
        assert found(detector, TEXT) == [("today", "OTHER_ID", 0.3), (CANARY, "NAME", 0.3)]
        assert (
            found(remote(url=server.url, labels={"person": "NAME", "ward": "O"}, threshold=0.31), TEXT) == []
        )


@pytest.mark.parametrize(
    "text",
    [
        f"\U0001f9d1\u200d\u2695\ufe0f {CANARY} e\u0301",
        f"\ud800 lone \udfff {CANARY}",
        f"\x00\x1f “{CANARY}”\r\n\u2028",
    ],
)
def test_offsets_are_code_points(text: str) -> None:
    with DetectorServer({"NAME": CANARY}) as server:
        assert found(remote(url=server.url), text) == [(CANARY, "NAME", 1.0)]


def test_nothing_is_asked_about_nothing() -> None:
    with DetectorServer() as server:
        assert remote(url=server.url).find(" \n\t") == []
        assert server.requests == []


def test_a_long_text_goes_in_pieces_that_overlap() -> None:
    text = " ".join(f"word{n} {CANARY} {n:05d}." for n in range(400))
    with DetectorServer({"NAME": CANARY, "MRN": r"\b\d{5}\b"}) as server:
        spans = remote(url=server.url, max_chars=1000).find(text)
        assert max(map(len, server.texts)) <= 1000
    whole = {(s.start, s.end) for s in spans if s.label is Label.NAME}
    assert whole == {(m, m + len(CANARY)) for m in range(len(text)) if text.startswith(CANARY, m)}
    assert len([s for s in spans if s.label is Label.MRN]) == 400


def test_a_text_without_blanks_goes_in_pieces_too() -> None:
    text = "x" * 4321 + "ZZ" + "y" * 2000
    with DetectorServer({"NAME": "ZZ"}) as server:
        assert remote(url=server.url, max_chars=1000).find(text) == [
            Span(start=4321, end=4323, label=Label.NAME, detector="remote")
        ]


def test_a_connection_is_used_again() -> None:
    with DetectorServer({"NAME": CANARY}) as server:
        detector = remote(url=server.url)
        for _ in range(5):
            assert detector.find(TEXT)
        assert (server.connections, len(server.requests)) == (1, 5)
        detector.close()
        assert detector.find(TEXT)
        assert server.connections == 2


def test_a_connection_that_the_service_closed_meanwhile_is_made_anew() -> None:
    with DetectorServer({"NAME": CANARY}, F.CLOSE) as server:
        detector = remote(url=server.url)
        for n in range(3):
            assert found(detector, TEXT), n
            time.sleep(0.02)
        assert server.connections == 3


def test_threads_do_not_share_a_connection() -> None:
    with DetectorServer({"MRN": r"\d+"}) as server, ThreadPoolExecutor(8) as pool:
        detector = remote(url=server.url)
        texts = [f"number {n}" for n in range(100)]
        answers = list(pool.map(lambda text: found(detector, text), texts))
    assert answers == [[(str(n), "MRN", 1.0)] for n in range(100)]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (F.HANG, "did not answer within 0.3 s"),
        (F.DRIP, "did not answer within 0.3 s"),
        (F.RESET, "cannot be reached|broke off"),
        (F.CUT_OFF, "broke off"),
        (F.ERROR_500, "HTTP 500"),
        (F.REDIRECT_307, "HTTP 307.*final address"),
        (F.MALFORMED_JSON, "JSON of another shape"),
        (F.WRONG_SHAPE, "JSON of another shape"),
        (F.HTML, "JSON of another shape"),
        (F.UNKNOWN_LABEL, "does not map"),
        (F.OUT_OF_RANGE, "within the text"),
        (F.WRONG_SCORE, "between 0 and 1"),
        (F.BYTES, "code points"),
    ],
)
def test_whatever_goes_wrong_nothing_is_let_through_and_nothing_repeated(
    fault: F, said: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    text = f"é {TEXT}"
    caplog.set_level(0)
    with DetectorServer({"NAME": CANARY}, fault) as server:
        detector = remote(url=server.url, timeout_s=0.3)
        begun = time.monotonic()
        with pytest.raises(GuardUnavailable, match=said) as caught:
            detector.find(text)
        assert time.monotonic() - begun < 2
        server.fault = None
        assert found(detector, text) == [(CANARY, "NAME", 1.0)], "it has to recover"
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text + "".join(capfd.readouterr())
    assert "Zythar" not in shown
    assert caught.value.remedy


def test_no_service_and_a_wrong_key_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(GuardUnavailable, match=r"cannot be reached \(ConnectionRefusedError\)"):
        remote(url=f"http://127.0.0.1:{port}/find").find(TEXT)
    with DetectorServer(key=SECRET) as server, pytest.raises(GuardUnavailable, match=r"401.*`auth`"):
        remote(url=server.url).find(TEXT)


def test_a_server_that_speaks_no_http_fails_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:

        def speak() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example.org ESMTP\r\n" * 3)

        speaking = pool.submit(speak)
        with pytest.raises(GuardUnavailable, match="does not speak HTTP"):
            remote(url=f"http://127.0.0.1:{listener.getsockname()[1]}/find").find(TEXT)
        speaking.result(5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "needs the option 'url'"),
        ({"url": "ftp://localhost/x"}, "'url'.*http or https"),
        ({"url": "http://me:secret@localhost/x"}, "'url'.*credentials"),
        ({"url": "http://localhost/x?key=1"}, "'url'.*query"),
        ({"url": "http://10.0.0.7/find"}, "https"),
        ({"url": "http://detector.example.org/find"}, "allow_http"),
        ({"url": "http://localhost.example.org/find"}, "allow_http"),
        ({"url": "http://localhost/x", "timeout_s": 0}, "'timeout_s'"),
        ({"url": "http://localhost/x", "timeout_s": "5"}, "'timeout_s'.*must be a number"),
        ({"url": "http://localhost/x", "auth": "sk-svc-4711"}, "'auth'.*must be a table"),
        ({"url": "http://localhost/x", "auth": {"env": "A", "file": "B"}}, "'auth'"),
        ({"url": "http://localhost/x", "auth": {"env": "OSLER_NO_SUCH_VARIABLE"}}, "OSLER_NO_SUCH_VARIABLE"),
        ({"url": "http://localhost/x", "auth": {"file": "/no/such/file"}}, "/no/such/file"),
        ({"url": "https://localhost/x", "ca_file": "/no/such/file"}, "`ca_file`"),
        ({"url": "http://localhost/x", "labels": {"person": "PERSON"}}, "'labels.person'.*no label"),
        ({"url": "http://localhost/x", "lables": {}}, "no option 'lables'"),
        ({"url": "http://localhost/x", "threshold": 1.5}, "'threshold'"),
    ],
)
def test_options_are_strict_and_no_secret_is_shown(options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        registry.build("detectors", "remote", options)
    assert caught.value.remedy
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.9:1/f", "http://[::1]:1/f", "http://localhost/f", "https://d.example.org/f"]
)
def test_this_machine_and_https_are_allowed(url: str) -> None:
    assert remote(url=url).name == "remote"
    assert remote(url="http://10.0.0.7/f", allow_http=True).name == "remote"


def test_a_token_that_no_header_can_carry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVC_KEY", "sk-svc\r\nX-Evil: 1")
    with pytest.raises(ConfigError, match="SVC_KEY") as caught:
        remote(url="http://localhost/x", auth={"env": "SVC_KEY"})
    assert "Evil" not in str(caught.value)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself, and a server's context with it."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "osler test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "both.pem").write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return folder / "ca.pem", context


def test_https_with_an_authority_of_the_site(authority: tuple[Path, ssl.SSLContext]) -> None:
    ca_file, context = authority
    with DetectorServer({"NAME": CANARY}, tls=context) as server:
        detector = remote(url=server.url, ca_file=str(ca_file))
        for _ in range(3):
            assert found(detector, TEXT) == [(CANARY, "NAME", 1.0)]
        assert server.connections == 1
        detector.close()


def test_https_with_an_unknown_authority_fails_closed(authority: tuple[Path, ssl.SSLContext]) -> None:
    with (
        DetectorServer({"NAME": CANARY}, tls=authority[1]) as server,
        pytest.raises(GuardUnavailable, match="securely"),
    ):
        remote(url=server.url).find(TEXT)
    assert server.texts == []


def engine(tmp_path: Path, text: str) -> Any:
    file = tmp_path / "osler.toml"
    file.write_text(text)
    return build_deidentifier(configuration.load(file))


def test_by_its_name_in_osler_toml_it_joins_the_rules(tmp_path: Path) -> None:
    note = "The zorblax unit admitted her; call 555-867-5309."
    with DetectorServer({"place": "zorblax unit"}, score=0.9) as server:
        made = engine(
            tmp_path,
            f'[deid]\nengine = "fast"\nextra_detectors = ["remote"]\n[deid.options.remote]\nurl = "{server.url}"\n'
            'labels = { place = "LOCATION" }\ntimeout_s = 5\n',
        )
        spans = [(note[s.start : s.end], s.label.value) for s in made.find(note)]
        assert ("zorblax unit", "LOCATION") in spans
        assert any(label == "PHONE" for _, label in spans)
        server.score = 0.3
        assert ("zorblax unit", "LOCATION") not in [
            (note[s.start : s.end], s.label.value) for s in made.find(note)
        ]
        server.fault = F.HTML
        with pytest.raises(GuardUnavailable) as caught:
            made.find(note)
    assert "zorblax" not in str(caught.value)
