"""Fresh numbers and codes: other shapes or other digits, with valid check digits where the old had a scheme."""

import random
import re

_HEX = "0123456789abcdef"
_SHAPES = (
    "99-99-99",
    "A9999999",
    "9999-99-999",
    "AA-99999",
    "999999999",
    "A99.9999",
    "99/99999",
    "AAA9999-9",
)
_VIN_LETTERS = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_NUMBER_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh"]


def luhn(digits: str) -> bool:
    """Whether the last digit is the Luhn check digit of the rest."""
    total = 0
    for at, char in enumerate(reversed(digits)):
        double = int(char) * 2 if at % 2 else int(char)
        total += double - 9 if double > 9 else double
    return total % 10 == 0


class Identifiers:
    """The numbers and codes of one document; the same old one gets the same new one."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._seen: dict[str, str] = {}

    def replace(self, text: str, label: str) -> str:
        """Another identifier for `text`, of the same scheme where it has one."""
        key = f"{label[:2]}{text.lower()}"
        if key not in self._seen:
            self._seen[key] = self._scheme(text, label) or self._reshape(text, label)
        return self._seen[key]

    def shuffle(self, text: str, *, letters: bool = True) -> str:
        """Random digits for digits and, if `letters`, random letters for letters; spoken digits stay spoken."""
        if any(word in _NUMBER_WORDS for word in text.lower().split()):
            return " ".join(self._spoken(word) for word in text.split(" "))
        return "".join(self._char(char, letters) for char in text)

    def hexadecimal(self, text: str) -> str:
        """Random hexadecimal digits for those of `text`, in its letter case."""
        new = "".join(self._rng.choice(_HEX) if char.lower() in _HEX else char for char in text)
        return new.upper() if text.isupper() else new

    def phone(self, text: str) -> str:
        """Another telephone number, often written another way."""
        if text.startswith("+"):
            country = re.match(r"\+\d{1,3}", text)
            assert country is not None
            return country[0] + self.shuffle(text[country.end() :], letters=False)
        digits = re.sub(r"\D", "", text)
        if text.startswith("1-"):
            return "1-" + self.phone(text[2:])
        if len(digits) != 10 or re.search(r"[a-z]", text) or text.startswith("0"):
            new = self.shuffle(text, letters=False)
            return "4" + new[1:] if new[0] == "0" != text[0] else new
        area, middle, line = (
            self._rng.randint(201, 989),
            self._rng.randint(200, 999),
            self._rng.randint(0, 9999),
        )
        shape = self._rng.choice(
            ["({}) {}-{:04d}", "{}-{}-{:04d}", "{}.{}.{:04d}", "{} {} {:04d}", "{}/{}-{:04d}"]
        )
        return shape.format(area, middle, line) if digits != text else f"{area}{middle}{line:04d}"

    def _spoken(self, word: str) -> str:
        if word in _NUMBER_WORDS:
            return self._rng.choice(_NUMBER_WORDS[:10])
        return self._rng.choice("bcdfghjklmnpqrstvwxyz") if len(word) == 1 else word

    def _char(self, char: str, letters: bool) -> str:
        if char.isascii() and char.isdigit():
            return self._rng.choice("0123456789")
        if letters and char.isascii() and char.isalpha():
            new = self._rng.choice("ABCDEFGHJKLMNPQRSTVWXYZ")
            return new if char.isupper() else new.lower()
        return char

    def _scheme(self, text: str, label: str) -> str:
        compact = re.sub(r"[ -]", "", text)
        if label == "LICENSE" and re.fullmatch(r"[12]\d{9}", text):
            return self._checked("1" + self.shuffle("0" * 8), prefix="80840")
        if label == "LICENSE" and re.fullmatch(r"[A-Z]{2}\d{7}", text):
            return self._dea()
        if label == "VEHICLE" and re.fullmatch(r"[A-Z0-9]{17}", text):
            return self._vin()
        if compact.isdigit() and len(compact) in (15, 16) and luhn(compact):
            checked = iter(self._checked(compact[0] + self.shuffle(compact[1:-1])))
            return "".join(next(checked) if char.isdigit() else char for char in text)
        if label == "SSN" and re.fullmatch(r"\d{3}\W?\d\d\W?\d{4}", text):
            return f"{self._rng.randint(101, 599)}{self.shuffle(text[3:])}"
        if text.startswith("(01)"):
            return re.sub(r"(\(\d\d\))([0-9A-Z]+)", lambda m: m[1] + self.shuffle(m[2]), text)
        if re.fullmatch(r"[0-9a-f-]{36}", text):
            return self.hexadecimal(text)
        return ""

    def _reshape(self, text: str, label: str) -> str:
        plain = re.fullmatch(r"[A-Z0-9-]{5,12}", text) and re.search(r"\d", text)
        if (
            plain
            and label in ("MRN", "ACCOUNT", "HEALTH_PLAN", "OTHER_ID", "DEVICE")
            and self._rng.random() < 0.4
        ):
            shape = self._rng.choice(_SHAPES).replace("9", "0")
            return self.shuffle(shape)
        return self.shuffle(text, letters=bool(re.search(r"\d", text)))

    def _checked(self, body: str, prefix: str = "") -> str:
        return next(body + str(k) for k in range(10) if luhn(prefix + body + str(k)))

    def _dea(self) -> str:
        digits = [self._rng.randint(0, 9) for _ in range(6)]
        check = (digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])) % 10
        return f"{self._rng.choice('ABFM')}{self._rng.choice('CGKPRT')}{''.join(map(str, digits))}{check}"

    def _vin(self) -> str:
        body = [self._rng.choice("12345JKW")] + [
            self._rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(16)
        ]
        values = [_VIN_LETTERS.get(char, 0) if char.isalpha() else int(char) for char in body]
        check = sum(v * w for v, w in zip(values, _VIN_WEIGHTS, strict=True)) % 11
        body[8] = "X" if check == 10 else str(check)
        return "".join(body)
