"""The text form of a session description (RFC 8866), read into and written from the neutral model.

Attributes the model has a field for are understood here; session-level ones that RFC 8839 and RFC 8122 let a media
section inherit are copied into it; all others of a media section are carried along in order.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from app.model.crypto import CryptoDescription
from app.model.session import CodecDescription, Direction, MediaDescription, SessionDescription
from app.signalling.sip.candidates import ATTRIBUTES as ICE_ATTRIBUTES
from app.signalling.sip.candidates import ice_lines, read_ice
from app.signalling.sip.dtls_srtp import ATTRIBUTES as DTLS_ATTRIBUTES
from app.signalling.sip.dtls_srtp import dtls_lines, read_dtls
from app.signalling.sip.errors import SdpError
from app.signalling.sip.sdes import MAX_CRYPTO, build_crypto, parse_crypto

MAX_SDP = 32768
MAX_MEDIA = 32
MAX_LINES = 1024
MAX_FORMATS = 64
MAX_ATTRIBUTES = 256
MAX_REPORT_BLOCKS = 16

Attributes: TypeAlias = list[tuple[str, str | None]]

STATIC_PAYLOAD_TYPES = {
    0: ("PCMU", 8000, 1),
    3: ("GSM", 8000, 1),
    4: ("G723", 8000, 1),
    5: ("DVI4", 8000, 1),
    6: ("DVI4", 16000, 1),
    7: ("LPC", 8000, 1),
    8: ("PCMA", 8000, 1),
    9: ("G722", 8000, 1),
    10: ("L16", 44100, 2),
    11: ("L16", 44100, 1),
    12: ("QCELP", 8000, 1),
    13: ("CN", 8000, 1),
    14: ("MPA", 90000, 1),
    15: ("G728", 8000, 1),
    16: ("DVI4", 11025, 1),
    17: ("DVI4", 22050, 1),
    18: ("G729", 8000, 1),
    25: ("CelB", 90000, 1),
    26: ("JPEG", 90000, 1),
    28: ("nv", 90000, 1),
    31: ("H261", 90000, 1),
    32: ("MPV", 90000, 1),
    33: ("MP2T", 90000, 1),
    34: ("H263", 90000, 1),
}
"""Encoding, clock rate and channels that need no a=rtpmap (RFC 3551, tables 4 and 5)."""

_TYPE_LETTERS = frozenset("vosiuepcbzkatrm")
_LINE = re.compile(r"([a-z])=([^\r\x00]*)")
_ORIGIN = re.compile(r"(\S+) ([0-9]{1,40}) ([0-9]{1,40}) IN IP[46] ([A-Za-z0-9._:-]{1,255})")
_CONNECTION = re.compile(r"IN (IP[46]) ([A-Za-z0-9._:-]{1,255})(?:/[0-9/]{1,11})?")
_MEDIA = re.compile(r"([!-~]{1,32}) ([0-9]{1,5})(?:/[0-9]{1,5})? ([!-~]{1,64})((?: [!-~]{1,64})+)")
_ATTRIBUTE = re.compile(r"([!#-'*+.0-9A-Z^-~-]{1,64})(?::(.*))?")
_RTPMAP = re.compile(r"([0-9]{1,3}) ([!-.0-~]{1,64})/([0-9]{1,9})(?:/([0-9]{1,3}))?")
_FMTP = re.compile(r"([0-9]{1,3}) (.*)")
_RTCP = re.compile(r"([0-9]{1,5})(?: IN IP[46] ([A-Za-z0-9._:-]{1,255}))?")
_REPORT_BLOCK = re.compile(r"([a-z-]{1,32})(?:=.*)?")
_MILLISECONDS = re.compile(r"([0-9]{1,5})(?:\.[0-9]*)?")
_DIRECTIONS = frozenset(Direction)
_UNDERSTOOD = (
    ICE_ATTRIBUTES
    | DTLS_ATTRIBUTES
    | {
        "rtpmap",
        "fmtp",
        "ptime",
        "maxptime",
        "rtcp",
        "rtcp-mux",
        "rtcp-xr",
        "crypto",
    }
)
_INHERITED = frozenset({"fingerprint", "setup", "ice-ufrag", "ice-pwd", "ice-options", "ice-lite", "tls-id", "rtcp-xr"})
_UNSPECIFIED = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, never bound


class _Section(NamedTuple):
    """The lines of one section: the session's own (`media` empty) or those of one m-line."""

    media: str
    connection: str | None
    attributes: Attributes


