"""Observations and diagnostic reports in words: name, value, unit, reference range, interpretation."""

from osler.knowledge.concepts import label_of
from osler.knowledge.readers.fhir_element import Element
from osler.knowledge.readers.fhir_rendered import Rendered, Setting
from osler.knowledge.readers.fhir_words import (
    annotation,
    code_words,
    codes,
    concept,
    concepts,
    day,
    first_code,
    joined,
    listed,
    number,
    period,
    quantity,
    ratio,
    span,
    when,
)
from osler.knowledge.titles import title_of

SYSTOLIC, DIASTOLIC = "8480-6", "8462-4"
_MOST_RESULTS = 40
_CATEGORIES = {
    "lab": "laboratory",
    "labs": "laboratory",
    "vitals": "vital-signs",
    "vital-sign": "vital-signs",
}
_INTERPRETATIONS = {
    "H": "high",
    "HH": "critically high",
    "HU": "significantly high",
    "L": "low",
    "LL": "critically low",
    "LU": "significantly low",
    "N": "normal",
    "A": "abnormal",
    "AA": "critically abnormal",
    "POS": "positive",
    "NEG": "negative",
    "IND": "indeterminate",
    "DET": "detected",
    "ND": "not detected",
    "S": "susceptible",
    "I": "intermediate",
    "R": "resistant",
}


def observation(resource: Element, setting: Setting) -> Rendered:
    """An Observation with its value, or with the values of its components in one sentence."""
    code = resource.child("code")
    category = _category(resource)
    status = resource.word("status")
    moment = when(resource, "effective", "issued")
    name = concept(code) or "an observation without a name"
    if name.startswith("code "):
        meant = label_of(c.word("code") for c in code.children("coding"))
        name = f"{meant} ({name})" if meant else name
    result = value_words(resource) or _components(resource) or _members(resource, setting)
    text = joined(
        f"{title_of('Observation', category)} {day(moment) or '(undated)'}: "
        f"{_named(name, result or _missing(resource))}{_brackets(resource, status)}",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        category=category,
        status=status,
        active=status != "cancelled",
        codes=codes(code, *(c.child("code") for c in resource.children("component"))),
        when=moment,
        value=result,
    )


def report(resource: Element, setting: Setting) -> Rendered:
    """A DiagnosticReport with its results, where the file holds them, and its conclusion."""
    code = resource.child("code")
    status = resource.word("status")
    moment = when(resource, "effective", "issued")
    name = concept(code) or "a report without a name"
    category = concepts(resource.children("category"))
    results = [_result(reference, setting) for reference in resource.children("result")]
    conclusion = listed((resource.word("conclusion"), concepts(resource.children("conclusionCode"))), "; ")
    extra = listed((category, "" if status == "final" else code_words(status)), "; ")
    more = len(results) - _MOST_RESULTS
    text = joined(
        f"Diagnostic report {day(moment) or '(undated)'}: {name}{f' ({extra})' if extra else ''}",
        f"Results: {listed(results[:_MOST_RESULTS], '; ')}{f' and {more} more' if more > 0 else ''}"
        if any(results)
        else "",
        f"Conclusion: {conclusion}" if conclusion else "",
    )
    return Rendered(
        text=text,
        display=name,
        category=category,
        status=status,
        active=status != "cancelled",
        codes=codes(code),
        when=moment,
        value=conclusion,
    )


def value_words(element: Element) -> str:
    """`value[x]` of an observation or a component in words; "" when there is none."""
    key = element.choice("value")
    match key.removeprefix("value"):
        case "Quantity":
            return quantity(element.child(key))
        case "CodeableConcept":
            return concept(element.child(key))
        case "Range":
            return span(element.child(key))
        case "Ratio":
            return ratio(element.child(key))
        case "Boolean":
            return {True: "yes", False: "no"}.get(bool(element.flag(key)), "")
        case "Integer" | "Decimal":
            value = element.number(key)
            return "" if value is None else number(value)
        case "Period":
            return period(element.child(key))
        case "String" | "Date" | "Code":
            return element.word(key)
        case "DateTime":
            return day(element.text(key))
        case "Time":
            return element.word(key)
        case "Coding":
            coding = element.child(key)
            return coding.word("display") or coding.word("code")
        case "SampledData":
            return "a recorded curve"
    return ""


def _components(resource: Element) -> str:
    """The components' values: a blood pressure as `132/84 mmHg`, everything else by name."""
    parts = resource.children("component")
    pressure = {code: part for part in parts for code in _codes_of(part) if code in (SYSTOLIC, DIASTOLIC)}
    words = []
    if len(pressure) == 2:
        high, low = (quantity(pressure[c].child("valueQuantity")) for c in (SYSTOLIC, DIASTOLIC))
        if high and low:
            words.append(f"{high.split()[0]}/{low}")
            parts = tuple(p for p in parts if not _codes_of(p) & {SYSTOLIC, DIASTOLIC})
    for part in parts:
        result = value_words(part) or _missing(part)
        words.append(_named(concept(part.child("code")), result) + _brackets(part, "final"))
    return listed(words, ", ")


def _codes_of(part: Element) -> set[str]:
    return {c.word("code") for c in part.child("code").children("coding")}


def _members(resource: Element, setting: Setting) -> str:
    names = listed(setting.named(reference) for reference in resource.children("hasMember"))
    return f"panel of {names}" if names else ""


def _result(reference: Element, setting: Setting) -> str:
    target = setting.resolve(reference)
    if target.text("resourceType") != "Observation" or target.word("status") == "entered-in-error":
        return reference.word("display")
    name = concept(target.child("code")) or reference.word("display")
    return _named(name, value_words(target) or _components(target))


def _named(name: str, value: str) -> str:
    if not value:
        return name
    glue = " " if value[0].isdigit() and not name[-1:].isdigit() else ": "
    return f"{name}{glue}{value}" if name else value


def _missing(element: Element) -> str:
    reason = concept(element.child("dataAbsentReason"))
    return f"no value ({reason})" if reason else ""


def _brackets(element: Element, status: str) -> str:
    """What qualifies a value: reference range, interpretation, body site, and a status other than final."""
    reference = next((r for r in map(_reference, element.children("referenceRange")) if r), "")
    meaning = listed(_interpretation(i) for i in element.children("interpretation"))
    site = concept(element.child("bodySite"))
    words = listed(
        (
            f"reference {reference}" if reference else "",
            meaning,
            f"site {site}" if site else "",
            code_words(status) if status not in ("", "final") else "",
        ),
        "; ",
    )
    return f" ({words})" if words else ""


def _reference(element: Element) -> str:
    return element.word("text") or span(element)


def _interpretation(element: Element) -> str:
    words = concept(element)
    # A name in free words has to keep its capital, by which it is found again.
    plain = words.lower() if " " not in words else words[:1].lower() + words[1:]
    return _INTERPRETATIONS.get(first_code(element), plain)


def _category(resource: Element) -> str:
    """The category's code, or its words in the same form, since not all servers code it."""
    for category in resource.children("category"):
        if found := first_code(category) or concept(category):
            name = found.lower().replace(" ", "-")
            return _CATEGORIES.get(name, name)
    return ""
