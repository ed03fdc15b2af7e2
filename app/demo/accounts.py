"""The demo PBX's phones, and the configuration files it writes for them."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec

from app.settings.secret import Secret

NAMES = {"27": "Desk by the window", "28": "Meeting room"}
TRANSPORTS = ("udp", "tcp", "tls")


class Account(msgspec.Struct, frozen=True):
    """One phone the PBX knows."""

    number: str
    name: str
    password: Secret


def load_accounts(path: Path) -> tuple[Account, ...]:
    """The demo's phones; their passwords are drawn once and kept in `path`. Raises OSError."""
    passwords: dict[str, str] = {}
    if path.exists():
        passwords = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    else:
        passwords = {number: secrets.token_urlsafe(18) for number in NAMES}
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(passwords))
    return tuple(Account(number, name, Secret(passwords[number])) for number, name in NAMES.items())


def write_configurations(
    folder: Path, accounts: tuple[Account, ...], address: str, port: int, tls_port: int, authority: Path
) -> None:
    """Write `NUMBER-TRANSPORT.toml` for `ip270 run --config`, readable by the owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for account in accounts:
        for transport in TRANSPORTS:
            path = folder / f"{account.number}-{transport}.toml"
            path.touch(mode=0o600)
            path.write_text(
                _configuration(account, transport, address, tls_port if transport == "tls" else port, authority)
            )


def write_myapps_configurations(
    folder: Path, accounts: tuple[Account, ...], address: str, tls_port: int, authority: Path
) -> None:
    """Write `NUMBER-myapps.toml` for `ip270 run --config`, readable by the owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for account in accounts:
        path = folder / f"{account.number}-myapps.toml"
        path.touch(mode=0o600)
        path.write_text(
            f'[line]\nkind = "pbxsignal"\n[pbx]\nserver = "{address}:{tls_port}"\nuser = "{account.number}"\n'
            f'password = "{account.password.reveal()}"\ntrust_file = "{authority}"\n'
        )


def _configuration(account: Account, transport: str, address: str, port: int, authority: Path) -> str:
    lines = [
        "[sip]",
        f'registrar = "{address}"',
        f"port = {port}",
        f'transport = "{transport}"',
        f'user = "{account.number}"',
        f'password = "{account.password.reveal()}"',
        f'display_name = "{account.name}"',
        "expires = 60",
    ]
    if transport == "tls":
        lines.append(f'trust_file = "{authority}"')
    return "\n".join(lines) + "\n"
