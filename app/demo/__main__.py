"""`python -m app.demo`: the demo PBX as a process of its own.

It is a SIP PBX, or with `--pbx innovaphone` a pair of PBXes and a slave that speak myApps. When it listens it prints
one JSON object on a line: where it listens, and the folder with a configuration file for each phone and transport. It
ends on SIGTERM and SIGINT, and with `--while-input` when its standard input is closed, so that it never outlives
whoever started it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import NamedTuple

from app.demo.accounts import Account, load_accounts, write_configurations, write_myapps_configurations
from app.demo.myapps.installation import User
from app.demo.myapps.pair import SLAVE, Pair
from app.demo.pbx import DemoPbx
from app.demo.speech import SpeechMissing
from app.demo.voice import EngineMedia
from app.diagnostics.sinks import LogSinks
from app.model.flags import LogFlag
from app.security.certificates import Authority
from app.security.tls import Identity, server_context

SIP, INNOVAPHONE = "sip", "innovaphone"
DEFAULT_PORTS = {SIP: (5060, 5061), INNOVAPHONE: (8080, 8443)}


class Place(NamedTuple):
    """Where to listen, and the folder for what is written."""

    address: str
    port: int
    tls_port: int
    folder: Path


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
    parser.add_argument("--pbx", choices=DEFAULT_PORTS, default=SIP, help="what it speaks (default: %(default)s)")
    parser.add_argument("--address", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=int, help="for UDP and TCP (default: 5060), or HTTP (default: 8080)")
    parser.add_argument("--tls-port", type=int, help="for TLS (default: 5061), or HTTPS (default: 8443)")
    parser.add_argument("--folder", type=Path, required=True, help="for certificates, passwords and configurations")
    parser.add_argument("--while-input", action="store_true", help="end when standard input is closed")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    ports = DEFAULT_PORTS[options.pbx]
    port, tls_port = (
        chosen if chosen is not None else usual
        for chosen, usual in zip((options.port, options.tls_port), ports, strict=True)
    )
    place = Place(options.address, port, tls_port, options.folder)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if options.while_input:
        loop.add_reader(sys.stdin.fileno(), stopped.set)
    await (_serve_sip if options.pbx == SIP else _serve_innovaphone)(place, stopped)


async def _serve_sip(place: Place, stopped: asyncio.Event) -> None:
    address, port, tls_port = place.address, place.port, place.tls_port
    accounts, identity, authority = _furnish(place)
    configurations = place.folder / "configurations"
    write_configurations(configurations, accounts, address, port, tls_port, authority)
    media = EngineMedia(address)
    pbx = DemoPbx(address, port, tls_port, accounts, media)
    try:
        await pbx.start(server_context(identity))
        print(json.dumps({"port": port, "tls_port": tls_port, "configurations": str(configurations)}), flush=True)
        await stopped.wait()
        await pbx.stop()
    finally:
        media.shut()


async def _serve_innovaphone(place: Place, stopped: asyncio.Event) -> None:
    """Standby and slave, where the last phone is at home, take free ports: phones learn them from the master."""
    accounts, identity, authority = _furnish(place)
    homes = (*[""] * (len(accounts) - 1), SLAVE)
    users = tuple(
        User(account.number, account.number, account.name, account.password, home=home)
        for account, home in zip(accounts, homes, strict=True)
    )
    pair = Pair(users, place.address, (place.port, 0), (place.tls_port, 0), server_context(identity))
    await pair.start()
    configurations = place.folder / "configurations"
    write_myapps_configurations(configurations, accounts, place.address, pair.master.https_port, authority)
    master, standby, slave = ({"port": one.http_port, "tls_port": one.https_port} for one in pair.all)
    places = {**master, "standby": standby, "slave": slave}
    print(json.dumps({**places, "configurations": str(configurations)}), flush=True)
    await stopped.wait()
    await pair.stop()


def _furnish(place: Place) -> tuple[tuple[Account, ...], Identity, Path]:
    """Passwords stay the same as long as the folder does, so that phones survive a restart of the PBX."""
    folder = place.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    accounts = load_accounts(folder / "accounts.json")
    authority_file = folder / "authority.pem"
    identity = Identity(folder / "pbx.pem", folder / "pbx.key")
    if not (authority_file.exists() and identity.certificate.exists() and identity.key.exists()):
        authority = Authority("IP270 demo")
        authority_file.write_bytes(authority.pem)
        identity = authority.issue((place.address, "localhost")).write(folder, "pbx")
    return accounts, identity, authority_file.absolute()


if __name__ == "__main__":
    sys.exit(main())
