"""What the user may ask of his calls: each request is allowed and carried out, or refused with advice."""

from __future__ import annotations

from collections.abc import Callable

from app.calls.bridge import Bridge
from app.calls.call import DIGITS_SHOWN, Call
from app.calls.channels import Channels
from app.calls.deadlines import BEEP_SECONDS, Deadline
from app.calls.ports import SignallingLine
from app.calls.refusals import EMERGENCY, NO_CALL, NO_HOLD, NOT_CONNECTED, STILL_CALLING
from app.calls.rules import CallRules
from app.calls.switch import Switch
from app.model import dialplan
from app.model.cause import Cause
from app.model.ids import CallId, LineId
from app.model.media import AudioPath
from app.model.refusal import Refusal
from app.model.signalling import Executor, Registration
from app.model.snapshot import CallState

DIGITS_AT_ONCE = 64
PARK_DIGITS = 8
_DTMF = frozenset("0123456789*#ABCD")

_NO_NUMBER = Refusal("There is no number to call", "Enter a number.")
_BAD_NUMBER = Refusal("This is not a number or an address", "Use digits, *, # and a leading +, or name@host.")
_NO_LINE = Refusal("There is no such line", "Choose another line.")
_NO_LINES = Refusal("The phone has no line to call with", "Have its PBX set up.")
_FULL = Refusal("No more calls can be on at once", "End one of them first.")
_NOTHING_RINGS = Refusal("No call is ringing")
_NO_DEFLECTION = Refusal("Calls on this line cannot be sent on", "Answer or reject it.")
_NOBODY = Refusal("There is nobody to send the call to", "Enter a number.")
_NOTHING_HELD = Refusal("No call is held")
_NO_PARK = Refusal("Calls on this line cannot be parked", "Hold the call.")
_BAD_POSITION = Refusal("This is no place to park at", "Use digits, or none.")
_NO_REDIAL = Refusal("Nothing has been dialled yet", "Enter a number.")
_BAD_DIGITS = Refusal("These digits cannot be sent", "Send 0 to 9, *, # and A to D.")


