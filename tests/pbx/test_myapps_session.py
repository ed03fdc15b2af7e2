"""A myApps session, message by message, as the documents and captures of real PBXes have them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.pbx import AppEntry, NumberPrefix, PbxSoftware, PbxUser, Presence
from app.pbx.myapps_session import MESSAGE_BYTES_MAX, AppsChanged, MyAppsSession, SessionEvent
from app.pbx.session_messages import (
    APPS_MAX,
    AppGetLoginResult,
    CheckBuildResult,
    DeviceApp,
    DialogInfo,
    DialogState,
    Disconnect,
    Endpoint,
    LogoutResult,
    StandbyBack,
    UpdateOwnPresence,
    UpdatePresence,
    UpdateUser,
    Watched,
)
from app.settings.secret import Secret


class Desk:
    """One session, what it said and what it told."""

    def __init__(self, *, logged_in: bool = True) -> None:
        self.said: list[dict[str, Any]] = []
        self.told: list[SessionEvent] = []
        self.session = MyAppsSession(lambda text: self.said.append(json.loads(text)), self.told.append)
        if logged_in:
            self.session.begin()
            assert self.said == [{"mt": "SubscribeApps"}]
            self.said.clear()

    def hear(self, *messages: dict[str, Any] | str) -> list[SessionEvent]:
        """What these messages made the session tell."""
        before = len(self.told)
        for message in messages:
            text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
            self.session.receive(text.encode())
        return self.told[before:]


CHECK_BUILD_RESULT = {
    "mt": "CheckBuildResult",
    "version": "13r3",
    "build": "137766",
    "launcherUpdateBuild": "137766",
    "appStoreUrl": "https://store.example.com/download/",
}
USER = {"domain": "example.com", "sip": "jdo", "guid": "0" * 32, "dn": "John Dö", "num": "27", "email": "j@example.com",
        "prefix": {"intl": "000", "ntl": "00", "subs": "0", "area": "7031", "country": "49"},
        "onboarded": True}  # fmt: skip
PHONE = {"name": "phone", "title": "Phone", "text": "Calls", "url": "../../APPS/phone/phone",
         "info": {"hidden": False, "apis": {"com.innovaphone.phone": {}}, "wake": ["phone"]}}  # fmt: skip
SEARCH = {"name": "search", "title": "Search", "url": "../../APPS/search/search", "info": {"hidden": True}}
DEVICES = [{"name": "phone", "title": "Phone", "deviceapp": "phone"}]
ENTRIES = (
    AppEntry("phone", "Phone", "Calls", "../../APPS/phone/phone", apis=("com.innovaphone.phone",)),
    AppEntry("search", "Search", "", "../../APPS/search/search", hidden=True),
)
ALL_APPS = AppsChanged(ENTRIES, (DeviceApp("phone", "Phone", "phone"),), "phone,search")
PRESENCE = {"contact": "tel:", "activity": "busy", "status": "closed", "note": "in a meeting"}
UPDATE_PRESENCE = {"mt": "UpdatePresence", "sip": "ckl", "num": "31", "up": True,
                   "ep": {"sip": "ckl", "dn": "Clara", "num": "31", "email": "", "url": "", "type": "user"},
                   "presence": [PRESENCE]}  # fmt: skip
DIALOG_INFO = {"mt": "DialogInfo", "sip": "ckl", "num": "31", "callId": "a" * 32, "confId": "c" * 32,
               "remote": {"sip": "dse", "dn": "Dora", "num": "32"}, "deleted": False,
               "state": {"name": "connected", "outgoing": True, "hold": True, "held": False,
                         "waiting": False}}  # fmt: skip
LOGIN_RESULT = {"mt": "AppGetLoginResult", "src": "src0", "domain": "example.com", "sip": "jdo", "guid": "0" * 32,
                "dn": "John", "pbxObj": "phone", "app": "phone", "info": {"cn": "Jö/"}, "digest": "d" * 64,
                "salt": "5", "key": "the session key"}  # fmt: skip
UPDATE_APPS = {"mt": "UpdateApps", "apps": [PHONE, SEARCH], "deviceApps": DEVICES, "selected": "phone,search"}
COMPLETE = {"mt": "UpdateAppsComplete", "deviceApps": DEVICES, "selected": "phone,search"}


def info(app: dict[str, Any]) -> dict[str, Any]:
    return {"mt": "UpdateAppsInfo", "app": app}


MESSAGES: tuple[dict[str, Any], ...] = (
    CHECK_BUILD_RESULT,
    UPDATE_APPS,
    info(PHONE),
    COMPLETE,
    LOGIN_RESULT,
    {"mt": "UpdateOwnPresence", "presence": [PRESENCE]},
    UPDATE_PRESENCE,
    DIALOG_INFO,
    {"mt": "UpdateUser", "user": USER},
)


def test_before_the_login_the_build_is_learnt() -> None:
    desk = Desk(logged_in=False)
    desk.session.check_build()
    assert desk.said == [{"mt": "CheckBuild"}]
    store = "https://store.example.com/download/"
    told = desk.hear(CHECK_BUILD_RESULT, {"mt": "CheckBuildResult"})
    assert told == [CheckBuildResult("13r3", "137766", "137766", store), CheckBuildResult()]


def test_what_the_pbx_runs_is_fit_to_be_shown() -> None:
    assert CheckBuildResult("13r3\n", "1", "2", "javascript:x").software == PbxSoftware("13r3\\n", "1", "2", "")
    assert CheckBuildResult(app_store_url="https://x/\x1b").software == PbxSoftware(app_store_url="https://x/\\x1b")


def test_before_the_login_a_pbx_neither_ends_a_session_nor_speaks_for_the_user() -> None:
    desk = Desk(logged_in=False)
    ends = ({"mt": "LogoutResult"}, {"mt": "Disconnect"}, {"mt": "StandbyBack"})
    assert desk.hear(*ends, {"mt": "UpdateUser", "user": USER}, UPDATE_PRESENCE, UPDATE_APPS) == []
    desk.session.begin()
    assert desk.hear(UPDATE_APPS) == [ALL_APPS]


def test_apps_come_all_at_once() -> None:
    assert Desk().hear(UPDATE_APPS) == [ALL_APPS]


def test_apps_come_one_by_one_and_are_told_when_complete() -> None:
    desk = Desk()
    assert desk.hear(info(PHONE), info(SEARCH | {"title": "?"}), info(SEARCH)) == []
    assert desk.hear(COMPLETE) == [ALL_APPS]


def test_a_second_series_forgets_the_first() -> None:
    desk = Desk()
    desk.hear(info(PHONE), info(SEARCH), COMPLETE)
    told = desk.hear(info(SEARCH), COMPLETE)
    assert told == [AppsChanged(ENTRIES[1:], ALL_APPS.device_apps, ALL_APPS.selected)]


def test_endless_apps_are_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    with caplog.at_level(logging.INFO):
        (told,) = desk.hear(*(info({"name": f"app{n}"}) for n in range(APPS_MAX + 3)), COMPLETE)
    assert isinstance(told, AppsChanged)
    assert len(told.apps) == APPS_MAX
    assert caplog.text.count("more than 256 apps") == 1
    assert desk.hear({"mt": "UpdateApps", "apps": [PHONE] * (APPS_MAX + 1)}) == []


def test_own_presence_and_activity() -> None:
    desk = Desk()
    desk.session.set_own_presence("dnd", "in a meeting")
    desk.session.set_user_activity(inactive=True)
    desk.session.set_user_activity(inactive=False)
    assert desk.said == [
        {"mt": "SetOwnPresence", "activity": "dnd", "note": "in a meeting"},
        {"mt": "SetUserActivity", "inactive": True},
        {"mt": "SetUserActivity", "inactive": False},
    ]
    im = {"contact": "im:", "activity": "", "status": "open"}
    expected = (Presence("tel:", "closed", "busy", "in a meeting"), Presence("im:", "open"))
    assert desk.hear({"mt": "UpdateOwnPresence", "presence": [PRESENCE, im]}) == [UpdateOwnPresence(expected)]


def test_the_presence_of_others() -> None:
    desk = Desk()
    desk.session.subscribe_presence(Watched(sip="ckl"))
    desk.session.unsubscribe_presence(Watched(num="31"))
    assert desk.said == [{"mt": "SubscribePresence", "sip": "ckl"}, {"mt": "UnsubscribePresence", "num": "31"}]
    who = Endpoint("ckl", "Clara", "31", type="user")
    presence = (Presence("tel:", "closed", "busy", "in a meeting"),)
    assert desk.hear(UPDATE_PRESENCE) == [UpdatePresence("ckl", "31", up=True, ep=who, presence=presence)]


def test_the_calls_of_others() -> None:
    desk = Desk()
    desk.session.subscribe_dialog(Watched(sip="ckl"))
    desk.session.unsubscribe_dialog(Watched(sip="ckl"))
    assert desk.said == [{"mt": "SubscribeDialog", "sip": "ckl"}, {"mt": "UnsubscribeDialog", "sip": "ckl"}]
    state = DialogState("connected", outgoing=True, hold=True)
    remote = Endpoint("dse", "Dora", "32")
    assert desk.hear(DIALOG_INFO) == [DialogInfo("ckl", "31", "a" * 32, "c" * 32, remote, state)]


def test_the_user() -> None:
    prefix = NumberPrefix("000", "00", "0", "7031", "49")
    user = PbxUser("example.com", "jdo", "0" * 32, "John Dö", "27", "j@example.com", prefix)
    assert Desk().hear({"mt": "UpdateUser", "user": USER}) == [UpdateUser(user)]


def test_a_login_to_an_app_keeps_info_as_it_came_and_shows_no_key() -> None:
    desk = Desk()
    src = desk.session.get_app_login("phone", "609f44c1f7043ba1")
    assert desk.said == [{"mt": "AppGetLogin", "src": src, "app": "phone", "challenge": "609f44c1f7043ba1"}]
    text = json.dumps(LOGIN_RESULT | {"src": src}).replace('{"cn": "J\\u00f6/"}', '{ "cn":"Jö/",  "a":[1.50]}')
    (told,) = desk.hear(text)
    assert isinstance(told, AppGetLoginResult)
    assert bytes(told.info) == '{ "cn":"Jö/",  "a":[1.50]}'.encode()
    assert told.key == Secret("the session key")
    assert "the session key" not in repr(told)


def test_logins_to_apps_are_told_apart_and_answered_once() -> None:
    desk = Desk()
    first, second = (desk.session.get_app_login(app, "1") for app in ("phone", "search"))
    refused = {"mt": "AppGetLoginResult", "src": second, "error": 3, "errorText": "No licence"}
    assert desk.hear(refused, refused) == [AppGetLoginResult(second, error=3, error_text="No licence")]
    assert desk.hear(LOGIN_RESULT | {"src": "src99"}) == []
    assert [told.src for told in desk.hear(LOGIN_RESULT | {"src": first}) if isinstance(told, AppGetLoginResult)] == [
        first
    ]


def test_of_logins_without_an_answer_the_oldest_give_way() -> None:
    desk = Desk()
    asked = [desk.session.get_app_login("phone", "1") for _ in range(65)]
    answers = [desk.hear({"mt": "AppGetLoginResult", "src": src}) for src in asked]
    assert [len(answer) for answer in answers] == [0] + [1] * 64


@pytest.mark.parametrize("end", [StandbyBack(), Disconnect(), LogoutResult()])
def test_after_the_end_nothing_counts(end: SessionEvent) -> None:
    desk = Desk()
    desk.session.log_out()
    assert desk.said == [{"mt": "Logout"}]
    assert desk.hear({"mt": type(end).__name__}, {"mt": "UpdateUser", "user": USER}, {"mt": "LogoutResult"}) == [end]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"mt":"Surprise","secret":"hunter2"}', "'Surprise'"),
        ('{"mt":"UpdateUser","user":["hunter2"]}', "'UpdateUser'"),
        ('{"mt":"AppGetLoginResult","src":"src0","key":["hunter2"]}', "'AppGetLoginResult'"),
        ("hunter2", "no message"),
        ('{"mt":"UpdateUser","user":' + "[" * 30000, "no message"),
        ('{"mt":"UpdateUser","x":"' + "hunter2" * (MESSAGE_BYTES_MAX // 7) + '"}', "longer than"),
    ],
    ids=["unknown", "wrong type", "wrong credential", "no JSON", "deep", "long"],
)
def test_what_cannot_be_used_is_ignored_and_logged_once(text: str, word: str, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.session.get_app_login("phone", "1")
    with caplog.at_level(logging.DEBUG):
        assert desk.hear(text, text, text) == []
    assert [word in record.getMessage() for record in caplog.records] == [True]
    assert "hunter2" not in caplog.text
    assert desk.hear(UPDATE_APPS) == [ALL_APPS]


def test_ever_new_messages_do_not_fill_log_and_memory(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert Desk().hear(*({"mt": f"Surprise{n}"} for n in range(1000))) == []
    assert len(caplog.records) == 64


def test_messages_of_the_login_and_of_other_clients_are_left_to_them(caplog: pytest.LogCaptureFixture) -> None:
    of_the_login = ("LoginInfoResult", "Authenticate", "Authorize", "LoginResult", "Redirect", "KeepAlive")
    names = (*of_the_login, "SessionAdded", "SessionUpdated", "SessionDeleted")
    with caplog.at_level(logging.DEBUG):
        assert Desk().hear(*({"mt": name} for name in names)) == []
    assert not caplog.records


SCALARS: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
ANY = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a message but its type."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = [(key, part) for key, part in value.items() if path or key != "mt"]
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [place for key, part in inner for place in places(part, (*path, key))]
    return [path, *found] if path else found


def with_value(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """The same message with something else at one place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = with_value(copy[path[0]], path[1:], new)
    return copy


