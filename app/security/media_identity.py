"""Who the phone is in the handshakes that agree on voice's keys (DTLS-SRTP).

That is a certificate which only a call's own signalling vouches for, by its fingerprint (RFC 5763, 5). It is drawn
anew at each start and never leaves the process's memory: nobody has to recognise it later, and what is not stored
cannot be read (RFC 8827, 6.5 wants no more).
"""

from __future__ import annotations

import hashlib
from typing import NoReturn, final

from native import draw_identity


@final
class MediaIdentity:
    """A self-signed certificate, ECDSA on P-256, and its key, which never shows itself and cannot be pickled.

    Making one takes about a millisecond.
    """

    __slots__ = ("_key", "certificate")

    def __init__(self) -> None:
        self.certificate, self._key = draw_identity()
        """DER."""

    @property
    def sha256(self) -> bytes:
        """The certificate's fingerprint (RFC 8122, 5)."""
        return hashlib.sha256(self.certificate).digest()

    def reveal_key(self) -> bytes:
        """The private key as PKCS #8 in DER, for the engine; keep it nowhere else."""
        return self._key

    def __repr__(self) -> str:
        return "MediaIdentity(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a media identity cannot be pickled or copied; pass the object itself")
