"""Surrogates of numbers and codes by key: the same shape, other characters, and nothing that could be anyone's.

Where a kind has reserved values they are used: 555-01xx for telephones (NANPA), areas 9xx for Social Security
numbers (never issued by the SSA; with groups 10-49, which no taxpayer number has), 192.0.2.0/24 and its like for
addresses (RFC 5737, 3849, 7042). Where it has a check digit (Luhn, NPI, DEA, VIN, IBAN, GTIN, ABA) that digit is
wrong on purpose. A Medicare number begins with 0, which none does.
"""

import re
import string

from osler.core.spans import Label
from osler.deid.keyed.draw import Draw
from osler.deid.patterns import checksums

_PREFIXED = frozenset({Label.MRN, Label.ACCOUNT, Label.HEALTH_PLAN})
_PREFIX = re.compile(r"[A-Za-z]{1,5}(?=[\s\-#:./]?\d)")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_MAC = re.compile(
    r"[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4})|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}"
)
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_MEDICARE = re.compile(r"[1-9][A-Z][A-Z0-9]\d-?[A-Z][A-Z0-9]\d-?[A-Z]{2}\d\d", re.IGNORECASE)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[ -]?(?:[A-Z0-9]{4}[ -]?){2,7}[A-Z0-9]{1,4}", re.IGNORECASE)
_MARKED = re.compile(r"\((?:01|10|11|17|21|240|8012)\)")
_EXTENSION = re.compile(r"(?i)[\s,;]*(?:ext(?:ension)?\.?|x)\s*\d+\s*\Z")
_VANITY = re.compile(r"\d[-. )]{0,2}[A-Z]{3,7}(?![a-z])")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ALSO_ZERO = ("oh", "o", "niner")
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_SPOKEN = frozenset((*DIGITS, *_TEENS, *_TENS, *_ALSO_ZERO))


class Numbers:
    """What a patient's key makes of numbers and codes. Pure: the same key, value and attempt, the same answer."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, label: Label, value: str, attempt: int = 0) -> str:
        """The surrogate of a number or code, in its shape; "" for a value without any character to change."""
        if not any(c.isdecimal() for c in value):
            spoken = self._spoken(value, attempt)
            if spoken:
                return spoken
        if label in (Label.PHONE, Label.FAX):
            return self._phone(value, attempt)
        if label is Label.IP:
            return self._address(value, attempt)
        if label is Label.SSN and sum(map(str.isdecimal, value)) in (4, 9):
            return self._ssn(value, attempt)
        return self._code(label, value, attempt)

    # -- codes

    def _code(self, label: Label, value: str, attempt: int) -> str:
        bare = joined(value)
        if not bare:
            return ""
        draw = Draw(self._key, "code", bare, str(attempt))
        if _UUID.fullmatch(value):
            new = "".join(draw.one("0123456789abcdef") for _ in bare)
            return poured(new, value)
        prefix = _PREFIX.match(value) if label in _PREFIXED else None
        kept = len(prefix.group()) if prefix else 0
        fixed = [m.span() for m in _MARKED.finditer(value)] if label is Label.DEVICE else []
        vin = len(bare) == 17 and label is Label.VEHICLE
        out: list[str] = []
        leading = True
        for at, c in enumerate(value):
            leading = leading and not (c.isdecimal() and c != "0")
            if at < kept or not c.isalnum() or any(a <= at < b for a, b in fixed):
                out.append(c if c.isascii() or c.isspace() else "")
            elif c.isdecimal():
                out.append("0" if c == "0" and leading else draw.one(string.digits))
            else:
                letter = draw.one(_VIN_LETTERS if vin else string.ascii_uppercase)
                out.append(letter if c.isupper() else letter.lower())
        return _unchecked(label, "".join(out), value)

    # -- telephones

    def _phone(self, value: str, attempt: int) -> str:
        extension = _EXTENSION.search(value)
        main = value[: extension.start()] if extension else value
        tail = poured(self._short(_digits(value[len(main) :])), value[len(main) :], digits_only=True)
        vanity = _VANITY.search(main)
        digits = (
            "".join(c if c.isdecimal() else _key_of(c) for c in main if c.isalnum())
            if vanity
            else _digits(main)
        )
        if len(digits) < 7:
            return poured(self._short(digits, attempt), main, digits_only=True) + tail
        line = digits[-7:]
        new = "55501" + f"{Draw(self._key, 'line', line, str(attempt)).below(100):02d}"
        if len(digits) >= 10:
            area = Draw(self._key, "area", digits[-10:], str(attempt))
            new = f"{area.below(7) + 2}{area.below(8)}{area.below(10)}" + new
        rest = digits[: len(digits) - len(new)]
        # the code of a country stays; what lies between it and the number itself does not
        code = rest if len(rest) <= 3 and (value.lstrip("( ").startswith("+") or rest in ("1", "01")) else ""
        new = code + self._short(rest[len(code) :], attempt) + new
        return poured(new, main, digits_only=vanity is None) + tail

    def _short(self, digits: str, attempt: int = 0) -> str:
        """Digits for a short number that has no reserved values."""
        return Draw(self._key, "short", digits, str(attempt)).digits(len(digits))

    def _ssn(self, value: str, attempt: int) -> str:
        digits = _digits(value)
        last = Draw(self._key, "ssn last", digits[-4:], str(attempt)).digits(4)
        if len(digits) == 4:
            return poured(last, value, digits_only=True)
        draw = Draw(self._key, "ssn", digits[:5], str(attempt))
        return poured(f"9{draw.below(100):02d}{draw.below(40) + 10}{last}", value)

    # -- addresses

    def _address(self, value: str, attempt: int) -> str:
        draw = Draw(self._key, "address", value.casefold(), str(attempt))
        if _MAC.fullmatch(value):
            new = f"00005e0053{draw.below(256):02x}"
            return poured(new.upper() if value.upper() == value else new, value)
        if match := _IPV4.match(value):
            net = draw.one(("192.0.2.", "198.51.100.", "203.0.113."))
            return net + str(draw.below(254) + 1) + value[match.end() :]
        if ":" in value:
            rest = re.search(r"(?:/\d+|%\w+)\Z", value)
            return f"2001:db8::{draw.below(65535) + 1:x}:{draw.below(65535) + 1:x}" + (
                rest.group() if rest else ""
            )
        return self._code(Label.IP, value, attempt)

    # -- spoken

    def _spoken(self, value: str, attempt: int) -> str:
        """A number of words in other words: `five five five, oh one two` keeps its count of words; "" for others."""
        tokens = re.findall(r"[A-Za-z]+|[^A-Za-z]+", value)
        words = [t.lower() for t in tokens if t[0].isalpha()]
        if sum(w in _SPOKEN for w in words) < 2:
            return ""
        draw = Draw(self._key, "spoken", " ".join(words), str(attempt))
        out = []
        for token in tokens:
            low = token.lower()
            if low in DIGITS or low in _ALSO_ZERO:
                new = draw.one(DIGITS)
            elif low in _TEENS:
                new = draw.one(_TEENS)
            elif low in _TENS:
                new = draw.one(_TENS)
            elif len(low) == 1 and low.isalpha():
                new = draw.one(string.ascii_lowercase)
            else:
                out.append(token)
                continue
            out.append(new.upper() if token.isupper() else new.capitalize() if token[0].isupper() else new)
        return "".join(out)


def joined(value: str) -> str:
    """Letters and digits only, folded: by this a number is the same with and without separators."""
    return "".join(c for c in value.casefold() if c.isalnum())


def _digits(value: str) -> str:
    return "".join(c for c in value if c.isdecimal())


def poured(characters: str, shape: str, *, digits_only: bool = False) -> str:
    """`characters` in the places of the letters and digits of `shape`; case and separators stay."""
    out, at = [], 0
    for c in shape:
        if at < len(characters) and (c.isdecimal() if digits_only else c.isalnum()):
            new = characters[at]
            out.append(new.upper() if c.isupper() else new)
            at += 1
        else:
            out.append(c)
    return "".join(out) + characters[at:]


def _key_of(letter: str) -> str:
    """The digit that a letter stands for on a telephone's keys."""
    at = string.ascii_lowercase.find(letter.lower())
    return "22233344455566677778889999"[at] if at >= 0 else "0"


