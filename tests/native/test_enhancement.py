"""What is done to the microphone, through the whole engine: echo control, noise, gain, sidetone, ear protection."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from native import Clock, EchoControl, Engine, Enhancement, InvalidArgument, NoiseSuppression
from tests import acoustics
from tests.native.support import PCMU, RATE, End, HandsFree, memory, power_at, sine
from tests.wav import Samples

FULL = Enhancement(echo=EchoControl.FULL)
CLEAR = Enhancement(echo=EchoControl.FULL, noise=NoiseSuppression.MODERATE, gain=True)
SECONDS = 14
FAR = acoustics.speech("demo-instruct", seconds=SECONDS)
NEAR = acoustics.speech("demo-congrats", seconds=SECONDS)
SILENCE = np.zeros_like(FAR)


def converse(enhancement: Enhancement, far: acoustics.Signal, microphone: acoustics.Signal) -> Samples:
    with HandsFree(enhancement) as phone:
        return phone.converse(acoustics.to_samples(far), acoustics.to_samples(microphone))


@pytest.mark.parametrize(("enhancement", "least_db"), [(FULL, 50), (CLEAR, 45)])
def test_the_far_end_does_not_hear_itself_from_the_loudspeaker(enhancement: Enhancement, least_db: float) -> None:
    echo = acoustics.echo(FAR, acoustics.room(1))
    heard = converse(enhancement, FAR, echo)
    assert acoustics.loss_db(acoustics.to_samples(echo), heard, 5, SECONDS) > least_db


def test_a_light_echo_control_is_linear_and_delays_nothing() -> None:
    echo = acoustics.echo(FAR, acoustics.room(1, 0.1))
    light = Enhancement(echo=EchoControl.LIGHT)
    heard = converse(light, FAR, echo)
    assert acoustics.loss_db(acoustics.to_samples(echo), heard, 5, SECONDS) > 20
    assert np.corrcoef(NEAR, converse(light, SILENCE, NEAR))[0, 1] > 0.95


@pytest.mark.parametrize("delay_s", [0.02, 0.06, 0.1])
def test_an_echo_is_found_whatever_the_delay_of_the_cards(delay_s: float) -> None:
    """A memory device tells none, so all of it is found."""
    echo = acoustics.echo(FAR, acoustics.room(2, delay_s=delay_s))
    heard = converse(FULL, FAR, echo)
    assert acoustics.loss_db(acoustics.to_samples(echo), heard, 5, SECONDS) > 35


@pytest.mark.parametrize("change", ["delay", "path"])
def test_an_echo_that_changes_is_gone_again_within_two_seconds(change: str) -> None:
    at = 8 * RATE
    before = acoustics.room(3)
    after = np.concatenate([np.zeros(int(0.04 * RATE)), before]) if change == "delay" else acoustics.room(33)
    echo = np.concatenate([acoustics.echo(FAR, before)[:at], acoustics.echo(FAR, after)[at:]])
    heard = converse(FULL, FAR, echo)
    assert acoustics.loss_db(acoustics.to_samples(echo), heard, 10, 12) > 20


def test_who_talks_alone_is_left_as_they_are() -> None:
    pytest.importorskip("pesq")
    assert acoustics.quality(NEAR, converse(FULL, SILENCE, NEAR), start_s=2) > 4.5
    assert acoustics.quality(NEAR, converse(CLEAR, SILENCE, NEAR), start_s=2) > 4.2


def test_who_talks_at_the_same_time_is_heard() -> None:
    """Plain webrtc, which suppresses, has a PESQ of 1.1 here."""
    pytest.importorskip("pesq")
    echo = acoustics.echo(FAR, acoustics.room(4))
    echo *= np.sqrt(np.mean(NEAR**2) / np.mean(echo**2))
    assert acoustics.quality(NEAR, converse(FULL, FAR, NEAR + echo), start_s=6) > 2.1


@pytest.mark.parametrize(("noise", "least_db"), [(NoiseSuppression.MODERATE, 8), (NoiseSuppression.STRONG, 15)])
def test_a_steady_noise_is_taken_away(noise: NoiseSuppression, least_db: float) -> None:
    hiss = np.random.default_rng(1).standard_normal(6 * RATE) * 300
    heard = converse(Enhancement(noise=noise), np.zeros_like(hiss), hiss)
    assert acoustics.loss_db(acoustics.to_samples(hiss), heard, 4, 6) > least_db


def test_a_quiet_voice_is_raised() -> None:
    quiet = NEAR / 4
    heard = converse(Enhancement(gain=True), SILENCE, quiet)
    assert acoustics.loss_db(acoustics.to_samples(quiet), heard, 6, SECONDS) < -3


def test_an_enhancement_may_change_and_end_at_any_time() -> None:
    with HandsFree(FULL) as phone:
        for enhancement in (CLEAR, Enhancement(echo=EchoControl.LIGHT), Enhancement(), FULL) * 3:
            phone.near.set_enhancement(enhancement)
            phone.engine.step(5)
        phone.near.set_enhancement(Enhancement())
        phone.engine.step()
        phone.far.take()
        said = sine(400, 0.5)
        phone.near.feed(said)
        phone.engine.step(50)
        assert np.array_equal(phone.far.take(), said)


@pytest.fixture
def end() -> Iterator[End]:
    end = End(PCMU)
    yield end
    end.close()


def test_sidetone_is_heard_while_the_gate_is_open(end: End) -> None:
    end.device.set_sidetone(-20)
    end.device.feed(sine(500, 2, 10_000))
    end.engine.step(100)
    assert power_at(end.device.take()[1600:], 500) == pytest.approx(1000, rel=0.02)
    end.device.set_gate(open=False)
    end.engine.step(100)
    assert not np.any(end.device.take()[320:])


def test_sidetone_is_not_taken_for_an_echo() -> None:
    with HandsFree(FULL) as phone:
        phone.near.set_sidetone(-12)
        heard = phone.converse(acoustics.to_samples(SILENCE), acoustics.to_samples(NEAR))
    assert acoustics.loss_db(acoustics.to_samples(NEAR), heard, 4, SECONDS) < 1


def test_an_ear_is_guarded_from_peaks_and_from_lasting_noise(end: End) -> None:
    end.device.set_limit(-6, -20)
    end.device.set_playback_gain(12)
    tone = end.engine.new_player(sine(1000, 8, 30_000))
    tone.play(end.device)
    end.engine.step(800)
    heard = end.device.take()
    assert np.abs(heard.astype(int)).max() <= 32_768 * 10 ** (-6 / 20)
    assert np.sqrt(np.mean(heard[-RATE:].astype(float) ** 2)) <= 32_768 * 10 ** (-20 / 20) * 1.03


def test_what_is_below_the_limits_comes_as_it_is_a_millisecond_later(end: End) -> None:
    end.device.set_limit(-6, -20)
    voice = acoustics.to_samples(NEAR / 2)
    end.engine.new_player(voice).play(end.device)
    end.engine.step(SECONDS * 100)
    assert np.array_equal(end.device.take()[16:], voice[:-16])


def test_group_listening_plays_what_the_handset_hears_and_not_its_own_microphone() -> None:
    with Engine(Clock.STEPPED) as engine:
        bus = engine.new_bus()
        stream = engine.new_memory_stream()
        stream.join(bus, talk=False)
        stream.configure(PCMU)
        handset, far = memory(engine, bus, "handset"), memory(engine, bus, "far")
        speaker = memory(engine, name="speaker")
        for device in (handset, far):
            device.set_gate(open=True)
        speaker.set_playback_gain(-6)
        speaker.follow(handset)
        handset.feed(sine(500, 2))
        far.feed(sine(900, 2))
        engine.step(100)
        heard = speaker.take()[1600:]
        assert power_at(heard, 900) == pytest.approx(4000, rel=0.02)
        assert power_at(heard, 500) < 20
        handset.close()
        engine.step(100)
        assert not np.any(speaker.take()[320:])


def test_group_listening_has_no_echo_either() -> None:
    """The handset's microphone hears the loudspeaker, which is much louder than the earpiece."""
    with HandsFree(FULL) as phone:
        speaker = memory(phone.engine, name="speaker")
        speaker.follow(phone.near)
        phone.near.set_playback_gain(-math.inf)
        echo = acoustics.echo(FAR, acoustics.room(5))
        heard = phone.converse(acoustics.to_samples(FAR), acoustics.to_samples(echo))
    assert acoustics.loss_db(acoustics.to_samples(echo), heard, 5, SECONDS) > 40


def test_what_cannot_be_is_refused(end: End) -> None:
    with pytest.raises(InvalidArgument):
        end.device.set_limit(3)
    with pytest.raises(InvalidArgument):
        end.device.set_limit(-math.inf)
    with pytest.raises(InvalidArgument):
        end.device.set_sidetone(6)
    with pytest.raises(InvalidArgument):
        end.device.follow(end.device)
