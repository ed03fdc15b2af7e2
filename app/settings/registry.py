"""Every setting the phone has, in one table. No room invents a setting of its own.

`pbx_name` is `TYPE.field` of the PBX's device configurations (Devices API, 14r1) where one means the same;
units and spelling are translated by the room that speaks to the PBX. It is left out where the PBX has no name for it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from app.model.flags import LogFlag
from app.model.media import DEFAULT_RING_TONE, RING_TONES
from app.settings.errors import UnknownSetting
from app.settings.rows import choice, number, secret, switch, text, time_zone, word_list
from app.settings.setting import Effect, Layer, Setting

_MANAGED = frozenset({Layer.BOARD, Layer.PBX, Layer.ADMIN})
_EVERYBODY = _MANAGED | {Layer.USER}
_ON_THE_SPOT = frozenset({Layer.BOARD, Layer.ADMIN})
"""Settings that name a file or device of this one phone: the PBX cannot know them."""

_HOST = r"[A-Za-z0-9._-]+|\[?(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]*\]?"
_PORT = r"[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_HOST_AND_PORT = rf"(?:{_HOST})(?::(?:{_PORT}))?"
_USER = r"[^\s@<>\"]+"
_NUMBER = r"[0-9*#+]+"

KEYBOARD_LAYOUTS = (
    *("us", "us(intl)", "gb", "ie", "de", "de(nodeadkeys)", "at", "ch", "ch(fr)", "fr", "be", "nl", "it", "es"),
    *("pt", "br", "dk", "no", "se", "fi", "is", "pl", "cz", "sk", "hu", "ro", "si", "hr"),
)
"""Those with Latin letters of the languages that the vendor's phones are sold in."""

_LINE = (
    text(
        "sip.registrar",
        label="PBX",
        description="The PBX's host name or IP address. Without one the phone registers nowhere.",
        pbx_name="PHONE.gk1",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        pattern=_HOST,
        pattern_words="a host name or an IP address, without port",
    ),
    number(
        "sip.port",
        label="PBX port",
        description="The PBX's SIP port; 0 takes the usual one, 5060, or 5061 for TLS.",
        default=0,
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        highest=65535,
    ),
    number(
        "sip.local_port",
        label="Own port",
        description="The SIP port the phone listens on; 0 takes any free one.",
        default=0,
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        highest=65535,
    ),
    choice(
        "sip.transport",
        label="Transport",
        description="How SIP travels. TLS is encrypted and checks the PBX's certificate.",
        default="udp",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        choices=("udp", "tcp", "tls"),
    ),
    text(
        "sip.user",
        label="Number",
        description="The user part of the phone's address, most often its extension.",
        pbx_name="PHONE.gkId",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        pattern=_USER,
        pattern_words="a number or name without spaces and without '@'",
    ),
    text(
        "sip.auth_user",
        label="Login name",
        description="The name that goes with the password; empty where it is the number.",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
    ),
    secret(
        "sip.password",
        label="Password",
        description="What the phone proves itself with. Never shown again.",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
    ),
    text(
        "sip.display_name",
        label="Display name",
        description="The name others see when this phone calls.",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        longest=80,
    ),
    number(
        "sip.expires",
        label="Registration lasts",
        description="How long a registration is asked to last; it is refreshed well before its end.",
        default=600,
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        unit="seconds",
        lowest=60,
        highest=86400,
    ),
    text(
        "sip.outbound_proxy",
        label="Outbound proxy",
        description="Where all SIP is sent to instead of the PBX itself, as host or host:port.",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        pattern=_HOST_AND_PORT,
        pattern_words="a host name or an IP address, with or without ':port'",
    ),
    number(
        "sip.keep_alive",
        label="Keep-alive",
        description="How often an empty packet keeps the way through a NAT open; 0 sends none.",
        default=25,
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        unit="seconds",
        highest=600,
    ),
    text(
        "sip.trust_file",
        label="Trusted certificates",
        description="A PEM file with the authorities that may vouch for the PBX; empty trusts the system's.",
        setters=_ON_THE_SPOT,
        effect=Effect.REGISTRATION,
        longest=1024,
    ),
    choice(
        "sip.tls_profile",
        label="TLS profile",
        description="Normal is TLS 1.3 and 1.2. Legacy also speaks to PBXs that know only older versions.",
        default="normal",
        pbx_name="TLS_PROFILE.profile",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        choices=("normal", "legacy"),
    ),
    text(
        "sip.quality_collector",
        label="Collector of quality reports",
        description="Who is told after each call, and when one sounds bad, how good the voice was (RFC 6035): "
        "a SIP address. Empty tells nobody.",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        pattern=r"(|sips?:[^\s<>\"]{1,250})",
        pattern_words="a SIP address such as sip:quality@pbx.example.com",
    ),
    switch(
        "sip.message_waiting",
        label="Ask for waiting messages",
        description="Subscribe to the line's own mailbox (RFC 3842). What the PBX tells unasked is shown all the same.",
        default=True,
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
    ),
    number(
        "sip.dscp",
        label="Marking of signalling",
        description="The DSCP of SIP packets (RFC 2474); 24 is CS3.",
        default=24,
        pbx_name="MEDIA.tosSig",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        highest=63,
    ),
)

