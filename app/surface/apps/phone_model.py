"""Calls as the innovaphone APIs tell of them, from what surfaces see."""

from __future__ import annotations

from typing import Literal

from app.model import dialplan, pbx_guesses
from app.model.cause import Cause
from app.model.history import CallDirection, CallRecord
from app.model.party import Party
from app.model.snapshot import CallState, CallView
from app.surface.apps.client_messages import CallInfo, Entry, Remote


def call_number(call: CallView) -> int:
    """What apps call a call: the number in our own name of it."""
    return int(call.id.rpartition("-")[2])


def call_info(call: CallView) -> CallInfo:
    """A call of the phone."""
    held = call.state is CallState.CONNECTED and call.remote_held
    return CallInfo(
        id=call_number(call),
        dir=_direction(call.direction),
        state=pbx_guesses.CALL_HELD_BY_THE_FAR_END if held else pbx_guesses.CALL_STATES[call.state],
        num=call.party.number,
        sip=_address(call.party),
        dn=call.party.name,
        guid=call.guid,
    )


def entry(record: CallRecord, own: str, internal_digits: int) -> Entry:
    """A row of the call list; `own` is the phone's number or name at the PBX."""
    party = record.party
    return Entry(
        cdr=record.row,
        sip=own,
        dir=_direction(record.direction),
        cause=record.cause,
        time=round(record.began * 1000),
        call="ext" if dialplan.is_external(party.number, internal_digits) else "int",
        remote=Remote(party.number, _address(party), party.name),
        status=_status(record),
        id=_conversation(record.guid) if pbx_guesses.CALL_LIST_ID_IS_CONVERSATION else "",
        conn_duration=round(record.seconds),
    )


def _direction(direction: CallDirection) -> Literal["i", "o"]:
    return "i" if direction is CallDirection.INCOMING else "o"


def _address(party: Party) -> str:
    """The protocol's own address without its scheme and parameters."""
    scheme, colon, rest = party.uri.partition(":")
    bare = rest if colon and scheme.lower() in ("sip", "sips") else party.uri
    return bare.partition(";")[0]


def _conversation(guid: str) -> str:
    return "-".join((guid[:8], guid[8:12], guid[12:16], guid[16:20], guid[20:])) if guid else ""


def _status(record: CallRecord) -> Literal["co", "al", "er", "bu"]:
    if record.answered:
        return "co"
    if record.cause == Cause.USER_BUSY:
        return "bu"
    return "al" if record.cause in pbx_guesses.UNANSWERED_CAUSES else "er"
