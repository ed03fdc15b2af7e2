"""Who said what: values in layers, the highest of which wins.

A key that a layer does not hold is left alone by it. `Layers` is frozen: a room that keeps one keeps a picture
of one moment, and a change makes a new one.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from app.settings.errors import NotPermitted
from app.settings.registry import setting
from app.settings.secret import Secret
from app.settings.setting import Layer, Value

_T = TypeVar("_T")
_STRONGEST_FIRST = tuple(sorted(Layer, reverse=True))


class Given(msgspec.Struct, frozen=True):
    """A value in force, and the layer that gave it."""

    value: Value
    layer: Layer


class Layers(msgspec.Struct, frozen=True):
    """All values. Holds only known keys with checked values; the factory's come from the registry."""

    given: dict[Layer, dict[str, Value]] = {}

    def provenance(self, key: str) -> Given:
        """The value in force and who gave it. Raises `UnknownSetting`."""
        row = setting(key)
        forced = self.forced(key)
        for layer in _STRONGEST_FIRST:
            values = self.given.get(layer, {})
            if key in values and not (forced and layer is Layer.USER):
                return Given(values[key], layer)
        return Given(row.default, Layer.FACTORY)

    def forced(self, key: str) -> bool:
        """Whether the user's own value of a key does not count. Raises `UnknownSetting`."""
        return self.forcer(key) is not None

    def forcer(self, key: str) -> Layer | None:
        """Who has fixed a key, so that the user's own value does not count. Raises `UnknownSetting`."""
        switch = setting(key).forced_by
        return self.provenance(switch).layer if switch and self.switch(switch) else None

    def text(self, key: str) -> str:
        """The value of a text or choice."""
        return self._of(str, key)

    def number(self, key: str) -> int:
        """The value of a number, in the setting's unit."""
        return self._of(int, key)

    def switch(self, key: str) -> bool:
        """The value of a switch."""
        return self._of(bool, key)

    def words(self, key: str) -> tuple[str, ...]:
        """The value of a list."""
        return self._of(tuple, key)

    def secret(self, key: str) -> Secret:
        """The value of a secret."""
        return self._of(Secret, key)

    def _of(self, kind: type[_T], key: str) -> _T:
        value = self.provenance(key).value
        if type(value) is not kind:
            raise TypeError(f"'{key}' is {setting(key).kind.value}, read it as such")
        return value

    def merged(self, layer: Layer, changes: dict[str, object]) -> Layers:
        """What a layer says now: None takes its value of a key away, a key not named is left alone.

        All or nothing. Raises `UnknownSetting`, `NotPermitted` or `ValueRefused`.
        """
        values = dict(self.given.get(layer, {}))
        for key, raw in changes.items():
            checked = check(layer, key, raw)
            if checked is None:
                values.pop(key, None)
            else:
                values[key] = checked
        return Layers({**self.given, layer: values})

    def changed(self, before: Layers) -> frozenset[str]:
        """The keys whose value in force is not what it was."""
        if self is before:
            return frozenset()
        spoken_of = {key for layers in (self, before) for values in layers.given.values() for key in values}
        return frozenset(key for key in spoken_of if self.provenance(key).value != before.provenance(key).value)


def check(layer: Layer, key: str, raw: object) -> Value | None:
    """What a layer may say of a key; None where it takes its word back.

    Raises `UnknownSetting`, `NotPermitted` or `ValueRefused`.
    """
    row = setting(key)
    if layer not in row.setters:
        those = " or ".join(setter.words for setter in sorted(row.setters))
        raise NotPermitted(key, f"'{key}' is not for {layer.words} to set.", f"It is set by {those}.")
    return None if raw is None else row.check(raw)