class Actions:
    """The user's hands. Every method returns None when done, or why not."""

    def __init__(
        self, switch: Switch, bridge: Bridge, channels: Channels, rules: Callable[[], CallRules], last_dialled: str
    ) -> None:
        self._switch = switch
        self._bridge = bridge
        self._channels = channels
        self._board = switch.board
        self._rules = rules
        self._last_dialled = last_dialled

    # --- calls begin -----------------------------------------------------------------------------------

    def dial(self, typed: str, line_id: LineId | None, now: float) -> Refusal | None:
        """Call a number; an empty one begins overlap sending where the line can."""
        lines = self._switch.lines
        line = next(iter(lines.values()), None) if line_id is None else lines.get(line_id)
        if line is None:
            return _NO_LINE if lines else _NO_LINES
        number = dialplan.clean(typed)
        if not number and typed.strip():
            return _BAD_NUMBER
        if self._is_emergency(number):
            self._dial_emergency(number, line, now)
            return None
        if not number and not line.capabilities.overlap:
            return _NO_NUMBER
        refusal = self.may_begin(line) or self._leave_foreground()
        if refusal is not None:
            return refusal
        self._switch.dismiss_ended(now)
        self.choose_path()
        self._switch.place(number, line, now, emergency=False)
        self._last_dialled = number or self._last_dialled
        return None

    def may_begin(self, line: SignallingLine) -> Refusal | None:
        """Why no further call can begin on this line now; None where one can."""
        if self._board.emergency:
            return EMERGENCY
        if len(self._board.live) >= self._rules().calls_at_once:
            return _FULL
        standing = self._board.registrations.get(line.id)
        if standing is None or standing.registration is not Registration.UP:
            reason = "" if standing is None else standing.reason
            advice = "" if standing is None else standing.advice
            return Refusal(reason or "The phone is not registered", advice or "Wait until it is; emergency calls work.")
        return None

    def redial(self, now: float) -> Refusal | None:
        """Call the number dialled last, unless that was a call for help."""
        number = self._last_dialled
        return self.dial(number, None, now) if number and not self._is_emergency(number) else _NO_REDIAL

    def answer(self, call_id: CallId | None, now: float) -> Refusal | None:
        """Take an incoming call. A call that is on is held, one still on its way out is given up for it."""
        call = self._board.ringing if call_id is None else self._board.calls.get(call_id)
        if call is None:
            return _NOTHING_RINGS if call_id is None else NO_CALL
        if not call.ringing:
            return _NOTHING_RINGS
        foreground = self._board.foreground
        if foreground is not None and foreground.connected_at is None and not foreground.answering:
            self._switch.clear(foreground, Cause.NORMAL_CLEARING, now)
        refusal = self._leave_foreground()
        if refusal is not None:
            return refusal
        self._switch.dismiss_ended(now)
        self.choose_path()
        self._switch.take(call)
        return None

    def deflect(self, typed: str, call_id: CallId | None) -> Refusal | None:
        """Have a call that rings here ring elsewhere."""
        call = self._board.ringing if call_id is None else self._board.calls.get(call_id)
        if call is None or not call.ringing:
            return _NOTHING_RINGS
        if call.leg.line.capabilities.deflect is Executor.NONE:
            return _NO_DEFLECTION
        number = dialplan.clean(typed)
        if not number:
            return _BAD_NUMBER if typed.strip() else _NOBODY
        call.deflected_to = number
        call.leg.line.deflect(call.leg.id, number)
        return None

    def hear_announcement(self, call: Call, now: float) -> Refusal | None:
        """Take a ringing call by the loudspeaker with the microphone closed, after a tone; the mute key opens it."""
        refusal = self.answer(call.id, now)
        if refusal is None:
            self._switch.desk.announced = call.id
            self._switch.timers.start(Deadline.ANNOUNCEMENT, BEEP_SECONDS)
            self._switch.media.select_path(AudioPath.SPEAKER)
            self._switch.desk.muted = True
        return refusal

    # --- calls move ------------------------------------------------------------------------------------

    def hold(self, call_id: CallId | None) -> Refusal | None:
        """Hold a call; nobody holds a conference, the user steps out of it."""
        if call_id is None:
            return NO_CALL if self._board.foreground is None else self._leave_foreground()
        call = self._board.calls.get(call_id)
        if call is None or call.ending is not None:
            return NO_CALL
        if call.state is CallState.HELD:
            return None
        return self._hold(call)

    def retrieve(self, call_id: CallId | None) -> Refusal | None:
        """Take a held call or the conference back; another call that is on is held first."""
        call = self._newest_aside() if call_id is None else self._board.calls.get(call_id)
        if call is None or not (call.aside or call.state is CallState.HELD):
            return _NOTHING_HELD
        refusal = self._leave_foreground() if call.aside else None
        if refusal is None:
            self.choose_path()
            self._switch.retrieve(call)
        return refusal

    def swap(self, now: float) -> Refusal | None:
        """Go over to the other call: the held one, else the one that knocks."""
        return self.retrieve(None) if self._board.aside else self.answer(None, now)

    def choose_path(self) -> None:
        """For a voice that begins: with the handset in its cradle not the handset."""
        path = self._switch.desk.hands_free(self._rules().hands_free)
        if path is not None:
            self._switch.media.select_path(path)

    def set_mute(self, *, muted: bool) -> Refusal | None:
        """Close or open the microphone for the call the user is in, or for an app's channel that he hears."""
        if self._channels.talking:
            self._channels.mute_by_user(muted=muted)
        elif self._board.foreground is not None:
            self._switch.desk.muted = muted
            self._switch.desk.left = frozenset()  # he is in the call, by the loudspeaker
        else:
            return NO_CALL
        return None

    def send_digits(self, digits: str, call_id: CallId | None) -> Refusal | None:
        """Send DTMF in a call or to all of a conference, or more of the number while it is dialled."""
        attended = self._board.attended if call_id is None else (self._board.calls.get(call_id),)
        meant = [call for call in attended if call is not None and call.foreground]
        digits = digits.upper()
        if not meant:
            return NO_CALL
        if not digits or len(digits) > DIGITS_AT_ONCE or not _DTMF.issuperset(digits):
            return _BAD_DIGITS
        if meant[0].state is CallState.DIALLING:
            self._dial_on(meant[0], digits)
            return None
        if not all(call.leg.stream.running or call.leg.connected for call in meant):
            return NOT_CONNECTED
        for call in meant:
            self._send_digits(call, digits)
        return None

    def silence(self) -> Refusal | None:
        """Stop the ringing; the call goes on alerting."""
        if self._board.ringing is None and not self._switch.desk.recalling:
            return _NOTHING_RINGS
        self._switch.desk.silenced = True
        return None

    def park(self, call_id: CallId | None, position: str) -> Refusal | None:
        """Have the PBX keep a call where others can take it."""
        call = self._board.active if call_id is None else self._board.calls.get(call_id)
        if call is None or call.ending is not None:
            return NO_CALL
        if call.emergency:
            return EMERGENCY
        if call.state not in (CallState.CONNECTED, CallState.HELD):
            return NOT_CONNECTED
        if call.leg.line.capabilities.park is Executor.NONE:
            return _NO_PARK
        if position and not (position.isdecimal() and len(position) <= PARK_DIGITS):
            return _BAD_POSITION
        call.leg.line.park(call.leg.id, position)
        return None

    # --- calls end -------------------------------------------------------------------------------------

    def reject(self, call_id: CallId | None, now: float) -> Refusal | None:
        """Refuse an incoming call."""
        call = self._board.ringing if call_id is None else self._board.calls.get(call_id)
        if call is None or not call.ringing:
            return _NOTHING_RINGS
        self._switch.clear(call, Cause.CALL_REJECTED, now)
        return None

    def hang_up(self, call_id: CallId | None, now: float, *, whole: bool) -> Refusal | None:
        """End a call in any state or the whole conference, take an ended call off the display, or silence an app."""
        if call_id is None and self._channels.disconnect_talking():
            return None
        call = self._board.active if call_id is None else self._board.calls.get(call_id)
        if call is None:
            return NO_CALL
        whole = (whole or call_id is None) and call.conference is not None and call.ending is None
        meant = self._board.parties if whole else (call,)
        for each in meant:
            self._switch.clear(each, Cause.CALL_REJECTED if each.ringing else Cause.NORMAL_CLEARING, now)
        return None

    # --- steps -----------------------------------------------------------------------------------------

    def _is_emergency(self, number: str) -> bool:
        return number in self._rules().emergency

    def _dial_emergency(self, number: str, line: SignallingLine, now: float) -> None:
        """Everything else ends: the call for help gets the line, the ear and the microphone."""
        for call in tuple(self._board.calls.values()):
            self._switch.clear(call, Cause.USER_BUSY if call.ringing else Cause.NORMAL_CLEARING, now)
        self._channels.close_all()
        self._switch.desk.muted = False
        self.choose_path()
        self._switch.place(number, line, now, emergency=True)

    def _leave_foreground(self) -> Refusal | None:
        foreground = self._board.foreground
        if foreground is None:
            return None
        if foreground.conference is None:
            return self._hold(foreground)
        self._bridge.step_out()
        return None

    def _newest_aside(self) -> Call | None:
        """What lies aside the shortest; of a conference a party that needs no retrieving, where there is one."""
        aside = self._board.aside
        if not aside or aside[-1].conference is None:
            return aside[-1] if aside else None
        return next((call for call in aside if call.stepped_out and call.state is not CallState.HELD), aside[-1])

    def _hold(self, call: Call) -> Refusal | None:
        if call.emergency:
            return EMERGENCY
        if call.state is not CallState.CONNECTED:
            return NOT_CONNECTED if call.answering or call.ringing else STILL_CALLING
        if call.leg.line.capabilities.hold is Executor.NONE:
            return NO_HOLD
        self._switch.hold(call)
        return None

    def _send_digits(self, call: Call, digits: str) -> None:
        for digit in digits:
            if not self._switch.media.send_digit(call.leg.stream.id, digit):
                call.leg.line.digit(call.leg.id, digit)
        call.digits = (call.digits + digits)[-DIGITS_SHOWN:]

    def _dial_on(self, call: Call, digits: str) -> None:
        number = (call.party.number + digits)[: dialplan.NUMBER_LIMIT]
        call.party = type(call.party)(number=number)
        self._last_dialled = number
        if call.leg.signalled:
            call.leg.line.information(call.leg.id, digits)
        else:
            call.leg.number += digits
