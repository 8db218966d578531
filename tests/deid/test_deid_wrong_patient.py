"""The roster of a workspace, and the guard against a second patient."""

import random
from collections.abc import Iterator
from datetime import date

import pytest

from osler.core.ports.detector import KnownIdentifier
from osler.core.ports.records import PatientIdentity
from osler.core.spans import Label
from osler.deid import gazetteers
from osler.deid.roster import SHARED, Roster
from osler.deid.wrong_patient import OtherPatient, others


def known(label: Label, value: str, *, birth: bool = False) -> KnownIdentifier:
    return KnownIdentifier(label=label, value=value, birth=birth)


def person(
    patient: str, name: str, mrn: str, born: date, phone: str, *around: KnownIdentifier
) -> PatientIdentity:
    """As the readers make it: what is the patient's own up to the id, then who is around."""
    given, family = name.split()
    return PatientIdentity(
        patient=patient,
        birth_date=born,
        identifiers=(
            known(Label.NAME, name),
            known(Label.NAME, f"{family}, {given}"),
            known(Label.NAME, family),
            known(Label.NAME, given),
            known(Label.PHONE, phone),
            known(Label.LOCATION, "742 Evergreen Terrace"),
            known(Label.MRN, mrn),
            known(Label.DATE, born.isoformat(), birth=True),
            known(Label.OTHER_ID, patient),
            *around,
        ),
    )


CLINICIAN = known(Label.NAME, "Viva Denesik")
ELEANOR = person("p-elea", "Eleanor Whitfield", "00482913", date(1956, 3, 14), "555-867-5309", CLINICIAN)
MARCUS = person("p-marc", "Marcus Delacroix", "77120045", date(1970, 7, 2), "555-201-4477")
MOTHER = person("p-moth", "Ingrid Vandenberg", "10000021", date(1985, 1, 9), "555-333-1212")
CHILD = person(
    "p-chil",
    "Tobias Vandenberg",
    "10000022",
    date(2019, 5, 5),
    "555-333-1212",
    known(Label.NAME, "Ingrid Vandenberg"),
)
TWIN_A = person("p-tw-a", "Maria Gonzalez", "20000001", date(1960, 2, 3), "555-444-0001")
TWIN_B = person("p-tw-b", "Maria Gonzalez", "20000002", date(1981, 9, 9), "555-444-0002")
WARD = Roster.of([ELEANOR, MARCUS, MOTHER, CHILD, TWIN_A, TWIN_B])


def about_eleanor(text: str) -> tuple[OtherPatient, ...]:
    return others([text], "p-elea", WARD, ELEANOR.identifiers)


@pytest.mark.parametrize(
    "text",
    [
        "As in MRN 77120045.",
        "As in 7712-0045.",
        "mrn77120045",
        "Marcus Delacroix, born 2 July 1970, was seen too.",
        "DELACROIX, MARCUS (07/02/1970)",
        "Call Marcus Delacroix at (555) 201-4477.",
        "Maria Gonzalez has MRN 20000001.",
        "Patient: John Okafor, DOB 01/02/1933, denies pain.",
    ],
)
def test_another_patient_is_certain(text: str) -> None:
    (found,) = about_eleanor(text)
    assert found.certain
    assert "Delacroix" not in repr(found)
    assert "77120045" not in found.reason


@pytest.mark.parametrize(
    "text",
    [
        "Marcus Delacroix was seen too.",
        "Call +1 555 201 4477.",
        "Patient: John Okafor denies pain.",
        "MRN: 9911223",
    ],
)
def test_less_is_a_finding_and_not_certain(text: str) -> None:
    (found,) = about_eleanor(text)
    assert not found.certain
    assert found.reason.startswith("What may be")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mrs. Eleanor Whitfield, MRN 00482913, born 3/14/1956, 742 Evergreen Terrace, 555-867-5309.",
        "Patient: Whitfield, Eleanor A. MRN: 482913 DOB: March 14, 1956",
        "Patient name: E. Whitfield; seen by Viva Denesik.",
        "Seen by Dr. Marcus Delacroix and Ingrid Vandenberg, RN.",
        "Call 555-333-1212, the number of two.",
        "Maria Gonzalez, a namesake of two patients.",
        "Marcus and Delacroix are not the same; the Delacroix score.",
        "Patient education: Diabetes Mellitus. The patient is Spanish speaking. Patient: stable.",
        "BP 142/86, K 4.8, 201 4477 mL, born premature. MRN pending. DOB unknown.",
    ],
)
def test_nothing_is_said_of_the_patient_meant_and_of_what_is_no_ones(text: str) -> None:
    assert about_eleanor(text) == ()


