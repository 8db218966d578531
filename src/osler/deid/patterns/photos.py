"""Photographs: image file names and numbered references to pictures of a person."""

from osler.core.spans import Label
from osler.deid.patterns.keyed import Keys
from osler.deid.patterns.page import Page
from osler.deid.patterns.rule import Hit, compiled, mark, token_before, word

SUFFIX = (
    r"(?:jpe?g|png|heic|heif|tiff?|bmp|gif|dcm|dicom|webp|cr2|nef|arw|raw|svg|mp4|mov|avi|m4v|jfif|jp2"
    r"|pdf|mpe?g|wmv|avif|psd|ndpi|svs|nii|mrxs)"
)
_NAME = compiled(r".*?((?:\b[a-z]:[\\/])?[\w()\-./\\%+~@]+)\Z")
_END = compiled(rf"\.{SUFFIX}(?![a-z0-9])")
_CAMERA = compiled(
    r"(?:img|dscn|dscf|dsc|pxl|mvi|photo|pic|image|gopr|dji|screenshot"
    r"|wp)[_-]\d{3,}(?:[_-][a-z0-9]{2,12}){0,3}"
)


def file_name(page: Page, s: int, run_end: int) -> Hit | None:
    """`wound/left_foot.png`, from its suffix back to its start."""
    low = page.low
    match = _END.match(low, s)
    if match is None:
        return None
    name = _NAME.match(token_before(low, s, 120))
    if name is None:
        return None
    start = s - len(name[1])
    while start < s and low[start] in b"(./-":
        start += 1
    return (start, match.end(), Label.PHOTO, 0.97, "photos") if start < s else None


def camera(page: Page, s: int, run_end: int) -> Hit | None:
    """`IMG_4471`, as cameras name pictures."""
    match = _CAMERA.match(page.low, s)
    return (s, match.end(), Label.PHOTO, 0.9, "photos") if match else None


RULES = (
    mark(rf"\.{SUFFIX}\b", file_name, b"."),
    word(
        r"\b(?:img|dscn|dscf|dsc|pxl|mvi|photo|pic|image|gopr|dji|screenshot|wp)[_-]\d{3}",
        camera,
        b"idpmgsw",
        b"_-",
    ),
)

KEYS = (
    Keys(
        label=Label.PHOTO,
        detector="photos",
        score=0.92,
        bare=3,
        marked=3,
        strong=r"(?:(?:wound|clinical|patient|pt|id|face|facial|full face|skin|lesion|intraoperative"
        r"|identification|digital|media) )?"
        r"(?:photo(?:graph)?|picture|headshot|mugshot|snapshot|selfie|pic|img|portrait)s?(?: (?:#"
        r"|num(?:ber)?|ids?|ref(?:erence)?|file(?: ?name)?|archive|log|catalog|taken|on file))?"
        r"|image (?:ids?|ref(?:erence)?|file(?: ?name)?|archive|num(?:ber)?)|media (?:file|id"
        r"|ref(?:erence)?)|video (?:file|id|ref)",
    ),
)
