"""The partners' speech: made once, made anew when its words change, and fit to be played."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.demo import synthesis
from app.demo.partners import PARTNERS
from app.demo.speech import SpeechMissing, load_speech
from app.demo.synthesis import PIECES, SAMPLE_RATE, Piece, SynthesisFailed, synthesise


@pytest.mark.parametrize("name", PIECES)
def test_each_piece_is_speech_of_some_seconds(name: str) -> None:
    samples = load_speech(name)
    assert 4 < len(samples) / SAMPLE_RATE < 20
    assert np.sqrt(np.mean(samples.astype(np.float64) ** 2)) > 300


def test_every_partner_has_his_words() -> None:
    said = {partner.voice.piece for partner in PARTNERS.values() if partner.voice is not None}
    assert said - {""} <= set(PIECES)


def test_missing_piece_says_what_to_run() -> None:
    with pytest.raises(SpeechMissing, match=r"app\.demo\.synthesis"):
        load_speech("nobody")


def test_only_what_changed_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis, "PIECES", {"one": Piece("slt", "One."), "two": Piece("slt", "Two.")})
    assert {path.stem for path in synthesise(tmp_path)} == {"one", "two"}
    assert synthesise(tmp_path) == []
    monkeypatch.setattr(synthesis, "PIECES", {"one": Piece("slt", "One."), "two": Piece("slt", "Three.")})
    assert [path.stem for path in synthesise(tmp_path)] == ["two"]


def test_without_flite_the_advice_is_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SynthesisFailed, match="apt-get install flite"):
        synthesise(tmp_path / "speech")
