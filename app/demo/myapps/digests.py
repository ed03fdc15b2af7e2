"""Every formula of the log-ins: digests, session keys, the old ciphers they need. Hex is lower case.

RC4, MD4 and single DES protect nothing today; they are here because the protocols are made of them.
"""

from __future__ import annotations

import hashlib
import secrets
import struct

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, modes

_MASK = 0xFFFFFFFF


def sha256(*parts: str) -> str:
    """SHA-256 of the parts joined by colons."""
    return hashlib.sha256(":".join(parts).encode()).hexdigest()


def app_login(fields: tuple[str, str, str, str, str], info: str | None, challenge: str, password: str) -> str:
    """AppLogin's digest. `fields` are app, domain, sip, guid, dn; `info` the JSON text exactly as it travels."""
    return sha256(*fields, *(() if info is None else (info,)), challenge, password)


def app_session_key(challenge: str, password: str) -> str:
    """What both ends of an AppWebsocket encrypt fields with."""
    return sha256("innovaphoneAppSessionKey", challenge, password)


def login_response(kind: str, domain: str, username: str, password: str, nonce: str, challenge: str) -> str:
    """What a client proves himself with in Login; `kind` is user or session."""
    return sha256("innovaphoneAppClient", kind, domain, username, password, nonce, challenge)


def login_result(domain: str, username: str, password: str, nonce: str, challenge: str, info: str) -> str:
    """What the PBX proves itself with in LoginResult."""
    return sha256("innovaphoneAppClient:loginresult", domain, username, password, nonce, challenge, info)


def redirect(username: str, password: str, nonce: str, challenge: str, info: str) -> str:
    """What the PBX proves itself with in Redirect: here the domain is left out."""
    return sha256("innovaphoneAppClient:redirect", username, password, nonce, challenge, info)


def seal_session(part: str, nonce: str, password: str, value: str) -> str:
    """A session's `usr` or `pwd` as it travels."""
    return rc4(f"innovaphoneAppClient:{part}:{nonce}:{password}".encode(), value.encode()).hex()


def rc4(key: bytes, data: bytes) -> bytes:
    """RC4 with a key of any length up to 256 bytes; its own inverse."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 255
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) & 255
        j = (j + state[i]) & 255
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) & 255])
    return bytes(out)


def md4(data: bytes) -> bytes:
    """MD4 (RFC 1320)."""
    length = struct.pack("<Q", 8 * len(data))
    data += b"\x80" + bytes(-(len(data) + 9) % 64) + length
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for offset in range(0, len(data), 64):
        block = struct.unpack_from("<16I", data, offset)
        state = [(old + new) & _MASK for old, new in zip(state, _md4_block(state, block), strict=True)]
    return struct.pack("<4I", *state)


_ROUNDS = (
    (0, (3, 7, 11, 19), tuple(range(16))),
    (0x5A827999, (3, 5, 9, 13), tuple(4 * (i % 4) + i // 4 for i in range(16))),
    (0x6ED9EBA1, (3, 9, 11, 15), (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15)),
)


def _md4_block(state: list[int], block: tuple[int, ...]) -> list[int]:
    a, b, c, d = state
    for number, (constant, shifts, order) in enumerate(_ROUNDS):
        for step, index in enumerate(order):
            mixed = (a + _md4_mix(number, b, c, d) + block[index] + constant) & _MASK
            shift = shifts[step % 4]
            a, b, c, d = d, ((mixed << shift) | (mixed >> (32 - shift))) & _MASK, b, c
    return [a, b, c, d]


def _md4_mix(number: int, x: int, y: int, z: int) -> int:
    if number == 0:
        return (x & y) | (~x & _MASK & z)
    if number == 1:
        return (x & y) | (x & z) | (y & z)
    return x ^ y ^ z


def nt_hash(password: str) -> bytes:
    """The key of NTLM (MS-NLMP 3.3.1)."""
    return md4(password.encode("utf-16-le"))


def ntlm_response(password: str, challenge: bytes) -> str:
    """NTLMv1's answer to an 8-byte challenge, 24 bytes (MS-NLMP 3.3.1)."""
    key = nt_hash(password) + bytes(5)
    return b"".join(_des(key[i : i + 7], challenge) for i in (0, 7, 14)).hex()


def ntlm_password(password: str) -> str:
    """What stands for the password in the digests after an NTLM log-in."""
    return md4(nt_hash(password)).hex()


def _des(seven: bytes, block: bytes) -> bytes:
    bits = int.from_bytes(seven, "big")
    key = bytes((bits >> (49 - 7 * i) & 0x7F) << 1 for i in range(8))
    encryptor = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()  # noqa: S305 - NTLMv1 is made of this
    return encryptor.update(block) + encryptor.finalize()


class KeyShare:
    """The PBX's half of the key agreement of an OAuth2 log-in, on secp256r1."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public(self) -> str:
        """The public point without its leading 04: 64 bytes."""
        numbers = self._key.public_key().public_numbers()
        return numbers.x.to_bytes(32, "big").hex() + numbers.y.to_bytes(32, "big").hex()

    def secret(self, theirs: str) -> str:
        """What both ends know now. Raises ValueError when `theirs` is no point of the curve."""
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + bytes.fromhex(theirs))
        return self._key.exchange(ec.ECDH(), point).hex()


def challenge() -> str:
    """16 hexadecimal characters nobody can foresee."""
    return secrets.token_hex(8)