_KIND = (
    choice(
        "line.kind",
        label="Calls over",
        description=(
            "How the phone makes and takes calls: over SIP, as the sip settings have it, or over the connection to the "
            "innovaphone PBX of the pbx settings. Auto takes that PBX where there is one, unless sip.registrar is set."
        ),
        default="auto",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        choices=("auto", "sip", "pbxsignal"),
    ),
    text(
        "line.hardware_id",
        label="Hardware id",
        description="Over the innovaphone PBX: which of the user's devices this phone is. Empty: its MAC address.",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        pattern=r"[A-Za-z0-9._-]{1,64}",
        pattern_words="letters, digits, dots, hyphens and underscores",
    ),
    word_list(
        "line.colleagues",
        label="Colleagues",
        description="Over the innovaphone PBX: the numbers, or names, of those whose ringing calls are shown here and "
        "can be picked up.",
        setters=_MANAGED,
        effect=Effect.REGISTRATION,
        longest=30,
        pattern=r"[A-Za-z0-9._*#+-]{1,64}",
        pattern_words="a number, or a name without a domain",
    ),
)

_PBX = (
    text(
        "pbx.server",
        label="innovaphone PBX",
        description="The PBX that the phone logs in to by myApps: host[:port][/module], and perhaps #phys= with the "
        "place where it stands. Without one it logs in nowhere. What a user enters at the display, with user and "
        "password, counts before what others have set, until he takes it back there.",
        setters=_EVERYBODY,
        effect=Effect.NOW,
        pattern=rf"(?:{_HOST})(?::(?:{_PORT}))?(?:/[A-Za-z0-9][A-Za-z0-9-]*)?(?:#phys=\S+)?",
        pattern_words="a PBX, as pbx.example.com, pbx.example.com:4444/PBX0-1 or pbx.example.com#phys=branch",
    ),
    text(
        "pbx.user",
        label="User",
        description="Who logs in there. Without a user the PBX must let people log in on a web page (OAuth 2).",
        setters=_EVERYBODY,
        effect=Effect.NOW,
    ),
    secret(
        "pbx.password",
        label="Password of the user",
        description="It is needed until the PBX has given the phone credentials of its own. Never shown again.",
        setters=_EVERYBODY,
        effect=Effect.NOW,
    ),
    text(
        "pbx.proxy",
        label="HTTP proxy",
        description="Through which the PBX is reached, as host:port. Empty goes straight to it.",
        setters=_MANAGED,
        effect=Effect.NOW,
        pattern=rf"(?:{_HOST}):(?:{_PORT})",
        pattern_words="a proxy, as proxy.example.com:3128",
    ),
    text(
        "pbx.proxy_user",
        label="User of the proxy",
        description="Who the proxy knows the phone as; empty where it asks nobody.",
        setters=_MANAGED,
        effect=Effect.NOW,
        pattern=r"[^:]+",
        pattern_words="a name without ':'",
    ),
    secret(
        "pbx.proxy_password",
        label="Password of the proxy",
        description="It travels to the proxy as it is (Basic, RFC 7617). Never shown again.",
        setters=_MANAGED,
        effect=Effect.NOW,
    ),
    text(
        "pbx.trust_file",
        label="Trusted certificates of the PBX",
        description="A PEM file with the authorities that may vouch for the PBX; empty trusts the system's.",
        setters=_ON_THE_SPOT,
        effect=Effect.NOW,
        longest=1024,
    ),
    choice(
        "pbx.tls_profile",
        label="TLS profile of the PBX",
        description="Normal is TLS 1.3 and 1.2. Legacy also speaks to PBXs that know only older versions.",
        default="normal",
        pbx_name="TLS_PROFILE.profile",
        setters=_MANAGED,
        effect=Effect.NOW,
        choices=("normal", "legacy"),
    ),
)

