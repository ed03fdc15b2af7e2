"""One dialog in place of another (RFC 3891): what Replaces says, and how it stands in a Refer-To (RFC 5589, 7.1)."""

from __future__ import annotations

from urllib.parse import quote, unquote

import msgspec

from app.signalling.sip.dialog import Dialog, DialogKey
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.fields import format_parameters, parse_parameters
from app.signalling.sip.message import Request
from app.signalling.sip.uri import SipUri, find_parameter

MAX_CALL_ID = 256
_UNESCAPED = "-_.!~*'()"


class Replaces(msgspec.Struct, frozen=True):
    """Names a dialog as its receiver knows it: `to_tag` is the receiver's own tag (RFC 3891, 6.1)."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @staticmethod
    def parse(text: str) -> Replaces:
        """Read `call-id;to-tag=x;from-tag=y[;early-only]`. Raises `HeaderError`."""
        call_id, semicolon, _ = text.partition(";")
        name = call_id.strip(" \t")
        parameters = parse_parameters(text, len(call_id)) if semicolon else ()
        to_tag, from_tag = find_parameter(parameters, "to-tag"), find_parameter(parameters, "from-tag")
        if not name or len(name) > MAX_CALL_ID or not to_tag or not from_tag:
            msg = "Replaces must be call-id;to-tag=x;from-tag=y"
            raise HeaderError(msg)
        return Replaces(name, to_tag, from_tag, find_parameter(parameters, "early-only") is not None)

    @staticmethod
    def of_dialog(dialog: Dialog) -> Replaces:
        """Names a dialog of ours to its far end."""
        return Replaces(dialog.call_id, to_tag=dialog.key.remote_tag, from_tag=dialog.key.local_tag)

    @staticmethod
    def in_request(request: Request) -> Replaces | None:
        """What an INVITE wants to replace. Raises `HeaderError`, also for more than one (RFC 3891, 3)."""
        return None if "Replaces" not in request.headers else Replaces.parse(request.headers.single("Replaces"))

    @staticmethod
    def in_uri(uri: SipUri) -> Replaces | None:
        """What whoever calls this URI is to replace. Raises `HeaderError`."""
        values = [unquote(value) for name, value in uri.headers if name.lower() == "replaces"]
        return Replaces.parse(values[0]) if values else None

    def __str__(self) -> str:
        early: tuple[tuple[str, None], ...] = (("early-only", None),) if self.early_only else ()
        return f"{self.call_id}" + format_parameters((("to-tag", self.to_tag), ("from-tag", self.from_tag), *early))

    @property
    def key(self) -> DialogKey:
        """The dialog it means to its receiver."""
        return DialogKey(self.call_id, self.to_tag, self.from_tag)

    def added_to(self, uri: SipUri) -> SipUri:
        """The URI that says to its caller what to replace."""
        return msgspec.structs.replace(uri, headers=(("Replaces", quote(str(self), safe=_UNESCAPED)),))