def parse_sdp(data: bytes) -> SessionDescription:
    """Read a session description; lines may end in LF alone (RFC 8866, 5).

    A media section whose address is 0.0.0.0 does not want to receive (RFC 3264, 8.4), unless it speaks ICE, where
    that address only says that candidates follow. Missing s= and t= lines are forgiven. Raises `SdpError`, and
    nothing else, whatever `data` is.
    """
    lines = _split(data)
    session_id, version, origin_address, origin_user = _origin(lines)
    sections = _sections(lines)
    session = sections[0]
    return SessionDescription(
        session_id=session_id,
        version=version,
        origin_address=origin_address,
        media=tuple(_media(section, session) for section in sections[1:]),
        origin_user=origin_user,
    )


def build_sdp(description: SessionDescription) -> bytes:
    """Write a session description with CR LF line ends. Raises `SdpError` where a text holds a line break."""
    origin = description.origin_address
    common = next((media.address for media in description.media if media.address), origin)
    lines = [
        "v=0",
        f"o={description.origin_user} {description.session_id} {description.version} {_connection_text(origin)}",
        "s=-",
        f"c={_connection_text(common)}",
        "t=0 0",
    ]
    for media in description.media:
        lines += _media_lines(media, common)
    if any("\r" in line or "\n" in line for line in lines):
        msg = "a session description must not hold a line break inside a line"
        raise SdpError(msg)
    return "".join(f"{line}\r\n" for line in lines).encode()


def _split(data: bytes) -> list[tuple[str, str]]:
    if len(data) > MAX_SDP:
        msg = f"a session description of {len(data)} octets is over the limit of {MAX_SDP}"
        raise SdpError(msg)
    raw = data.decode("utf-8", "replace").rstrip("\r\n").split("\n")
    if len(raw) > MAX_LINES:
        msg = f"a session description of {len(raw)} lines is over the limit of {MAX_LINES}"
        raise SdpError(msg)
    lines = []
    for number, text in enumerate(raw, 1):
        match = _LINE.fullmatch(text.removesuffix("\r"))
        if match is None or match[1] not in _TYPE_LETTERS:
            msg = f"line {number} of the session description is not type=value with a type of RFC 8866"
            raise SdpError(msg)
        lines.append((match[1], match[2]))
    if lines[0] != ("v", "0"):
        msg = "a session description must begin with v=0"
        raise SdpError(msg)
    return lines


def _origin(lines: list[tuple[str, str]]) -> tuple[int, int, str, str]:
    value = next((value for letter, value in lines if letter == "o"), "")
    match = _ORIGIN.fullmatch(value)
    if match is None:
        msg = "o= must be user, session id, version, IN, IP4 or IP6, address"
        raise SdpError(msg)
    # Only ever compared for equality and growth, and the wires above carry 64 bits.
    return int(match[2]) % 2**63, int(match[3]) % 2**63, match[4], match[1]


def _sections(lines: list[tuple[str, str]]) -> list[_Section]:
    sections = [_Section("", None, [])]
    for letter, value in lines:
        if letter == "m":
            sections.append(_Section(value, None, []))
        elif letter == "c" and sections[-1].connection is None:
            sections[-1] = sections[-1]._replace(connection=_connection(value))
        elif letter == "a":
            match = _ATTRIBUTE.fullmatch(value)
            if match is None:
                msg = "a= must be name or name:value"
                raise SdpError(msg)
            sections[-1].attributes.append((match[1], match[2]))
    if max(len(section.attributes) for section in sections) > MAX_ATTRIBUTES:
        msg = f"more than {MAX_ATTRIBUTES} attributes in one section are over the limit"
        raise SdpError(msg)
    if len(sections) > MAX_MEDIA + 1:
        msg = f"a session description of {len(sections) - 1} media is over the limit of {MAX_MEDIA}"
        raise SdpError(msg)
    return sections


