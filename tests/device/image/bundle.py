"""Update bundles of a built image: verity, signed with that build's own keys."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.device.image.command import run
from tests.device.image.root import MACHINE

_MANIFEST = """
[update]
compatible={machine}
version={version}

[bundle]
format=verity

[image.rootfs]
filename=system.ext4
"""


def make(system: Path, version: str, keys: Path, made: Path) -> Path:
    """`made`, a bundle that holds a file system and says that it is of `version`. Raises ImageError."""
    made.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=made.parent) as folder:
        contents = Path(folder)
        run(["cp", "--sparse=always", system, contents / "system.ext4"])
        (contents / "manifest.raucm").write_text(_MANIFEST.format(machine=MACHINE, version=version))
        signed = (f"--cert={keys / 'ca.cert.pem'}", f"--key={keys / 'ca.key.pem'}")
        # As the layer's bundle is, but packed fast: it is unpacked once, on this machine.
        run(["rauc", "bundle", *signed, "--mksquashfs-args=-comp zstd -Xcompression-level 3", contents, made])
    return made


def spoil(system: Path, file: str, content: bytes, made: Path) -> Path:
    """`made`, a copy of a system in which a file holds something else."""
    run(["cp", "--sparse=always", system, made])
    with tempfile.NamedTemporaryFile() as other:
        other.write(content)
        other.flush()
        for command in (f"rm {file}", f"write {other.name} {file}", f"set_inode_field {file} mode 0100755"):
            run(["debugfs", "-w", "-R", command, made])
    return made


def flip(bundle: Path, made: Path) -> Path:
    """`made`, a copy in which one bit is another, an eighth of the way in."""
    shutil.copy(bundle, made)
    with made.open("r+b") as file:
        file.seek(bundle.stat().st_size // 8)
        octet = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([octet ^ 1]))
    return made
