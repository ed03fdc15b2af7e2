from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.media import alert_info
from app.media.alert_info import Alert
from app.media.ring_choice import RingSettings, choose
from app.model.media import RECALL, RING_TONES, Ring

SETTINGS = RingSettings(tone="bells", internal="glass", callers=(("55", "harp"), ("+4930*", "trill"), ("2?", "pulse")))


@pytest.mark.parametrize(
    ("value", "wishes"),
    [
        ("<urn:alert:source:internal>", (Alert.INTERNAL,)),
        ("<urn:alert:source:internal:vip@example.com>", (Alert.INTERNAL,)),
        ("<URN:alert:priority:high>", (Alert.URGENT,)),
        ("<urn:alert:service:recall:transfer>", (Alert.RECALL,)),
        ("<urn:alert:priority:low>, <urn:alert:source:external>", (Alert.LOW, Alert.EXTERNAL)),
        ("<urn:alert:service:normal>, <urn:alert:source:family>", (Alert.FAMILY,)),
        ("<urn:alert:locale:country:de>", ()),
        ("<http://pbx/ring.wav>;info=alert-internal", (Alert.INTERNAL,)),
        ('<http://127.0.0.1/>;info="alert-group";x-delay=0', (Alert.GROUP,)),
        ("info=marimba", ("marimba",)),
        (";info=alert-external", (Alert.EXTERNAL,)),
        ("<http://127.0.0.1/Bellcore-dr2>", (Alert.INTERNAL,)),
        ("Bellcore-dr5", (Alert.URGENT,)),
        ("<http://evil.example/internal.wav>", ()),
        ("<cid:ring@example.com>", ()),
        ("", ()),
        ("<<<>>>;;;info=", ()),
    ],
)
def test_what_a_header_asks_for(value: str, wishes: tuple[object, ...]) -> None:
    assert alert_info.read(value) == wishes


@pytest.mark.parametrize(
    ("alert", "number", "tone"),
    [
        ("", "089123", "bells"),
        ("<urn:alert:source:internal>", "31", "glass"),
        ("<urn:alert:source:external>", "31", "bells"),
        ("<urn:alert:priority:high>", "31", "urgent"),
        ("info=ripple", "31", "ripple"),
        ("info=unheard-of", "31", "bells"),
        ("info=unheard-of, <urn:alert:priority:low>", "31", "morning"),
        ("<urn:alert:priority:high>", "55", "harp"),
        ("", "+49 30 1234-5", "trill"),
        ("", "27", "pulse"),
        ("", "271", "bells"),
        ("", "", "bells"),
        (RECALL, "", "office"),
    ],
)
def test_which_ring_tone_a_call_has(alert: str, number: str, tone: str) -> None:
    assert choose(Ring(alert, number), SETTINGS) == tone


@given(st.text(max_size=400), st.text(max_size=40))
def test_whatever_arrives_some_tone_rings(alert: str, number: str) -> None:
    assert choose(Ring(alert, number), SETTINGS) in RING_TONES
