"""Blocks of fields as systems print them above a note, and the signatures beneath it.

A block has its own choice of fields, names for them, order and layout each time, and fields that are no
identifiers among them. It uses the people of the document that it is put to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generator.context import Context
from generator.document import Piece
from generator.fill import pieces_of
from generator.random_text import chance, pick, weighted
from generator.templates import Slot
from generator.values import values


def _slot(text: str) -> Slot:
    """'NAME:p.full' or '-age' as a slot."""
    if text.startswith("-"):
        kind, _, argument = text[1:].partition(":")
        return Slot(label=None, kind=kind, argument=argument)
    label, _, kind = text.partition(":")
    person, dot, form = kind.partition(".")
    return Slot(label=label, kind=form, person=person) if dot else Slot(label=label, kind=kind)


# Part of headers.txt -> how often it is a field of a block, and what its value may be.
_FIELDS: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "patient": (
        9,
        (
            "NAME:p.full",
            "NAME:p.full",
            "NAME:p.fullm",
            "NAME:p.lastfirst",
            "NAME:p.lastfirst",
            "NAME:p.lastfirstm",
            "NAME:p.upperlast",
            "NAME:p.upper",
        ),
    ),
    "mrn": (8, ("MRN:mrn", "MRN:mrn", "MRN:mrn_alpha", "MRN:mrn_dash")),
    "dob": (7, ("DATE:dob",)),
    "visit date": (
        6,
        (
            "DATE:numeric",
            "DATE:numeric",
            "DATE:numeric2",
            "DATE:long",
            "DATE:iso",
            "DATE:dmy",
            "DATE:dmy_dash",
        ),
    ),
    "ssn": (1.5, ("SSN:ssn", "SSN:ssn", "SSN:ssn_last4", "SSN:ssn_bare")),
    "phone": (
        4,
        (
            "PHONE:phone",
            "PHONE:phone",
            "PHONE:phone_dots",
            "PHONE:phone_bare",
            "PHONE:phone_ext",
            "PHONE:phone_intl",
            "PHONE:pager",
        ),
    ),
    "fax": (1.5, ("FAX:fax",)),
    "email": (1.5, ("EMAIL:email", "EMAIL:email_work")),
    "address": (3, ("LOCATION:street", "LOCATION:street_apt", "LOCATION:pobox")),
    "city": (1.5, ("LOCATION:city", "LOCATION:foreign_city")),
    "county": (0.8, ("LOCATION:county",)),
    "zip": (1, ("LOCATION:zip", "LOCATION:zip4")),
    "facility": (
        4,
        (
            "LOCATION:hospital",
            "LOCATION:hospital_short",
            "LOCATION:hospital_acronym",
            "LOCATION:clinic",
            "LOCATION:practice",
            "LOCATION:nursing_home",
            "LOCATION:rehab",
            "LOCATION:employer",
            "LOCATION:school",
            "LOCATION:pharmacy",
            "LOCATION:lab",
        ),
    ),
    "provider": (
        6,
        (
            "NAME:d1.full",
            "NAME:d2.full",
            "NAME:d1.lastfirst",
            "NAME:d3.last",
            "NAME:d2.finit",
            "NAME:d1.fullm",
            "NAME:d4.upperlast",
        ),
    ),
    "relative": (2, ("NAME:r1.full", "NAME:r2.first", "NAME:r1.lastfirst", "NAME:r3.full")),
    "member": (
        2.5,
        (
            "HEALTH_PLAN:member",
            "HEALTH_PLAN:medicare_mbi",
            "HEALTH_PLAN:medicaid",
            "HEALTH_PLAN:group",
            "HEALTH_PLAN:policy",
        ),
    ),
    "account": (
        3,
        (
            "ACCOUNT:account",
            "ACCOUNT:encounter",
            "ACCOUNT:csn",
            "ACCOUNT:fin",
            "ACCOUNT:claim",
            "ACCOUNT:invoice",
        ),
    ),
    "license": (1.5, ("LICENSE:npi", "LICENSE:dea", "LICENSE:state_license", "LICENSE:drivers")),
    "device": (1.5, ("DEVICE:serial", "DEVICE:lot_serial", "DEVICE:udi", "DEVICE:imei")),
    "vehicle": (0.8, ("VEHICLE:plate", "VEHICLE:vin")),
    "order": (
        3,
        (
            "OTHER_ID:order",
            "OTHER_ID:accession",
            "OTHER_ID:specimen",
            "OTHER_ID:case_no",
            "OTHER_ID:username",
            "OTHER_ID:badge",
            "OTHER_ID:study_subject",
            "OTHER_ID:employee_id",
            "OTHER_ID:prescription_no",
            "OTHER_ID:transaction",
        ),
    ),
    "url": (0.6, ("URL:url", "URL:url_bare")),
    "ip": (0.6, ("IP:ipv4", "IP:ipv6", "IP:mac")),
    "photo": (0.8, ("PHOTO:image_file", "PHOTO:image_ref")),
    "biometric": (
        0.7,
        (
            "BIOMETRIC:fingerprint",
            "BIOMETRIC:retina",
            "BIOMETRIC:voiceprint",
            "BIOMETRIC:dna_id",
            "BIOMETRIC:facial",
        ),
    ),
}
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "Age": ("-age", "-age", "-age", "-age", "-age", "AGE:over89"),
    "Sex": ("-sex:p",),
    "Gender": ("-gender:p",),
    "Room": ("-room",),
    "Bed": ("-room",),
    "Unit": ("-unit",),
    "Service": ("-specialty",),
    "Specialty": ("-specialty",),
    "Dept": ("-specialty",),
    "Diagnosis": ("-dx",),
    "Dx": ("-dx",),
    "Admit Dx": ("-dx",),
    "Chief Complaint": ("-symptom",),
    "Reason for Visit": ("-symptom", "-dx"),
    "Procedure": ("-procedure",),
    "Exam": ("-procedure",),
    "Vitals": ("-vitals",),
    "BP": ("-bp",),
    "Drug": ("-drug",),
    "Allergies": ("-drug",),
    "Time": ("-time",),
    "Arrival Time": ("-time",),
    "CPT": ("-num:10021-99607",),
    "LOS": ("-num:1-20",),
    "Pain": ("-ratio",),
    "Weight": ("-dec:3-140",),
    "Score": ("-score",),
    "Lab": ("-lab_value",),
    "Model": ("-model_no",),
    "Device model": ("-model_no",),
    "Catheter": ("-eponym",),
    "State": ("-state", "-state_abbr"),
    "Country of origin": ("-country",),
    "Year": ("-year",),
    "Day": ("-weekday",),
    "Sig": ("-freq",),
    "Dose": ("-dose",),
    "ESI": ("-num:1-5",),
    "BMI": ("-dec:16-48",),
    "Grade": ("-num:1-4",),
    "Page": ("-num:1-9",),
    "Code Status": ("-word:Full|DNR|DNR/DNI|Full Code",),
    "Language": ("-word:English|Spanish|Somali|Vietnamese|Farsi|ASL",),
    "Insurance": ("-word:Medicare|Medicaid|BCBS|Aetna|Self-pay|Tricare|UHC|Cigna|VA",),
    "Marital Status": ("-word:Single|Married|Divorced|Widowed|S|M|W",),
    "Race": ("-word:White|Black|Asian|Hispanic|Other|Declined",),
    "Status": ("-word:Final|Preliminary|Addendum|Inpatient|Observation|Active",),
}
_TITLES = (
    "PATIENT INFORMATION",
    "Demographics",
    "FACESHEET",
    "Registration",
    "DEMOGRAPHICS",
    "Patient Demographics",
    "Header",
    "--- PATIENT ---",
    "IDENTIFYING DATA",
    "*** CONFIDENTIAL ***",
    "Face Sheet",
    "ENCOUNTER INFORMATION",
    "Admission Record",
    "Pt info",
    "## Patient",
    "CHART COPY",
    "ID:",
)
_SIGNATURES = (
    ("Electronically signed by ", "NAME:d1.full", ", ", "-cred:d1", " on ", "DATE:numeric", " at ", "-time"),
    ("/s/ ", "NAME:d1.full", ", ", "-cred:d1"),
    ("Signed: ", "NAME:d1.full", " ", "DATE:numeric2", " ", "-time"),
    (
        "Dictated by: ",
        "NAME:d2.full",
        "\nTranscribed: ",
        "DATE:numeric",
        " ",
        "-time",
        " by ",
        "OTHER_ID:username",
    ),
    ("D: ", "DATE:numeric2", "  T: ", "DATE:numeric2", "  ", "NAME:d1.initials", "/", "NAME:o1.initials"),
    ("cc: ", "NAME:d2.full", ", ", "-cred:d2", "; ", "NAME:d3.full"),
    (
        "NAME:d1.full",
        ", ",
        "-cred:d1",
        "\n",
        "LOCATION:practice",
        "\n",
        "LOCATION:street",
        "\n",
        "LOCATION:city",
        ", ",
        "-state_abbr",
        " ",
        "LOCATION:zip",
        "\nPh ",
        "PHONE:phone",
        " Fax ",
        "FAX:fax",
    ),
    ("- ", "NAME:d1.finit", ", ", "-cred:d1"),
    ("NAME:d1.initials",),
    ("-- ", "NAME:d1.lower"),
    (
        "Attending attestation: I saw ",
        "NAME:p.full",
        " with Dr. ",
        "NAME:d2.last",
        " on ",
        "DATE:md",
        " and agree. ",
        "NAME:d1.last",
    ),
    ("Seen and discussed with ", "NAME:d2.full"),
    ("Verified by ", "NAME:d3.upperlast", " (", "OTHER_ID:badge", ") ", "DATE:compact_time"),
    ("Printed ", "DATE:numeric", " ", "-time", " by ", "OTHER_ID:username", " from ", "IP:ipv4"),
    ("Thank you,\n", "NAME:d1.first", " ", "NAME:d1.last", " ", "-cred:d1", "\n", "EMAIL:email_work"),
    ("Best,\n", "NAME:d1.first"),
    ("pager ", "PHONE:pager", " ", "NAME:d1.last"),
    ("Sincerely,\n\n", "NAME:d1.fullm", ", ", "-cred:d1", "\n", "LOCATION:hospital"),
    ("Report given to ", "NAME:d2.first", " RN, ", "-time"),
    ("Page ", "-num:1-4", " of ", "-num:4-9", " | ", "NAME:p.lastfirst", " | ", "MRN:mrn"),
    ("NAME:p.upperlast", " ", "MRN:mrn", " ", "DATE:dob"),
    ("Author: ", "NAME:d1.lastfirst", " ", "-cred:d1", " Filed: ", "DATE:numeric", " ", "-time"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Field:
    name: str
    value: tuple[Piece, ...]


def _fields(ctx: Context) -> list[_Field]:
    rng = ctx.rng
    keys = sorted(_FIELDS, key=lambda key: rng.random() ** (1 / _FIELDS[key][0]), reverse=True)[
        : rng.randint(2, 9)
    ]
    if chance(rng, 0.7):
        keys.sort(key=list(_FIELDS).index)
    found = [
        _Field(
            name=pick(rng, values("headers", key)).rstrip(":"),
            value=tuple(pieces_of(ctx, _slot(pick(rng, _FIELDS[key][1])))),
        )
        for key in keys
    ]
    plain = sorted(_PLAIN)
    for _ in range(rng.randint(0, 4)):
        name = pick(rng, plain)
        field = _Field(name=name, value=tuple(pieces_of(ctx, _slot(pick(rng, _PLAIN[name])))))
        found.insert(rng.randint(0, len(found)), field)
    return found


def _literal(text: str) -> Piece:
    return Piece(text=text, literal=True)


Layout = Callable[[Context, Sequence[_Field]], list[Piece]]


def _lines(before: str, between: str, after: str, case: Callable[[str], str] = str) -> Layout:
    """Field by field: `before`, its name, `between`, its value, `after`."""

    def layout(ctx: Context, fields: Sequence[_Field]) -> list[Piece]:
        pieces: list[Piece] = []
        for i, field in enumerate(fields):
            end = after if i < len(fields) - 1 else "\n"
            pieces += [_literal(before + case(field.name) + between), *field.value, _literal(end)]
        return pieces

    return layout


def _columns(ctx: Context, fields: Sequence[_Field]) -> list[Piece]:
    """Two fields a line, set in columns."""
    pieces: list[Piece] = []
    for i, field in enumerate(fields):
        width = sum(len(piece.text) for piece in field.value) + len(field.name) + 2
        gap = "\n" if i % 2 or i == len(fields) - 1 else " " * max(2, 38 - width)
        pieces += [_literal(f"{field.name}: "), *field.value, _literal(gap)]
    return pieces


def _table(ctx: Context, fields: Sequence[_Field]) -> list[Piece]:
    """Names in one line, values in the next."""
    mark = pick(ctx.rng, (" | ", "\t", ",", "|", ";"))
    pieces = [_literal(mark.join(field.name for field in fields) + "\n")]
    for i, field in enumerate(fields):
        pieces += [*field.value, _literal(mark if i < len(fields) - 1 else "\n")]
    return pieces


def _json(ctx: Context, fields: Sequence[_Field]) -> list[Piece]:
    pieces = [_literal("{")]
    for i, field in enumerate(fields):
        key = field.name.lower().replace(" ", "_").replace('"', "")
        pieces += [_literal(f'{", " if i else ""}"{key}": "'), *field.value, _literal('"')]
    return [*pieces, _literal("}\n")]


def _xml(ctx: Context, fields: Sequence[_Field]) -> list[Piece]:
    pieces: list[Piece] = []
    for field in fields:
        tag = "".join(c for c in field.name.title() if c.isalnum()) or "Field"
        pieces += [_literal(f"<{tag}>"), *field.value, _literal(f"</{tag}>\n")]
    return pieces


def _values_only(ctx: Context, fields: Sequence[_Field]) -> list[Piece]:
    """A label or a wristband: values without the names of the fields."""
    mark = pick(ctx.rng, ("\n", "  ", " ", " / ", " | ", ", "))
    pieces: list[Piece] = []
    for i, field in enumerate(fields):
        pieces += [*field.value, _literal(mark if i < len(fields) - 1 else "\n")]
    return pieces


_LAYOUTS: tuple[tuple[float, Layout], ...] = (
    (8, _lines("", ": ", "\n")),
    (2, _lines("", ":", "\n")),
    (3, _lines("", ": ", "  ")),
    (2, _lines("", ": ", " | ")),
    (1.5, _lines("", ": ", ", ")),
    (1, _lines("", ": ", "; ")),
    (2.5, _lines("", ": ", "\n", str.upper)),
    (1.5, _lines("", ":\t", "\n")),
    (1, _lines("**", ":** ", "\n")),
    (1, _lines("- ", ": ", "\n")),
    (0.8, _lines("* ", " - ", "\n")),
    (0.7, _lines("[", "] ", "\n")),
    (0.7, _lines("", " = ", "\n")),
    (0.7, _lines("", "=", " ")),
    (1, _lines("", " ", "  ", str.upper)),
    (1, _lines("", "......: ", "\n")),
    (0.8, _lines("| ", " | ", " |\n")),
    (0.7, _lines("", ":\n", "\n")),
    (0.8, _lines("  ", ": ", "\n")),
    (0.7, _lines("", " ", "\n")),
    (0.7, _lines("", ": ", "\n\n")),
    (0.8, _lines("", ":", " ", str.upper)),
    (0.5, _lines("<b>", ":</b> ", "<br>\n")),
    (0.6, _lines("#", " ", "\n", str.lower)),
    (1, _lines("", ": ", ". ")),
    (2.5, _columns),
    (1, _table),
    (0.8, _json),
    (0.7, _xml),
    (1.2, _values_only),
)


def block(ctx: Context) -> list[Piece]:
    """The pieces of a block of fields; its last piece ends the line."""
    pieces = weighted(ctx.rng, _LAYOUTS)(ctx, _fields(ctx))
    if chance(ctx.rng, 0.25):
        pieces.insert(0, _literal(pick(ctx.rng, _TITLES) + "\n"))
    return [*pieces, _literal(pick(ctx.rng, ("", "", "\n", "-----\n", "==========\n")))]


def signature(ctx: Context) -> list[Piece]:
    """The pieces of a signature or a foot line, with the line end before it."""
    pieces = [_literal(pick(ctx.rng, ("\n", "\n", "\n\n", " ")))]
    for part in pick(ctx.rng, _SIGNATURES):
        known = (part[:1] == "-" and part[1:2].isalpha()) or (
            part.split(":")[0].isupper() and ":" in part and " " not in part and len(part) > 4
        )
        pieces += pieces_of(ctx, _slot(part)) if known else [_literal(part)]
    return pieces
