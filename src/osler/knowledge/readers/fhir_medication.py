"""Medication orders, statements, administrations and dispenses in words."""

from osler.core.ports.records import Code
from osler.knowledge.readers.fhir_element import Element
from osler.knowledge.readers.fhir_rendered import Rendered, Setting
from osler.knowledge.readers.fhir_words import (
    annotation,
    code_words,
    codes,
    concept,
    concepts,
    day,
    dosage,
    joined,
    listed,
    period,
    quantity,
    when,
)

_UNNAMED = "a medication that the file does not name"
_LEADS = {
    "active": "Active medication",
    "on-hold": "Medication on hold",
    "cancelled": "Cancelled medication",
    "completed": "Completed medication",
    "stopped": "Stopped medication",
    "draft": "Draft medication order",
    "intended": "Intended medication",
    "not-taken": "Medication not taken",
    "in-progress": "Medication in progress",
    "not-done": "Medication not given",
}
_PLAIN_INTENTS = ("", "order", "original-order", "instance-order", "filler-order", "reflex-order")


def request(resource: Element, setting: Setting) -> Rendered:
    """A MedicationRequest. Active is the status "active", unless it orders not to give the drug."""
    name, found = medicine(resource, setting)
    status = resource.word("status")
    forbidden = resource.flag("doNotPerform") is True
    intent = resource.word("intent")
    lead = f"Order not to give ({code_words(status)})" if forbidden else _lead(status)
    if intent not in _PLAIN_INTENTS:
        lead += f" ({code_words(intent)})"
    moment = when(resource, "authoredOn")
    text = joined(
        f"{lead}: {listed((name, _sig(resource, 'dosageInstruction')))}",
        f"Ordered {day(moment)}" if moment else "",
        _because(resource, setting),
        _status_reason(resource),
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        category=_category(resource),
        status=status,
        active=status == "active" and not forbidden,
        codes=found,
        when=moment,
        value=_sig(resource, "dosageInstruction"),
    )


def statement(resource: Element, setting: Setting) -> Rendered:
    """A MedicationStatement: what the patient is said to take."""
    name, found = medicine(resource, setting)
    status = resource.word("status")
    taken = period(resource.child("effectivePeriod")) or day(resource.text("effectiveDateTime"))
    text = joined(
        f"{_lead(status)} (as reported): {listed((name, _sig(resource, 'dosage')))}",
        f"Taken {taken}" if taken else "",
        _because(resource, setting),
        _status_reason(resource),
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        category=concept(resource.child("category")),
        status=status,
        active=status == "active",
        codes=found,
        when=when(resource, "effective", "dateAsserted"),
        value=_sig(resource, "dosage"),
    )


def administration(resource: Element, setting: Setting) -> Rendered:
    """A MedicationAdministration: a dose that was given, or not."""
    name, found = medicine(resource, setting)
    status = resource.word("status")
    given = resource.child("dosage")
    dose = listed((given.word("text") or quantity(given.child("dose")), concept(given.child("route"))))
    moment = when(resource, "effective")
    not_given = "not " if status == "not-done" else ""
    text = joined(
        f"Medication {not_given}given{_on(moment)}: {listed((name, dose))}"
        + ("" if status in ("completed", "not-done", "") else f" ({code_words(status)})"),
        _because(resource, setting),
        _status_reason(resource),
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        status=status,
        active=status == "in-progress",
        codes=found,
        when=moment,
        value=dose,
    )


def dispense(resource: Element, setting: Setting) -> Rendered:
    """A MedicationDispense: what a pharmacy handed out."""
    name, found = medicine(resource, setting)
    status = resource.word("status")
    amount, supply = quantity(resource.child("quantity")), quantity(resource.child("daysSupply"))
    moment = when(resource, "whenHandedOver", "whenPrepared")
    text = joined(
        f"Medication dispensed{_on(moment)}: {listed((name, _sig(resource, 'dosageInstruction')))}"
        + (f" ({code_words(status)})" if status not in ("completed", "") else ""),
        f"Quantity {amount}" if amount else "",
        f"Supply for {supply}" if supply else "",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        status=status,
        active=status == "in-progress",
        codes=found,
        when=moment,
        value=amount,
    )


def medicine(resource: Element, setting: Setting) -> tuple[str, tuple[Code, ...]]:
    """The drug of a resource, by code or by reference (contained or in the file): its name and its codes."""
    code = resource.child("medicationCodeableConcept")
    if code:
        return concept(code) or _UNNAMED, codes(code)
    reference = resource.child("medicationReference")
    target = setting.resolve(reference)
    if target.text("resourceType") != "Medication":
        return reference.word("display") or _UNNAMED, ()
    parts = [i.child("itemCodeableConcept") for i in target.children("ingredient")]
    own = target.child("code")
    name = concept(own) or listed((concept(p) for p in parts), " / ") or reference.word("display")
    return name or _UNNAMED, codes(own, *parts)


def _lead(status: str) -> str:
    return _LEADS.get(status, f"Medication (status {code_words(status) or 'not recorded'})")


def _sig(resource: Element, key: str) -> str:
    return listed((dosage(d) for d in resource.children(key)), "; ")


def _on(moment: str) -> str:
    return f" {day(moment)}" if moment else ""


def _because(resource: Element, setting: Setting) -> str:
    reasons = setting.reasons(resource)
    return f"For {reasons}" if reasons else ""


def _status_reason(resource: Element) -> str:
    value = resource.raw.get("statusReason")
    words = (
        concepts(resource.children("statusReason"))
        if isinstance(value, list)
        else concept(resource.child("statusReason"))
    )
    return f"Reason for the status: {words}" if words else ""


def _category(resource: Element) -> str:
    return concepts(resource.children("category"))
