"""Social Security numbers by their shape; labelled, partial and spoken ones are found by their labels."""

from osler.core.spans import Label
from osler.deid.patterns import checksums
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, clear_before, compiled, mark, number, word

_SHAPE = compiled(r"(\d{3})([-. ])(\d{2})\2(\d{4})(?![\w]|-\d|\.\d)")
_MASKED = compiled(r"[x*#]{3}[-. ]?[x*#]{2}[-. ]?\d{4}(?!\d)")


def shape(page: Page, s: int, run_end: int) -> Hit | None:
    """`123-45-6789`, with numbers that can have been issued."""
    match = _SHAPE.match(page.low, s)
    if match is None or not clear_before(page.low, s, b"./-$_+"):
        return None
    valid = checksums.ssn((match[1] + match[3] + match[4]).decode("ascii"))
    if not valid and match[2] != b"-":
        return None
    return s, match.end(), Label.SSN, 0.97 if match[2] == b"-" and valid else 0.8, "ssn"


def masked(page: Page, s: int, run_end: int) -> Hit | None:
    """`xxx-xx-6789`, `***-**-6789`."""
    match = _MASKED.match(page.low, s)
    return (s, match.end(), Label.SSN, 0.96, "ssn") if match else None


RULES = (
    number(r"\b\d{3}[-. ]\d\d[-. ]\d{4}\b", shape, (3,), b"-. "),
    mark(r"[x*#]{3}[-. ]?[x*#]{2}[-. ]?\d{4}", masked, b"*#"),
    word("", masked, b"x"),
)

KEYS = (
    Keys(
        label=Label.SSN,
        detector="ssn",
        score=0.97,
        bare=4,
        marked=4,
        strong=r"ssns?|s\.s\.n\.?|soc(?:ial)?\.? sec(?:urity)?\.?|socials?|last ?4|soc|tin|itin"
        r"|(?:patient|pt|her|his|their|my|the)'?s? social"
        r"|last (?:4|four)(?: digits)?(?: (?:of|are|is))?(?: (?:of )?(?:his|her|the|their|my|your"
        r"|pt'?s?|patient'?s?))?"
        r"(?: ssn| social(?: security)?(?: number)?| ss)?",
        weak=r"ss",
        most=9,
    ),
)