_COUNTRIES = (
    "at au be bg br ca ch cn cz de dk ee es fi fr gb gr hk hu id "
    "in it jp lt mx my nl no nz pl pt ru se sg th tr tw us za"
)
"""The countries of `app.media.tone_table`, by ISO 3166-1."""

_PHONE = (
    choice(
        "phone.country",
        label="Country",
        description="Where the phone stands: its dial, ringback, busy and other tones are this country's.",
        default="de",
        pbx_name="PHONE.dialTone",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        choices=tuple(_COUNTRIES.split()),
    ),
)

_AUDIO = (
    word_list(
        "audio.codecs",
        label="Codecs",
        description="The codecs the phone offers, the best liked first.",
        default=("opus-wb", "g722", "pcma", "pcmu"),
        pbx_name="PHONE.coder",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        choices=("opus-wb", "opus-nb", "g722", "pcma", "pcmu"),
    ),
    number(
        "audio.ptime",
        label="Packet time",
        description="How much sound travels in one packet.",
        default=20,
        pbx_name="PHONE.frameSize",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        unit="milliseconds",
        choices=(10, 20, 30, 40, 50, 60),
    ),
    switch(
        "audio.dtx",
        label="Send no silence",
        description="While nobody speaks, a short description of the background is sent instead of it.",
        default=False,
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
    ),
    number(
        "audio.dscp",
        label="Marking of voice",
        description="The DSCP of voice packets (RFC 2474); 46 is EF.",
        default=46,
        pbx_name="MEDIA.tosRtp",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        highest=63,
    ),
    choice(
        "audio.encryption",
        label="Encryption of voice",
        description=(
            "Whether voice is encrypted (SRTP). Optional: where both ends can; keys of SDES are offered only over TLS. "
            "Required: a call that cannot be encrypted does not come about; keys are then offered over any transport. "
            "The lock is shown over TLS only. Emergency calls are made all the same."
        ),
        default="optional",
        pbx_name="PHONE.srtpKey",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        choices=("none", "optional", "required"),
    ),
    choice(
        "audio.key_exchange",
        label="Keys of encryption",
        description=(
            "How keys are agreed on where voice is encrypted: in signalling (SDES), or by a handshake beside the voice "
            "(DTLS). Both are offered and both are taken; this one is liked best."
        ),
        default="sdes-dtls",
        pbx_name="PHONE.srtpOrder",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        choices=("sdes-dtls", "dtls-sdes"),
    ),
    number(
        "audio.port_low",
        label="First voice port",
        description="The lowest UDP port for voice.",
        default=50000,
        pbx_name="MEDIA.rtpFirst",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        lowest=1024,
        highest=65534,
    ),
    number(
        "audio.port_high",
        label="Last voice port",
        description="The highest UDP port for voice.",
        default=50099,
        pbx_name="MEDIA.rtpNum",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        lowest=1025,
        highest=65535,
    ),
    choice(
        "audio.path",
        label="Hands-free with",
        description="Where the voice goes while the handset lies on its hook.",
        default="speaker",
        setters=_EVERYBODY,
        effect=Effect.NEXT_CALL,
        choices=("speaker", "headset"),
    ),
)


_MICROPHONE = choice(
    "audio.microphone",
    label="Microphone",
    description="Natural leaves it as it is, echo included. Clear takes echo and noise away and makes every voice "
    "evenly loud. Focus takes away as much noise as can be.",
    default="clear",
    setters=_EVERYBODY,
    effect=Effect.NOW,
    choices=("natural", "clear", "focus"),
)


