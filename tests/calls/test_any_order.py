"""Whatever users, lines and the media room do in whatever order, some things always hold."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from app.calls.rules import CallRules
from app.model.cause import Cause
from app.model.ids import CallId, LegId
from app.model.media import MediaRefused
from app.model.party import Party
from app.model.session import Direction
from app.model.signalling import (
    Alerting,
    AnswerReceived,
    Connected,
    Disconnected,
    Executor,
    LineCapabilities,
    OfferReceived,
    OfferRefused,
    OfferWanted,
    Progress,
    Released,
    RemoteAction,
    RemoteControl,
    SetupIndicated,
    SignallingEvent,
    Transferred,
)
from app.model.snapshot import CallState
from tests.calls.dummies import LINE, DeskPhone, session

CALLS_AT_ONCE = 4
FOREGROUND = {CallState.CONNECTED, CallState.CALLING, CallState.RINGBACK, CallState.DIALLING}

USER: list[Callable[[DeskPhone], object]] = [
    lambda phone: phone.control.dial("201", phone.now),
    lambda phone: phone.control.dial("112", phone.now),
    lambda phone: phone.control.answer(phone.now),
    lambda phone: phone.control.reject(phone.now),
    lambda phone: phone.control.hang_up(phone.now),
    lambda phone: phone.control.hold(phone.now),
    lambda phone: phone.control.retrieve(phone.now),
    lambda phone: phone.control.swap(phone.now),
    lambda phone: phone.control.set_mute(phone.now, muted=True),
    lambda phone: phone.control.hook_moved(phone.now, off_hook=True),
    lambda phone: phone.control.hook_moved(phone.now, off_hook=False),
    lambda phone: phone.control.join(phone.now),
    lambda phone: phone.control.join(phone.now),
    lambda phone: phone.control.split(_any_call(phone), phone.now),
    lambda phone: phone.control.hold(phone.now, _any_call(phone)),
    lambda phone: phone.control.retrieve(phone.now, _any_call(phone)),
    lambda phone: phone.control.hang_up(phone.now, _any_call(phone)),
    lambda phone: phone.control.mute_party(_any_call(phone), phone.now, muted=True),
    lambda phone: phone.control.leave(phone.now),
    lambda phone: phone.settle(),
    lambda phone: phone.settle(),
]


def _any_call(phone: DeskPhone) -> CallId:
    """One call after the other, as time goes on."""
    calls = [view.id for view in phone.views] or [CallId("nobody")]
    return calls[int(phone.now * 2) % len(calls)]


FAR: list[Callable[[LegId, Direction], SignallingEvent]] = [
    lambda leg, direction: Alerting(leg, session(direction)),
    lambda leg, direction: Progress(leg, session(direction)),
    lambda leg, direction: Connected(leg, session(direction)),
    lambda leg, direction: Connected(leg),
    lambda leg, direction: OfferReceived(leg, session(direction)),
    lambda leg, direction: OfferWanted(leg),
    lambda leg, direction: AnswerReceived(leg, session(direction)),
    lambda leg, direction: OfferRefused(leg, Cause.TEMPORARY_FAILURE),
    lambda leg, direction: RemoteControl(leg, RemoteAction.HOLD),
    lambda leg, direction: RemoteControl(leg, RemoteAction.ANSWER),
    lambda leg, direction: Disconnected(leg, Cause.NORMAL_CLEARING, tone=True),
    lambda leg, direction: Disconnected(leg, Cause.NORMAL_CLEARING),
    lambda leg, direction: Released(leg, Cause.USER_BUSY),
]

_steps = st.one_of(
    st.tuples(st.just("user"), st.integers(0, len(USER) - 1), st.just(0), st.just(Direction.SENDRECV)),
    st.tuples(st.just("far"), st.integers(0, len(FAR) - 1), st.integers(0, 5), st.sampled_from(list(Direction))),
    st.tuples(
        st.sampled_from(["setup", "replace", "refuse", "timer", "join"]), st.just(0), st.integers(0, 5), st.none()
    ),
)


class Storm:
    """Plays steps, and remembers every leg there ever was."""

    def __init__(self) -> None:
        rules = CallRules(calls_at_once=CALLS_AT_ONCE)
        self.phone = DeskPhone(LineCapabilities(remote_control=True, transfer=Executor.PBX), rules=rules)
        self.came_in = 0

    @property
    def legs(self) -> list[LegId]:
        seen = [leg for name, leg, _ in self.phone.line.requests if name in {"setup", "alert", "connect"}]
        return list(dict.fromkeys(seen)) or [LegId("nobody")]

    def play(self, kind: str, which: int, pick: int, direction: Direction | None) -> None:
        phone, leg = self.phone, self.legs[pick % len(self.legs)]
        phone.now += 0.5
        if kind == "user":
            USER[which](phone)
        elif kind == "far":
            phone.control.handle(FAR[which](leg, direction or Direction.SENDRECV), phone.now)
        elif kind in {"setup", "replace"}:
            self.came_in += 1
            new = LegId(f"in-{self.came_in}")
            old = leg if kind == "replace" else None
            event = SetupIndicated(new, LINE, Party("301"), Party("200"), session(), replaces=old)
            phone.control.handle(event, phone.now)
        elif kind == "join":
            phone.control.handle(Transferred(leg, self.legs[0]), phone.now)
        elif kind == "timer" and phone.timers.running:
            name = sorted(phone.timers.running)[pick % len(phone.timers.running)]
            del phone.timers.running[name]
            phone.control.timer_fired(name, phone.now)
        elif phone.media.events:
            stream = getattr(phone.media.events[0], "stream", None)
            if stream is not None:
                phone.media.events[0] = MediaRefused(stream, "no sound")

    def check(self) -> None:
        phone = self.phone
        live = [view for view in phone.views if view.state is not CallState.ENDED]
        conference = phone.control.conference
        parties = [view for view in live if view.in_conference]
        away = parties if conference is not None and not conference.attended else []
        assert len(live) <= CALLS_AT_ONCE
        assert (conference is None) == (not parties)
        assert len(parties) != 1
        foreground = [view for view in live if view.state in FOREGROUND and view not in away]
        assert len(foreground) <= 1 or all(view in parties for view in foreground)
        if any(view.emergency for view in live):
            assert len(live) == 1
            assert live[0].state is not CallState.HELD
        scene = phone.media.scene
        assert len(scene.talking) <= max(1, len(parties))
        assert set(scene.connected) <= set(scene.talking) <= phone.media.open_streams
        assert set(scene.apart) <= phone.media.open_streams - set(scene.talking)
        talking = [view for view in live if view.state is CallState.CONNECTED and view not in away]
        assert len(scene.connected) <= len(talking)
        assert scene.connected or all(view.changing for view in talking)
        assert scene.ring is None or not talking
        ended = [leg for name, leg, _ in phone.line.requests if name == "disconnect"]
        assert len(ended) == len(set(ended)), "a leg was disconnected twice"

    def finish(self) -> None:
        """Everything settles and is hung up: nothing may be left."""
        phone = self.phone
        phone.settle()
        for view in phone.views:
            assert phone.control.hang_up(phone.now, view.id) is None
        phone.now += 1000
        for name in list(phone.timers.running):
            phone.timers.running.pop(name)
            phone.control.timer_fired(name, phone.now)
        assert phone.views == ()
        assert phone.media.open_streams == set()
        assert phone.media.scene.talking == phone.media.scene.apart == ()
        assert phone.media.scene.ring is None


@settings(deadline=None, max_examples=400)
@given(steps=st.lists(_steps, max_size=40), calls=st.integers(0, 3), another_rings=st.booleans())
def test_any_order_of_events(
    steps: list[tuple[str, int, int, Direction | None]], calls: int, another_rings: bool
) -> None:
    """Begins idle, in a call, or in a conference of two or three."""
    storm = Storm()
    for _ in range(calls):
        storm.phone.say(Connected(storm.phone.dial(), session()))
        storm.phone.control.join(storm.phone.now)
        storm.phone.settle()
    if another_rings:
        storm.play("setup", 0, 0, None)
    for step in steps:
        storm.play(*step)
        storm.check()
    storm.finish()
