"""The demo's voices on the engine."""

from __future__ import annotations

import pytest

from app.demo.voice import EngineMedia, Voice
from app.media.encryption import Encryption, EncryptionPolicy
from app.media.negotiation import LocalMedia, Negotiation
from app.model.ids import LegId
from app.model.session import Direction

LEG = LegId("in-1")


@pytest.mark.parametrize("encrypted", [False, True])
def test_keys_are_answered_with_keys(encrypted: bool) -> None:
    policy = EncryptionPolicy.OPTIONAL if encrypted else EncryptionPolicy.NONE
    caller = Negotiation(LocalMedia("127.0.0.1", 40000, 40001), 1, encryption=Encryption(policy, private=True))
    media = EngineMedia("127.0.0.1")
    try:
        media.open(LEG, Voice(echo=True))
        answer = media.answer(LEG, caller.offer(Direction.SENDRECV))
        assert answer is not None
        assert (caller.take_answer(answer).keys is not None) is encrypted
        media.close(LEG)
    finally:
        media.shut()
