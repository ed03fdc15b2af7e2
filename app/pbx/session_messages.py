"""What client and PBX say to each other once a myApps login is done (innovaphone SDK, myApps).

What the PBX says is read with limits of size and count, and travels up as it is. A field that it leaves out has the
value that stands here.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from app.model import pbx_guesses
from app.model.pbx import AppEntry, PbxSoftware, PbxUser, Presence
from app.model.plain_text import plain
from app.settings.secret import Secret

_Text = Annotated[str, msgspec.Meta(max_length=255)]
_Words = Annotated[str, msgspec.Meta(max_length=4096)]
_URL_CHARACTERS = 2048
_Url = Annotated[str, msgspec.Meta(max_length=_URL_CHARACTERS)]

APPS_MAX = 256
"""Most apps of one user, and most devices among them."""
PRESENCES_MAX = 64
"""Most ways in which one person has a presence."""

_Presences = Annotated[tuple[Presence, ...], msgspec.Meta(max_length=PRESENCES_MAX)]

# --- before the login ------------------------------------------------------------------------------------------


class CheckBuildResult(msgspec.Struct, frozen=True, rename="camel", tag="CheckBuildResult", tag_field="mt"):
    """What the PBX runs (`version` is missing on old ones), and the build of their software its clients should have."""

    version: _Text = ""
    build: _Text = ""
    launcher_update_build: _Text = ""
    app_store_url: _Url = ""

    @property
    def software(self) -> PbxSoftware:
        """The same for surfaces."""
        store = self.app_store_url if self.app_store_url.startswith(("https://", "http://")) else ""
        return PbxSoftware(
            version=plain(self.version),
            build=plain(self.build),
            launcher_update_build=plain(self.launcher_update_build),
            app_store_url=plain(store, _URL_CHARACTERS),
        )


# --- apps ------------------------------------------------------------------------------------------------------


class DeviceApp(msgspec.Struct, frozen=True):
    """An app that stands for a telephone of the user; `deviceapp` is "phone", "softphone" or "rcc"."""

    name: _Text
    title: _Text = ""
    deviceapp: _Text = ""


class AppDetails(msgspec.Struct, frozen=True):
    """What of an app's `info` counts here."""

    hidden: bool = False
    apis: Annotated[dict[_Text, msgspec.Raw], msgspec.Meta(max_length=APPS_MAX)] = {}


class App(msgspec.Struct, frozen=True):
    """One app, as the PBX describes it."""

    name: _Text
    title: _Text = ""
    text: _Words = ""
    url: _Url = ""
    info: AppDetails = AppDetails()

    @property
    def entry(self) -> AppEntry:
        """The same for surfaces."""
        return AppEntry(self.name, self.title, self.text, self.url, self.info.hidden, tuple(self.info.apis))


_Apps = Annotated[tuple[App, ...], msgspec.Meta(max_length=APPS_MAX)]
_DeviceApps = Annotated[tuple[DeviceApp, ...], msgspec.Meta(max_length=APPS_MAX)]


class UpdateApps(msgspec.Struct, frozen=True, rename="camel", tag="UpdateApps", tag_field="mt"):
    """All apps at once, as the documents have it."""

    apps: _Apps = ()
    device_apps: _DeviceApps = ()
    selected: _Words = ""


class UpdateAppsInfo(msgspec.Struct, frozen=True, tag="UpdateAppsInfo", tag_field="mt"):
    """One app of a series, as real PBXes send them."""

    app: App


class UpdateAppsComplete(msgspec.Struct, frozen=True, rename="camel", tag="UpdateAppsComplete", tag_field="mt"):
    """The series is over."""

    device_apps: _DeviceApps = ()
    selected: _Words = ""


class AppGetLogin(msgspec.Struct, frozen=True):
    """Asks for a proof that logs in to an app whose service drew this challenge."""

    app: str
    challenge: str


class AppGetLoginResult(msgspec.Struct, frozen=True, rename="camel", tag="AppGetLoginResult", tag_field="mt"):
    """What goes into AppLogin, or why there is nothing. `info` is the object's text just as it came."""

    src: str
    app: _Text = ""
    domain: _Text = ""
    sip: _Text = ""
    guid: _Text = ""
    dn: _Text = ""
    pbx_obj: _Text = ""
    info: msgspec.Raw = msgspec.Raw(b"")
    digest: _Text = ""
    salt: _Text = ""
    key: Secret = Secret("")
    error: int | _Text = 0
    error_text: _Text = ""


# --- presence and dialogs --------------------------------------------------------------------------------------


class Watched(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whom a subscription is for: a name on the PBX, or a number."""

    sip: _Text = ""
    num: _Text = ""


class SetOwnPresence(msgspec.Struct, frozen=True):
    """What the user says of himself: `activity` is "", "away", "busy" or "dnd"."""

    activity: str
    note: str


class SetUserActivity(msgspec.Struct, frozen=True):
    """Whether the user has been away from the phone for a while."""

    inactive: bool


class UpdateOwnPresence(msgspec.Struct, frozen=True, tag="UpdateOwnPresence", tag_field="mt"):
    """The user's own presence."""

    presence: _Presences = ()


class Endpoint(msgspec.Struct, frozen=True):
    """Who somebody is."""

    sip: _Text = ""
    dn: _Text = ""
    num: _Text = ""
    email: _Text = ""
    url: _Url = ""
    type: _Text = ""


class UpdatePresence(msgspec.Struct, frozen=True, tag="UpdatePresence", tag_field="mt"):
    """Somebody's presence. `sip` or `num` are those of the subscription; without `up` nobody knows."""

    sip: _Text = ""
    num: _Text = ""
    up: bool = False
    ep: Endpoint = Endpoint()
    presence: _Presences = ()


class DialogState(msgspec.Struct, frozen=True):
    """How far a call is: `name` is "alerting", "connected" and the like."""

    name: _Text = ""
    outgoing: bool = False
    hold: bool = False
    held: bool = False
    waiting: bool = False


class DialogInfo(msgspec.Struct, frozen=True, rename="camel", tag="DialogInfo", tag_field="mt"):
    """A call of somebody. `sip` or `num` are those of the subscription; `deleted`: there is no such call any more."""

    sip: _Text = ""
    num: _Text = ""
    call_id: _Text = ""
    conf_id: _Text = ""
    remote: Endpoint = Endpoint()
    state: DialogState = DialogState()
    deleted: bool = False


# --- the user, and the end -------------------------------------------------------------------------------------


class UpdateUser(msgspec.Struct, frozen=True, tag="UpdateUser", tag_field="mt"):
    """The user's data have changed, or what the PBX sets for his clients; empty where it says nothing of that."""

    user: PbxUser
    settings: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name=pbx_guesses.UPDATED_SETTINGS)


class StandbyBack(msgspec.Struct, frozen=True, tag="StandbyBack", tag_field="mt"):
    """The user's own PBX is back: whoever stood in for it ends the connection, and the session stays good."""


class Disconnect(msgspec.Struct, frozen=True, tag="Disconnect", tag_field="mt"):
    """The PBX goes down: it ends the connection, and the session stays good."""


class LogoutResult(msgspec.Struct, frozen=True, tag="LogoutResult", tag_field="mt"):
    """The session is gone, whether we asked for that or not."""
