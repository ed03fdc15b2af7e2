"""The crypto attribute of SDP (RFC 4568): its text, read strictly, because a key half understood is a call half heard.

What the engine cannot do is passed over, as RFC 4568, 6.3 and 7.1.2 want: unknown suites, several keys in one line, a
master key identifier (6.1), and session parameters that change the packets, such as UNENCRYPTED_SRTP and KDR.
"""

from __future__ import annotations

import base64
import binascii
import re

from app.model.crypto import CryptoDescription, CryptoSuite, MasterKey

MAX_CRYPTO = 32
"""Lines looked at in one media section."""
_LINE = re.compile(
    r"([0-9]{1,9})[ \t]+([A-Za-z0-9_]{1,64})[ \t]+inline:([A-Za-z0-9+/=]{1,128})((?:\|[0-9^:]{1,24})*)((?:[ \t]+\S+)*)"
)
_LIFETIME = re.compile(r"2\^([0-9]{1,2})|([0-9]{1,15})")
_PACKETS_LIMIT = 2**48
"""RFC 3711, 9.2: no key protects more packets."""
_HARMLESS = re.compile(r"WSH=[0-9]{1,9}|-.+")
"""A hint about the replay window, and extensions that may be ignored (RFC 4568, 6.3.6 and 6.3.7)."""


def parse_crypto(value: str) -> CryptoDescription | None:
    """An a=crypto value, or None where it is malformed or asks for what the engine lacks."""
    match = _LINE.fullmatch(value.strip())
    if match is None or match[2] not in set(CryptoSuite):
        return None
    suite = CryptoSuite(match[2])
    key = _octets(match[3])
    if key is None or len(key) != suite.key_size:
        return None
    if not _lifetime_only(match[4]) or not all(_HARMLESS.fullmatch(word) for word in match[5].split()):
        return None
    return CryptoDescription(int(match[1]), suite, MasterKey(key))


def build_crypto(crypto: CryptoDescription) -> str:
    """The a=crypto value. Without a lifetime the longest counts (RFC 4568, 6.1), which no call reaches."""
    return f"{crypto.tag} {crypto.suite} inline:{base64.b64encode(crypto.key.reveal()).decode()}"


def _octets(text: str) -> bytes | None:
    """Base64 whose padding may be missing: RFC 4568 has it, some phones do not."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None


def _lifetime_only(text: str) -> bool:
    """Whether what follows the key is a lifetime in range, or nothing. A far end renews its own key before its end."""
    parts = text.split("|")[1:]
    if not parts:
        return True
    match = _LIFETIME.fullmatch(parts[0]) if len(parts) == 1 else None
    if match is None:
        return False
    packets = 2 ** int(match[1]) if match[1] else int(match[2])
    return 0 < packets <= _PACKETS_LIMIT
