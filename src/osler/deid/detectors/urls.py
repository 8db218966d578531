"""Web addresses. Public reference sites of health authorities identify no one and are left alone."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.tokens import fold

_SCHEME = re.compile(r"(?:https?|ftps?|sftp|file)://[^\s<>\"'\]})|^]{3,2000}|www\.[^\s<>\"'\]})|^]{3,2000}")
_BARE = re.compile(
    r"\.(?:com|org|net|edu|gov|mil|info|health|care|clinic|io|me|us|co|uk|ca|de|fr|app|site|online)"
    r"(?![\w-]|\.\w)(?:[/?#][^\s<>\"'\]})|^]{0,2000})?|\.(?:co\.uk|nhs\.uk|com\.au|co\.jp)(?![\w-])"
)
_HOST = re.compile(r"[\w-][\w.-]{0,120}\Z")
_PUBLIC = re.compile(
    r"(?:https?://)?(?:[\w-]+\.)*(?:nih\.gov|cdc\.gov|fda\.gov|who\.int|hhs\.gov|cms\.gov"
    r"|clinicaltrials\.gov|ahrq\.gov"
    r"|uspreventiveservicestaskforce\.org|cochrane\.org|nice\.org\.uk|uptodate\.com|doi\.org"
    r"|nejm\.org|jamanetwork\.com"
    r"|thelancet\.com|bmj\.com|accessdata\.fda\.gov|hl7\.org|loinc\.org|snomed\.org|w3\.org"
    r"|wikipedia\.org|heart\.org"
    r"|acog\.org|diabetes\.org|kdigo\.org|mayoclinic\.org|medlineplus\.gov|unitsofmeasure\.org"
    r"|example\.org)(?:[/?#]|\Z)"
)
_TRAILING = ".,;:!?*_"


class UrlDetector:
    """URL: `https://portal.example.net/p/8812`, `www.janes-blog.com`, `janedoe.com/about`."""

    name = "urls"

    def find(self, text: str) -> Iterable[Span]:
        """Spans of whole addresses, without the punctuation that ends a sentence."""
        folded = fold(text)
        for match in _SCHEME.finditer(folded):
            yield from self._span(folded, match.start(), match.end())
        for match in _BARE.finditer(folded):
            host = _HOST.search(folded, max(0, match.start() - 121), match.start())
            if host is None or not any(c.isalpha() for c in host.group()):
                continue
            start = host.start()
            if start and folded[start - 1] in "@/":
                continue
            if len(host.group()) < 3 or ".." in host.group():
                continue
            yield from self._span(folded, start, match.end())

    def _span(self, folded: str, start: int, end: int) -> Iterable[Span]:
        while end > start and folded[end - 1] in _TRAILING:
            end -= 1
        if not _PUBLIC.match(folded[start:end]):
            yield Span(start=start, end=end, label=Label.URL, score=0.97, detector=self.name)
