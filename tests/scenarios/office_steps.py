"""The words of scenarios about several phones: each line begins with whose phone it is about, or tells of all.

`anna: dial ben` is what a user does or must see on his phone, in the same words as where there is only one; a name
stands for its number. Lines without a name in front are about the PBX, or about several people.
"""

from __future__ import annotations

import re
from pathlib import Path

from app.demo.myapps.pair import MASTER, SLAVE, STANDBY
from app.model.pbx import SessionState
from app.model.signalling import Registration
from tests.scenarios import vocabulary
from tests.scenarios.far_pbx import FarPbx
from tests.scenarios.office import ADDRESS, NUMBERS, InnovaphonePair, Line, Office, Person
from tests.scenarios.user_steps import USER
from tests.scenarios.vocabulary import Performance, Vocabulary, read_scenario

_NAMES = "|".join(NUMBERS)
_SEVERAL = rf"(?:{_NAMES})(?:(?:, | and )(?:{_NAMES}))*"
_OFFICE: Vocabulary[Office] = Vocabulary()
_PERSON: Vocabulary[Person] = Vocabulary()


def lines_of(path: Path) -> tuple[Line, ...]:
    """Over which lines a scenario is played: over all, or as its first line says."""
    first = read_scenario(path)[0].text
    return tuple(line for line in Line if not first.startswith("only over") or first.endswith(line))


async def play(path: Path, office: Office) -> None:
    """Play a scenario file in an office. Raises StepFailed."""
    await vocabulary.play(path, office, _understand, Office.describe)


def _understand(text: str) -> Performance[Office] | None:
    said = re.fullmatch(rf"({_NAMES}): (.*)", text)
    if said is None:
        return _OFFICE.understand(text)
    name, sentence = said.groups()
    sentence = re.sub(rf"\b({_NAMES})\b", lambda match: NUMBERS[match[1]], sentence)
    performance = _PERSON.understand(sentence) or USER.understand(sentence)
    return None if performance is None else lambda office: performance(office.people[name])


def _innovaphone(office: Office) -> InnovaphonePair:
    assert office.innovaphone is not None, "only over pbxsignal"
    return office.innovaphone


# --- the world --------------------------------------------------------------------------------------------


@_OFFICE.step(rf"only over ({'|'.join(Line)})")
async def _only_over(office: Office, match: re.Match[str], _patience: float) -> None:
    assert office.line == match[1]


@_OFFICE.step(rf"({_SEVERAL}) (?:is|are) at work")
async def _at_work(office: Office, match: re.Match[str], _patience: float) -> None:
    await office.come(re.split(r", | and ", match[1]))


@_OFFICE.step(r"the pbx crashes")
async def _pbx_crashes(office: Office, _match: re.Match[str], _patience: float) -> None:
    await office.pbx.crash()


@_OFFICE.step(r"the pbx starts")
async def _pbx_starts(office: Office, _match: re.Match[str], _patience: float) -> None:
    await office.pbx.start()


@_OFFICE.step(r"the primary (is killed|falls silent|is back)")
async def _primary(office: Office, match: re.Match[str], _patience: float) -> None:
    master = _innovaphone(office).pair.master
    match match[1]:
        case "is killed":
            await master.kill()
        case "falls silent":
            master.cut_off()
        case _:
            await master.kill()  # one that was only silent has to go before it can come
            await master.start()


@_OFFICE.step(r"the slave (is killed|is back)")
async def _slave(office: Office, match: re.Match[str], _patience: float) -> None:
    slave = _innovaphone(office).pair.slave
    await (slave.kill() if match[1] == "is killed" else slave.start())


@_OFFICE.step(r"the pbx stands at the far end of a cable")
async def _far_away(office: Office, _match: re.Match[str], _patience: float) -> None:
    await office.move_pbx_away()


@_OFFICE.step(rf"({_NAMES}) gets another address")
async def _renumbered(office: Office, match: re.Match[str], _patience: float) -> None:
    assert set(office.people) == {match[1]}, "there is one cable for all"
    assert isinstance(office.pbx, FarPbx)
    await office.pbx.renumber()


@_OFFICE.step(rf"({_NAMES}) belongs to the slave")
async def _belongs_to_slave(office: Office, match: re.Match[str], _patience: float) -> None:
    _innovaphone(office).pair.installation.move(match[1], SLAVE)


@_OFFICE.step(r"the pbx takes log-ins by (ntlm|oauth2) alone")
async def _log_ins(office: Office, match: re.Match[str], _patience: float) -> None:
    _innovaphone(office).pair.installation.methods = (match[1],)


@_OFFICE.step(rf"the pbx wants two factors of ({_NAMES})")
async def _two_factors(office: Office, match: re.Match[str], _patience: float) -> None:
    _innovaphone(office).pair.installation.demand_second_factor(match[1])


@_OFFICE.step(rf"({_NAMES}) switches the phone on")
async def _switched_on(office: Office, match: re.Match[str], _patience: float) -> None:
    await office.switch_on([match[1]])


@_OFFICE.step(r"the admin wants all calls encrypted, best with keys by (sdes|dtls)")
async def _encrypted(office: Office, match: re.Match[str], _patience: float) -> None:
    order = "sdes-dtls" if match[1] == "sdes" else "dtls-sdes"
    office.settings += f'[audio]\nencryption = "required"\nkey_exchange = "{order}"\n'


@_OFFICE.step(r"the admin has voice find its way by ice")
async def _by_ice(office: Office, _match: re.Match[str], _patience: float) -> None:
    office.settings += '[media]\nice = "on"\n'


