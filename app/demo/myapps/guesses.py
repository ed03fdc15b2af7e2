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
