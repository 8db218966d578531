"""Breaking the glass: the reason that the caller gives, and how it is kept.

The reason may name a patient, so that it stands nowhere in the clear. The audit record has a keyed digest of it, and
the reason itself sealed (AES-256-GCM) under a key that is derived from the patient's own in the vault: whoever reviews
can read it, and shredding the patient's key severs both.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from osler.core.errors import InputError
from osler.core.messages import ChatRequest
from osler.core.ports.vault import Subject

SHORTEST, LONGEST = 10, 1_000
"""Characters of a reason, white space at its ends not counted."""
_NONCE = 12
_USE = b"osler break-glass reason"


def breaks_glass(request: ChatRequest) -> bool:
    """Whether a request breaks the glass. Raises InputError where its reason is none."""
    if request.break_glass is None:
        return False
    if not SHORTEST <= len(request.break_glass.strip()) <= LONGEST:
        raise InputError(
            f"A reason to break the glass has {SHORTEST} to {LONGEST} characters.",
            remedy="Say in a sentence why the record is needed now. It is kept sealed, and reviewed.",
            param="break_glass",
        )
    return True


def record_body(reason: str, subject: Subject | None) -> dict[str, object]:
    """What the audit record says of it. Without a subject only that the glass was broken."""
    body: dict[str, object] = {"break_glass": True}
    if subject is not None:
        text = reason.strip().encode("utf-8", "surrogatepass")
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(_key(subject)).encrypt(nonce, text, _USE)
        body["reason"] = {
            "digest": hmac.new(subject.key, text, hashlib.sha256).hexdigest(),
            "sealed": base64.b64encode(nonce + sealed).decode(),
        }
    return body


def opened_reason(body: Mapping[str, object], subject: Subject) -> str | None:
    """The reason in an audit record's body; None where it has none, or where the key is not the one."""
    reason = body.get("reason")
    sealed = reason.get("sealed") if isinstance(reason, Mapping) else None
    if not isinstance(sealed, str):
        return None
    try:
        raw = base64.b64decode(sealed, validate=True)
        text = AESGCM(_key(subject)).decrypt(raw[:_NONCE], raw[_NONCE:], _USE)
    except (InvalidTag, ValueError, binascii.Error):
        return None
    return text.decode("utf-8", "replace")


def _key(subject: Subject) -> bytes:
    """A key of its own for this use."""
    return hmac.new(subject.key, _USE, hashlib.sha256).digest()
