"""Web servers that recordings are sent to: Debian's nginx with Basic, and lighttpd with Digest, each on its own port.

The port is bound here and handed over as an open socket, so that nobody else can take it in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.security.certificates import Authority
from tests.peers.peer import PeerFailed

USER, PASSWORD, REALM = "ip270", "keep this", "recordings"
START_SECONDS = 20.0

_NGINX = """
daemon off; user root; error_log {folder}/error.log; pid {folder}/pid; worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log; client_body_temp_path {folder}/coming; client_max_body_size {most};
    proxy_temp_path {folder}/t; fastcgi_temp_path {folder}/t; uwsgi_temp_path {folder}/t; scgi_temp_path {folder}/t;
    server {{
        listen 127.0.0.1:{port} {tls};
        location / {{ root {folder}/stored; dav_methods PUT; {login} }}
    }}
}}
"""
_LIGHTTPD = """
server.systemd-socket-activation = "enable"
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{folder}/stored"
server.upload-dirs = ("{folder}/coming")
server.errorlog = "{folder}/error.log"
server.modules = ("mod_auth", "mod_authn_file", "mod_webdav")
webdav.activate = "enable"
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "{folder}/users"
auth.require = ("" => (
    "method" => "digest", "algorithm" => "{algorithm}", "realm" => "{realm}", "require" => "valid-user"
))
"""


@dataclass(frozen=True)
class WebServer:
    """Where it listens, what it has stored, and what it is still being sent. `trust` vouches for its certificate."""

    url: str
    folder: Path
    trust: Path | None = None

    @property
    def stored(self) -> Path:
        """Whole recordings."""
        return self.folder / "stored"

    def coming(self) -> int:
        """The bytes of requests that have not ended yet."""
        return sum(path.stat().st_size for path in (self.folder / "coming").rglob("*") if path.is_file())


@contextlib.asynccontextmanager
async def nginx(*, login: bool = True, most: str = "100m", at: socket.socket | None = None) -> AsyncIterator[WebServer]:
    """PUT with Basic by TLS; without a `login` by plain HTTP from anybody. Bodies of more than `most` are refused.

    It listens `at` a socket of `reserved`, or at one of its own.
    """
    with _folder() as folder, reserved() if at is None else contextlib.nullcontext(at) as listener:
        port = listener.getsockname()[1]
        if login:
            (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
            authority = Authority("Recordings")
            identity = authority.issue(("localhost",)).write(folder, "server")
            tls = f"ssl; ssl_certificate {identity.certificate}; ssl_certificate_key {identity.key}"
            ask = f"auth_basic {REALM}; auth_basic_user_file {folder}/users;"
            trust = folder / "trust.pem"
            trust.write_bytes(authority.pem)
            server = WebServer(f"https://localhost:{port}/", folder, trust)
        else:
            tls = ask = ""
            server = WebServer(f"http://127.0.0.1:{port}/", folder)
        text = _NGINX.format(folder=folder, port=port, tls=tls, most=most, login=ask)
        (folder / "nginx.conf").write_text(text)
        command = ("nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log"))
        async with _running(command, {"NGINX": f"{listener.fileno()};"}, listener, folder):
            yield server


@contextlib.asynccontextmanager
async def lighttpd(algorithm: str = "SHA-256") -> AsyncIterator[WebServer]:
    """WebDAV with Digest."""
    with _folder() as folder, reserved() as listener:
        hashed = hashlib.new(algorithm.lower().replace("-", ""), f"{USER}:{REALM}:{PASSWORD}".encode()).hexdigest()
        (folder / "users").write_text(f"{USER}:{REALM}:{hashed}\n")
        port = listener.getsockname()[1]
        text = _LIGHTTPD.format(folder=folder, port=port, algorithm=algorithm, realm=REALM)
        (folder / "lighttpd.conf").write_text(text)
        # Whom the socket is for is said by the process's number, which only it knows (sd_listen_fds).
        script = f'exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec lighttpd -D -f "{folder}/lighttpd.conf"'
        async with _running(("bash", "-c", script), {}, listener, folder):
            yield WebServer(f"http://127.0.0.1:{port}/", folder)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="web-") as name:
        folder = Path(name)
        for part in ("stored", "coming"):
            (folder / part).mkdir(mode=0o777)
        folder.chmod(0o755)
        yield folder


def reserved() -> socket.socket:
    """A port at which nobody listens yet, and that nobody else can take."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


@contextlib.asynccontextmanager
async def _running(
    command: tuple[str, ...], environment: Mapping[str, str], listener: socket.socket, folder: Path
) -> AsyncIterator[None]:
    listener.listen(16)
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        pass_fds=(listener.fileno(),),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        await _answers(listener, process, folder)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its workers too
        await process.wait()


async def _answers(listener: socket.socket, process: asyncio.subprocess.Process, folder: Path) -> None:
    """Wait until it has accepted a connection: the socket itself listens from the first."""
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    try:
        writer.write(b"nonsense\r\n\r\n")
        async with asyncio.timeout(START_SECONDS):
            await reader.read(1)
    except (TimeoutError, OSError) as error:
        log = folder / "error.log"
        said = log.read_text() if log.exists() else ""
        raise PeerFailed(f"{process.pid} does not answer: {said}") from error
    finally:
        writer.close()
