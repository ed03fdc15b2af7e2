"""What the settings say about calls."""

from __future__ import annotations

from dataclasses import dataclass

from app.model.dialplan import EmergencyNumbers
from app.model.media import AudioPath


@dataclass(frozen=True)
class RecordingRules:
    """What is usual: whether calls are recorded `by_default`, or of them `external_only`.

    Nothing is recorded where it is not `possible`. With `user_control` the user's word in a call counts. A number of
    at most `internal_digits` digits is internal.
    """

    possible: bool = False
    by_default: bool = False
    external_only: bool = False
    user_control: bool = False
    internal_digits: int = 4


@dataclass(frozen=True)
class CallRules:
    """`emergency` numbers always go out; `hands_free` is the path for calls while the handset lies in its cradle.

    `calls_at_once` counts all calls there are: parties of a conference, held ones, and one that rings. A `silent` phone
    does not ring; with `do_not_disturb` callers find the user busy, and without `call_waiting` those who come while he
    has a call; help that calls back rings and finds him all the same. After `hold_reminder` seconds the user is
    reminded of a call he left on hold, and again; 0 never. One that lost its PBX is waited for during `reconnect_time`
    seconds. Where it may `follow_transfers` the far end of a call can have another called in its place.
    """

    emergency: EmergencyNumbers = EmergencyNumbers(("112",))  # noqa: RUF009 - frozen
    hands_free: AudioPath = AudioPath.SPEAKER
    calls_at_once: int = 10
    silent: bool = False
    do_not_disturb: bool = False
    call_waiting: bool = True
    hold_reminder: int = 30
    reconnect_time: int = 60
    follow_transfers: bool = True
    recording: RecordingRules = RecordingRules()
