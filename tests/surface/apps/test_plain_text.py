"""The text of what an app sends as HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.surface.apps.plain_text import LONGEST, plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("Order 4711", "Order 4711"),
        ("<p>one</p><p>two<br>three", "one two three"),
        ("a &lt;b&gt; &#228;&#0;\x07", "a <b> ä\ufffd"),
        ("<script>let a = '<p>no';</script>yes<title>no</title>", "yes"),
        ("1 < 2 and 3", "1 < 2 and 3"),
        ("</script></style>still there", "still there"),
        ("", ""),
    ],
)
def test_text(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(st.text(alphabet="<>/!-&;#x0asp \n\"'=[]?", max_size=300))
def test_whatever_comes_is_one_short_printable_line(html: str) -> None:
    text = plain_text(html)
    assert len(text) <= LONGEST
    assert text.isprintable()
