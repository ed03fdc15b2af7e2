"""Whether and how a voice stream is encrypted: policy, our own keys, and the choice among the far end's (RFC 4568).

Keys come in the descriptions (SDES), or by a handshake that the descriptions only announce (`app.media.dtls`).
"""

from __future__ import annotations

import enum
import secrets
from dataclasses import dataclass

from app.model.crypto import CryptoDescription, CryptoSuite, Fingerprint, MasterKey
from app.model.session import MediaDescription

OFFERED = (
    CryptoSuite.AEAD_AES_256_GCM,
    CryptoSuite.AEAD_AES_128_GCM,
    CryptoSuite.AES_256_CM_HMAC_SHA1_80,
    CryptoSuite.AES_CM_128_HMAC_SHA1_80,
    CryptoSuite.AES_CM_128_HMAC_SHA1_32,
)
"""Favourite first. Every suite of the engine is taken when the far end offers it; these are worth their length."""
PLAIN_PROTOCOLS = frozenset({"RTP/AVP", "RTP/AVPF"})
SECURE_PROTOCOLS = frozenset({"RTP/SAVP", "RTP/SAVPF"})
DTLS_PROTOCOLS = frozenset({"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"})
"""Keys come by a handshake and in no other way (RFC 5764, 9)."""


class EncryptionPolicy(enum.StrEnum):
    """The setting `audio.encryption`."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class KeyOrder(enum.StrEnum):
    """The setting `audio.key_exchange`: which way of agreeing on keys is liked best."""

    SDES_DTLS = "sdes-dtls"
    DTLS_SDES = "dtls-sdes"


@dataclass(frozen=True)
class Encryption:
    """The policy for one call.

    `private`: signalling travels where nobody reads the keys in it (TLS). `fingerprint` is of the certificate that we
    show in a handshake; None: we have none, and there is no handshake.
    """

    policy: EncryptionPolicy = EncryptionPolicy.NONE
    private: bool = False
    order: KeyOrder = KeyOrder.SDES_DTLS
    fingerprint: Fingerprint | None = None

    @property
    def required(self) -> bool:
        """A stream without keys must not be."""
        return self.policy is EncryptionPolicy.REQUIRED

    @property
    def offers(self) -> bool:
        """Whether our offers carry keys. Where anybody could read them they only do if there is no call without."""
        return self.required or (self.policy is EncryptionPolicy.OPTIONAL and self.private)

    @property
    def offers_handshake(self) -> bool:
        """Whether our offers announce a handshake. Nobody learns keys from that, however signalling travels."""
        return self.answers and self.fingerprint is not None

    @property
    def protocols(self) -> tuple[str, ...]:
        """What a first offer says, and then, one after the other, those to a far end that refuses it.

        One that leaves the choice is what all phones can read (RFC 8643). But who insists on encryption may take it for
        a call in the clear, and who knows one way of agreeing on keys may know no profile but that way's.
        """
        secure = ["RTP/SAVP"] if self.answers else []
        secure += ["UDP/TLS/RTP/SAVP"] if self.offers_handshake else []
        if self.order is KeyOrder.DTLS_SDES:
            secure.reverse()
        return tuple(secure) if self.required else ("RTP/AVP", *secure)

    def offers_keys(self, protocol: str) -> bool:
        """Whether a first offer that says this carries keys, which it must where there is no call without."""
        return self.offers or protocol in SECURE_PROTOCOLS

    @property
    def answers(self) -> bool:
        """Whether keys in the far end's offer are answered with ours."""
        return self.policy is not EncryptionPolicy.NONE

    @property
    def objection(self) -> str:
        """Why a description is not good enough, in words for a person."""
        if self.answers:
            return "The other phone does not encrypt as this one wants"
        return "The other phone wants encryption, which is switched off here"

    def allows(self, line: MediaDescription) -> bool:
        """Whether a line of the far end's offer can be answered."""
        if line.protocol in DTLS_PROTOCOLS:
            return self._takes_handshake(line)
        encrypted = bool(line.crypto) or self._takes_handshake(line)
        if line.protocol in SECURE_PROTOCOLS:
            return self.answers and encrypted
        return line.protocol in PLAIN_PROTOCOLS and (encrypted or not self.required)

    def by_handshake(self, line: MediaDescription) -> bool:
        """Whether keys for a line of the far end's come by a handshake, and not from the line."""
        if not self._takes_handshake(line):
            return False
        return line.protocol in DTLS_PROTOCOLS or not line.crypto or self.order is KeyOrder.DTLS_SDES

    def _takes_handshake(self, line: MediaDescription) -> bool:
        return self.offers_handshake and line.dtls is not None


@dataclass(frozen=True)
class Keys:
    """What two ends agreed on: each direction's key under one suite."""

    suite: CryptoSuite
    ours: MasterKey
    theirs: MasterKey


class KeyRing:
    """Our own keys of one stream, one a suite, made when first needed.

    An offer is repeated with the keys it had, so that a hold leaves the streams alone (RFC 4568, 7.1.4). A key that
    went out of use is never taken again: with a fresh context its key stream would repeat.
    """

    def __init__(self) -> None:
        self._keys: dict[CryptoSuite, MasterKey] = {}
        self._in_use: Keys | None = None

    @property
    def keys(self) -> dict[CryptoSuite, MasterKey]:
        """Ours that may be used, by suite."""
        return dict(self._keys)

    @classmethod
    def of(cls, keys: dict[CryptoSuite, MasterKey], in_use: Keys | None) -> KeyRing:
        """With these `keys`, as another has told them."""
        ring = cls()
        ring._keys, ring._in_use = dict(keys), in_use
        return ring

    def offer(self) -> tuple[CryptoDescription, ...]:
        """Our ways to encrypt, the one in use first."""
        in_use = None if self._in_use is None else self._in_use.suite
        suites = dict.fromkeys((*(() if in_use is None else (in_use,)), *OFFERED))
        return tuple(CryptoDescription(tag, suite, self._key(suite)) for tag, suite in enumerate(suites, 1))

    def answer(self, offered: tuple[CryptoDescription, ...]) -> tuple[CryptoDescription, Keys]:
        """Our answer to the first of their ways, which is their favourite, and what is then agreed."""
        theirs = offered[0]
        ours = self._key(theirs.suite)
        return CryptoDescription(theirs.tag, theirs.suite, ours), Keys(theirs.suite, ours, theirs.key)

    def agreed(self, keys: Keys | None) -> None:
        """These are used from now on, and what was used before them never again."""
        before, self._in_use = self._in_use, keys
        if before is not None and (keys is None or keys.suite is not before.suite):
            self._keys.pop(before.suite, None)

    def _key(self, suite: CryptoSuite) -> MasterKey:
        if suite not in self._keys:
            self._keys[suite] = MasterKey(secrets.token_bytes(suite.key_size))
        return self._keys[suite]


def chosen(ours: tuple[CryptoDescription, ...], theirs: MediaDescription) -> Keys | None:
    """The keys that an answer chose among our offered ones; None where it chose none of them."""
    for answer in theirs.crypto[:1]:
        for offer in ours:
            if (offer.tag, offer.suite) == (answer.tag, answer.suite):
                return Keys(offer.suite, offer.key, answer.key)
    return None
