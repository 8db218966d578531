"""FHIR data types in plain English: concepts, quantities, dates, dosages. No names, no ids."""

import re
from collections.abc import Iterable
from decimal import Decimal

from osler.core.ports.records import Code
from osler.knowledge.readers.fhir_element import Element, Number, one_line

_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_MOMENT = re.compile(
    r"\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?)?)?"
)
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_LONGEST_FRACTION = 4
_LARGEST_EXPONENT = 15
_COMPARATORS = {"<": "less than ", "<=": "at most ", ">=": "at least ", ">": "more than "}
_UNITS = {
    "mm[Hg]": "mmHg",
    "mL/min/{1.73_m2}": "mL/min/1.73 m2",
    "mL/min/1.73m2": "mL/min/1.73 m2",
    "Cel": "°C",
    "[degF]": "°F",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "[ft_i]": "ft",
}
_PERIODS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}
_TIMES: dict[Number, str] = {1: "once", 2: "twice"}
_EVERY = {"d": "daily", "wk": "weekly", "mo": "monthly", "a": "yearly", "h": "hourly"}
_TIMING_CODES = {
    "QD": "once daily",
    "BID": "twice daily",
    "TID": "three times daily",
    "QID": "four times daily",
    "AM": "every morning",
    "PM": "every evening",
    "QOD": "every other day",
    "Q1H": "every hour",
    "Q2H": "every 2 hours",
    "Q3H": "every 3 hours",
    "Q4H": "every 4 hours",
    "Q6H": "every 6 hours",
    "Q8H": "every 8 hours",
    "BED": "at bedtime",
    "WK": "weekly",
    "MO": "monthly",
}
_WHEN = {
    "MORN": "in the morning",
    "AFT": "in the afternoon",
    "EVE": "in the evening",
    "NIGHT": "at night",
    "HS": "at bedtime",
    "WAKE": "on waking",
    "AC": "before meals",
    "ACM": "before breakfast",
    "ACD": "before lunch",
    "ACV": "before dinner",
    "C": "with meals",
    "CM": "with breakfast",
    "CD": "with lunch",
    "CV": "with dinner",
    "PC": "after meals",
    "PCM": "after breakfast",
    "PCD": "after lunch",
    "PCV": "after dinner",
}


def concept(element: Element) -> str:
    """A CodeableConcept in words: its text, else its coding's display, else its bare code; "" when empty.

    A text of one or two letters is itself only a code ("M" for married): a display goes before it.
    """
    text = element.word("text")
    if len(text) > 2:
        return text
    codings = element.children("coding")
    chosen = [c for c in codings if c.flag("userSelected")] + list(codings)
    for coding in chosen:
        if display := coding.word("display"):
            return display
    return text or next((f"code {c.word('code')}" for c in chosen if c.word("code")), "")


def concepts(elements: Iterable[Element]) -> str:
    """Several CodeableConcepts, joined by commas."""
    return listed(concept(e) for e in elements)


def codes(*elements: Element) -> tuple[Code, ...]:
    """The codings of CodeableConcepts."""
    return tuple(
        Code(system=c.word("system"), code=c.word("code"), display=c.word("display"))
        for element in elements
        for c in element.children("coding")
        if c.word("code") or c.word("display")
    )


def first_code(element: Element) -> str:
    """The first code of a CodeableConcept, "" when it has none."""
    return next((c.word("code") for c in element.children("coding") if c.word("code")), "")


def listed(parts: Iterable[str], joiner: str = ", ") -> str:
    """The parts that are not empty, each once, joined."""
    return joiner.join(dict.fromkeys(p for p in parts if p))


def sentence(text: str) -> str:
    """`text` with a full stop, unless it ends a sentence already; "" stays ""."""
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."


def joined(*sentences: str) -> str:
    """Sentences in one line, empty ones left out, each with its full stop."""
    return " ".join(sentence(s) for s in sentences if s and s.strip())