def _connection(value: str) -> str:
    match = _CONNECTION.fullmatch(value)
    if match is None:
        msg = "c= must be IN, IP4 or IP6, address"
        raise SdpError(msg)
    return match[2]


def _media(section: _Section, session: _Section) -> MediaDescription:
    match = _MEDIA.fullmatch(section.media)
    if match is None or int(match[2]) > 65535:
        msg = "m= must be kind, port, protocol and at least one format"
        raise SdpError(msg)
    kind, port, protocol, formats = match[1], int(match[2]), match[3], match[4].split()
    address = section.connection or session.connection
    if address is None and port:
        msg = f"no c= line says where to send {kind}"
        raise SdpError(msg)
    if len(formats) > MAX_FORMATS:
        msg = f"{len(formats)} formats in one m-line are over the limit of {MAX_FORMATS}"
        raise SdpError(msg)
    attributes = section.attributes + _inherited(section.attributes, session.attributes)
    codecs = _codecs(formats, attributes) if "RTP/" in protocol else ()
    ice = read_ice(attributes)
    rtcp_port, rtcp_address = _rtcp(_value(attributes, "rtcp"))
    return MediaDescription(
        kind=kind,
        address=address or "",
        port=port,
        codecs=codecs,
        direction=_direction(section, session, address if port and ice is None else None),
        protocol=protocol,
        packet_time_ms=_milliseconds(_value(attributes, "ptime")),
        max_packet_time_ms=_milliseconds(_value(attributes, "maxptime")),
        rtcp_address=rtcp_address,
        rtcp_port=rtcp_port,
        rtcp_mux=any(name == "rtcp-mux" for name, _ in attributes),
        ice=ice,
        report_blocks=_report_blocks(_value(attributes, "rtcp-xr") or ""),
        crypto=_crypto(attributes),
        dtls=read_dtls(attributes),
        attributes=tuple(item for item in attributes if not _understood(item[0])),
        formats=() if codecs else tuple(formats),
    )


def _understood(name: str) -> bool:
    return name in _DIRECTIONS or name in _UNDERSTOOD


def _inherited(own: Attributes, session: Attributes) -> Attributes:
    names = {name for name, _ in own}
    return [item for item in session if item[0] in _INHERITED and item[0] not in names]


def _direction(section: _Section, session: _Section, address: str | None) -> Direction:
    names = [name for name, _ in (*section.attributes, *session.attributes)]
    direction = Direction(next((name for name in names if name in _DIRECTIONS), Direction.SENDRECV))
    if address in _UNSPECIFIED:
        return Direction.of(sends=direction.sends, receives=False)
    return direction


def _codecs(formats: list[str], attributes: Attributes) -> tuple[CodecDescription, ...]:
    """The formats that are payload types with a meaning, each once; RFC 3264, 6.1 has the others ignored."""
    maps = _rtpmaps(attributes)
    parameters = _fmtps(attributes)
    codecs = {}
    for text in formats:
        payload_type = int(text) if text.isdecimal() and text.isascii() and len(text) <= 3 else -1
        known = maps.get(payload_type) or STATIC_PAYLOAD_TYPES.get(payload_type)
        if known is not None and payload_type <= 127:
            encoding, clock_rate, channels = known
            codecs[payload_type] = CodecDescription(
                payload_type, encoding, clock_rate, channels, parameters.get(payload_type, "")
            )
    return tuple(codecs.values())


def _rtpmaps(attributes: Attributes) -> dict[int, tuple[str, int, int]]:
    """Each payload type's first a=rtpmap; one without a clock rate says nothing, and RFC 4475 is full of them."""
    found: dict[int, tuple[str, int, int]] = {}
    for value in _values(attributes, "rtpmap"):
        match = _RTPMAP.fullmatch(value)
        if match is not None and int(match[3]) and int(match[4] or 1):
            found.setdefault(int(match[1]), (match[2], int(match[3]), int(match[4] or 1)))
    return found


