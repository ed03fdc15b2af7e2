"""Sound devices by ALSA: cards from sysfs, PCM names from libasound, changes from udev."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import NamedTuple

import alsaaudio
import msgspec
import pyudev

from hal.audio import AudioChange, AudioDevices, Endpoint, Place, SoundCard
from hal.linux.look import Look
from hal.linux.mixer import mixer_status
from hal.linux.udev import UdevWatch, text_of
from hal.status import DeviceStatus, Presence

log = logging.getLogger("hal")

_OF_A_CARD = re.compile(r"[a-z_]+:(?:CARD=)?([^,]+)")
_ANY_CARD = ("default", "sysdefault")
_PCM_NODE = re.compile(r"pcmC(\d+)D(\d+)([pc])")
_CARD_NODE = re.compile(r"card\d+")
_CARD_ID = re.compile(r"[A-Za-z0-9_-]+")


LOOK_AGAIN_S = 2.0
"""How often a PCM that is wanted and missing is looked for: a sound server starts without a word from the kernel."""


class PlaceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a board says of a place: its PCMs by name, or `usb` for whichever USB card is plugged in."""

    playback: str = ""
    capture: str = ""
    usb: bool = False


class _Seen(NamedTuple):
    """What a look found: the cards, and the names of the PCMs for playback and for capture."""

    cards: tuple[SoundCard, ...]
    pcms: tuple[frozenset[str], frozenset[str]]


class AlsaAudioDevices(AudioDevices):
    """The Linux back end. Looks at what is there when it is made, and in a worker thread whenever udev tells of sound.

    In between it goes by what it saw: libasound reads its whole configuration each time it is asked for names. While
    a PCM of no card is missing that somebody named, it is looked for now and then.
    """

    def __init__(self, places: Mapping[Place, PlaceConfig]) -> None:
        super().__init__()
        self._places = dict(places)
        self._choices: dict[Place, Endpoint] = {}
        self._watch: UdevWatch | None = None
        self._look: Look[_Seen] | None = None
        self._seen = _Seen(_read_cards(), _read_pcms())
        self._headset = _headset_of(self._seen.cards, None)
        self._usable: Mapping[Place, Endpoint] = {}
        self._searching = False
        self._search: asyncio.TimerHandle | None = None

    def cards(self) -> tuple[SoundCard, ...]:
        """The sound cards as of the last look."""
        return self._seen.cards

    def paths(self) -> Mapping[Place, Endpoint]:
        """The places whose PCM was there at the last look. A PCM that another program holds counts as there."""
        playback, capture = self._seen.pcms
        usable = {}
        for place in Place:
            wanted = self._wanted(place)
            heard = wanted.playback if self._is_there(wanted.playback, playback) else ""
            spoken = wanted.capture if self._is_there(wanted.capture, capture) else ""
            if heard:
                usable[place] = Endpoint(heard, spoken)
        return usable

    def prefer(self, choices: Mapping[Place, Endpoint]) -> None:
        """Use these PCMs instead of the board's; an empty name leaves the board's."""
        self._choices = dict(choices)
        if self._watch is not None:
            self._usable = self.paths()
            self._search_on()

    def status(self) -> tuple[DeviceStatus, ...]:
        """The cards, each place the board has, and how loud the mixers of both are set."""
        cards = [DeviceStatus("sound card", Presence.PRESENT, _in_words(card)) for card in self._seen.cards]
        usable = self.paths()
        places = [self._place_status(place, usable.get(place)) for place in self._places]
        mixers = (mixer_status(device) for device in self._control_devices(usable))
        return (*cards, *places, *(status for status in mixers if status is not None))

    def start(self) -> None:
        """Begin to watch; needs a running loop."""
        if self._watch is None:
            self._look = Look("sound cards", self._read, self._take)
            self._watch = UdevWatch("sound", self._look.begin)
            self._usable = self.paths()
            self._look.begin()

    def close(self) -> None:
        """Stop watching. May be called twice."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self._look is not None:
            self._look.close()
            self._look = None
        if self._search is not None:
            self._search.cancel()
            self._search = None

    def _read(self) -> _Seen:
        """In a worker thread. The names of PCMs are asked for only where other cards are there, or one is missing."""
        searching, cards = self._searching, _read_cards()
        return self._seen if cards == self._seen.cards and not searching else _Seen(cards, _read_pcms())

    def _take(self, seen: _Seen) -> None:
        before, self._seen = self._seen, seen
        self._headset = _headset_of(seen.cards, self._headset)
        arrived = tuple(card for card in seen.cards if card not in before.cards)
        left = tuple(card for card in before.cards if card not in seen.cards)
        known, self._usable = self._usable, self.paths()
        if arrived or left:
            log.info("sound cards: %s came, %s left", _names(arrived), _names(left))
        elif self._usable != known:
            log.info("sound devices: %s can be used now", ", ".join(self._usable) or "none")
        if arrived or left or self._usable != known:
            self._tell(AudioChange(arrived, left, self._usable))
        self._search_on()

    def _search_on(self) -> None:
        """Look again while a PCM is missing; by the one look there is, so that no older answer follows a newer one."""
        self._searching = self._missing
        if self._searching and self._search is None:
            self._search = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._look_for_missing)

    def _look_for_missing(self) -> None:
        self._search = None
        if self._look is not None and self._searching:
            self._look.begin()
            self._search_on()

    @property
    def _missing(self) -> bool:
        """Whether a PCM that somebody named is not there, and no word of udev's would tell that it has come."""
        names = {self._choice(place).playback or self._of_board(place).playback for place in Place}
        used = {endpoint.playback for endpoint in self._usable.values()}
        return any(name and (name in _ANY_CARD or not _OF_A_CARD.match(name)) for name in names - used)

    def _wanted(self, place: Place) -> Endpoint:
        """The PCMs that somebody named, else the board's: these, too, where the one that is named is no headset now."""
        choice, board = self._choice(place), self._of_board(place)
        is_usb = self._places.get(place, PlaceConfig()).usb
        if is_usb and choice.playback and board.playback and not self._is_there(choice.playback, self._seen.pcms[0]):
            return board
        return Endpoint(choice.playback or board.playback, choice.capture or board.capture)

    def _choice(self, place: Place) -> Endpoint:
        return self._choices.get(place, Endpoint())

    def _of_board(self, place: Place) -> Endpoint:
        config = self._places.get(place, PlaceConfig())
        plugged = self._headset if config.usb else None
        return Endpoint(config.playback, config.capture) if plugged is None else _of_card(plugged)

    def _is_there(self, name: str, names: frozenset[str]) -> bool:
        if not name:
            return False
        if name in names:
            return True
        if name in _ANY_CARD:
            return bool(self._seen.cards)
        card = _OF_A_CARD.match(name)
        return card is not None and any(card[1] in (one.id, str(one.index)) for one in self._seen.cards)

    def _control_devices(self, usable: Mapping[Place, Endpoint]) -> tuple[str, ...]:
        """The cards, and the PCMs in use that are no card's: those of a sound server have a mixer of the same name."""
        names = (name for endpoint in usable.values() for name in (endpoint.playback, endpoint.capture))
        servers = (name for name in names if name and not _OF_A_CARD.match(name))
        return tuple(dict.fromkeys([*(f"hw:{card.id}" for card in self._seen.cards), *servers]))

    def _place_status(self, place: Place, usable: Endpoint | None) -> DeviceStatus:
        if usable is not None:
            silent = "" if usable.capture or place is Place.RINGER else ", no microphone"
            return DeviceStatus(place, Presence.PRESENT, f"{usable.playback}{silent}")
        wanted = self._wanted(place)
        if self._places[place].usb and not wanted.playback:
            return DeviceStatus(place, Presence.MISSING, "no USB headset is plugged in", "Plug one in at any time.")
        if not self._seen.cards:
            text = f"'{wanted.playback}' is not there: this machine has no sound card"
            advice = "Plug one in, or start a sound server, at any time."
        else:
            text = f"'{wanted.playback}' is not there"
            advice = f"Set audio.{place}.playback to one of the PCMs that `aplay -L` lists."
        return DeviceStatus(place, Presence.MISSING, text, advice)


