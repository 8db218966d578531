"""What the names of fields tell: that a value is an identifier (`mrn`, `lastName`), or that the name itself is one.

A value that stands alone says less than the same behind its name: `55820417` is a number, `mrn: 55820417` a record's.
`labelled` gives that reading of a value, for a detector to look at. A name of a field or a tool may be a person's
(`eleanor_whitfield`): `person` gives it as it would be written. Most names are neither, and give "".

Not seen: a person whose names are in no list and who has no title (`brannoc_vexworthy`).
"""

import itertools
import re

from osler.deid import gazetteers
from osler.deid.gazetteers import NAME, In
from osler.deid.tokens import word_set

LONGEST = 120
"""Characters of a value that a field's name can explain; longer ones are prose."""

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TELLING = word_set(
    "mrn ssn dob birth born birthday patient name surname family given forename maiden first last middle phone tel "
    "telephone mobile cell fax email mail address street city zip postal postcode account member insurance policy "
    "license licence passport id identifier number nhs npi dea contact guardian kin mother father spouse relative "
    "doctor physician provider nurse author clinician employer plate vin device serial ip url handle nino"
)
_TITLES = word_set("mr mrs miss mister missus")
_EVERYDAY = In.ORDINARY | In.WORD | In.CLINICAL | In.BRAND | In.EPONYM | In.NATION
_LEAST = 4
_FEWEST_DIGITS = 5


def labelled(name: str, value: str | int | float) -> str:
    """`name: value`, where the name of the field says that the value may be an identifier; else "".

    Numbers count from five digits on.
    """
    said = str(value)
    if not said or len(said) > LONGEST or "\n" in said:
        return ""
    if not isinstance(value, str) and sum(map(str.isdecimal, said)) < _FEWEST_DIGITS:
        return ""
    return f"{name}: {said}" if _TELLING.intersection(_split(name)) else ""


def person(name: str) -> str:
    """`Eleanor Whitfield` for `eleanor_whitfield` or `findEleanorWhitfield`; "" where it names nobody that is known
    as a name."""
    words = _split(name)
    for first, second in itertools.pairwise(words):
        titled = first in _TITLES and not _is_everyday(second)
        if titled or (_is_name(first) and _is_name(second)):
            return " ".join(word.title() for word in words)
    return ""


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]


def _is_name(word: str) -> bool:
    evidence = gazetteers.load().evidence(word)
    return len(word) >= _LEAST and bool(evidence & NAME) and not evidence & _EVERYDAY


def _is_everyday(word: str) -> bool:
    return bool(gazetteers.load().evidence(word) & (In.WORD | In.CLINICAL | In.BRAND))
