"""Names that a form of address or a field's label announces: `Mrs. Quill`, `dr patel`, `Patient Name: Tamsin Okoro`.

The network knows these too; here they hold even where the name is an everyday word.
"""

import re
from collections.abc import Iterator
from typing import Final

from osler.core.spans import Label, Span
from osler.deid import gazetteers
from osler.deid.gazetteers import In
from osler.deid.tokens import word_set

_PARTICLE = r"(?:[Vv]an|[Vv]on|[Dd]e|[Dd]el|[Dd]er|[Ll]a|[Ee]l|[Aa]l|[Bb]in|[Dd]os|[Dd]a|St\.)"
_NAME = rf"(?:{_PARTICLE}[ -]){{0,2}}[^\W\d_a-z][\w'’-]*"
_WHOLE = rf"{_NAME}(?: (?:[^\W\d_a-z]\.? )?{_NAME}){{0,2}}"
_SPELLED_TITLES = "Doctor|Nurse|Miss|Sister|Professor|Pastor|Rabbi|Imam|Judge|Officer|Detective|Father"
_LABELS = (
    r"Patient(?:'s)? [Nn]ame|PATIENT NAME|Pt [Nn]ame|Patient|PATIENT|Name|NAME|Attending|ATTENDING|Surgeon|"
    r"Dictated [Bb]y|Signed [Bb]y|Electronically signed by|Transcribed [Bb]y|Provider|PCP|Guarantor|Next of [Kk]in|"
    r"Emergency [Cc]ontact|Subscriber|Attn|ATTN|Cc|CC|cc"
)


def _starting(words: str) -> str:
    r"""As `\b(?:words)`, put so that `re` runs over what none of the first letters is without trying anything."""
    rests: dict[str, list[str]] = {}
    for word in words.split("|"):
        rests.setdefault(word[0], []).append(word[1:])
    return "(?:" + "|".join(rf"{one}(?<=\b{one})(?:{'|'.join(rest)})" for one, rest in rests.items()) + ")"


_TITLED = re.compile(rf"{_starting('Mr|Mrs|Ms|Mx|Dr|Drs|Prof')}(?:\. ?|\s)({_WHOLE})")
_SPELLED = re.compile(rf"{_starting(_SPELLED_TITLES)} ({_NAME})")
_SMALL = re.compile(rf"{_starting('dr|mr|mrs|doctor|nurse|missus|mister')}\.? ([a-z][a-z'’-]{{2,}})")
_LABELLED = re.compile(rf"{_starting(_LABELS)}[ \t]*:[ \t]*({_WHOLE}(?:, ?{_NAME}(?: [^\W\d_a-z]\b)?)?)")
_CASELESS = "[\u0590-\u08ff\u0900-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
"""Letters, and signs on letters, of scripts without capitals: Hebrew to Burmese, Khmer, Chinese, Japanese, Korean."""
_OF_OTHER_SCRIPTS = re.compile(
    rf"(?:{_starting('Mr|Mrs|Ms|Mx|Dr|Drs|Prof')}(?:\. ?|\s)|{_starting(_LABELS)}[ \t]*:[ \t]*)"
    rf"({_CASELESS}{{1,30}}(?:[ ·・]{_CASELESS}{{1,30}}){{0,3}})"
)
_NOT_NAMES: Final = word_set(
    "name names id number no and or the a an of in on is was with for to who said patient practitioner station manager",
    "anesthetist unknown not none same self see n/a na tbd male female yes home work cell phone mrn dob date age sex",
    "address admission consent contin sulfate dr mr mrs ms md rn np pa do prof miss emergency education information",
    "instructions complains presents denies reports states has had",
)
_ORDINARY = In.WORD | In.ORDINARY | In.CLINICAL
_LIKELY, _SURE = 0.8, 0.9


class TitledNames:
    """Detector `titles`: names after a title or a label. Thread-safe, keeps no text."""

    name = "titles"
    waits = False
    lasting = True

    def find(self, text: str) -> Iterator[Span]:
        """Spans of names, without the title or label."""
        lists = gazetteers.load()
        for match in _TITLED.finditer(text):
            yield from self._span(text, match, _SURE)
        for match in _SPELLED.finditer(text):
            bits = lists.evidence(match.group(1).lower())
            if not bits & (In.WORD | In.CLINICAL) or bits & In.COMMON_GIVEN:
                yield from self._span(text, match, _LIKELY)
        for match in _SMALL.finditer(text):
            bits = lists.evidence(match.group(1).removesuffix("'s"))
            if not bits & (In.WORD | In.ORDINARY | In.CLINICAL | In.BRAND):
                yield from self._span(text, match, _LIKELY)
        for match in _LABELLED.finditer(text):
            words = [w for w in match.group(1).lower().replace(",", " ").split() if len(w.rstrip(".")) > 1]
            said = [lists.evidence(w) for w in words]
            # "Patient: Well, I think" is a turn of a dialogue
            doubtful = any(b & _ORDINARY and not b & In.COMMON_GIVEN for b in said)
            if len(words) > 1 and any(b & gazetteers.NAME for b in said) and not doubtful:
                yield from self._span(text, match, _LIKELY)

        if not text.isascii():
            for match in _OF_OTHER_SCRIPTS.finditer(text):
                start, end = match.span(1)
                yield Span(start=start, end=end, label=Label.NAME, score=_SURE, detector=self.name)

    def _span(self, text: str, match: re.Match[str], score: float) -> Iterator[Span]:
        start, end = match.span(1)
        value = text[start:end]
        first = value.lower().split()[0].rstrip(",.")
        if first in _NOT_NAMES or len(first) < 2:
            return
        while (
            end > start and (tail := text[start:end].rsplit(None, 1))[-1].lower().rstrip(".,") in _NOT_NAMES
        ):
            end = start + len(tail[0]) if len(tail) > 1 else start
        if text[start:end].endswith(("'s", "’s")):
            end -= 2
        if end > start:
            yield Span(start=start, end=end, label=Label.NAME, score=score, detector=self.name)
