"""What the published documents leave open, in one place: change it here when a real PBX says otherwise.

Each constant says what is guessed and why so.
"""

from __future__ import annotations

TRANSFER_FAILED = 1007
"""`error` of ct_initiate_result: the transfer cannot be (establishment failure of H.450.2, table 1)."""


DEVICE_APP = "phone"
"""`deviceapp` of the app object that belongs to a desk phone; AppInfo knows phone, softphone and rcc."""

TEL = "tel:"
IM = "im:"
ON_THE_PHONE = "on-the-phone"
"""`activity` of the contact tel: while its user talks."""
AWAY = "away"
"""`activity` of the contact im: after SetUserActivity has said inactive."""

SESSION_PASSWORD_LENGTH = 23

SILENT_FORK_CAUSE = 26
"""Q.850: non-selected user clearing, for whoever else rang when one has answered."""
GONE_CAUSE = 27
"""Q.850: destination out of order, for the peer of an endpoint that has vanished for good."""
NOBODY_CAUSE = 20
"""Q.850: subscriber absent, for a user without any registration."""
LOCATION = 1
"""`loc` of causes: private network serving the local user (Q.850, 2.2.3)."""

RECONNECT_INIT, RECONNECT_INFO = "reconnect_init", "reconnect_info"
"""The wiki names FTY_RECONNECT_INIT and FTY_RECONNECT_INFO; other facilities are named in small letters after FTY_."""
RECONNECT = "reconnect"
"""In the setup that takes a lost call's place `reconnect_info` is understood and sent, this one is understood too."""
RECONNECT_SECONDS = 120.0
"""How long a lost call is kept for whoever has it."""
CALL_BACK_SECONDS = 2.0
"""A phone that is back and has not taken its lost call up by then is called, if the far end is still there."""

NO_ANSWER_SECONDS = 15.0
"""After which a call is diverted that nobody takes; at once when no phone is registered."""
REROUTE_REASON = "ALWAYS"
"""`reason` of a diversion by a phone that rings; those of the others are their procedures."""
SPEECH = 1
"""`service` of messages that wait: speech (BasicService of H.450.7)."""
ALERTING, CONNECTED, PARKED = "alerting", "connected", "parked"
"""`sig_call_state` of group indications: the words that DialogInfo has for states."""

LOGIN_CANCELLED = 3
"""`error` of LoginResult after LoginCancel; 1, 2 and 5 are known."""
