"""A PBX of bare JSON, written from the vendor's documents, and a phone's line in stepped time that talks to it."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from app.model.ids import LegId, LineId
from app.model.session import CodecDescription, Direction, MediaDescription, SessionDescription
from app.model.signalling import CallOptions, ConferenceNamed, SignallingEvent
from app.signalling.pbxsignal.agent import PbxSignalAgent
from app.signalling.pbxsignal.config import PbxSignalConfig
from app.signalling.schedule import Schedule

E = TypeVar("E")
LINE = LineId("line-1")
LEG = LegId("phone-1")
Json = dict[str, Any]

CHANNELS: Json = {
    "source": "REMOTE",
    "id": 7,
    "guid": "00112233445566778899aabbccddeeff",
    "ch": [
        {"coder": "G722", "xmit": 20, "rate": 20, "addr": "192.0.2.5", "port": 50010},
        {"coder": "G711A", "xmit": 20, "rate": 20, "addr": "192.0.2.5", "port": 50010},
    ],
}


def description(direction: Direction = Direction.SENDRECV, version: int = 1) -> SessionDescription:
    """What the media room would offer."""
    codecs = (
        CodecDescription(111, "opus", 48000, 2, "maxplaybackrate=16000"),
        CodecDescription(9, "G722", 8000),
        CodecDescription(8, "PCMA", 8000),
        CodecDescription(101, "telephone-event", 8000, 1, "0-15"),
    )
    voice = MediaDescription("audio", "192.0.2.9", 50000, codecs, direction, packet_time_ms=20)
    return SessionDescription(1, version, "192.0.2.9", (voice,))


class Pbx:
    """`said` are the phone's messages that were not taken yet, `events` what the line told the call model."""

    def __init__(self, *, registered: bool = True, colleagues: tuple[str, ...] = ()) -> None:
        self.schedule = Schedule()
        self.said: list[Json] = []
        self.events: list[SignallingEvent] = []
        config = PbxSignalConfig(LINE, lambda: "alice", "009033000001", colleagues, private=True)
        self.agent = PbxSignalAgent(config, self._heard, self.schedule, self.events.append)
        if registered:
            self.agent.link_up()
            self.accept()
            self.said.clear()
            self.events.clear()

    def _heard(self, text: bytes) -> None:
        self.said.append(json.loads(text))

    # --- what the PBX does -----------------------------------------------------------------------------------

    def accept(self, **facts: object) -> None:
        """Answer the registration."""
        (register,) = [one for one in self.said if one["mt"] == "Register"]
        self.tell({"api": "PbxSignal", "mt": "RegisterResult", "src": register["src"], **facts})
        for asked in [one["call"] for one in self.said if one["mt"] == "Signaling"]:
            self.signal(asked, "rel")

    def tell(self, message: object) -> None:
        self.agent.receive(json.dumps(message).encode())

    def signal(self, call: int, kind: str, *fty: Json, **fields: object) -> None:
        """Send one message of a call."""
        sig: Json = {"type": kind, **fields}
        if fty:
            sig["fty"] = list(fty)
        self.tell({"api": "PbxSignal", "mt": "Signaling", "call": call, "sig": sig})

    def control(self, call: int, name: str, **fields: object) -> None:
        self.signal(call, "facility", {"type": "innovaphone_remote_control", "control": name, **fields})

    def lose(self) -> None:
        """The connection breaks."""
        self.agent.link_down("The network is gone")

    def come_back(self) -> None:
        """It stands again, and the phone is registered."""
        self.agent.link_up()
        (register,) = [one for one in self.said if one["mt"] == "Register"]
        self.said.clear()
        self.tell({"api": "PbxSignal", "mt": "RegisterResult", "src": register["src"]})

    # --- what was said -----------------------------------------------------------------------------------------

    def take(self) -> list[tuple[int, Json]]:
        """The phone's messages since the last look, with the numbers of their calls."""
        taken, self.said = self.said, []
        return [(one["call"], one["sig"]) for one in taken]

    def setups(self) -> list[tuple[int, Json]]:
        """Of these, the setups of calls with voice, and whatever followed them; services are released."""
        taken = self.take()
        services = {call for call, sig in taken if sig["type"] == "setup" and sig["channel"] == 0}
        for call in services:
            self.signal(call, "rel")
        return [(call, sig) for call, sig in taken if call not in services]

    def only(self) -> Json:
        ((_, sig),) = self.take()
        return sig

    def types(self) -> list[str]:
        return [sig["type"] for _, sig in self.take()]

    def happened(self) -> list[SignallingEvent]:
        taken = list(self.events)
        self.events.clear()
        return taken

    def event(self, kind: type[E]) -> E:
        """The one event of this kind since the last look."""
        (found,) = [event for event in self.happened() if isinstance(event, kind)]
        return found

    # --- calls ---------------------------------------------------------------------------------------------------

    def dial(self, number: str = "201", leg: LegId = LEG) -> int:
        """The phone calls; gives the number of the call."""
        self.agent.setup(leg, number, description(), CallOptions())
        ((call, sig),) = self.take()
        assert sig["type"] == "setup"
        assert self.events.pop() == ConferenceNamed(leg, sig["confId"], sig["callId"])
        return call

    def talk(self, number: str = "201", leg: LegId = LEG) -> int:
        """The phone calls, and is answered."""
        call = self.dial(number, leg)
        self.signal(call, "conn", channel=-1, channels_cmd="SELECT", channels=CHANNELS)
        self.happened()
        return call

    def ring(self, call: int = -1, **fields: object) -> LegId:
        """A call comes in; gives its leg."""
        offer = {"channel": -1, "channels_cmd": "PROPOSAL", "channels": CHANNELS} | fields
        self.signal(call, "setup", {"type": "name_identification", "name": "Bob"}, cg={"num": "301"}, **offer)
        leg = next(event.leg for event in self.events if type(event).__name__ == "SetupIndicated")  # type: ignore[union-attr]
        self.agent.alert(leg, waiting=False)
        self.take()
        return leg

    def step(self, seconds: float) -> None:
        self.schedule.advance(self.schedule.now + seconds)
