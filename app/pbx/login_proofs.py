"""What a myApps login is proved with, on both sides: digests, NTLM, the key share of OAuth2, and session credentials.

Source: innovaphone SDK, myApps, "Login", "LoginResult", "Redirect". Nothing here reads or writes the network.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from app.security.legacy_ciphers import md4, rc4
from app.settings.secret import Secret

_PREFIX = "innovaphoneAppClient"
_UNCOMPRESSED = b"\x04"
"""Before the coordinates of a point (SEC 1, 2.3.3); a key share goes without it."""
_SHARE_BYTES = 64


class Round(msgspec.Struct, frozen=True):
    """One exchange of a login: who it is for, what it is proved with, and what both sides drew for it."""

    domain: str
    username: str
    password: Secret
    nonce: str
    challenge: str


class SessionCredentials(msgspec.Struct, frozen=True):
    """What a phone logs in with again, instead of the user's name and password."""

    usr: str
    pwd: Secret


def login_response(login_type: str, used: Round) -> str:
    """The client's proof, with a `login_type` of "user" or "session": 64 hexadecimal digits."""
    return _hash(f"{_PREFIX}:{login_type}", used.domain, used.username, *_tail(used))


def result_digest(used: Round, info: bytes) -> str:
    """The PBX's proof in LoginResult; `info` is the object's text just as it came."""
    return _hash(f"{_PREFIX}:loginresult", used.domain, used.username, *_tail(used), info)


def redirect_digest(used: Round, info: bytes) -> str:
    """The PBX's proof in Redirect, which leaves the domain out."""
    return _hash(f"{_PREFIX}:redirect", used.username, *_tail(used), info)


def proves(expected: str, given: str) -> bool:
    """Whether a digest is the right one, in constant time."""
    return hmac.compare_digest(expected.encode(), given.lower().encode())


def session_credentials(used: Round, usr: str, pwd: str) -> SessionCredentials:
    """Decrypt `session` of LoginResult or Redirect. Raises ValueError where it is not hexadecimal UTF-8."""
    return SessionCredentials(_decrypted("usr", used, usr), Secret(_decrypted("pwd", used, pwd)))


def ntlm_response(password: Secret, challenge: str) -> str:
    """The NTLMv1 response to a challenge of 16 hexadecimal digits (MS-NLMP, 3.3.1). Raises ValueError for others."""
    block = bytes.fromhex(challenge)
    if len(block) != 8:
        raise ValueError("an NTLM challenge has 8 bytes")
    keys = _nt_hash(password) + bytes(5)
    return b"".join(_des(keys[start : start + 7], block) for start in (0, 7, 14)).hex()


def ntlm_password(password: Secret) -> Secret:
    """What stands for the password in all further proofs of an NTLM login."""
    return Secret(md4(_nt_hash(password)).hex())


class KeyShare:
    """Our half of the secret that stands for the password in a login by OAuth2 (ECDH on secp256r1)."""

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec  # a phone on a SIP PBX never loads it

        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def share(self) -> str:
        """The public point without its leading 04: 128 hexadecimal digits."""
        numbers = self._key.public_key().public_numbers()
        return (numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")).hex()

    def password(self, other: str) -> Secret:
        """The secret, from the PBX's half. Raises ValueError where that is no point of the curve."""
        from cryptography.hazmat.primitives.asymmetric import ec

        octets = bytes.fromhex(other)
        if len(octets) != _SHARE_BYTES:
            raise ValueError("a key share has 64 bytes")
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _UNCOMPRESSED + octets)
        return Secret(self._key.exchange(ec.ECDH(), point).hex())


def _tail(used: Round) -> tuple[str, str, str]:
    return used.password.reveal(), used.nonce, used.challenge


def _hash(*parts: str | bytes) -> str:
    octets = (part if isinstance(part, bytes) else part.encode() for part in parts)
    return hashlib.sha256(b":".join(octets)).hexdigest()


def _decrypted(what: str, used: Round, text: str) -> str:
    key = f"{_PREFIX}:{what}:{used.nonce}:{used.password.reveal()}".encode()
    # RC4 looks at no more of a key than its first 256 bytes, and a password may be long.
    return rc4(key[:256], bytes.fromhex(text)).decode()


def _nt_hash(password: Secret) -> bytes:
    return md4(password.reveal().encode("utf-16-le"))


def _des(key: bytes, block: bytes) -> bytes:
    """Single DES as triple DES with one key three times; `key` has 56 bits, spread over 8 bytes."""
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    bits = int.from_bytes(key, "big")
    spread = bytes(((bits >> shift) & 0x7F) << 1 for shift in range(49, -1, -7))
    encryptor = Cipher(TripleDES(spread * 3), modes.ECB()).encryptor()  # noqa: S305 - the formula has no mode
    return encryptor.update(block) + encryptor.finalize()
