"""What can go wrong between the phone, the PBX and apps, each with what to do about it."""

from __future__ import annotations


class PbxError(Exception):
    """The root of what goes wrong in this room. `advice` is one sentence for the person who may mend it.

    It is empty where the text has it already, as it does in what is said to the developers of apps.
    """

    def __init__(self, text: str, advice: str = "") -> None:
        super().__init__(text)
        self.advice = advice


class ServerMalformed(PbxError, ValueError):
    """A text names no PBX."""


class Unreachable(PbxError):
    """No connection came about, or one that was there is gone."""


class LoginFailed(PbxError):
    """The far end does not take the login, or cannot prove who it is."""


class FieldUnreadable(PbxError, ValueError):
    """A field of a message was not encrypted with the key of this login."""


class ClientSettingRefused(PbxError, ValueError):
    """A setting that the PBX has for its clients is none that the phone could follow."""


class WatchRefused(PbxError):
    """The phone watches as many people as it may."""
