"""What client and PBX say to each other until a myApps login is done (innovaphone SDK, myApps)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from app.model.pbx import PbxUser

_Text = Annotated[str, msgspec.Meta(max_length=255)]
_Url = Annotated[str, msgspec.Meta(max_length=2048)]
_Hex = Annotated[str, msgspec.Meta(max_length=1024)]


class Methods(msgspec.Struct, frozen=True, rename="camel"):
    """How one may log in."""

    digest: bool = False
    ntlm: bool = False
    oauth2: bool = False


class LoginInfoResult(msgspec.Struct, frozen=True, tag="LoginInfoResult", tag_field="mt"):
    """What the PBX takes from a user, and from who has a session already."""

    user: Methods = Methods()
    session: Methods = Methods()


class Login(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Asks for a challenge, or answers it. `type` is "user" or "session"."""

    type: str
    user_agent: str
    method: str = ""
    username: str = ""
    nonce: str = ""
    response: str = ""
    key_share: str = ""


class Authenticate(msgspec.Struct, frozen=True, tag="Authenticate", tag_field="mt"):
    """The challenge; with OAuth2 also the page where the user logs in."""

    type: _Text
    method: _Text
    domain: _Text = ""
    challenge: _Text = ""
    url: _Url = ""


class Authorize(msgspec.Struct, frozen=True, tag="Authorize", tag_field="mt"):
    """The user has to confirm this number where he is logged in already."""

    code: int | _Text


class LoginResult(msgspec.Struct, frozen=True, rename="camel", tag="LoginResult", tag_field="mt"):
    """The login is done, or refused. The digest is over `info` just as it was written."""

    info: msgspec.Raw = msgspec.Raw(b"")
    digest: _Text = ""
    error: int = 0
    error_text: _Text = ""


class Redirect(msgspec.Struct, frozen=True, tag="Redirect", tag_field="mt"):
    """The user is at home on another PBX."""

    info: msgspec.Raw
    digest: _Text


class SealedSession(msgspec.Struct, frozen=True):
    """Credentials of the new session, encrypted, in hexadecimal digits."""

    usr: _Hex
    pwd: _Hex


class ResultInfo(msgspec.Struct, frozen=True, rename="camel"):
    """`info` of LoginResult. On the wire the user is an object in it; the documents have its fields here."""

    user: PbxUser | None = None
    sip: _Text = ""
    settings: msgspec.Raw = msgspec.Raw(b"{}")
    session: SealedSession | None = None
    key_share: _Hex = ""
    alt: _Text = ""
    master: _Text = ""
    alt_master: bool = False


class RedirectInfo(msgspec.Struct, frozen=True, rename="camel"):
    """`info` of Redirect."""

    host: _Text
    https: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 443
    mod: _Text = "PBX0"
    sip: _Text = ""
    session: SealedSession | None = None
    key_share: _Hex = ""
