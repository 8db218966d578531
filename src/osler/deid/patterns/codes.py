"""Whether a token of letters and digits is an identifier's code or clinical language (`T2N0M0`, `q6h`, `CYP2D6`).

Pure functions of the folded token; what stands around it is the caller's affair.
"""

from osler.deid.patterns.rule import NO_DIGITS, NO_LETTERS, compiled

_UNITS = (
    r"mg|mcg|ug|g|gm|kg|ml|cc|l|dl|iu|u|units?|meq|mmol|mosm|mm|cm|m|km|ft|in|inch|oz|lbs?|hrs?|h"
    r"|hours?|d|days?|wks?|w|weeks?|mo|mos"
    r"|months?|y|yo|yr|yrs|years?|yof|yom|m|f|c|min|mins|sec|s|x|k|gy|cgy|fr|ga|g|hz|khz|mhz|ghz|kv"
    r"|kvp|ma|mas|mv|v|bpm|rpm|psi|gb|mb|kb|tb"
    r"|p|px|am|pm|st|nd|rd|th|cal|kcal|ppd|ppm|nm|um|tabs?|caps?|puffs?|gtts?|drops?|prn|bid|tid|qd"
    r"|qid|qhs|ish|s|way|fold|point|lead|part|step|hour|day|week|month|year|item|stage|minute"
)
_NUMBERED = compiled(
    r"(?:"
    rf"\d{{1,5}}(?:[.,]\d{{1,3}})?-?(?:{_UNITS})(?:/(?:{_UNITS}|\d{{1,3}}(?:{_UNITS})))?"
    rf"|\d{{1,4}}(?:\.\d{{1,2}})?(?:-|/)\d{{1,5}}(?:\.\d{{1,2}})?-?(?:{_UNITS})?"
    r"|\d{5}-(?:\d\d|[a-z]{2}|[a-z]\d)|\d{4}[ft]|\d{1,3}-[a-z]{2,}(?:-[a-z]+)*"
    r"|\d{1,2}[a-z]{1,2}-?\d{0,2}[a-z]?"
    r"|\d{1,2}x\d{1,2}(?:x\d{1,2})?|\d{3,4}x\d{3,4}|\d{1,2}:\d{2}\w*|\d{4}(?:h|hrs|hours|z)|\d{1,4}k|\d{3,4}s"
    r")\Z"
)
"""Doses, ranges, procedure codes with a modifier, times, dimensions."""
_WORDED = compiled(
    r"(?:"
    r"[cltsv]\d{1,2}(?:[-/][cltsv]?\d{1,2})*|q\d{1,3}(?:-\d{1,2})?(?:h|hrs?|hours?|d|days?|w|wks?"
    r"|weeks?|min|mo|m)?"
    r"|[ypcr]{0,2}t[0-4x](?:is|mic|[a-d])?n?[0-3x]?[a-d]?m?[01x]?[a-d]?"
    r"|g\d{1,2}p\d{1,2}(?:\d{3})?(?:[a-z]{1,2}\d)*(?:-\d){0,4}|hl7\d{4}|v\d{1,4}(?:\.\d{1,4})+"
    r"|[a-tv-z]\d[0-9ab]\.[0-9a-z]{1,4}|[a-tv-z]\d[0-9ab]|[a-v]\d{4}[a-z]?"
    r"|[acdefghiklmnpqrstvwy]\d{2,5}[acdefghiklmnpqrstvwyx*]|rs\d{3,}|[cgpm]\.[\w_>*+-]{2,}|(?:ivs"
    r"|del|dup|ins)\d+\w*"
    r"|cyp\d\w+|hla-?\w+|ugt\d\w+|slc\w+|abc[a-g]\d+|cd\d{1,3}\w?|il-?\d{1,2}\w*|her-?2\w*"
    r"|covid-?(?:19|2019)|sars-?cov-?2|h\dn\d|ca-?\d{2,3}(?:-\d)?|d-?[235]\w*|vo2max|hba1c"
    r"|[a-z]{1,8}-?\d{1,2}[a-z]?|[a-z]{2,10}-\d{1,2}(?:/\d{1,2})?|[a-z]+\d?-[a-z]+\d?"
    r"|cha2ds2-?(?:vasc)?\d?|dsm-?\w+|icd-?\w+|factor\w+|usb\w*|ipv[46]|win\d+|http\w*|x\d{1,4}"
    r"|fy\d{2,4}|q[1-4]-?\d{0,4}"
    r"|(?:nct|isrctn|pmc|pmid|drks|umin|actrn|ctri|gse|chembl|mondo|omim|rxcui|orpha|hgnc|chebi"
    r"|ens[gtp]|nm_|np_|xm_"
    r"|hp:|ec|eudract|grch|cas|mesh|doid|uniprot|ncbi|iso|din|astm|iec|en|bs|nfpa|ansi)[-_: ]?\d[\d.-]*"
    r"|(?:azd|abt|amg|bay|bi|bms|cgp|gsk|inc|jnj|ly|mk|mln|nvp|pf|pd|plx|rg|ro|sar|sch|sb|tak|vx|zd"
    r"|ono|gs|aln|regn"
    r"|abbv|cp|cc|ds|bgb|hm|kw|su|cx|tmc|uk|e|mpeg|peg|dspe)-?\d{3,8}[a-z]?"
    r")\Z"
)
"""Spine levels, intervals, stages, obstetric formulas, diagnosis codes, genes and variants, scales, registries,
compounds under study."""


def clinical(token: bytes) -> bool:
    """Whether a folded token is a dose, a level, a stage, a gene, a code of a public system, an abbreviation."""
    pattern = _NUMBERED if 48 <= token[0] <= 57 else _WORDED
    return pattern.match(token) is not None


def counts(token: bytes) -> tuple[int, int]:
    """How many digits and how many letters a folded token has."""
    return len(token.translate(None, NO_DIGITS)), len(token.translate(None, NO_LETTERS))


def bare_code(token: bytes, written: bytes) -> bool:
    """Whether a token is an identifier without any label: digits enough, letters among them, and no clinical shape."""
    digits, letters = counts(token)
    if not letters or digits < 4 or clinical(token):
        return False
    if digits >= 5:
        return True
    if letters <= 4 and digits == 4 and len(token) == letters + 4 and token[:letters].isalpha():
        return letters > 1 and not _YEAR.match(token[letters:])
    shouted = written.isupper()
    return (letters >= 2 if shouted else letters >= 4) and len(token) >= (6 if shouted else 8)


_YEAR = compiled(r"(?:19|20)\d\d\Z")
_DOSE = compiled(rf"\d{{1,5}}(?:[.,]\d{{1,3}})?-?(?:{_UNITS})(?:/(?:{_UNITS}))?\Z|q\d{{1,2}}\w*\Z")


def dose(token: bytes) -> bool:
    """Whether a folded token is a number with its unit."""
    return _DOSE.match(token) is not None


def labelled_code(token: bytes) -> bool:
    """Whether a token behind a label is a code though no mark stands between: letters and digits, not clinical."""
    digits, letters = counts(token)
    return digits >= 2 and letters >= 1 and len(token) >= 4 and not clinical(token)
