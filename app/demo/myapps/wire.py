"""Messages of AppWebsocket: one JSON object each, `mt` says which, `api` whose, `src` is echoed.

A message here is a frozen struct whose class is named like its `mt`. Decoding is strict about what the documents
define and silent about members they do not name.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from app.demo.myapps.errors import BadMessage

MOST_BYTES = 1 << 20
"""Of one frame."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="mt", tag=True, rename="camel"):
    """A message; its class name is its `mt`."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """An object inside a message."""


class Envelope(msgspec.Struct, frozen=True):
    """What every message has."""

    mt: str
    api: str = ""
    src: str = ""


Kinds = Mapping[tuple[str, str], type[Message]]
"""By `api` and `mt`."""


def kinds(api: str, *types: type[Message]) -> dict[tuple[str, str], type[Message]]:
    """The messages of an api."""
    return {(api, kind.__name__): kind for kind in types}


def read(data: bytes, known: Kinds) -> tuple[Envelope, Message | None]:
    """A message, or None with its envelope when it is not known. Raises BadMessage."""
    try:
        envelope = msgspec.json.decode(data, type=Envelope)
        kind = known.get((envelope.api, envelope.mt))
        return envelope, None if kind is None else msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadMessage(str(error)) from error


def write(message: msgspec.Struct, api: str = "", src: str = "") -> str:
    """As JSON.stringify would: no blanks, nothing escaped that need not be. The envelope's members come first."""
    text = msgspec.json.encode(message).decode()
    members = {name: value for name, value in (("api", api), ("src", src)) if value}
    return msgspec.json.encode(members).decode()[:-1] + "," + text[1:] if members else text


ABSENT = msgspec.Raw(b"")
"""Default of a member that stays text (msgspec allows no union with Raw); it is left out of what is written."""


def raw(value: object) -> msgspec.Raw:
    """A value as the text that will travel, to be signed before it is sent."""
    return msgspec.Raw(msgspec.json.encode(value))
