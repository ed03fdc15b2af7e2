"""What an app and its service encrypt single fields of their messages with, after a login by password.

Source: innovaphone SDK, JavaScript library, AppWebsocket: "key", "encrypt", "decrypt" and "hash".
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Self

from app.pbx.errors import FieldUnreadable
from app.security.legacy_ciphers import rc4
from app.settings.secret import Secret

LONGEST_SEED = 191
"""Bytes: what an RC4 key of 256 bytes leaves beside the session key and a colon."""


@dataclasses.dataclass(frozen=True)
class SessionKey:
    """The key of one login, the same at both ends. A `seed` is any text that both ends know and use once."""

    value: Secret

    @classmethod
    def of_login(cls, challenge: str, password: Secret) -> Self:
        """What the two ends of a login make of its challenge and the password that it proved."""
        text = f"innovaphoneAppSessionKey:{challenge}:{password.reveal()}"
        return cls(Secret(hashlib.sha256(text.encode()).hexdigest()))

    def encrypt(self, seed: str, text: str) -> str:
        """A field as it is sent: hexadecimal digits. Raises ValueError for a seed of more than LONGEST_SEED bytes."""
        return rc4(self._seeded(seed), text.encode()).hex()

    def decrypt(self, seed: str, field: str) -> Secret:
        """What a field says. Raises FieldUnreadable where it was not encrypted with this key and seed."""
        try:
            return Secret(rc4(self._seeded(seed), bytes.fromhex(field)).decode())
        except ValueError as error:
            raise FieldUnreadable("An encrypted field cannot be read.", "Log in to the app again.") from error

    def hash(self, seed: str, text: str) -> str:
        """What proves that who tells a text has the key: 64 hexadecimal digits."""
        return hashlib.sha256(b":".join((self._seeded(seed), text.encode()))).hexdigest()

    def _seeded(self, seed: str) -> bytes:
        return f"{seed}:{self.value.reveal()}".encode()
