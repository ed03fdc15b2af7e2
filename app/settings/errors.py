"""What can be wrong with a setting, each with what to do about it."""

from __future__ import annotations


class SettingsError(Exception):
    """The root of this room's errors. `advice` is one sentence for the person who may mend it."""

    def __init__(self, text: str, advice: str) -> None:
        super().__init__(text)
        self.advice = advice


class UnknownSetting(SettingsError, LookupError):
    """No setting has this key. `closest` is the known key most like it, or None."""

    def __init__(self, key: str, closest: str | None) -> None:
        advice = f"Did you mean '{closest}'?" if closest else "Look the key up in the table of settings."
        super().__init__(f"There is no setting '{key}'.", advice)
        self.key = key
        self.closest = closest


class ValueRefused(SettingsError, ValueError):
    """The value does not fit its setting; the value that was in force stays."""

    def __init__(self, key: str, text: str, advice: str) -> None:
        super().__init__(text, advice)
        self.key = key


class NotPermitted(SettingsError, PermissionError):
    """Somebody tried to set what is not his to set."""

    def __init__(self, key: str, text: str, advice: str) -> None:
        super().__init__(text, advice)
        self.key = key


class NotKept(SettingsError, OSError):
    """The storage refused a change; the phone goes on with the values it had."""
