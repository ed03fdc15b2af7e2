"""The message base of AppWebsocket: one JSON object a text frame, `{"mt": …, "api": …, "src": …}`.

`mt` is the message's type, `api` selects who is meant (none: the service itself), and an answer carries the `src` of
its question back (innovaphone SDK, AppWebsocket, "Message base"). A result is the question's `mt` with "Result" behind
it; one that went wrong has `error`, a number, and `errorText`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from app.model.decoding import NOT_DECODED
from app.pbx.errors import PbxError

NAME_CHARACTERS = 64
"""Longest `mt`, `api` and `src`."""

DecHook = Callable[[type, Any], Any] | None
EncHook = Callable[[Any], Any] | None

_Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARACTERS)]


class ErrorCode(enum.IntEnum):
    """`error` of our results. The vendor numbers only those of a login; these are our own."""

    MALFORMED = 1
    """No JSON object with an `mt`, or a field of it is missing or wrong."""
    UNKNOWN = 2
    """There is no such `api` or `mt` here."""
    NOT_LOGGED_IN = 3
    REFUSED = 4
    """Understood, and not done: `errorText` says why and what to do."""


class AppError(PbxError):
    """What ends in an `error` of a result; `code` is its number, the message is for the app's developer or user."""

    def __init__(self, code: ErrorCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class MessageMalformed(AppError, ValueError):
    """A text is no message, or not the one its `mt` says."""

    def __init__(self, text: str) -> None:
        super().__init__(ErrorCode.MALFORMED, text)


class Envelope(msgspec.Struct, frozen=True):
    """What every message has."""

    mt: _Name
    api: _Name = ""
    src: _Name | None = None


_envelopes = msgspec.json.Decoder(Envelope)


def open_envelope(text: bytes) -> Envelope:
    """Type, addressee and number of a message. Raises MessageMalformed, which quotes nothing of it."""
    try:
        envelope = _envelopes.decode(text)
    except NOT_DECODED as error:
        raise MessageMalformed(f"This is no message: {_words(error)}. Send a JSON object with a text 'mt'.") from None
    if not envelope.mt:
        raise MessageMalformed("This is no message: 'mt' is empty. Name the type of the message in it.")
    return envelope


class Reader:
    """Reads the messages of one API. `kinds` are structs tagged by `mt`; fields that they don't have are ignored."""

    def __init__(self, *kinds: type[msgspec.Struct], dec_hook: DecHook = None) -> None:
        self._decoders = {
            str(kind.__struct_config__.tag): msgspec.json.Decoder(kind, dec_hook=dec_hook) for kind in kinds
        }

    def knows(self, mt: str) -> bool:
        """Whether messages of this type can be read here."""
        return mt in self._decoders

    def read(self, envelope: Envelope, text: bytes) -> msgspec.Struct:
        """The message. Raises AppError, which names fields but quotes no value: it may be a secret."""
        decoder = self._decoders.get(envelope.mt)
        if decoder is None:
            known = ", ".join(sorted(self._decoders))
            raise AppError(ErrorCode.UNKNOWN, f"There is no such message here. There are: {known}.")
        try:
            message: msgspec.Struct = decoder.decode(text)
        except NOT_DECODED as error:
            raise MessageMalformed(f"{envelope.mt} cannot be read: {_words(error)}.") from None
        return message


def write(
    mt: str, fields: msgspec.Struct | None = None, *, api: str = "", src: str | None = None, enc_hook: EncHook = None
) -> str:
    """A message with these fields; `enc_hook` writes what msgspec does not know."""
    base: dict[str, object] = {"mt": mt}
    if api:
        base["api"] = api
    if src is not None:
        base["src"] = src
    rest = {} if fields is None else msgspec.to_builtins(fields, enc_hook=enc_hook)
    return msgspec.json.encode(base | rest).decode()


def write_error(error: AppError, mt: str = "", *, api: str = "", src: str | None = None) -> str:
    """The result of a message that went wrong; without an `mt` nobody knows which."""
    return write(f"{mt}Result" if mt else "Error", _Error(int(error.code), str(error)), api=api, src=src)


class _Error(msgspec.Struct, frozen=True, rename="camel"):
    error: int
    error_text: str


def _words(error: Exception) -> str:
    """What is wrong and where, in msgspec's words, which name types and fields only."""
    if isinstance(error, msgspec.ValidationError):
        return str(error).replace("`", "'")
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it is not JSON in UTF-8"
