"""What can go wrong in PbxSignal, as types. `PbxSignalError` is the root of them all."""

from __future__ import annotations


class PbxSignalError(Exception):
    """The root of every error this package raises about the outside world."""


class MessageMalformed(PbxSignalError, ValueError):
    """A text is no message of PbxSignal, or over a limit. The words name fields and types, never values."""


class ChannelsUnusable(PbxSignalError, ValueError):
    """A `channels` object describes no voice that could be sent anywhere, or a description does not fit into one."""
