"""One FHIR resource to one document of a patient's record."""

from collections.abc import Callable

from osler.core.ports.reader import Document, Passage
from osler.core.ports.records import RecordItem
from osler.knowledge.passages import LONGEST, cut
from osler.knowledge.readers import (
    fhir_event,
    fhir_medication,
    fhir_note,
    fhir_observation,
    fhir_plan,
    fhir_problem,
)
from osler.knowledge.readers.fhir_element import Element
from osler.knowledge.readers.fhir_references import Directory, Entry
from osler.knowledge.readers.fhir_rendered import Rendered, Setting
from osler.knowledge.titles import title_of

Renderer = Callable[[Element, Setting], Rendered]

RENDERERS: dict[str, Renderer] = {
    "AllergyIntolerance": fhir_problem.allergy,
    "CarePlan": fhir_plan.care_plan,
    "Composition": fhir_note.composition,
    "Condition": fhir_problem.condition,
    "Device": fhir_event.device,
    "DeviceUseStatement": fhir_event.device_use,
    "DiagnosticReport": fhir_note.diagnostic_report,
    "DocumentReference": fhir_note.document_reference,
    "Encounter": fhir_event.encounter,
    "FamilyMemberHistory": fhir_problem.family_history,
    "Goal": fhir_plan.goal,
    "ImagingStudy": fhir_event.imaging_study,
    "Immunization": fhir_event.immunization,
    "MedicationAdministration": fhir_medication.administration,
    "MedicationDispense": fhir_medication.dispense,
    "MedicationRequest": fhir_medication.request,
    "MedicationStatement": fhir_medication.statement,
    "Observation": fhir_observation.observation,
    "Patient": fhir_plan.patient,
    "Procedure": fhir_event.procedure,
    "ServiceRequest": fhir_event.service_request,
}
"""Resource type to what renders it; every other clinical type goes to `fhir_plan.other`."""


def document(entry: Entry, directory: Directory, patient: str, collection: str) -> Document:
    """The document of one clinical resource that belongs to `patient`."""
    render = RENDERERS.get(entry.type, fhir_plan.other)
    made = render(entry.resource, Setting(entry=entry, directory=directory))
    item = RecordItem(
        doc=entry.key,
        patient=patient,
        type=entry.type,
        category=made.category,
        status=made.status,
        active=made.active,
        display=made.display,
        codes=made.codes,
        when=made.when,
        value=made.value,
        text=made.text,
    )
    return Document(
        doc=entry.key,
        title=made.title or title_of(entry.type, made.category),
        text=made.text,
        collection=collection,
        patient=patient,
        passages=made.passages or _passages(made.text),
        item=item,
        basis="record",
        published=made.when[:10],
        keywords=_keywords(made),
    )


def _passages(text: str) -> tuple[Passage, ...]:
    if len(text) <= LONGEST:
        return (Passage(start=0, end=len(text)),)
    return tuple(cut(text, 0, len(text)))


def _keywords(made: Rendered) -> tuple[str, ...]:
    """Names of the codes that the text does not use itself."""
    said = made.text.lower()
    return tuple(dict.fromkeys(c.display for c in made.codes if c.display and c.display.lower() not in said))