@given(st.data())
def test_any_type_at_every_field_harms_nobody(data: st.DataObject) -> None:
    desk = Desk()
    src = desk.session.get_app_login("phone", "1")
    message = data.draw(st.sampled_from(MESSAGES))
    if "src" in message:
        message = message | {"src": src}
    wrong = with_value(message, data.draw(st.sampled_from(places(message))), data.draw(ANY))
    told = desk.hear(wrong)
    assert len(told) <= 1
    for event in told:
        assert type(event).__name__ in (wrong["mt"], "AppsChanged")
    assert desk.hear({"mt": "UpdateUser", "user": USER}, UPDATE_APPS)[-1] == ALL_APPS


@pytest.mark.parametrize("message", MESSAGES, ids=[message["mt"] for message in MESSAGES])
def test_a_wrong_type_at_a_field_that_is_read_is_never_told(message: dict[str, Any]) -> None:
    """A list of numbers fits no field at all; only what nobody reads may hold one."""
    unread = {"onboarded", "wake", "com.innovaphone.phone"}
    raw = ("info",) if message["mt"] == "AppGetLoginResult" else None
    for path in places(message):
        if unread & set(map(str, path)) or path[:1] == raw:
            continue
        desk = Desk()
        desk.session.get_app_login("phone", "1")
        assert desk.hear(with_value(message, path, [1, 2])) == [], path
        assert desk.hear({"mt": "UpdateAppsComplete"}) == [AppsChanged((), (), "")]
