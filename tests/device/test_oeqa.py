"""The layer's own tests of a booted image, which bitbake would run by ssh, on this machine: one start, in order."""

from __future__ import annotations

import functools
import importlib.util
import sys
import unittest
from types import ModuleType
from unittest.mock import patch

import pytest

from tests.device.machine import BOOT_PATIENCE, Machine
from tests.device.oeqa import CASES, ConsoleTarget

pytestmark = pytest.mark.timeout(3 * BOOT_PATIENCE)


@functools.cache
def load() -> type[unittest.TestCase]:
    """The cases, as unittest's own. What depends on another case runs after it, as the file has it."""
    case, depends = ModuleType("oeqa.runtime.case"), ModuleType("oeqa.core.decorator.depends")
    vars(case)["OERuntimeTestCase"] = unittest.TestCase
    vars(depends)["OETestDepends"] = lambda _: lambda test: test
    specification = importlib.util.spec_from_file_location("ip270", CASES / "ip270.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    with patch.dict(sys.modules, {name: ModuleType(name) for name in ("oeqa", "oeqa.core", "oeqa.core.decorator")}):
        sys.modules |= {case.__name__: case, depends.__name__: depends, "oeqa.runtime": ModuleType("oeqa.runtime")}
        specification.loader.exec_module(module)
    cases = module.PhoneTest
    assert isinstance(cases, type)
    assert issubclass(cases, unittest.TestCase)
    return cases


@pytest.mark.parametrize("name", [name for name in vars(load()) if name.startswith("test_")])
def test_image(name: str, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    case = load()
    monkeypatch.setattr(case, "target", ConsoleTarget(machine.console), raising=False)
    case(name).debug()
