"""The phones we did not write, ready to talk to ours."""

from __future__ import annotations

from pathlib import Path

from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ, heard_in, write_tone
from tests.peers.baresip_peer import BaresipPeer
from tests.peers.baresip_python_peer import BaresipPythonPeer
from tests.peers.peer import Answering, AudioCodec, Peer, PeerConfig, Transport
from tests.peers.pjsua2_peer import Pjsua2Peer

PARTNERS: tuple[type[Peer], ...] = (Pjsua2Peer, BaresipPythonPeer, BaresipPeer)
NUMBER = "28"

_FORM = {
    AudioCodec.PCMU: (8000, 1),
    AudioCodec.PCMA: (8000, 1),
    AudioCodec.G722: (16000, 1),
    AudioCodec.OPUS: (48000, 2),
}


class Partner:
    """A peer of number 28 that plays `PEER_HERTZ` and records what it hears."""

    def __init__(
        self,
        kind: type[Peer],
        folder: Path,
        *,
        domain: str = "127.0.0.1",
        password: str = "",
        transport: Transport = Transport.UDP,
        codec: AudioCodec = AudioCodec.PCMU,
        answering: Answering = Answering.AUTO,
        trust: Path | None = None,
        encryption: tuple[str, ...] = (),
    ) -> None:
        rate, channels = _FORM[codec]
        self._heard = folder / "heard"
        if kind is BaresipPeer:
            self._heard.mkdir()
        else:
            self._heard = self._heard.with_suffix(".wav")
        config = PeerConfig(
            user=NUMBER,
            password=password,
            domain=domain,
            transport=transport,
            codecs=(codec,),
            answering=answering,
            play=write_tone(folder / "said.wav", PEER_HERTZ, rate, channels),
            record=self._heard,
            trust=trust,
            encryption=encryption,
        )
        self.peer = kind(config)

    def heard_the_phone(self) -> float:
        """For how many seconds it heard the phone's tone; only after it was closed."""
        return heard_in(self._heard, PHONE_HERTZ)


LABELS = {
    AudioCodec.PCMU: "G.711 \N{GREEK SMALL LETTER MU}",
    AudioCodec.PCMA: "G.711 A",
    AudioCodec.G722: "G.722",
    AudioCodec.OPUS: "Opus wideband",
}
"""What our phone calls each codec when it runs."""
