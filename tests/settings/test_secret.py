"""A secret never shows its value."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable

import msgspec
import pytest

from app.settings.secret import Secret, SecretExposed

VALUE = "correct horse"


def holder() -> object:
    class Account(msgspec.Struct, frozen=True):
        password: Secret

    return Account(Secret(VALUE))


@pytest.mark.parametrize("show", [repr, str, ascii, "{}".format, "{:>20}".format, "{!r}".format])
def test_no_way_of_printing_shows_the_value(show: Callable[[Secret], str]) -> None:
    assert VALUE not in show(Secret(VALUE))
    assert "***" in show(Secret(VALUE))


def test_a_struct_that_holds_it_does_not_show_it_either() -> None:
    assert VALUE not in repr(holder())


def test_reveal_gives_the_value() -> None:
    assert Secret(VALUE).reveal() == VALUE


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, msgspec.json.encode, msgspec.msgpack.encode])
def test_nothing_encodes_it(write: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError) as caught:
        write(Secret(VALUE))
    assert VALUE not in str(caught.value)


def test_pickling_says_what_is_wrong() -> None:
    with pytest.raises(SecretExposed, match="cannot be pickled"):
        pickle.dumps(Secret(VALUE))


def test_it_is_neither_a_dictionary_key_nor_has_attributes() -> None:
    with pytest.raises(TypeError):
        hash(Secret(VALUE))
    with pytest.raises(TypeError):
        vars(Secret(VALUE))


def test_equality_is_between_secrets_only() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret("wrong")
    assert Secret("ä") != Secret("a")
    assert Secret(VALUE) != VALUE


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret("x")


def test_a_copy_is_the_same_object() -> None:
    secret = Secret(VALUE)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
