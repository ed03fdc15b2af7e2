"""The login of AppWebsocket: a challenge, and a digest that proves the password without telling it.

Source: innovaphone SDK, AppWebsocket, "AppChallenge" and "AppLogin". Sans-IO.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Annotated

import msgspec

from app.settings.secret import Secret

_CHALLENGE_BYTES = 8
"""At most 16 characters, so as many hex digits."""

_Text = Annotated[str, msgspec.Meta(max_length=255)]


class AppChallenge(msgspec.Struct, frozen=True, tag="AppChallenge", tag_field="mt"):
    """Asks for a challenge."""


class AppChallengeResult(msgspec.Struct, frozen=True, tag="AppChallengeResult", tag_field="mt"):
    """What the digest must be made with."""

    challenge: str


class AppLogin(msgspec.Struct, frozen=True, tag="AppLogin", tag_field="mt"):
    """Who logs in. `info` is hashed just as it was written; empty where there is none."""

    app: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
    digest: _Text
    domain: _Text = ""
    sip: _Text = ""
    guid: _Text = ""
    dn: _Text = ""
    info: msgspec.Raw = msgspec.Raw(b"")


class AppLoginResult(msgspec.Struct, frozen=True, omit_defaults=True, tag="AppLoginResult", tag_field="mt"):
    """`ok` is there only on success."""

    ok: bool = False


def new_challenge() -> str:
    """A challenge for one login."""
    return secrets.token_hex(_CHALLENGE_BYTES)


def digest(login: AppLogin, challenge: str, password: Secret) -> str:
    """What proves that who logs in knows the password: 64 hexadecimal digits."""
    parts = [part.encode() for part in (login.app, login.domain, login.sip, login.guid, login.dn)]
    info = bytes(login.info)
    if info:
        parts.append(info)
    parts += [challenge.encode(), password.reveal().encode()]
    return hashlib.sha256(b":".join(parts)).hexdigest()


def proves(login: AppLogin, challenge: str, password: Secret) -> bool:
    """Whether a login's digest is right; never without a challenge or with an empty password."""
    if not challenge or not password:
        return False
    return hmac.compare_digest(digest(login, challenge, password).encode(), login.digest.lower().encode())