def _echo(place: str, default: str, words: str) -> Setting:
    return choice(
        f"audio.{place}.echo",
        label=f"Echo control of the {words}",
        description=f"Against the far end's hearing itself through the {words}: full for a loudspeaker, light for an "
        "earpiece, off where the device does it itself. Without effect while the microphone is natural.",
        default=default,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        choices=("off", "light", "full"),
    )


def _microphone_gain(place: str, words: str) -> Setting:
    return number(
        f"audio.{place}.microphone_gain",
        label=f"Microphone gain of the {words}",
        description=f"How much the {words}'s microphone is raised or lowered.",
        default=0,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        unit="dB",
        lowest=-20,
        highest=20,
    )


def _sidetone(place: str, words: str) -> Setting:
    return number(
        f"audio.{place}.sidetone",
        label=f"Sidetone of the {words}",
        description=f"How much of the own voice is heard in the {words}; 0 where the device does it itself.",
        default=0,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        unit="percent",
        highest=50,
    )


def _volume(place: str, percent: int, words: str) -> Setting:
    return number(
        f"audio.{place}.volume",
        label=f"Volume of the {words}",
        description=f"How loud the {words} is.",
        default=percent,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        unit="percent",
        highest=100,
    )


def _device(place: str, direction: str, words: str) -> Setting:
    return text(
        f"audio.{place}.{direction}",
        label=f"Device of the {words}",
        description=f"The ALSA PCM of the {words}; empty takes the one the board or the plugged device offers.",
        setters=_ON_THE_SPOT,
        effect=Effect.NOW,
        longest=128,
    )


_PLACES = (
    _MICROPHONE,
    _echo("handset", "light", "handset"),
    _echo("speaker", "full", "loudspeaker"),
    _echo("headset", "off", "headset"),
    _microphone_gain("handset", "handset"),
    _microphone_gain("speaker", "loudspeaker"),
    _microphone_gain("headset", "headset"),
    _sidetone("handset", "handset"),
    _sidetone("headset", "headset"),
    _volume("handset", 60, "handset"),
    _volume("speaker", 60, "loudspeaker"),
    _volume("headset", 60, "headset"),
    _volume("ringer", 60, "ringer"),
    _device("handset", "playback", "handset's earpiece"),
    _device("handset", "capture", "handset's microphone"),
    _device("speaker", "playback", "loudspeaker"),
    _device("speaker", "capture", "hands-free microphone"),
    _device("headset", "playback", "headset's earpiece"),
    _device("headset", "capture", "headset's microphone"),
    _device("ringer", "playback", "ringer"),
)

_RING = (
    choice(
        "ring.tone",
        label="Ring tone",
        description="How a call rings for which nothing else is set.",
        default=DEFAULT_RING_TONE,
        setters=_EVERYBODY,
        effect=Effect.NEXT_CALL,
        choices=RING_TONES,
    ),
    choice(
        "ring.internal",
        label="Ring tone of internal calls",
        description="How a call rings that the PBX says is internal.",
        default="chime",
        setters=_EVERYBODY,
        effect=Effect.NEXT_CALL,
        choices=RING_TONES,
    ),
    word_list(
        "ring.callers",
        label="Ring tones of callers",
        description="Ring tones by the caller's number, as in +49711*=marimba; * is any digits, ? is one. "
        "The first that fits counts, before what the PBX asks for.",
        setters=_EVERYBODY,
        effect=Effect.NEXT_CALL,
        longest=64,
        pattern=r"[0-9+*#?]{1,32}=(?:" + "|".join(RING_TONES) + ")",
        pattern_words="a number, '=' and a ring tone",
    ),
    switch(
        "ring.silent",
        label="Silent",
        description="Calls are shown and do not ring. One from an emergency number, and for half an hour after a call "
        "to one any, rings all the same.",
        default=False,
        setters=_EVERYBODY,
        effect=Effect.NOW,
    ),
    choice(
        "ring.place",
        label="Ring with",
        description="What rings: the phone's ringer, or one of the devices for voice. While that is not there, "
        "another rings and the display says so.",
        default="ringer",
        setters=_EVERYBODY,
        effect=Effect.NOW,
        choices=("ringer", "speaker", "headset", "handset"),
    ),
)