def _fmtps(attributes: Attributes) -> dict[int, str]:
    found: dict[int, str] = {}
    for value in _values(attributes, "fmtp"):
        match = _FMTP.fullmatch(value)
        if match is not None:
            # Several lines for one format mean the sum of their parameters.
            payload_type = int(match[1])
            found[payload_type] = ";".join(filter(None, (found.get(payload_type), match[2].strip())))
    return found


def _rtcp(value: str | None) -> tuple[int | None, str | None]:
    """Port and address of a=rtcp (RFC 3605); one that cannot be read counts as absent."""
    match = _RTCP.fullmatch(value) if value is not None else None
    if match is None or int(match[1]) > 65535:
        return None, None
    return int(match[1]), match[2]


def _report_blocks(value: str) -> tuple[str, ...]:
    """The names in a=rtcp-xr (RFC 3611, 5.1); their parameters are for blocks we don't make."""
    matches = (_REPORT_BLOCK.fullmatch(word) for word in value.split()[:MAX_REPORT_BLOCKS])
    return tuple(match[1] for match in matches if match is not None)


def _crypto(attributes: Attributes) -> tuple[CryptoDescription, ...]:
    """What of the a=crypto lines can be used; keys of the others must not lie about among the attributes either."""
    read = (parse_crypto(value) for value in itertools.islice(_values(attributes, "crypto"), MAX_CRYPTO))
    return tuple(crypto for crypto in read if crypto is not None)


def _milliseconds(value: str | None) -> int | None:
    """A time in whole milliseconds; one that cannot be read is only a wish and counts as absent."""
    match = _MILLISECONDS.fullmatch(value.strip()) if value is not None else None
    return (int(match[1]) or None) if match is not None else None


def _value(attributes: Attributes, name: str) -> str | None:
    return next(_values(attributes, name), None)


def _values(attributes: Attributes, name: str) -> Iterator[str]:
    return (value or "" for key, value in attributes if key == name)


def _media_lines(media: MediaDescription, common: str) -> list[str]:
    formats = [str(codec.payload_type) for codec in media.codecs] or list(media.formats) or ["0"]
    lines = [f"m={media.kind} {media.port} {media.protocol} {' '.join(formats)}"]
    if media.address and media.address != common:
        lines.append(f"c={_connection_text(media.address)}")
    for codec in media.codecs:
        channels = f"/{codec.channels}" if codec.channels > 1 else ""
        lines.append(f"a=rtpmap:{codec.payload_type} {codec.encoding}/{codec.clock_rate}{channels}")
        if codec.parameters:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.parameters}")
    if media.packet_time_ms is not None:
        lines.append(f"a=ptime:{media.packet_time_ms}")
    if media.max_packet_time_ms is not None:
        lines.append(f"a=maxptime:{media.max_packet_time_ms}")
    if media.rtcp_port is not None:
        address = "" if media.rtcp_address is None else f" {_connection_text(media.rtcp_address)}"
        lines.append(f"a=rtcp:{media.rtcp_port}{address}")
    if media.rtcp_mux:
        lines.append("a=rtcp-mux")
    if media.report_blocks:
        lines.append(f"a=rtcp-xr:{' '.join(media.report_blocks)}")
    if media.ice is not None:
        lines += ice_lines(media.ice)
    lines += [f"a=crypto:{build_crypto(crypto)}" for crypto in media.crypto]
    if media.dtls is not None:
        lines += dtls_lines(media.dtls)
    lines += [f"a={name}" if value is None else f"a={name}:{value}" for name, value in media.attributes]
    if "RTP/" in media.protocol or media.direction is not Direction.SENDRECV:
        lines.append(f"a={media.direction}")
    return lines


def _connection_text(address: str) -> str:
    return f"IN {'IP6' if ':' in address else 'IP4'} {address}"
