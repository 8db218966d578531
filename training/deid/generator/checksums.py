"""Numbers with a check digit, made right: Luhn (cards, IMEI), NPI, DEA, VIN, IBAN, GTIN.

Each function takes the number without its check digit and returns it whole. Sources: ISO/IEC 7812-1 annex B
(Luhn), CMS "NPI standard" (the Luhn digit over 80840 and the number), 21 CFR 1301 practice for DEA numbers,
49 CFR 565.15 (VIN), ISO 13616 (IBAN), GS1 General Specifications 7.9 (GTIN).
"""

from __future__ import annotations

_VIN_VALUES = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ",
        (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9),
        strict=True,
    )
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def luhn(number: str) -> str:
    """`number` (digits) with its Luhn digit."""
    total = 0
    for i, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if i % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return number + str(-total % 10)


def npi(nine: str) -> str:
    """A National Provider Identifier from its first nine digits."""
    return luhn("80840" + nine)[5:]


def dea(letters: str, six: str) -> str:
    """A DEA number from its two letters and first six digits."""
    a, b, c, d, e, f = (int(digit) for digit in six)
    return letters + six + str((a + c + e + 2 * (b + d + f)) % 10)


def vin(without: str) -> str:
    """A vehicle identification number; the ninth of its 17 characters is replaced by the check digit."""
    values = [_VIN_VALUES.get(c) if c.isalpha() else int(c) for c in without]
    total = sum((value or 0) * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True))
    check = total % 11
    return without[:8] + ("X" if check == 10 else str(check)) + without[9:]


def iban(country: str, account: str) -> str:
    """An IBAN from its country code and its account part (letters and digits)."""
    text = account + country + "00"
    number = int("".join(str(int(c, 36)) for c in text))
    return f"{country}{98 - number % 97:02}{account}"


def gtin(thirteen: str) -> str:
    """A GTIN-14 from its first thirteen digits."""
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(thirteen))
    return thirteen + str(-total % 10)
