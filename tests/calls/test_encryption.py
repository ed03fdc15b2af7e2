"""What the user is told about encryption, and what the media room is told about the call."""

from __future__ import annotations

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.media import EncryptionChanged, EncryptionFailed
from app.model.party import Party
from app.model.session import Direction
from app.model.signalling import (
    Connected,
    LineCapabilities,
    OfferReceived,
    Released,
    SetupIndicated,
    SignallingLost,
)
from app.model.snapshot import CallState
from tests.calls.dummies import LINE, DeskPhone, session


def test_a_call_is_shown_as_encrypted_while_it_is() -> None:
    phone = DeskPhone()
    phone.media.encrypts = True
    leg = phone.talk()
    assert phone.views[0].encrypted
    phone.media.encrypts = False
    phone.say(OfferReceived(leg, session()))
    assert not phone.views[0].encrypted
    phone.media.encrypts = True
    phone.say(OfferReceived(leg, session(Direction.SENDONLY)))
    assert phone.views[0].encrypted
    phone.say(Released(leg, Cause.NORMAL_CLEARING))
    assert (phone.states, phone.views[0].encrypted) == ([CallState.ENDED], False)


def test_an_answered_call_is_shown_as_encrypted_too() -> None:
    phone = DeskPhone()
    phone.media.encrypts = True
    phone.ring()
    assert not phone.views[0].encrypted
    phone.done(phone.control.answer(phone.now))
    assert phone.views[0].encrypted


def test_the_media_room_learns_whether_signalling_is_private_and_the_call_for_help() -> None:
    for private in (False, True):
        phone = DeskPhone(LineCapabilities(private=private))
        phone.dial("112")
        phone.done(phone.control.hang_up(phone.now))
        phone.ring()
        phone.done(phone.control.answer(phone.now))
        assert phone.media.opened == [(private, True), (private, False)]


def test_help_that_calls_back_is_heard_though_it_does_not_encrypt() -> None:
    phone = DeskPhone()
    phone.media.insists = True
    stranger = phone.ring()
    assert phone.line.take() == [("disconnect", stranger, Cause.INCOMPATIBLE_DESTINATION)]
    phone.talk("112")
    phone.done(phone.control.hang_up(phone.now))
    phone.ring("in-2", "+4930112")
    phone.done(phone.control.answer(phone.now))
    assert phone.states == [CallState.CONNECTED]
    assert phone.media.opened == [(False, True), (False, True)]


def test_what_takes_the_place_of_a_lost_call_for_help_need_not_encrypt() -> None:
    phone = DeskPhone(LineCapabilities(reconnect=True))
    leg = phone.talk("112")
    phone.media.insists = True
    phone.say(SignallingLost(leg))
    phone.say(SetupIndicated(LegId("in-2"), LINE, Party("112"), Party("200"), session(), replaces=leg))
    assert phone.line.take() == [
        ("connect", LegId("in-2"), Direction.SENDRECV),
        ("disconnect", leg, Cause.NORMAL_CLEARING),
    ]
    assert phone.media.opened == [(False, True), (False, True)]
    assert phone.views[0].emergency


def test_an_answer_that_is_not_encrypted_ends_the_call_with_words() -> None:
    phone = DeskPhone()
    leg = phone.dial()
    phone.media.refuse, phone.media.common_codec = "The other phone does not encrypt as this one wants", False
    phone.say(Connected(leg, session()))
    assert ("disconnect", leg, Cause.INCOMPATIBLE_DESTINATION) in phone.line.requests
    assert phone.views[0].notice == "The other phone does not encrypt as this one wants"


def test_a_handshake_that_brings_keys_is_shown_when_it_has() -> None:
    phone = DeskPhone()
    phone.talk()
    stream = phone.media.scene.talking[0]
    assert not phone.views[0].encrypted
    phone.say(EncryptionChanged(stream, encrypted=True))
    assert phone.views[0].encrypted


def test_a_handshake_that_comes_to_nothing_ends_the_call_with_words() -> None:
    phone = DeskPhone()
    leg = phone.talk()
    reason = "The other phone is not the one that the PBX has announced"
    phone.say(EncryptionFailed(phone.media.scene.talking[0], reason))
    assert ("disconnect", leg, Cause.BEARER_NOT_AVAILABLE) in phone.line.requests
    assert (phone.states, phone.views[0].notice) == ([CallState.ENDED], reason)
    assert phone.media.scene.talking == ()
