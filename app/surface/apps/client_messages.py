"""How apps reach each other's APIs: the frames of myApps, and the messages that the phone takes and sends in them.

Sources: innovaphone SDK, "lib1" (ConsumeApi, RegisterApi, ApiRequest, ApiResult, ApiUpdate) and the pages of
com.innovaphone.client, com.innovaphone.phone, com.innovaphone.phoneinfo and com.innovaphone.calllist.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from app.model.pbx import ConnectionInfo, PbxUser

PHONE_API = "com.innovaphone.phone"
PHONE_INFO_API = "com.innovaphone.phoneinfo"
CALL_LIST_API = "com.innovaphone.calllist"
CLIENT_API = "com.innovaphone.client"

_Provider = Annotated[str, msgspec.Meta(max_length=64)]
_Text = Annotated[str, msgspec.Meta(max_length=255)]


class _Message(msgspec.Struct, frozen=True, tag=True, tag_field="mt"):
    """The base of what has a type of its own."""


# --- frames ----------------------------------------------------------------------------------------------------


class ConsumeApi(_Message, frozen=True):
    """The app wants to know who provides the API that the envelope names, and their models."""


class RegisterApi(_Message, frozen=True):
    """The app provides the API that the envelope names."""


class ApiRequest(_Message, frozen=True):
    """A message to the provider of an API; empty or "*" means whoever provides it."""

    msg: msgspec.Raw
    provider: _Provider = ""


class Provided(msgspec.Struct, frozen=True):
    """What is told of one provider."""

    title: str
    info: dict[str, str]
    model: msgspec.Struct


class ApiUpdate(msgspec.Struct, frozen=True, rename="camel"):
    """Who provides what an app consumes: by API, then by provider."""

    apis: dict[str, dict[str, Provided]]
    default_api_providers: dict[str, str]


class Result(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """ApiResult: a provider's word to who asked."""

    provider: str
    msg: msgspec.Struct
    error_text: str = ""


class Request(msgspec.Struct, frozen=True):
    """ApiRequest towards an app that provides an API."""

    consumer: str
    msg: msgspec.Struct


# --- com.innovaphone.client ------------------------------------------------------------------------------------


class ClientModel(msgspec.Struct, frozen=True, rename="camel"):
    """Who is logged in at the PBX, over which PBX, and how the display looks. Without a session `user` is null."""

    user: PbxUser | None = None
    conn_info: ConnectionInfo = ConnectionInfo()
    standby: bool = False
    lang: str = "en"
    scheme: Literal["light", "dark"] = "dark"
    launcher_update_build: str = ""
    app_store_url: str = ""
    admin_settings: dict[str, object] = {}
    """The PBX's settings for clients by name, each with `value` and `force`, as the PBX has them."""


# --- com.innovaphone.phone -------------------------------------------------------------------------------------


class StartCall(_Message, frozen=True):
    """Calls a number, a SIP address, or a text that may be either."""

    num: _Text = ""
    sip: _Text = ""
    txt: _Text = ""


class PrepareCall(_Message, frozen=True):
    """Shows a number, a SIP address, or a text that may be either, ready to be called."""

    num: _Text = ""
    sip: _Text = ""
    txt: _Text = ""


class ConnectCall(_Message, frozen=True):
    """Takes the call that comes in."""


class DisconnectCall(_Message, frozen=True):
    """Refuses the call that comes in, or else ends the active one."""


class Frame(msgspec.Struct, frozen=True):
    """A page that an app would have shown beside a call."""

    src: str = ""


class ShowCallInfo(_Message, frozen=True, tag="CallInfo"):
    """What an app knows about a call: `html`, or a page for an `iframe`."""

    id: int
    html: Annotated[str, msgspec.Meta(max_length=8192)] = ""
    iframe: Frame | None = None


class CallInfoResult(_Message, frozen=True):
    """It is shown, or not: `errorText` beside it says why."""


class StartCallResult(_Message, frozen=True):
    """The call is on its way, or not: `errorText` beside it says why."""


class PrepareCallResult(_Message, frozen=True):
    """Likewise for PrepareCall."""


class ConnectCallResult(_Message, frozen=True):
    """Likewise for ConnectCall."""


class DisconnectCallResult(_Message, frozen=True):
    """Likewise for DisconnectCall."""


class CallInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """One call of the phone."""

    id: int
    dir: Literal["i", "o"]
    state: str
    num: str = ""
    sip: str = ""
    dn: str = ""
    guid: str = ""
    """The conversation's, the same at all its ends; empty where the line has none, as everywhere below."""


class PhoneModel(msgspec.Struct, frozen=True):
    """How the phone is doing."""

    registered: bool
    calls: tuple[CallInfo, ...]


# --- com.innovaphone.phoneinfo ---------------------------------------------------------------------------------


class CallAdded(_Message, frozen=True, omit_defaults=True):
    """There is a new call."""

    id: int
    guid: str = ""


class CallUpdated(_Message, frozen=True, omit_defaults=True):
    """What is true of a call now."""

    id: int
    dir: Literal["i", "o"]
    state: str
    num: str = ""
    sip: str = ""
    dn: str = ""
    guid: str = ""


class CallRemoved(_Message, frozen=True, omit_defaults=True):
    """A call is gone."""

    id: int
    guid: str = ""


# --- com.innovaphone.calllist ----------------------------------------------------------------------------------


class Subscribe(_Message, frozen=True):
    """Asks for the newest calls, and for each one that is added."""

    count: Annotated[int, msgspec.Meta(ge=0, le=100)]


class Remote(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who was at the other end."""

    number: str = ""
    sip: str = ""
    dn: str = ""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finished call. `time` is in milliseconds since the epoch, `conn_duration` in seconds.

    `id` is the conversation's GUID with hyphens (RFC 9562, 4); empty where the line gave it none.
    """

    cdr: int
    sip: str
    dir: Literal["i", "o"]
    cause: int
    time: int
    call: Literal["int", "ext"]
    remote: Remote
    status: Literal["co", "al", "er", "bu"]
    id: str = ""
    conn_duration: int = msgspec.field(default=0, name="conn-duration")


class Update(_Message, frozen=True):
    """Entries of the call list, the newest first."""

    entries: tuple[Entry, ...]


class EmptyModel(msgspec.Struct, frozen=True):
    """The model of an API that has none."""
