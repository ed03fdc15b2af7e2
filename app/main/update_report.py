"""What the phone shows of updates: how far one is, and what went wrong until somebody has seen it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from app.diagnostics.notices import NoticeBoard
from app.main.update_record import Failure
from app.model.snapshot import Notice, Severity, UpdateState, UpdateView

FAILURE_NOTICE = "update.failed"
SERVICE_NOTICE = "update.service"
RESTART_NOTICE = "update.restart"


class UpdateReport:
    """Belongs to the loop. `changed` is called when `view` says something else."""

    def __init__(self, notices: NoticeBoard, changed: Callable[[], None]) -> None:
        self._notices = notices
        self._changed = changed
        self._view = UpdateView()

    @property
    def view(self) -> UpdateView:
        """For surfaces."""
        return self._view

    def show(self, state: UpdateState, **changes: object) -> None:
        """These fields of the view are new, and the others as they were."""
        view = msgspec.structs.replace(self._view, state=state, **changes)
        if view != self._view:
            self._view = view
            self._changed()

    def begins(self, state: UpdateState) -> None:
        """A step of an update; what went wrong before is of no interest any more."""
        self.show(state, percent=0, problem="", advice="")

    def ready(self) -> None:
        """It is written whole, and waits for the restart."""
        self._notices.clear(FAILURE_NOTICE)
        self.show(UpdateState.READY, percent=100, problem="", advice="", unseen=False)

    def later(self, problem: str, advice: str) -> None:
        """It came to nothing for now."""
        self._notices.post(Notice(FAILURE_NOTICE, Severity.WARNING, problem, advice))
        self.show(UpdateState.OFFERED, percent=0, problem=problem, advice=advice)

    def failed(self, failure: Failure, *, still: bool) -> None:
        """An update came to nothing, `still` being the one that is wanted; it is shown until somebody has seen it."""
        if not failure.seen:
            text = f"The update to version {failure.version} failed. {failure.text}"
            self._notices.post(Notice(FAILURE_NOTICE, Severity.ERROR, text, failure.advice))
        state = UpdateState.FAILED if still else self._view.state
        if still or not failure.seen:
            self.show(state, problem=failure.text, advice=failure.advice, unseen=not failure.seen)
        else:
            self.show(state, problem="", advice="")

    def forgiven(self) -> None:
        """There is another update to try than the one that came to nothing."""
        self._notices.clear(FAILURE_NOTICE)

    def seen(self) -> None:
        """Somebody has read what went wrong."""
        self._notices.clear(FAILURE_NOTICE)
        self.show(self._view.state, unseen=False)

    def unavailable(self, problem: str, advice: str) -> None:
        """Nobody updates this machine."""
        self._notices.post(Notice(SERVICE_NOTICE, Severity.WARNING, problem, advice))
        self.show(UpdateState.UNAVAILABLE, problem=problem, advice=advice)

    def available(self, version: str, slot: str) -> None:
        """Somebody does; this is what runs."""
        self._notices.clear(SERVICE_NOTICE)
        self.show(UpdateState.CURRENT, version=version, slot=slot)

    def restart_refused(self, reason: str, advice: str) -> None:
        """The machine does not start anew, though nobody needs the phone."""
        self._notices.post(Notice(RESTART_NOTICE, Severity.WARNING, f"{reason}.", advice))

    def restarts(self) -> None:
        """It does."""
        self._notices.clear(RESTART_NOTICE)
