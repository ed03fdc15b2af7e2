"""The engine: threads, clock, and the maker of everything that sounds.

Calls return at once and take effect with the next tick (10 ms); results come as events. One thread owns an engine, in
the phone that of the asyncio loop; the media thread behind it never runs Python.
"""

from __future__ import annotations

import ipaddress
import secrets
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from native.binding import Core, checked, ffi, lib
from native.bus import Bus
from native.device import Device
from native.errors import InvalidArgument
from native.events import Event, from_c, wipe
from native.models import Clock, DeviceSpec, EngineReport, Policy
from native.recording import LIMIT_BYTES_MIN, Recording, checked_path
from native.sound import Player, Tone
from native.stream import MemoryStream, Stream

if TYPE_CHECKING:
    from native.samples import Samples

POLICIES: tuple[Policy, ...] = ("other", "nice", "rr", "fifo")
PERIOD_MS = range(5, 41)
PERIODS = range(2, 9)
PCM_NAME_BYTES_MAX = 127
DEFAULT_PORTS = range(50000, 50100)


class Engine:
    """One media engine. Close it when done, or use it as a context manager."""

    def __init__(self, clock: Clock = Clock.TIMER) -> None:
        """Makes a silent engine; nothing runs before `start` (or `step`)."""
        self.clock = clock
        self._core = Core(clock.value)
        self._cname = secrets.token_urlsafe(12)
        self._raw_event = ffi.new("struct media_event *")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Starts the threads; for the stepped clock there are none."""
        checked(lib.engine_start(self._core.pointer), "start")

    def close(self) -> None:
        """Says BYE on every stream, stops the threads, closes sockets and cards. Waits at most a few ticks."""
        self._core.close()

    def step(self, ticks: int = 1) -> None:
        """Runs `ticks` times 10 ms in the calling thread. Stepped clock only."""
        if self.clock is not Clock.STEPPED:
            message = "only an engine with Clock.STEPPED can be stepped"
            raise InvalidArgument(message)
        checked(lib.engine_step(self._core.pointer, ticks), "step")

    def set_identity(self, certificate: bytes, key: bytes) -> None:
        """Show this certificate in DTLS handshakes begun from now on; both are DER, the key unencrypted.

        Raises InvalidArgument where they cannot be read or do not belong together.
        """
        code = lib.engine_set_identity(self._core.pointer, certificate, len(certificate), key, len(key))
        checked(code, "set_identity")

    @property
    def now_ns(self) -> int:
        """The engine's clock: CLOCK_MONOTONIC, or the time stepped so far."""
        return int(lib.engine_now(self._core.pointer))

    @property
    def turns(self) -> int | None:
        """How often the media thread has gone round its loop; None while it rests, with nothing to do or to hear of.

        One that does neither go round nor rest has stopped. For engines whose threads were started.
        """
        turns = int(lib.engine_turns(self._core.pointer))
        return None if turns < 0 else turns

    def fileno(self) -> int:
        """An eventfd, readable while events wait. Watch it with `loop.add_reader`, then call `drain`."""
        return int(lib.engine_event_fd(self._core.pointer))

    def drain(self) -> list[Event]:
        """All waiting events, oldest first for each thread of the engine. Events about closed objects are left out."""
        events = []
        while lib.engine_next_event(self._core.pointer, self._raw_event):
            subject = self._core.objects.get(self._raw_event.object)
            if subject is not None:
                events.append(from_c(self._raw_event, subject))
            wipe(self._raw_event)
        return events

    def report(self) -> EngineReport:
        """How the media thread does, at most 200 ms old."""
        raw = ffi.new("struct media_report *")
        lib.engine_report(self._core.pointer, raw)
        return EngineReport(
            policy=POLICIES[raw.policy],
            clock=Clock(raw.clock),
            memory_locked=bool(raw.memory_locked),
            ticks=raw.ticks,
            overruns=raw.overruns,
            events_dropped=raw.events_dropped,
            device_xruns=raw.device_xruns,
            late_p50_us=raw.late_p50_us,
            late_p99_us=raw.late_p99_us,
            late_p999_us=raw.late_p999_us,
            late_max_us=raw.late_max_us,
            departure_p50_us=raw.departure_p50_us,
            departure_p99_us=raw.departure_p99_us,
            departure_p999_us=raw.departure_p999_us,
            departure_max_us=raw.departure_max_us,
            busy_us_mean=raw.busy_us_mean,
            busy_us_max=raw.busy_us_max,
        )

    def new_bus(self, *, hear_self: bool = False) -> Bus:
        """A mix bus; with `hear_self` a party hears itself too, as an echo service wants."""
        return Bus(self._core, checked(lib.engine_bus_new(self._core.pointer, hear_self), "bus"))

    def new_stream(self, address: str = "0.0.0.0", ports: range = DEFAULT_PORTS, dscp: int = 46) -> Stream:  # noqa: S104
        """A stream on an even UDP port of `ports`, with RTCP on the next; packets carry `dscp` (46: EF, RFC 3246).

        An empty `address` binds all addresses of both families, those to come included; `local_address` of the
        configuration then chooses among them.

        Raises NoPortFree, SocketRefused (not an address of this machine), InvalidArgument.
        """
        if address:
            _check_address(address)
        if not ports or ports.start < 1 or ports.stop > 1 << 16 or ports.step != 1 or dscp not in range(64):
            message = f"ports {ports} must lie within 1 to 65535, and dscp {dscp} within 0 to 63"
            raise InvalidArgument(message)
        info = ffi.new("struct media_stream_info *")
        code = lib.engine_stream_new(self._core.pointer, address.encode(), ports.start, ports.stop - 1, dscp, info)
        number = checked(code, f"{address} ports {ports.start}-{ports.stop - 1}")
        return Stream(self._core, number, info, address, self._cname)

    def keep_in(self, descriptor: int) -> None:
        """Write down in this memory (`make_continuity`) how far each stream made from now on has come. At most once.

        The descriptor stays the caller's. Raises InvalidArgument for memory of another size, or that may shrink.
        """
        checked(lib.engine_keep_in(self._core.pointer, descriptor), "keep_in")

    def resume_stream(self, sockets: tuple[int, int], ssrc: int, address: str = "") -> Stream:
        """A stream of a process before this one, with its two sockets, from where the memory of `keep_in` says it was.

        It takes the sockets over unless it raises: EngineClosed where the memory has no such stream, InvalidArgument
        for sockets that are none. `address` is what `new_stream` had. The first configuration must have the keys that
        the stream had; others raise InvalidArgument there.
        """
        info = ffi.new("struct media_stream_info *")
        code = lib.engine_stream_resume(self._core.pointer, *sockets, ssrc, info)
        return Stream(self._core, checked(code, "resume_stream"), info, address, self._cname)

    def new_memory_stream(self) -> MemoryStream:
        """A stream without sockets; its local address is the unspecified one and its ports are 0."""
        info = ffi.new("struct media_stream_info *")
        number = checked(lib.engine_memory_stream_new(self._core.pointer, info), "stream")
        return MemoryStream(self._core, number, info, str(ipaddress.IPv4Address(0)), self._cname)

    def new_recording(self, path: Path, limit: int) -> Recording:
        """Begins a capture file that nobody has yet at `path`, of at most `limit` bytes (from 4096).

        Nothing of the disk is waited for: a file that cannot be made is told by `RecordingEnded`. Raises LimitReached
        (32 recordings at once) and InvalidArgument.
        """
        if limit < LIMIT_BYTES_MIN:
            raise InvalidArgument(f"limit {limit}: at least {LIMIT_BYTES_MIN} bytes")
        number = checked(lib.engine_recording_new(self._core.pointer, checked_path(path), limit), "recording")
        return Recording(self._core, number, path)

    def open_device(self, spec: DeviceSpec) -> Device:
        """Begins to open a device and returns at once; DeviceOpened or DeviceFailed tells. Memory is open at once."""
        if spec.kind == "memory":
            return Device(self._core, checked(self._new_memory_device(spec), spec.name), spec)
        if self.clock is Clock.STEPPED:
            message = f"{spec.name}: a stepped engine has no time for sound cards"
            raise InvalidArgument(message)
        code = lib.engine_alsa_device_new(self._core.pointer, _device_config(spec))
        return Device(self._core, checked(code, spec.name), spec)

    def _new_memory_device(self, spec: DeviceSpec) -> int:
        if spec.ppm is None:
            return int(lib.engine_memory_device_new(self._core.pointer))
        return int(lib.engine_memory_card_new(self._core.pointer, spec.ppm))

    def new_tone(self) -> Tone:
        """A tone generator, silent until `play`."""
        return Tone(self._core, checked(lib.engine_tone_new(self._core.pointer), "tone"))

    def new_player(self, samples: Samples | bytes, *, loop: bool = False) -> Player:
        """A recording of 16 kHz mono int16 samples, or such as octets, copied now, silent until `play`."""
        if not isinstance(samples, bytes):
            from native.samples import checked_samples  # numpy: not for octets

            samples = checked_samples(samples, "player").tobytes()
        if not samples or len(samples) % 2:
            message = "player: a recording needs whole samples, and at least one"
            raise InvalidArgument(message)
        pointer = ffi.from_buffer("int16_t[]", samples)
        number = lib.engine_player_new(self._core.pointer, pointer, len(pointer), loop)
        return Player(self._core, checked(number, "player"))


def _check_address(address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError as error:
        raise InvalidArgument(str(error)) from error


def _device_config(spec: DeviceSpec) -> Any:
    names = [(name or "").encode() for name in (spec.capture, spec.playback)]
    if not any(names) or any(len(name) > PCM_NAME_BYTES_MAX or b"\0" in name for name in names):
        message = f"{spec.name}: wants a PCM's name of at most {PCM_NAME_BYTES_MAX} bytes for at least one direction"
        raise InvalidArgument(message)
    if spec.period_ms not in PERIOD_MS or spec.periods not in PERIODS:
        message = f"{spec.name}: period_ms must be 5 to 40 and periods 2 to 8"
        raise InvalidArgument(message)
    return ffi.new(
        "struct media_device_config *",
        {"capture": names[0], "playback": names[1], "period_ms": spec.period_ms, "periods": spec.periods},
    )
