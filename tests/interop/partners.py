"""The phones we did not write, ready to talk to ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from pathlib import Path

from tests.interop.sounds import PEER_HERTZ, PHONE_HERTZ, heard_at_last, heard_in, heard_together, write_tone
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
    """A peer that plays a pitch of its own and records what it hears."""

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
        number: str = NUMBER,
        hertz: int = PEER_HERTZ,
        ice: bool = False,
        handshake: bool = False,
        seconds: float = 10.0,
        address: str = "127.0.0.1",
    ) -> None:
        rate, channels = _FORM[codec]
        self.number = number
        self._heard = folder / f"heard-by-{number}"
        if kind is BaresipPeer:
            self._heard.mkdir()
        else:
            self._heard = self._heard.with_suffix(".wav")
        config = PeerConfig(
            user=number,
            password=password,
            domain=domain,
            transport=transport,
            codecs=(codec,),
            answering=answering,
            address=address,
            play=write_tone(folder / f"said-by-{number}.wav", hertz, rate, channels, seconds),
            record=self._heard,
            trust=trust,
            encryption=encryption,
            ice=ice,
            handshake=handshake,
        )
        self.peer = kind(config)

    def heard_the_phone(self) -> float:
        """For how many seconds it heard the phone's tone; only after it was closed."""
        return heard_in(self._heard, PHONE_HERTZ)

    def heard_at_last(self, seconds: float) -> float:
        """For how many of the last seconds of its call it heard the phone's tone; only after it was closed."""
        return heard_at_last(self._heard, PHONE_HERTZ, seconds)

    def heard_together(self, pitches: Collection[int], last: float | None = None) -> Counter[frozenset[int]]:
        """In how many looks, one every 0.1 s, it heard which of these pitches at once; only after it was closed.

        All of its call counts, or so many of the last seconds.
        """
        return heard_together(self._heard, pitches, last)


LABELS = {
    AudioCodec.PCMU: "G.711 \N{GREEK SMALL LETTER MU}",
    AudioCodec.PCMA: "G.711 A",
    AudioCodec.G722: "G.722",
    AudioCodec.OPUS: "Opus wideband",
}
"""What our phone calls each codec when it runs."""
