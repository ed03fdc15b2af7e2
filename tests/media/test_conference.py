"""A conference's scenes made true: who hears whom, how loud, and who is told by which level."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import msgspec
import pytest

from app.media.formats import AudioCodec
from app.media.room import SILENCE_DBOV, MediaSettings
from app.model.ids import StreamId
from app.model.media import AnswerReady, AudioPath, PartyMix, Scene
from app.model.session import Direction
from tests.media.rig import RATE, STREAM, Phone, Samples, level, phone, sine, strongest

PARTIES = (StreamId("party-1"), StreamId("party-2"))
CODECS = (AudioCodec.PCMA, AudioCodec.G722)
TOGETHER = Scene(talking=PARTIES, connected=PARTIES, off_hook=True)
SILENCE = 30.0
"""Root mean square of what is left of nothing by way of a codec."""


class Meeting:
    """The phone that mixes, and two others that talk to it with a codec each."""

    def __init__(self, host: Phone, guests: list[Phone]) -> None:
        self.host = host
        self.guests = guests
        for name, guest in zip(PARTIES, guests, strict=True):
            host.room.open(name, private=True)
            guest.room.open(STREAM, private=True)
            host.room.answer(name, guest.offer(), Direction.SENDRECV)
            guest.room.take_answer(STREAM, host.last(AnswerReady).answer)
            guest.talk()

    def show(self, scene: Scene) -> None:
        self.host.room.show(scene)
        self.heard(300)

    def heard(self, hertz: int, speaker: int = -1, seconds: float = 0.6) -> list[Samples]:
        """A guest, or (-1) the host, says a tone; what the host and the guests hear, without the beginning."""
        everybody = [self.host, *self.guests]
        everybody[speaker + 1].say(sine(hertz, seconds))
        ears = [each.room.device(AudioPath.HANDSET) for each in everybody]
        for ear in ears:
            assert ear is not None
            ear.take()
        for _ in range(int(seconds * 100)):
            for each in everybody:
                each.step()
        return [ear.take()[RATE * 3 // 10 :] for ear in ears if ear is not None]


@pytest.fixture
def meeting() -> Iterator[Meeting]:
    with ExitStack() as stack:
        host = stack.enter_context(phone())
        guests = [stack.enter_context(phone(MediaSettings(codecs=(codec,)))) for codec in CODECS]
        made = Meeting(host, guests)
        made.show(TOGETHER)
        yield made


def test_each_hears_the_others_and_not_itself(meeting: Meeting) -> None:
    for speaker, hertz in ((-1, 500), (0, 800), (1, 1300)):
        ears = meeting.heard(hertz, speaker)
        own = ears.pop(speaker + 1)
        assert [strongest(ear) for ear in ears] == [pytest.approx(hertz, abs=2)] * 2
        assert level(own) < SILENCE


def test_parties_apart_hear_each_other_and_not_us(meeting: Meeting) -> None:
    meeting.show(Scene(apart=PARTIES, off_hook=True))
    host, first, second = meeting.heard(800, 0)
    assert level(host) == 0
    assert level(first) < SILENCE
    assert strongest(second) == pytest.approx(800, abs=2)
    assert all(level(ear) < SILENCE for ear in meeting.heard(500, -1)[1:])


def test_a_consultation_stands_beside_the_parties_apart(meeting: Meeting) -> None:
    meeting.show(Scene(talking=PARTIES[:1], connected=PARTIES[:1], apart=PARTIES[1:], off_hook=True))
    host, _, second = meeting.heard(800, 0)
    assert strongest(host) == pytest.approx(800, abs=2)
    assert level(second) < SILENCE


def test_a_muted_party_hears_and_is_not_heard(meeting: Meeting) -> None:
    meeting.show(msgspec.structs.replace(TOGETHER, mixes=(PartyMix(PARTIES[0], muted=True),)))
    assert all(level(ear) < SILENCE for ear in meeting.heard(800, 0))
    assert strongest(meeting.heard(1300, 1)[1]) == pytest.approx(1300, abs=2)


def test_a_party_is_made_softer_for_all_others_and_as_before(meeting: Meeting) -> None:
    before = [level(ear) for ear in meeting.heard(800, 0)]
    meeting.show(msgspec.structs.replace(TOGETHER, mixes=(PartyMix(PARTIES[0], gain_db=-12.0),)))
    softer = [level(ear) for ear in meeting.heard(800, 0)]
    assert softer[0] == pytest.approx(before[0] / 4, rel=0.1)
    assert softer[2] == pytest.approx(before[2] / 4, rel=0.1)
    meeting.show(TOGETHER)
    assert level(meeting.heard(800, 0)[2]) == pytest.approx(before[2], rel=0.1)


def test_the_level_tells_who_talks(meeting: Meeting) -> None:
    room = meeting.host.room
    meeting.heard(800, 0, seconds=0.8)
    talking, silent = (room.level(party) for party in PARTIES)
    assert talking == pytest.approx(-15.3, abs=1.5)
    assert silent < -60
    assert room.level(StreamId("nobody")) == SILENCE_DBOV
