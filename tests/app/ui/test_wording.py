"""Numbers as people read them, and text from outside made harmless."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.ui import wording


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\u2013"),
        (0, "0s"),
        (0.4, "0s"),
        (45, "45s"),
        (90, "1.5m"),
        (120, "2m"),
        (18 * 60, "18m"),
        (3600, "1h"),
        (3.1 * 86_400, "3.1d"),
        (27 * 86_400, "27d"),
        (28 * 86_400, "4w"),
        (-90, "-1.5m"),
    ],
)
def test_durations_have_two_significant_digits(seconds, text):
    assert wording.duration(seconds) == text


def test_an_exact_duration_goes_down_to_the_second():
    assert wording.exact_duration(93_609) == "1d 2h 0m 9s"
    assert wording.exact_duration(59.6) == "1m 0s"
    assert wording.exact_duration(None) == "\u2013"


@pytest.mark.parametrize(("number", "text"), [(None, "\u2013"), (0, "0"), (999, "999"), (12_345, "12\u202f345")])
def test_counts_are_whole_and_grouped(number, text):
    assert wording.count(number) == text


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (None, "EUR", "\u2013"),
        (84_213.4, "EUR", "€\u202f84.2k"),
        (0, "EUR", "€\u202f0"),
        (999_600, "USD", "$\u202f1m"),
        (3_000_000_000, "GBP", "£\u202f3bn"),
        (12, "pallets", "12 pallets"),
        (12, None, "12"),
    ],
)
def test_amounts_have_three_significant_digits_and_their_unit(number, unit, text):
    assert wording.amount(number, unit) == text


@pytest.mark.parametrize(
    ("part", "text"), [(None, "\u2013"), (0, "0\u202f%"), (0.001, "1\u202f%"), (0.999, "99\u202f%"), (1, "100\u202f%")]
)
def test_a_share_is_never_rounded_to_none_or_all(part, text):
    assert wording.share(part) == text


def test_a_clock_shows_the_viewers_zone():
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)

    assert wording.clock(noon) == "12:00:00"
    assert wording.clock(noon, ZoneInfo("Europe/Paris")) == "13:00:00"


def test_a_change_carries_its_sign():
    assert [wording.change(3, 1), wording.change(1, 3), wording.change(2, 2)] == ["+2", "\u22122", "±0"]


def test_one_is_singular():
    assert [wording.plural(1, "item"), wording.plural(2, "item"), wording.plural(2, "person", "people")] == [
        "1 item",
        "2 items",
        "2 people",
    ]
    assert [wording.several(one) for one in ("claim", "story", "survey", "box", "branch")] == [
        "claims",
        "stories",
        "surveys",
        "boxes",
        "branches",
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        "![](http://evil/p.png)",
        "[pay here](http://evil)",
        "<img src=x onerror=alert(1)>",
        "**urgent**",
        ":material/error: :red[late]",
        "# heading\n- list",
        "$x^2$ `code` ~~gone~~ | a | b |",
        "http://evil/p",
    ],
)
def test_text_from_outside_is_no_markdown(hostile):
    html = (
        MarkdownIt("gfm-like", {"linkify": False, "html": True}).enable("strikethrough").render(wording.plain(hostile))
    )

    assert not any(mark in html for mark in ("<img", "<a ", "<strong", "<h1", "<li", "<code", "<s>", "<table"))


@given(st.text(st.characters(exclude_characters="\0")))
def test_escaped_text_reads_as_it_was(text):
    shown = wording.plain(text)

    assert "\n" not in shown
    assert shown.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == "".join(
        " " if mark in "\r\n\t" else mark for mark in text
    )
