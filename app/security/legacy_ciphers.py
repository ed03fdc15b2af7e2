"""RC4 and MD4, which the PBX's old formulas are made of. Never as protection: TLS is what protects.

They are our own because no kept library takes RC4 keys of any length (RFC 6229 shows the cipher) or still has MD4
(RFC 1320).
"""

from __future__ import annotations

import struct
from collections.abc import Callable

_WORD = 0xFFFFFFFF
_BLOCK = 64


def rc4(key: bytes, data: bytes) -> bytes:
    """Encrypt or decrypt. Raises ValueError for a key that is empty or longer than 256 bytes."""
    if not 1 <= len(key) <= 256:
        raise ValueError("an RC4 key has 1 to 256 bytes")
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) & 0xFF
        box[i], box[j] = box[j], box[i]
    i = j = 0
    out = bytearray()
    for octet in data:
        i = (i + 1) & 0xFF
        j = (j + box[i]) & 0xFF
        box[i], box[j] = box[j], box[i]
        out.append(octet ^ box[(box[i] + box[j]) & 0xFF])
    return bytes(out)


def md4(data: bytes) -> bytes:
    """The digest of 16 bytes (RFC 1320, 3)."""
    padded = data + b"\x80" + bytes(-(len(data) + 9) % _BLOCK) + struct.pack("<Q", 8 * len(data))
    state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
    for start in range(0, len(padded), _BLOCK):
        words = struct.unpack_from("<16I", padded, start)
        mixed = state
        for mix, constant, order, shifts in _ROUNDS:
            mixed = _round(mixed, words, mix, constant, order, shifts)
        a, b, c, d = ((old + new) & _WORD for old, new in zip(state, mixed, strict=True))
        state = (a, b, c, d)
    return struct.pack("<4I", *state)


_State = tuple[int, int, int, int]
_Mix = Callable[[int, int, int], int]


def _round(
    state: _State, words: tuple[int, ...], mix: _Mix, constant: int, order: tuple[int, ...], shifts: tuple[int, ...]
) -> _State:
    a, b, c, d = state
    for step, index in enumerate(order):
        total = (a + mix(b, c, d) + words[index] + constant) & _WORD
        shift = shifts[step % 4]
        a, b, c, d = d, (total << shift | total >> (32 - shift)) & _WORD, b, c
    return a, b, c, d


def _choose(x: int, y: int, z: int) -> int:
    return (x & y) | (~x & z)


def _majority(x: int, y: int, z: int) -> int:
    return (x & y) | (x & z) | (y & z)


def _parity(x: int, y: int, z: int) -> int:
    return x ^ y ^ z


_ROUNDS: tuple[tuple[_Mix, int, tuple[int, ...], tuple[int, ...]], ...] = (
    (_choose, 0, tuple(range(16)), (3, 7, 11, 19)),
    (_majority, 0x5A827999, (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), (3, 5, 9, 13)),
    (_parity, 0x6ED9EBA1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)),
)
