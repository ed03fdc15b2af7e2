"""The media room over the real engine: what is agreed, what is heard, and what is not."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import pytest

from app.media.devices import gain_db
from app.media.engine_events import EngineEvents
from app.media.formats import AudioCodec
from app.media.room import MediaRoom, MediaSettings
from app.model.ids import StreamId
from app.model.media import (
    AnswerReady,
    AnswerTaken,
    AudioPath,
    DigitHeard,
    EarTone,
    MediaBegan,
    MediaEvent,
    MediaRefused,
    MicrophoneGate,
    OfferReady,
    PathsChanged,
    Ring,
    Scene,
)
from app.model.session import CodecDescription, Direction, MediaDescription, SessionDescription
from native import (
    Clock,
    Device,
    DeviceLost,
    DeviceOpened,
    DeviceSpec,
    Engine,
    Event,
    GateChanged,
    LimitReached,
    opus_build,
)
from tests.media.rig import PATHS, RINGER, STREAM, heard, level, phone, run, sine, strongest, two_phones
from tests.native.support import PCMU


@pytest.mark.parametrize("codec", list(AudioCodec))
def test_voice_goes_both_ways_in_every_codec(codec: AudioCodec) -> None:
    with two_phones(MediaSettings(codecs=(codec,))) as (a, b):
        a.talk()
        b.talk()
        assert strongest(heard(a, b, 700)) == pytest.approx(700, abs=3)
        assert strongest(heard(b, a, 1100)) == pytest.approx(1100, abs=3)
        assert MediaBegan(STREAM) in a.events
        quality = a.room.quality(STREAM)
        assert quality is not None
        assert (quality.bars, quality.lost) == (4, 0)
        assert quality.packets_sent == pytest.approx(100, abs=3)


def test_voice_over_ipv6() -> None:
    with two_phones(address="::1") as (a, b):
        a.talk()
        b.talk()
        assert strongest(heard(a, b, 700)) == pytest.approx(700, abs=3)


def test_the_gate_follows_connect_mute_and_talk() -> None:
    with two_phones() as (a, b):
        b.talk()
        a.room.show(Scene(talking=(STREAM,)))
        assert level(heard(a, b, 700)) < 10
        assert not any(isinstance(event, MicrophoneGate) for event in a.events)
        a.talk()
        assert level(heard(a, b, 700)) > 1000
        assert a.last(MicrophoneGate).open
        a.room.show(Scene(talking=(STREAM,), connected=(STREAM,), muted=True))
        assert level(heard(a, b, 700)) < 10
        assert not a.last(MicrophoneGate).open
        a.room.show(Scene())
        a.talk()
        assert level(heard(a, b, 700)) > 1000


def test_a_mute_that_the_engine_had_no_room_for_is_asked_again() -> None:
    muted = Scene(talking=(STREAM,), connected=(STREAM,), off_hook=True, muted=True)
    with two_phones() as (a, b):
        a.talk()
        b.talk()
        assert level(heard(a, b, 700)) > 1000
        other = a.engine.open_device(DeviceSpec(kind="memory", name="other"))
        with suppress(LimitReached):
            while True:
                other.set_sidetone(-20)
        with pytest.raises(LimitReached):
            a.room.show(muted)
        a.step()
        a.room.show(muted)
        assert level(heard(a, b, 700)) < 10


def test_a_mute_is_heard_though_a_stream_cannot_be_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    with two_phones() as (a, b):
        a.talk()
        b.talk()
        assert level(heard(a, b, 700)) > 1000

        def refuse(*_: object) -> None:
            raise LimitReached

        with monkeypatch.context() as full:
            full.setattr(MediaRoom, "_place", refuse)
            with pytest.raises(LimitReached):
                a.room.show(Scene(talking=(STREAM,), connected=(STREAM,), off_hook=True, muted=True))
        assert level(heard(a, b, 700)) < 10


def test_the_microphone_that_was_left_closes_though_the_other_cannot_open(monkeypatch: pytest.MonkeyPatch) -> None:
    with two_phones() as (a, b):
        a.talk()
        b.talk()
        assert level(heard(a, b, 700)) > 1000
        set_gate = Device.set_gate

        def refuse_to_open(device: Device, open: bool) -> None:  # noqa: A002 - the gate's own word
            if open:
                raise LimitReached
            set_gate(device, open=False)

        with monkeypatch.context() as full:
            full.setattr(Device, "set_gate", refuse_to_open)
            with pytest.raises(LimitReached):
                a.room.select_path(AudioPath.HEADSET)
        assert level(heard(a, b, 700)) < 10
        a.talk()
        a.say(sine(700), AudioPath.HEADSET)
        assert strongest(heard(a, b, 1)) == pytest.approx(700, abs=3)


def test_early_media_is_heard() -> None:
    with two_phones() as (a, b):
        a.room.show(Scene(talking=(STREAM,)))
        b.talk()
        assert strongest(heard(b, a, 900)) == pytest.approx(900, abs=3)


def test_a_stream_outside_the_conversation_is_silent_both_ways() -> None:
    with two_phones() as (a, b):
        a.room.show(Scene())
        b.talk()
        assert level(heard(a, b, 700)) < 10
        assert level(heard(b, a, 700)) < 10


def test_hold_and_retrieve_by_new_offers() -> None:
    with two_phones() as (a, b):
        a.talk()
        b.talk()
        heard(a, b, 700)
        a.room.show(Scene())
        b_answer = b.answer(a.offer(Direction.SENDONLY))
        assert b.last(AnswerReady).remote is Direction.SENDONLY
        a.room.take_answer(STREAM, b_answer)
        assert a.last(AnswerTaken).remote is Direction.RECVONLY
        assert level(heard(b, a, 700)) < 10
        sent = b.room.quality(STREAM)
        run(a, b, 0.5)
        later = b.room.quality(STREAM)
        assert sent is not None
        assert later is not None
        assert later.packets_sent - sent.packets_sent <= 1
        a.talk()
        a.room.take_answer(STREAM, b.answer(a.offer()))
        assert strongest(heard(b, a, 900)) == pytest.approx(900, abs=3)


def test_a_refused_offer_changes_nothing() -> None:
    with two_phones() as (a, b):
        a.talk()
        b.talk()
        a.offer(Direction.INACTIVE)
        a.room.drop_offer(STREAM)
        assert strongest(heard(a, b, 700)) == pytest.approx(700, abs=3)


def test_digits_cross_in_the_voice_stream_and_are_heard_by_their_sender() -> None:
    with two_phones() as (a, b):
        a.talk()
        b.talk()
        run(a, b, 0.2)
        ear = a.room.device(AudioPath.HANDSET)
        assert ear is not None
        ear.take()
        assert a.room.send_digit(STREAM, "5")
        run(a, b, 0.5)
        assert DigitHeard(STREAM, "5") in b.events
        key = ear.take()[160:1600]
        assert strongest(key) in {*range(768, 773), *range(1334, 1339)}


def test_without_agreed_events_signalling_must_carry_digits() -> None:
    with phone() as a:
        a.room.open(STREAM, private=True)
        plain = MediaDescription("audio", "127.0.0.1", 40000, (CodecDescription(8, "PCMA", 8000),))
        a.room.answer(STREAM, SessionDescription(1, 1, "127.0.0.1", (plain,)), Direction.SENDRECV)
        assert not a.room.send_digit(STREAM, "5")


@pytest.mark.parametrize(
    ("tone", "hertz"), [(EarTone.DIAL, 425), (EarTone.RINGBACK, 425), (EarTone.BUSY, 425), (EarTone.CONGESTION, 425)]
)
def test_tones_sound_in_the_ear_until_the_scene_changes(tone: EarTone, hertz: int) -> None:
    with phone() as a:
        a.room.show(Scene(tone=tone, off_hook=True))
        assert strongest(a.listen(0.2)) == pytest.approx(hertz, abs=4)
        a.room.show(Scene(off_hook=True))
        a.listen(0.05)
        assert level(a.listen(1.2)) == 0


def test_the_settings_choose_the_country() -> None:
    with phone(MediaSettings(country="fr")) as a:
        a.room.show(Scene(tone=EarTone.DIAL))
        assert strongest(a.listen(0.5)) == pytest.approx(440, abs=3)


def test_the_ring_sounds_on_the_ringer_only_and_as_loud_as_it_should() -> None:
    with phone() as a:
        a.room.update_devices(PATHS | {AudioPath.HEADSET: RINGER}, RINGER)
        a.room.show(Scene(ring=Ring()))
        loud = level(a.listen(0.5, AudioPath.HEADSET))
        assert loud > 500
        assert level(a.listen(0.5)) == 0
        a.room.set_volume(40, ringer=True)
        a.listen(0.05)
        a.room.show(Scene())
        a.room.show(Scene(ring=Ring()))
        assert level(a.listen(0.5, AudioPath.HEADSET)) == pytest.approx(loud / 2, rel=0.1)
        a.room.show(Scene())
        a.listen(0.05)
        assert level(a.listen(0.5, AudioPath.HEADSET)) == 0


def test_a_running_tone_is_not_begun_again_by_an_unrelated_change() -> None:
    with phone() as a:
        a.room.show(Scene(tone=EarTone.RINGBACK))
        a.listen(1.5)
        a.room.show(Scene(tone=EarTone.RINGBACK, muted=True))
        assert level(a.listen(0.5)) == 0


def test_a_path_is_chosen_and_the_voice_follows() -> None:
    with two_phones() as (a, b):
        a.talk()
        b.talk()
        b.room.select_path(AudioPath.SPEAKER)
        assert b.paths.path is AudioPath.SPEAKER
        ears = [b.room.device(path) for path in (AudioPath.HANDSET, AudioPath.SPEAKER)]
        run(a, b, 0.1)
        a.say(sine(700))
        for ear in ears:
            assert ear is not None
            ear.take()
        run(a, b, 0.5)
        levels = [level(ear.take()) for ear in ears if ear is not None]
        assert levels[0] < 10 < 1000 < levels[1]
        b.say(sine(900), AudioPath.HANDSET)
        run(a, b, 0.5)
        assert [device.gate_open for device in ears if device is not None] == [False, True]


def test_a_headset_that_goes_gives_the_voice_to_another_path_and_gets_it_back() -> None:
    with two_phones() as (a, b):
        a.talk()
        b.room.select_path(AudioPath.HEADSET)
        b.talk()
        run(a, b, 0.1)
        left: dict[AudioPath, DeviceSpec] = {
            path: spec for path, spec in PATHS.items() if path is not AudioPath.HEADSET
        }
        b.room.update_devices(left, RINGER)
        assert (b.paths.path, b.paths.available) == (AudioPath.HANDSET, (AudioPath.HANDSET, AudioPath.SPEAKER))
        assert b.paths.missing is AudioPath.HEADSET
        assert strongest(heard(a, b, 700)) == pytest.approx(700, abs=3)
        assert b.last(MicrophoneGate).open
        b.room.show(Scene(talking=(STREAM,), connected=(STREAM,)))
        b.room.update_devices(PATHS, RINGER)
        told = [event.path for event in b.events if isinstance(event, PathsChanged)]
        assert told[-3:] == [AudioPath.HANDSET, AudioPath.SPEAKER, AudioPath.HEADSET]
        assert b.paths.missing is None


def test_a_path_chosen_while_it_is_not_there_gets_the_voice_when_it_comes() -> None:
    with phone() as a:
        a.room.update_devices({AudioPath.SPEAKER: PATHS[AudioPath.SPEAKER]}, RINGER)
        a.room.select_path(AudioPath.HEADSET)
        assert (a.paths.path, a.paths.missing) == (AudioPath.SPEAKER, AudioPath.HEADSET)
        a.room.update_devices(PATHS, RINGER)
        assert (a.paths.path, a.paths.missing) == (AudioPath.HEADSET, None)


def test_no_devices_is_said_and_mended() -> None:
    with phone() as a:
        a.room.update_devices({}, None)
        assert a.paths.available == ()
        assert "no sound device" in a.paths.trouble
        a.room.show(Scene(ring=Ring(), tone=EarTone.DIAL))
        a.room.update_devices(PATHS, RINGER)
        assert a.paths.trouble == ""
        assert level(a.listen(0.2)) > 500


def test_a_device_that_cannot_be_opened_is_a_trouble_not_an_end() -> None:
    with phone() as a:
        card = DeviceSpec(kind="alsa", name="speaker", capture="hw:9", playback="hw:9")
        a.room.update_devices(PATHS | {AudioPath.SPEAKER: card}, RINGER)
        assert a.paths.trouble == "The speaker cannot be used"
        a.room.select_path(AudioPath.SPEAKER)
        assert a.paths.path is AudioPath.HEADSET


@pytest.mark.parametrize(("percent", "decibel"), [(60, 0.0), (100, 12.0), (0, float("-inf")), (1, -17.7)])
def test_volume_in_decibel(percent: int, decibel: float) -> None:
    assert gain_db(percent) == pytest.approx(decibel)


def test_volumes_are_told_heard_and_checked() -> None:
    with phone() as a:
        a.room.show(Scene(tone=EarTone.DIAL))
        a.listen(0.1)
        before = level(a.listen(0.2))
        a.room.set_volume(40, ringer=False)
        assert a.paths.volumes == {"handset": 40, "speaker": 60, "headset": 60, "ringer": 60}
        a.listen(0.05)
        assert level(a.listen(0.2)) == pytest.approx(before / 2, rel=0.05)
        for percent in (-1, 101):
            with pytest.raises(ValueError, match="volume"):
                a.room.set_volume(percent, ringer=True)


def test_no_free_port_is_told_at_the_first_offer() -> None:
    with phone(MediaSettings(ports=range(52000, 52002))) as a:
        a.room.open(StreamId("one"), private=True)
        a.room.open(StreamId("two"), private=True)
        a.room.offer(StreamId("two"), Direction.SENDRECV)
        assert a.last(MediaRefused) == MediaRefused(StreamId("two"), "All voice ports are in use")
        a.room.close(StreamId("one"))
        for _ in range(5):
            a.step()
        a.room.close(StreamId("two"))
        a.room.open(StreamId("three"), private=True)
        a.room.offer(StreamId("three"), Direction.SENDRECV)
        assert a.last(OfferReady).stream == "three"


def test_no_common_codec_is_told_as_such() -> None:
    with phone() as a:
        a.room.open(STREAM, private=True)
        gsm = MediaDescription("audio", "127.0.0.1", 40000, (CodecDescription(3, "GSM", 8000),))
        a.room.answer(STREAM, SessionDescription(1, 1, "127.0.0.1", (gsm,)), Direction.SENDRECV)
        assert not a.last(MediaRefused).common_codec


def test_an_unknown_stream_is_harmless() -> None:
    with phone() as a:
        a.room.offer(STREAM, Direction.SENDRECV)
        assert a.last(MediaRefused).common_codec
        a.room.drop_offer(STREAM)
        a.room.close(STREAM)
        assert a.room.quality(STREAM) is None
        assert not a.room.send_digit(STREAM, "1")


def test_a_hold_in_the_old_style_before_anything_was_agreed() -> None:
    with phone() as a:
        a.room.open(STREAM, private=True)
        nowhere = MediaDescription("audio", "0.0.0.0", 40000, (CodecDescription(8, "PCMA", 8000),))
        a.room.answer(STREAM, SessionDescription(1, 1, "127.0.0.1", (nowhere,)), Direction.SENDRECV)
        assert a.last(AnswerReady).remote is Direction.SENDONLY


async def test_the_loop_brings_the_engines_events() -> None:
    engine = Engine(Clock.TIMER)
    events: list[MediaEvent] = []
    arrived = asyncio.Event()

    def post(event: MediaEvent) -> None:
        events.append(event)
        if MicrophoneGate(open=True) in events and MediaBegan(STREAM) in events:
            arrived.set()

    room = MediaRoom(engine, PATHS, RINGER, post, address=lambda: "127.0.0.1")
    watch = EngineEvents(engine, room.handle)
    engine.start()
    watch.start()
    try:
        room.open(STREAM, private=True)
        room.offer(STREAM, Direction.SENDRECV)
        offer = next(event.offer for event in events if isinstance(event, OfferReady))
        room.answer(STREAM, offer, Direction.SENDRECV)
        room.show(Scene(talking=(STREAM,), connected=(STREAM,)))
        async with asyncio.timeout(5):
            await arrived.wait()
    finally:
        watch.stop()
        room.close_all()
        engine.close()


async def test_an_event_that_cannot_be_handled_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    with Engine(Clock.STEPPED) as engine:
        bus, devices = engine.new_bus(), [engine.open_device(spec) for spec in PATHS.values()]
        stream = engine.new_memory_stream()
        stream.join(bus)
        stream.configure(PCMU)
        told: list[Event] = []
        all_told = asyncio.Event()

        def handle(event: Event) -> None:
            told.append(event)
            if len(told) == len(devices):
                all_told.set()
            raise LimitReached

        watch = EngineEvents(engine, handle)
        for device in devices:
            device.join(bus)
            device.set_gate(open=True)
        engine.step()
        watch.start()
        try:
            async with asyncio.timeout(10):
                await all_told.wait()
        finally:
            watch.stop()
    assert told == [GateChanged(device, open=True) for device in devices]
    assert caplog.text.count("a GateChanged could not be handled") == len(devices)


def test_a_lost_card_gives_its_voice_away_until_it_is_back() -> None:
    with two_phones() as (a, b):
        b.room.select_path(AudioPath.HEADSET)
        a.talk()
        b.talk()
        headset = b.room.device(AudioPath.HEADSET)
        assert headset is not None
        b.room.handle(DeviceLost(headset, "No such device"))
        assert (b.paths.path, b.paths.trouble) == (AudioPath.HANDSET, "The headset cannot be used")
        assert strongest(heard(a, b, 700)) == pytest.approx(700, abs=3)
        b.room.handle(DeviceOpened(headset))
        assert (b.paths.path, b.paths.trouble) == (AudioPath.HEADSET, "")


def test_paths_on_the_same_card_share_it() -> None:
    engine = Engine(Clock.TIMER)
    events: list[MediaEvent] = []
    card = DeviceSpec(kind="alsa", name="handset", capture="null", playback="null")
    again = DeviceSpec(kind="alsa", name="speaker", capture="null", playback="null")
    ringer = DeviceSpec(kind="alsa", name="ringer", playback="null")
    paths = {AudioPath.HANDSET: card, AudioPath.SPEAKER: again}
    room = MediaRoom(engine, paths, ringer, events.append, address=lambda: "127.0.0.1")
    assert room.device(AudioPath.HANDSET) is room.device(AudioPath.SPEAKER)
    engine.close()


async def test_a_card_there_is_none_of_is_told_in_words() -> None:
    engine = Engine(Clock.TIMER)
    events: list[MediaEvent] = []
    told = asyncio.Event()

    def post(event: MediaEvent) -> None:
        events.append(event)
        if isinstance(event, PathsChanged) and event.trouble:
            told.set()

    missing = DeviceSpec(kind="alsa", name="handset", capture="hw:31", playback="hw:31")
    room = MediaRoom(engine, {AudioPath.HANDSET: missing}, None, post, address=lambda: "127.0.0.1")
    watch = EngineEvents(engine, room.handle)
    engine.start()
    watch.start()
    try:
        async with asyncio.timeout(10):
            await told.wait()
    finally:
        watch.stop()
        engine.close()
    last = events[-1]
    assert isinstance(last, PathsChanged)
    assert last.available == ()
    assert last.trouble.startswith("No sound device works: ")


def test_what_libopus_has_against_losses_is_told(caplog: pytest.LogCaptureFixture) -> None:
    build = opus_build()
    with caplog.at_level(logging.INFO, "media"), phone():
        pass
    words = {True: "is there", False: "is not there"}
    assert f"{build.version}: deep PLC {words[build.deep_plc]}, DRED {words[build.dred]}" in caplog.messages
