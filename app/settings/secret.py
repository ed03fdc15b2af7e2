"""A value that never shows itself: passwords, keys and hashes travel between rooms in this."""

from __future__ import annotations

import hmac
from typing import NoReturn, final

_MASK = "***"


class SecretExposed(TypeError):
    """Something tried to write a secret out: to pickle, copy to another process, or encode it."""


@final
class Secret:
    """A string that prints as `***` and gives its value only to `reveal`.

    Two secrets compare in constant time (`hmac.compare_digest`); a secret never equals a plain string, so that
    no test against a literal slips in. It cannot be pickled, hashed or subclassed, and JSON encoders do not
    know it; all of these raise `TypeError`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Call it where the value is used, and keep the result in no attribute and no log."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    __hash__ = None  # type: ignore[assignment]  # a hash would tell equal secrets apart in variable time

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, format_spec: str) -> str:
        return format(_MASK, format_spec)

    def __reduce__(self) -> NoReturn:
        raise SecretExposed("a secret cannot be pickled or copied; pass the object itself")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self
