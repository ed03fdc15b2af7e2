"""From devices and settings to what the media room wants."""

from __future__ import annotations

import math
from collections.abc import Mapping

from app.media.acoustics import Acoustics, PathAcoustics
from app.media.encryption import EncryptionPolicy, KeyOrder
from app.media.formats import AudioCodec
from app.media.ring_choice import RingSettings
from app.media.room import MediaSettings
from app.model.media import AudioPath, MicrophoneMode
from app.model.snapshot import Notice, Severity
from app.settings.layers import Layers
from hal.audio import Endpoint, Place
from native import DeviceSpec, EchoControl

PLACE_OF_PATH = {
    AudioPath.HANDSET: Place.HANDSET,
    AudioPath.SPEAKER: Place.SPEAKER,
    AudioPath.HEADSET: Place.HEADSET,
}

PORTS_NOTICE = "audio.ports"
DEVICE_KEYS = frozenset(
    f"audio.{place}.{direction}"
    for place in Place
    for direction in (("playback",) if place is Place.RINGER else ("playback", "capture"))
)
"""The settings that name sound devices."""


def media_settings(settings: Layers) -> MediaSettings:
    """What a new call's media go by."""
    return MediaSettings(
        codecs=tuple(AudioCodec(name) for name in settings.words("audio.codecs")),
        packet_time_ms=settings.number("audio.ptime"),
        discontinuous=settings.switch("audio.dtx"),
        dscp=settings.number("audio.dscp"),
        ports=_voice_ports(settings) or MediaSettings.ports,
        country=settings.text("phone.country"),
        ring=_ring_settings(settings),
        ring_place=settings.text("ring.place"),
        ice=settings.text("media.ice") == "on",
        encryption=EncryptionPolicy(settings.text("audio.encryption")),
        key_order=KeyOrder(settings.text("audio.key_exchange")),
    )


def _ring_settings(settings: Layers) -> RingSettings:
    callers = (row.rpartition("=") for row in settings.words("ring.callers"))
    return RingSettings(
        tone=settings.text("ring.tone"),
        internal=settings.text("ring.internal"),
        callers=tuple((pattern, tone) for pattern, _, tone in callers),
    )


def ports_notice(settings: Layers) -> Notice | None:
    """What is wrong with the two settings of the voice ports; calls, above all for help, go on by the usual ones."""
    if _voice_ports(settings) is not None:
        return None
    usual = MediaSettings.ports
    text = f"audio.port_low and audio.port_high leave no room for voice; {usual[0]} to {usual[-1]} are used instead."
    return Notice(PORTS_NOTICE, Severity.WARNING, text, "Set audio.port_high above audio.port_low.")


def _voice_ports(settings: Layers) -> range | None:
    """The ports that the settings give; None where they hold no even one with its neighbour for RTCP (RFC 3550, 11)."""
    low, high = settings.number("audio.port_low"), settings.number("audio.port_high")
    return range(low, high + 1) if low + low % 2 < high else None


def acoustics(settings: Layers) -> Acoustics:
    """How microphones and ears are treated."""
    return Acoustics(
        microphone=MicrophoneMode(settings.text("audio.microphone")),
        paths={path: _path_acoustics(settings, path) for path in AudioPath},
    )


def _path_acoustics(settings: Layers, path: AudioPath) -> PathAcoustics:
    sidetone = 0 if path is AudioPath.SPEAKER else settings.number(f"audio.{path}.sidetone")
    return PathAcoustics(
        echo=EchoControl[settings.text(f"audio.{path}.echo").upper()],
        microphone_db=settings.number(f"audio.{path}.microphone_gain"),
        sidetone_db=20 * math.log10(sidetone / 100) if sidetone else -math.inf,
    )


def volumes(settings: Layers) -> dict[str, int]:
    """The volumes of all paths and the ringer, in percent."""
    return {place.value: settings.number(volume_key(place.value)) for place in Place}


def volume_key(name: str) -> str:
    """The setting of a volume, by the name the media room calls it."""
    return f"audio.{name}.volume"


def preferred_endpoints(settings: Layers) -> dict[Place, Endpoint]:
    """The PCMs that the settings name; an empty name leaves the board's choice."""
    return {
        place: Endpoint(
            settings.text(f"audio.{place.value}.playback"),
            "" if place is Place.RINGER else settings.text(f"audio.{place.value}.capture"),
        )
        for place in Place
    }


def device_specs(endpoints: Mapping[Place, Endpoint]) -> tuple[dict[AudioPath, DeviceSpec], DeviceSpec | None]:
    """The engine's devices: those of the paths, and the ringer's."""
    paths = {path: _spec(place, endpoints[place]) for path, place in PLACE_OF_PATH.items() if place in endpoints}
    ringer = endpoints.get(Place.RINGER)
    return paths, None if ringer is None else _spec(Place.RINGER, ringer)


def _spec(place: Place, endpoint: Endpoint) -> DeviceSpec:
    if endpoint.simulated:
        return DeviceSpec(kind="memory", name=place.value)
    return DeviceSpec(
        kind="alsa",
        name=place.value,
        capture=endpoint.capture or None,
        playback=endpoint.playback or None,
    )
