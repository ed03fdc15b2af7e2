"""What descriptions settle for a DTLS-SRTP handshake: who begins it, and whose certificate to expect (RFC 5763, 5)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import msgspec

from app.model.crypto import DtlsDescription, DtlsSetup, Fingerprint

_ASSOCIATION_BYTES = 16
"""RFC 8842, 4 wants 120 random bits."""


@dataclass(frozen=True)
class Handshake:
    """One handshake as both ends have agreed to have it. As long as this is the same, its outcome stays in force."""

    begins: bool
    """We begin it."""
    ours: str
    """Our name for it (RFC 8842, 4)."""
    theirs: DtlsDescription

    def names(self, fingerprint: Fingerprint) -> bool:
        """Whether signalling named this digest of the certificate that was shown."""
        return fingerprint in self.theirs.fingerprints


class DtlsSide:
    """Our side of the offers and answers of one stream. `fingerprint` is our certificate's."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self._fingerprint = fingerprint
        self._name = _new_name()
        self._in_use: Handshake | None = None

    def offer(self) -> DtlsDescription:
        """Either end may begin; what is in use goes on, unless the answer changes it."""
        return self._describe(DtlsSetup.ACTPASS, self._name)

    def taken(self, answer: DtlsDescription) -> Handshake | None:
        """What an answer to our last offer has settled; None where it leaves open who begins."""
        if answer.setup is DtlsSetup.ACTPASS:
            return None
        return self._settled(Handshake(answer.setup is DtlsSetup.PASSIVE, self._name, answer))

    def answer(self, offer: DtlsDescription) -> tuple[DtlsDescription, Handshake]:
        """Our answer, and what is then settled. We begin where we may: the far end hears of us the sooner."""
        before = self._in_use
        begins = offer.setup is not DtlsSetup.ACTIVE
        if before is not None and before.theirs.association == offer.association and offer.setup is DtlsSetup.ACTPASS:
            begins = before.begins
        handshake = self._settled(Handshake(begins, self._name, offer))
        if before is not None and handshake is not before:
            handshake = Handshake(begins, _new_name(), offer)
        return self._describe(DtlsSetup.ACTIVE if begins else DtlsSetup.PASSIVE, handshake.ours), handshake

    def agreed(self, handshake: Handshake | None) -> None:
        """From now on this is in force; a name that was used for another is not used again."""
        if handshake is not None:
            self._name = handshake.ours
        elif self._in_use is not None:
            self._name = _new_name()
        self._in_use = handshake

    def _settled(self, handshake: Handshake) -> Handshake:
        """The one in use where that goes on: how an end says who begins may change without its changing."""
        before = self._in_use
        if before is None or before.begins != handshake.begins:
            return handshake
        theirs = msgspec.structs.replace(handshake.theirs, setup=before.theirs.setup)
        return before if theirs == before.theirs else handshake

    def _describe(self, setup: DtlsSetup, name: str) -> DtlsDescription:
        return DtlsDescription(setup, (self._fingerprint,), name)


def _new_name() -> str:
    return secrets.token_hex(_ASSOCIATION_BYTES)
