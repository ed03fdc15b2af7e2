"""What the reports of a HID device mean, by its report descriptor (Device Class Definition for HID 1.11, 6.2.2).

Written here because a descriptor comes from whatever somebody plugs in: every table and loop of this parser has a
limit, which no library of the field sets (a count of 4,294,967,295 fields is five bytes). It keeps only the usages that
are asked for; `hid-parser` judges it in the tests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from hal.errors import DescriptorInvalid

LARGEST_DESCRIPTOR = 4096
"""Bytes; the kernel's HID_MAX_DESCRIPTOR_SIZE."""
LARGEST_REPORT = 4096
"""Bytes of one report."""
DEEPEST = 32
"""Collections within collections, and states pushed."""
MOST_USAGES = 1024
"""Usages before one main item, each or in ranges."""
MOST_KEYS = 64
"""Fields of one array: so many keys a headset can report as held at once."""
MOST_CONTROLS = 256
"""Places at which the usages that were asked for are found."""

_ADVICE = "Use its sound alone, or another headset."
_LONG_ITEM = 0xFE
_MAIN, _GLOBAL, _LOCAL = 0, 1, 2
_INPUT, _OUTPUT, _COLLECTION, _FEATURE, _END_COLLECTION = 8, 9, 10, 11, 12
_USAGE_PAGE, _LOGICAL_MINIMUM, _REPORT_SIZE, _REPORT_ID, _REPORT_COUNT, _PUSH, _POP = 0, 1, 7, 8, 9, 10, 11
_USAGE, _USAGE_MINIMUM, _USAGE_MAXIMUM, _DELIMITER = 0, 1, 2, 10
_VARIABLE, _RELATIVE, _NO_PREFERRED_STATE = 1 << 1, 1 << 2, 1 << 5


class Control(msgspec.Struct, frozen=True):
    """Where a usage (its page in the upper 16 bits) is: from bit `offset` of a report's data, `size` bits long.

    `relative` and `no_preferred_state` are flags of 6.2.2.5: such a control reports a press, or keeps a state.
    """

    usage: int
    report: int
    offset: int
    size: int
    relative: bool = False
    no_preferred_state: bool = False


class Selector(msgspec.Struct, frozen=True):
    """An array: each of `count` fields of `size` bits names a usage that is on, by a number in `usages`."""

    usages: Mapping[int, int]
    report: int
    offset: int
    size: int
    count: int


class ReportLayout(msgspec.Struct, frozen=True):
    """All reports. `numbered`: each begins with a byte that says which it is; else there is one alone, 0.

    `output_bytes` are the sizes of output reports by their number, without that byte.
    """

    numbered: bool
    inputs: tuple[Control, ...]
    selectors: tuple[Selector, ...]
    outputs: tuple[Control, ...]
    output_bytes: Mapping[int, int]

    def read(self, report: bytes) -> Mapping[int, bool]:
        """The usages of an input report as the kernel gives it: which of them are on. What it is too short for is out.

        Nothing is told of a report that the descriptor does not know.
        """
        number, data = (report[0], report[1:]) if self.numbered and report else (0, report)
        bits, length = int.from_bytes(data, "little"), 8 * len(data)
        on: dict[int, bool] = {}
        for control in self.inputs:
            if control.report == number and control.offset + control.size <= length:
                value = bits >> control.offset & (1 << control.size) - 1
                on[control.usage] = on.get(control.usage, False) or value != 0
        for selector in self.selectors:
            if selector.report == number and selector.offset + selector.size * selector.count <= length:
                fields = range(selector.offset, selector.offset + selector.size * selector.count, selector.size)
                chosen = {bits >> offset & (1 << selector.size) - 1 for offset in fields}
                for usage, value in selector.usages.items():
                    on[usage] = on.get(usage, False) or value in chosen
        return on

    def write(self, on: Collection[int]) -> Iterator[bytes]:
        """The output reports, as hidraw takes them, that turn these usages on and all other known ones off.

        Each begins with its number, which is 0 where reports are not numbered (Documentation/hid/hidraw.rst).
        """
        for number in sorted({control.report for control in self.outputs}):
            bits = 0
            for control in self.outputs:
                if control.report == number and control.usage in on:
                    bits |= 1 << control.offset
            yield bytes([number]) + bits.to_bytes(self.output_bytes[number], "little")


