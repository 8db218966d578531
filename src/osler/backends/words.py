"""Words, stems and what of a question counts, for the stand-ins that have no model. English only."""

import re

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_ENDINGS = (
    ("ations", "at"), ("ation", "at"), ("ments", ""), ("ment", ""), ("ities", "it"), ("ity", "it"), ("nesses", ""),
    ("ness", ""), ("ically", "ic"), ("ingly", ""), ("ies", "y"), ("sses", "ss"), ("ings", ""), ("ing", ""),
    ("edly", ""), ("ied", "y"), ("ed", ""), ("ely", "e"), ("ly", ""), ("xes", "x"), ("es", "e"), ("s", ""),
)  # fmt: skip
_MIN_STEM = 3

STOP_WORDS = frozenset(
    """
    a an the this that these those it its they them their there here he him his she her hers i me my we us our you your
    one who whom whose which what when where why how and or but nor so if then than as of in on at by for from to into
    onto with without within about above after again against all also am any are aren't be because been before being
    between both can can't cannot could did didn't do does doesn't doing don't down during each either else ever every
    few further get gets give given gives giving go goes going got had has have having is isn't just know let like long
    make may maybe me might more most much must need needs new no not now off ok okay once only other ought out over own
    per please put rather really recommend recommended safe safely same say says shall should show since some start
    started starting still such take takes taking tell than thank thanks thing things think through too try trying under
    until up upon use used uses using plus versus vs compared very
    want wants was way well were while whether will would yes yet patient
    patient's patients mr mrs ms dr give good best better kind sort type list find look question answer
    """.split()  # noqa: SIM905 - a table of words reads better as text
)
"""Words that say nothing about what a clinical question is about."""

GENERIC_WORDS = frozenset(
    """
    treat treats treated treatment treatments treating manage managed management therapy therapies medication
    medications medicine medicines drug drugs dose doses dosing risk risks cause causes symptom symptoms sign signs
    level levels value values result results normal high low line first second current active recent latest
    history record condition conditions problem problems care people adult adults person
    disease disorder test tests many often usual
    """.split()  # noqa: SIM905
)
"""Words that many sentences share: they count less, and alone they are no match."""

ADVICE_WORDS = frozenset(
    """
    safe safely start starting give giving use using add adding prescribe prescribing recommend recommended should can
    could may interact interacts interaction interactions contraindicated contraindication alternative alternatives
    instead avoid switch stop stopping continue risk risks try
    ok okay fine appropriate reasonable advisable take
    """.split()  # noqa: SIM905
)
"""Words of questions that ask for advice, rather than for what the record says."""


VERDICT_WORDS = frozenset(
    """
    avoid avoided avoiding contraindicated contraindication advised not never allergy allergic allergies
    hypersensitivity intolerance react caution unsafe first preferred
    """.split()  # noqa: SIM905
)
"""Words of sentences that say whether something may be given."""


def words(text: str) -> list[str]:
    """The words of `text` in lower case, numbers included."""
    return [word.replace("’", "'").lower() for word in _WORD.findall(text)]


def stem(word: str) -> str:
    """`word`, in lower case, without its commonest endings; words with digits and short words stay."""
    word = word.removesuffix("'s")
    if len(word) <= _MIN_STEM or not word.isalpha() or word.endswith(("ss", "us", "is")):
        return word
    for ending, left in _ENDINGS:
        if word.endswith(ending):
            bare = word[: -len(ending)] + left
            if len(bare) >= _MIN_STEM:
                return _closed(bare)
    return _closed(word)


def stems(text: str) -> list[str]:
    """The stems of all words of `text`, in order."""
    return [stem(word) for word in words(text)]


def written_words(text: str) -> list[str]:
    """The words of `text` as they are written: "OA" is an abbreviation, "oa" is not."""
    return _WORD.findall(text)


def is_content(word: str) -> bool:
    """Whether a word says what a text is about."""
    return word.lower().replace("’", "'") not in STOP_WORDS and (len(word) > 1 or word.isdigit())


def _closed(bare: str) -> str:
    """Make "stopp" (of "stopped") and "stop", "dose" and "dos" (of "dosing") the same."""
    if len(bare) > _MIN_STEM and bare[-1] == bare[-2] and bare[-1] not in "lsz":
        bare = bare[:-1]
    return bare[:-1] if len(bare) > _MIN_STEM and bare.endswith("e") else bare
