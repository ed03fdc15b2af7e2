"""SRTP written a second time, from RFC 3711, 6188 and 7714 with Python's cryptography: what the engine is judged by."""

from __future__ import annotations

import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from native import SrtpSuite

HEADER = 12
_CIPHER, _AUTHENTICATION, _SALT = range(3)
_AUTHENTICATION_SIZE = 20


class Protector:
    """Protects one direction's RTP packets under a master key followed by its salt; shows what it derives from them."""

    def __init__(self, suite: SrtpSuite, keys: bytes) -> None:
        self._aead = "GCM" in suite.name
        salt_size = 12 if self._aead else 14
        self._master, self._master_salt = keys[:-salt_size], keys[-salt_size:].ljust(14, b"\0")
        self.key = self._derived(_CIPHER, len(self._master))
        self.salt = self._derived(_SALT, salt_size)
        self.authentication = self._derived(_AUTHENTICATION, _AUTHENTICATION_SIZE)
        self._tag = 4 if suite.name.endswith("_32") else 10

    def protect(self, packet: bytes, roc: int = 0) -> bytes:
        """The packet as it travels, with this roll-over counter."""
        header, payload = packet[:HEADER], packet[HEADER:]
        sequence, ssrc = struct.unpack(">HxxxxI", packet[2:HEADER])
        if self._aead:  # RFC 7714, 8.1
            nonce = _xor(struct.pack(">HIIH", 0, ssrc, roc, sequence), self.salt)
            return header + AESGCM(self.key).encrypt(nonce, payload, header)
        salted = int.from_bytes(self.salt) << 16 ^ ssrc << 64 ^ (roc << 16 | sequence) << 16  # RFC 3711, 4.1.1
        encrypted = header + _keystream_xor(self.key, salted, payload)
        return encrypted + hmac.digest(self.authentication, encrypted + struct.pack(">I", roc), "sha1")[: self._tag]

    def _derived(self, label: int, size: int) -> bytes:
        """RFC 3711, 4.3.1 with a key derivation rate of 0; RFC 6188, 2 keeps it for longer keys."""
        start = (int.from_bytes(self._master_salt) ^ label << 48) << 16
        return _keystream_xor(self._master, start, bytes(size))


def _keystream_xor(key: bytes, counter: int, data: bytes) -> bytes:
    return Cipher(AES(key), CTR(counter.to_bytes(16))).encryptor().update(data)


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