_RECORDING = (
    text(
        "recording.url",
        label="Recordings go to",
        description="The http or https address that a recording's name is appended to when it is sent there (PUT). "
        "Without one nothing is recorded.",
        pbx_name="PHONE.recordingUrl",
        setters=_MANAGED,
        effect=Effect.NOW,
        longest=1024,
        pattern=r"https?://[^\s/?#@]+(?:/[^\s#]*)?",
        pattern_words="an address that begins with http:// or https://, without a password in it",
    ),
    text(
        "recording.user",
        label="Login name for recordings",
        description="Who the phone is to the server for recordings (Basic or Digest); empty where it asks nobody.",
        setters=_MANAGED,
        effect=Effect.NOW,
        pattern="[^:]+",
        pattern_words="a name without a colon",
    ),
    secret(
        "recording.password",
        label="Password for recordings",
        description="What the phone proves itself with to the server for recordings. Never shown again.",
        setters=_MANAGED,
        effect=Effect.NOW,
    ),
    text(
        "recording.trust_file",
        label="Trusted certificates for recordings",
        description="A PEM file with the authorities that may vouch for the server for recordings; empty trusts the "
        "system's.",
        setters=_ON_THE_SPOT,
        effect=Effect.NOW,
        longest=1024,
    ),
    switch(
        "recording.by_default",
        label="Record by default",
        description="Whether a call is recorded as soon as it is answered.",
        default=True,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        forced_by="recording.by_default_forced",
    ),
    switch(
        "recording.by_default_forced",
        label="Force recording by default",
        description="The user cannot change whether calls are recorded by default.",
        default=False,
        setters=_MANAGED,
        effect=Effect.NOW,
    ),
    switch(
        "recording.external_only",
        label="Record external calls only",
        description="Calls within the PBX are not recorded by default.",
        default=False,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        forced_by="recording.external_only_forced",
    ),
    switch(
        "recording.external_only_forced",
        label="Force external calls only",
        description="The user cannot change whether only external calls are recorded.",
        default=False,
        setters=_MANAGED,
        effect=Effect.NOW,
    ),
    number(
        "recording.internal_digits",
        label="Digits of an internal number",
        description="A longer number is external, unless the PBX says otherwise of the call.",
        default=4,
        setters=_MANAGED,
        effect=Effect.NOW,
        lowest=1,
        highest=12,
    ),
    switch(
        "recording.user_control",
        label="User may control recording",
        description="The user may stop and start the recording during a call.",
        default=False,
        setters=_MANAGED,
        effect=Effect.NOW,
    ),
    number(
        "recording.spool_size",
        label="Room for recordings",
        description="How much the phone keeps until the server has it; an hour of a call takes some 80 megabytes. The "
        "oldest goes first.",
        default=256,
        setters=_MANAGED,
        effect=Effect.NOW,
        unit="megabytes",
        lowest=1,
        highest=65536,
    ),
)

_PRESENCE = (
    number(
        "presence.inactive_after",
        label="Appear offline after",
        description="How long nobody has to use the phone (keys, display, handset, headset) until its user counts as "
        "inactive; 0 is never.",
        default=5,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        unit="minutes",
        highest=1440,
        forced_by="presence.inactive_after_forced",
    ),
    switch(
        "presence.inactive_after_forced",
        label="Force appearing offline",
        description="The user cannot change after how long he appears offline.",
        default=False,
        setters=_MANAGED,
        effect=Effect.NOW,
    ),
)

