"""Text that is hidden in text: escapes undone, encoded stretches decoded.

`plain(text)` undoes what leaves the rest of a text where it is: percent-encoding, HTML entities and tags, backslash
and `U+` escapes, quoted-printable, full-width and other compatibility forms, accents, look-alike letters of other
scripts, characters of no width. `decoded(text)` yields the readable texts of encoded stretches: base64 and base64url
at any alignment (UTF-8, UTF-16, gzip and zlib inside), base32, hex, decimal and binary character codes.
`Opened` does both again on what came out, three layers deep. Time is linear in the length of the text.

Not undone: encryption and any cipher but those that `osler.deid.needles` looks for (reversed, ROT13), base85,
uuencode, Morse, pictures, compression other than gzip and zlib. Encoded stretches of under seven characters are
not looked into.
"""

import base64
import binascii
import html
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote_to_bytes

import re2

from osler.core.errors import PolicyRefused

_DEEP = 3
"""How many layers of encoding are undone."""
_MOST = 1 << 20
"""To how many bytes at most a compressed stretch is unpacked."""
_LEAST = 5
"""Decoded texts of fewer characters hold no identifier."""

_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_IS_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
"""The same, looked for ten times as fast: most percent signs stand behind a number."""
_BACKSLASH = re.compile(
    r"(?:\\u[0-9A-Fa-f]{4})+|\\u\{[0-9A-Fa-f]{1,6}\}|\\U[0-9A-Fa-f]{8}|(?:\\x[0-9A-Fa-f]{2})+|(?:\\[0-3][0-7]{2})+"
    r"|\\[nrtbfv]"
)
_CODE_POINT = re.compile(r"U\+([0-9A-Fa-f]{4,6})(?:[ ,;]{1,2}(?=U\+))?")
_QUOTED = re.compile(r"(?:=[0-9A-F]{2})+|=\r?\n")
_MIME_WORD = re.compile(r"=\?[\w.-]{2,40}\?[bBqQ]\?|\?=")
_TAG = re.compile(r"<(?:/?[a-zA-Z]|!)[^<>]{0,80}>")
_LIVE = re.compile(r"[%&\\<]|U\+|=[0-9A-F\r\n?]")
"""Without one of these an ASCII text has nothing to undo."""

_LOOK_ALIKE = str.maketrans(
    "АВЕЗІЈКМНОРСТУХЅԚԜаеіјорсухѕһԁԛԝѵӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧαιοτυνρκεɑɡıłŁøØđĐƖ",
    "ABE3IJKMHOPCTYXSQWaeijopcyxshdqwvlABEZHIKMNOPTYXaiotuvpkeagilLoOdDl",
)
"""Letters of other alphabets, and of our own, that look like plain ones."""

