"""Kamailio as registrar and proxy: digest, record routing, UDP, TCP and TLS, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path
from types import TracebackType
from typing import Self

CONFIGURATION = """\
debug=1
log_stderror=yes
fork=no
children=1
tcp_children=1
auto_aliases=no
{tls_switch}
listen=udp:{address}:{port}
listen=tcp:{address}:{port}
{tls_listen}
mpath="{modules}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "nathelper.so"
loadmodule "auth.so"
loadmodule "xlog.so"
{tls_module}
modparam("usrloc", "db_mode", 0)
modparam("registrar", "min_expires", 10)
modparam("registrar", "received_avp", "$avp(received)")
modparam("nathelper", "received_avp", "$avp(received)")
modparam("auth", "secret", "interop")
modparam("auth", "algorithm", "{algorithm}")
modparam("tm", "fr_timer", 5000)
modparam("tm", "fr_inv_timer", {ring_ms})

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not here"); exit;
    }}
    t_check_trans();
    force_rport();
    if (is_method("REGISTER")) {{
        if (!pv_www_authenticate("{realm}", "{password}", "0")) {{ www_challenge("{realm}", "1"); exit; }}
        fix_nated_register();
        save("location");
        exit;
    }}
    if (is_method("INVITE")) {{
        if (!pv_proxy_authenticate("{realm}", "{password}", "0")) {{ proxy_challenge("{realm}", "1"); exit; }}
        consume_credentials();
        if (proto == TLS) fix_nated_contact();
        record_route();
        t_on_reply("1");
    }}
    if (is_method("OPTIONS") && uri==myself && $rU==$null) {{ sl_send_reply("200", "OK"); exit; }}
    if (!lookup("location")) {{ sl_send_reply("404", "Nobody of that name"); exit; }}
    t_relay();
}}

onreply_route[1] {{
    if (proto == TLS) fix_nated_contact();
}}
"""


class Kamailio:
    """A registrar and proxy that knows every user by one `password`. Use as an asynchronous context manager.

    A call that nobody answers within `ring_seconds` is given up with 408. Who speaks TLS is called back on the
    connection he opened, because phones listen on none.
    """

    realm = "interop"
    password = "to-be-told-apart-from-any-other"

    def __init__(
        self,
        folder: Path,
        port: int,
        tls_port: int = 0,
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        address: str = "127.0.0.1",
        algorithm: str = "SHA-256",
        ring_seconds: float = 120,
    ) -> None:
        self.folder = folder
        self.address = address
        self.port = port
        self.tls_port = tls_port
        self._certificate = certificate
        self._key = key
        self._algorithm = algorithm
        self._ring_seconds = ring_seconds
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """What it wrote so far."""
        path = self.folder / "kamailio.log"
        return path.read_text(errors="replace") if path.exists() else ""

    async def start(self) -> None:
        """Start and wait until it answers. Raises RuntimeError with its words when it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "kamailio.cfg"
        configuration.write_text(self._configuration())
        command = [_program(), "-f", str(configuration), "-DD", "-E", "-m", "32", "-M", "8", "-Y", str(self.folder)]
        with (self.folder / "kamailio.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, stderr=log, stdout=log, start_new_session=True
            )
        for _ in range(100):
            if self._process.returncode is not None:
                break
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(self.address, self.port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.05)
        await self.stop()
        raise RuntimeError(f"kamailio did not start:\n{self.log[-2000:]}")

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and all its children."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _configuration(self) -> str:
        tls_listen = tls_module = ""
        if self.tls_port:
            tls_listen = f"listen=tls:{self.address}:{self.tls_port}"
            tls_module = (
                'loadmodule "tls.so"\n'
                f'modparam("tls", "certificate", "{self._certificate}")\n'
                f'modparam("tls", "private_key", "{self._key}")\n'
                'modparam("tls", "tls_method", "TLSv1.2+")'
            )
        return CONFIGURATION.format(
            address=self.address,
            port=self.port,
            tls_switch="enable_tls=yes" if self.tls_port else "",
            tls_listen=tls_listen,
            tls_module=tls_module,
            modules=f"{next(Path('/usr/lib').glob('*/kamailio/modules'))}/",
            realm=self.realm,
            password=self.password,
            algorithm=self._algorithm,
            ring_ms=int(1000 * self._ring_seconds),
        )


def _program() -> str:
    found = shutil.which("kamailio") or shutil.which("kamailio", path="/usr/sbin")
    if found is None:
        raise RuntimeError("kamailio is not installed: `apt-get install kamailio`")
    return found
