"""The shell on the serial port, without a machine."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path

import pytest

from tests.device.console import Console, ConsoleError

PATIENCE = 20.0


def test_what_nobody_asked_for_holds_the_machine_up_no_longer(tmp_path: Path) -> None:
    """QEMU writes octet by octet, waits for each, and the guest with it."""
    path = tmp_path / "serial"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        console = Console(path)
        qemu, _ = server.accept()
        with qemu:
            qemu.settimeout(PATIENCE)
            for _ in range(5000):
                qemu.sendall(b"x")

            def shell() -> None:
                command, echo = qemu.recv(1 << 16).decode().splitlines()
                assert command == "id"
                token = re.fullmatch(r"echo (\w+):\$\?", echo)
                assert token is not None
                qemu.sendall(f"root\n{token[1]}:0\n".encode())

            answering = threading.Thread(target=shell)
            answering.start()
            assert console.run("id", PATIENCE).endswith("xroot\n")
            answering.join()
        for _ in range(2):
            with pytest.raises(ConsoleError, match="the machine ended"):
                console.run("true", PATIENCE)
        console.close()
        console.close()
