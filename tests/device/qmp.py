"""QEMU's machine protocol: what moves, plugs and looks at the machine from outside (QEMU's docs/interop/qmp-spec)."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path

PATIENCE = 60.0
"""Seconds for QEMU's answer."""


class QmpError(Exception):
    """QEMU refused a command, or says no more."""


class Qmp:
    """A connection. Events, which come between the answers, are not kept."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")
        self._read()
        self.ask("qmp_capabilities")

    def ask(self, command: str, arguments: Mapping[str, object] | None = None) -> object:
        """What a command returns. Raises QmpError."""
        self._socket.sendall(json.dumps({"execute": command, "arguments": dict(arguments or {})}).encode() + b"\n")
        while True:
            answer = self._read()
            if "error" in answer:
                raise QmpError(f"{command}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def close(self) -> None:
        """Hang up. May be called twice."""
        self._lines.close()
        self._socket.close()

    def _read(self) -> dict[str, object]:
        try:
            line = self._lines.readline()
        except OSError as error:
            raise QmpError(f"QEMU does not answer: {error}") from error
        if not line:
            raise QmpError("QEMU has ended")
        answer: dict[str, object] = json.loads(line)
        return answer
