"""Numbers of records, plans, accounts, licences, vehicles and devices, in the shapes that systems print.

Most shapes are those of known systems; about one value in six has a shape made up on the spot, so that a tagger
does not rely on the shape alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from generator import checksums
from generator.context import Context, Maker
from generator.random_text import UPPER, chance, digits, pick, shape, unplanned, weighted
from generator.shapes import shaped
from generator.values import states

_MRN = (
    (10, "&######"),
    (8, "&#######"),
    (4, "&#####"),
    (4, "0######"),
    (3, "00######"),
    (4, "&########"),
    (4, "&#########"),
    (2, "&####"),
    (2, "000&#####"),
)


_SPOKEN = dict(
    zip(
        "0123456789",
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        strict=True,
    )
)


def _mrn(ctx: Context) -> str:
    way = ctx.rng.random()
    if way < 0.55:
        return shape(ctx.rng, weighted(ctx.rng, _MRN))
    if way < 0.75:
        return shaped(ctx.rng, "mrn alpha")
    if way < 0.88:
        return shaped(ctx.rng, "mrn dash")
    return unplanned(ctx.rng, 5, 11)


def ssn(ctx: Context) -> str:
    """A social security number of the usual form; area numbers that are never given out are avoided."""
    area = ctx.rng.choice([ctx.rng.randint(1, 665), ctx.rng.randint(667, 899)])
    mark = weighted(ctx.rng, ((86, "-"), (8, " "), (3, "."), (3, "–")))
    return mark.join((f"{area:03}", f"{ctx.rng.randint(1, 99):02}", f"{ctx.rng.randint(1, 9999):04}"))


def _ssn_last4(ctx: Context) -> str:
    last = shape(ctx.rng, "####")
    return weighted(
        ctx.rng,
        (
            (7, last),
            (1.5, f"xxx-xx-{last}"),
            (1, f"XXX-XX-{last}"),
            (0.7, f"***-**-{last}"),
            (0.4, f"#{last}"),
        ),
    )


def _ssn_spoken(ctx: Context) -> str:
    a, b, c = ssn(ctx).replace(" ", "-").replace(".", "-").replace("–", "-").split("-")
    if chance(ctx.rng, 0.2):
        return pick(ctx.rng, (f"{a} {b} {c}", " ".join(a + b + c), f"{a}, {b}, {c}"))
    joint = pick(ctx.rng, (" ", " ", ", ", " - ", " dash "))
    zero = pick(ctx.rng, ("zero", "oh"))
    return joint.join(" ".join(zero if d == "0" else _SPOKEN[d] for d in group) for group in (a, b, c))


def _said(form: str) -> Maker:
    """The value of another kind, read aloud digit by digit."""

    def make(ctx: Context) -> str:
        zero = pick(ctx.rng, ("zero", "oh", "o"))
        dash = pick(ctx.rng, ("", "", "dash"))
        words = [
            _SPOKEN.get(c, dash if c in "-/" else c.lower()) for c in KINDS[form](ctx) if not c.isspace()
        ]
        return " ".join(zero if word == "zero" else word for word in words if word)

    return make


def _mbi(ctx: Context) -> str:
    """A Medicare Beneficiary Identifier: its eleven positions hold digits or letters as CMS lays down."""
    letters = "ACDEFGHJKMNPQRTUVWXY"
    rng = ctx.rng
    either = letters + "0123456789"
    text = "".join(
        (
            str(rng.randint(1, 9)),
            pick(rng, letters),
            pick(rng, either),
            str(rng.randint(0, 9)),
            pick(rng, letters),
            pick(rng, either),
            str(rng.randint(0, 9)),
            pick(rng, letters),
            pick(rng, letters),
            shape(rng, "##"),
        )
    )
    if chance(rng, 0.12):
        return shape(rng, "#########") + pick(rng, "ABCDMT")
    return f"{text[:4]}-{text[4:7]}-{text[7:]}" if chance(rng, 0.45) else text


def _npi(ctx: Context) -> str:
    return checksums.npi(pick(ctx.rng, "1112") + shape(ctx.rng, "########"))


def _dea(ctx: Context) -> str:
    rng = ctx.rng
    text = checksums.dea(pick(rng, "ABFGMR") + pick(rng, UPPER), shape(rng, "######"))
    return weighted(rng, ((9, text), (1, f"{text[:2]}-{text[2:]}"), (0.5, f"{text[:2]} {text[2:]}")))


def _vin(ctx: Context) -> str:
    rng = ctx.rng
    start = pick(
        rng,
        (
            "1HG",
            "1FA",
            "1G1",
            "2T1",
            "3FA",
            "4T1",
            "5YJ",
            "JTD",
            "JHM",
            "WBA",
            "KMH",
            "1FT",
            "1GC",
            "2HG",
            "5NP",
            "1C4",
            "3VW",
            "WVW",
            "KNA",
            "JN1",
            "19X",
            "4S3",
        ),
    )
    body = (
        start
        + "".join(pick(rng, checksums.VIN_LETTERS + "0123456789") for _ in range(8))
        + shape(rng, "######")
    )
    return checksums.vin(body)


def _card(ctx: Context) -> str:
    rng = ctx.rng
    start = weighted(
        rng,
        (
            (5, "4"),
            (4, pick(rng, ("51", "52", "53", "54", "55", "2221"))),
            (1.5, pick(rng, ("34", "37"))),
            (1, "6011"),
        ),
    )
    length = 14 if start in ("34", "37") else 15
    number = checksums.luhn(start + shape(rng, "#" * (length - len(start))))
    cuts = (0, 4, 10, 15) if len(number) == 15 else (0, 4, 8, 12, 16)
    groups = [number[a:b] for a, b in pairwise(cuts)]
    mark = pick(rng, ("", " ", " ", "-", "-"))
    if chance(rng, 0.1):
        groups = [pick(rng, ("XXXX", "****")) for _ in groups[:-1]] + groups[-1:]
    return mark.join(groups)


def _iban(ctx: Context) -> str:
    rng = ctx.rng
    country, pattern = pick(
        rng,
        (
            ("DE", "#" * 18),
            ("FR", "#" * 23),
            ("GB", "@@@@" + "#" * 14),
            ("ES", "#" * 20),
            ("NL", "@@@@" + "#" * 10),
            ("IT", "@" + "#" * 22),
            ("PL", "#" * 24),
            ("CH", "#" * 17),
            ("BE", "#" * 12),
            ("AT", "#" * 16),
            ("SE", "#" * 20),
        ),
    )
    text = checksums.iban(country, shape(rng, pattern))
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4)) if chance(rng, 0.5) else text


def _udi(ctx: Context) -> str:
    rng = ctx.rng
    day = f"{rng.randint(24, 32)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    text = f"(01){checksums.gtin('0' + shape(rng, '############'))}"
    if chance(rng, 0.85):
        text += f"({pick(rng, ('17', '17', '11'))}){day}"
    if chance(rng, 0.8):
        text += f"(10){shaped(rng, 'lot').replace('-', '')}"
    if chance(rng, 0.8):
        text += f"(21){shaped(rng, 'serial').replace('-', '').replace('/', '')}"
    if chance(rng, 0.1):
        return f"+{shape(rng, '@###%%%%%%%')}/$$7{shape(rng, '%%%%%%%')}"
    return text.replace("(", " (").strip() if chance(rng, 0.06) else text


def _lot_serial(ctx: Context) -> str:
    rng = ctx.rng
    lot, serial = shaped(ctx.rng, "lot", 0.05), shaped(ctx.rng, "serial", 0.08)
    return weighted(rng, ((5, serial), (5, lot), (2, f"{lot}-{serial}"), (1, f"{lot}/{serial}")))


def _imei(ctx: Context) -> str:
    number = checksums.luhn(pick(ctx.rng, ("35", "01", "86", "99")) + shape(ctx.rng, "############"))
    return f"{number[:2]}-{number[2:8]}-{number[8:14]}-{number[14]}" if chance(ctx.rng, 0.25) else number


def _plate(ctx: Context) -> str:
    return (
        shaped(ctx.rng, "plate")
        if chance(ctx.rng, 0.93)
        else unplanned(ctx.rng, 5, 7).replace(" ", "").upper()
    )


def _state_license(ctx: Context) -> str:
    text = shaped(ctx.rng, "state license", 0.1)
    if chance(ctx.rng, 0.12):
        return f"{pick(ctx.rng, states())[1]}{pick(ctx.rng, ('-', ' ', ''))}{text}"
    return text


KINDS: Mapping[str, Maker] = {
    "MRN:mrn": lambda c: c.kept("mrn", _mrn),
    "MRN:mrn_alpha": lambda c: c.kept("mrn_alpha", lambda x: shaped(x.rng, "mrn alpha", 0.16)),
    "MRN:mrn_dash": lambda c: c.kept("mrn_dash", lambda x: shaped(x.rng, "mrn dash", 0.05)),
    "MRN:mrn_short": lambda c: digits(c.rng, 3, 6),
    "MRN:mrn_spoken": _said("MRN:mrn"),
    "HEALTH_PLAN:member_spoken": _said("HEALTH_PLAN:member"),
    "ACCOUNT:account_spoken": _said("ACCOUNT:account"),
    "LICENSE:license_spoken": _said("LICENSE:state_license"),
    "SSN:ssn": lambda c: c.kept("ssn", ssn),
    "SSN:ssn_bare": lambda c: "".join(ch for ch in ssn(c) if ch.isdigit()),
    "SSN:ssn_last4": _ssn_last4,
    "SSN:ssn_spoken": _ssn_spoken,
    "HEALTH_PLAN:member": lambda c: c.kept("member", lambda x: shaped(x.rng, "member", 0.16)),
    "HEALTH_PLAN:medicare_mbi": _mbi,
    "HEALTH_PLAN:medicaid": lambda c: shaped(c.rng, "medicaid", 0.08),
    "HEALTH_PLAN:group": lambda c: shaped(c.rng, "group", 0.12),
    "HEALTH_PLAN:policy": lambda c: shaped(c.rng, "policy", 0.16),
    "ACCOUNT:account": lambda c: c.kept("account", lambda x: shaped(x.rng, "account", 0.16)),
    "ACCOUNT:encounter": lambda c: c.kept("encounter", lambda x: shaped(x.rng, "encounter", 0.16)),
    "ACCOUNT:csn": lambda c: (
        digits(c.rng, 8, 11) if chance(c.rng, 0.85) else shaped(c.rng, "encounter", 0.16)
    ),
    "ACCOUNT:fin": lambda c: digits(c.rng, 7, 12) if chance(c.rng, 0.8) else shaped(c.rng, "account", 0.16),
    "ACCOUNT:invoice": lambda c: shaped(c.rng, "invoice", 0.16),
    "ACCOUNT:claim": lambda c: shaped(c.rng, "claim", 0.16),
    "ACCOUNT:card": _card,
    "ACCOUNT:iban": _iban,
    "ACCOUNT:routing": lambda c: shape(c.rng, "0########"),
    "LICENSE:npi": _npi,
    "LICENSE:dea": _dea,
    "LICENSE:state_license": _state_license,
    "LICENSE:drivers": lambda c: shaped(c.rng, "drivers", 0.08),
    "LICENSE:passport": lambda c: shape(
        c.rng, pick(c.rng, ("#########", "@########", "@#######", "@@#######"))
    ),
    "VEHICLE:vin": _vin,
    "VEHICLE:plate": _plate,
    "DEVICE:serial": lambda c: shaped(c.rng, "serial", 0.2),
    "DEVICE:udi": _udi,
    "DEVICE:lot_serial": _lot_serial,
    "DEVICE:lot": lambda c: shaped(c.rng, "lot", 0.16),
    "DEVICE:imei": _imei,
}
