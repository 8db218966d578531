"""How deep and how wide a JSON body is, found before it is parsed and without building anything.

A parser makes objects of every bracket: some hundred bytes of memory and of the interpreter's stack
for one byte that was sent. This looks at the brackets only, with operations on whole byte strings.
What is no JSON may pass here: the parser refuses it.
"""

from osler.core.errors import InputError

DEEPEST = 64
"""Arrays and objects within each other, the body's own object counted."""
MOST = 100_000
"""Arrays, objects and members of both in one body."""
_STRUCTURE = b"[]{},"
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_OTHERS = bytes(byte for byte in range(256) if byte not in _STRUCTURE)


def require_plain(data: bytes) -> None:
    """Raise InputError where a body is nested too deeply or has too many parts."""
    if data.count(b"[") + data.count(b"{") <= DEEPEST and data.count(b",") < MOST - DEEPEST:
        return
    bare = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    if bare.count(b'"') > 4 * MOST:  # a name and a text, each in two
        raise _too_wide()
    # Without escapes, what stands between the first and second quote is a text, and so on.
    structure = b"".join(part.translate(None, _OTHERS) for part in bare.split(b'"')[::2])
    if structure.count(b"[") + structure.count(b"{") + structure.count(b",") > MOST:
        raise _too_wide()
    left = structure.translate(_ONE_KIND, b",")
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")  # the innermost go; what stood around them is innermost now
    if left:
        raise InputError(
            f"The request body is nested deeper than {DEEPEST} levels.", remedy="Send it with fewer levels."
        )


def _too_wide() -> InputError:
    return InputError(f"The request body has more than {MOST:,} parts.", remedy="Send fewer at a time.")
