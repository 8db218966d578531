"""Telephone, pager and fax numbers. A number is a fax number when its label says so."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors import hl7
from osler.deid.detectors.keyed import Keyed, near
from osler.deid.tokens import fold

_EXTENSION = r"(?:[ ,;]{0,3}(?:ext(?:ension)?\b\.?|x\.?)[ :#]{0,2}\d{1,6})?"
_NANP = re.compile(
    r"(?:\+?1[ .-]{0,2})?(?:\(\d{3}\)[ .-]{0,2}|\d{3}([ .\-–‑/])\s?)\d{3}[ .\-–‑]{1,2}\d{4}"
    + _EXTENSION
    + r"(?!\d)"
    r"|\(\d{3}\) ?\d{7}(?!\d)|\+1\d{10}(?!\d)"
)
_WORLD = re.compile(r"\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,5}(?!\d)")
_LOCAL = re.compile(r"[2-9]\d{2}[-–‑.]\d{4}" + _EXTENSION + r"(?![\d/]|[-–.]\d)")
_VANITY = re.compile(
    r"(?:1[-‑. ])?8(?:00|33|44|55|66|77|88)[-‑.](?=(?:-?[a-z0-9]){7,9}(?![\w-]))[a-z0-9-]{7,11}"
)
_EXT_ALONE = re.compile(
    r"(?:\bext\b\.?|\bextension|(?<=[\s(])x(?=\d{4,5}\b))[ :#]{0,2}(?:is )?(\d{3,6})(?!\w|[.%-]\d|%)"
)
_PUBLIC = frozenset(("8002221222", "8003321088", "800fda1088", "8002738255", "8006624357"))
"""Poison control, FDA MedWatch, crisis and treatment lines of the United States: everyone's numbers."""

_SPOKEN = re.compile(
    r"\b(?:(?:area code )?(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)[ ,.\-]{1,2}){6,}"
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b"
)
_FAX_WORD = re.compile(r"(?:\bfax\w*|facsimile|\bf:)")
_PHONE_WORD = re.compile(
    r"(?:phone|\btel\b|\btele|\bcell|mobile|\bcall|pager|paged?\b|beeper|\bph\b|\bhome\b|\bwork\b"
    r"|contact|reach|dial"
    r"|\btext\b|voicemail|\bvm\b|hotline|\bline\b|\bnumber\b|\bnum\b|\boffice\b|\bmsg\b|\bring\b|@ "
    r"?\Z|\bat \Z|\bc:|\bh:|\bw:|\bp:|\bt:)"
)
_RANGE = re.compile(
    r"(?:range|ratio|dose|score|mg|ml|units?|calories|kcal|weight|grams|between|normal)\b[^a-z]{0,12}\Z"
)
_NOT_PHONE_AFTER = re.compile(
    r"\s?(?:mg|ml|mcg|g\b|kg|kcal|cal|units?|iu|cells|k/|/ul|mm|cm|min|hours|hrs|days|%|points|grams"
    r"|steps|meq|ng|copies)"
)


class PhoneDetector:
    """PHONE and FAX: `(617) 555-0123 x45`, `pager 55123`, `+44 20 7946 0958`, `fax: 617.555.0199`."""

    name = "phones"

    def __init__(self) -> None:
        self._keyed = Keyed(
            self.name,
            Label.PHONE,
            r"(?:telephone|phone|tel|cell(?:ular)?(?: phone)?|mobile|pager|beeper|paged? at|fax"
            r"|facsimile|call(?:back)?|ph(?=\.? ?[:#]? ?\(?\d{3})"
            r"|voicemail|page|extension|sms|whatsapp|vocera|spectralink|ascom)(?:\(?s\)?)?",
            value=r"(?:\+?\d[\d ().\-–]{2,20}\d(?:[ ,]{0,2}(?:ext(?:ension)?|x)\.? ?\d{1,6})?)",
            digits=4,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of whole numbers, extension included, label outside."""
        folded = fold(text)
        yield from self._patterns(text, folded)
        for span in self._keyed.find(text, folded=folded, score=0.85):
            digits = sum(map(str.isdigit, text[span.start : span.end]))
            if digits <= 15 and not _NOT_PHONE_AFTER.match(folded, span.end):
                yield self._span(folded, span.start, _clip(text, span.start, span.end), 0.85)
        yield from hl7.find(text, Label.PHONE, self.name)

    def _patterns(self, text: str, folded: str) -> Iterable[Span]:
        for pattern, score in ((_NANP, 0.93), (_WORLD, 0.93)):
            for match in pattern.finditer(folded):
                if _alone(text, match.start()) and _joined(match.group()) not in _PUBLIC:
                    yield self._span(folded, match.start(), match.end(), score)
        for match in _LOCAL.finditer(folded):
            if not _alone(text, match.start()) or _NOT_PHONE_AFTER.match(folded, match.end()):
                continue
            if near(folded, match.start(), _RANGE, 24):
                continue
            called = near(folded, match.start(), _PHONE_WORD, 30) or near(
                folded, match.start(), _FAX_WORD, 30
            )
            if called or (match.group()[3] in "-–‑" and match.group()[4] == "0"):
                yield self._span(folded, match.start(), match.end(), 0.9 if called else 0.55)
        for match in _EXT_ALONE.finditer(folded):
            if match.group()[0] == "x" and (
                # "x4000" may be how far something is magnified
                (match[1].endswith("00") and not near(folded, match.start(), _PHONE_WORD, 30))
                or _NOT_PHONE_AFTER.match(folded, match.end())
            ):
                continue
            yield self._span(folded, match.start(1), match.end(1), 0.8)
        for match in _VANITY.finditer(folded):
            if (
                _alone(text, match.start())
                and any(c.isalpha() for c in match.group())
                and _joined(match.group()) not in _PUBLIC
            ):
                yield self._span(folded, match.start(), match.end(), 0.85)
        for match in _SPOKEN.finditer(folded):
            yield self._span(folded, match.start(), match.end(), 0.85)

    def _span(self, folded: str, start: int, end: int, score: float) -> Span:
        label = Label.FAX if _is_fax(folded, start, end) else Label.PHONE
        return Span(start=start, end=end, label=label, score=score, detector=self.name)


def _joined(number: str) -> str:
    kept = "".join(c for c in number if c.isalnum())
    return kept[1:] if len(kept) == 11 and kept[0] == "1" else kept


def _alone(text: str, start: int) -> bool:
    before = text[start - 1] if start else " "
    return not (
        before.isalnum() or before in ".-–/+$" or (before == "," and start > 1 and text[start - 2].isdigit())
    )


def _clip(text: str, start: int, end: int) -> int:
    """Ends a loosely matched number where a second number begins (two blanks, a closing bracket, a full stop)."""
    for mark in ("  ", ") (", ". "):
        cut = text.find(mark, start, end)
        if cut > start + 3:
            end = cut
    while text[end - 1] in " .-–(":
        end -= 1
    return end


def _is_fax(folded: str, start: int, end: int) -> bool:
    """The nearest label decides: the one before the number, else one in brackets just behind it."""
    before = folded[max(0, start - 32) : start]
    fax = [m.start() for m in _FAX_WORD.finditer(before)]
    phone = [m.start() for m in _PHONE_WORD.finditer(before)]
    if fax and (
        not phone or fax[-1] >= phone[-1] or "number" in before[fax[-1] :] or "line" in before[fax[-1] :]
    ):
        return True
    return re.match(r"\s?\(?(?:fax|f)\)", folded[end : end + 8]) is not None
