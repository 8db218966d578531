"""Conditions, allergies and family history in words."""

from osler.core.ports.records import Code
from osler.knowledge.readers.fhir_element import Element
from osler.knowledge.readers.fhir_rendered import Rendered, Setting
from osler.knowledge.readers.fhir_words import (
    age_or_date,
    annotation,
    code_words,
    codes,
    concept,
    concepts,
    day,
    first_code,
    joined,
    listed,
    when,
)

_HOLDING = ("active", "recurrence", "relapse")
_DENIED = ("refuted", "entered-in-error")
_NO_ALLERGY = {
    "716186003": "No known allergy",
    "409137002": "No known drug allergy",
    "428607008": "No known environmental allergy",
    "429625007": "No known food allergy",
    "428197003": "No known insect allergy",
    "no-known-allergies": "No known allergies",
}
"""SNOMED CT, and what each code means."""


def condition(resource: Element, _setting: Setting) -> Rendered:
    """A Condition. It is active when its clinical status says so and nobody has refuted it.

    One without a clinical status, which R4 allows, counts as active unless it has an end.
    """
    code = resource.child("code")
    clinical, verification = _status(resource, "clinicalStatus"), _status(resource, "verificationStatus")
    ended = bool(resource.choice("abatement"))
    active = (clinical in _HOLDING or (not clinical and not ended)) and verification not in _DENIED
    name = concept(code) or "a condition without a name"
    onset, abatement = age_or_date(resource, "onset"), age_or_date(resource, "abatement")
    stage = listed(concept(s.child("summary")) for s in resource.children("stage"))
    site = concepts(resource.children("bodySite"))
    state = listed(
        (
            clinical or ("ended" if ended else "status not recorded"),
            "" if verification in ("", "confirmed") else code_words(verification),
            concept(resource.child("severity")).lower(),
        )
    )
    text = joined(
        f"Condition ({state}): "
        + listed((name, f"stage {stage}" if stage else "", f"site {site}" if site else "", _since(onset))),
        f"Ended {abatement}" if abatement else "",
        "" if onset else _recorded(resource),
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        category=_category(resource),
        status=clinical or verification,
        active=active,
        codes=codes(code),
        when=when(resource, "onset", "recorded"),
        value=stage,
    )


def allergy(resource: Element, _setting: Setting) -> Rendered:
    """An AllergyIntolerance, or the statement that none is known.

    Without a clinical status it counts as active: a missing status must not hide an allergy.
    """
    code = resource.child("code")
    clinical, verification = _status(resource, "clinicalStatus"), _status(resource, "verificationStatus")
    active = (clinical in _HOLDING or not clinical) and verification not in _DENIED
    reactions = resource.children("reaction")
    substances = [r.child("substance") for r in reactions]
    found = codes(code, *substances)
    name = (
        concept(code) or listed(concept(s) for s in substances) or "a substance that the file does not name"
    )
    none_known = _is_none_known(name, found)
    if name.startswith("code "):
        name = next((_NO_ALLERGY[c.code] for c in found if c.code in _NO_ALLERGY), name)
    criticality = resource.word("criticality")
    state = listed(
        (
            clinical or "status not recorded",
            "" if verification in ("", "confirmed") else code_words(verification),
            f"{criticality} criticality" if criticality in ("low", "high") and not none_known else "",
            "intolerance" if resource.word("type") == "intolerance" else "",
        )
    )
    reaction = listed((_reaction(r) for r in reactions), "; ")
    onset = age_or_date(resource, "onset")
    text = joined(
        f"{'Allergy status' if none_known else 'Allergy'} ({state}): {name}"
        + (f"; reaction: {reaction}" if reaction else ""),
        f"Since {onset}" if onset and not onset.startswith("since") else onset.capitalize(),
        _recorded(resource),
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=name,
        category=listed(resource.words("category")),
        status=clinical or verification,
        active=active,
        codes=found,
        when=when(resource, "recorded", "onset"),
        value=reaction,
    )


def family_history(resource: Element, _setting: Setting) -> Rendered:
    """A FamilyMemberHistory: the relationship and the conditions, never the relative's name."""
    relation = concept(resource.child("relationship")) or "a relative"
    conditions = []
    for item in resource.children("condition"):
        onset = age_or_date(item, "onset")
        conditions.append(
            concept(item.child("code"))
            + (f" (onset {onset})" if onset else "")
            + (f" ({concept(item.child('outcome'))})" if item.child("outcome") else "")
        )
    age = age_or_date(resource, "deceased")
    deceased = "Deceased" if resource.flag("deceasedBoolean") else (f"Deceased {age}" if age else "")
    text = joined(
        f"Family history: {relation}: {listed(conditions, '; ') or 'no condition recorded'}",
        deceased,
        annotation(resource),
    )
    return Rendered(
        text=text,
        display=listed((relation, *conditions)),
        status=resource.word("status"),
        codes=codes(
            resource.child("relationship"), *(c.child("code") for c in resource.children("condition"))
        ),
        when=when(resource, "date"),
        value=listed(conditions, "; "),
    )


def _status(resource: Element, key: str) -> str:
    element = resource.child(key)
    return first_code(element) or element.word("text").lower()


def _since(onset: str) -> str:
    if not onset or onset.startswith(("since", "at ", "until")):
        return onset
    return f"since {onset}" if onset[0].isdigit() else f"onset {onset}"


def _recorded(resource: Element) -> str:
    recorded = day(resource.text("recordedDate"))
    return f"Recorded {recorded}" if recorded else ""


def _reaction(element: Element) -> str:
    signs = concepts(element.children("manifestation")) or element.word("description")
    severity = element.word("severity")
    return f"{signs} ({severity})" if signs and severity else signs


def _is_none_known(name: str, found: tuple[Code, ...]) -> bool:
    return name.lower().startswith(("no known", "nka", "nkda")) or any(c.code in _NO_ALLERGY for c in found)


def _category(resource: Element) -> str:
    return next((c for c in (first_code(e) or concept(e) for e in resource.children("category")) if c), "")
