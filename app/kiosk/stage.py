"""From the situation to the tree on the screen, and how long that stays true."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from app.kiosk.focus import with_ring
from app.kiosk.geometry import Rect
from app.kiosk.intents import Dismiss, Place
from app.kiosk.layout import bands
from app.kiosk.marks import Fill, Icon, Mark, Text
from app.kiosk.screens import (
    calls,
    conference,
    dial,
    idle,
    incall,
    incoming,
    incoming_calls,
    lock,
    menu,
    pbx,
    pickup,
    presence,
    quality,
    recording,
    ringer,
    sound,
    starting,
    text,
    time,
    update,
)
from app.kiosk.situation import Situation
from app.kiosk.theme import Steps, Token
from app.kiosk.tree import Node, Role, moved_on
from app.kiosk.view import UiState, View
from app.model.snapshot import CallState, Snapshot

_PLACES: dict[Place, Callable[[View], Node]] = {
    Place.IDLE: idle.build,
    Place.DIAL: dial.build,
    Place.CALLS: calls.build,
    Place.MENU: menu.build,
    Place.THEME: menu.build_theme,
    Place.SOUND: sound.build,
    Place.QUALITY: quality.build,
    Place.RINGER: ringer.build,
    Place.RING_TONES: ringer.build_tones,
    Place.RECORDING: recording.build,
    Place.PRESENCE: presence.build,
    Place.TIME: time.build,
    Place.PBX: pbx.build,
    Place.TEXT: text.build,
    Place.PIN: menu.build_pin,
    Place.ABOUT: menu.build_about,
    Place.UPDATE: update.build,
    Place.EMERGENCY: dial.build_emergency,
    Place.PICKUP: pickup.build,
    Place.INCOMING_CALLS: incoming_calls.build,
    Place.DIVERT_TO: dial.build_divert,
}
_IN_CALL_PLACES = (Place.DIAL, Place.CALLS, Place.SOUND, Place.QUALITY, Place.PICKUP)


class Stage:
    """Builds what the situation calls for; what is true already is only moved on in time."""

    def __init__(self, situation: Situation) -> None:
        self._situation = situation
        self._kept: tuple[tuple[Snapshot | None, UiState, dt.datetime, bool], Node] | None = None

    def build(self) -> Node:
        """The tree of what should be on the screen now."""
        situation = self._situation
        view = situation.view()
        root = self._current(view)
        if situation.state.message:
            root = dataclasses.replace(root, children=(*root.children, _toast(view)))
        return with_ring(root, situation.focus.node(root), situation.panel.px(3))

    def seconds_to_change(self) -> float:
        """How long the picture stays true by itself: to the next minute, second of a timer, or end of a message."""
        situation, view = self._situation, self._situation.view()
        waits = [60.0 - view.wall.second - view.wall.microsecond / 1e6]
        waits += [1.0 - (view.now - began) % 1.0 for began in _counted(view)]
        retry_at = view.snapshot.lock.retry_at
        if view.snapshot.lock.locked and retry_at is not None and retry_at > view.now:
            waits.append((retry_at - view.now) % 1.0 or 1.0)
        if view.snapshot.audio.ringing and view.incoming is not None:
            half = incoming.RING_SECONDS / 2
            waits.append(half - view.now % half)
        tap = situation.state.tap
        if tap is not None and tap.until > view.now:
            waits.append(tap.until - view.now)
        if situation.state.message:
            waits.append(max(0.0, situation.message_until - situation.clock()))
        return min(waits)

    def _current(self, view: View) -> Node:
        """The screen of this view: built when something else is true than before, else only moved on in time."""
        minute = view.wall.replace(second=0, microsecond=0)
        truth = (self._situation.snapshot, self._situation.state, minute, self._situation.switching_off)
        if self._kept is not None and self._kept[0] == truth:
            root = moved_on(self._kept[1], view)
        else:
            root = self._screen(view)
        self._kept = truth, root
        return root

    def _screen(self, view: View) -> Node:
        if self._situation.switching_off:
            return starting.build_farewell(view)
        if self._situation.snapshot is None:
            return starting.build(view)
        active, ringing, place = view.active, view.incoming, view.ui.place
        locked = view.snapshot.lock.locked
        if view.sent_on is not None:
            return dial.build_send_on(view, view.sent_on)
        if active is None and ringing is not None:
            return incoming.build(view, ringing)
        if view.choosing_transfer is not None:
            return dial.build_transfer(view, view.choosing_transfer)
        if active is not None and (locked or ringing is not None or place not in _IN_CALL_PLACES):
            running = view.snapshot.conference if active.in_conference else None
            return incall.build(view, active) if running is None else conference.build(view, running)
        if locked and place is not Place.EMERGENCY:
            return lock.build(view)
        return _PLACES[place](view)


def _counted(view: View) -> list[float]:
    """When that began whose seconds are shown: calls, and in the place of its parties' the conference."""
    began = [
        call.connected_at
        for call in view.snapshot.calls
        if call.connected_at is not None and call.state is not CallState.ENDED and not call.in_conference
    ]
    if view.snapshot.conference is not None and view.active is not None and view.active.in_conference:
        began.append(view.snapshot.conference.began)
    return began


def _toast(view: View) -> Node:
    """A sentence that goes by itself, above the soft keys."""
    areas = bands(view.panel)
    pad, icon = view.px(16), view.px(24)
    limit = areas.content.width - 2 * pad - icon - view.px(12)
    lines = view.text.wrap(view.ui.message, Steps.SMALL_STRONG, limit, 2)
    pitch = round(view.panel.em(Steps.SMALL_STRONG) * 1.4)
    width = max(view.text.measure(line, Steps.SMALL_STRONG) for line in lines) + 2 * pad + icon + view.px(12)
    height = pitch * len(lines) + 2 * view.px(12)
    area = Rect((view.panel.width - width) // 2, areas.content.bottom - height, width, height)
    marks: list[Mark] = [
        Fill(area, Token.ACCENT, view.px(14)),
        Icon("about", Rect(area.x + pad, area.center_y - icon // 2, icon, icon), Token.ON_ACCENT),
    ]
    for number, line in enumerate(lines):
        baseline = view.text.baseline(Steps.SMALL_STRONG, area.y + view.px(12) + (number + 0.5) * pitch)
        marks.append(Text(line, Steps.SMALL_STRONG, Token.ON_ACCENT, area.x + pad + icon + view.px(12), baseline))
    return Node("toast", Role.ALERT, area, name=view.ui.message, intent=Dismiss(), marks=tuple(marks))
