"""Three people with a phone each, and the PBX they share, all in the test's own process but for a SIP PBX.

Each has a pitch of his own that he whistles, so that everybody's ear can tell who is to be heard.
"""

from __future__ import annotations

import asyncio
import enum
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import aiohttp

from app.demo.myapps.installation import Subscriber, User
from app.demo.myapps.pair import MASTER, Pair
from app.demo.myapps.signals import Signal
from app.security.tls import client_context
from app.settings.secret import Secret
from tests.live_phone import LivePhone
from tests.pbx.small_pbx import SmallPbx, trust
from tests.peers.kamailio import Kamailio
from tests.peers.peer import free_port
from tests.scenarios.far_pbx import FarPbx
from tests.scenarios.rig import Surface

ADDRESS = "127.0.0.1"
PEOPLE = {"anna": ("21", 500), "ben": ("22", 750), "clara": ("23", 1150)}
"""Number and pitch in hertz."""
SILENT = "nobody", "29"
"""A phone that is registered and answers to nothing, not even that it rings."""
NO_ANSWER_SECONDS = 3.0
"""After which the innovaphone PBX diverts a call that nobody takes."""
NUMBERS = {**{name: number for name, (number, _) in PEOPLE.items()}, "echo": "100", SILENT[0]: SILENT[1]}


class Line(enum.StrEnum):
    """What the phones speak with their PBX."""

    PBXSIGNAL = "pbxsignal"
    SIP = "sip"


class Pbx(Protocol):
    """A PBX that knows all people."""

    async def start(self) -> None:
        """Be there, at the same ports each time."""

    async def crash(self) -> None:
        """Be gone at once, and forget all calls."""

    async def stop(self) -> None:
        """Be gone at the end."""

    def configuration(self, name: str) -> str:
        """The configuration file of somebody's phone."""


class SipPbx:
    """A registrar and proxy that we did not write; what calls are it leaves to the phones."""

    def __init__(self, folder: Path) -> None:
        self._kamailio = Kamailio(folder / "kamailio", free_port())

    async def start(self) -> None:
        """Start it."""
        await self._kamailio.start()

    async def crash(self) -> None:
        """It keeps no call to forget; its registrations are gone."""
        await self._kamailio.stop()

    stop = crash

    def configuration(self, name: str) -> str:
        """The line of a phone over UDP."""
        where = f'registrar = "{ADDRESS}"\nport = {self._kamailio.port}\nlocal_port = 0\nexpires = 60\n'
        number, _ = PEOPLE[name]
        who = f'user = "{number}"\npassword = "{self._kamailio.password}"\ndisplay_name = "{name.title()}"\n'
        return f"[sip]\n{where}{who}"


@dataclass(frozen=True)
class _SilentStation:
    """Takes every call and says nothing to it."""

    subscriber: Subscriber
    pbx: str = MASTER
    takes_media: bool = True
    hardware: str = ""

    def send(self, call: int, signal: Signal) -> None:
        """Nothing comes of it."""


