"""The demo partners' voices: streams and recordings on an engine of the PBX's own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Protocol

import msgspec

from app.demo.speech import load_speech
from app.media.agreement import Agreement, NegotiationError
from app.media.encryption import Encryption, EncryptionPolicy
from app.media.negotiation import LocalMedia, Negotiation
from app.media.voice_stream import stream_config
from app.model.ids import LegId
from app.model.session import Direction, SessionDescription
from native import Bus, Clock, Engine, Player, Stream

PORTS = range(52000, 52200)


class Voice(msgspec.Struct, frozen=True):
    """What a partner does with his voice: says a piece (app.demo.speech), or says what he hears."""

    piece: str = ""
    loop: bool = False
    echo: bool = False


class Media(Protocol):
    """The voices of all legs. None means that the far end's description cannot be used."""

    def open(self, leg: LegId, voice: Voice) -> None:
        """Take ports for a leg. Raises OSError when there is none."""

    def offer(self, leg: LegId) -> SessionDescription | None:
        """An offer to the far end."""

    def answer(self, leg: LegId, offer: SessionDescription) -> SessionDescription | None:
        """The answer to an offer, which is in force from now on."""

    def take_answer(self, leg: LegId, answer: SessionDescription) -> None:
        """The far end's answer is in force from now on."""

    def close(self, leg: LegId) -> None:
        """Give the ports back; an unknown leg is ignored."""


@dataclass
class _Talk:
    """One leg's side of the engine."""

    stream: Stream
    bus: Bus
    negotiation: Negotiation
    player: Player | None
    speaking: bool = False


class EngineMedia:
    """Media by the phone's own engine, paced by a timer. Belongs to the loop's thread; `shut` it at the end."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._engine = Engine(Clock.TIMER)
        self._engine.start()
        self._talks: dict[LegId, _Talk] = {}

    def open(self, leg: LegId, voice: Voice) -> None:
        """Take ports, and a bus of the leg's own. Raises EngineError when there is no port left."""
        stream = self._engine.new_stream(self._address, PORTS)
        bus = self._engine.new_bus(hear_self=voice.echo)
        stream.join(bus)
        local = LocalMedia(self._address, stream.rtp_port, stream.rtcp_port)
        player = self._engine.new_player(load_speech(voice.piece), loop=voice.loop) if voice.piece else None
        negotiation = Negotiation(local, secrets.randbits(31), encryption=Encryption(EncryptionPolicy.OPTIONAL))
        self._talks[leg] = _Talk(stream, bus, negotiation, player)

    def offer(self, leg: LegId) -> SessionDescription | None:
        """An offer to the far end."""
        talk = self._talks.get(leg)
        return None if talk is None else talk.negotiation.offer(Direction.SENDRECV)

    def answer(self, leg: LegId, offer: SessionDescription) -> SessionDescription | None:
        """The answer to an offer."""
        talk = self._talks.get(leg)
        if talk is None:
            return None
        try:
            answer, agreement = talk.negotiation.answer(offer, Direction.SENDRECV)
        except NegotiationError:
            return None
        self._run(talk, agreement)
        return answer

    def take_answer(self, leg: LegId, answer: SessionDescription) -> None:
        """The far end's answer; one that cannot be used leaves the leg silent."""
        talk = self._talks.get(leg)
        if talk is None:
            return
        try:
            self._run(talk, talk.negotiation.take_answer(answer))
        except NegotiationError:
            return

    def close(self, leg: LegId) -> None:
        """Give the ports back."""
        talk = self._talks.pop(leg, None)
        if talk is not None:
            for part in (talk.player, talk.stream, talk.bus):
                if part is not None:
                    part.close()

    def shut(self) -> None:
        """End the engine."""
        self._engine.close()

    def _run(self, talk: _Talk, agreement: Agreement) -> None:
        talk.stream.configure(stream_config(agreement, connected=True))
        if talk.player is not None and not talk.speaking:
            talk.speaking = True  # a hold in between does not make him start all over
            talk.player.play(talk.bus)