_DISPLAY = (
    choice(
        "display.theme",
        label="Colours",
        description="Dark, light, or as clear as the display can be.",
        default="night",
        setters=_EVERYBODY,
        effect=Effect.NOW,
        choices=("night", "day", "high-contrast"),
    ),
    switch(
        "display.clock_24h",
        label="24-hour clock",
        description="Off shows a 12-hour clock.",
        default=True,
        setters=_EVERYBODY,
        effect=Effect.NOW,
    ),
    number(
        "display.brightness",
        label="Brightness",
        description="How brightly the display shines while the phone is used.",
        default=100,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        unit="percent",
        lowest=10,
        highest=100,
    ),
    number(
        "display.dim_after",
        label="Dim after",
        description="How long after the last use the display shines less; 0 never.",
        default=120,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        unit="seconds",
        highest=3600,
    ),
    number(
        "display.dark_after",
        label="Dark after",
        description="How long after the last use the display is dark, so that it is at night; 0 never. In a call it "
        "never is, and what rings wakes it. The first touch only wakes it; keys and the handset act at once.",
        default=30,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        unit="minutes",
        highest=1440,
    ),
    choice(
        "display.keyboard_layout",
        label="Keyboard layout",
        description="What a USB keyboard at the phone writes, by the layout's name in xkeyboard-config. In a window it "
        "is the window system's business.",
        default="us",
        setters=_EVERYBODY,
        effect=Effect.NOW,
        choices=KEYBOARD_LAYOUTS,
    ),
)

_REACH = (
    choice(
        "media.ice",
        label="ICE",
        description=(
            "Whether the phone tells the other end every address of its own and finds out which way works (RFC 8445). "
            "An end that does not know ICE is called all the same."
        ),
        default="off",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        choices=("off", "on"),
    ),
    text(
        "media.stun_server",
        label="STUN server",
        description="With ICE: who tells the phone how it looks from outside, as host or host:port (3478). "
        "Without one: whom an innovaphone PBX names.",
        pbx_name="MEDIA.stunServer",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        pattern=_HOST_AND_PORT,
        pattern_words="a host name or an IP address, with or without ':port'",
    ),
    text(
        "media.turn_server",
        label="TURN server",
        description="With ICE: who passes voice on where no direct way works, as host or host:port (3478; TLS 5349). "
        "Without one: whom an innovaphone PBX names.",
        pbx_name="MEDIA.turnServer",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        pattern=_HOST_AND_PORT,
        pattern_words="a host name or an IP address, with or without ':port'",
    ),
    choice(
        "media.turn_transport",
        label="Way to the TURN server",
        description=(
            "How the TURN server is spoken to: over TCP or TLS where a firewall lets no UDP through. TLS verifies its "
            "certificate, and has port 5349 unless the server is named with another."
        ),
        default="udp",
        pbx_name="MEDIA.turnTransport",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        choices=("udp", "tcp", "tls"),
    ),
    text(
        "media.turn_trust_file",
        label="Trusted certificates for the TURN server",
        description="A PEM file with the authorities that may vouch for the TURN server; empty trusts the system's.",
        setters=_ON_THE_SPOT,
        effect=Effect.NEXT_CALL,
        longest=255,
    ),
    text(
        "media.turn_user",
        label="TURN login name",
        description="Who the phone is to the TURN server.",
        pbx_name="MEDIA.turnUser",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
    ),
    secret(
        "media.turn_password",
        label="TURN password",
        description="What the phone proves itself with to the TURN server. Never shown again.",
        pbx_name="MEDIA.turnPassword",
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
    ),
)

_CALLS = (
    number(
        "calls.at_once",
        label="Calls at once",
        description="How many calls the phone takes part in at most: those of a conference, held ones, and one that "
        "rings. Each takes an RTP port pair.",
        default=10,
        setters=_MANAGED,
        effect=Effect.NEXT_CALL,
        lowest=2,
        highest=16,
    ),
    switch(
        "calls.do_not_disturb",
        label="Do not disturb",
        description="Callers find the user busy, and the call list shows that they called. An emergency number, and "
        "for half an hour after a call to one everybody, gets through all the same.",
        default=False,
        setters=_EVERYBODY,
        effect=Effect.NOW,
    ),
    switch(
        "calls.call_waiting",
        label="Call waiting",
        description="A second call knocks at a user who is in one; else it finds him busy.",
        default=True,
        setters=_EVERYBODY,
        effect=Effect.NOW,
    ),
    number(
        "calls.hold_reminder",
        label="Hold reminder",
        description="After how long a beep and a line on the display remind of a call on hold, and how long until the "
        "next beep; 0 never reminds.",
        default=30,
        setters=_EVERYBODY,
        effect=Effect.NEXT_CALL,
        unit="seconds",
        highest=600,
    ),
    switch(
        "calls.follow_transfers",
        label="Be transferred",
        description="Whom a user talks to may have the phone call another over SIP, as a transfer is done there. Where "
        "calls cost the user's owner money and the PBX does not watch whom they go to, switch this off.",
        default=True,
        setters=_MANAGED,
        effect=Effect.NOW,
    ),
    number(
        "calls.reconnect_time",
        label="Reconnecting",
        description="How long a call is kept, and taken up again, when its PBX or the network is gone. Calls for help "
        "are kept for as long as nobody ends them.",
        default=60,
        setters=_MANAGED,
        effect=Effect.NOW,
        unit="seconds",
        lowest=5,
        highest=600,
    ),
)