_CODED = bytes(c if c < 128 and (chr(c).isalnum() or chr(c) in "+/_=-") else 32 for c in range(256))
"""Blanks for all that no encoded stretch is made of."""
_LEAST_CODED = 7
_LOW_FIRST = dict.fromkeys(map(ord, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"))
_DIGIT = re.compile(r"[0-9]")
_NO_MARKS = dict.fromkeys(map(ord, "+/_=-"))
_HEX = re.compile(r"(?:0x)?[0-9A-Fa-f]{10,}")
_SPACED_HEX = re.compile(
    r"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ :,;\-\n]{1,2}){4,}(?:0x|\\x)?[0-9A-Fa-f]{2}(?![0-9A-Fa-f])"
)
_CODES = re.compile(r"(?:\d{2,3}[ ,;]{1,2}){4,}\d{2,3}(?!\d)")
_IS_LONG = re2.compile(r"[A-Za-z0-9+/_=-]{200}")
_LONG = re.compile(r"[A-Za-z0-9+/_=-]{200,}")
_SAMPLE = 2000
_BITS = re.compile(r"(?:[01]{8}[ ,]?){5,}")
_BASE32 = re.compile(r"[A-Z2-7]{8,}={0,6}")
_PRINTABLE = re.compile(rb"[\t\r\n\x20-\x7e\x80-\xff]{5,}")
_LEAST_IN_NOISE = 12
_LONG_RUN = re.compile(rb"[\t\r\n\x20-\x7e]{12,}")
"""In noise, shorter runs are readable by chance."""
_TEXT_BYTES = bytes(b for b in range(256) if 32 <= b < 127 or b in b"\t\r\n")
_WRAPPED = re.compile(r"(?<=[A-Za-z0-9+/_-]{20})\r?\n[ \t]*(?=[A-Za-z0-9+/_=-])")
_TRIVIAL = re.compile(r"&(?:amp|lt|gt|quot|nbsp);|\\[nrtbfv]")
_LISTS = r"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ :,;\-\n]{1,2}){4}|(?:\d{2,3}[ ,;]{1,2}){4}|(?:[01]{8}[ ,]?){3}"
_HAS_LISTS = re2.compile(_LISTS)
_WRAP = r"[A-Za-z0-9+/_-]{20}\r?\n"
_IS_WRAPPED = re2.compile(_WRAP)
_IS_SPECIAL = re2.compile(f"{_WRAP}|{_LISTS}")
"""Quick answers for nearly all texts: patterns of our own kind take forty times as long."""
# A quick look before the exact one: without counted repeats, of which RE2 would make a program of megabytes.
_HAS_APART = re2.compile(r"(?:[0-9A-Za-z\x{80}-\x{10FFFF}](?:[^0-9A-Za-z<\x{80}-\x{10FFFF}]|<[^<>]+>)+){6}")
_TAGS = re.compile(r"(?:<[^<>]{1,80}>)+")
_APART = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,12}[^\W_](?![^\W_])){5,}")
_BETWEEN = re.compile(r"[\W_]+")
_STYLED = re.compile("[\U0001d400-\U0001d7ff\uff21-\uff5a\u24b6-\u24e9]")
"""Letters of mathematics, full-width and circled ones: one of them in a word is enough."""
_SHORT = 12
_MOST_STRETCHES, _MOST_TEXTS = 200_000, 20_000
"""How many stretches that may be encoded are looked into, and how many texts may come of them: some seconds' work."""
_HIDING = 3
"""How many changed letters of other forms make a word hidden rather than accented."""


def plain(text: str) -> str:
    """`text` with its escapes undone, to the third layer; the very same text where there are none."""
    for _ in range(_DEEP):
        undone = _undone(text)
        if undone == text:
            break
        text = undone
    return text if text.isascii() else _latin(text)


def decoded(text: str) -> Iterator[str]:
    """The readable texts of the encoded stretches in `text`, one layer deep; _TooMany behind the last of them."""
    special = _IS_SPECIAL.search(text) is not None
    if special and _IS_WRAPPED.search(text) is not None:
        text = _WRAPPED.sub("", text)
    left = _MOST_STRETCHES
    runs = text.encode("ascii", "replace").translate(_CODED).decode("ascii").split()
    for stretch in dict.fromkeys([run for run in runs if len(run) >= _LEAST_CODED]):
        if not (stretch[1:].islower() and stretch.isalpha()) and _may_be_coded(stretch):
            left -= 1
            if left < 0:
                raise _TooMany
            yield from _of_stretch(stretch)
    if special and _HAS_LISTS.search(text) is not None:
        yield from _of_lists(text)


def without_noise(text: str) -> tuple[str, str]:
    """`text` without its long stretches of noise (files in base64), and those.

    Short words stand in noise by chance.
    """
    if _IS_LONG.search(text) is None:
        return text, ""
    noise: list[str] = []

    def taken(match: re.Match[str]) -> str:
        found = match.group()
        capitals, digits = sum(map(str.isupper, found[:_SAMPLE])), sum(map(str.isdecimal, found[:_SAMPLE]))
        size = min(len(found), _SAMPLE)
        if not (0.25 < capitals / size < 0.6 and 0.05 < digits / size < 0.35):
            return found
        noise.append(found)
        return " "

    return _LONG.sub(taken, text), "\n".join(noise)


