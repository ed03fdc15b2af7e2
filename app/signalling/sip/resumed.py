"""A call that was answered by a process before this one: nothing is left of it but its dialog."""

from __future__ import annotations

from collections.abc import Callable

from app.model.cause import Cause
from app.model.ids import LegId
from app.signalling.sip.body import DescriptionWriter
from app.signalling.sip.call import Call, LegWatch, Post
from app.signalling.sip.dialog import Dialog, DialogKey
from app.signalling.sip.endpoint import Endpoint
from app.signalling.sip.kept import KeptDialog
from app.signalling.sip.quality_report import ReportedCall
from app.signalling.sip.session import Session


class ResumedCall(Call):
    """One leg, whose signalling is lost until its far end was heard again."""

    def __init__(
        self,
        kept: KeptDialog,
        endpoint: Endpoint,
        sessions: dict[DialogKey, Session],
        post: Post,
        forget: Callable[[LegId], None],
        watch: LegWatch,
    ) -> None:
        """Raises `HeaderError` or `UriError` for a dialog that none of our processes can have kept."""
        super().__init__(kept.leg, endpoint, sessions, post, forget, watch)
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
