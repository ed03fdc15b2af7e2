"""Adds to the packaging that setup.cfg describes what it has no words for: the C engine, and the demo's speech."""

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

DEMO = Path("app/demo")


class BuildWithSpeech(build_py):
    """Synthesises the demo's speech before the package's files are gathered."""

    def run(self) -> None:
        """Fails with advice where flite is missing: half a wheel would fail its user later."""
        if DEMO.exists():  # the device's image is built without it
            synthesis = runpy.run_path(str(DEMO / "synthesis.py"))
            synthesis["synthesise"](DEMO / "speech")
        super().run()


engine = runpy.run_path("native/build_engine.py")
setup(
    cffi_modules=["native/build_engine.py:builder"],
    cmdclass={"build_py": BuildWithSpeech, "build_ext": engine["BuildEngine"]},
)