class InnovaphonePair:
    """A master, its standby, and a slave."""

    def __init__(self, folder: Path) -> None:
        users = [User(name, number, name.title(), Secret(f"pw-{name}")) for name, (number, _) in PEOPLE.items()]
        users.append(User(*SILENT, "Nobody", Secret("pw-nobody")))
        tls = SmallPbx(folder).context()
        self.pair = Pair(users, ADDRESS, tls=tls, no_answer_seconds=NO_ANSWER_SECONDS)
        self.pair.calls.register(_SilentStation(self.pair.installation.subscribers[SILENT[0]]))
        self._trusted = trust(folder)

    async def start(self) -> None:
        """Start what does not run."""
        await self.pair.start()

    async def crash(self) -> None:
        """Kill all."""
        await self.pair.kill()

    async def stop(self) -> None:
        """Stop what runs, and close what only seems to."""
        await self.pair.stop()

    @property
    def complaints(self) -> list[str]:
        """What phones did that no PBX understands."""
        return [f"{pbx.name}: {complaint}" for pbx in self.pair.all for complaint in pbx.complaints]

    def registered_at(self, name: str) -> set[str]:
        """The PBXes that somebody's phone is registered at, as far as they run."""
        running = {pbx.name for pbx in self.pair.all if pbx.reachable}
        return running & {station.pbx for station in self.pair.calls._switchboard.stations(name)}

    async def log_in_on_page(self, name: str, password: str, url: str) -> bool:
        """Fill in the form that a phone shows the address of. Whether that was enough."""
        trusted = aiohttp.TCPConnector(ssl=client_context(self._trusted))
        async with aiohttp.ClientSession(connector=trusted) as browser:
            async with browser.get(url) as page:
                assert '<form method="post">' in await page.text()
            async with browser.post(url, data={"username": name, "password": password}) as page:
                return "You are logged in." in await page.text()

    def let_in(self, name: str, code: str) -> None:
        """Confirm, as somebody who is logged in elsewhere would, the session that shows this code."""
        subscriber = self.pair.installation.subscribers[name]
        (session,) = [session for session in subscriber.sessions.values() if session.code]
        assert str(session.code) == code, f"the phone shows {code}, the PBX waits for {session.code}"
        subscriber.authorize(session.usr)

    def configuration(self, name: str) -> str:
        """The line of a phone over PbxSignal. One whose user logs in on a page does not know who that will be."""
        colleagues = json.dumps([other for other in PEOPLE if other != name])
        line = f'kind = "pbxsignal"\ncolleagues = {colleagues}\n'
        where = f'server = "{ADDRESS}:{self.pair.master.https_port}"\ntrust_file = "{self._trusted}"\n'
        by_page = self.pair.installation.methods == ("oauth2",)
        who = "" if by_page else f'user = "{name}"\npassword = "pw-{name}"\n'
        return f"[line]\n{line}[pbx]\n{where}{who}"


class Person:
    """Somebody at his phone."""

    def __init__(self, office: Office, name: str, phone: LivePhone) -> None:
        self.office = office
        self.name = name
        self.number, self.pitch = PEOPLE[name]
        self.live = phone

    @property
    def phone(self) -> Surface:
        """The phone's wire."""
        return self.live.surface

    def whistle(self) -> None:
        """From now on, for some seconds."""
        self.live.say(self.pitch)

    async def hears(self, other: Person, patience: float) -> None:
        """Wait until he hears nobody but this one, who whistles."""
        other.whistle()
        await self.live.hears(other.pitch, patience)

    async def hears_together(self, others: list[Person], patience: float) -> None:
        """Wait until he hears all of these at once, who whistle."""
        for other in others:
            other.whistle()
        await self.live.hears_together([other.pitch for other in others], patience)

    async def does_not_hear(self, other: Person, patience: float) -> None:
        """Wait until he does not hear this one, who whistles."""
        other.whistle()
        await self.live.hears_no(other.pitch, patience)


class Office:
    """Use as an asynchronous context manager: the PBX runs from the beginning, phones as soon as they are started."""

    def __init__(self, folder: Path, line: Line) -> None:
        self.folder = folder
        self.line = line
        self.innovaphone = InnovaphonePair(folder) if line is Line.PBXSIGNAL else None
        self.pbx: Pbx = self.innovaphone or SipPbx(folder)
        self.settings = ""
        """What the administrator has set in all phones."""
        self.people: dict[str, Person] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self.pbx.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
        await self.pbx.stop()

    async def move_pbx_away(self) -> FarPbx:
        """From now on the PBX is one that stands elsewhere."""
        assert self.line is Line.PBXSIGNAL
        await self.pbx.stop()
        self.pbx, self.innovaphone = FarPbx(self.folder), None
        await self.pbx.start()
        return self.pbx

    async def come(self, names: list[str]) -> None:
        """Start the phones of these, and wait until they are registered."""
        await self.switch_on(names)
        await asyncio.gather(*(self.people[name].live.registered() for name in names))

    async def switch_on(self, names: list[str]) -> None:
        """Start the phones of these."""
        phones = [LivePhone(self.folder / name, self.pbx.configuration(name) + self.settings) for name in names]
        for name, phone in zip(names, phones, strict=True):
            self.people[name] = Person(self, name, await self._stack.enter_async_context(phone))

    def person(self, number: str) -> Person:
        """Whose number this is."""
        return next(one for one in self.people.values() if one.number == number)

    def describe(self) -> str:
        """What all phones show, for failures."""
        shown = [f"{one.name}: {one.phone.describe()}" for one in self.people.values()]
        complaints = [] if self.innovaphone is None else self.innovaphone.complaints
        return "\n".join([*shown, f"complaints of the PBX: {complaints}" if complaints else ""])
