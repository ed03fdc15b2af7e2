"""Every guess about the vendor's wire, in one table: what no public document and no capture settles.

Each constant says what it is good for and why this value was chosen. Where a real PBX does otherwise, this is the
place to change.
"""

from __future__ import annotations

from types import MappingProxyType

from app.model.cause import Cause
from app.model.crypto import CryptoSuite
from app.model.snapshot import CallState

# --- myApps: the login and what it tells ----------------------------------------------------------------------

SESSIONS_BY_DIGEST = True
"""Where a PBX names no method for sessions, digest is meant: no other is described for them."""

ALT_MASTER_IS_IMPLICIT = True
"""`altMaster` beside `alt` says that the master stands in without being configured to; only one capture has it."""

# --- myApps: what the PBX sets for its clients ----------------------------------------------------------------

RECORDING_URL = "recordingUrl"
"""Named so in the PBX's configuration of a phone (Devices API); so are the next three after their words on its page."""

RECORDING_BY_DEFAULT = "recordingByDefault"

RECORDING_EXTERNAL_ONLY = "recordingExternalOnly"

RECORDING_USER_CONTROL = "recordingUserControl"

UPDATED_SETTINGS = "settings"
"""Where UpdateUser has what the PBX sets for its clients, when that has changed: named as in LoginResult.

Documented is only that UpdateUser has `user`; without the other, changes would wait for the next log-in.
"""

# --- myApps: the calls of others ------------------------------------------------------------------------------

RINGING_STATES = frozenset({"alerting"})
"""`state.name` of DialogInfo while a call to somebody waits for him. The words are listed without their meaning."""

BUSY_STATES = frozenset({"calling", "incomplete", "complete", "alerting", "connected", "disconnecting"})
"""The same while somebody is on the telephone; a parked call is nobody's."""

# --- the APIs for apps: com.innovaphone.phone and com.innovaphone.calllist ------------------------------------

CALL_STATES: MappingProxyType[CallState, str] = MappingProxyType(
    {
        CallState.DIALLING: "Dialing",
        CallState.CALLING: "Setup",
        CallState.RINGBACK: "Ringback",
        CallState.INCOMING: "Alerting",
        CallState.CONNECTED: "Connected",
        CallState.HELD: "Holding",
        CallState.ENDED: "Disconnected",
    }
)
"""`state` of a call: the words are listed, which of ours is which is not."""

CALL_HELD_BY_THE_FAR_END = "Held"
"""The same for a connected call whose far end holds it."""

CALL_LIST_ID_IS_CONVERSATION = True
"""`id` of a row of the call list is the conversation's GUID: its example has one of the same make, with hyphens."""

UNANSWERED_CAUSES = (Cause.NORMAL_CLEARING, Cause.NO_USER_RESPONDING, Cause.NO_ANSWER, Cause.CALL_REJECTED)
"""Ends of calls that rang and were not taken: the status "al" of a row of the call list."""

# --- PbxSignal: registering and calls ---------------------------------------------------------------------

PHONE_APP = "phone"
"""The App object to log in to for PbxSignal. Apps of that name come with each PBX; any App object serves."""

TONE_SCHEMES: MappingProxyType[int, str] = MappingProxyType(
    {
        2: "us",
        3: "gb",
        4: "it",
        5: "cz",
        6: "cz",
        7: "se",
        8: "fr",
        9: "ch",
        10: "it",
        11: "be",
        12: "nl",
        13: "no",
        14: "dk",
        15: "de",
        16: "es",
        17: "fi",
        18: "at",
        20: "au",
        21: "nz",
        22: "my",
        23: "tr",
        24: "ru",
        25: "za",
        26: "br",
    }
)
"""`tones` of a registration: the numbers that the Devices app gives the dial tones, as countries.

0 and 1 are no country's, and of Ireland (19) the phone has no tones.
"""

RESTRICTED = "R"
"""A calling number of this prefix alone hides ours: the letter is documented, the empty number behind it is not."""

CAUSE_LOCATION_USER = 0
"""`loc` of the causes we send: Q.850's "user", as a number like the cause beside it."""

SERVICE_ANSWER = "conn"
"""How a call without media that brings a service is taken: seen so for presence; `accept` is named for it, too."""

INFO_CARRIES_DTMF = True
"""In a connected call an `info` brings DTMF, one way and the other: it is the message for more digits of a number.

Its use in a connected call is not written; it serves only where media cannot carry them (RFC 4733).
"""

GROUP_CALL_IS_A_LEG = True
"""`callId` of a group indication is that of a leg: what we set up or are called by ourselves is none for us to take."""

# --- PbxSignal: reconnecting calls (16r1) -------------------------------------------------------------------

RECONNECT_INIT = "reconnect_init"
"""The facility in a setup that says: who sends it can take a lost call up. Documented is only FTY_RECONNECT_INIT."""

RECONNECT_INFO = "reconnect_info"
"""The facility that answers it with an `id`, and the one by which the setup of a call that replaces another names that.

Documented is only FTY_RECONNECT_INFO and that it holds an id; `ep`, whom to call, is ours."""

FAR_END_LOST = frozenset({Cause.DESTINATION_OUT_OF_ORDER, Cause.NETWORK_OUT_OF_ORDER, Cause.TEMPORARY_FAILURE})
"""With these causes a PBX releases a call whose far end it has lost: that may come back, and call us."""

# --- PbxSignal: offer and answer ------------------------------------------------------------------------------

REFUSAL = "NONE"
"""`channels_cmd` of an empty `channels` message that refuses an offer: the session stays as it was."""

CALLER_WINS_GLARE = True
"""Where both ends offered at once the offer of the one who set the call up stands, and the other's is void."""

HELD_ADDRESS = "0.0.0.0"  # noqa: S104 - written to the wire, not bound
"""The address of who does not want to receive; channels have no direction of their own (RFC 3264, 8.4)."""

CHANNELS_SOURCE = "REMOTE"
"""`source` of the channels we send. The values are listed without their meaning."""

SRTP_MODES: MappingProxyType[int, CryptoSuite] = MappingProxyType(
    {
        0: CryptoSuite.AES_CM_128_HMAC_SHA1_32,
        1: CryptoSuite.AES_CM_128_HMAC_SHA1_80,
        2: CryptoSuite.AES_192_CM_HMAC_SHA1_32,
        3: CryptoSuite.AES_192_CM_HMAC_SHA1_80,
        4: CryptoSuite.AES_256_CM_HMAC_SHA1_32,
        5: CryptoSuite.AES_256_CM_HMAC_SHA1_80,
    }
)
"""`mode` of a `key`: the numbers that the Devices app gives the ciphers. Its `b` is master key and salt in one."""

OFFERED_SRTP_MODE = 1
"""There is room for one key in an offer: what every SRTP device has to know (RFC 4568, 6.2.1)."""

FINGERPRINT_FUNCTIONS: MappingProxyType[int, str] = MappingProxyType({32: "sha-256", 48: "sha-384", 64: "sha-512"})
"""Which hash a `fingerprint` is of: only its length tells."""

CANDIDATE_TYPES: MappingProxyType[int, str] = MappingProxyType({0: "host", 1: "srflx", 2: "prflx", 3: "relay"})
"""`type` of a candidate: the numbers of the SDK's header. We send numbers and take words as well."""

DTMF_PAYLOAD_TYPE = 101
"""Telephone events are not listed among the coders: both ends take them to be agreed, on the SDK's number."""
