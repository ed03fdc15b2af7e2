"""Where a message goes next or came from: transport, address, and the connection it may have to use."""

from __future__ import annotations

import enum

import msgspec

from app.signalling.sip.errors import SipError
from app.signalling.sip.fields import Via
from app.signalling.sip.uri import SipUri


class Transport(enum.StrEnum):
    """A transport as Via names it (RFC 3261, 7.1 and 18)."""

    UDP = "UDP"
    TCP = "TCP"
    TLS = "TLS"

    @property
    def reliable(self) -> bool:
        """True where nothing is sent again, because the transport does that itself."""
        return self is not Transport.UDP

    @property
    def default_port(self) -> int:
        """The port meant by a URI or Via that names none (RFC 3261, 19.1.2)."""
        return 5061 if self is Transport.TLS else 5060


class Hop(msgspec.Struct, frozen=True):
    """One neighbour. `host` is a name or an address; `connection` the number of an open stream, 0 for any."""

    transport: Transport
    host: str
    port: int
    connection: int = 0

    def __str__(self) -> str:
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{shown}:{self.port} over {self.transport}"

    @property
    def address(self) -> Hop:
        """The same neighbour over any connection."""
        return self if not self.connection else msgspec.structs.replace(self, connection=0)


class UnreachableUri(SipError):
    """A URI that names no neighbour this phone can reach."""


class FailureKind(enum.StrEnum):
    """Why a message could not be sent."""

    NAME_UNKNOWN = "name-unknown"
    REFUSED = "refused"
    TIMED_OUT = "timed-out"
    NOT_TRUSTED = "not-trusted"
    """TLS did not come about; the failure itself says in words why and what to do."""
    CLOSED = "closed"
    NO_NETWORK = "no-network"
    OVERLOADED = "overloaded"


class TransportFailure(msgspec.Struct, frozen=True):
    """What kept a message from going out; `detail` and `advice` are for a person who looks after the phone."""

    kind: FailureKind
    detail: str = ""
    advice: str = ""


def hop_of_uri(uri: SipUri, default: Transport) -> Hop:
    """The neighbour a URI names (RFC 3263, 4.1, without NAPTR and SRV). `default` counts where it names no transport.

    A line that speaks TLS never falls back to a transport in the clear because a URI forgot to say so.
    Raises `UnreachableUri`.
    """
    named = uri.parameter("transport")
    if uri.scheme == "tel" or not uri.host:
        raise UnreachableUri(f"{uri.scheme} addresses name no host")
    transport = default
    if named:
        try:
            transport = Transport(named.upper())
        except ValueError:
            raise UnreachableUri(f"transport {named[:16]} is not known here") from None
    if uri.scheme == "sips":
        transport = Transport.TLS
    return Hop(transport, uri.parameter("maddr") or uri.host, uri.port or transport.default_port)


def hop_of_via(via: Via, source: Hop) -> Hop:
    """Where a response goes (RFC 3261, 18.2.2; RFC 3581, 4). `via` carries what `source` stamped on it."""
    if source.transport.reliable:
        return source
    port = via.rport or via.port or source.transport.default_port
    return Hop(source.transport, via.received or via.host, port)
