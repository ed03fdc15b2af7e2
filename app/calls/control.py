"""The call model's one door: events come in, users act, surfaces look."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

import msgspec

from app.calls import diversion, recording, scene
from app.calls.actions import Actions
from app.calls.bridge import Bridge
from app.calls.call import Call
from app.calls.channels import Channels
from app.calls.conference_actions import ConferenceActions
from app.calls.deadlines import Deadline, parse
from app.calls.hook import Hook
from app.calls.kept import KeptCalls
from app.calls.line_to_come import LineToCome
from app.calls.mediated import MediaEvents
from app.calls.meters import Meters
from app.calls.pickup import PickUps
from app.calls.ports import CallListPort, MediaPort, SignallingLine, TimerPort
from app.calls.recovery import Recovery
from app.calls.refusals import EMERGENCY, NO_CALL
from app.calls.reminders import Reminders
from app.calls.rules import CallRules
from app.calls.signalled import SignallingEvents
from app.calls.switch import Switch
from app.calls.transfer import Transfers
from app.model.cause import Cause
from app.model.channel import ChannelView
from app.model.ids import CallId, LineId, StreamId
from app.model.media import EarTone, MediaEvent, Scene
from app.model.quality import Levels
from app.model.refusal import Refusal
from app.model.services import DiversionKind, LineServices, TransferView
from app.model.signalling import RemoteAction, RemoteControl, SignallingEvent
from app.model.snapshot import AudioView, CallView, ConferenceView

_log = logging.getLogger("calls")


class CallControl:
    """All calls of the phone. Belongs to the main thread, does no I/O and has no clock.

    `lines` are the lines, the first being the one to dial with. `wall_time` turns a monotonic second into
    seconds since the epoch, for the call list. `changed` is called at the end of any method that changed
    something visible; it must not call back. `rules` are asked whenever they matter. `now` is always the
    phone's monotonic second. User actions return None when carried out, or a `Refusal`.
    """

    def __init__(
        self,
        lines: Sequence[SignallingLine],
        media: MediaPort,
        call_list: CallListPort,
        timers: TimerPort,
        changed: Callable[[], None],
        wall_time: Callable[[float], float],
        rules: Callable[[], CallRules] = CallRules,
        last_dialled: str = "",
    ) -> None:
        self._switch = Switch({line.id: line for line in lines}, media, call_list, timers, wall_time)
        self._bridge = Bridge(self._switch)
        self._channels = Channels(self._switch.board, media)
        self._apps_talk = False
        self._rules = rules
        self._actions = Actions(self._switch, self._bridge, self._channels, rules, last_dialled)
        self._conference_actions = ConferenceActions(self._switch, self._bridge)
        self._transfers = Transfers(self._switch, self._actions)
        self._hook = Hook(self._switch, self._channels, self._actions, self._transfers)
        self._reminders = Reminders(self._switch, self._channels, rules)
        self._meters = Meters(self._switch)
        self._recovery = Recovery(self._switch, rules)
        self._pickups = PickUps(self._switch, self._actions)
        self._signalling_events = SignallingEvents(
            self._switch, rules, self._remote_control, self._transfers, self._recovery, self._pickups
        )
        self._media_events = MediaEvents(self._switch)
        self._changed = changed
        self._scene = Scene()
        self._shown: object = None

    # --- lines ------------------------------------------------------------------------------------------

    def line_busy(self, line: LineId) -> bool:
        """Whether a call is on this line; such a line must stay."""
        return any(
            leg.line.id == line and (leg.signalled or call.ending is None)
            for call in self._switch.board.calls.values()
            for leg in call.legs
        )

    def set_lines(self, lines: Sequence[SignallingLine]) -> None:
        """Have these lines from now on; what is known of a line that is new or goes is forgotten.

        Raises ValueError where a call is on a line that would go. Calls on a `LineToCome` go on over the line that
        takes its place, or end when it is given up.
        """
        before = self._switch.lines
        self._switch.lines = {line.id: line for line in lines}
        gone = [name for name, line in before.items() if self._switch.lines.get(name) is not line]
        if busy := [name for name in gone if self.line_busy(name) and not isinstance(before[name], LineToCome)]:
            self._switch.lines = before
            raise ValueError(f"calls are on {', '.join(busy)}")
        for name in gone:
            self._switch.board.registrations.pop(name, None)
            self._switch.board.services.pop(name, None)
            awaited, line = before[name], self._switch.lines.get(name)
            if isinstance(awaited, LineToCome) and line is not None:
                self._switch.go_on_over(awaited, line)

    def keep(self) -> KeptCalls:
        """What another process needs to go on with the calls that are answered; see `restore`."""
        return self._switch.keep()

    def restore(self, kept: KeptCalls, line: SignallingLine, now: float) -> None:
        """Have the calls of a process that died, whose streams run.

        `line` has their legs: it says when they can be taken up, as after any other loss of signalling.
        """
        self._switch.restore(kept, line, now)
        self._bridge.watch()
        self._publish(now)

    # --- what comes up -------------------------------------------------------------------------------

    def handle(self, event: SignallingEvent | MediaEvent, now: float) -> None:
        """Take an event of a line or of the media room."""
        if isinstance(event, MediaEvent):
            self._media_events.handle(event, now)
        else:
            self._signalling_events.handle(event, now)
        self._publish(now)

    def timer_fired(self, name: str, now: float) -> None:
        """A deadline asked for at the timer port has come."""
        deadline, call_id = parse(name)
        call = self._switch.board.calls.get(call_id)
        match deadline:
            case Deadline.QUALITY:
                self._switch.refresh_quality()
            case Deadline.RECALL:
                self._recall()
            case Deadline.ANNOUNCEMENT | Deadline.HOLD_REMINDER | Deadline.OFF_HOOK:
                self._reminders.elapsed(deadline)
            case Deadline.SPEAKER:
                self._bridge.look()
            case Deadline.TRANSFER:
                self._transfers.elapsed(now)
            case Deadline.PICKUP:
                self._pickups.elapsed()
            case Deadline.LEVELS:
                self._meters.look(now)
            case Deadline.LOSS_TONE | Deadline.RECONNECT | Deadline.RECONNECT_TIME if call is not None:
                self._recovery.elapsed(deadline, call, now)
            case Deadline.ENDED if call is not None:
                self._switch.clear(call, Cause.NORMAL_CLEARING, now)
            case Deadline.EARLY_MEDIA if call is not None:
                call.far_ringback = call.leg.stream.began
        self._publish(now)

    def rules_changed(self, now: float) -> None:
        """What the settings say about calls is different now; a phone that rings may have become silent."""
        self._publish(now)

    # --- what the user does ----------------------------------------------------------------------------

    def dial(self, number: str, now: float, line: LineId | None = None) -> Refusal | None:
        """Call a number. An emergency number always goes out, whatever else is on."""
        return self._done(self._actions.dial(number, line, now), now)

    def redial(self, now: float) -> Refusal | None:
        """Call the number dialled last."""
        return self._done(self._actions.redial(now), now)

    def answer(self, now: float, call: CallId | None = None) -> Refusal | None:
        """Take an incoming call (None: the one that has rung longest)."""
        return self._done(self._actions.answer(call, now), now)

    def reject(self, now: float, call: CallId | None = None) -> Refusal | None:
        """Refuse an incoming call."""
        return self._done(self._actions.reject(call, now), now)

    def deflect(self, number: str, now: float, call: CallId | None = None) -> Refusal | None:
        """Send an incoming call (None: the one that has rung longest) elsewhere."""
        return self._done(self._actions.deflect(number, call), now)

    def hang_up(self, now: float, call: CallId | None = None, *, whole: bool = False) -> Refusal | None:
        """End a call (None: what the user hears, an app's channels included; else the active call).

        `whole` means all of the conference that the call is in.
        """
        return self._done(self._actions.hang_up(call, now, whole=whole), now)

    def hold(self, now: float, call: CallId | None = None) -> Refusal | None:
        """Hold a call (None: the one the user is in; out of a conference he steps)."""
        return self._done(self._actions.hold(call), now)

    def retrieve(self, now: float, call: CallId | None = None) -> Refusal | None:
        """Take a held call or the conference back (None: the newest)."""
        return self._done(self._actions.retrieve(call), now)

    def swap(self, now: float) -> Refusal | None:
        """Go over to the other call."""
        return self._done(self._actions.swap(now), now)

    def join(self, now: float, call: CallId | None = None) -> Refusal | None:
        """Bring a call that lies aside (None: the newest) together with the one the user is in."""
        return self._done(self._conference_actions.join(call, now), now)

    def split(self, call: CallId, now: float) -> Refusal | None:
        """Take a party out of the conference, and talk with it alone."""
        return self._done(self._conference_actions.split(call), now)

    def mute_party(self, call: CallId, now: float, *, muted: bool) -> Refusal | None:
        """Let nobody hear a party of the conference, or let it be heard again."""
        return self._done(self._conference_actions.mute_party(call, muted=muted), now)

    def set_party_level(self, call: CallId, level_db: int, now: float) -> Refusal | None:
        """Make a party of the conference softer or louder for all others."""
        return self._done(self._conference_actions.set_party_level(call, level_db), now)

    def leave(self, now: float) -> Refusal | None:
        """Let the PBX join the two parties of the conference, and go."""
        return self._done(self._conference_actions.leave(), now)

    def begin_transfer(self, now: float, call: CallId | None = None) -> Refusal | None:
        """Hold a call (None: the active one) to pass it on; with a second call, to that."""
        return self._done(self._transfers.begin(call), now)

    def transfer(self, number: str, now: float, call: CallId | None = None) -> Refusal | None:
        """Blind transfer of the call that is being passed on, or of this one."""
        return self._done(self._transfers.to_number(number, call), now)

    def complete_transfer(self, now: float) -> Refusal | None:
        """Bring the call and the consultation together."""
        return self._done(self._transfers.complete(now), now)

    def cancel_transfer(self, now: float) -> Refusal | None:
        """Back to the call, in whatever state the transfer is."""
        return self._done(self._transfers.cancel(now), now)

    def park(self, now: float, call: CallId | None = None, position: str = "") -> Refusal | None:
        """Park a call (None: the active one) at a position (empty: anywhere)."""
        return self._done(self._actions.park(call, position), now)

    def pick_up(self, line: LineId, call: str, now: float) -> Refusal | None:
        """Take a call of the group, or a parked one, that the line's PBX told of."""
        return self._done(self._pickups.ask(line, call), now)

    def divert(self, line: LineId, kind: DiversionKind, number: str, now: float) -> Refusal | None:
        """Have the PBX send calls of a line elsewhere, or with an empty number no longer."""
        return self._done(diversion.divert(self._switch, line, kind, number), now)

    def set_mute(self, now: float, *, muted: bool) -> Refusal | None:
        """Close or open the microphone."""
        return self._done(self._actions.set_mute(muted=muted), now)

    def send_digits(self, digits: str, now: float, call: CallId | None = None) -> Refusal | None:
        """Send DTMF digits, or dial on."""
        return self._done(self._actions.send_digits(digits, call), now)

    def record(self, now: float, call: CallId | None = None, *, on: bool) -> Refusal | None:
        """Have a call recorded (None: what the user is in), or no longer."""
        return self._done(recording.say(self._switch.board, self._rules().recording, call, on=on), now)

    def watch(self, now: float, *, on: bool) -> Refusal | None:
        """Let levels and figures of the call move, or no longer."""
        if on and self.active is None:
            return NO_CALL
        self._meters.watch(now, on=on)
        return self._done(None, now)

    def silence(self, now: float) -> Refusal | None:
        """Stop the ringing."""
        return self._done(self._actions.silence(), now)

    def hook_moved(self, now: float, *, off_hook: bool) -> Refusal | None:
        """The handset was lifted or put down."""
        return self._done(self._hook.moved(now, off_hook=off_hook), now)

    def name(self, number: str, name: str, now: float) -> None:
        """Somebody knows whose number it is: calls with it that have no name get this one."""
        for call in self._switch.board.calls.values():
            if call.party.number == number and not call.party.name:
                call.party = msgspec.structs.replace(call.party, name=name)
        self._publish(now)

    def describe(self, call_id: CallId, words: str, now: float) -> Refusal | None:
        """An app knows something about a call; empty words take that back."""
        call = self._switch.board.calls.get(call_id)
        if call is None:
            return NO_CALL
        call.info = words
        return self._done(None, now)

    def lock_moved(self, now: float, *, locked: bool) -> None:
        """The phone was locked or unlocked. Calls do not mind; apps that wait for the microphone wait in vain.

        Who looked at a call does so no longer, and a locked phone would not obey him when he says it.
        """
        self._channels.locked = locked
        if locked:
            self._meters.watch(now, on=False)
        self._publish(now)

    def key_pressed(self, now: float) -> None:
        """A key of the phone went down, whatever it means: the dial tone ends, and nobody has forgotten the handset."""
        self._reminders.key_pressed()
        self._publish(now)

    # --- what apps do ------------------------------------------------------------------------------------

    def admit_channel(self, stream: StreamId, app: str, party: str, now: float) -> Refusal | None:
        """Let an app have a channel to a party, whose stream is to be opened after this."""
        return self._done(self._channels.admit(stream, app, party), now)

    def connect_channel(self, stream: StreamId, now: float) -> Refusal | None:
        """Give ear and microphone to a channel, as soon as no call has them: `channels` says whether it does."""
        return self._done(self._channels.connect(stream), now)

    def disconnect_channel(self, stream: StreamId, now: float) -> None:
        """Take them from a channel; it goes on without being heard."""
        self._channels.disconnect(stream)
        self._publish(now)

    def mute_channels(self, now: float, *, muted: bool) -> None:
        """The app that talks closes the microphone, or takes that back; what the user closed stays closed."""
        self._channels.mute(muted=muted)
        self._publish(now)

    def close_channel(self, stream: StreamId, now: float) -> None:
        """Close a channel's stream, too; an unknown name is ignored."""
        self._channels.close(stream)
        self._publish(now)

    # --- what surfaces see -------------------------------------------------------------------------------

    def views(self, now: float) -> tuple[CallView, ...]:
        """All calls, oldest first; an ended one only until its time is over, even when its timer is late."""
        rules = self._rules().recording
        calls = self._switch.board.calls.values()
        return tuple(call.view(recording.view(call, rules)) for call in calls if _in_sight(call, now))

    @property
    def active(self) -> CallId | None:
        """The call that keys mean."""
        call = self._switch.board.active
        return None if call is None else call.id

    @property
    def conference(self) -> ConferenceView | None:
        """The conference, or None."""
        return self._bridge.view()

    @property
    def transfer_view(self) -> TransferView | None:
        """The transfer under way, or None."""
        return self._transfers.view

    @property
    def services(self) -> Mapping[LineId, LineServices]:
        """What each line's PBX has told of diversions, waiting messages and calls of others."""
        return self._switch.board.services

    @property
    def levels(self) -> Levels | None:
        """How loud the sides of the active call are; None while nobody looks."""
        return self._meters.levels

    @property
    def in_call(self) -> bool:
        """True while the user is in a call, on his way into one, or talks through an app."""
        return self._switch.board.foreground is not None or bool(self._channels.talking)

    @property
    def channels(self) -> tuple[ChannelView, ...]:
        """The channels of apps. A channel that is missing was closed, perhaps by a call for help."""
        return self._channels.views(self._scene)

    @property
    def audio(self) -> AudioView:
        """Paths, volumes, mute, gate and ringing."""
        heard = self._scene.ring is not None or self._scene.tone is EarTone.CALL_WAITING
        return self._switch.desk.view(ringing=heard, muted=self._scene.muted)

    @property
    def handset_forgotten(self) -> bool:
        """True while the handset lies beside its cradle and nobody dials."""
        return self._reminders.handset_forgotten

    @property
    def off_hook(self) -> bool:
        """True while the handset is lifted."""
        return self._switch.desk.off_hook

    # --- steps --------------------------------------------------------------------------------------------

    def _remote_control(self, call: Call, event: RemoteControl, now: float) -> None:
        """Do what the PBX asks, where the line says it may: anybody could ask to be listened in on otherwise."""
        if not call.leg.line.capabilities.remote_control:
            _log.warning("leg %s: remote control refused, the line does not have it", event.leg)
            return
        match event.action:
            case RemoteAction.ANSWER:
                refusal = self._actions.answer(call.id, now)
            case RemoteAction.HOLD:
                refusal = self._actions.hold(call.id)
            case RemoteAction.RETRIEVE:
                refusal = self._actions.retrieve(call.id)
            case RemoteAction.MUTE | RemoteAction.UNMUTE:
                refusal = self._remote_mute(call, muted=event.action is RemoteAction.MUTE)
            case RemoteAction.ANNOUNCE:
                refusal = self._actions.hear_announcement(call, now)
            case RemoteAction.DIGIT:
                refusal = self._actions.send_digits(event.digit, call.id)
            case RemoteAction.RECORD | RemoteAction.STOP_RECORDING:
                wanted = event.action is RemoteAction.RECORD
                refusal = recording.say(self._switch.board, self._rules().recording, call.id, on=wanted)
            case RemoteAction.CONFERENCE:
                refusal = self._conference_actions.join(call.id if call.aside else None, now)
            case RemoteAction.END_CONFERENCE:
                refusal = self._conference_actions.split(call.id)
        if refusal is not None:
            _log.info("leg %s: remote %s refused: %s", event.leg, event.action.value, refusal.reason)

    def _remote_mute(self, call: Call, *, muted: bool) -> Refusal | None:
        """Nobody closes the microphone of who calls for help but himself."""
        if muted and call.emergency:
            return EMERGENCY
        return self._actions.set_mute(muted=muted) if call.foreground else NO_CALL

    def _recall(self) -> None:
        board, desk = self._switch.board, self._switch.desk
        desk.recalling = bool(board.aside) and board.foreground is None and not desk.off_hook
        desk.silenced = False

    def _done(self, refusal: Refusal | None, now: float) -> Refusal | None:
        self._publish(now)
        return refusal

    def _publish(self, now: float) -> None:
        """Make heard and seen what has become true."""
        self._recovery.settle()
        self._bridge.settle()
        self._transfers.settle()
        self._reminders.settle()
        self._tidy_desk()
        composed = self._compose()
        if self._channels.locked and self._channels.withdraw_waiting(composed):
            composed = self._compose()
        if composed != self._scene:
            self._scene = composed
            self._switch.media.show(composed)
        desk = (self.audio, self.off_hook, self.handset_forgotten)
        services = (tuple(self.services.items()), self.transfer_view)
        visible = (self.views(now), self.active, self.conference, self.levels, self.channels, desk, services)
        if visible != self._shown:
            self._shown = visible
            self._changed()

    def _compose(self) -> Scene:
        return scene.compose(self._switch.board, self._channels, self._switch.desk, self._rules())

    def _tidy_desk(self) -> None:
        """Mute, silence and recall end with the calls they were meant for."""
        board, desk = self._switch.board, self._switch.desk
        self._channels.settle()
        apps_talk = bool(self._channels.talking)
        if apps_talk and not self._apps_talk:
            self._actions.choose_path()  # the handset may have been put down on the call before it
        self._apps_talk = apps_talk
        if not board.live:
            desk.muted = False
        if not board.aside or board.foreground is not None:
            desk.recalling = False
        if board.ringing is None and not desk.recalling:
            desk.silenced = False


def _in_sight(call: Call, now: float) -> bool:
    return call.ending is None or now < call.ending.until
