"""Texts that belong together, some with what is found in others, and what a record knows."""

from osler.core.ports.detector import KnownIdentifier
from osler.core.spans import Label

KNOWN = (
    KnownIdentifier(label=Label.NAME, value="Marguerite Ashdown"),
    KnownIdentifier(label=Label.MRN, value="00482913"),
)
TEXTS = (
    "Mrs. Quillfeather, MRN 00482913, was seen on 03/14/2024 by Dr. Okonjo.",
    "Quillfeather asks about her dose. Call 555-867-5309.",
    "Okonjo wrote on March 14, 2024: ashdown was told. Account 77120045.",
    "No change. account 77120045 is paid; the patient lives in Saint Albans, VT 05478.",
    "",
    "BP 142/86, metformin 500 mg twice daily.",
    "Dr. Dunmore of Saint Albans called. QUILLFEATHER's sister came along.",
)
