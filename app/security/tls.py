"""Every TLS context of Python's is built here, so that there is one answer to what the phone believes and speaks.

The engine builds two kinds of its own, for what never passes through Python: connections to TURN servers, by the
profile `normal` (`native/src/turn_link.c`), and the handshakes of DTLS-SRTP, which believe fingerprints instead of
authorities (`native/src/dtls_context.c`).
"""

from __future__ import annotations

import enum
import ssl
import warnings
from pathlib import Path

import msgspec

from app.security.errors import IdentityUnreadable, TrustUnreadable


class TlsProfile(enum.StrEnum):
    """Which versions and ciphers are spoken. Both profiles verify certificates alike."""

    NORMAL = "normal"
    """TLS 1.3 and 1.2, forward secrecy and authenticated encryption only (RFC 9325, 3.1 and 4.2)."""
    LEGACY = "legacy"
    """From TLS 1.0 on, with every cipher the library still has: for devices that know nothing better."""


NORMAL_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; the engine's own connections have the same."""
_LEGACY_CIPHERS = "DEFAULT:@SECLEVEL=0"


class Identity(msgspec.Struct, frozen=True):
    """Who the phone is: a PEM file with its certificate and chain, and one with the private key."""

    certificate: Path
    key: Path


class TrustProblem(msgspec.Struct, frozen=True):
    """Why a connection was not trusted, in plain words, and what to do."""

    reason: str
    advice: str


def client_context(
    trust_file: Path | None, profile: TlsProfile = TlsProfile.NORMAL, identity: Identity | None = None
) -> ssl.SSLContext:
    """A context that verifies the far end's chain and its name; there is no way to ask for less.

    `trust_file` is a PEM file of authorities, None the system's. `identity` is shown to a server that asks (mutual
    TLS). Reads files, so it belongs to the start or a worker. Raises `TrustUnreadable` or `IdentityUnreadable`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _apply(context, profile)
    if trust_file is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        try:
            context.load_verify_locations(cafile=trust_file)
        except OSError as error:  # SSLError is one too
            raise TrustUnreadable(
                f"The trusted certificates in {trust_file} cannot be used: {_reason(error)}.",
                "Give a PEM file that begins with '-----BEGIN CERTIFICATE-----' and that the phone may read.",
            ) from error
    if identity is not None:
        _load(context, identity)
    return context


def server_context(identity: Identity, profile: TlsProfile = TlsProfile.NORMAL) -> ssl.SSLContext:
    """A context that shows `identity`. Reads files, as `client_context` does. Raises `IdentityUnreadable`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _apply(context, profile)
    _load(context, identity)
    return context


def explain(error: ssl.SSLError) -> TrustProblem:
    """A failed handshake in words for a person."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFY_PROBLEMS.get(error.verify_code) or TrustProblem(
            f"The server's certificate is not accepted: {error.verify_message}",
            "Have the server's certificate looked at.",
        )
    return TrustProblem(
        f"No encrypted connection came about: {_reason(error)}",
        "Check that the port speaks TLS; an old server may need the TLS profile 'legacy'.",
    )


_UNKNOWN_AUTHORITY = TrustProblem(
    "The server's certificate comes from an authority this phone does not trust",
    "Put that authority's certificate into the file of trusted certificates.",
)
_VERIFY_PROBLEMS = {  # the codes of OpenSSL's X509_V_ERR_*
    9: TrustProblem("The server's certificate is not valid yet", "Check the phone's date and time."),
    10: TrustProblem("The server's certificate has expired", "Have it renewed, or check the phone's date and time."),
    18: _UNKNOWN_AUTHORITY,
    19: _UNKNOWN_AUTHORITY,
    20: _UNKNOWN_AUTHORITY,
    21: _UNKNOWN_AUTHORITY,
    62: TrustProblem(
        "The server's certificate is made out to another name",
        "Set the PBX by the name that stands in its certificate.",
    ),
    64: TrustProblem(
        "The server's certificate is not made out to this IP address",
        "Set the PBX by the name that stands in its certificate.",
    ),
}


def _apply(context: ssl.SSLContext, profile: TlsProfile) -> None:
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if profile is TlsProfile.NORMAL:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(NORMAL_CIPHERS)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # asking for old versions is this profile's purpose
        context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers(_LEGACY_CIPHERS)


def _load(context: ssl.SSLContext, identity: Identity) -> None:
    try:
        context.load_cert_chain(identity.certificate, identity.key)
    except OSError as error:
        raise IdentityUnreadable(
            f"The certificate {identity.certificate} with the key {identity.key} cannot be used: {_reason(error)}.",
            "Give a PEM certificate and the private key that belongs to it, both readable to the phone.",
        ) from error


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "it holds no PEM").replace("_", " ").lower()
    return error.strerror or type(error).__name__