class Opened:
    """What is hidden in a text, layer by layer.

    `texts` are the readable texts found, each once; `unread` counts stretches that are still encoded three layers
    down, which nobody encodes so by accident. `is_whole` is false where there are more than can be looked into; that
    counts as unread too.
    """

    def __init__(self, text: str) -> None:
        self.texts: list[str] = []
        self.unread = 0
        self.is_whole = True
        self._seen: set[str] = set()
        try:
            self._open(text, 1)
        except _TooMany:
            self.is_whole = False
            self.unread += 1

    def _open(self, text: str, depth: int) -> None:
        for found in decoded(text):
            if found in self._seen:
                continue
            self._seen.add(found)
            if depth > _DEEP:
                self.unread += 1
                return
            if len(self.texts) >= _MOST_TEXTS:
                raise _TooMany
            self.texts.append(found)
            undone = plain(found)
            self._open(undone, depth + 1)


def hidden_texts(text: str) -> tuple[str, ...]:
    """The readable texts that are hidden in `text`, for a detector to look at, each once.

    Words with escapes or disguised letters come undone, encoded stretches decoded, what is written letter by letter
    put together. Nothing that can be read in `text` as it stands is among them. Raises PolicyRefused when more is
    encoded than can be looked into.
    """
    found: dict[str, None] = {}
    undone = plain(text)
    if undone != text:
        found.update(dict.fromkeys(_disguised(text)))
    opened = Opened(undone)
    if not opened.is_whole:
        raise _too_many()
    found.update(dict.fromkeys(filter(_is_prose, opened.texts)))
    found.update(dict.fromkeys(together(text)))
    found = {t: None for t in found if sum(map(str.isalnum, t)) >= _LEAST}
    return tuple(found)


def all_hidden(texts: Iterable[str]) -> tuple[str, ...]:
    """As `hidden_texts`, of some texts that belong together; what is hidden in all of them is bounded too."""
    found: list[str] = []
    for text in texts:
        found += hidden_texts(text)
        if len(found) > _MOST_TEXTS:
            raise _too_many()
    return tuple(found)


class _TooMany(Exception):
    """More stretches, or more texts in them, than are looked into."""


def _too_many() -> PolicyRefused:
    return PolicyRefused(
        "More of the request is encoded than can be looked into; nothing was sent.",
        remedy="Send texts as they read; leave out files, keys and hashes.",
    )


def together(text: str) -> Iterator[str]:
    """What is written letter by letter (`J o n e s`, `J.o.n.e.s`, one letter a line), put together again.

    What stands between most letters goes; where more stands, a word ends. Runs of six letters or digits at least;
    where nothing stands between most of them, it is no such run.
    """
    if _HAS_APART.search(text) is None:
        return
    for match in _APART.finditer(_TAGS.sub("\x1f", text)):
        gaps = _BETWEEN.findall(match.group())
        usual = max(dict.fromkeys(gaps), key=gaps.count)
        if len(gaps) > 2 * gaps.count(usual):
            continue
        yield _BETWEEN.sub(lambda m, usual=usual: _gap(m.group(), usual), match.group())  # type: ignore[misc]


def _gap(gap: str, usual: str) -> str:
    """What stands between two letters, without what stands between all of them."""
    if gap == usual:
        return ""
    marks = "".join(c for c in gap if c not in usual and c in "-/'@.,;:^")
    return marks if marks and marks in "-/'@" else f"{marks} "


# -- escapes


def _is_live(text: str) -> bool:
    """Whether `_LIVE` stands in a text; nearly all have none of its characters."""
    if "%" in text or "&" in text or "\\" in text or "<" in text or "U+" in text:
        return True
    return "=" in text and _LIVE.search(text) is not None


def _undone(text: str) -> str:
    if not _is_live(text):
        return text
    if "%" in text and _IS_PERCENT.search(text) is not None:
        text = _PERCENT.sub(lambda m: unquote_to_bytes(m.group()).decode("utf-8", "replace"), text)
    if "&" in text:
        text = html.unescape(text)
    if "\\" in text:
        text = _BACKSLASH.sub(_unescaped, text)
    if "U+" in text:
        text = _CODE_POINT.sub(lambda m: _character(int(m.group(1), 16)), text)
    if "=" in text:
        text = _QUOTED.sub(_unquoted, _MIME_WORD.sub(" ", text))
    if "<" in text:
        text = _TAG.sub("", text)
    return text


