"""`python -m app.demo`: the demo PBX as a process of its own.

When it listens it prints one JSON object on a line: where it listens, and the folder with a configuration
file for each phone and transport. It ends on SIGTERM and SIGINT, and with `--while-input` when its standard
input is closed, so that it never outlives whoever started it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from app.demo.accounts import Account, load_accounts, write_configurations
from app.demo.pbx import DemoPbx
from app.demo.speech import SpeechMissing
from app.demo.voice import EngineMedia
from app.diagnostics.sinks import LogSinks
from app.model.flags import LogFlag
from app.security.certificates import Authority
from app.security.tls import Identity, server_context


def main() -> int:
    """Run the PBX until it is told to end. Returns the exit status."""
    options = _parser().parse_args()
    with LogSinks(dict.fromkeys(LogFlag, "warning")):
        try:
            asyncio.run(_serve(options))
        except (OSError, SpeechMissing) as error:
            print(f"The demo PBX cannot start: {error}", file=sys.stderr)
            return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app.demo", description="A small PBX to try the phone with.")
    parser.add_argument("--address", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5060, help="for UDP and TCP (default: %(default)s)")
    parser.add_argument("--tls-port", type=int, default=5061, help="for TLS (default: %(default)s)")
    parser.add_argument("--folder", type=Path, required=True, help="for certificates, passwords and configurations")
    parser.add_argument("--while-input", action="store_true", help="end when standard input is closed")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    address, port, tls_port, folder = options.address, options.port, options.tls_port, options.folder
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if options.while_input:
        loop.add_reader(sys.stdin.fileno(), stopped.set)
    accounts, identity, configurations = _furnish(folder, address, port, tls_port)
    media = EngineMedia(address)
    pbx = DemoPbx(address, port, tls_port, accounts, media)
    try:
        await pbx.start(server_context(identity))
        print(json.dumps({"port": port, "tls_port": tls_port, "configurations": str(configurations)}), flush=True)
        await stopped.wait()
        await pbx.stop()
    finally:
        media.shut()


def _furnish(folder: Path, address: str, port: int, tls_port: int) -> tuple[tuple[Account, ...], Identity, Path]:
    """Passwords stay the same as long as the folder does, so that phones survive a restart of the PBX."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    accounts = load_accounts(folder / "accounts.json")
    authority_file = folder / "authority.pem"
    identity = Identity(folder / "pbx.pem", folder / "pbx.key")
    if not (authority_file.exists() and identity.certificate.exists() and identity.key.exists()):
        authority = Authority("IP270 demo")
        authority_file.write_bytes(authority.pem)
        identity = authority.issue((address, "localhost")).write(folder, "pbx")
    configurations = folder / "configurations"
    write_configurations(configurations, accounts, address, port, tls_port, authority_file.absolute())
    return accounts, identity, configurations


if __name__ == "__main__":
    sys.exit(main())
