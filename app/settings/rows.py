"""Rows of the registry, one function for each kind of value; each takes what that kind can have, and no more."""

from __future__ import annotations

from typing import NotRequired, TypedDict, Unpack

from app.settings.secret import Secret
from app.settings.setting import Effect, Kind, Layer, Setting


class Common(TypedDict):
    """What every row says, as `Setting` explains it."""

    label: str
    description: str
    setters: frozenset[Layer]
    effect: Effect
    pbx_name: NotRequired[str]
    forced_by: NotRequired[str]


def text(
    key: str, *, longest: int = 255, pattern: str = "", pattern_words: str = "", **common: Unpack[Common]
) -> Setting:
    """Text, at first empty."""
    return Setting(
        key=key,
        kind=Kind.TEXT,
        default="",
        longest=longest,
        pattern=pattern,
        pattern_words=pattern_words,
        **common,
    )


def secret(key: str, *, pattern: str = "", pattern_words: str = "", **common: Unpack[Common]) -> Setting:
    """Text that is never shown, at first empty."""
    return Setting(
        key=key, kind=Kind.SECRET, default=Secret(""), pattern=pattern, pattern_words=pattern_words, **common
    )


def number(
    key: str,
    *,
    default: int,
    lowest: int = 0,
    highest: int = 0,
    choices: tuple[int, ...] = (),
    unit: str = "",
    **common: Unpack[Common],
) -> Setting:
    """A whole number, between bounds or one of `choices`."""
    return Setting(
        key=key,
        kind=Kind.NUMBER,
        default=default,
        lowest=lowest,
        highest=highest,
        choices=choices,
        unit=unit,
        **common,
    )


def switch(key: str, *, default: bool, **common: Unpack[Common]) -> Setting:
    """On or off."""
    return Setting(key=key, kind=Kind.SWITCH, default=default, **common)


def choice(key: str, *, default: str, choices: tuple[str, ...], **common: Unpack[Common]) -> Setting:
    """One of a few words."""
    return Setting(key=key, kind=Kind.CHOICE, default=default, choices=choices, **common)


def word_list(
    key: str,
    *,
    default: tuple[str, ...] = (),
    choices: tuple[str, ...] = (),
    longest: int = 255,
    pattern: str = "",
    pattern_words: str = "",
    **common: Unpack[Common],
) -> Setting:
    """A list, of `choices` or of words that match."""
    return Setting(
        key=key,
        kind=Kind.LIST,
        default=default,
        choices=choices,
        longest=longest,
        pattern=pattern,
        pattern_words=pattern_words,
        **common,
    )


def time_zone(key: str, **common: Unpack[Common]) -> Setting:
    """Where the phone stands, at first unsaid."""
    return Setting(key=key, kind=Kind.TIME_ZONE, default="", **common)