def _unescaped(match: re.Match[str]) -> str:
    found = match.group()
    kind = found[1]
    if kind in "nrtbfv":
        return " "
    if found.startswith("\\u{"):
        return _character(int(found[3:-1], 16))
    if kind == "u":
        units = bytes.fromhex(found.replace("\\u", ""))
        return units.decode("utf-16-be", "replace")
    if kind == "U":
        return _character(int(found[2:], 16))
    if kind == "x":
        return bytes.fromhex(found.replace("\\x", "")).decode("utf-8", "replace")
    return bytes(int(o, 8) for o in found.split("\\")[1:]).decode("utf-8", "replace")


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _unquoted(match: re.Match[str]) -> str:
    found = match.group()
    return bytes.fromhex(found.replace("=", "")).decode("utf-8", "replace") if found[1] not in "\r\n" else ""


def _latin(text: str) -> str:
    """Without accents, characters of no width and disguises, as far as they go; digits of any script as ours."""
    apart = unicodedata.normalize("NFKD", text).translate(_LOOK_ALIKE)
    if apart.isascii():
        return apart
    out = []
    for c in apart:
        if c.isascii():
            out.append(c)
        elif (kind := unicodedata.category(c)) == "Nd":
            out.append(str(unicodedata.decimal(c)))
        elif kind not in ("Mn", "Cf"):
            out.append(c)
    return "".join(out)


def _disguised(text: str) -> Iterator[str]:
    """The words of `text` that say something else when they are undone; neighbours as one text."""
    beside: list[str] = []
    for word in text.split():
        undone = word if word.isascii() and not _is_live(word) else plain(word)
        if undone != word and (_escapes(word) if word.isascii() else _hides(word)):
            beside.append(undone)
        else:
            yield " ".join(beside)
            beside = []
    yield " ".join(beside)


def _escapes(word: str) -> bool:
    """Whether an escape in it stands for more than the `&`, `<` and `>` of ordinary text."""
    bare = _TRIVIAL.sub("", _TAG.sub(" ", word))
    return plain(bare) != bare


def _hides(word: str) -> bool:
    """Whether letters stand in it in another shape, or something of no width: not for mere accents and units."""
    shaped = alike = 0
    for c in word:
        if not c.isascii():
            if unicodedata.category(c) == "Cf" or _STYLED.match(c):
                return True
            shaped += unicodedata.normalize("NFKC", c) != c
            alike += c.translate(_LOOK_ALIKE) != c
    mixed = any(c.isascii() and c.isalpha() for c in word)
    return shaped >= _HIDING or (alike > 0 and mixed) or (alike >= _HIDING and plain(word).isascii())


# -- encodings


def _may_be_coded(stretch: str) -> bool:
    """Whether it looks unlike a word (small letters, perhaps with a capital in front) or a short number."""
    if stretch[1:].islower() and "=" not in stretch and _DIGIT.search(stretch) is None:
        return False
    if (bare := stretch.translate(_NO_MARKS)).isdecimal():
        return len(bare) >= 2 * _LEAST
    return not (len(stretch) < 8 and stretch.isalpha() and stretch.isupper())


