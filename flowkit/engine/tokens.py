"""Completion tokens: the name of one attempt, derived from the journal's key and never stored.

A token is the attempt's address and 128 bits of HMAC-SHA-256 over it, so it is the same at every reading and can't be made
up. Whoever can read the journal's file is trusted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json

from ..errors import UnknownAttempt


def token_for(key: bytes, run_id: str, unit: str, attempt: int, kind: str = "do") -> str:
    """The completion token of one attempt; of an open question where `kind` is "when", "until" or "each"."""
    names = [run_id, unit, attempt] if kind in ("do", "revert") else [run_id, unit, attempt, kind]
    body = json.dumps(names, separators=(",", ":")).encode()
    return f"{_text(body)}.{_text(_mac(key, body))}"


def read_token(key: bytes, token: str) -> tuple[str, str, int, str]:
    """Run id, unit, attempt and kind ("do" for undos too) that a token names. Raises UnknownAttempt for one that this
    journal never gave out."""
    try:
        if not isinstance(token, str):
            raise ValueError(token)
        text, mac = token.strip().split(".")
        body = _bytes(text)
        made = f"{_text(body)}.{_text(_mac(key, body))}"
        if hmac.compare_digest(f"{text}.{mac}".encode(), made.encode()):
            run_id, unit, attempt, *kind = json.loads(body)
            return run_id, unit, attempt, kind[0] if kind else "do"
    except (ValueError, binascii.Error, UnicodeError):
        pass
    raise UnknownAttempt(
        "This completion token is not one of this journal's. Copy it wholly, or ask run.ready() for the current one. "
        "Nothing was recorded."
    )


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()[:16]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
