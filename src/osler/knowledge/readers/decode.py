"""Bytes to text, or the plain statement that they are no text.

Takes UTF-8 with or without a byte order mark, and UTF-16 with one. Line ends become line feeds.
Other encodings are refused, not guessed: a wrong guess would change a patient's text silently.
"""

import re

from osler.core.errors import UnsupportedFormat

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a ZIP archive (or an Office document)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
)
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_CONTROL_SHARE = 0.10
_REMEDY = "Give it as plain UTF-8 text, or in a format that Osler reads (FHIR R4 JSON, Markdown)."


def decode(data: bytes) -> str:
    """The text of `data` without byte order mark, its line ends as given.

    Raises UnsupportedFormat for archives, images, programs, NUL bytes, bytes that are not UTF-8,
    and text of which more than a tenth is control characters.
    """
    for magic, name in _MAGIC:
        if data.startswith(magic):
            raise UnsupportedFormat(f"The file is {name}, not text.", remedy=_REMEDY)
    text = _decoded(data)
    if "\x00" in text:
        raise UnsupportedFormat("The file holds NUL bytes: it is binary data, not text.", remedy=_REMEDY)
    if len(_CONTROLS.findall(text)) > _CONTROL_SHARE * len(text):
        raise UnsupportedFormat(
            "More than a tenth of the file is control characters: it is not text.", remedy=_REMEDY
        )
    return text


def unix_lines(text: str) -> str:
    """`text` with every kind of line end as one line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes) -> str:
    if data.startswith(_UTF32):
        raise UnsupportedFormat("The file is UTF-32 text, which Osler does not read.", remedy=_REMEDY)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        fault = "UTF-16 text" if wide else f"UTF-8 text (line {line})"
    raise UnsupportedFormat(f"The file is not valid {fault}.", remedy=_REMEDY)
