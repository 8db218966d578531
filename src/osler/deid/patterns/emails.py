"""E-mail addresses, written or spoken."""

from osler.core.spans import Label
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, mark, token_before

_DOMAIN = compiled(r"@(?:[\w?-]{1,63}\.){1,6}[a-z]{2,24}(?![\w-])|@[a-z0-9][\w-]{2,40}(?![\w.@-])")
_LOCAL = compiled(r".*?([\w.+%&'*/=?^{|}~!#$-]+)\Z")


def address(page: Page, s: int, run_end: int) -> Hit | None:
    """`maria.g@example.com`, from its `@`."""
    low = page.low
    match = _DOMAIN.match(low, s)
    if match is None:
        return None
    dotted = b"." in match[0]
    local = _LOCAL.match(token_before(low, s, 64))
    if local is None:
        return None
    start = s - len(local[1]) + _leading(local[1])
    if start >= s or not (
        dotted or (s - start > 2 and low[start : start + 1].isalpha() and low[s - 1 : s].isalnum())
    ):
        return None
    return start, match.end(), Label.EMAIL, 0.99 if dotted else 0.6, "emails"


def _leading(local: bytes) -> int:
    """How many characters of punctuation stand before the address itself, as in `(a@b.c` or `='a@b.c'`."""
    stripped = local.lstrip(b"'*/=?^{|}~!#$&-.")
    for stop in (b"=", b"|", b"/", b"^"):
        stripped = stripped.rsplit(stop, 1)[-1]
    return len(local) - len(stripped)


_SPOKEN_TAIL = compiled(
    r" at (?:the )?[a-z0-9]{1,30}(?: [a-z0-9]{1,30})?(?: (?:dot|period|point) [a-z0-9]{2,20}){0,2} "
    r"(?:dot|period|point) "
    r"(?:com|org|net|edu|gov|us|uk|ca|io|co|mil|info|health|me|biz)\b"
)
_SPOKEN_HEAD = compiled(
    r".*?(?<![a-z0-9])([a-z0-9]{1,30}(?: (?:dot|underscore|dash|hyphen|period|point|plus) "
    r"[a-z0-9]{1,30}| \d{1,6}| (?:zero|one|two|three|four|five|six|seven|eight|nine|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|ten|eleven|twelve)(?![a-z])){0,6})\Z"
)


def spoken(page: Page, s: int, run_end: int) -> Hit | None:
    """`maria dot g at example dot com`, from its ` at `."""
    low = page.low
    match = _SPOKEN_TAIL.match(low, s)
    head = _SPOKEN_HEAD.match(low, max(0, s - 60), s)
    if match is None or head is None:
        return None
    return head.start(1), match.end(), Label.EMAIL, 0.93, "emails"


RULES = (
    mark(r"@[a-z0-9]", address, b"@"),
    mark(
        r" at (?:the )?[a-z0-9]+(?: [a-z0-9]+)?(?: (?:dot|period|point) [a-z0-9]+){0,2} (?:dot|period|point)"
        r" (?:com|org|net|edu|gov|us|uk|ca|io|co|mil|info|health|me|biz)\b",
        spoken,
        b" ",
    ),
)
