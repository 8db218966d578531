"""Encounters, procedures, immunizations, imaging, orders and devices in words."""

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
    when,
)

_CLASSES = {
    "AMB": "ambulatory",
    "EMER": "emergency",
    "FLD": "field",
    "HH": "home health",
    "IMP": "inpatient",
    "ACUTE": "inpatient acute",
    "NONAC": "inpatient non-acute",
    "OBSENC": "observation",
    "PRENC": "pre-admission",
    "SS": "short stay",
    "VR": "virtual",
}


def encounter(resource: Element, setting: Setting) -> Rendered:
    """An Encounter: kind, setting, days, reasons, diagnoses. People and places are left out."""
    kinds = resource.children("type")
    setting_of = resource.child("class")
    where = _CLASSES.get(
        setting_of.word("code"), setting_of.word("display").lower() or setting_of.word("code")
    )
    status = resource.word("status")
    name = concepts(kinds) or concept(resource.child("serviceType")) or f"{where} encounter".strip()
    reasons = setting.reasons(resource)
    diagnoses = listed(setting.named(d.child("condition")) for d in resource.children("diagnosis"))
    discharge = concept(resource.child("hospitalization").child("dischargeDisposition"))
    days = period(resource.child("period"))
    text = joined(
        f"Encounter {days or '(undated)'}: {name} ({listed((where, code_words(status)))})",
        f"Reason: {reasons}" if reasons else "",
        f"Diagnoses: {diagnoses}" if diagnoses else "",
        f"Discharged to: {discharge}" if discharge else "",
    )
    return Rendered(
        text=text,
        display=name,
        category=where,
        status=status,
        active=status in ("arrived", "triaged", "in-progress", "onleave"),
        codes=codes(*kinds, *resource.children("reasonCode")),
        when=when(resource, "period"),
        value=listed((reasons, diagnoses)),
    )


def procedure(resource: Element, setting: Setting) -> Rendered:
    """A Procedure that was done, is being done, or was not done."""
    code = resource.child("code")
    status = resource.word("status")
    name = concept(code) or "a procedure without a name"
    moment = when(resource, "performed")
    days = period(resource.child("performedPeriod")) if "performedPeriod" in resource else day(moment)
    days = days or resource.word("performedString") or "(undated)"
    site, reasons = concepts(resource.children("bodySite")), setting.reasons(resource)
    outcome = listed((concept(resource.child("outcome")), concepts(resource.children("complication"))), "; ")
    lead = "Procedure not done" if status == "not-done" else "Procedure"
    state = "" if status == "not-done" else f" ({code_words(status)})" if status else ""
    text = joined(
        f"{lead} {days}: {listed((name, f'site {site}' if site else ''))}{state}",
        f"Reason: {reasons}" if reasons else "",
        f"Outcome: {outcome}" if outcome else "",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        category=concept(resource.child("category")),
        status=status,
        active=status != "not-done",
        codes=codes(code),
        when=moment,
        value=outcome,
    )


def immunization(resource: Element, setting: Setting) -> Rendered:
    """An Immunization that was given, or was not, and why."""
    code = resource.child("vaccineCode")
    status = resource.word("status")
    name = concept(code) or "a vaccine without a name"
    moment = when(resource, "occurrence")
    days = day(moment) or resource.word("occurrenceString") or "(undated)"
    doses = listed(_dose_number(p) for p in resource.children("protocolApplied") if p.choice("doseNumber"))
    why = concept(resource.child("statusReason")) or setting.reasons(resource)
    lead = "Immunization not done" if status == "not-done" else "Immunization"
    text = joined(
        f"{lead} {days}: {name}{f', dose {doses}' if doses else ''}"
        + (f" ({code_words(status)})" if status not in ("not-done", "") else ""),
        f"Reason: {why}" if why else "",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        status=status,
        active=status == "completed",
        codes=codes(code),
        when=moment,
        value=doses,
    )


def imaging_study(resource: Element, setting: Setting) -> Rendered:
    """An ImagingStudy: modality and body part of its series."""
    series = resource.children("series")
    kinds = listed(
        listed((_coding(s.child("modality")), _coding(s.child("bodySite"))), " of ") for s in series
    )
    kinds = kinds or listed(_coding(m) for m in resource.children("modality"))
    name = resource.word("description") or concepts(resource.children("procedureCode")) or kinds or "imaging"
    moment = when(resource, "started")
    images = resource.number("numberOfInstances")
    reasons = setting.reasons(resource)
    count = "" if images is None else f" ({number(images)} image{'' if images == 1 else 's'})"
    text = joined(
        f"Imaging study {day(moment) or '(undated)'}: {listed((name, kinds))}{count}",
        f"Reason: {reasons}" if reasons else "",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=listed((name, kinds)),
        status=resource.word("status"),
        active=resource.word("status") != "cancelled",
        codes=codes(*resource.children("procedureCode")),
        when=moment,
    )


def service_request(resource: Element, setting: Setting) -> Rendered:
    """A ServiceRequest: what was ordered, when, why."""
    code = resource.child("code")
    status, intent = resource.word("status"), resource.word("intent")
    name = concept(code) or concepts(resource.children("category")) or "a service without a name"
    moment = when(resource, "authoredOn")
    due = period(resource.child("occurrencePeriod")) or day(resource.text("occurrenceDateTime"))
    reasons = setting.reasons(resource)
    lead = "Order not to do" if resource.flag("doNotPerform") else "Order"
    state = listed((code_words(status), "" if intent in ("", "order") else code_words(intent)))
    text = joined(
        f"{lead} ({state}): {name}",
        f"Ordered {day(moment)}" if moment else "",
        f"Due {due}" if due else "",
        f"Reason: {reasons}" if reasons else "",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        category=concepts(resource.children("category")),
        status=status,
        active=status == "active",
        codes=codes(code),
        when=moment or when(resource, "occurrence"),
    )


def device(resource: Element, _setting: Setting) -> Rendered:
    """A Device of the patient, without serial number or UDI."""
    kind = resource.child("type")
    status = resource.word("status")
    named = listed(n.word("name") for n in resource.children("deviceName"))
    name = concept(kind) or named or "a device without a name"
    made = day(resource.text("manufactureDate"))
    text = joined(
        f"Device ({code_words(status) or 'status not recorded'}): {name}",
        f"Manufactured {made}" if made else "",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        status=status,
        active=status in ("active", ""),
        codes=codes(kind),
        when=when(resource, "manufacture"),
    )


def device_use(resource: Element, setting: Setting) -> Rendered:
    """A DeviceUseStatement: which device is used, since when, why."""
    reference = resource.child("device")
    target = setting.resolve(reference)
    kind = target.child("type") if target.text("resourceType") == "Device" else Element({}, "Device.type")
    name = concept(kind) or reference.word("display") or "a device without a name"
    status = resource.word("status")
    used = period(resource.child("timingPeriod")) or day(resource.text("timingDateTime"))
    reasons = setting.reasons(resource)
    text = joined(
        f"Device use ({code_words(status)}): {name}{f', {used}' if used else ''}",
        f"Reason: {reasons}" if reasons else "",
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        status=status,
        active=status == "active",
        codes=codes(kind),
        when=when(resource, "timing", "recordedOn"),
    )


def _coding(element: Element) -> str:
    return element.word("display") or element.word("code")


def _dose_number(protocol: Element) -> str:
    key = protocol.choice("doseNumber")
    if key.endswith("String"):
        return protocol.word(key)
    count = protocol.number(key)
    return "" if count is None else number(count)
