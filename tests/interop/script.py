"""SIPp's scenarios in fewer words: each is written to a file as SIPp wants it.

The phone's own call is one SIPp call. A script that waits for calls also takes the phone's registrations, so that
SIPp is its whole PBX. The key `contact_port` says where the phone shall send what comes later in a call.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Self
from xml.sax.saxutils import quoteattr

_OWN = "<sip:[caller]@[local_ip]:[local_port]>;tag=[pid]-[call_number]"
_ECHOED = ("Via", "From", "To", "CSeq")
_CONTACT = "Contact: <sip:[caller]@[local_ip]:[contact_port];transport=[transport]>"


def sdp(direction: str = "sendrecv", version: int = 1, *, crypto: str = "") -> str:
    """A session description of PCMU and telephone events, where the run's `media` says; encrypted with an a=crypto."""
    return "\n".join(
        [
            "v=0",
            f"o=- 1 {version} IN IP4 [local_ip]",
            "s=-",
            "c=IN IP4 [media_address]",
            "t=0 0",
            f"m=audio [rtp_port] RTP/{'SAVP' if crypto else 'AVP'} [format] 101",
            *([f"a=crypto:{crypto}"] if crypto else []),
            "a=rtpmap:[format] [rtpmap]",
            "a=rtpmap:101 telephone-event/8000",
            f"a={direction}",
        ]
    )


def request(
    method: str,
    cseq: int,
    *headers: str,
    body: str = "",
    branch: str = "[branch]",
    target: str = "[next_url]",
    content_type: str = "application/sdp",
) -> str:
    """A request of the calling side; a dialog's are sent to where its answer said."""
    first = method == "INVITE" and cseq == 1
    return _message(
        f"{method} {'sip:[service]@[remote_ip]:[remote_port]' if first else target} SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch={branch}",
        "Max-Forwards: 70",
        *(() if first else ("[routes]",)),
        f"From: {_OWN}",
        "To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]",
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        _CONTACT,
        *headers,
        body=body,
        content_type=content_type,
    )


def reply(
    status: int,
    reason: str,
    *headers: str,
    body: str = "",
    tag: str = "[pid]-[call_number]",
    contact: str = _CONTACT,
    kept: bool = False,
) -> str:
    """An answer to the request that came last, or the one that was kept.

    `tag` is put on To, unless empty because it has one.
    """
    echoed = [f"{name}:[$kept_{name}]" if kept else f"[last_{name}:]" for name in _ECHOED]
    echoed[_ECHOED.index("To")] += f";tag={tag}" if tag else ""
    return _message(f"SIP/2.0 {status} {reason}", *echoed, "Call-ID: [call_id]", contact, *headers, body=body)


def _message(*lines: str, body: str, content_type: str = "application/sdp") -> str:
    kind = [f"Content-Type: {content_type}"] if body else []
    return "\n".join([*lines, *kind, "Content-Length: [len]", "", body])


OK = reply(200, "OK", tag="")
"""To a request inside a dialog."""


def _search(place: str, pattern: str, name: str) -> str:
    where = f'search_in="{place}"' if place in ("body", "msg") else f'search_in="hdr" header="{place}:"'
    search = f'<ereg regexp={quoteattr(pattern)} {where} check_it="true" assign_to="{name}" />'
    return f'{search}<log message="[${name}]" />'  # SIPp refuses a variable that is never read


@dataclasses.dataclass
class Script:
    """What SIPp sends and expects, in this order. Methods give the script back, for chains."""

    waits: bool = False
    """Waits for calls, rather than makes one."""

    def __post_init__(self) -> None:
        self._steps: list[str] = []

    def send(self, message: str, *, again: bool = False) -> Self:
        """Send; `again` as long as nothing is answered (UDP only)."""
        repeat = ' retrans="500"' if again else ""
        self._steps.append(f"<send{repeat}><![CDATA[\n{message}\n]]></send>")
        return self

    def expect(
        self, what: int | str, *, optional: bool = False, check: tuple[str, str] | None = None, keep: bool = False
    ) -> Self:
        """Wait for a response or a request.

        `check` is a header (or `body`, or `msg` for all) and a regular expression for it. With `keep` it is
        remembered, so that it can be answered after others came.
        """
        kind = "response" if isinstance(what, int) else "request"
        extras = ' optional="true"' if optional else ' rrs="true"'
        actions = [_search(name, ".*", f"kept_{name}") for name in _ECHOED if keep]
        if check is not None:
            actions.append(_search(*check, f"found{len(self._steps)}"))
        action = f"<action>{''.join(actions)}</action>" if actions else ""
        self._steps.append(f'<recv {kind}="{what}"{extras}>{action}</recv>')
        return self

    def ringing(self) -> Self:
        """What a phone may say before it answers."""
        return self.expect(100, optional=True).expect(180, optional=True)

    def until_bye(self) -> Self:
        """Until the phone ends the call."""
        return self.expect("BYE").send(OK)

    def pause(self, milliseconds: int) -> Self:
        """Let time pass; what is not expected meanwhile is an error."""
        self._steps.append(f'<pause milliseconds="{milliseconds}" />')
        return self

    def write(self, path: Path) -> Path:
        """As a file for SIPp."""
        steps = "\n".join(self._steps)
        if self.waits:
            binding = reply(200, "OK", "Expires: 60", contact="[last_Contact:]")
            steps = (
                '<recv request="REGISTER" optional="true" next="binding"></recv>\n'
                f"{steps}\n"
                '<nop next="end" />\n<label id="binding" />\n'
                f"<send><![CDATA[\n{binding}\n]]></send>\n"
                '<label id="end" />'
            )
        path.write_text(
            f'<?xml version="1.0" encoding="UTF-8" ?>\n<scenario name="{path.stem}">\n{steps}\n</scenario>\n'
        )
        return path
