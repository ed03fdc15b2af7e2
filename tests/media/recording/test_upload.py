"""Delivering recordings: to nginx and lighttpd, and to servers that do what they should not."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from app.media.recording import delivery, upload
from app.media.recording.delivery import (
    Gone,
    LoginFailed,
    Source,
    Target,
    TooLarge,
    Unreachable,
    Unreadable,
    UploadError,
)
from app.media.recording.upload import Uploader
from app.security.tls import client_context
from app.settings.secret import Secret
from tests.media.recording import servers
from tests.media.recording.servers import OK, answer, odd
from tests.peers.web_servers import PASSWORD, USER, WebServer, lighttpd, nginx

PATIENCE = 20.0
DATA = bytes(range(256)) * 1200
"""Longer than one chunk."""
BASIC = b'HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "guid-mac-1"
    path.write_bytes(DATA)
    return path


Make = Callable[..., Uploader]
Serve = Callable[[], AbstractAsyncContextManager[WebServer]]


@pytest.fixture
async def uploaders() -> AsyncIterator[Make]:
    made: list[Uploader] = []

    def make(url: str, user: str = USER, password: str = PASSWORD, trust: Path | None = None) -> Uploader:
        made.append(Uploader(Target(url, user, Secret(password), client_context(trust))))
        return made[-1]

    yield make
    for uploader in made:
        await uploader.close()


@pytest.mark.parametrize("server", [nginx, lambda: lighttpd("SHA-256"), lambda: lighttpd("MD5")])
async def test_a_recording_arrives_whole_with_basic_and_with_digest(server: Serve, path: Path, uploaders: Make) -> None:
    async with server() as web:
        uploader = uploaders(web.url, trust=web.trust)
        for _ in range(2):  # the second with what was learnt from the first
            await uploader.send(Source(path, finished=True))
            assert (web.stored / path.name).read_bytes() == DATA
            (web.stored / path.name).unlink()


async def test_the_name_is_appended_to_the_address(path: Path, uploaders: Make) -> None:
    async with odd(answer(OK)) as web:
        host = web.url.removesuffix("/")
        for address in (host, f"{host}/", f"{host}/calls-", f"{host}/calls/", f"{host}/?name="):
            await uploaders(address).send(Source(path, finished=True))
        asked = [head.split()[1] for head in web.heads]
    assert asked == [f"{before}{path.name}" for before in ("/", "/", "/calls-", "/calls/", "/?name=")]


@pytest.mark.parametrize("server", [nginx, lambda: lighttpd("SHA-256")])
async def test_a_recording_that_grows_arrives_whole(server: Serve, path: Path, uploaders: Make) -> None:
    async with server() as web:
        source = Source(path, finished=False)
        sending = asyncio.create_task(uploaders(web.url, trust=web.trust).send(source))
        for _ in range(3):
            await asyncio.sleep(0.1)
            with path.open("ab") as file:
                file.write(DATA)
        assert not sending.done()
        assert not list(web.stored.iterdir())
        source.finish()
        await asyncio.wait_for(sending, PATIENCE)
        assert (web.stored / path.name).read_bytes() == DATA * 4


async def test_a_challenge_ends_the_request_it_answers(path: Path, uploaders: Make) -> None:
    ended = asyncio.Event()
    challenge = (
        b'HTTP/1.1 401 Who\r\nWWW-Authenticate: Digest realm="x", nonce="y", qop="auth"\r\nContent-Length: 9\r\n\r\n'
    )

    async def challenged(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(challenge, after_body=False)(head, reader, writer)
        ended.set()

    async with odd(challenged, answer(OK)) as web:
        source = Source(path, finished=False)
        sending = asyncio.create_task(uploaders(web.url).send(source))
        await asyncio.wait_for(ended.wait(), PATIENCE)  # though the recording goes on
        source.finish()
        await asyncio.wait_for(sending, PATIENCE)
        assert web.logins == [False, True]


@pytest.mark.parametrize("server", [nginx, lighttpd])
async def test_a_wrong_password_is_refused_in_words(server: Serve, path: Path, uploaders: Make) -> None:
    async with server() as web:
        with pytest.raises(LoginFailed, match="name and password") as refused:
            await uploaders(web.url, password="wrong", trust=web.trust).send(Source(path, finished=True))
        assert "recording.password" in refused.value.advice
        assert "wrong" not in str(refused.value)


async def test_https_is_verified(path: Path, uploaders: Make) -> None:
    async with nginx() as web:
        with pytest.raises(Unreachable, match="authority this phone does not trust"):
            await uploaders(web.url).send(Source(path, finished=True))
        assert not list(web.stored.iterdir())
        await uploaders(web.url, trust=web.trust).send(Source(path, finished=True))
        assert (web.stored / path.name).read_bytes() == DATA


async def test_a_recording_too_large_for_the_server_is_told_from_others(path: Path, uploaders: Make) -> None:
    async with nginx(login=False, most="1k") as web:
        with pytest.raises(TooLarge):
            await uploaders(web.url).send(Source(path, finished=True))


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (servers.close_half_way, "cannot be reached"),
        (servers.endless_headers, "cannot be reached"),
        (servers.nonsense, "cannot be reached"),
        (answer(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", after_body=False), "problem of its own .503"),
        (answer(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", after_body=False), "does not take recordings .403"),
        (answer(OK, after_body=False), "problem of its own .201"),
        (servers.redirect("ftp://127.0.0.1/"), "must not go"),
        (servers.redirect(""), "must not go"),
        (servers.redirect("/elsewhere"), "from one place to another"),
        (servers.flood, "problem of its own"),
    ],
)
async def test_a_server_that_misbehaves_gets_nothing_believed(
    behaviour: servers.Behaviour, words: str, path: Path, uploaders: Make
) -> None:
    async with odd(behaviour) as web:
        source = Source(path, finished=False)
        with pytest.raises(UploadError, match=words) as told:
            await asyncio.wait_for(uploaders(web.url).send(source), PATIENCE)
        assert told.value.advice
        assert 1 <= len(web.heads) <= upload.ATTEMPTS


async def test_a_server_that_stalls_is_given_up(path: Path, uploaders: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "STALL_SECONDS", 0.5)
    async with odd(servers.stall) as web:
        with pytest.raises(Unreachable, match="does not answer"):
            await asyncio.wait_for(uploaders(web.url).send(Source(path, finished=True)), PATIENCE)


async def test_a_long_pause_in_the_call_is_no_stall(
    path: Path, uploaders: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LOOK_SECONDS", 0.01)
    loop, skipped, looks = asyncio.get_running_loop(), 0.0, 0
    really_time, really_look = loop.time, Source._look_later

    async def look_much_later(source: Source) -> None:
        nonlocal skipped, looks
        skipped += upload.STALL_SECONDS / 3
        looks += 1
        await really_look(source)

    monkeypatch.setattr(loop, "time", lambda: really_time() + skipped)
    monkeypatch.setattr(Source, "_look_later", look_much_later)
    async with odd(answer(OK)) as web:
        source = Source(path, finished=False)
        sending = asyncio.create_task(uploaders(web.url).send(source))
        while looks < 10 and not sending.done():  # noqa: ASYNC110 - the source is told by no event
            await asyncio.sleep(0.01)
        source.finish()
        await sending


async def test_credentials_go_to_the_configured_server_only(path: Path, uploaders: Make) -> None:
    async with odd(answer(BASIC, after_body=False)) as other, odd(servers.redirect(other.url)) as web:
        with pytest.raises(LoginFailed):
            await asyncio.wait_for(uploaders(web.url).send(Source(path, finished=True)), PATIENCE)
        assert other.logins == [False]


async def test_the_password_is_not_sent_in_the_clear(path: Path, uploaders: Make) -> None:
    async with odd(answer(BASIC, after_body=False)) as web:
        with pytest.raises(LoginFailed, match="unencrypted") as failed:
            await asyncio.wait_for(uploaders(web.url).send(Source(path, finished=True)), PATIENCE)
        assert "https" in failed.value.advice
        assert web.logins == [False]


async def test_a_redirect_is_followed(path: Path, uploaders: Make) -> None:
    async with odd(answer(OK)) as there, odd(servers.redirect(there.url + "x")) as here:
        await asyncio.wait_for(uploaders(here.url).send(Source(path, finished=True)), PATIENCE)
        assert there.heads[0].startswith("PUT /x HTTP/1.1")


async def test_a_server_that_wants_a_length_gets_the_finished_recording(path: Path, uploaders: Make) -> None:
    refusal = answer(b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\n\r\n", after_body=False)
    async with odd(refusal, answer(OK)) as web:
        source = Source(path, finished=False)
        sending = asyncio.create_task(uploaders(web.url).send(source))
        while not web.heads:  # noqa: ASYNC110 - the server is told by no event
            await asyncio.sleep(0.01)
        source.finish()
        await asyncio.wait_for(sending, PATIENCE)
        assert len(web.heads) == 2
        assert "transfer-encoding: chunked" in web.heads[0].lower()
        assert f"content-length: {len(DATA)}" in web.heads[1].lower()


async def test_a_recording_that_cannot_be_read_is_told_from_a_server_that_is_not_there(
    path: Path, uploaders: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_path: Path, _offset: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(delivery, "_read", failing)
    async with odd(answer(OK)) as web:
        with pytest.raises(Unreadable, match="Input/output error"):
            await asyncio.wait_for(uploaders(web.url).send(Source(path, finished=True)), PATIENCE)


async def test_a_recording_that_had_to_make_room_is_gone(tmp_path: Path, uploaders: Make) -> None:
    with pytest.raises(Gone):
        await uploaders("http://127.0.0.1:9/").send(Source(tmp_path / "none", finished=True))
