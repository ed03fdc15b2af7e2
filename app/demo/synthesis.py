"""Synthesises the demo partners' speech by flite, when the phone is built.

`python -m app.demo.synthesis` writes `speech/*.wav` (16 kHz, mono, 16 bit) beside this file where they are missing or
their words have changed. A wheel is built by the same code, so only the standard library is imported here.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import wave
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "speech"
SAMPLE_RATE = 16_000


class Piece(NamedTuple):
    """What one partner says, and the flite voice that says it."""

    voice: str
    words: str


PIECES = {
    "announcement": Piece(
        "slt",
        """Welcome. You are connected to the demonstration exchange. Your phone is registered, and your sound works.
        Dial one hundred to hear yourself, or one hundred and three to speak to a colleague. Good bye.""",
    ),
    "colleague": Piece(
        "rms",
        """Hello, this is your colleague speaking. The meeting has moved to three o'clock, in the large room upstairs.
        Could you bring the printed plans, and a cup of tea for me? Thank you, that is very kind of you.""",
    ),
    "callback": Piece(
        "awb",
        "Hello, you asked to be called back. Here I am. Everything is in order, so I wish you a good day.",
    ),
    "caller": Piece(
        "slt",
        """The quick brown fox jumps over the lazy dog. She sells sea shells by the sea shore.
        Please leave the parcel beside the door.""",
    ),
}


class SynthesisFailed(Exception):
    """flite is missing or is not as it should be; the text says what to do."""


def synthesise(folder: Path) -> list[Path]:
    """Write the pieces that are missing or out of date into `folder`; returns what was written.

    Raises SynthesisFailed.
    """
    folder.mkdir(exist_ok=True)
    written = []
    for name, piece in PIECES.items():
        target, stamp = folder / f"{name}.wav", folder / f"{name}.wav.words"
        key = hashlib.sha256(f"{piece.voice} {piece.words}".encode()).hexdigest()
        if target.exists() and stamp.exists() and stamp.read_text() == key:
            continue
        if not shutil.which("flite"):
            raise SynthesisFailed("flite is not installed: `apt-get install flite`")
        _speak(piece, target)
        _check_format(target)
        stamp.write_text(key)
        written.append(target)
    return written


def _speak(piece: Piece, target: Path) -> None:
    try:
        subprocess.run(["flite", "-voice", piece.voice, "-t", piece.words, "-o", str(target)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        target.unlink(missing_ok=True)
        raise SynthesisFailed(f"{target.name} could not be made: {error}") from error


def _check_format(path: Path) -> None:
    with wave.open(str(path)) as sound:
        if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (SAMPLE_RATE, 1, 2):
            raise SynthesisFailed(f"{path.name} is not 16 kHz mono 16 bit: this flite has other voices")


if __name__ == "__main__":
    try:
        for path in synthesise(FOLDER):
            print(f"synthesised {path.name}")
    except SynthesisFailed as problem:
        sys.exit(str(problem))
