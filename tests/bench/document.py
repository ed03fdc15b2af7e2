"""docs/benchmarks.md, written from the newest full run of each row."""

from __future__ import annotations

import json
from pathlib import Path

from app.pbx import web_socket
from tests.bench import departure, echo, machine, pbx, start, voice
from tests.bench.row import Row, table
from tests.peers.peer import REPOSITORY

STORE = REPOSITORY / "build" / "bench"
DOCUMENT = REPOSITORY / "docs" / "benchmarks.md"
_ROWS = (
    *("lateness", "cpu-per-call", "cpu-per-srtp-call", "setup", "g722", "packets"),
    *("conference", "echo", "jitter", "loss", "latency"),
    *("login", "failover", "reconnect", "presence-flood", "crash"),
    *("cold-start", "memory"),
)

_HEAD = """# Benchmarks

How the phone compares with programs that do the same. `ci/bench` measures all of it again and writes this page;
`ci/bench ROW` measures one row, `--json` prints a line of JSON for each comparison, and `--quick` takes a short
look that this page does not keep. Run it on a machine that does nothing else.

"Ours" is the real phone: the processes that `ip270 run` starts, with its kiosk, commanded over the socket its
surfaces use. Each peer lives in a process of its own and is measured in turn with ours on the same machine.
Figures are better when smaller, where the row doesn't say otherwise; the ratio is ours divided by the peer's. A dash
is something that could not be measured; remarks stand below the table.

"""

_METHODS = f"""## How each row is measured

**lateness.** The phone holds a PCMU call. A process outside it notes the kernel's receive time (SO_TIMESTAMPNS) of
each RTP packet; the error of a packet is its distance from a schedule laid through the RTP timestamps and the
earliest hundredth of the {departure.WINDOW} packets around it. Beside it run a busy process for each core, a thread in
the phone's own Python process that holds the interpreter's lock, and a screen that redraws 30 times a second
(ours: its kiosk). The peers run as they come, and with all their threads under `chrt -f 60`. cyclictest under the
same load shows what the kernel itself makes of a real-time thread: no phone can be better than that.

**cpu-per-call.** One PCMU call, 20 ms packets both ways, no echo control, no SRTP, kiosk idle. CPU is the sum of
schedstat over all threads of the process tree, wake-ups are its voluntary context switches. Memory and the coarser
utime + stime stand in the details of the JSON lines. pjsua2 runs with its null sound device and no voice
activity detection, baresip-python with its memory audio driver, Debian's baresip with a file of silence
and no player; the phone with its simulated sound.

**cpu-per-srtp-call.** The same with AES_CM_128_HMAC_SHA1_80 both ways, beside peers that are used from Python. The keys
come by SDES; aiortc, which has neither SDES nor SIP, is connected by DTLS to a second process of its own that is
not measured.

**setup.** From the first INVITE to the ACK of the 200, by a packet capture on the loopback interface, against one
SIPp that rings and answers at once. All phones call in turn; the first call of each is not counted.

**g722.** Our codec and spandsp's over the same synthetic voice, in turns, in one C program built as the phone is.

**packets.** Packets of PCMU, 20 ms each, under AES_CM_128_HMAC_SHA1_80 over loopback, in one C program built as the
phone is: a stream's own way from recvmmsg with the kernel's time of arrival through checks, SRTP and the jitter
buffer, and in turns with it a loop of nothing but recvmmsg and srtp_unprotect of the same libsrtp2. One packet a
call is what a telephone call has, sixteen is what a burst has.

**conference.** Eight parties with G.711, G.722 and Opus of both bandwidths, 20 ms packets both ways over loopback, and
everybody talks, we too. The phone's engine and one that plays the far ends take turns on the stepped clock and on one
core; the figure is the processor time of each of the phone's ticks, of which one in two brings and sends eight packets.
The codecs alone are the same encoders and decoders, run in between: no engine can be cheaper.

**echo.** Recorded speech of 24 s at -26 dBov at both ends, in synthetic rooms with 0.1 to 0.4 s of reverberation, 6 dB
of loss and 30 to 80 ms on the way through the cards. Ours is the engine on the stepped clock with memory devices: bus,
volume, far-end reference and gate as in a call; it is not told the delay, nor are the libraries, which get the same
samples. speexdsp has a filter of 200 ms and its residual suppressor, webrtc 0.3 its extended filter, delay-agnostic, at
moderate suppression. A bar that compares is held by the lower 95 % bound of the difference in the same rooms. An echo
is gone when half a second and two seconds from there on are {echo.GONE_DB:g} dB quieter than at the microphone. PESQ is
wideband, in pieces of eight seconds.

**jitter, loss, latency.** Recorded speech through our engines on the stepped clock: sender, path, receiver, and RTCP
between them. pjsua2 gets the same packets at the same times over UDP in real time, and records what it hears. A score
without its delay says little, so both stand together. ViSQOL (v3, speech, polynomial mapping) stands beside PESQ,
which takes a stretched pause for a fault. Bounds are one-sided, 95 %, over the seeds. Opus is compared with
libopus itself, which loses the same packets, has FEC, and has no jitter to wait for. The latency is what the engines
take, with a card's periods added: {voice.CAPTURE_MS} ms to capture and {voice.PLAYBACK_MS} ms to play.

**login, failover, reconnect, presence-flood.** The phone on an innovaphone PBX: the demo PBX, a process of its own with
a master and a standby that are killed and started again. No other phone that could be had speaks its protocols. A
log-in is timed from the first SYN of the session's connection until the phone shows its line registered. A fail-over
begins with the death of the primary PBX and ends when the secondary has the registration and the phone shows it; where
packets are dropped the phone finds out by the web socket's ping, after {web_socket.PROBE_SECONDS:g} s of silence, and
{web_socket.PROBE_SECONDS / 2:g} s without an answer. To reconnect, both PBXes die in a call of two phones and start
again {pbx.DEAD_SECONDS:g} s later; RTP goes from phone to phone and is captured on the loopback interface. In the flood
each update is a frame, and the key is the one that mutes; voice is judged as for lateness, but without load.

**crash.** The phone is killed (SIGKILL) in a PCMU call, and started again at once with what it had stored, as systemd
does it. Without RTP it is from the last packet of the one process to the first of the next, by the kernel's times; the
call is taken up when its re-INVITE is acknowledged. baresip, killed and started in the same way, has no call any more:
its figure is the time until its registration is answered. Byte code and page cache are as for a cold start.

**cold-start, memory.** Phone and kiosk are started at one moment, as the target's two units start them, with byte code
and a warm page cache; the headless board has no panel, so that the picture is painted in memory. The first picture is
the one that the kiosk says it shows; registered is when the PBX's 200 crosses the loopback interface. Memory is the sum
of both processes' PSS (each page by the share of who holds it), {start.SETTLING_SECONDS:g} s later, also on an
innovaphone PBX with its apps, for which the phone loads an HTTP client; RSS stands in the details of the JSON lines.
"""