def test_a_mother_on_the_childs_record_is_no_stranger_there() -> None:
    text = "Ingrid Vandenberg, 555-333-1212, brought him in."
    assert others([text], "p-chil", WARD, CHILD.identifiers) == ()
    assert not others([text], "p-elea", WARD, ELEANOR.identifiers)[0].certain


def test_without_a_patient_the_one_of_whom_most_is_said_is_meant() -> None:
    both = "Eleanor Whitfield, MRN 00482913, 555-867-5309. Compare MRN 77120045."
    assert others(["Eleanor Whitfield, MRN 00482913"], None, WARD) == ()
    assert [f.kinds for f in others([both], None, WARD)] == [{"MRN": 1}]
    assert others([both])[0].kinds == {"MRN": 1}
    assert not others([both])[0].certain


def test_labels_that_contradict_each_other_need_no_roster() -> None:
    text = "Patient: Ann Lee\nMRN: 1234567\nDOB: 1/2/1950\n\nPatient: Bo Quist\nMRN: 7654321\nDOB: 3/4/1961"
    (found,) = others([text])
    assert found.certain
    assert found.by == "labels"
    assert found.kinds == {"NAME": 1, "MRN": 1, "DATE": 1}
    assert others([text.split("\n\n")[0]] * 2) == ()


def test_the_roster_knows_whose_and_what_is_shared() -> None:
    eleanor, phone = WARD.number("p-elea"), WARD.recognise("555-333-1212")
    assert [(r.label, r.owner) for r in WARD.recognise("MRN 00482913")] == [(Label.MRN, eleanor)]
    assert [r.owner for r in phone] == [SHARED]
    assert WARD.number("nobody") is None
    assert WARD.recognise("Viva Denesik called; Whitfield wrote; 742 is no house") == ()
    assert len(WARD) == 6
    assert Roster.of([]).recognise("Eleanor Whitfield") == ()


def test_a_roster_without_ids_takes_what_precedes_the_date_of_birth() -> None:
    plain = PatientIdentity(
        patient="x",
        identifiers=(
            known(Label.NAME, "Ann Quillfeather"),
            known(Label.DATE, "1950-01-02", birth=True),
            CLINICIAN,
        ),
    )
    roster = Roster.of([plain])
    assert roster.recognise("Quillfeather, Ann")
    assert not roster.recognise("Viva Denesik")


def crowd(count: int) -> Iterator[PatientIdentity]:
    rng = random.Random(5)
    given, family = (
        gazetteers.tokens("census_given.txt")[:2000],
        gazetteers.tokens("census_surnames.txt")[:30000],
    )
    for n in range(count):
        name = f"{rng.choice(given).title()} {rng.choice(family).title()}"
        born = date.fromordinal(rng.randint(700_000, 738_000))
        yield person(
            f"p{n:06d}", name, f"{rng.randrange(10**8):08d}", born, f"555-{rng.randrange(10**7):07d}"
        )


def test_a_crowd_takes_little_and_raises_no_false_alarm() -> None:
    roster = Roster.of(crowd(4000))
    assert roster.nbytes < 4000 * 600
    note = (
        "Seen with wife Anna Larsson; BP 142/86, pulse 78. Creatinine 1.6 mg/dL on 2026-02-11, order 2026021144-7. "
        "Metformin 500 mg twice daily, 12 North beds, Wells score 3, Foley catheter; Grace Young, will follow. "
    )
    assert not [f for f in others([note], "p000001", roster) if f.certain]
