"""Check digits of the numbers that carry one. Pure functions of strings of ASCII."""

_VIN_VALUES = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ0123456789",
        [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9, *range(10)],
        strict=True,
    )
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def luhn(digits: str) -> bool:
    """Whether a string of decimal digits ends in its Luhn check digit (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        if place % 2:
            value = value * 2 - 9 * (value > 4)
        total += value
    return bool(digits) and total % 10 == 0


def npi(digits: str) -> bool:
    """Whether ten digits are a US National Provider Identifier: Luhn over `80840` and the number."""
    return len(digits) == 10 and digits[0] in "12" and luhn("80840" + digits)


def dea(number: str) -> bool:
    """Whether two letters (or a letter and 9) and seven digits are a US DEA registration number."""
    digits = number[2:]
    if len(number) != 9 or not number[0].isalpha() or not digits.isdecimal():
        return False
    if not (number[1].isalpha() or number[1] == "9"):
        return False
    d = [int(c) for c in digits]
    return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]


def vin(number: str) -> bool:
    """Whether 17 characters are a vehicle identification number with its check digit (49 CFR 565.15)."""
    number = number.upper()
    if len(number) != 17 or any(c not in _VIN_VALUES for c in number):
        return False
    remainder = sum(_VIN_VALUES[c] * w for c, w in zip(number, _VIN_WEIGHTS, strict=True)) % 11
    return number[8] == ("X" if remainder == 10 else str(remainder))


def iban(number: str) -> bool:
    """Whether a string is an International Bank Account Number with its check digits (ISO 13616)."""
    number = number.upper()
    if not 15 <= len(number) <= 34 or not (number[:2].isalpha() and number.isalnum() and number.isascii()):
        return False
    moved = number[4:] + number[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def ssn(digits: str) -> bool:
    """Whether nine digits can be a US Social Security number (no area 000, 666, 9xx; no group 00; no serial 0000)."""
    return (
        len(digits) == 9
        and digits[0] != "9"
        and digits[:3] not in ("000", "666")
        and digits[3:5] != "00"
        and digits[5:] != "0000"
    )
