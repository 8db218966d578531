"""Internet addresses, version 4 and 6."""

import ipaddress
import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors.keyed import near
from osler.deid.tokens import fold

_V4 = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w]|\.\d)")
_V6 = re.compile(
    r"(?<![0-9A-Za-z:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,39}(?:\d{1,3}(?:\.\d{1,3}){3})?(?![0-9A-Za-z:])"
)
_VERSION = re.compile(r"(?:\bv|version|ver\.?|release|build|section|chapter|figure|table|oid)[ .:]{0,3}\Z")


class IpDetector:
    """IP: `10.20.30.40`, `2001:db8::7`."""

    name = "ips"

    def find(self, text: str) -> Iterable[Span]:
        """Spans of addresses; version and section numbers are not addresses."""
        folded = fold(text)
        for match in _V4.finditer(text):
            before = text[match.start() - 1] if match.start() else " "
            if before.isalnum() or before in ".-" or near(folded, match.start(), _VERSION, 12):
                continue
            if all(int(part) < 256 for part in match.group().split(".")):
                yield self._span(match)
        if ":" in text:
            for match in _V6.finditer(text):
                if (
                    match.group().count(":") > 1
                    and any(c.isalnum() for c in match.group())
                    and _valid(match.group())
                ):
                    yield self._span(match)

    def _span(self, match: re.Match[str]) -> Span:
        return Span(start=match.start(), end=match.end(), label=Label.IP, score=0.96, detector=self.name)


def _valid(candidate: str) -> bool:
    try:
        ipaddress.IPv6Address(candidate)
    except ValueError:
        return False
    return "::" in candidate or candidate.count(":") == 7