def parse(descriptor: bytes, inputs: Collection[int], outputs: Collection[int]) -> ReportLayout:
    """Find these usages, their page in the upper 16 bits, in input and output reports. Raises `DescriptorInvalid`.

    A field that calls itself constant counts when it names a usage: headsets are sold whose hook switch does.
    """
    if len(descriptor) > LARGEST_DESCRIPTOR:
        raise _invalid(f"is longer than {LARGEST_DESCRIPTOR} bytes")
    parser = _Parser(sorted(inputs), sorted(outputs))
    for kind, tag, data in _items(descriptor):
        parser.take(kind, tag, data)
    return parser.layout()


class _State(msgspec.Struct):
    """The global items (6.2.2.7)."""

    usage_page: int = 0
    logical_minimum: int = 0
    size: int = 0
    report: int = 0
    count: int = 0


class _Parser:
    def __init__(self, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        self._wanted = {_INPUT: inputs, _OUTPUT: outputs}
        self._state = _State()
        self._pushed: list[_State] = []
        self._depth = 0
        self._usages: list[tuple[int, int, bool]] = []
        """First and last of each range, and whether they carry their page."""
        self._minimum: tuple[int, bool] | None = None
        self._bits: dict[tuple[int, int], int] = {}
        self._inputs: list[Control] = []
        self._selectors: list[Selector] = []
        self._outputs: list[Control] = []

    def take(self, kind: int, tag: int, data: bytes) -> None:
        if kind == _MAIN:
            self._main(tag, int.from_bytes(data, "little"))
            self._usages.clear()
            self._minimum = None
        elif kind == _GLOBAL:
            self._global(tag, data)
        elif kind == _LOCAL:
            self._local(tag, data)

    def layout(self) -> ReportLayout:
        if self._depth:
            raise _invalid("leaves a collection open")
        numbers = {number for _, number in self._bits}
        if 0 in numbers and len(numbers) > 1:
            raise _invalid("numbers some reports, and others not")
        output_bytes = {number: (bits + 7) // 8 for (tag, number), bits in self._bits.items() if tag == _OUTPUT}
        return ReportLayout(
            bool(numbers - {0}),
            tuple(self._inputs),
            tuple(self._selectors),
            tuple(self._outputs),
            output_bytes,
        )

    def _main(self, tag: int, flags: int) -> None:
        if tag == _COLLECTION:
            self._depth += 1
            if self._depth > DEEPEST:
                raise _invalid(f"has more than {DEEPEST} collections in each other")
        elif tag == _END_COLLECTION:
            self._depth -= 1
            if self._depth < 0:
                raise _invalid("closes a collection that is not open")
        elif tag in (_INPUT, _OUTPUT, _FEATURE):
            self._field(tag, flags)

    def _field(self, tag: int, flags: int) -> None:
        state = self._state
        offset = self._bits.get((tag, state.report), 0)
        end = offset + state.size * state.count
        if end > 8 * LARGEST_REPORT:
            raise _invalid(f"has a report of more than {LARGEST_REPORT} bytes")
        self._bits[tag, state.report] = end
        if tag == _FEATURE or end == offset:
            return
        if flags & _VARIABLE:
            controls = self._outputs if tag == _OUTPUT else self._inputs
            controls.extend(self._controls(tag, offset, flags))
        elif tag == _INPUT and (numbers := self._numbers()):
            if state.count > MOST_KEYS:
                raise _invalid(f"has an array of more than {MOST_KEYS} keys")
            self._selectors.append(Selector(numbers, state.report, offset, state.size, state.count))
        if len(self._inputs) + len(self._outputs) + len(self._selectors) > MOST_CONTROLS:
            raise _invalid(f"has the same few controls at more than {MOST_CONTROLS} places")

    def _controls(self, tag: int, offset: int, flags: int) -> Iterator[Control]:
        """One field for each usage; fields without a usage of their own repeat the last one and say nothing new."""
        state = self._state
        for usage, index in self._found(tag):
            if index < state.count:
                yield Control(
                    usage,
                    state.report,
                    offset + index * state.size,
                    state.size,
                    bool(flags & _RELATIVE),
                    bool(flags & _NO_PREFERRED_STATE),
                )

    def _numbers(self) -> Mapping[int, int]:
        return {usage: self._state.logical_minimum + index for usage, index in self._found(_INPUT)}

    def _found(self, tag: int) -> Iterator[tuple[int, int]]:
        """Each wanted usage among those before this main item, and its place among them.

        A usage without a page has that of the main item, not the one that was current when it was named (6.2.2.8).
        """
        index = 0
        for first, last, paged in self._usages:
            page = 0 if paged else self._state.usage_page << 16
            for usage in self._wanted[tag]:
                if page | first <= usage <= page | last:
                    yield usage, index + usage - (page | first)
            index += last - first + 1

    def _global(self, tag: int, data: bytes) -> None:
        state, value = self._state, int.from_bytes(data, "little")
        if tag == _USAGE_PAGE:
            state.usage_page = value & 0xFFFF
        elif tag == _LOGICAL_MINIMUM:
            state.logical_minimum = int.from_bytes(data, "little", signed=True)
        elif tag == _REPORT_SIZE:
            state.size = value
        elif tag == _REPORT_COUNT:
            state.count = value
        elif tag == _REPORT_ID:
            if not 0 < value < 256:
                raise _invalid(f"numbers a report {value}")
            state.report = value
        elif tag == _PUSH:
            if len(self._pushed) == DEEPEST:
                raise _invalid(f"pushes its state more than {DEEPEST} times")
            self._pushed.append(msgspec.structs.replace(state))
        elif tag == _POP:
            if not self._pushed:
                raise _invalid("pops a state that it has not pushed")
            self._state = self._pushed.pop()

    def _local(self, tag: int, data: bytes) -> None:
        value, paged = int.from_bytes(data, "little"), len(data) == 4
        if tag == _USAGE:
            self._add(value, value, paged=paged)
        elif tag == _USAGE_MINIMUM:
            self._minimum = (value, paged)
        elif tag == _USAGE_MAXIMUM:
            if self._minimum is None or self._minimum[1] != paged or self._minimum[0] > value:
                raise _invalid("has a range of usages that ends before it begins")
            self._add(self._minimum[0], value, paged=paged)
            self._minimum = None
        elif tag == _DELIMITER:
            raise _invalid("offers a choice of usages for one control")

    def _add(self, first: int, last: int, *, paged: bool) -> None:
        if len(self._usages) == MOST_USAGES:
            raise _invalid(f"names more than {MOST_USAGES} usages at once")
        self._usages.append((first, last, paged))


def _items(descriptor: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Kind, tag and data of each item (6.2.2.2); long items (6.2.2.3), which nobody has defined, are passed over."""
    at = 0
    while at < len(descriptor):
        prefix = descriptor[at]
        if prefix == _LONG_ITEM:
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = (0, 1, 2, 4)[prefix & 3]
        data = descriptor[at + 1 : at + 1 + size]
        if len(data) < size:
            raise _invalid("ends within an item")
        yield prefix >> 2 & 3, prefix >> 4, data
        at += 1 + size


def _invalid(what: str) -> DescriptorInvalid:
    return DescriptorInvalid(f"the report descriptor {what}", _ADVICE)
