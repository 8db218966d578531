"""Text of records and models, as a terminal may have it.

A terminal obeys what stands in a text: escape sequences move the cursor over what was shown, change
its title, or write to the clipboard; some characters turn the direction of writing, so that a line
reads otherwise than it is. Each of these is shown as a sign of its own. Lengths stay: one for one.
"""

import re

_ORDERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")


def plain(text: str) -> str:
    """The text with everything that a terminal would obey made visible; line ends and tabs stay."""
    return _ORDERS.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"
