"""What a line's PBX has told of diversions, waiting messages and calls of others, kept up to date by its events."""

from __future__ import annotations

import msgspec

from app.calls import endings
from app.model.services import GROUP_CALLS_KEPT, GroupCall, LineServices
from app.model.signalling import (
    DiversionRefused,
    DiversionsChanged,
    GroupCallChanged,
    GroupCallGone,
    LineChanged,
    LineEvent,
    MessageWaiting,
    PickUpRefused,
)


def after(told: LineServices, event: LineEvent) -> LineServices:
    """What is true after an event of the line."""
    match event:
        case DiversionsChanged():
            return msgspec.structs.replace(told, diversions=event.diversions, notice="")
        case MessageWaiting():
            return msgspec.structs.replace(told, messages=event.messages)
        case GroupCallChanged():
            return msgspec.structs.replace(told, group_calls=_with(told.group_calls, event.call))
        case GroupCallGone():
            kept = () if event.call is None else _without(told.group_calls, event.call)
            return msgspec.structs.replace(told, group_calls=kept)
        case DiversionRefused():
            return msgspec.structs.replace(told, notice=f"Not diverted: {endings.words(event.cause, event.text)}")
        case LineChanged() | PickUpRefused():
            return told


def _with(calls: tuple[GroupCall, ...], call: GroupCall) -> tuple[GroupCall, ...]:
    """A call that is known keeps its place; of too many the oldest makes room."""
    if any(each.id == call.id for each in calls):
        return tuple(call if each.id == call.id else each for each in calls)
    return (*calls, call)[-GROUP_CALLS_KEPT:]


def _without(calls: tuple[GroupCall, ...], name: str) -> tuple[GroupCall, ...]:
    return tuple(call for call in calls if call.id != name)
