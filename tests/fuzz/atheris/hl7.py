"""HL7 v2: escapes that come back as they were, and a message de-identified or refused."""

from collections.abc import Iterator
from datetime import date

from fuzz_oracle import CANARY, Broken, value_or_refusal

from osler.core.errors import GuardUnavailable, InputError
from osler.deid import Deidentifier
from osler.deid.hl7 import deidentify
from osler.deid.hl7.syntax import decoded, encoded, segments
from osler.deid.patterns import PatternScanner
from osler.deid.session import Session

ENGINE = Deidentifier([PatternScanner()])
TOKENS = (
    "MSH|^~\\&|", "BHS|^~\\&|", "FHS", "BTS|1", "PID|1||", "OBX|1|TX|", "NTE|1||", "ZZZ|", "\\F\\", "\\X41\\", "\\.br\\",
    "\\E\\", "\\Cxx\\", "^^^", "~~", "&&", "||", "\r", "\n", "\x0b", "\x1c\r", "19310228", '""', "MSH||||", "MSH|||||",
)  # fmt: skip
MESSAGE = (
    "MSH|^~\\&|LAB|WARD|EHR|HOSP|20260301080000||ORU^R01|M1|P|2.5\r"
    "PID|1||4711^^^HOSP^MR||Zythar^Quillon||19310228|F|||12 Elm St^^Springfield^IL^62701||5558675309\r"
    "PV1|1|I|W7^701^A|||||1234567890^Zythar^Q\r"
    "OBR|1|||2823-3^Potassium^LN|||20260301\r"
    "OBX|1|NM|2823-3^Potassium^LN||5.9|mmol/L|3.5-5.1|H|||F\r"
    "OBX|2|TX|11506-3^Note^LN||Seen by Dr. Zythar \\T\\ team\\.br\\call 555-867-5309.||||||F\r"
    "NTE|1||Quillon 7719-3341\r"
)


def seeds() -> Iterator[bytes]:
    """A result message; a batch; other delimiters; a message cut off."""
    yield MESSAGE.encode()
    yield f"FHS|^~\\&|A\rBHS|^~\\&|B\r{MESSAGE}BTS|1\rFTS|1\r".encode()
    yield MESSAGE.translate(str.maketrans("|^~\\&", "*:%!+")).encode()
    yield MESSAGE[:200].encode()
    yield f"MSH|^\nPID|{CANARY}".encode()


def one(data: bytes) -> None:
    """One input: bytes that are no UTF-8 are taken as Latin-1, so that none is wasted."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    rows = value_or_refusal(lambda: list(segments(text)), InputError)
    for row in rows or ():
        for field in row.fields:
            tokens = decoded(field, row.delimiters)
            written = encoded(tokens, row.delimiters)
            if row.delimiters.escape and decoded(written, row.delimiters) != tokens:
                raise Broken("what is written does not read back")
    session = Session(ENGINE, today=date(2026, 3, 1), mode="redact")
    value_or_refusal(lambda: deidentify(text, session), InputError, GuardUnavailable)
