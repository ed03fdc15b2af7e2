"""One row of the registry, and the check every value passes before it is believed."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Sequence

import msgspec

from app.model.time_zone import TimeZoneUnknown, time_zone
from app.settings.errors import ValueRefused
from app.settings.secret import Secret

Value = str | int | bool | tuple[str, ...] | Secret
"""What a setting may hold. A switch is a `bool`, a number an `int`, a list a tuple of strings."""

_LONGEST_LIST = 16
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Kind(enum.Enum):
    """The type of a setting's value, named as a person would."""

    TEXT = "text"
    SECRET = "secret text"  # noqa: S105 - the name of a type
    NUMBER = "a whole number"
    SWITCH = "true or false"
    CHOICE = "one of a few words"
    LIST = "a list of words"
    TIME_ZONE = "a name as Europe/Berlin, or rules as CET-1CEST,M3.5.0/2,M10.5.0/3"


class Layer(enum.IntEnum):
    """Who said it; the higher layer wins."""

    FACTORY = 0
    BOARD = 1
    PBX = 2
    ADMIN = 3
    USER = 4

    @property
    def words(self) -> str:
        """The layer in words for a person."""
        return _LAYER_WORDS[self]


_LAYER_WORDS = {
    Layer.FACTORY: "the factory",
    Layer.BOARD: "the board",
    Layer.PBX: "the PBX",
    Layer.ADMIN: "the administrator",
    Layer.USER: "the user",
}


class Effect(enum.Enum):
    """When a change is felt."""

    NOW = "at once"
    NEXT_CALL = "with the next call"
    REGISTRATION = "at once; the line registers anew"
    RESTART = "after a restart"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One setting: what it may hold, who may set it, when it is felt and how it is called elsewhere.

    `lowest` and `highest` bound a number; `choices` are all a choice, a list's members or a number may be;
    `longest` bounds text in characters; `pattern` is a regular expression the whole text (of a list: each
    member) must match and `pattern_words` says it for a person. While the switch `forced_by` is on, the user's own
    value does not count. `label` and `description` are for the administrator's page, `pbx_name` is the key under
    which the PBX provisions it, empty where it has none.
    """

    key: str
    kind: Kind
    default: Value
    label: str
    description: str
    pbx_name: str = ""
    setters: frozenset[Layer]
    effect: Effect
    unit: str = ""
    lowest: int = 0
    highest: int = 0
    choices: tuple[str | int, ...] = ()
    longest: int = 255
    pattern: str = ""
    pattern_words: str = ""
    forced_by: str = ""

    @property
    def secret(self) -> bool:
        """True where the value must never be shown."""
        return self.kind is Kind.SECRET

    def check(self, raw: object) -> Value:
        """`raw` as a value of this setting. Raises `ValueRefused`, which never quotes a secret."""
        return _CHECKS[self.kind](self, raw)

    def refuse(self, what: str, advice: str) -> ValueRefused:
        """The error for a value that does not fit, to be raised by whoever found out."""
        return ValueRefused(self.key, f"'{self.key}' {what}.", advice)


def _text(setting: Setting, raw: object) -> str:
    if not isinstance(raw, str):
        raise setting.refuse("must be text", "Put the value between quotation marks.")
    if len(raw) > setting.longest:
        raise setting.refuse(
            f"is {len(raw)} characters long", f"Use at most {setting.longest} characters; nothing was changed."
        )
    if _CONTROL.search(raw):
        raise setting.refuse("holds a line break or another control character", "Give the value on one line.")
    if raw and setting.pattern and not re.fullmatch(setting.pattern, raw):
        shown = "" if setting.secret else f" '{raw}', which is"
        raise setting.refuse(f"is{shown} not {setting.pattern_words}", f"Give {setting.pattern_words}.")
    return raw


def _secret(setting: Setting, raw: object) -> Secret:
    return raw if isinstance(raw, Secret) else Secret(_text(setting, raw))


def _number(setting: Setting, raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise setting.refuse("must be a whole number", "Give digits without quotation marks.")
    if setting.choices and raw not in setting.choices:
        raise setting.refuse(f"cannot be {raw}", f"Choose one of {_listed(setting.choices)}{_unit(setting)}.")
    if not setting.choices and not setting.lowest <= raw <= setting.highest:
        raise setting.refuse(
            f"cannot be {raw}", f"Give a number from {setting.lowest} to {setting.highest}{_unit(setting)}."
        )
    return raw


def _switch(setting: Setting, raw: object) -> bool:
    if not isinstance(raw, bool):
        raise setting.refuse("is on or off", "Give true or false without quotation marks.")
    return raw


def _choice(setting: Setting, raw: object) -> str:
    word = _text(setting, raw)
    if word not in setting.choices:
        raise setting.refuse(f"cannot be '{word}'", f"Choose one of {_listed(setting.choices)}.")
    return word


def _list(setting: Setting, raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple):
        raise setting.refuse("must be a list", 'Put the words in brackets, as in ["one", "two"].')
    if not raw and setting.default:
        raise setting.refuse("names nothing", "Name at least one, or leave the key out.")
    if len(raw) > _LONGEST_LIST:
        raise setting.refuse(f"has {len(raw)} members", f"Give at most {_LONGEST_LIST}.")
    member = _choice if setting.choices else _text
    words = tuple(member(setting, word) for word in raw)
    if len(set(words)) < len(words):
        raise setting.refuse("names the same thing twice", "Give each member once.")
    return words


def _time_zone(setting: Setting, raw: object) -> str:
    zone = _text(setting, raw)
    if zone:
        try:
            time_zone(zone)
        except TimeZoneUnknown as error:
            raise setting.refuse(f"cannot be '{zone}'", error.advice) from error
    return zone


def _listed(choices: Sequence[object]) -> str:
    return ", ".join(str(choice) for choice in choices)


def _unit(setting: Setting) -> str:
    return f" ({setting.unit})" if setting.unit else ""


_CHECKS: dict[Kind, Callable[[Setting, object], Value]] = {
    Kind.TEXT: _text,
    Kind.SECRET: _secret,
    Kind.NUMBER: _number,
    Kind.SWITCH: _switch,
    Kind.CHOICE: _choice,
    Kind.LIST: _list,
    Kind.TIME_ZONE: _time_zone,
}