@_OFFICE.step(r"the admin lets people record")
async def _may_record(office: Office, _match: re.Match[str], _patience: float) -> None:
    office.settings += f'[recording]\nurl = "http://{ADDRESS}:9/"\nby_default = false\nuser_control = true\n'


@_OFFICE.step(rf"the pbx has the phone of ({_NAMES}) (\w+)(?: (\S))?")
async def _remote_control(office: Office, match: re.Match[str], _patience: float) -> None:
    assert _innovaphone(office).pair.calls.remote_control(match[1], match[2], match[3] or "")


@_OFFICE.step(rf"(\d+) messages? (?:wait|waits) for ({_NAMES})")
async def _messages_wait(office: Office, match: re.Match[str], _patience: float) -> None:
    _innovaphone(office).pair.calls.set_messages(match[2], int(match[1]))


@_OFFICE.step(rf"({_NAMES}) is called (.+) now")
async def _renamed(office: Office, match: re.Match[str], _patience: float) -> None:
    _innovaphone(office).pair.calls.rename(match[1], match[2])


@_PERSON.step(r"expect to be at the (primary|standby|slave)(, which stands in)?")
async def _at_pbx(person: Person, match: re.Match[str], patience: float) -> None:
    """By the phone's word and by the PBX's: while the phone goes over, its connection is ahead of its line."""
    innovaphone = _innovaphone(person.office)
    name = {"primary": MASTER, "standby": STANDBY, "slave": SLAVE}[match[1]]
    standby = name == STANDBY or bool(match[2])

    def true() -> bool:
        now = person.live.now
        where, line = now.pbx.connection, now.lines[0].registration
        there = innovaphone.registered_at(person.name) == {name}
        return where.up and where.standby is standby and line is Registration.UP and there

    await person.live.until_true(true, patience)


@_PERSON.step(r"confirm elsewhere the code that is shown")
async def _let_in(person: Person, _match: re.Match[str], patience: float) -> None:
    innovaphone = _innovaphone(person.office)
    shown = await person.live.until(lambda s: s.pbx.state is SessionState.SECOND_FACTOR, patience)
    assert not innovaphone.registered_at(person.name)
    innovaphone.let_in(person.name, shown.pbx.code)


@_PERSON.step(r"log in on the page that is named( with a wrong password, in vain)?")
async def _log_in_on_page(person: Person, match: re.Match[str], patience: float) -> None:
    innovaphone = _innovaphone(person.office)
    shown = await person.live.until(lambda s: s.pbx.state is SessionState.OAUTH2, patience)
    assert not innovaphone.registered_at(person.name)
    password = "wrong" if match[1] else f"pw-{person.name}"
    logged_in = await innovaphone.log_in_on_page(person.name, password, shown.pbx.url)
    assert logged_in is not bool(match[1])


@_PERSON.step(r"expect voice encrypted with keys by (sdes|dtls)(, by a way of ice)?")
async def _voice_encrypted(person: Person, match: re.Match[str], patience: float) -> None:
    """Both ways; whoever hears the other then has decrypted what he hears."""
    await person.live.until_true(lambda: person.live.keys_by == match[1], patience)
    if match[2]:
        await person.live.until_true(lambda: person.live.route is not None, patience)


@_PERSON.step(r"expect never to have been called")
async def _never_called(person: Person, _match: re.Match[str], _patience: float) -> None:
    """For when whatever could have called is over: a call that ever rang is in the list of calls, or still there."""
    now = person.live.now
    assert now.calls == ()
    assert now.history == ()


@_PERSON.step(r"expect the recording to be called as the PBX calls the conversation")
async def _recording_named(person: Person, _match: re.Match[str], patience: float) -> None:
    innovaphone = _innovaphone(person.office)
    call = innovaphone.pair.calls.of(person.name)[-1].call
    assert call is not None
    guid, folder = call.conference, person.live.folder / "state" / "recordings"
    await person.live.until_true(lambda: any(folder.glob(f"{guid}-*-{person.number}")), patience)


# --- who hears whom ---------------------------------------------------------------------------------------


@_OFFICE.step(rf"expect ({_NAMES}) and ({_NAMES}) to hear each other")
async def _hear_each_other(office: Office, match: re.Match[str], patience: float) -> None:
    one, other = office.people[match[1]], office.people[match[2]]
    await one.hears(other, patience)
    await other.hears(one, patience)


@_PERSON.step(r"expect to hear (?:him|her)self")
async def _hears_himself(person: Person, _match: re.Match[str], patience: float) -> None:
    await person.hears(person, patience)


@_PERSON.step(r"expect to go to the pbx from the new address")
async def _at_new_address(person: Person, _match: re.Match[str], patience: float) -> None:
    pbx = person.office.pbx
    assert isinstance(pbx, FarPbx)
    await person.live.until_true(lambda: person.live.line_address == pbx.new_address, patience)


@_PERSON.step(r"expect to hear (\d+)")
async def _hears(person: Person, match: re.Match[str], patience: float) -> None:
    await person.hears(person.office.person(match[1]), patience)


@_PERSON.step(r"expect to hear (\d+) and (\d+)")
async def _hears_both(person: Person, match: re.Match[str], patience: float) -> None:
    await person.hears_together([person.office.person(number) for number in match.groups()], patience)


@_PERSON.step(r"expect not to hear (\d+)")
async def _does_not_hear(person: Person, match: re.Match[str], patience: float) -> None:
    await person.does_not_hear(person.office.person(match[1]), patience)


@_PERSON.step(r"expect the digits (\S+)")
async def _digits(person: Person, match: re.Match[str], patience: float) -> None:
    heard = await person.live.digits(len(match[1]), patience)
    assert heard == match[1], f"the digits were {heard}"
