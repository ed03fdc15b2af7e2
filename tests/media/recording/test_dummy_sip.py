"""What a caller says of himself never makes a description too long for the recording."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from app.media.formats import FORMATS
from app.media.recording.dummy_sip import DummyDialogue, Formats, Voice
from app.model.party import Party
from native.recording import MESSAGE_BYTES_MAX

EVERYTHING = Voice(tuple((127, f"{known.encoding}/{known.clock_rate}/2") for known in FORMATS.values()) * 2, 20)


@pytest.mark.parametrize("text", ["9" * 300, "ü" * 300, "漢" * 300, "\U0001f600" * 300, "%" * 300, "a\udcff" * 150])
@pytest.mark.parametrize("incoming", [True, False])
def test_the_longest_identity_fits_and_is_cut_between_characters(text: str, incoming: bool) -> None:
    dialogue = DummyDialogue("0" * 32, text, Party(text, text), incoming=incoming)
    messages = [*dialogue.describe(Formats(EVERYTHING, EVERYTHING)), *dialogue.end()]
    for message in messages:
        assert len(message.data) <= MESSAGE_BYTES_MAX
        for user in re.findall(r"sip:(.*?)@", message.data.decode()):
            assert unquote(user, errors="strict")


def test_an_identity_that_fits_is_there_as_it_is() -> None:
    dialogue = DummyDialogue("0" * 32, "27", Party("jörg", "Jörg Æsir"), incoming=True)
    invite = dialogue.describe(Formats(EVERYTHING, EVERYTHING))[0].data.decode()
    assert 'From: "Jörg Æsir" <sip:j%C3%B6rg@192.0.2.2>' in invite
