"""Web addresses. Public reference sites of health authorities identify no one and are left alone."""

from osler.core.spans import Label
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, mark, token_before, word

_SCHEME = compiled(
    r"(?:https?|ftps?|sftp|file|s3|gs|wss?|ldap|smb)://[^\s<>\"'\]})|^]{3,2000}|www\.[^\s<>\"'\]})|^]{3,2000}"
)
_TLD = (
    r"(?:com|org|net|edu|gov|mil|info|health|care|clinic|io|me|us|co|uk|ca|de|fr|app|site|online|blog"
    r"|au|nz|ie|in|nl|es|it|eu|ch|tv|dev|link|page|hospital|doctor|life|ai|biz|ly|gl)"
)
_BARE = compiled(
    rf"\.{_TLD}(?![\w-]|\.\w)(?:[/?#][^\s<>\"'\]}})|^]{{0,2000}})?|\.(?:co\.uk|nhs\.uk|com\.au"
    rf"|org\.uk|ac\.uk|co\.jp|com\.br|co\.in|edu\.au|org\.au)(?![\w-])(?:[/?#][^\s<>\"'\]}})"
    rf"|^]{{0,2000}})?"
)
_SHORT = compiled(
    r"\.(?:me|us|co|in|it|de|es|io|ai|ca|ch|eu|ie|care|health|clinic|life|page|link|info|doctor"
    r"|hospital|app|site|online|blog|tv|dev|uk|au|nz|nl|fr|ly|gl)(?![\w/?#-])"
)
_HOST = compiled(r".*?((?:[a-z0-9][a-z0-9-]{0,62}\.)*[a-z0-9][a-z0-9-]{0,62})\Z")
_PUBLIC = compiled(
    r"(?:https?://)?(?:[\w-]{1,63}\.){0,6}(?:nih\.gov|cdc\.gov|fda\.gov|who\.int|hhs\.gov|cms\.gov"
    r"|clinicaltrials\.gov|ahrq\.gov"
    r"|uspreventiveservicestaskforce\.org|cochrane\.org|nice\.org\.uk|uptodate\.com|doi\.org"
    r"|nejm\.org|jamanetwork\.com|thelancet\.com|bmj\.com"
    r"|accessdata\.fda\.gov|hl7\.org|loinc\.org|snomed\.org|snomed\.info|w3\.org|wikipedia\.org"
    r"|heart\.org|acog\.org|diabetes\.org|kdigo\.org|mayoclinic\.org"
    r"|medlineplus\.gov|unitsofmeasure\.org|example\.org|988lifeline\.org|healthcare\.gov"
    r"|medicare\.gov)(?:[/?#]|\Z)"
)
_TRAILING = b".,;:!?*_"


def _whole(page: Page, start: int, end: int, score: float) -> Hit | None:
    low = page.low
    while end > start and low[end - 1] in _TRAILING:
        end -= 1
    if end - start < 4 or _PUBLIC.match(low[start:end]):
        return None
    return start, end, Label.URL, score, "urls"


def scheme(page: Page, s: int, run_end: int) -> Hit | None:
    """`https://portal.example.net/p/8812`, `www.janes-blog.com`."""
    match = _SCHEME.match(page.low, s)
    return _whole(page, s, match.end(), 0.98) if match else None


def bare(page: Page, s: int, run_end: int) -> Hit | None:
    """`janedoe.com/about`, from the dot of its last label."""
    low = page.low
    match = _BARE.match(low, s)
    if match is None:
        return None
    host = _HOST.match(token_before(low, s, 121))
    if host is None or (len(host[1]) < 2 and b"/" not in match[0]):
        return None
    start = s - len(host[1])
    if start and (low[start - 1] in b"@/._\\" or low[start - 1 : start].isalnum()):
        return None
    name = host[1]
    letters = any(97 <= c <= 122 for c in name)
    if not letters:
        return None
    if _SHORT.match(low, s) and (b"." not in name and not _addressed(page, start, match.end())):
        return None
    return _whole(page, start, match.end(), 0.93)


def _addressed(page: Page, start: int, end: int) -> bool:
    """Whether `name.me` is no sentence's end without a blank: nothing or a blank follows, and no capital."""
    data = page.data
    suffix = data[start:end].rsplit(b".", 1)[-1]
    return (
        suffix.islower()
        and not data[end : end + 1].isalnum()
        and end - start > 6
        and suffix not in (b"in", b"it", b"us", b"me", b"co", b"es", b"de")
    )


_SPOKEN = compiled(
    r"(?:w{3}|www|double u double u double u) dot [a-z0-9-]{2,30}(?: [a-z0-9-]{2,30}){0,2} dot "
    r"(?:com|org|net|edu|gov|io|co|us|info|health)\b(?: slash [a-z0-9]{2,30}){0,3}"
)


def spoken(page: Page, s: int, run_end: int) -> Hit | None:
    """`www dot janes blog dot com`."""
    match = _SPOKEN.match(page.low, s)
    return (s, match.end(), Label.URL, 0.9, "urls") if match else None


RULES = (
    word(
        r"\b(?:https?|ftps?|sftp|file|s3|gs|wss?|ldap|smb)://[a-z0-9]|\bwww\.[a-z0-9]",
        scheme,
        b"hfswgl",
        b":.3",
    ),
    mark(rf"\.{_TLD}\b", bare, b"."),
    word(r"\bwww dot [a-z0-9-]{2}", spoken, b"w", b" "),
)
