"""What the published documents leave open, in one place: change it here when a real PBX says otherwise.

Each constant says what is guessed and why so.
"""

from __future__ import annotations

RECONNECT_INIT = "reconnect_init"
"""Facility in a setup: whoever sends it can reconnect. The names in other notations are FTY_RECONNECT_INIT and _INFO;
all other facilities are those names in lower case without the prefix."""

RECONNECT_INFO = "reconnect_info"
"""Facility that hands out the identity of a call (`id`) and where to reach its giver (`ep`), and, in a setup, says
which call the new one takes up again. It is given by the called side as soon as it can (in alert or conn), and by the
PBX for a called side that gives none."""

RECONNECT_ALIASES = frozenset({RECONNECT_INFO, "reconnect"})
"""Taken in a setup."""

RECONNECT_SECONDS = 60.0
"""How long the PBX keeps a call whose endpoint has vanished."""

RESULT_IN_CONN = True
"""A question in the setup of a call without media (interrogations) is answered in its conn, as H.450.1 does with the
call-independent CONNECT; whoever asked releases."""

TRANSFER_FAILED = 1007
"""`error` of ct_initiate_result: the transfer cannot be (establishment failure of H.450.2, table 1)."""

PROCEDURES = {"cfu": "ALWAYS", "cfb": "BUSY", "cfnr": "NO_ANSWER"}
"""PbxApi names diversions by the left names, Signal by the right ones; `reason` has the same words as `procedure`."""

FEATURE_CODES = {"*21*": "cfu", "*67*": "cfb", "*61*": "cfnr"}
"""Prefixes that set a diversion; `#21#` and so on clear it. Published for analogue phones; taken from all here."""

DEVICE_APP = "phone"
"""`deviceapp` of the app object that belongs to a desk phone; AppInfo knows phone, softphone and rcc."""

TEL = "tel:"
IM = "im:"
ON_THE_PHONE = "on-the-phone"
"""`activity` of the contact tel: while its user talks."""
AWAY = "away"
"""`activity` of the contact im: after SetUserActivity has said inactive."""

SESSION_PASSWORD_LENGTH = 23
TURN_PASSWORD_CLEAR = True
"""turnPwd of RegisterResult is sent in the clear: no formula for it is published."""

SILENT_FORK_CAUSE = 26
"""Q.850: non-selected user clearing, for whoever else rang when one has answered."""
GONE_CAUSE = 27
"""Q.850: destination out of order, for the peer of an endpoint that has vanished for good."""
NOBODY_CAUSE = 20
"""Q.850: subscriber absent, for a user without any registration."""
LOCATION = 1
"""`loc` of causes: private network serving the local user (Q.850, 2.2.3)."""
