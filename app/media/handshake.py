"""A DTLS association of one voice stream: begun, judged by the fingerprint that signalling named, given up.

The handshake itself runs in the engine, on its relay thread. What comes of it is believed only when the certificate
that the far end has shown is the one that its description named (RFC 5763, 5). Where RTP and RTCP have a port each,
they have an association each (RFC 5764, 4.1).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from app.media.dtls import Handshake
from app.media.ice.candidates import RTP
from app.model.crypto import DtlsDescription, Fingerprint
from native import DtlsConnected, DtlsFailed, DtlsRole, SrtpKeys, Stream

LIMIT_SECONDS = 15.0
"""How long a connected call may wait for its keys."""
STRANGERS_TOLD = 5
"""Handshakes of others than the far end that a call warns of in the log."""

_log = logging.getLogger("media")


class Association:
    """Belongs to the main thread, and wants a running loop.

    `changed` is called when `keys` have; `failed`, with words for a person, at most once for each handshake. `is_there`
    tells whether an address and port are the far end's, as far as is known. RTCP's (`component` 2) fails only by a
    false certificate: otherwise there is no RTCP, and the voice goes on. So it does under the keys of a process before
    this one, if the far end that has them too names what it named for them, and does not shake hands again at all.
    """

    def __init__(
        self,
        stream: Stream,
        changed: Callable[[], None],
        failed: Callable[[str], None],
        is_there: Callable[[str, int], bool],
        component: int = RTP,
    ) -> None:
        self.keys: SrtpKeys | None = None
        """Of the handshake that was agreed on, or of the one before it until that has come to its end."""
        self.shared_with: DtlsDescription | None = None
        """Whom `keys` came by a handshake with."""
        self._stream = stream
        self._changed = changed
        self._failed = failed
        self._is_there = is_there
        self._component = component
        self._agreed: Handshake | None = None
        self._number: int | None = None
        self._waits = False
        """The association in the engine is a server's."""
        self._outcome: DtlsConnected | None = None
        """Came before its agreement did."""
        self._proved = False
        self._inherited = False
        """The keys are those of a process before this one, and their far end may go on with them."""
        self._connected = False
        self._strangers = 0
        self._timer: asyncio.TimerHandle | None = None

    def resume(self, keys: SrtpKeys | None, shared_with: DtlsDescription | None) -> None:
        """A process before this one had these keys: they serve until another handshake, agreed on from now on, has."""
        self.keys, self.shared_with, self._inherited = keys, shared_with, keys is not None

    def expect(self) -> None:
        """An offer of ours leaves: the far end may begin before its answer has come (RFC 5763, 5)."""
        if self._number is None:
            self._agreed = None  # what was agreed on has come to nothing, and is no measure for who begins now
            self._begin(DtlsRole.SERVER)

    def agree(self, handshake: Handshake | None) -> None:
        """Both ends want this handshake; None: they want none."""
        if handshake is None:
            self.close()
            return
        if handshake == self._agreed:
            return
        expected = self._agreed is None and self._number is not None and self._waits and not handshake.begins
        self._agreed, self._proved = handshake, False
        if not expected:
            self._begin(DtlsRole.CLIENT if handshake.begins else DtlsRole.SERVER)
        elif self._outcome is not None:
            self._judge(self._outcome)
        self._set_limit()

    def connected(self, connected: bool) -> None:
        """Whether the call is on: only then somebody waits for its keys."""
        if connected != self._connected:
            self._connected = connected
            self._set_limit()

    def handle(self, event: DtlsConnected | DtlsFailed) -> None:
        """Take what the engine tells of this stream's handshakes."""
        if event.association != self._number:
            return
        if isinstance(event, DtlsFailed):
            reason = "The two phones could not agree on encryption"
            self._refuse(event, f"the handshake failed: {event.text}", reason)
        elif self._agreed is None:
            self._outcome = event
        else:
            self._judge(event)

    def close(self) -> None:
        """Have no handshake, and no keys of one."""
        self._stop_limit()
        if self._number is not None:
            self._stream.end_handshake(self._component)
        self._number = self._agreed = self._outcome = self.keys = self.shared_with = None
        self._proved = self._inherited = False

    def _begin(self, role: DtlsRole) -> None:
        self._outcome = None
        self._waits = role is DtlsRole.SERVER
        self._number = self._stream.handshake(role, self._component)

    def _judge(self, outcome: DtlsConnected) -> None:
        agreed = self._agreed
        self._outcome = None
        shown = outcome.fingerprints
        digests = {"sha-256": shown.sha256, "sha-384": shown.sha384, "sha-512": shown.sha512}
        if agreed is not None and any(agreed.names(Fingerprint(*digest)) for digest in digests.items()):
            self._proved = True
            self._stop_limit()
            self.keys, self.shared_with, self._inherited = outcome.keys, agreed.theirs, False
            self._changed()
            return
        reason = "The other phone is not the one that the PBX has announced"
        self._refuse(outcome, "a strange certificate", reason, vital=True)

    def _refuse(self, event: DtlsConnected | DtlsFailed, what: str, reason: str, *, vital: bool = False) -> None:
        """Listen on where it may have been a stranger's: anybody can come to an open port, and the far end may yet."""
        stranger = self._waits and (self._agreed is None or not self._is_there(event.address, event.port))
        self._strangers += stranger
        level = logging.DEBUG if self._strangers > STRANGERS_TOLD else logging.WARNING
        _log.log(level, "%s: %s, with %s port %d", self._stream, what, event.address or "nobody", event.port)
        if stranger:
            self._begin(DtlsRole.SERVER)
        else:
            if event.address:
                self._inherited = False  # somebody began to shake hands there, and has left the keys of before
            self._give_up(reason, vital=vital)

    def _give_up(self, reason: str, *, vital: bool = False) -> None:
        self._stop_limit()
        self._stream.end_handshake(self._component)
        self._number, self._proved = None, True  # there is nothing more to wait for
        if self._inherited and self._is_as_before():
            _log.warning("%s: no other handshake; the keys of before stay in use", self._stream)
        elif vital or self._component == RTP:
            self._failed(reason)
        else:
            _log.warning("%s: no RTCP, which found no keys of its own", self._stream)

    def _is_as_before(self) -> bool:
        """Whether the far end still names what it named for the keys: another has not got them."""
        before, agreed = self.shared_with, self._agreed
        return (
            before is not None
            and agreed is not None
            and before.association == agreed.theirs.association
            and set(before.fingerprints) == set(agreed.theirs.fingerprints)
        )

    def _set_limit(self) -> None:
        self._stop_limit()
        if self._connected and self._agreed is not None and not self._proved:
            reason = "The other phone did not agree on encryption in time"
            self._timer = asyncio.get_running_loop().call_later(LIMIT_SECONDS, self._give_up, reason)

    def _stop_limit(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
