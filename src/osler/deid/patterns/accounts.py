"""Account numbers: hospital and bank accounts, encounters, claims, invoices, payment cards, IBANs."""

from osler.core.spans import Label
from osler.deid.patterns import checksums
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import DIGITS, Hit, clear_before, compiled, number, word

_CARD = compiled(r"(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -]?)\d{6}\2\d{5})(?![\w]|-\d)")
_IBAN = compiled(r"[a-z]{2}\d\d(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,4})?(?![a-z0-9])")


def card(page: Page, s: int, run_end: int) -> Hit | None:
    """A payment card number by its Luhn digit."""
    match = _CARD.match(page.low, s)
    if match is None or not clear_before(page.low, s):
        return None
    digits = bytes(c for c in match[0] if 48 <= c <= 57).decode("ascii")
    if not 13 <= len(digits) <= 19 or digits[0] not in "2345678" or not checksums.luhn(digits):
        return None
    return s, match.end(), Label.ACCOUNT, 0.93, "accounts"


def iban(page: Page, s: int, run_end: int) -> Hit | None:
    """An International Bank Account Number by its check digits."""
    match = _IBAN.match(page.low, s)
    if match is None or not clear_before(page.low, s):
        return None
    length = _LENGTHS.get(match[0][:2])
    if length is None:
        return None
    size, end = 0, s
    while end < match.end() and size < length:
        size += page.low[end] != 32
        end += 1
    value = page.low[s:end].replace(b" ", b"").decode("ascii")
    if size < length or page.low[end : end + 1].isalnum() or not checksums.iban(value):
        return None
    return s, end, Label.ACCOUNT, 0.95, "accounts"


def _lengths() -> dict[bytes, int]:
    by_length = {
        15: "no", 16: "be", 18: "dk fi nl fo gl", 19: "mk si", 20: "at ba ee kz lt lu xk mn", 21: "ch cr hr li lv",
        22: "bg bh de gb ge ie me rs va", 23: "ae gi il iq tl", 24: "ad cz es md pk ro sa se sk vg tn", 25: "pt st ly",
        26: "is tr", 27: "fr gr it mc mr sm", 28: "al az by cy do gt hu lb pl sv", 29: "br eg ps qa ua", 30: "jo kw mu",
        31: "mt sc", 32: "lc",
    }  # fmt: skip
    return {country.encode(): size for size, countries in by_length.items() for country in countries.split()}


_LENGTHS = _lengths()
"""How long the numbers of a country are (SWIFT, IBAN registry)."""

RULES = (
    number(
        r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}\b|\b3\d{3}[ -]?\d{6}[ -]?\d{5}\b", card, (4, *range(13, 20))
    ),
    word(r"\b[a-z]{2}\d\d(?: ?[a-z0-9]{4}){3}", iban, then=DIGITS),
)

_MARK = r"(?:num(?:ber)?|ids?)"

KEYS = (
    Keys(
        label=Label.ACCOUNT,
        detector="accounts",
        score=0.94,
        bare=4,
        marked=3,
        strong=r"(?:accounts?|accts?|accnt|a/c)|(?:patient|pt|hospital|hosp|billing|guarantor|bank"
        r"|checking|savings|visit|financial|payment|hsa|fsa) (?:accounts?|accts?)"
        r"|(?:billing|guarantor|claim|invoice|statement|financial|payment|bill|receipt"
        rf"|remit(?:tance)?|encounter|enc|visit|episode|admission|contact serial|card) {_MARK}"
        r"|fin|har|iban|csn|routing(?: transit)?|(?:visa|mastercard|master card|amex|american "
        r"express|discover)(?: card)?|(?:credit|debit|payment|bank|gift|hsa|fsa) cards?"
        r"|card ending(?: in)?|financial class number|contact serial|encounter csn|hospital "
        r"account record|invoice|claim",
        weak=r"encounter|enc|visit|billing|guarantor|statement|receipt|bill|financial|payment|card|check"
        r"|cheque|remittance|episode|admission|adm|routing|swift|sort code|bsb|sinpe|eob|balance "
        r"account|claims?|charge|charged|check|cheque|po|purchase order|fall|customer account"
        r"|customer|debit|credit|card on file|autopay|a/c|bank|library card|payer claim|wc claim"
        r"|tax account|warranty|order account|policy acct|invoice|inv",
    ),
)
