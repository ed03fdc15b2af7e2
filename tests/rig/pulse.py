"""A clocked sound loop without a card: a private PulseAudio with null sinks, reached as ALSA PCMs.

For each place NAME (handset, speaker, headset, ringer) there are two duplex PCMs:

* `NAME` is what the phone opens: it plays into NAME's ear and records NAME's mouth;
* `NAME_person` is who sits there: it records what the ear got and plays what the mouth says.

Each of these names is a control device with a mixer too.

Null sinks run on the host's clock, so reads and writes take real time. PulseAudio holds a stream back for up to
two seconds when it starts: let the first seconds pass before judging anything (`WARM_UP_S`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pytest

PLACES = ("handset", "speaker", "headset", "ringer")
WARM_UP_S = 2.0
_START_LIMIT_S = 10.0

_PCM = """
pcm.{name} {{
    type asym
    playback.pcm {{ type pulse; server "unix:{socket}"; device {plays} }}
    capture.pcm {{ type pulse; server "unix:{socket}"; device {records} }}
    hint {{ show on; description "{name} of the test loop" }}
}}
ctl.{name} {{ type pulse; server "unix:{socket}"; device {plays}; source {records} }}
"""


class PulseLoop:
    """The daemon and its folder, as a context manager. `rate` is the sinks' own, in hertz; all are mono, 16 bit.

    Only ALSA's configuration tells programs of the loop: set `environment` for a child process, or use the
    `pulse_loop` fixture, which sets it for this one.
    """

    def __init__(self, rate: int = 48000, places: tuple[str, ...] = PLACES) -> None:
        self.rate = rate
        self.places = places
        self._folder = Path()
        self._daemon: subprocess.Popen[bytes] | None = None

    @property
    def configuration(self) -> Path:
        """ALSA's configuration file with the loop's PCMs and nothing of the host's."""
        return self._folder / "asound.conf"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that show the loop, and only the loop, to a program that uses libasound."""
        return {"ALSA_CONFIG_PATH": str(self.configuration), "PULSE_COOKIE": str(self._folder / "cookie")}

    @property
    def log(self) -> str:
        """What the daemon said so far."""
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def __enter__(self) -> PulseLoop:
        self._folder = Path(tempfile.mkdtemp(prefix="pulse-"))
        self._write_configuration()
        self._daemon = subprocess.Popen(
            [
                "pulseaudio",
                "-n",
                "-F",
                str(self._folder / "pulse.pa"),
                "--daemonize=no",
                "--use-pid-file=no",
                "--exit-idle-time=-1",
                "--disable-shm=yes",
                f"--log-target=file:{self._folder / 'log'}",
            ],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self._folder),
                "XDG_RUNTIME_DIR": str(self._folder),
                "PULSE_RUNTIME_PATH": str(self._folder),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._await_socket()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def kill_daemon(self) -> None:
        """Let every sound device of the loop vanish at once, as an unplugged card does."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait()

    def _stop(self) -> None:
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.terminate()
            try:
                self._daemon.wait(5)
            except subprocess.TimeoutExpired:
                self._daemon.kill()
                self._daemon.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def socket(self) -> Path:
        """Where the daemon listens."""
        return self._folder / "socket"

    def _write_configuration(self) -> None:
        script = [f"load-module module-native-protocol-unix auth-anonymous=1 socket={self.socket}"]
        pcms = []
        for place in self.places:
            ear, mouth = f"{place}_ear", f"{place}_mouth"
            script += [
                f"load-module module-null-sink sink_name={sink} rate={self.rate} channels=1 format=s16le"
                for sink in (ear, mouth)
            ]
            pcms.append(_PCM.format(name=place, socket=self.socket, plays=ear, records=f"{mouth}.monitor"))
            pcms.append(_PCM.format(name=f"{place}_person", socket=self.socket, plays=mouth, records=f"{ear}.monitor"))
        (self._folder / "pulse.pa").write_text("\n".join(script) + "\n")
        self.configuration.write_text("".join(pcms))

    def _await_socket(self) -> None:
        deadline = time.monotonic() + _START_LIMIT_S
        while not self.socket.exists():
            if self._daemon is None or self._daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PulseAudio did not start: {self.log}")
            time.sleep(0.02)


class LateSound:
    """An ALSA configuration in which a loop's PCMs turn up when that is there, as Debian's does with PulseAudio's."""

    def __init__(self, folder: Path) -> None:
        self.configuration = folder / "asound.conf"
        self._late = folder / "late.conf"
        self.configuration.write_text(f'@hooks [ {{ func load files [ "{self._late}" ] errors false }} ]\n')

    def show(self, loop: PulseLoop) -> None:
        """Let programs that read their configuration from now on see the loop."""
        shutil.copyfile(loop.configuration, self._late)


@pytest.fixture
def pulse_loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseLoop]:
    """A loop of its own for one test, shown to this process and its children."""
    with PulseLoop() as loop:
        for name, value in loop.environment.items():
            monkeypatch.setenv(name, value)
        yield loop
