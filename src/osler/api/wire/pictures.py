"""Pictures that stand in a request. An address is never fetched: a caller cannot make this server ask another."""

import re

from osler.core.errors import InputError

_HEAD = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp|bmp);base64,")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def require_picture(url: str, where: str) -> None:
    """Raise InputError unless the URL holds the picture itself."""
    head = _HEAD.match(url)
    if head and url.isascii():
        payload = url[head.end() :].encode()
        bare = payload.removesuffix(b"=").removesuffix(b"=")
        if bare and not bare.translate(None, _ALPHABET):
            return
    raise InputError(
        f"{where} is not a picture that is taken.",
        remedy="Send the picture itself as data:image/png;base64,…; addresses are not fetched.",
        param=where,
    )
