"""Network addresses: IPv4, IPv6 and hardware (MAC) addresses."""

import ipaddress

from osler.core.spans import Label
from osler.deid.patterns.contexts import NUMERIC_NOT
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import DIGITS, Hit, clear_before, compiled, mark, number, word, words_before

_V4 = compiled(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:/\d{1,2}|:\d{2,5})?(?!\w|\.\d)")
_V6 = compiled(r"[0-9a-f:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?:/\d{1,3})?(?![0-9a-z:])")
_MAC = compiled(
    r"[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![0-9a-f:-])"
    r"|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w.])"
)
_LETTER = compiled(r".*[a-f]")


def _hit(start: int, end: int, score: float) -> Hit:
    return start, end, Label.IP, score, "ips"


def v4(page: Page, s: int, run_end: int) -> Hit | None:
    """`10.20.30.40`; version and section numbers are not addresses."""
    match = _V4.match(page.low, s)
    if match is None or not clear_before(page.low, s, b".-_"):
        return None
    if any(int(part) > 255 for part in match.groups()):
        return None
    before = words_before(page.low, s, 20)
    if before and before[-1] in NUMERIC_NOT:
        return None
    return _hit(s, match.end(), 0.96)


def v6(page: Page, s: int, run_end: int) -> Hit | None:
    """`2001:db8::7`, and hardware addresses `00:1A:2B:3C:4D:5E`."""
    low = page.low
    while s and low[s - 1] in b"0123456789abcdef:" and run_end - s < 40:
        s -= 1
    if s and (low[s - 1 : s].isalnum() or low[s - 1] == 46):
        return None
    match = _MAC.match(low, s)
    if match:
        return _hit(s, match.end(), 0.95)
    match = _V6.match(low, s)
    if match is None or match[0].count(b":") < 2:
        return None
    value = match[0].split(b"/")[0].decode("ascii")
    if "::" not in value and value.count(":") != 7:
        return None
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return None
    return _hit(s, s + len(value), 0.95) if any(c.isalnum() for c in value) else None


def mac(page: Page, s: int, run_end: int) -> Hit | None:
    """`00-1A-2B-3C-4D-5E`, `001a.2b3c.4d5e`."""
    if page.low[s + 2 : s + 3] not in (b":", b"-") and page.low[s + 4 : s + 5] != b".":
        return None
    match = _MAC.match(page.low, s)
    if match is None or not clear_before(page.low, s, b".-_:"):
        return None
    return _hit(s, match.end(), 0.95) if _LETTER.match(match[0]) or match[1] else None


RULES = (
    number(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", v4, (1, 2, 3), b"."),
    number(
        r"\b[0-9a-f]{1,4}:[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f]{0,4}(?:[0-9a-f:.]|\b)"
        r"|\b[0-9a-f]{1,4}::[0-9a-f]|::[0-9a-f]{1,4}\b",
        v6,
        (1, 2, 3, 4),
        b":abcdef",
    ),
    word("", v6, b"abcdef", DIGITS + b":"),
    mark("", v6, b":"),
    number(
        r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b|\b[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\b",
        mac,
        (1, 2, 3, 4),
        b"-.:abcdef",
    ),
    word("", mac, b"abcdef", DIGITS + b"-.:"),
)