def number(value: Number) -> str:
    """A number as clinicians read it: the file's own digits, rounded beyond four decimals."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if not exact:
        return "0"
    if abs(exact.adjusted()) > _LARGEST_EXPONENT:
        return f"{exact:.3e}"
    exponent = exact.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _LONGEST_FRACTION:
        digits = 2 if abs(exact) >= 1 else min(3 - exact.adjusted(), _LARGEST_EXPONENT)
        exact = round(exact, digits)
        return f"{exact:f}".rstrip("0").rstrip(".")
    return f"{exact:f}"


def unit(text: str) -> str:
    """A unit as it is read: UCUM annotations (`{score}`) and the unit one dropped."""
    plain = _UNITS.get(text) or _ANNOTATION.sub("", text).strip()
    return "" if plain == "1" else plain


def quantity(element: Element) -> str:
    """A Quantity: comparator, value and unit; "" without a value."""
    value = element.number("value")
    if value is None:
        return ""
    words = _COMPARATORS.get(element.word("comparator"), "") + number(value)
    name = unit(element.word("unit")) or unit(element.word("code"))
    return f"{words}{'' if name == '%' else ' '}{name}".strip()


def span(element: Element) -> str:
    """A Range: "3.5 to 5.0 mmol/L", "60 or more", "5 or less"."""
    low, high = element.child("low"), element.child("high")
    if quantity(low) and quantity(high):
        first = quantity(low)
        last = quantity(high)
        tail = first.rpartition(" ")[2]
        if " " in first and last.endswith(f" {tail}"):
            first = first.rpartition(" ")[0]
        return f"{first} to {last}"
    if quantity(low):
        return f"{quantity(low)} or more"
    return f"{quantity(high)} or less" if quantity(high) else ""


def ratio(element: Element) -> str:
    """A Ratio: "5 mg per 1 mL"."""
    top, bottom = quantity(element.child("numerator")), quantity(element.child("denominator"))
    if not top or not bottom:
        return top
    return f"{top}:{bottom}" if " " not in top + bottom else f"{top} per {bottom}"


def day(text: str) -> str:
    """The date part of a FHIR date or time, "" when it is none."""
    match = _DATE.match(text)
    return match.group() if match else ""


def moment(text: str) -> str:
    """A FHIR date or time as it stands, for sorting; "" when it is none."""
    match = _MOMENT.match(text.strip())
    return match.group() if match else ""


def period(element: Element) -> str:
    """A Period in days: "2020-01-02", "2020-01-02 to 2020-01-05", "since 2020-01-02", "until …"."""
    start, end = day(element.text("start")), day(element.text("end"))
    if start and end:
        return start if start == end else f"{start} to {end}"
    if start:
        return f"since {start}"
    return f"until {end}" if end else ""


def when(element: Element, *stems: str) -> str:
    """The first date among elements named `stem`, or `stem` with DateTime, Date, Instant, Time, Period."""
    for stem in stems:
        for key in (stem, f"{stem}DateTime", f"{stem}Date", f"{stem}Instant", f"{stem}Time"):
            if isinstance(element.raw.get(key), str) and (found := moment(element.text(key))):
                return found
        for key in (stem, f"{stem}Period"):
            if isinstance(element.raw.get(key), dict):
                inner = element.child(key)
                if found := moment(inner.text("start")) or moment(inner.text("end")):
                    return found
    return ""


def age_or_date(element: Element, stem: str) -> str:
    """`onset[x]`, `abatement[x]` in words: a date, "at age 50 years", a range or a text."""
    key = element.choice(stem)
    if key.endswith(("Age", "Quantity")):
        age = quantity(element.child(key))
        return f"at age {_long_age(age)}" if age else ""
    if key.endswith("Range"):
        return f"at {span(element.child(key))}"
    if key.endswith("Period"):
        return period(element.child(key))
    if key.endswith("String"):
        return element.word(key)
    return day(element.text(key)) if key.endswith(("DateTime", "Date")) else ""


def _long_age(age: str) -> str:
    head, _, tail = age.rpartition(" ")
    return f"{head} {_PERIODS[tail]}s" if head and tail in _PERIODS else age


def annotation(resource: Element) -> str:
    """The texts of `note`, in the file's order."""
    return joined(*(n.word("text") for n in resource.children("note")))


def dosage(element: Element) -> str:
    """A Dosage: its text where there is one, else its dose, route and timing in words."""
    if text := element.word("text"):
        return text
    doses = []
    for rate in element.children("doseAndRate"):
        dose = quantity(rate.child("doseQuantity")) or span(rate.child("doseRange"))
        pace = (
            quantity(rate.child("rateQuantity"))
            or ratio(rate.child("rateRatio"))
            or span(rate.child("rateRange"))
        )
        doses.append(listed((f"dose {dose}" if dose else "", f"at {pace}" if pace else ""), " "))
    need = element.flag("asNeededBoolean")
    reason = concept(element.child("asNeededCodeableConcept"))
    most = ratio(element.child("maxDosePerPeriod"))
    return listed(
        (
            *doses,
            concept(element.child("route")),
            timing(element.child("timing")),
            f"as needed for {reason}" if reason else ("as needed" if need else ""),
            concepts(element.children("additionalInstruction")),
            element.word("patientInstruction"),
            f"at most {most}" if most else "",
        )
    )


def timing(element: Element) -> str:
    """A Timing: "twice daily", "every 8 hours", "weekly for 6 weeks"."""
    repeat = element.child("repeat")
    named = concept(element.child("code"))
    base = _TIMING_CODES.get(named.upper(), named) or _frequency(repeat)
    moments = listed((_WHEN.get(w, "") for w in repeat.words("when")), " and ")
    clock = listed(repeat.words("timeOfDay"), " and ")
    days = listed((d.capitalize() for d in repeat.words("dayOfWeek")), " and ")
    bounds = quantity(repeat.child("boundsDuration"))
    return listed(
        (
            base,
            moments,
            f"at {clock}" if clock else "",
            f"on {days}" if days else "",
            f"for {_long_age(bounds)}" if bounds else "",
        ),
        " ",
    )


def _frequency(repeat: Element) -> str:
    frequency, length, name = repeat.number("frequency"), repeat.number("period"), repeat.word("periodUnit")
    if length is None or name not in _PERIODS:
        return ""
    count = frequency if frequency is not None else 1
    if length == 1:
        times = _TIMES.get(count, f"{number(count)} times")
        if count == 1 and name != "d":
            return _EVERY.get(name, f"every {_PERIODS[name]}")
        return f"{times} {_EVERY.get(name, 'every ' + _PERIODS[name])}"
    every = f"every {number(length)} {_PERIODS[name]}s"
    return every if count == 1 else f"{_TIMES.get(count, f'{number(count)} times')} {every}"


def code_words(code: str) -> str:
    """A FHIR code as words: "entered-in-error" to "entered in error"."""
    return one_line(code.replace("-", " ").replace("_", " "))
