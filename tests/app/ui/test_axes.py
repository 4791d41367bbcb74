"""Axes of durations have few ticks that people know."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui import axes
from app.ui.palette import DARK, LIGHT, ink_on

SECONDS = st.floats(0.001, 3e8)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (30 * 60, 8 * 86_400, ["1h", "4h", "1d", "3d", "7d"]),
        (20, 500, ["30s", "1m", "2m", "4m", "7m"]),
        (2 * 86_400, 200 * 86_400, ["2d", "4d", "7d", "14d", "4w", "8w"]),
    ],
)
def test_ticks_are_well_known_durations(low, high, ticks):
    shown = [axes.tick_text(tick) for tick in axes.ticks(low, high)]

    assert set(shown) <= set(ticks) | {"3d", "4w", "13w", "3m", "5m", "10d", "21d", "6w", "26w"}
    assert 3 <= len(shown) <= axes.MOST_TICKS


@given(st.lists(SECONDS, min_size=1, max_size=8))
def test_everything_fits_on_the_axis_and_it_has_ticks(seconds):
    axis = axes.logarithmic(seconds)
    low, high = (10**edge for edge in axis["range"])

    assert all(low <= max(value, axes.SHORTEST) <= high for value in seconds)
    assert len(axis["tickvals"]) <= axes.MOST_TICKS
    assert all(low * 0.999 <= tick <= high * 1.001 for tick in axis["tickvals"])


@given(st.floats(0, 1e7), st.floats(1, 1e8))
def test_a_linear_axis_has_a_handful_of_even_ticks(low, length):
    places = axes.linear(low, low + length)["tickvals"]

    assert 1 <= len(places) <= 7
    assert len({round(b - a, 6) for a, b in itertools.pairwise(places)}) <= 1


@given(st.floats(0, 1e7), st.floats(1, 1e8))
def test_no_two_ticks_of_a_linear_axis_read_the_same(low, length):
    told = axes.linear(low, low + length)["ticktext"]

    assert len(set(told)) == len(told)


def test_ticks_that_round_to_the_same_are_told_to_the_second():
    assert axes.linear(98, 118)["ticktext"] == ["1m 40s", "1m 45s", "1m 50s", "1m 55s"]
    assert axes.linear(60, 200)["ticktext"][:2] == ["1m", "1.5m"]


def test_long_titles_take_two_lines_and_are_text():
    assert axes.wrapped("Awaiting documents") == "Awaiting<br>documents"
    assert axes.wrapped("<b>") == "&lt;b&gt;"


@pytest.mark.parametrize("ink", [LIGHT, DARK], ids=["light", "dark"])
def test_words_on_every_bar_can_be_read(ink):
    for fill in ink.waits.values():
        assert contrast(fill, ink_on(fill)) >= 4.5, fill


def contrast(one, other):
    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    brighter, darker = sorted((light(one), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)
