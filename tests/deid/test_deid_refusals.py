"""The outbound check refuses what was really forgotten, and nothing that was found only unsurely or is a word."""

import random

import pytest

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label
from osler.deid import Deidentifier, Replacer
from osler.deid.replace import Transform

ENGINE = Deidentifier.standard()
TRANSFORMS: tuple[Transform, ...] = ("surrogate", "redact", "safe-harbor")
RECORD = (
    KnownIdentifier(label=Label.NAME, value="Will Long"),
    KnownIdentifier(label=Label.NAME, value="Graves"),
    KnownIdentifier(label=Label.LOCATION, value="Reading"),
    KnownIdentifier(label=Label.LOCATION, value="2128"),
    KnownIdentifier(label=Label.LOCATION, value="O'Hara & Sons"),
    KnownIdentifier(label=Label.LICENSE, value="2016"),
    KnownIdentifier(label=Label.DEVICE, value="+H123/$$420020216LOT1/S9"),
    KnownIdentifier(label=Label.DATE, value="1951-03-02", birth=True),
)

HARMLESS = (
    "Will she need long-term dialysis? Reading is hard; long walks help, and she may return in 2016.",
    "IS THIS A LONG ACTING INSULIN? WILL HE NEED IT?",
    "One ED visit (Saint Brisa, 3/14/2024), never intubated. Seen at Saint Brisa Hospital and at Saint Brisa.",
    "Zorvex Quillan was seen. Quillan scale 4, quillan. Discussed with Quillan.",
    "Lives in Springfield. Springfield criteria were met in springfield.",
    "Pager x4471, platelets 4471. PIN: 20244 was seen 20244 times.",
    "Device +H123/$$420020216LOT1/S9 works at O'Hara & Sons.",
    "Seen 2024-03-04, v2024-03-04, again 03/04/2024.",
)


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("seed", range(5))
def test_harmless_texts_are_never_refused(transform: Transform, seed: int) -> None:
    replacer = Replacer(ENGINE, known=RECORD, transform=transform, rng=random.Random(seed))
    out = replacer.apply(HARMLESS)
    assert replacer.leaks(out) == {}
    assert replacer.restore(out[0]) == (HARMLESS[0] if transform == "surrogate" else out[0])


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("text", HARMLESS)
def test_nor_is_one_alone(transform: Transform, text: str) -> None:
    replacer = Replacer(ENGINE, known=RECORD, transform=transform, rng=random.Random(1))
    assert replacer.leaks(replacer.apply([text])) == {}


def test_a_name_that_is_a_month_leaves_dates_whole() -> None:
    known = (KnownIdentifier(label=Label.NAME, value="April March"),)
    (out,) = Replacer(ENGINE, known=known, transform="redact").apply(
        ["April came on the 4th of March, 2024, and Mrs. March on April 5."]
    )
    assert out == "[NAME] came on [DATE], and Mrs. [NAME] on [DATE]."


def test_surrogate_dates_avoid_years_that_look_like_a_number_of_the_record() -> None:
    known = (KnownIdentifier(label=Label.LOCATION, value="2128"),)
    texts = [f"Seen on {year}-03-04." for year in range(1990, 2026, 5)]
    for seed in range(30):
        out = Replacer(ENGINE, known=known, rng=random.Random(seed)).apply(texts)
        assert not any("2128" in text for text in out)


def test_a_number_is_found_again_where_it_stands_without_its_label() -> None:
    replacer = Replacer(ENGINE, transform="redact")
    assert replacer.apply(["MRN 4471902 was called. 4471902 again."]) == (
        "MRN [MRN] was called. [MRN] again.",
    )


def test_surrogates_are_disjoint_from_all_that_is_real() -> None:
    texts = ("Will Long of Reading, DOB 3/2/51, called (617) 555-0142 on 2024-03-04.",)
    real = {k.value.casefold() for k in RECORD if not k.value.isdecimal()}
    real |= {"will", "long", "555-0142", "2024-03-04", "3/2/51"}
    for seed in range(20):
        (out,) = Replacer(ENGINE, known=RECORD, rng=random.Random(seed)).apply(texts)
        assert not [value for value in real if value in out.casefold()]
