"""A certificate of the phone's own for DTLS handshakes."""

from __future__ import annotations

from native.binding import checked, ffi, lib


def draw_identity() -> tuple[bytes, bytes]:
    """A new self-signed certificate (ECDSA on P-256) and its private key, as DER and PKCS #8 in DER.

    Takes about a millisecond. Any thread. What C wrote the key into is wiped.
    """
    drawn = ffi.new("struct media_identity *")
    try:
        checked(lib.media_identity_draw(drawn), "draw_identity")
        certificate = bytes(ffi.buffer(drawn.certificate, drawn.certificate_size))
        key = bytes(ffi.buffer(drawn.key, drawn.key_size))
    finally:
        ffi.buffer(drawn)[:] = bytes(ffi.sizeof(drawn[0]))
    return certificate, key
