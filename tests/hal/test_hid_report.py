"""Report descriptors: of headsets that are sold, judged by a parser we did not write, and of none that could be."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import hid_parser
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hal.errors import DescriptorInvalid, HalError
from hal.headset import HeadsetControl, HeadsetLamp
from hal.linux.headset_controls import CONTROLS, LAMPS, controls_of
from hal.linux.hid_report import LARGEST_DESCRIPTOR, Control, ReportLayout, parse
from tests.hal import headsets

ALL = {
    "Blackwire 3220": headsets.BLACKWIRE_3220,
    "PowerConf": headsets.POWERCONF,
    "SP325": headsets.SP325,
    "MX Brio": headsets.MX_BRIO,
    "plain": headsets.PLAIN,
}
HOOK, MUTE, VOLUME_UP = 0x000B0020, 0x000B002F, 0x000C00E9
OFF_HOOK_LAMP = 0x00080017


def layout_of(descriptor: bytes) -> ReportLayout:
    return parse(descriptor, CONTROLS, LAMPS)


def judged(descriptor: bytes) -> Mapping[tuple[str, int], tuple[int, int]]:
    """Report and bit of each usage that is wanted, by hid-parser."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hid_parser.HIDComplianceWarning)
        parsed = hid_parser.ReportDescriptor(list(descriptor))
    places = {}
    for kind, wanted, numbers, items in (
        ("in", CONTROLS, parsed.input_report_ids, parsed.get_input_items),
        ("out", LAMPS, parsed.output_report_ids, parsed.get_output_items),
    ):
        for number in numbers:
            for item in items(number):
                if isinstance(item, hid_parser.VariableItem) and item.usage is not None:
                    usage = int(item.usage.page) << 16 | int(item.usage.usage)
                    if usage in wanted:
                        places[kind, usage] = (number or 0, int(item.offset))
    return places


@pytest.mark.parametrize("name", ALL)
def test_controls_and_lamps_are_where_another_parser_finds_them(name: str) -> None:
    layout = layout_of(ALL[name])
    ours = {("in", one.usage): (one.report, one.offset) for one in layout.inputs}
    ours |= {("out", one.usage): (one.report, one.offset) for one in layout.outputs}
    theirs = judged(ALL[name])
    assert theirs
    assert {place: ours[place] for place in theirs} == theirs


@pytest.mark.parametrize(
    ("name", "controls", "lamps"),
    [
        ("Blackwire 3220", "hook switch mute flash volume up volume down", "off_hook ring mute hold"),
        ("PowerConf", "hook switch mute flash drop volume up volume down", "off_hook ring mute hold"),
        ("SP325", "hook switch mute flash redial drop volume up volume down", "off_hook ring mute hold"),
        ("MX Brio", "hook switch mute", "mute"),
        ("plain", "hook switch mute", "off_hook ring mute"),
    ],
)
def test_what_headsets_have(name: str, controls: str, lamps: str) -> None:
    found = controls_of(ALL[name], 0)
    assert found is not None
    assert " ".join(found.controls) == controls
    assert " ".join(found.lamps) == lamps


def test_a_mute_that_does_not_keep_its_state_is_a_button_and_a_hook_switch_is_none() -> None:
    for name in ALL:
        found = controls_of(ALL[name], 0)
        assert found is not None
        assert HeadsetControl.MUTE in found.traits.buttons, name
        assert HeadsetControl.HOOK not in found.traits.buttons, name


def test_the_table_knows_who_reports_a_press_twice() -> None:
    plantronics, other = controls_of(headsets.BLACKWIRE_3220, 0x047F), controls_of(headsets.BLACKWIRE_3220, 0x0B0E)
    assert plantronics is not None
    assert other is not None
    assert plantronics.traits.repeat_seconds == 0.005
    assert other.traits.repeat_seconds == 0


def test_reports_are_read_by_their_number() -> None:
    layout = layout_of(headsets.BLACKWIRE_3220)
    assert layout.read(b"\x08\x03") == {MUTE: True, HOOK: True, 0x000B0021: False}
    assert layout.read(b"\x01\x01") == {VOLUME_UP: True, 0x000C00EA: False}
    assert layout.read(b"\x63\xff") == {}
    assert layout.read(b"\x08") == {}
    assert layout.read(b"") == {}
    plain = layout_of(headsets.PLAIN)
    assert plain.read(b"\x01") == {HOOK: True, MUTE: False}