def store(name: str, rows: list[Row]) -> None:
    """Keep a full run of one row."""
    STORE.mkdir(parents=True, exist_ok=True)
    (STORE / f"{name}.jsonl").write_text("".join(row.as_json() + "\n" for row in rows))
    (STORE / "machine.json").write_text(json.dumps(machine.facts()))


def write(document: Path = DOCUMENT) -> None:
    """Write the page from what was kept."""
    rows = [row for name in _ROWS for row in _stored(name)]
    facts = json.loads((STORE / "machine.json").read_text())
    parts = [_HEAD, "## The machine\n\n", *(f"- {fact}\n" for fact in facts), "\n## The table\n\n", table(rows), "\n\n"]
    reasons = sorted({f"- {row.row}: {row.reason.replace(str(REPOSITORY), '.')}\n" for row in rows if row.reason})
    parts += ["Remarks:\n\n", *reasons, "\n"] if reasons else []
    parts += [_lateness_details(rows), _METHODS]
    document.write_text("".join(parts))


def _stored(name: str) -> list[Row]:
    file = STORE / f"{name}.jsonl"
    return [Row.from_json(line) for line in file.read_text().splitlines()] if file.exists() else []


def _lateness_details(rows: list[Row]) -> str:
    """The rest of each contender's distribution."""
    chosen = [row for row in rows if row.row == "lateness"]
    found = {row.peer_name: row.details.get("peer", {}) for row in chosen}
    if chosen:
        found = {"ours": chosen[0].details.get("ours", {}), **found}
    lines = ["| lateness, ms | packets | lost | p50 | p99 | p99.9 | max |", "|---|---|---|---|---|---|---|"]
    by_name = {"ours": chosen[0].ours if chosen else None, **{row.peer_name: row.peer for row in chosen}}
    for name, details in found.items():
        if "packets" in details:
            figures = [f"{value:.3g}" for value in (details["p50"], details["p99"], by_name[name], details["max"])]
            lines.append(f"| {name} | {details['packets']} | {details['lost']} | {' | '.join(figures)} |")
    return "\n".join(lines) + "\n\n" if len(lines) > 2 else ""
