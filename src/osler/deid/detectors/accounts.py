"""Account numbers: hospital and bank accounts, payment cards, claims and invoices."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors import checksums, hl7
from osler.deid.detectors.keyed import Keyed
from osler.deid.tokens import fold

_CARD = re.compile(r"\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -]?)\d{6}\2\d{5}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?")
_MARK = r"(?:#|no\b\.?|nbr|num(?:ber)?|id(?:entifier)?)"


class AccountDetector:
    """ACCOUNT: `Acct # 88-1201`, `FIN: 100200300`, card numbers by Luhn, IBANs by their check digits."""

    name = "accounts"

    def __init__(self) -> None:
        self._keyed = Keyed(
            self.name,
            Label.ACCOUNT,
            r"(?:account|acct|accnt|a/c)s?",
            rf"(?:billing|guarantor|claim|invoice|statement|transaction|financial|payment|bill|iban|routing"
            rf"|checking|savings|card|routing transit)[ _-]?{_MARK}",
            r"(?:fin|har|iban|routing)",
            r"(?:visa|mastercard|amex|discover|credit card|debit card|card)(?: ending(?: in)?| x+)",
            r"(?:credit|debit) card",
            digits=4,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of account numbers, labels left outside."""
        yield from self._keyed.find(text, folded=fold(text), score=0.94)
        for match in _CARD.finditer(text):
            digits = re.sub(r"\D", "", match.group())
            if 13 <= len(digits) <= 19 and checksums.luhn(digits) and _alone(text, match):
                yield self._span(match.start(), match.end())
        for match in _IBAN.finditer(text):
            if checksums.iban(match.group().replace(" ", "")) and _alone(text, match):
                yield self._span(match.start(), match.end())
        yield from hl7.find(text, Label.ACCOUNT, self.name)

    def _span(self, start: int, end: int) -> Span:
        return Span(start=start, end=end, label=Label.ACCOUNT, score=0.93, detector=self.name)


def _alone(text: str, match: re.Match[str]) -> bool:
    before = text[match.start() - 1] if match.start() else " "
    after = text[match.end()] if match.end() < len(text) else " "
    return not before.isalnum() and not after.isalnum()