def test_lamps_are_written_in_the_reports_they_are_in() -> None:
    on = {usage for usage, lamp in LAMPS.items() if lamp in (HeadsetLamp.OFF_HOOK, HeadsetLamp.MUTE)}
    assert list(layout_of(headsets.PLAIN).write(on)) == [b"\x00\x05"]
    assert list(layout_of(headsets.SP325).write(on)) == [b"\x05\x03"]
    assert list(layout_of(headsets.POWERCONF).write(on)) == [b"\x02\x03\x00"]
    assert list(layout_of(headsets.BLACKWIRE_3220).write(on)) == [b"\x09\x01", b"\x17\x01", b"\x18\x00", b"\x20\x00"]


def test_an_array_names_what_is_pressed() -> None:
    """Telephony headset with one byte that holds 1 for the hook switch, 2 for mute, 0 for neither."""
    layout = layout_of(bytes.fromhex("050b0905a1011501250275089501092009 2f8100c0".replace(" ", "")))
    assert layout.read(b"\x02") == {HOOK: False, MUTE: True}
    assert layout.read(b"\x00") == {HOOK: False, MUTE: False}


@pytest.mark.parametrize("range_", ["15052501", "1700000080 27ffffff7f", "17ffffff7f 2700000080"])
def test_a_range_that_is_inverted_or_as_wide_as_can_be_presses_no_two_keys(range_: str) -> None:
    layout = layout_of(bytes.fromhex(f"050b0905a101 {range_} 75089501 0920 092f 8100 c0"))
    for value in range(256):
        assert sum(layout.read(bytes([value])).values()) <= 1


def test_a_usage_takes_the_page_of_its_main_item_unless_it_brings_its_own() -> None:
    late = layout_of(bytes.fromhex("05090920050b150025017501950181020b2f000b00050c8102"))
    assert late.inputs == (Control(HOOK, 0, 0, 1), Control(MUTE, 0, 1, 1))


def test_keyboards_and_mice_are_no_headsets() -> None:
    keyboard = bytes.fromhex("050c0901a10109e909ea150025017501950281027506950181 03c0".replace(" ", ""))
    assert controls_of(keyboard, 0) is None
    assert controls_of(b"", 0) is None


@pytest.mark.parametrize(
    ("descriptor", "words"),
    [
        ("a101" * 33, "more than 32 collections"),
        ("c0", "not open"),
        ("a101", "open"),
        ("a4" * 33, "pushes"),
        ("b4", "pops"),
        ("8500", "numbers a report 0"),
        ("05", "ends within"),
        ("050b7501970100ffff8102", "report of more than"),
        ("050b77ffffffff97ffffffff8102", "report of more than"),
        ("050b092f7501950181028501 0920 8102", "numbers some reports, and others not"),
        ("050b2a2f00", "range of usages"),
        ("050b1a30002a2f00", "range of usages"),
        ("050ba9018102", "choice of usages"),
        ("050b0920750195418100", "more than 64 keys"),
        ("0920" * 1025, "more than 1024 usages"),
        ("050b75019501" + "09208102" * 257, "more than 256 places"),
        ("00" * (LARGEST_DESCRIPTOR + 1), "longer than 4096"),
    ],
)
def test_a_descriptor_that_cannot_be_right_is_refused_in_words(descriptor: str, words: str) -> None:
    with pytest.raises(DescriptorInvalid, match=words) as caught:
        layout_of(bytes.fromhex(descriptor.replace(" ", "")))
    assert isinstance(caught.value, HalError)
    assert caught.value.advice


def test_a_range_over_all_of_a_page_costs_nothing() -> None:
    """65,536 usages in six bytes, 500 times."""
    layout = layout_of(bytes.fromhex("050b7501950119002affff" + "8103" * 10 + "19002affff8101"))
    assert (HOOK in {control.usage for control in layout.inputs}) is False
    assert layout_of(bytes.fromhex("050b7501953019002affff8102")).inputs[-1] == Control(MUTE, 0, 0x2F, 1)


@given(
    st.binary(max_size=300)
    | st.tuples(st.sampled_from(sorted(ALL.values())), st.integers(0, 190), st.binary(max_size=6)).map(
        lambda one: one[0][: one[1]] + one[2] + one[0][one[1] + len(one[2]) :]
    ),
    st.binary(max_size=70),
)
@example(headsets.POWERCONF, b"\x02\xff\xff")
def test_whatever_a_device_says_its_reports_are_read_or_it_is_refused(descriptor: bytes, report: bytes) -> None:
    try:
        found = controls_of(descriptor, 0x047F)
    except DescriptorInvalid:
        return
    if found is None:
        return
    assert found.layout.read(report).keys() <= CONTROLS.keys()
    for written in found.layout.write(LAMPS):
        assert written[0] in found.layout.output_bytes
        assert len(written) == 1 + found.layout.output_bytes[written[0]]