_VIDEO = (
    switch(
        "video.enabled",
        label="Video",
        description="Whether an app on the phone that asks for a video channel is told that the administrator wants "
        "none. The phone has no video yet, so that there is none either way, and nothing to switch in the menu.",
        default=True,
        setters=_MANAGED,
        effect=Effect.NOW,
    ),
)

_APPS = (
    switch(
        "apps.service",
        label="Service for apps",
        description="Whether apps on this phone may ask for voice channels over a web socket of the phone's own.",
        default=False,
        setters=_MANAGED,
        effect=Effect.NOW,
    ),
    number(
        "apps.port",
        label="Port of the service for apps",
        description="The TCP port of that web socket, which only this phone itself can reach; 0 takes any free one, "
        "which the log names.",
        default=8270,
        setters=_MANAGED,
        effect=Effect.NOW,
        highest=65535,
    ),
    secret(
        "apps.token",
        label="Token of apps",
        description="What an app proves itself with, at least 16 characters. Without one no app gets in.",
        setters=_MANAGED,
        effect=Effect.NOW,
        pattern=r".{16,}",
        pattern_words="a text of at least 16 characters",
    ),
    word_list(
        "apps.origins",
        label="Web pages as apps",
        description="The origins (RFC 6454) of web pages that may connect, as https://pbx.example.com; no others may. "
        "A program that is no browser names none and needs none.",
        setters=_MANAGED,
        effect=Effect.NOW,
        pattern=r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?",
        pattern_words="an origin, as https://pbx.example.com or http://localhost:8080",
    ),
)

_TIME = (
    time_zone(
        "time.zone",
        label="Time zone",
        description="Whose time the phone shows: a name of the IANA database, or a POSIX TZ string. Empty: what the "
        "network says (DHCP option 101), and without that the machine's own, which is UTC. The log is in UTC.",
        pbx_name="NTP.tz",
        setters=_EVERYBODY,
        effect=Effect.NOW,
    ),
    text(
        "time.server",
        label="Time server",
        description="Which host tells the time (NTP), before those that the network names (DHCP option 42).",
        pbx_name="NTP.ntp1",
        setters=_MANAGED,
        effect=Effect.NOW,
        pattern=_HOST,
        pattern_words="a host name or an IP address, without port",
    ),
    text(
        "time.second_server",
        label="Second time server",
        description="Asked where the first one does not answer.",
        pbx_name="NTP.ntp2",
        setters=_MANAGED,
        effect=Effect.NOW,
        pattern=_HOST,
        pattern_words="a host name or an IP address, without port",
    ),
)

_LOCK = (
    number(
        "lock.after",
        label="Lock after",
        description="How long the phone may lie unused before it locks, once a PIN is set; 0 never locks it.",
        default=10,
        setters=_EVERYBODY,
        effect=Effect.NOW,
        unit="minutes",
        highest=1440,
    ),
    word_list(
        "lock.emergency_numbers",
        label="Emergency numbers",
        description="Numbers that can always be called, also from a locked phone.",
        default=("112", "110"),
        setters=_MANAGED,
        effect=Effect.NOW,
        longest=20,
        pattern=_NUMBER,
        pattern_words="a telephone number of digits only",
    ),
    secret(
        "lock.pin",
        label="PIN",
        description="The PIN's scrypt hash. It is changed on the phone itself, never shown.",
        setters=frozenset({Layer.USER}),
        effect=Effect.NOW,
    ),
)

