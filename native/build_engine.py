"""Builds `native._binding`, the C media engine with its cffi face (API mode).

`python -m native.build_engine` builds in place and does nothing when no source has changed since. `setup.py` uses
the same `builder`, so a wheel holds the same code.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import sysconfig
from pathlib import Path

from cffi import FFI
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent.parent
NATIVE = Path("native")
HEADER = NATIVE / "include" / "ip270_media.h"
MODULE = ROOT / NATIVE / "_binding.abi3.so"
"""One file for every Python that this tree is run with (PEP 384)."""

LIBRARIES = ["asound", "opus", "speexdsp", "ssl", "crypto", "m"]
LIBSRTP = Path("build") / "libsrtp"
"""Where ci/libsrtp puts a libsrtp2 with OpenSSL's ciphers. Without it the system's is linked, as on the target, whose
recipe is configured alike."""
# Nobody asks for the errno of a square root, which is an instruction only without it.
FLAGS = ["-std=c11", "-O3", "-fno-math-errno", "-D_GNU_SOURCE", "-fvisibility=hidden", "-pthread"]
# A tick runs through small functions of many files, with caches gone cold since the last: joined they are fewer pages.
WHOLE_PROGRAM = ["-flto=auto"]
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]

WEBRTC = "webrtc-audio-processing"
"""Version 0.3's name for pkg-config; later ones have other names and another interface."""
WEBRTC_SHIM = NATIVE / "src" / "voice_processor_webrtc.cc"
# webrtc knows its options by the addresses of variables in its headers. With hidden symbols or a joined program ours
# would be others than the library's, and the options ignored without a word.
CPP_FLAGS = ["-std=c++11", "-O3", "-fno-exceptions", "-fno-rtti", "-pthread"]

# Only what cffi generates below this line is excused from the warnings our own files are compiled with.
PREAMBLE = """
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "ip270_media.h"
"""


def declarations(header: str) -> str:
    """The header as cffi reads it: without preprocessor lines, since cffi has no preprocessor."""
    return "\n".join(line for line in header.splitlines() if not line.startswith("#"))


def sources() -> list[Path]:
    """The engine's C files, relative to the project's root."""
    return sorted(path.relative_to(ROOT) for path in (ROOT / NATIVE / "src").glob("*.c"))


def webrtc_flags() -> list[str] | None:
    """How to compile with webrtc-audio-processing 0.3; None where it is not installed: speexdsp then does its work.

    Its headers are the system's, so that our own warnings are not looked for in them.
    """
    try:
        found = subprocess.run(("pkg-config", "--cflags", WEBRTC), capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    flags = ["-isystem" + flag[2:] if flag.startswith("-I") else flag for flag in found.stdout.split()]
    return ["-DIP270_WEBRTC", *flags]


class BuildEngine(build_ext):  # type: ignore[misc]  # setuptools has no types
    """Compiles the one C++ file by C++'s own flags, before everything else."""

    def build_extension(self, ext: Extension) -> None:
        """Leaves the C files to setuptools."""
        shims = [source for source in ext.sources if source.endswith(".cc")]
        if shims:
            ext.sources = [source for source in ext.sources if source not in shims]
            flags = [*CPP_FLAGS, *WARNINGS, *(webrtc_flags() or [])]
            ext.extra_objects += self.compiler.compile(
                shims, output_dir=self.build_temp, include_dirs=ext.include_dirs, extra_postargs=flags
            )
        super().build_extension(ext)


def make_builder() -> FFI:
    """The cffi builder, for setuptools and for the in-place build. Paths are relative to the project's root."""
    ffi = FFI()
    own_libsrtp = (ROOT / LIBSRTP / "lib" / "libsrtp2.a").exists()
    webrtc = webrtc_flags()
    ffi.cdef(declarations((ROOT / HEADER).read_text()))
    ffi.set_source(
        "native._binding",
        PREAMBLE,
        sources=[str(path) for path in (*sources(), *((WEBRTC_SHIM,) if webrtc else ()))],
        include_dirs=[
            str(NATIVE / "include"),
            str(NATIVE / "src"),
            *([str(LIBSRTP / "include")] if own_libsrtp else []),
        ],
        extra_objects=[str(LIBSRTP / "lib" / "libsrtp2.a")] if own_libsrtp else [],
        libraries=[
            *LIBRARIES,
            *([] if own_libsrtp else ["srtp2"]),
            *(["webrtc_audio_processing", "stdc++"] if webrtc else []),
        ],
        extra_compile_args=[*FLAGS, *WHOLE_PROGRAM, *WARNINGS, *(["-DIP270_WEBRTC"] if webrtc else [])],
        extra_link_args=["-O3", *WHOLE_PROGRAM, "-pthread"],
    )
    return ffi


def fingerprint() -> str:
    """A digest of everything the built module depends on."""
    digest = hashlib.sha256(f"{sysconfig.get_platform()} {webrtc_flags()}".encode())
    inputs = [*(ROOT / NATIVE / "src").glob("*.[ch]"), *(ROOT / LIBSRTP / "lib").glob("*.a"), ROOT / WEBRTC_SHIM]
    inputs += [ROOT / HEADER, Path(__file__).resolve()]
    for path in sorted(inputs):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build_in_place() -> bool:
    """Builds the module beside its Python face. Returns False when it was up to date already."""
    subprocess.run([ROOT / "ci" / "libsrtp"], check=True)
    build = ROOT / "build" / "engine"
    stamp = build / "stamp"
    current = fingerprint()
    if MODULE.exists() and stamp.exists() and stamp.read_text() == current:
        return False
    compiled = compile_module(build)
    for other in MODULE.parent.glob("_binding.*.so"):
        if other != MODULE:
            other.unlink()  # an older build under a name that Python would prefer
    compiled.replace(MODULE)
    stamp.write_text(current)
    return True


def compile_module(build: Path) -> Path:
    """Generates, compiles and links under `build`; gives back the module's path there."""
    build.mkdir(parents=True, exist_ok=True)
    extension = make_builder().distutils_extension(str(build), verbose=False)
    extension.py_limited_api = True
    command = BuildEngine(Distribution({"name": "ip270", "ext_modules": [extension]}))
    command.build_temp = str(build)
    command.build_lib = str(build)
    command.ensure_finalized()
    command.run()
    return Path(command.get_ext_fullpath(extension.name))


builder = make_builder()

if __name__ == "__main__":
    built = build_in_place()
    sys.stdout.write("native._binding: built\n" if built else "native._binding: up to date\n")