def _unchecked(label: Label, new: str, old: str) -> str:
    """`new` with its check digit made wrong, where one would be right; and not `old`."""
    digits, bare = _digits(new), joined(new)
    pure = bare == digits
    if label is Label.HEALTH_PLAN and _MEDICARE.fullmatch(old):
        return "0" + new[1:]
    if label is Label.ACCOUNT and _IBAN.fullmatch(old) and len(bare) > 14:
        return poured(joined(old)[:2] + "00" + bare[4:], old)
    wrong = (
        (pure and 12 <= len(digits) <= 19 and (checksums.luhn(digits) or _gtin(digits)))
        or (pure and len(digits) == 10 and checksums.luhn("80840" + digits))
        or (pure and len(digits) == 9 and label is Label.ACCOUNT and _routing(digits))
        or (label is Label.LICENSE and len(bare) == 9 and checksums.dea(bare))
    )
    if wrong:
        return _bumped(new, len(new) - 1)
    if label is Label.DEVICE and (match := re.match(r"\(01\)(\d{14})", new)) and _gtin(match[1]):
        return _bumped(new, match.end() - 1)
    if len(bare) == 17 and checksums.vin(bare):
        at = [i for i, c in enumerate(new) if c.isalnum()][8]
        return new[:at] + ("1" if new[at] != "1" else "2") + new[at + 1 :]
    return new


def _bumped(text: str, at: int) -> str:
    """`text` with the last digit up to `at` made another one."""
    while not text[at].isdecimal():
        at -= 1
    return text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]


def _gtin(digits: str) -> bool:
    """Whether digits end in the check digit of a GS1 number (GTIN)."""
    total = sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(reversed(digits)))
    return len(digits) in (12, 13, 14) and total % 10 == 0


def _routing(digits: str) -> bool:
    """Whether nine digits are a US bank routing number (ABA)."""
    return sum(int(d) * w for d, w in zip(digits, (3, 7, 1) * 3, strict=True)) % 10 == 0
