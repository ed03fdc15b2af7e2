"""The menu and its few pages: theme, PIN, about."""

from __future__ import annotations

import dataclasses

from app.kiosk.geometry import Rect
from app.kiosk.intents import Back, Erase, Go, Place, Send, Submit
from app.kiosk.layout import bands, pad_width
from app.kiosk.screens import incoming_calls, level, pbx, presence, recording, ringer, sound, time
from app.kiosk.screens.lock import dots
from app.kiosk.theme import THEMES, Steps, Token
from app.kiosk.tree import Node, Role
from app.kiosk.view import PinStep, View
from app.kiosk.widgets import common_keys, dial_pad, keys, labels, pages, status
from app.kiosk.widgets.keys import KeySpec
from app.model.commands import ChangePin, Set
from app.model.signalling import Registration

THEME_SETTING = "display.theme"
BRIGHTNESS_SETTING = "display.brightness"
LEAST_BRIGHTNESS = 10
_THEME_WORDS = {"night": "Night", "day": "Day", "high-contrast": "High contrast"}
_THEME_ICONS = {"night": "moon", "day": "theme", "high-contrast": "contrast"}
_PIN_WORDS = {
    PinStep.OLD: ("Enter your PIN", "The PIN that unlocks this phone now."),
    PinStep.NEW: ("Choose a PIN", "At least four digits. It locks and unlocks this phone."),
    PinStep.REPEAT: ("Repeat the PIN", "Enter the same digits once more."),
}
LEAST_PIN = 4
_REGISTRATION_WORDS = {
    Registration.UP: "Registered",
    Registration.TRYING: "Connecting",
    Registration.REFUSED: "Refused",
    Registration.DOWN: "No connection",
}


def build(view: View) -> Node:
    """The menu."""
    areas = bands(view.panel)
    snapshot = view.snapshot
    pin_set = snapshot.lock.pin_set
    theme = view.say(_THEME_WORDS[view.theme.name])
    rows: list[tuple[KeySpec, ...]] = [
        (
            KeySpec("menu-theme", _display_words(view), Go(Place.THEME), icon="theme", note=theme),
            KeySpec("menu-ringer", view.say("Ringer"), Go(Place.RINGER), icon="bell", note=ringer.summary(view)),
            KeySpec("menu-sound", view.say("Microphone"), Go(Place.SOUND), icon="microphone", note=sound.summary(view)),
            KeySpec(
                "menu-incoming-calls",
                view.say("Incoming calls"),
                Go(Place.INCOMING_CALLS),
                icon="incoming",
                note=incoming_calls.summary(view),
            ),
            KeySpec("menu-time", view.say("Time"), Go(Place.TIME), icon="calls", note=time.place(view)),
        ),
        (
            KeySpec(
                "menu-pin",
                view.say("Change PIN") if pin_set else view.say("Set PIN"),
                Go(Place.PIN),
                icon="keypad",
                note=view.say("PIN is set") if pin_set else view.say("No PIN yet"),
            ),
            *(
                [
                    KeySpec(
                        "menu-recording",
                        view.say("Recording"),
                        Go(Place.RECORDING),
                        icon="record",
                        note=recording.summary(view),
                    )
                ]
                if snapshot.recording.possible
                else []
            ),
            KeySpec(
                "menu-presence", view.say("Presence"), Go(Place.PRESENCE), icon="person", note=presence.summary(view)
            ),
            KeySpec("menu-pbx", view.say("PBX"), Go(Place.PBX), icon="server", note=pbx.summary(view)),
            KeySpec("menu-about", view.say("About this phone"), Go(Place.ABOUT), icon="about"),
        ),
    ]
    specs = (
        KeySpec("back", view.say("Back"), Back(), weight=2),
        common_keys.lock(view, weight=2),
    )
    return pages.page(
        view, areas, "menu", view.say("Menu"), keys.grid(view, "items", areas.content, rows, areas.gap), specs
    )


def build_theme(view: View) -> Node:
    """The choice of looks."""
    areas = bands(view.panel)
    row = tuple(
        KeySpec(
            f"theme-{name}",
            view.say(_THEME_WORDS[name]),
            Send(Set(id=0, key=THEME_SETTING, value=name)),
            icon=_THEME_ICONS[name],
            chosen=name == view.theme.name,
        )
        for name in THEMES
    )
    backlight = view.snapshot.display.backlight
    if backlight is None:
        items = keys.grid(view, "items", pages.middle(areas, view.px(180)), [row], areas.gap)
    else:
        upper, lower = areas.content.split_rows((3, 2), areas.gap)
        themes = keys.grid(view, "themes", lower, [row], areas.gap)
        children = (_brightness(view, upper, backlight.brightness), themes)
        items = Node("items", Role.GROUP, areas.content, children=children)
    return pages.page(view, areas, "theme", _display_words(view), items, common_keys.back(view))


