"""Any other identifying number, characteristic or code: usernames, badges, order, specimen and study numbers, UUIDs."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors import hl7
from osler.deid.detectors.keyed import Keyed, near
from osler.deid.tokens import fold

_UUID = re.compile(r"(?<![0-9a-f-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f-])")
_ACCESSION = re.compile(r"(?<![A-Za-z0-9-])[A-Z]{1,3}\d{2}-\d{4,7}(?![\w-])")
_CODE = re.compile(r"(?<![\w.-])[A-Z]{1,4}-?\d{6,12}(?![\w-]|\.\d)")
_LONG = re.compile(r"(?<![\w.,:/-])\d{9,20}(?![\w,%-]|\.\d| ?(?:cells|copies|cfu|per|iu|units?)\b)")
_HANDLE = re.compile(r"(?<![\w.@/])@[a-z_][a-z0-9_.]{2,29}")
_PUBLIC = re.compile(
    r"(?:snomed|loinc|rxnorm|rxcui|icd|cpt|ndc|pmid|pmcid|pubmed|doi|isbn|issn|nct|cas|atc|unii|hcpcs"
    r"|orcid|umls|cui"
    r"|omim|dbsnp|grant|genbank|medline|trial registration|clinicaltrials\.gov)[^\n]{0,14}\Z"
)
_TRIAL = re.compile(r"(?:trials?|study|studies|protocol|metabolite|compound)[ (,:\[]{1,3}\Z")
_REGISTRY = re.compile(
    r"(?:NCT|ISRCTN|PMC|DRKS|UMIN|ACTRN|CTRI|GSE|CHEMBL|MONDO|OMIM|RXCUI)-?\d|[CDQ]\d{6,8}(?!\d)"
)

_MARK = r"(?:#|no\b\.?|nbr|num(?:ber)?|id(?:s|entifier)?\b|code)"
_THINGS = (
    "order|accession|acc|specimen|sample|study|subject|participant|enrol?lee|case|requisition|req|rx"
    "|prescription|"
    "script|confirmation|ticket|reference|ref|referral|passport|visa|docket|student|school|encounter"
    "|enc|visit|"
    "admission|adm|episode|tracking|barcode|session|portal|employee|emp|staff|badge|clinician"
    "|provider|operator|"
    "tax|national|government|state|voter|alien|military|dod|veteran|va|inmate|booking|prisoner"
    "|document|doc|message|slide|"
    "block|container|tube|donor|recipient|transplant|wristband|band|control|contract|authorization|auth|"
    "appointment|appt|screening|randomi[sz]ation|site|study subject|trial|registry|incident|report|form|"
    "library|locker|customer|external|internal|record locator|device user|job|file"
)


class OtherIdDetector:
    """OTHER_ID: `username: jdoe7`, `Accession # S24-10233`, `subject ID 004-112`, UUIDs, long bare numbers."""

    name = "other_ids"

    def __init__(self) -> None:
        self._keyed = Keyed(
            self.name,
            Label.OTHER_ID,
            rf"(?:{_THINGS})[ _-]?{_MARK}",
            r"(?:accession|badge|passport|specimen|csn|docket|barcode|ein|itin|curp|aadhaa?r|employee"
            r"|requisition|uid"
            r"|guid|uuid|wristband|confirmation|encounter)",
            r"(?:subject|participant|case|order|ref|reference|id|rx|pin|study subject)(?= ?[:#])",
            r"id(?= (?:no\b|num|#|is|[a-z]{0,3}\d{5}|(?=[a-z-]{0,5}\d{3})[a-z]))",
            digits=3,
        )
        self._user = Keyed(
            self.name,
            Label.OTHER_ID,
            r"(?:user ?names?|user[ _-]?id|login(?: (?:name|id))?|log-in|screen ?name|handle|user"
            r"|network id|epic user)(?: (?:on|for|in)(?: the)? [a-z]{3,14})?"
            r"(?=[ \t]{0,2}(?:[:=#]|is\b|name|id\b))",
            value=r"@?(?![a-z]{1,30}[ \t]+[a-z])[a-z][a-z0-9_.\-]{2,40}(?<![.\-])",
            digits=0,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of other identifiers, labels left outside."""
        folded = fold(text)
        yield from self._keyed.find(text, folded=folded, score=0.9)
        yield from self._user.find(text, folded=folded, score=0.9)
        yield from self._shapes(text, folded)
        yield from hl7.find(text, Label.OTHER_ID, self.name)

    def _shapes(self, text: str, folded: str) -> Iterable[Span]:
        for match in _UUID.finditer(folded):
            yield self._span(match, 0.98)
        for match in _HANDLE.finditer(folded):
            yield self._span(match, 0.7)
        for pattern, score in ((_ACCESSION, 0.8), (_CODE, 0.6), (_LONG, 0.5)):
            for match in pattern.finditer(text):
                if _REGISTRY.match(match.group()) and pattern is _CODE:
                    continue
                if pattern is _CODE and near(folded, match.start(), _TRIAL, 20):
                    continue
                if not near(folded, match.start(), _PUBLIC, 40):
                    yield self._span(match, score)

    def _span(self, match: re.Match[str], score: float) -> Span:
        return Span(
            start=match.start(), end=match.end(), label=Label.OTHER_ID, score=score, detector=self.name
        )
