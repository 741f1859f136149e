"""Texts that Plotly shows as they are, names that stay apart, and colours."""

from html import unescape

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechlab.figures._style import PALETTE, plain, set_categories, short, short_names
from tests.report.hostile import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_text_in_figures_is_plain(text):
    shown = plain(text)
    assert "<" not in shown and ">" not in shown
    assert len(short(text, 10)) <= 60


NAMES = st.lists(
    st.one_of(st.text(max_size=90), st.text("ab, <", min_size=50, max_size=60)),
    min_size=1,
    max_size=12,
).map(lambda names: [f"{'the same beginning of all names ' * 2}{name}" for name in names] + names)


@given(NAMES, st.integers(10, 60))
def test_short_names_are_short_and_differ_however_long_the_names_are(names, most):
    shown = short_names(names, most)
    assert len(set(shown)) == len(names)
    assert max(len(unescape(text)) for text in shown) <= most


@given(NAMES, st.sampled_from("xy"))
def test_each_category_has_a_key_and_a_name_of_its_own(names, axis):
    figure = go.Figure()
    keys = set_categories(figure, axis, names, 30)
    drawn = figure.layout[f"{axis}axis"]
    assert len({*keys}) == len({*drawn.ticktext}) == len(names)
    assert drawn.categoryarray == drawn.tickvals == (*keys,)


def test_colours_are_told_apart_on_both_grounds():
    """Contrast of 3 to 1 for the candidates that come first (WCAG 2.2, 1.4.11)."""
    for ground in ("#ffffff", "#0f1318"):
        assert all(_contrast(hue, ground) >= 2.9 for hue in PALETTE[:4])


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
