"""Registering over PbxSignal, and messages that are none."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from app.model.signalling import LineChanged, Registration
from app.signalling.pbxsignal.codec import MESSAGE_BYTES_MAX
from tests.signalling.pbxsignal.pbx import CHANNELS, LINE, Json, Pbx


def _state(pbx: Pbx) -> Registration:
    return [event for event in pbx.happened() if isinstance(event, LineChanged)][-1].registration


def test_the_line_registers_as_soon_as_the_connection_stands() -> None:
    pbx = Pbx(registered=False)
    pbx.agent.link_up()
    (register,) = pbx.said
    assert register == {"mt": "Register", "api": "PbxSignal", "src": register["src"], "hw": "009033000001"}
    assert pbx.happened() == [LineChanged(LINE, Registration.TRYING)]
    pbx.accept(stun="stun.example:3478;other", prefixIntl="000", maxIntern=3)
    assert _state(pbx) is Registration.UP
    assert (pbx.agent.facts.stun, pbx.agent.facts.prefix_intl, pbx.agent.facts.max_intern) == (
        "stun.example:3478;other",
        "000",
        3,
    )


def test_the_password_of_the_turn_server_is_in_no_log() -> None:
    pbx = Pbx(registered=False)
    pbx.agent.link_up()
    pbx.accept(turnUsr="us", turnPwd="s3cret")
    assert pbx.agent.facts.turn_pwd == "s3cret"
    assert "s3cret" not in repr(pbx.agent.facts)


def test_a_refusal_is_told_and_tried_again_later_or_on_a_persons_word() -> None:
    pbx = Pbx(registered=False)
    pbx.agent.link_up()
    pbx.accept(err=2, errorText="no such device")
    (_, refused) = pbx.happened()
    assert isinstance(refused, LineChanged)
    assert refused.registration is Registration.REFUSED
    assert "no such device" in refused.reason
    pbx.said.clear()
    pbx.step(61)
    pbx.agent.try_again()
    assert [one["mt"] for one in pbx.said] == ["Register", "Register"]
    del pbx.said[0]
    pbx.accept()
    assert _state(pbx) is Registration.UP
    pbx.said.clear()
    pbx.step(600)
    pbx.agent.try_again()
    assert pbx.said == []


def test_a_silent_pbx_is_asked_again_and_an_old_answer_counts_no_more() -> None:
    pbx = Pbx(registered=False)
    pbx.agent.link_up()
    pbx.step(11)
    first, second = pbx.said
    pbx.tell({"api": "PbxSignal", "mt": "RegisterResult", "src": first["src"]})
    assert _state(pbx) is Registration.TRYING
    pbx.tell({"api": "PbxSignal", "mt": "RegisterResult", "src": second["src"]})
    assert _state(pbx) is Registration.UP


def test_the_registration_ends_and_begins_with_the_connection(pbx: Pbx) -> None:
    pbx.agent.link_down("The network is gone")
    down = pbx.event(LineChanged)
    assert (down.registration, down.reason) == (Registration.DOWN, "The network is gone")
    pbx.agent.link_up()
    pbx.accept()
    assert _state(pbx) is Registration.UP


def test_texts_that_are_no_messages_are_counted(pbx: Pbx) -> None:
    for text in (b"", b"\xff", b"[]", b"{" * 20_000, b" " * (MESSAGE_BYTES_MAX + 1), b'{"mt":5}'):
        pbx.agent.receive(text)
    pbx.tell({"mt": "Signaling", "api": "EpSignal", "call": 1, "sig": {"type": "rel"}})
    pbx.tell({"mt": "News", "api": "PbxSignal"})
    pbx.tell({"mt": "Signaling", "api": "PbxSignal", "call": 1, "sig": {"type": "media_info"}})
    assert pbx.agent.tally.counts == {"malformed": 6, "unknown message": 3}
    assert pbx.happened() == []


_MESSAGES: tuple[Json, ...] = (
    {"type": "alert", "inband_info": True, "fty": [{"type": "name_identification", "name": "Bob"}]},
    {"type": "conn", "channel": -1, "channels_cmd": "SELECT", "channels": CHANNELS, "dsp": "x"},
    {"type": "facility", "fty": [{"type": "ct_complete", "remote": {"num": "1", "sip": "b"}, "remote_name": "n"}]},
    {"type": "info", "cd": {"num": "1"}, "dsp": "x"},
    {"type": "disc", "cau": {"num": 16, "loc": 0}, "inband_info": False},
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_wrong_type_at_any_field_leaves_a_line_that_works(data: st.DataObject) -> None:
    pbx = Pbx()
    call = pbx.dial()
    for message in _MESSAGES:
        spoilt = json.loads(json.dumps(message))
        place = spoilt["fty"][0] if "fty" in spoilt and data.draw(st.booleans()) else spoilt
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(_json)
        pbx.tell({"api": "PbxSignal", "mt": "Signaling", "call": call, "sig": spoilt})
    pbx.happened()
    pbx.take()
    other = pbx.ring()
    pbx.signal(-1, "rel", cau={"num": 16})
    assert any(getattr(event, "leg", None) == other for event in pbx.happened())
