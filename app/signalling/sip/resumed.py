"""A call that was answered by a process before this one: nothing is left of it but its dialog."""

from __future__ import annotations

from app.model.cause import Cause
from app.signalling.sip.body import DescriptionWriter
from app.signalling.sip.call import Call
from app.signalling.sip.dialog import Dialog
from app.signalling.sip.kept import KeptDialog
from app.signalling.sip.quality_report import ReportedCall
from app.signalling.sip.surroundings import Surroundings


class ResumedCall(Call):
    """One leg, whose signalling is lost until its far end was heard again."""

    def __init__(self, kept: KeptDialog, around: Surroundings) -> None:
        """Raises `HeaderError` or `UriError` for a dialog that none of our processes can have kept."""
        super().__init__(kept.leg, around)
        self.outgoing = kept.outgoing
        dialog = Dialog.of_kept(kept)
        self._writer = DescriptionWriter(kept.said)
        self._session = self._open_session(dialog, owns_call_id=kept.outgoing)
        self.facts = ReportedCall(dialog, not kept.outgoing, kept.answered_at)

    def disconnect(self, cause: Cause) -> None:
        """Hang up."""
        if self._session is not None:
            self._session.bye(cause)
        self._release(cause)
