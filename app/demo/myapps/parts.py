"""Objects that stand in messages of more than one protocol."""

from __future__ import annotations

import msgspec

from app.demo.myapps.wire import Part


class NumberPrefix(Part, frozen=True, omit_defaults=False):
    """How numbers begin; `rename` keeps the members' names."""

    intl: str = "000"
    ntl: str = "00"
    subs: str = "0"
    area: str = "7031"
    country: str = "49"


class EndPoint(Part, frozen=True):
    """Somebody in a message: a number with an optional prefix letter (R, S, N, I), a name without a domain, or both."""

    num: str = ""
    sip: str = ""
    flags: str = ""

    @property
    def digits(self) -> str:
        """The number without its prefix letter."""
        return self.num.lstrip("RSNI")


class AppFacts(Part, frozen=True):
    """`info` of an app; `apis` by identity."""

    hidden: bool = False
    apis: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)


class App(Part, frozen=True, omit_defaults=False):
    """An app object; `url` is relative to the client's page and lacks `.htm`."""

    name: str
    title: str
    text: str
    url: str
    info: AppFacts
