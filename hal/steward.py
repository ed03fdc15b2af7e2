"""What the phone asks of its steward, the only part of it that runs as root (`hal.linux.steward`)."""

from __future__ import annotations

import enum

import msgspec

SOCKET = "/run/ip270-steward.socket"
LARGEST_MESSAGE = 512
"""Octets of a request and of an answer, each a line of JSON."""


class Verb(enum.StrEnum):
    """Everything that takes root."""

    RESTART = "restart"
    """Start the machine anew, its services ended in order."""
    FACTORY_RESET = "factory_reset"
    """The same, and everything that was set or has happened is forgotten at the next start."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One a connection."""

    verb: Verb


class Answer(msgspec.Struct, frozen=True):
    """Whether it was done, and if not, why."""

    done: bool
    reason: str = ""
