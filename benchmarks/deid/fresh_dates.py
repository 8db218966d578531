"""Fresh dates, ages and spoken numbers, in the shape of the old ones."""

import random
import re

_MONTHS = (
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ],
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"],
)
_UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"]
_TENS = ["forty", "fifty", "sixty", "seventy", "eighty"]
_ORDINAL_UNITS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"]
_ORDINAL_TEENS = ["tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth"]
_ORDINAL_TEENS += ["sixteenth", "seventeenth", "eighteenth", "nineteenth"]
_OLD_AGES = [f"ninety {unit}" for unit in _UNITS] + ["ninety"]
_NUMBER_WORDS = {
    *_UNITS,
    *_TEENS,
    *_TENS,
    *_ORDINAL_UNITS,
    *_ORDINAL_TEENS,
    "nineteen",
    "twenty",
    "thirty",
    "ninety",
}
_TOKEN = re.compile(r"\d+|[^\W\d_]+|.", re.DOTALL)


def _cased(new: str, old: str) -> str:
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new.capitalize() if old[0].isupper() else new


class Dates:
    """The dates of one document; months move together, so that their order mostly stays."""

    def __init__(self, holidays: list[str], rng: random.Random) -> None:
        self._holidays = holidays
        self._rng = rng
        self._months_on = rng.randint(1, 11)
        self._years_on = rng.choice([-4, -3, -2, -1, 1, 2])

    def replace(self, text: str) -> str:
        """Another date written as `text` is."""
        if re.fullmatch(r"\d{8}(?:\d{4,6})?", text):
            return self._compact(text)
        numeric = r"\d{1,4}([./-])\d{1,2}\1\d{1,4}|\d{1,2}([./])\d{1,4}|\d{1,2}-\d{1,2}(?!\d)"
        if not re.search(r"[^\W\d_]", text):
            return re.sub(numeric, lambda m: self._numeric(m[0]), text)
        words = [w.lower().rstrip(".") for w in re.findall(r"[^\W\d_]+", text)]
        if not any(self._month(w) or w in _NUMBER_WORDS for w in words) and not re.search(r"\d", text):
            return self._holiday(text)
        return self._written(text)

    def age(self, text: str) -> str:
        """Another age over 89."""
        if text.isdigit():
            return str(self._rng.randint(90, 103))
        new = self._rng.choice(_OLD_AGES)
        return new.replace(" ", "-") if "-" in text else new

    def speak(self, text: str) -> str:
        """`text` with each number word exchanged for another of its kind."""
        return re.sub(r"[a-z]+", lambda m: self._spoken(m[0]), text)

    def _holiday(self, text: str) -> str:
        new = self._rng.choice(self._holidays)
        if text.isupper():
            return new.upper()
        return new.lower() if text.islower() else new

    def _compact(self, text: str) -> str:
        day = f"{self._year(int(text[:4])):04d}{self._rng.randint(1, 12):02d}{self._rng.randint(1, 28):02d}"
        rest = text[8:]
        return day + (f"{self._rng.randint(0, 23):02d}{self._rng.randint(0, 59):02d}00"[: len(rest)])

    def _year(self, year: int) -> int:
        return year + self._years_on

    def _two_digits(self, text: str, value: int) -> str:
        return f"{value:02d}" if len(text) == 2 and (text[0] == "0" or value > 9) else str(value)

    def _numeric(self, text: str) -> str:
        parts = re.split(r"([./-])", text)
        numbers = parts[::2]
        kinds = self._kinds(numbers)
        padded = len(numbers[0]) == 4 or any(len(n) == 2 and n[0] == "0" for n in numbers)
        for at, (kind, old) in enumerate(zip(kinds, numbers, strict=True)):
            if kind == "y":
                new = f"{self._year(int(old)) % 10 ** len(old):0{len(old)}d}"
            else:
                value = self._rng.randint(1, 28) if kind == "d" else (int(old) + self._months_on - 1) % 12 + 1
                new = f"{value:02d}" if padded else str(value)
            parts[at * 2] = new
        return "".join(parts)

    @staticmethod
    def _kinds(numbers: list[str]) -> str:
        if len(numbers) == 2:
            if len(numbers[1]) == 4:
                return "my"
            return "dm" if int(numbers[0]) > 12 else "md"
        if len(numbers[0]) == 4 or int(numbers[0]) > 31:
            return "ymd"
        return "dmy" if int(numbers[0]) > 12 else "mdy"

    def _month(self, word: str) -> bool:
        return word.lower() in {m for names in _MONTHS for m in names} | {"sept"}

    def _written(self, text: str) -> str:
        out: list[str] = []
        day_seen = bool(re.search(r"\d{4}", text))
        for token in _TOKEN.findall(text):
            lower = token.lower()
            if token.isdigit():
                out.append(self._digits(token, text, day_seen))
            elif self._month(lower):
                out.append(self._new_month(token))
            elif lower in {"st", "nd", "rd", "th"} and out and out[-1].isdigit():
                out.append(_suffix(int(out[-1])))
            elif lower in _NUMBER_WORDS:
                out.append(_cased(self._spoken(lower), token))
            else:
                out.append(token)
        return "".join(out)

    def _new_month(self, token: str) -> str:
        lower = "sep" if token.lower() == "sept" else token.lower()
        names = next(names for names in _MONTHS if lower in names)
        return _cased(names[(names.index(lower) + self._months_on) % 12], token)

    def _digits(self, token: str, text: str, four_digit_year: bool) -> str:
        if len(token) == 4:
            return str(self._year(int(token)))
        short_year = len(token) == 2 and (
            f"'{token}" in text or (not four_digit_year and text.endswith(token))
        )
        if short_year and (f"'{token}" in text or re.match(r"\d", text)):
            return f"{self._year(int(token)) % 100:02d}"
        return self._two_digits(token, self._rng.randint(1, 28))

    def _spoken(self, word: str) -> str:
        for kind in (_UNITS, _TEENS, _TENS, _ORDINAL_UNITS, _ORDINAL_TEENS):
            if word in kind:
                return self._rng.choice(kind)
        return word


def _suffix(day: int) -> str:
    if 10 <= day % 100 <= 20:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
