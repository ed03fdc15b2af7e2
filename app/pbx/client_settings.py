"""What an administrator sets on the PBX for its clients (`adminSettings`), as values of the phone's own settings.

Each is `{"value": ..., "force": true|false}`; what is forced the user cannot change. The names of those about recording
stand in no public document, but in `app.model.pbx_guesses`: the PBX has them on its page for myApps.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from app.diagnostics.flags import traced
from app.model import pbx_guesses
from app.model.decoding import NOT_DECODED
from app.model.flags import LogFlag
from app.model.snapshot import Notice, Severity
from app.pbx.errors import ClientSettingRefused, PbxError
from app.settings.errors import SettingsError
from app.settings.layers import check
from app.settings.registry import setting
from app.settings.setting import Layer

NOTICE = "pbx.settings"
"""The notices about what cannot be followed are below it."""
LONGEST = 65536
"""Bytes of all of them; more is nobody's settings."""

_ADVICE = "Correct it in the PBX's client settings of myApps; until then the phone keeps what it had."
_HEX = re.compile(r"(?:0[xX])?[0-9A-Fa-f]{1,16}")
_MINUTE_MS = 60_000

_Values = dict[str, object]


class ClientSettings(msgspec.Struct, frozen=True):
    """What the PBX's layer of settings is to say: None where it says nothing any more. `notices` say what is wrong."""

    changes: dict[str, object]
    notices: tuple[Notice, ...] = ()


class _Given(msgspec.Struct, frozen=True):
    value: str | int | bool | None
    force: bool = False


class _Row(msgspec.Struct, frozen=True):
    """Reads a value into the settings `keys`; `forced` is the switch that `force` sets, where the user has a say."""

    keys: tuple[str, ...]
    read: Callable[[str | int | bool | None], _Values]
    forced: str = ""


def read_client_settings(raw: bytes) -> ClientSettings:
    """Read the PBX's object. A value that cannot be used is left as it is and has a notice; what is not there goes."""
    try:
        given = msgspec.json.decode(raw[: LONGEST + 1], type=dict[str, msgspec.Raw])
    except NOT_DECODED:
        return ClientSettings({}, (_notice(NOTICE, "The PBX's client settings cannot be read."),))
    changes: _Values = {}
    notices = []
    for name, row in _ROWS.items():
        if name not in given:
            changes.update(dict.fromkeys((*row.keys, row.forced) if row.forced else row.keys))
            continue
        try:
            changes.update(_read(row, given[name]))
        except (PbxError, SettingsError) as error:
            notices.append(_notice(f"{NOTICE}.{name}", f"The PBX's client setting '{name}' is not used: {error}"))
    return ClientSettings(changes, tuple(notices))


def _read(row: _Row, raw: msgspec.Raw) -> _Values:
    try:
        given = msgspec.json.decode(raw, type=_Given)
    except NOT_DECODED as error:
        raise ClientSettingRefused("it is no object of value and force.", _ADVICE) from error
    values = row.read(given.value)
    for key, value in values.items():
        check(Layer.PBX, key, value)
    return {**values, row.forced: given.force} if row.forced else values


def _inactive_after(value: str | int | bool | None) -> _Values:
    """`offline` comes in milliseconds; a part of a minute counts as a whole one, so that only 0 is never."""
    most = setting(_INACTIVE_AFTER).highest
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most * _MINUTE_MS:
        raise ClientSettingRefused(f"it must be milliseconds from 0 to {most * _MINUTE_MS}.", _ADVICE)
    return {_INACTIVE_AFTER: -(-value // _MINUTE_MS)}


def _levels(value: str | int | bool | None) -> _Values:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ClientSettingRefused("it must have at most 16 hexadecimal digits.", _ADVICE)
    flags = traced(int(value, 16))
    return {_level(flag): "debug" if flag in flags else None for flag in LogFlag}


def _level(flag: LogFlag) -> str:
    return f"diagnostics.level.{flag}"


def _same(key: str, forced: str = "") -> _Row:
    return _Row((key,), lambda value: {key: value}, forced)


def _notice(name: str, text: str) -> Notice:
    return Notice(name, Severity.WARNING, text, _ADVICE)


_INACTIVE_AFTER = "presence.inactive_after"
_ROWS = {
    "offline": _Row((_INACTIVE_AFTER,), _inactive_after, "presence.inactive_after_forced"),
    "logFlags": _Row(tuple(_level(flag) for flag in LogFlag), _levels),
    "video": _same("video.enabled"),
    pbx_guesses.RECORDING_URL: _same("recording.url"),
    pbx_guesses.RECORDING_BY_DEFAULT: _same("recording.by_default", "recording.by_default_forced"),
    pbx_guesses.RECORDING_EXTERNAL_ONLY: _same("recording.external_only", "recording.external_only_forced"),
    pbx_guesses.RECORDING_USER_CONTROL: _same("recording.user_control"),
}
