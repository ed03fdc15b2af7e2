"""What stands between the rooms and the log: secrets are blanked, floods are thinned."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict

_BLANK = r"\1***"
_SECRETS = (
    # The answer of a digest (RFC 7616, 3.4) and Basic credentials (RFC 7617).
    re.compile(r"(\b(?:response|cnonce)\s*=\s*\"?)[0-9a-zA-Z+/=_-]+", re.IGNORECASE),
    re.compile(r"(\bauthorization\s*:\s*(?:basic|bearer)\s+)\S+", re.IGNORECASE),
    # The keys of SDES (RFC 4568, 9.2).
    re.compile(r"(\binline:)[^\s|;]+", re.IGNORECASE),
    re.compile(
        r"((?<![a-z])(?:password|passwd|passphrase|pwd|pin|secret|token)['\"]?\s*[=:]\s*['\"]?)[^\s'\",;&]+",
        re.IGNORECASE,
    ),
    re.compile(r"(\$scrypt\$)\S+"),
    re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:-----END [A-Z ]*-----|\Z)"),
)

_KINDS = 512


def redact(text: str) -> str:
    """The text with everything blanked that looks like a secret. A second net: rooms do not log any."""
    for pattern in _SECRETS:
        text = pattern.sub(_BLANK, text)
    return text


class OncePerSecond(logging.Filter):
    """Lets a kind of line through once a second, and says how many it kept back.

    A kind is the logger, the level and the text before its arguments are filled in, so that an address or a
    counter makes no new kind. Lines of level DEBUG, which somebody asked for, all pass. The kinds remembered are
    bounded; the one seen longest ago is forgotten first.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed: OrderedDict[tuple[str, int, str], tuple[float, int]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide by `record.created` (seconds); a clock that was set back lets the line through."""
        if record.levelno <= logging.DEBUG:
            return True
        kind = (record.name, record.levelno, str(record.msg))
        passed, kept_back = self._passed.get(kind, (float("-inf"), 0))
        if 0 <= record.created - passed < 1:
            self._passed[kind] = (passed, kept_back + 1)
            return False
        if kept_back:
            record.msg = f"{record.getMessage()} ({kept_back} more like this before)"
            record.args = None
        self._passed[kind] = (record.created, 0)
        self._passed.move_to_end(kind)
        if len(self._passed) > _KINDS:
            self._passed.popitem(last=False)
        return True
