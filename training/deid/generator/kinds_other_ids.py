"""Identifiers of the remaining classes: biometrics, pictures, logins, badges, orders, specimens and the like."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.accents import plain
from generator.context import Context, Maker
from generator.kinds_contact import handle
from generator.kinds_dates import compact_of, some_day
from generator.random_text import chance, digits, pick, shape, unplanned, weighted
from generator.shapes import shaped
from generator.values import values

_IMAGE_WORDS = ("PH", "IMG", "PHOTO", "PIC", "DERM", "WND", "FUNDUS", "CAM", "IMAGE", "MEDIA")


def _case_of(ctx: Context, text: str) -> str:
    return text.lower() if chance(ctx.rng, 0.12) else text


def _dated(ctx: Context, part: str) -> str:
    """A number that begins with the year, as laboratories give them, in a quarter of the draws."""
    if chance(ctx.rng, 0.25):
        letters = pick(ctx.rng, ("S", "C", "B", "L", "H", "NS", "SP", "CY", "W", "M"))
        return f"{letters}{some_day(ctx).year % 100:02}-{digits(ctx.rng, 3, 6)}"
    return shaped(ctx.rng, part, 0.14)


def _biometric(prefixes: tuple[str, ...]) -> Maker:
    def make(ctx: Context) -> str:
        rng = ctx.rng
        body = weighted(
            rng,
            (
                (5, shape(rng, "####")),
                (5, shape(rng, "######")),
                (3, shape(rng, "%%%%%%%%")),
                (2, shape(rng, "~~~~~~~~~~~~")),
                (2, shape(rng, "@@-####")),
                (2, shape(rng, "20##-####")),
                (1.5, shape(rng, "##@###")),
                (1, unplanned(rng)),
                (1, shape(rng, "~~~~~~~~-~~~~-~~~~")),
                (1, shape(rng, "@##-@##")),
            ),
        )
        mark = pick(rng, ("-", "-", "", "_", "-", "/", ":"))
        return _case_of(ctx, body if chance(rng, 0.12) else f"{pick(rng, prefixes)}{mark}{body}")

    return make


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z]+", "", plain(text))


def _image_file(ctx: Context) -> str:
    rng = ctx.rng
    person = ctx.somebody()
    last, first = _slug(person.surname or person.given) or "x", _slug(person.given) or "x"
    subject = pick(rng, values("file_words", "subject"))
    number = digits(rng, 1, 5)
    mark = pick(rng, "__-")
    stem = weighted(
        rng,
        (
            (3, mark.join((last, subject, number))),
            (2, mark.join((last, first, compact_of(ctx, some_day(ctx))))),
            (3, f"IMG_{shape(rng, '####')}"),
            (2, f"DSC{pick(rng, ('_', '0', ''))}{shape(rng, '####')}"),
            (2, mark.join((subject, first.lower(), number))),
            (1.5, f"{first[0]}{last}{mark}{subject}"),
            (1.5, f"{subject}{mark}{shape(rng, '######')}"),
            (1, f"{pick(rng, values('file_words', 'study'))}.{shape(rng, '#.###.######')}"),
            (1, f"PXL_{shape(rng, '20######_#########')}"),
            (1, f"{mark.join((first.lower(), last.lower()))}"),
            (1, f"MRN{shape(rng, '######')}{mark}{subject}"),
            (0.7, f"{shape(rng, '~~~~~~~~')}"),
            (0.8, f"photo{mark}{number}"),
            (0.7, f"{subject} {last} {number}"),
            (1, f"scan{shape(rng, '####')}"),
        ),
    )
    ending = pick(rng, values("file_words", "ending"))
    return weighted(
        rng, ((8, f"{stem}.{ending}"), (1.5, f"{stem}.{ending}".lower()), (0.8, f"{stem}.{ending}".upper()))
    )


def _image_ref(ctx: Context) -> str:
    rng = ctx.rng
    return _case_of(
        ctx,
        weighted(
            rng,
            (
                (
                    3,
                    f"{pick(rng, _IMAGE_WORDS)}{pick(rng, '-_-')}{digits(rng, 3, 7)}",
                ),
                (2, f"IMG_{shape(rng, '####')}"),
                (1.5, f"1.2.840.{shape(rng, '######.#.###.####')}"),
                (1, shape(rng, "@@@-####-##")),
                (1, f"media/{shape(rng, '######')}"),
                (0.8, f"#{digits(rng, 3, 6)}"),
                (0.8, unplanned(rng)),
            ),
        ),
    )


def _username(ctx: Context) -> str:
    rng = ctx.rng
    text = weighted(
        rng,
        (
            (7, handle(ctx, ctx.somebody())),
            (1.5, shape(rng, "@@@####").lower()),
            (1, shape(rng, "@#####")),
            (1, shape(rng, "@@####").lower()),
            (0.5, f"@{handle(ctx, ctx.somebody())}"),
        ),
    )
    if chance(rng, 0.06):
        return f"{pick(rng, ('CORP', 'HOSP', 'MED', 'EMR', 'AD'))}\\{text}"
    return text.upper() if chance(rng, 0.07) else text


def _uuid(ctx: Context) -> str:
    text = shape(ctx.rng, "~~~~~~~~-~~~~-4~~~-") + pick(ctx.rng, "89ab") + shape(ctx.rng, "~~~-~~~~~~~~~~~~")
    return text.upper() if chance(ctx.rng, 0.15) else text


KINDS: Mapping[str, Maker] = {
    "BIOMETRIC:fingerprint": _biometric(
        ("FP", "FPR", "FNGR", "AFIS", "FP-ID", "LIVESCAN", "PRT", "FGP", "BIO-FP")
    ),
    "BIOMETRIC:voiceprint": _biometric(("VP", "VPR", "VOICE", "VPRT", "VX", "VOX", "VBIO", "SPK")),
    "BIOMETRIC:retina": _biometric(("RET", "RETINA", "RS", "IRIS", "RSCAN", "EYE-ID", "IR", "RTN")),
    "BIOMETRIC:dna_id": _biometric(("DNA", "GEN", "STR", "CODIS", "WGS", "WES", "GENO", "SEQ", "HLA")),
    "BIOMETRIC:facial": _biometric(("FACE", "FR", "FACEID", "FRT", "FACIAL", "FCR", "BIO-FACE")),
    "BIOMETRIC:palm": _biometric(("PALM", "PV", "PALMSECURE", "VEIN")),
    "PHOTO:image_file": _image_file,
    "PHOTO:image_ref": _image_ref,
    "OTHER_ID:username": _username,
    "OTHER_ID:badge": lambda c: _case_of(c, shaped(c.rng, "badge", 0.08)),
    "OTHER_ID:order": lambda c: shaped(c.rng, "order", 0.14),
    "OTHER_ID:specimen": lambda c: c.kept("specimen", lambda x: _dated(x, "specimen"), 0.4),
    "OTHER_ID:accession": lambda c: c.kept("accession", lambda x: _dated(x, "accession"), 0.5),
    "OTHER_ID:study_subject": lambda c: c.kept(
        "subject", lambda x: shaped(x.rng, "study subject", 0.14), 0.6
    ),
    "OTHER_ID:tracking": lambda c: shaped(c.rng, "tracking", 0.06),
    "OTHER_ID:case_no": lambda c: shaped(c.rng, "case", 0.14),
    "OTHER_ID:prescription_no": lambda c: shaped(c.rng, "prescription", 0.08),
    "OTHER_ID:locker": lambda c: shaped(c.rng, "locker", 0.03),
    "OTHER_ID:transaction": lambda c: shaped(c.rng, "transaction", 0.14),
    "OTHER_ID:uuid": _uuid,
    "OTHER_ID:employee_id": lambda c: shaped(c.rng, "employee", 0.08),
    "OTHER_ID:room_key": lambda c: shaped(c.rng, "room key", 0.05),
}
