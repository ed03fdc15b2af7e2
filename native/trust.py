"""By which authorities servers over TLS are believed."""

from __future__ import annotations

from native.binding import ffi, lib
from native.errors import InvalidArgument, TrustUnreadable


class TrustStore:
    """Authorities, and the ciphers to be spoken with those they vouch for; TLS 1.2 is the least.

    Making one reads a file, which takes tens of milliseconds where it holds a system's authorities: for a worker. Any
    thread may use it, and any number of connections.
    """

    def __init__(self, ciphers: str, file: str = "") -> None:
        """`ciphers` of TLS 1.2 as OpenSSL writes them; `file` is PEM, empty: the system's authorities.

        Raises TrustUnreadable, InvalidArgument.
        """
        if "\0" in ciphers + file:
            raise InvalidArgument("a TrustStore's texts hold no NUL")
        raw = lib.media_trust_new(file.encode(), ciphers.encode())
        if raw == ffi.NULL:
            raise TrustUnreadable("the trusted certificates cannot be read")
        self.pointer = ffi.gc(raw, lib.media_trust_free)