def _display_words(view: View) -> str:
    """Colours alone where the light is somebody else's."""
    return view.say("Theme") if view.snapshot.display.backlight is None else view.say("Display")


def _brightness(view: View, area: Rect, percent: int) -> Node:
    less = _brightness_key("darker", view.say("Darker"), "minus", percent, -1)
    more = _brightness_key("brighter", view.say("Brighter"), "add", percent, 1)
    return level.row(view, area, level.Level("brightness", view.say("Brightness"), percent, less, more))


def _brightness_key(name: str, label: str, icon: str, percent: int, presses: int) -> KeySpec:
    wanted = level.after(percent, presses, LEAST_BRIGHTNESS)
    command = Set(id=0, key=BRIGHTNESS_SETTING, value=wanted)
    return KeySpec(name, label, Send(command), icon=icon, disabled=wanted == percent)


def build_pin(view: View) -> Node:
    """Set, change or remove the PIN, one step at a time."""
    areas = bands(view.panel)
    left, right = areas.columns(min(pad_width(view.panel), round(areas.content.width * 0.64)))
    step, pin = view.ui.pin_step, view.ui.pin
    title, detail = (view.say(words) for words in _PIN_WORDS[step])
    top = left.y + (0 if view.panel.short else view.px(72))
    title_area = Rect(left.x, top, left.width, view.px(40))
    detail_area = Rect(left.x, title_area.bottom + view.px(4), left.width, 0)
    words = labels.paragraph(view, "detail", detail, Steps.SECOND, Token.MUTED, detail_area, 3)
    row = dots(view, pin, left.x, words.bounds.bottom + view.px(20))
    block = Node(
        "pin-block",
        Role.GROUP,
        left,
        children=(labels.label(view, "title", title, Steps.TITLE, Token.TEXT, title_area), words, row),
    )
    enough = bool(pin) if step is PinStep.OLD else len(pin) >= LEAST_PIN
    done = KeySpec(
        "next",
        view.say("Save PIN") if step is PinStep.REPEAT else view.say("Next"),
        Submit(),
        look=keys.CHOSEN if enough else keys.PLAIN,
        weight=2,
        disabled=not enough,
        default=True,
    )
    erase = KeySpec("erase", view.say("Delete"), Erase(), icon="erase", disabled=not pin)
    if step is PinStep.NEW and view.snapshot.lock.pin_set and not pin:
        erase = KeySpec(
            "remove-pin", view.say("Remove PIN"), Send(ChangePin(id=0, old=view.ui.pin_old, new="")), look=keys.ALARM
        )
    return pages.screen(
        view,
        "set-pin",
        view.say("PIN"),
        status.band(view, areas),
        block,
        dial_pad.pad(view, right, areas.gap, letters=False),
        keys.soft_keys(view, areas, (KeySpec("back", view.say("Back"), Back()), erase, done)),
    )


def build_about(view: View) -> Node:
    """Whose phone this is and how it stands, for a call to the administrator."""
    areas = bands(view.panel)
    facts = labels.facts(view, areas.content, _facts(view))
    update = KeySpec("update", view.say("Update"), Go(Place.UPDATE), icon="server")
    specs = (*common_keys.back(view), update, *((common_keys.try_again(view),) if view.line_waits else ()))
    specs = tuple(dataclasses.replace(spec, weight=2) for spec in specs)
    return pages.page(view, areas, "about", view.say("About this phone"), facts, specs)


def _facts(view: View) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for line in view.snapshot.lines[:2]:
        rows += [
            (view.say("Name"), line.name),
            (view.say("Number"), line.number),
            (view.say("PBX"), line.server),
            (view.say("State"), view.say(_REGISTRATION_WORDS[line.registration])),
            (view.say("Reason"), line.reason),
            (view.say("What to do"), line.advice),
        ]
    if not rows:
        rows.append((view.say("Line"), view.say("None yet. Give the phone a PBX, a number and a password.")))
    rows += [(view.say("Notice"), notice.text) for notice in view.snapshot.notices[:3]]
    if view.text.missing_family:
        rows.append((view.say("Notice"), view.say("The font Inter is missing (package fonts-inter).")))
    machine = view.snapshot.machine
    rows += [
        (view.say("Model"), machine.model),
        (view.say("Revision"), machine.revision),
        (view.say("Serial number"), machine.serial),
        (view.say("MAC address"), "-".join(machine.mac_address[at : at + 2] for at in range(0, 12, 2)).strip("-")),
        (view.say("Camera"), ", ".join(machine.cameras)),
    ]
    return [row for row in rows if row[1]][:8]
