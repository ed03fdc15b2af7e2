"""The innovaphone APIs over the call model: who is told of calls, and what apps may have the phone do."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from app.model.cause import Cause
from app.model.pbx import ConnectionInfo, PbxUser
from app.model.refusal import Refusal
from app.model.signalling import Alerting, ConferenceNamed, Connected, Released, RemoteHeld
from app.pbx.app_session import AppSession
from app.surface.apps.client_apis import APIS, PROVIDER, ClientApis
from app.surface.apps.client_messages import CALL_LIST_API, CLIENT_API, PHONE_API, PHONE_INFO_API, ClientModel
from tests.calls.dummies import session
from tests.surface.apps.desk import TOKEN
from tests.surface.apps.facts import Facts

Message = dict[str, Any]
GUID = "e44379a033ec5a01ebd500903328631a"


class App:
    """An app that has logged in, and a phone whose news reach it when it listens."""

    def __init__(self) -> None:
        self.facts = Facts()
        self.phone = self.facts.phone
        self.apis = ClientApis(self.facts)
        self.said: list[Message] = []
        self.session = AppSession(lambda: TOKEN, lambda app, send: {}, self._hear)
        self.session.app = "tests"
        self.session._apis = dict.fromkeys(APIS, self.apis.make(self._hear))

    def _hear(self, text: str) -> None:
        self.said.append(json.loads(text))

    def send(self, mt: str, api: str, **fields: object) -> list[Message]:
        assert self.session.receive(json.dumps({"mt": mt, "api": api, "src": "7", **fields}).encode())
        return self.news()

    def request(self, mt: str, api: str = PHONE_API, **fields: object) -> Message:
        (result,) = [one for one in self.send("ApiRequest", api, msg={"mt": mt, **fields}) if one["mt"] == "ApiResult"]
        assert (result["api"], result["src"], result["provider"]) == (api, "7", PROVIDER)
        return result

    def news(self) -> list[Message]:
        self.apis.refresh()
        said, self.said = self.said, []
        return said


@pytest.fixture
def app() -> App:
    return App()


def model(message: Message) -> Message:
    assert message["mt"] == "ApiUpdate"
    assert message["defaultApiProviders"][PHONE_API] == PROVIDER
    provided: Message = message["apis"][PHONE_API][PROVIDER]
    assert provided["info"] == {"type": "phone"}
    found: Message = provided["model"]
    return found


def test_the_model_follows_a_call_from_its_setup_to_its_end(app: App) -> None:
    (update,) = app.send("ConsumeApi", PHONE_API)
    assert model(update) == {"registered": True, "calls": []}
    assert app.request("StartCall", num="201")["msg"] == {"mt": "StartCallResult"}
    leg = app.phone.line.requests[-1][1]
    seen = []
    app.phone.say(Alerting(leg))
    (update,) = app.news()
    seen.append(model(update)["calls"])
    app.phone.say(Connected(leg, session()))
    seen += [model(update)["calls"] for update in app.news()]
    app.phone.say(RemoteHeld(leg, held=True))
    seen += [model(update)["calls"] for update in app.news()]
    assert [[call["state"] for call in calls] for calls in seen] == [["Ringback"], ["Connected"], ["Held"]]
    (call,) = seen[0]
    assert isinstance(call.pop("id"), int)
    assert call == {"dir": "o", "state": "Ringback", "num": "201"}
    app.request("DisconnectCall")
    assert app.phone.views == ()


def test_the_client_model_follows_the_session_with_the_pbx(app: App) -> None:
    (update,) = app.send("ConsumeApi", CLIENT_API)
    assert update["apis"][CLIENT_API][PROVIDER]["model"] == {
        "user": None,
        "connInfo": {"up": False, "standby": False, "cur": "", "pri": "", "sec": "", "phys": ""},
        "standby": False,
        "lang": "en",
        "scheme": "dark",
        "launcherUpdateBuild": "",
        "appStoreUrl": "",
        "adminSettings": {},
    }
    connection = ConnectionInfo(up=True, standby=True, cur="standby.example.com/PBX0")
    app.facts.model = ClientModel(PbxUser(sip="jdo", num="27"), connection, standby=True, scheme="light")
    (update,) = app.news()
    told = update["apis"][CLIENT_API][PROVIDER]["model"]
    assert (told["user"]["sip"], told["connInfo"]["cur"], told["scheme"]) == ("jdo", connection.cur, "light")
    assert app.news() == []


def test_nobody_is_told_what_he_does_not_consume(app: App) -> None:
    app.phone.ring()
    assert app.news() == []


@pytest.mark.parametrize(
    ("given", "dialled"), [({"sip": "anna@example.com"}, "anna@example.com"), ({"txt": "2 01"}, "201")]
)
def test_a_call_is_started_by_address_or_text(app: App, given: dict[str, str], dialled: str) -> None:
    assert "errorText" not in app.request("StartCall", **given)
    assert [view.party.number for view in app.phone.views] == [dialled]


def test_an_incoming_call_is_connected_and_another_refused(app: App) -> None:
    app.phone.ring()
    app.request("ConnectCall")
    assert app.phone.line.requests[-1][0] == "connect"
    app.phone.ring("in-2")
    app.request("DisconnectCall")
    assert [view.party.number for view in app.phone.views] == ["301"]


def test_a_refusal_comes_with_the_result(app: App) -> None:
    app.facts.refusal = Refusal("The phone is locked", "Unlock it first.")
    assert app.request("StartCall", num="201")["errorText"] == "The phone is locked. Unlock it first."
    assert app.phone.views == ()


def test_apps_that_provide_phone_info_are_told_of_each_call(app: App) -> None:
    leg = app.phone.ring()
    told = app.send("RegisterApi", PHONE_INFO_API)
    app.phone.say(Released(leg, Cause.NORMAL_CLEARING))
    told += app.news()
    assert {(one["mt"], one["api"], one["consumer"]) for one in told} == {("ApiRequest", PHONE_INFO_API, PROVIDER)}
    number = told[0]["msg"]["id"]
    assert isinstance(number, int)
    assert [one["msg"] for one in told] == [
        {"mt": "CallAdded", "id": number},
        {"mt": "CallUpdated", "id": number, "dir": "i", "state": "Alerting", "num": "301"},
        {"mt": "CallRemoved", "id": number},
    ]


def test_apps_know_a_call_by_the_name_that_all_its_ends_have(app: App) -> None:
    app.send("ConsumeApi", PHONE_API)
    app.send("RegisterApi", PHONE_INFO_API)
    leg = app.phone.ring()
    app.phone.say(ConferenceNamed(leg, GUID))
    told = app.news()
    assert [call["guid"] for one in told if one["mt"] == "ApiUpdate" for call in model(one)["calls"]] == [GUID]
    app.phone.say(Released(leg, Cause.NORMAL_CLEARING))
    messages = [one["msg"] for one in told + app.news() if one["mt"] == "ApiRequest"]
    assert [(one["mt"], one["guid"]) for one in messages] == [
        ("CallAdded", GUID),
        ("CallUpdated", GUID),
        ("CallRemoved", GUID),
    ]
    assert app.request("Subscribe", CALL_LIST_API, count=1)["msg"]["entries"][0]["id"] == str(uuid.UUID(GUID))


def test_the_call_list_gives_what_is_asked_for_and_then_what_is_new(app: App) -> None:
    for name in ("in-1", "in-2"):
        app.phone.say(Released(app.phone.ring(name), Cause.NORMAL_CLEARING))
    first = app.request("Subscribe", CALL_LIST_API, count=1)["msg"]
    assert [entry["cdr"] for entry in first["entries"]] == [2]
    app.phone.say(Released(app.phone.ring("in-3", "0711228400"), Cause.NORMAL_CLEARING))
    (news,) = app.news()
    assert (news["src"], news["msg"]["mt"]) == ("7", "Update")
    (entry,) = news["msg"]["entries"]
    assert entry.pop("time") > 0
    assert entry == {
        "cdr": 3,
        "sip": "27",
        "dir": "i",
        "cause": Cause.NORMAL_CLEARING,
        "call": "ext",
        "remote": {"number": "0711228400"},
        "status": "al",
    }
    assert app.news() == []


@pytest.mark.parametrize(
    ("mt", "api", "fields"),
    [
        ("ApiRequest", PHONE_API, {}),
        ("ApiRequest", PHONE_API, {"msg": 7}),
        ("ApiRequest", PHONE_API, {"msg": {"mt": "StartCall"}}),
        ("ApiRequest", PHONE_API, {"msg": {"mt": "StartCall", "num": "1", "sip": "2"}}),
        ("ApiRequest", PHONE_API, {"msg": {"mt": "StartCall", "num": "1" * 256}}),
        ("ApiRequest", PHONE_API, {"msg": {"mt": "Explode"}}),
        ("ApiRequest", PHONE_API, {"msg": {"mt": "ConnectCall"}, "provider": "dev:other"}),
        ("ApiRequest", PHONE_INFO_API, {"msg": {"mt": "CallAdded", "id": 1}}),
        ("ApiRequest", CALL_LIST_API, {"msg": {"mt": "Subscribe", "count": 101}}),
        ("ConsumeApi", PHONE_INFO_API, {}),
        ("ApiRequest", CLIENT_API, {"msg": {"mt": "SetOwnPresence"}}),
        ("RegisterApi", PHONE_API, {}),
        ("ApiUpdate", PHONE_API, {}),
        ("ConsumeApi", "com.innovaphone.unknown", {}),
    ],
)
def test_what_cannot_be_done_is_answered_with_words(app: App, mt: str, api: str, fields: Message) -> None:
    (answer,) = app.send(mt, api, **fields)
    assert answer["mt"] == f"{mt}Result"
    assert answer["errorText"]
    assert app.phone.views == ()


def test_an_app_that_is_gone_is_told_nothing(app: App) -> None:
    app.send("ConsumeApi", PHONE_API)
    app.session.close()
    app.phone.ring()
    assert app.news() == []


def test_a_prepared_call_waits_on_the_display_for_the_user(app: App) -> None:
    assert app.request("PrepareCall", sip="reception")["msg"] == {"mt": "PrepareCallResult"}
    assert app.facts.prepared == ["reception"]
    assert app.phone.line.requests == []
    app.facts.refusal = Refusal("The phone is locked", "Unlock it first.")
    assert app.request("PrepareCall", num="31")["errorText"] == "The phone is locked. Unlock it first."
    (refused,) = app.send("ApiRequest", PHONE_API, msg={"mt": "PrepareCall", "num": "31", "txt": "32"})
    assert "give one of" in refused["errorText"]


def test_the_client_model_has_what_the_pbx_sets_for_clients(app: App) -> None:
    app.facts.model = ClientModel(admin_settings={"offline": {"value": 300000, "force": True}})
    update = app.send("ConsumeApi", CLIENT_API)[-1]
    told = update["apis"][CLIENT_API][PROVIDER]["model"]
    assert told["adminSettings"] == {"offline": {"value": 300000, "force": True}}


def test_an_app_says_what_it_knows_about_a_call(app: App) -> None:
    app.phone.ring(number="301")
    (call,) = app.phone.views
    number = int(call.id.rpartition("-")[2])
    html = "<style>p{}</style><p>Order&nbsp;<b>4711</b></p><script>x()</script><p>late &amp; angry"
    assert app.request("CallInfo", id=number, html=html)["msg"] == {"mt": "CallInfoResult"}
    assert app.phone.views[0].info == "Order 4711 late & angry"
    app.request("CallInfo", id=number, html="")
    assert app.phone.views[0].info == ""


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"id": 1, "iframe": {"src": "https://example.com", "height": 100}}, "shows no pages"),
        ({"id": 99, "html": "x"}, "no such call"),
        ({"id": 1, "html": "x" * 9000}, "CallInfo cannot be read"),
        ({"html": "x"}, "CallInfo cannot be read"),
    ],
)
def test_call_infos_that_cannot_be_shown(app: App, fields: Message, words: str) -> None:
    app.phone.ring()
    (refused,) = [one for one in app.send("ApiRequest", PHONE_API, msg={"mt": "CallInfo", **fields}) if "error" in one]
    assert words in refused["errorText"]
