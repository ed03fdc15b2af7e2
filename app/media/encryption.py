"""Whether and how a voice stream is encrypted: policy, our own keys, and the choice among the far end's (RFC 4568)."""

from __future__ import annotations

import enum
import secrets
from dataclasses import dataclass

from app.model.crypto import CryptoDescription, CryptoSuite, MasterKey
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


class EncryptionPolicy(enum.StrEnum):
    """The setting `audio.encryption`."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True)
class Encryption:
    """The policy for one call. `private`: signalling travels where nobody reads the keys in it (TLS)."""

    policy: EncryptionPolicy = EncryptionPolicy.NONE
    private: bool = False

    @property
    def required(self) -> bool:
        """A stream without keys must not be."""
        return self.policy is EncryptionPolicy.REQUIRED

    @property
    def offers(self) -> bool:
        """Whether our offers carry keys. Where anybody could read them they only do if there is no call without."""
        return self.required or (self.policy is EncryptionPolicy.OPTIONAL and self.private)

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
        if line.protocol in SECURE_PROTOCOLS:
            return self.answers and bool(line.crypto)
        return line.protocol in PLAIN_PROTOCOLS and (bool(line.crypto) or not self.required)


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
