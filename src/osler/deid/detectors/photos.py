"""Photographs: image file names and numbered references to pictures of a person."""

import re
from collections.abc import Iterable

from osler.core.spans import Label, Span
from osler.deid.detectors.keyed import Keyed
from osler.deid.tokens import fold

_SUFFIX = re.compile(r"\.(?:jpe?g|png|heic|heif|tiff?|bmp|gif|dcm|webp|cr2|nef|mp4|mov|avi)(?![a-z0-9])")
_STEM = re.compile(r"[\w()\-./\\]+\Z")
_CAMERA = re.compile(r"(?:img|dsc|dscn|dscf|pxl|photo|pic|mvi)[_-]\d{3,}(?:[_-]\d{2,9})?")
_REACH = 120


class PhotoDetector:
    """PHOTO: `IMG_2041.jpg`, `wound/left_foot.png`, `photo #20391`."""

    name = "photos"

    def __init__(self) -> None:
        self._keyed = Keyed(
            self.name,
            Label.PHOTO,
            r"(?:photo|photograph|picture|headshot|image|mugshot|snapshot|selfie)s?[ _-]?"
            r"(?:#|no\b\.?|nbr|num(?:ber)?|id(?:entifier)?|ref(?:erence)?|file(?:name)?|archive)",
            r"(?:photo|photograph|picture|headshot|image)s?(?= ?[:#])",
            digits=3,
        )

    def find(self, text: str) -> Iterable[Span]:
        """Spans of image names and picture references, labels left outside."""
        folded = fold(text)
        yield from self._keyed.find(text, folded=folded, score=0.9)
        for match in _SUFFIX.finditer(folded):
            stem = _STEM.search(folded, max(0, match.start() - _REACH), match.start())
            if stem is not None:
                yield self._span(stem.start(), match.end())
        for match in _CAMERA.finditer(folded):
            if match.start() == 0 or not folded[match.start() - 1].isalnum():
                yield self._span(match.start(), match.end())

    def _span(self, start: int, end: int) -> Span:
        return Span(start=start, end=end, label=Label.PHOTO, score=0.97, detector=self.name)