def _read_cards() -> tuple[SoundCard, ...]:
    nodes = list(pyudev.Context().list_devices(subsystem="sound"))
    pcms: dict[tuple[int, str], list[int]] = {}
    for node in nodes:
        match = _PCM_NODE.fullmatch(node.sys_name)
        if match:
            pcms.setdefault((int(match[1]), match[3]), []).append(int(match[2]))
    cards = [_read_card(node, pcms) for node in nodes if _CARD_NODE.fullmatch(node.sys_name)]
    return tuple(sorted(cards, key=lambda card: card.index))


def _read_card(node: pyudev.Device, pcms: Mapping[tuple[int, str], list[int]]) -> SoundCard:
    index = int(node.sys_name.removeprefix("card"))
    usb = node.find_parent("usb", "usb_device")
    identifier = text_of(node, "id")
    if not _CARD_ID.fullmatch(identifier):
        identifier = str(index)  # ALSA finds a card by its number just as well
    return SoundCard(
        index,
        identifier,
        text_of(usb, "product") or _card_name(index) or identifier,
        usb is not None,
        tuple(sorted(pcms.get((index, "p"), ()))),
        tuple(sorted(pcms.get((index, "c"), ()))),
    )


def _card_name(index: int) -> str:
    try:
        return str(alsaaudio.card_name(index)[0])
    except alsaaudio.ALSAAudioError:  # the card went between two looks
        return ""


def _headset_of(cards: tuple[SoundCard, ...], used: SoundCard | None) -> SoundCard | None:
    """The USB card that is the headset: one that records, too, before one that only plays; then the one in use."""
    fit = (card for card in cards if card.usb and card.playback)
    return min(fit, key=lambda card: (not card.capture, used is None or card.id != used.id, card.index), default=None)


def _of_card(card: SoundCard) -> Endpoint:
    # `plughw` and not `hw`, because a headset may know only stereo or only 48 kHz.
    capture = f"plughw:CARD={card.id},DEV={card.capture[0]}" if card.capture else ""
    return Endpoint(f"plughw:CARD={card.id},DEV={card.playback[0]}", capture)


def _read_pcms() -> tuple[frozenset[str], frozenset[str]]:
    """The names of all PCMs for playback and for capture. Takes libasound up to 20 ms."""
    return _pcm_names(alsaaudio.PCM_PLAYBACK), _pcm_names(alsaaudio.PCM_CAPTURE)


def _pcm_names(direction: int) -> frozenset[str]:
    try:
        return frozenset(alsaaudio.pcms(direction))
    except alsaaudio.ALSAAudioError as error:
        log.warning("ALSA's configuration cannot be read: %s", error)
        return frozenset()


def _in_words(card: SoundCard) -> str:
    directions = [word for word, pcms in (("plays", card.playback), ("records", card.capture)) if pcms]
    usb = ", USB" if card.usb else ""
    return f"{card.name} (hw:{card.id}{usb}; {' and '.join(directions) or 'no PCM'})"


def _names(cards: tuple[SoundCard, ...]) -> str:
    return ", ".join(card.name for card in cards) or "none"
