"""Durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from value_stream import format_duration, parse_duration
from value_stream.durations import LONGEST_MICROS

SECOND = 1_000_000
HOUR = 3600 * SECOND


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("30s", 30 * SECOND),
        ("30m", HOUR // 2),
        ("4h", 4 * HOUR),
        ("2d", 48 * HOUR),
        ("1w", 7 * 24 * HOUR),
        ("1h30m", HOUR + HOUR // 2),
        ("1h 30m", HOUR + HOUR // 2),
        ("1.5h", HOUR + HOUR // 2),
        ("250ms", SECOND // 4),
        ("1us", 1),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_as_people_write_it(text, micros):
    assert parse_duration(text) == micros


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not a duration"),
        ("90", "not a duration"),
        ("-1h", "not a duration"),
        ("1 hour", "not a duration"),
        ("1h\n", "not a duration"),
        ("\u0661h", "not a duration"),  # a digit, but not one of ours
        ("30m1h", "the largest first"),
        ("1h1h", "each unit once"),
        ("99999999d", "longer than a hundred years"),
        ("0.5us", "finer than a microsecond"),
        ("1" * 1000 + "d", "not a duration"),
    ],
)
def test_what_is_no_duration_is_refused_with_a_reason(text, problem):
    with pytest.raises(ValueError, match=problem):
        parse_duration(text)


@given(st.integers(0, LONGEST_MICROS))
def test_every_duration_can_be_written_and_read_back(micros):
    assert parse_duration(format_duration(micros)) == micros


def test_a_duration_is_written_in_the_largest_whole_units():
    assert format_duration(90 * 60 * SECOND) == "1h30m"
    assert format_duration(25 * HOUR + 1) == "1d1h1us"
    assert format_duration(0) == "0s"


def test_a_negative_duration_cannot_be_written():
    with pytest.raises(ValueError, match="not negative"):
        format_duration(-1)