_UPDATE = (
    text(
        "update.url",
        label="Update",
        description="Where the update bundle is: an http or https address, or the path of a file on the phone.",
        setters=_MANAGED,
        effect=Effect.NOW,
        longest=1024,
        pattern=r"https?://[^\s/?#@]+(?:/[^\s#]*)?|/[^\s]+",
        pattern_words="an address that begins with http:// or https://, without a password in it, or an absolute path",
    ),
    text(
        "update.version",
        label="Version to run",
        description="The version that the bundle holds. A phone that runs another one takes the update; without a "
        "version nothing is updated.",
        setters=_MANAGED,
        effect=Effect.NOW,
        longest=64,
        pattern=r"\S+",
        pattern_words="a version without spaces",
    ),
    word_list(
        "update.hours",
        label="Hours for the restart",
        description="The hours of the day in which the phone may restart into an update by itself, 2 standing for "
        "2:00 to 2:59. Without any it may at all hours. It waits until nobody uses it in any case.",
        setters=_MANAGED,
        effect=Effect.NOW,
        pattern=r"1?[0-9]|2[0-3]",
        pattern_words="an hour from 0 to 23",
    ),
    number(
        "update.good_after",
        label="Good without the PBX after",
        description="A started system is good once the phone is registered. After this time it counts as good all the "
        "same, so that a PBX that is away takes no new system back.",
        default=30,
        setters=_MANAGED,
        effect=Effect.NOW,
        unit="minutes",
        lowest=1,
        highest=1440,
    ),
    text(
        "update.trust_file",
        label="Trusted certificates for updates",
        description="A PEM file with the authorities that may vouch for the server of the update; empty trusts the "
        "system's. Whom the phone takes updates from is settled by their signature, not by this.",
        setters=_ON_THE_SPOT,
        effect=Effect.NOW,
        longest=1024,
    ),
)

_DIAGNOSTICS = (
    *(
        choice(
            f"diagnostics.level.{flag}",
            label=f"Log of {flag}",
            description=f"From which severity on '{flag}' is logged.",
            default="info",
            setters=_MANAGED,
            # The kiosk is a process of its own, which is told once: when it starts.
            effect=Effect.RESTART if flag is LogFlag.KIOSK else Effect.NOW,
            choices=("error", "warning", "info", "debug"),
        )
        for flag in LogFlag
    ),
    number(
        "diagnostics.log_size",
        label="Size of the log",
        description="How much log the phone keeps; the oldest goes first.",
        default=4,
        setters=_MANAGED,
        effect=Effect.RESTART,
        unit="megabytes",
        lowest=1,
        highest=256,
    ),
)

REGISTRY: Mapping[str, Setting] = MappingProxyType(
    {
        row.key: row
        for row in (
            *_PHONE,
            *_LINE,
            *_KIND,
            *_PBX,
            *_AUDIO,
            *_PLACES,
            *_RING,
            *_REACH,
            *_CALLS,
            *_RECORDING,
            *_VIDEO,
            *_APPS,
            *_PRESENCE,
            *_DISPLAY,
            *_TIME,
            *_LOCK,
            *_UPDATE,
            *_DIAGNOSTICS,
        )
    }
)
"""Every setting by its key, in the order an administrator's page shows them."""


def setting(key: str) -> Setting:
    """The row of a key. Raises `UnknownSetting` with the closest key there is."""
    row = REGISTRY.get(key)
    if row is None:
        raise UnknownSetting(key, closest_key(key))
    return row


def closest_key(key: str) -> str | None:
    """The known key most like a mistyped one, or None where none resembles it."""
    whole = difflib.get_close_matches(key[:100], REGISTRY, n=1)
    if whole:
        return whole[0]
    last = {row.rpartition(".")[2]: row for row in REGISTRY}
    part = difflib.get_close_matches(key[:100].rpartition(".")[2], last, n=1)
    return last[part[0]] if part else None
