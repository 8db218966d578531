"""Care plans, goals, the patient's own data, and every other type of a patient's record, in words."""

from osler.knowledge.readers.fhir_element import Element
from osler.knowledge.readers.fhir_rendered import Rendered, Setting
from osler.knowledge.readers.fhir_words import (
    annotation,
    code_words,
    codes,
    concept,
    concepts,
    day,
    joined,
    listed,
    number,
    period,
    quantity,
    span,
    when,
)
from osler.knowledge.readers.markup import strip
from osler.knowledge.titles import title_of

_DATES = (
    "effective",
    "occurrence",
    "performed",
    "onset",
    "started",
    "authoredOn",
    "authored",
    "recorded",
    "issued",
    "created",
    "date",
    "dateTime",
    "detected",
    "identified",
    "sent",
    "start",
    "period",
    "dateWritten",
    "received",
)
_NAMING = ("code", "type", "serviceType", "morphology", "orderedItem", "intent", "event", "scope", "category")
_LONGEST_NARRATIVE = 2000
_MARITAL = {
    "A": "annulled",
    "C": "common law",
    "D": "divorced",
    "L": "legally separated",
    "M": "married",
    "P": "polygamous",
    "S": "never married",
    "T": "domestic partner",
    "U": "unmarried",
    "W": "widowed",
}
_LANGUAGES = {
    "ar": "Arabic",
    "bn": "Bengali",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


def care_plan(resource: Element, setting: Setting) -> Rendered:
    """A CarePlan with its activities, the problems that it is for, and its goals."""
    status = resource.word("status")
    categories = concepts(resource.children("category"))
    name = resource.word("title") or categories or "a care plan without a title"
    activities = listed((_activity(a) for a in resource.children("activity")), "; ")
    addresses = listed(setting.named(r) for r in resource.children("addresses"))
    goals = listed((setting.named(r) for r in resource.children("goal")), "; ")
    days = period(resource.child("period"))
    text = joined(
        f"Care plan ({code_words(status)}): {name}{f', {days}' if days else ''}",
        resource.word("description"),
        f"Activities: {activities}" if activities else "",
        f"For: {addresses}" if addresses else "",
        f"Goals: {goals}" if goals else "",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=listed((name, categories)),
        category=categories,
        status=status,
        active=status == "active",
        codes=codes(*resource.children("category")),
        when=when(resource, "period", "created"),
        value=activities,
    )


def goal(resource: Element, _setting: Setting) -> Rendered:
    """A Goal with its targets and how far it was achieved."""
    status = resource.word("lifecycleStatus")
    description = resource.child("description")
    name = concept(description) or "a goal without a description"
    achieved = concept(resource.child("achievementStatus")).removeprefix("code ")
    targets = listed((_target(t) for t in resource.children("target")), "; ")
    moment = when(resource, "start", "statusDate")
    text = joined(
        f"Goal ({listed((code_words(status), code_words(achieved)))}): {name}",
        f"Target: {targets}" if targets else "",
        f"Since {day(moment)}" if moment else "",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        status=status,
        active=status in ("accepted", "planned", "active", "proposed"),
        codes=codes(description),
        when=moment,
        value=targets,
    )


def patient(resource: Element, _setting: Setting) -> Rendered:
    """A Patient without name, address and numbers: sex, birth date, death, marital status, languages."""
    gender = resource.word("gender") or "sex not recorded"
    born = day(resource.text("birthDate"))
    language = listed((_language(c.child("language")) for c in resource.children("communication")), " and ")
    died = day(resource.text("deceasedDateTime")) if "deceasedDateTime" in resource else ""
    deceased = resource.flag("deceasedBoolean") if "deceasedBoolean" in resource else False
    background = listed(
        _extension_text(e)
        for e in resource.children("extension")
        if e.text("url").endswith(("us-core-race", "us-core-ethnicity"))
    )
    text = joined(
        f"Patient: {listed((gender, f'born {born}' if born else 'birth date not recorded'))}",
        f"Died {died}" if died else ("Deceased" if deceased else ""),
        f"Marital status: {_marital(resource)}" if resource.child("maritalStatus") else "",
        f"Language: {language}" if language else "",
        f"Race and ethnicity: {background}" if background else "",
    )
    return Rendered(
        text=text,
        display="Demographics",
        category="demographics",
        active=resource.flag("active") is not False,
        when="",
        value=listed((gender, born)),
    )


def other(resource: Element, _setting: Setting) -> Rendered:
    """Any other type: what names it, its status and date, its answers, notes, or else its narrative."""
    kind = resource.text("resourceType")
    status = next((resource.word(k) for k in ("status", "lifecycleStatus") if _is_text(resource, k)), "")
    named = [e for key in _NAMING for e in _concepts_at(resource, key)]
    texts = [resource.word(k) for k in ("title", "description", "summary", "detail") if _is_text(resource, k)]
    answers = listed(_answers(resource.children("item")), "; ") if kind == "QuestionnaireResponse" else ""
    name = listed((*(concept(e) for e in named), *texts))
    moment = when(resource, *_DATES)
    notes = annotation(resource) if isinstance(resource.raw.get("note"), list) else ""
    narrative = "" if name or answers or notes else strip(resource.child("text").text("div"))
    state = f" ({code_words(status)})" if status else ""
    body = name or answers or " ".join(narrative.split())[:_LONGEST_NARRATIVE] or "no details in words"
    text = joined(
        f"{title_of(kind)}{state}{f' {day(moment)}' if moment else ''}: {body}",
        f"Answers: {answers}" if answers and name else "",
        notes,
    )
    return Rendered(
        text=text,
        display=name or title_of(kind),
        status=status,
        active=status
        not in ("cancelled", "completed", "inactive", "finished", "revoked", "rejected", "stopped"),
        codes=codes(*named),
        when=moment,
        value=answers,
    )


def _marital(resource: Element) -> str:
    words = concept(resource.child("maritalStatus"))
    return _MARITAL.get(words.removeprefix("code "), words)


def _language(element: Element) -> str:
    words = concept(element)
    code = words.removeprefix("code ").split("-")[0].lower()
    return _LANGUAGES.get(code, words)


def _activity(element: Element) -> str:
    detail = element.child("detail")
    words = concept(detail.child("code")) or detail.word("description")
    if not words:
        return element.child("reference").word("display")
    status = detail.word("status")
    return f"{words} ({code_words(status)})" if status else words


def _target(element: Element) -> str:
    key = element.choice("detail")
    measure = concept(element.child("measure"))
    value = ""
    if key == "detailQuantity":
        value = quantity(element.child(key))
    elif key == "detailRange":
        value = span(element.child(key))
    elif key == "detailCodeableConcept":
        value = concept(element.child(key))
    elif key == "detailString":
        value = element.word(key)
    elif key == "detailInteger" and (count := element.number(key)) is not None:
        value = number(count)
    due = day(element.text("dueDate")) if "dueDate" in element else ""
    return listed((measure, value, f"due {due}" if due else ""), " ")


def _extension_text(extension: Element) -> str:
    inner = extension.children("extension")
    texts = [e.word("valueString") for e in inner if e.text("url") == "text"]
    return listed(texts) or listed(
        e.child("valueCoding").word("display") for e in inner if "valueCoding" in e
    )


def _is_text(resource: Element, key: str) -> bool:
    return isinstance(resource.raw.get(key), str)


def _concepts_at(resource: Element, key: str) -> tuple[Element, ...]:
    """The CodeableConcepts at `key`, whether the type has one there or a list; () when it is a plain code."""
    value = resource.raw.get(key)
    if isinstance(value, dict):
        return (resource.child(key),)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return resource.children(key)
    return ()


def _answers(items: tuple[Element, ...]) -> list[str]:
    """Questions with their answers, in order, nested ones too."""
    out = []
    for item in items:
        given = listed(_answer(a) for a in item.children("answer"))
        asked = item.word("text")
        if given:
            out.append(f"{asked}: {given}" if asked else given)
        out.extend(_answers(item.children("item")))
        for answer in item.children("answer"):
            out.extend(_answers(answer.children("item")))
    return out


def _answer(element: Element) -> str:
    key = element.choice("value")
    match key.removeprefix("value"):
        case "Boolean":
            return {True: "yes", False: "no"}.get(bool(element.flag(key)), "")
        case "Quantity":
            return quantity(element.child(key))
        case "Coding":
            return element.child(key).word("display") or element.child(key).word("code")
        case "Integer" | "Decimal":
            value = element.number(key)
            return "" if value is None else number(value)
        case "String" | "Time" | "Uri":
            return element.word(key)
        case "Date" | "DateTime":
            return day(element.text(key))
    return ""
