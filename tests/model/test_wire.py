"""The wire's framing: any split of the stream, any limit, nothing quoted that could be a PIN."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model import commands
from app.model.media import AudioPath
from app.model.snapshot import Snapshot
from app.model.wire import (
    FRAME_LIMIT,
    FrameMalformed,
    FrameSplitter,
    FrameTooLong,
    decode_command,
    decode_downward,
    encode,
)

COMMANDS: list[commands.AnyCommand] = [
    commands.Dial(1, number="100"),
    commands.Answer(2),
    commands.SelectPath(3, path=AudioPath.SPEAKER),
    commands.Unlock(4, pin="2580"),
    commands.Set(5, key="display.theme", value="day"),
]


@given(st.lists(st.sampled_from(COMMANDS), max_size=8), st.data())
def test_any_cut_of_the_stream_gives_the_same_commands(sent: list[commands.AnyCommand], data: st.DataObject) -> None:
    stream = b"".join(encode(command) for command in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    splitter, came = FrameSplitter(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        came += [decode_command(payload) for payload in splitter.feed(stream[begin:end])]
    assert came == sent


def test_a_snapshot_survives_the_wire() -> None:
    snapshot = Snapshot(generation=7, now=12.5, missed=2)
    assert decode_downward(encode(snapshot)[4:]) == snapshot


def test_a_frame_that_announces_too_much_is_refused_before_it_comes() -> None:
    with pytest.raises(FrameTooLong):
        FrameSplitter().feed((FRAME_LIMIT + 1).to_bytes(4, "big"))


def test_a_message_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(FrameTooLong):
        encode(commands.SendDigits(1, digits="1" * FRAME_LIMIT))


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"command":"Unlock","id":1,"pin":2580}', b"\xff", b"[" * 100_000])
def test_what_is_no_command_is_refused_without_being_quoted(payload: bytes) -> None:
    with pytest.raises(FrameMalformed) as refused:
        decode_command(payload)
    assert "2580" not in str(refused.value)


def test_every_command_has_a_name_of_its_own() -> None:
    names = {msgspec.json.decode(encode(command)[4:])["command"] for command in COMMANDS}
    assert len(names) == len(COMMANDS)