def _of_stretch(stretch: str) -> Iterator[str]:
    bare = stretch.rstrip("=")
    if stretch.isupper() and _BASE32.fullmatch(stretch):
        yield from _readable(_base32(bare))
    for found in _HEX.finditer(stretch):
        digits = found.group().removeprefix("0x")
        for at in (0, 1):
            part = digits[at:]
            yield from _readable(bytes.fromhex(part[: len(part) // 2 * 2]))
    if bare.isdecimal():
        return
    standard = bare.replace("-", "+").replace("_", "/").replace("=", "")
    for at in range(4):
        part = standard[at:]
        if len(part) % 4 == 1:
            part = part[:-1]
        if len(part) >= 6 and _may_be_text(part):
            data = binascii.a2b_base64(part + "=" * (-len(part) % 4))
            if len(data) >= _LEAST_IN_NOISE or not _is_short_noise(data):
                yield from _readable(data)
    if "/" in bare or "-" in bare or "_" in bare:
        # parts of a path or of a name, each encoded by itself
        for part in re.split(r"[/_=-]", bare):
            if 7 <= len(part) < len(bare) and _may_be_coded(part):
                yield from _of_stretch(part)


def _may_be_text(part: str) -> bool:
    """Whether base64 may hold a text: of every third byte the highest bit says whether it is plain ASCII.

    Plain text has hardly any set, that of other scripts most; noise has half of them.
    """
    if part.startswith(("H4sI", "eJ", "eN", "eA", "eF")):  # gzip and zlib
        return True
    first = part[::4]
    high = len(first.translate(_LOW_FIRST))
    return not 0.4 * len(first) < high < 0.75 * len(first)


def _base32(bare: str) -> bytes:
    whole = bare[: len(bare) // 8 * 8 + max(n for n in (0, 2, 4, 5, 7) if n <= len(bare) % 8)]
    return base64.b32decode(whole + "=" * (-len(whole) % 8))


def _of_lists(text: str) -> Iterator[str]:
    """Characters written one by one: as hex, as decimal codes, as bits."""
    for match in _SPACED_HEX.finditer(text):
        yield from _readable(bytes.fromhex(re.sub(r"0x|\\x|[^0-9A-Fa-f]", "", match.group())))
    for match in _CODES.finditer(text):
        codes = [int(code) for code in re.findall(r"\d+", match.group())]
        if all(32 <= code < 127 for code in codes):
            yield "".join(map(chr, codes))
    if "010" in text or "011" in text:
        for match in _BITS.finditer(text):
            bits = re.sub(r"[ ,]", "", match.group())
            yield from _readable(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8)))


def _readable(data: bytes) -> Iterator[str]:
    """The readable texts in some bytes: all of them, or the runs that can be read."""
    if len(data) < _LEAST:
        return
    unpack: Callable[[bytes], bytes] | None = None
    if data.startswith(b"\x1f\x8b"):
        unpack = _unpacker(31)
    elif data[0] == 0x78 and data[1] in (0x01, 0x5E, 0x9C, 0xDA):
        unpack = _unpacker(15)
    if unpack is not None and (inner := unpack(data)):
        data = inner
    if data.count(0) * 3 > len(data):
        # two bytes a character; at a wrong alignment, the same without the zeros
        for codec in ("utf-16-le", "utf-16-be"):
            wide = data.decode(codec, "replace")
            if _mostly_text(wide):
                yield wide
                return
        data = data.replace(b"\0", b"")
    noise = len(data.translate(None, _TEXT_BYTES)) * 3 > len(data) and not _is_utf8(data)
    if noise and len(data) < _LEAST_IN_NOISE:
        return
    for run in (_LONG_RUN if noise else _PRINTABLE).findall(data):
        if (text := _text(run)) is not None and sum(map(str.isalnum, text)) >= _LEAST:
            yield text


def _is_short_noise(data: bytes) -> bool:
    """Whether few bytes are surely nothing that `_readable` can read: what a short word gives as base64."""
    return (
        data[0] not in b"\x1f\x78"
        and 0 not in data
        and len(data.translate(None, _TEXT_BYTES)) * 3 > len(data)
        and not _is_utf8(data)
    )


def _text(run: bytes) -> str | None:
    if run.isascii():
        return run.decode("ascii")
    try:
        return run.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # at a wrong alignment hardly anything is a word: only runs that mostly are plain characters count
    kept = run.decode("utf-8", "ignore")
    return kept if len(kept.encode()) * 4 >= len(run) * 3 else None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _unpacker(bits: int) -> Callable[[bytes], bytes]:
    def unpack(data: bytes) -> bytes:
        try:
            return zlib.decompressobj(wbits=bits).decompress(data, _MOST)
        except zlib.error:
            return b""

    return unpack


def _mostly_text(wide: str) -> bool:
    return sum(c.isascii() and (c.isalnum() or c in " .,:;-/'@\n") for c in wide) * 3 > len(wide) * 2


def _is_prose(text: str) -> bool:
    """Whether a decoded stretch says something, rather than looking readable by chance."""
    if len(text) < _SHORT and not text.isdecimal():
        # base64 of some hex digits is readable too: words are in one case, or have a capital in front
        words = text.split()
        if not all(w.istitle() or w.islower() or w.isupper() or w.isdecimal() for w in words):
            return False
    letters = sum(c.isalnum() or c in " .,:;'@/-\n" for c in text)
    return len(text) >= _LEAST and letters * 10 >= len(text) * 9
