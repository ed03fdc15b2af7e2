"""Where a PBX is: the server as an administrator writes it, `host[:port][/PBX0-n][#phys=location]`.

Source: Reference16r1, Concept myApps platform services, "Server configuration".
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, unquote

import msgspec

from app.pbx.errors import ServerMalformed

HTTPS_PORT = 443
DEFAULT_MODULE = "PBX0"

_LONGEST = 512
_PLACE = re.compile(
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/(?P<module>[A-Za-z0-9][A-Za-z0-9-]{0,31}))?"
)
_LOCATION = re.compile(r"[^\s\x00-\x1f\x7f]{1,64}")
_ADVICE = "Write it like pbx.example.com, pbx.example.com:4444/PBX0-1 or pbx.example.com#phys=branch."


class PbxAddress(msgspec.Struct, frozen=True):
    """One PBX, reached by HTTPS. `host` has brackets where it is an IPv6 address, `module` is the PBX's on its host."""

    host: str
    port: int = HTTPS_PORT
    module: str = DEFAULT_MODULE

    def __str__(self) -> str:
        """As `connInfo` has it: host/module, with the port where it is not the usual one."""
        return f"{self._place}/{self.module}"

    @property
    def page(self) -> str:
        """The page of the client there."""
        return f"https://{self._place}/{self.module}/APPCLIENT/appclient.htm"

    @property
    def session_url(self) -> str:
        """The web socket of the myApps session."""
        return f"wss://{self._place}/{self.module}/APPCLIENT/websocket"

    @property
    def apps_url(self) -> str:
        """The web socket of the PBX's app objects."""
        return f"wss://{self._place}/{self.module}/APPS/websocket"

    @property
    def _place(self) -> str:
        return self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"


class ServerString(msgspec.Struct, frozen=True):
    """What an administrator configured: a PBX, and the phone's physical location, empty where none is set."""

    address: PbxAddress
    phys: str = ""

    @property
    def page(self) -> str:
        """What it expands to."""
        return f"{self.address.page}#phys={quote(self.phys, safe='')}" if self.phys else self.address.page


def parse_server(text: str) -> ServerString:
    """Read what an administrator wrote. Raises ServerMalformed."""
    place, hash_sign, parameter = text.partition("#")
    phys = unquote(parameter.removeprefix("phys="))
    if hash_sign and not (parameter.startswith("phys=") and _LOCATION.fullmatch(phys)):
        raise ServerMalformed("The server's physical location cannot be read.", _ADVICE)
    return ServerString(parse_address(place), phys)


def parse_address(text: str) -> PbxAddress:
    """Read `host[:port][/module]`, as a PBX names others too. Raises ServerMalformed."""
    found = _PLACE.fullmatch(text) if len(text) <= _LONGEST else None
    port = int(found["port"] or HTTPS_PORT) if found is not None else 0
    if found is None or not 0 < port < 65536 or not _is_host(found["host"]):
        raise ServerMalformed("This is no PBX's address.", _ADVICE)
    return PbxAddress(found["host"].lower(), port, found["module"] or DEFAULT_MODULE)


def _is_host(text: str) -> bool:
    """Whether what stands in brackets, if anything does, is an IPv6 address: a URL could not be made of it else."""
    if not text.startswith("["):
        return True
    try:
        ipaddress.IPv6Address(text[1:-1])
    except ValueError:
        return False
    return True
