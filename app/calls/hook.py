"""What lifting the handset and putting it down mean."""

from __future__ import annotations

from app.calls.actions import Actions
from app.calls.channels import Channels
from app.calls.switch import Switch
from app.calls.transfer import Transfers
from app.model.cause import Cause
from app.model.media import AudioPath
from app.model.refusal import Refusal


class Hook:
    """The hook switch. Lifting takes what waits, putting down ends what goes through the handset."""

    def __init__(self, switch: Switch, channels: Channels, actions: Actions, transfers: Transfers) -> None:
        self._switch = switch
        self._channels = channels
        self._actions = actions
        self._transfers = transfers

    def moved(self, now: float, *, off_hook: bool) -> Refusal | None:
        """The handset was lifted or put down."""
        desk = self._switch.desk
        if off_hook == desk.off_hook:
            return None
        desk.off_hook = off_hook
        if off_hook:
            return self._lifted(now)
        self._put_down(now)
        return None

    def _lifted(self, now: float) -> Refusal | None:
        board = self._switch.board
        self._switch.desk.recalling = False
        self._transfers.take_up()
        self._switch.media.select_path(AudioPath.HANDSET)
        if board.foreground is not None:
            return None  # the voice moves to the handset, nothing else
        if board.ringing is not None:
            return self._actions.answer(None, now)
        if self._channels.talking:
            return None
        self._switch.dismiss_ended(now)
        return self._actions.retrieve(None) if board.aside else None

    def _put_down(self, now: float) -> None:
        switch = self._switch
        if switch.desk.paths.path is not AudioPath.HANDSET:
            return
        switch.dismiss_ended(now)
        self._channels.disconnect_talking()
        if self._transfers.hand_over(now):
            return
        for call in switch.board.attended:
            switch.clear(call, Cause.NORMAL_CLEARING, now)
        if switch.board.aside:
            switch.await_recall()
