"""What changed: the parts of a waterfall add up exactly; what is compared is what the address says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import AskError
from app.ui.bottlenecks import change
from app.ui.bottlenecks.comparing import chosen_windows, compared_with, segments, windows, written
from app.ui.palette import LIGHT
from metrics import Question, Window

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOW = Question(NOON, Window(NOON - HOUR, NOON), where=(("Region", "North"), ("type", "W")))


def rows_of(before, parts, mix, unit="seconds"):
    after = before + mix + sum(parts.values())
    found = [{"part": "mix", "contribution": mix, "title": None}]
    found += [{"part": "stage", "title": name, "contribution": part} for name, part in parts.items()]
    found += [{"part": "all", "title": None, "before": before, "after": after, "contribution": after - before}]
    found[-1]["difference"] = after - before
    return [
        {"unit": unit, "before_n": 5, "after_n": 7, "before": None, "after": None, "difference": None} | row
        for row in found
    ]


ROWS = rows_of(600.0, {"Quote": 240.0, "Billing": -60.0}, 30.0)
AMOUNTS = st.floats(-1e5, 1e5, allow_nan=False)


@given(st.floats(1, 1e6), st.dictionaries(st.text(min_size=1, max_size=4), AMOUNTS, max_size=6), AMOUNTS)
def test_the_steps_lead_from_the_figure_before_to_the_figure_after(before, parts, mix):
    rows = rows_of(before, parts, mix)
    found = change.steps(rows)

    assert found[0].begin == before
    assert [step.begin for step in found[1:]] == [step.end for step in found[:-1]]
    assert found[-1].end == pytest.approx(change.whole(rows)["after"], abs=1e-6)


def test_the_largest_part_comes_first_and_the_mix_last():
    assert [step.name for step in change.steps(ROWS)] == ["Quote", "Billing", "Mix of work"]


def test_it_is_said_in_a_sentence_with_n_and_what_brought_most_of_it():
    assert change.headline(ROWS, "time_in_state", "in the window before", "in this one") == (
        "Mean time per stay went up by 3.5m: 10m in the window before (n = 5), 14m in this one (n = 7)."
    )
    assert change.most_words(ROWS) == "Most of it comes from Quote: +4m."


def test_nothing_that_changed_is_said_too():
    same = rows_of(600.0, {"Quote": 0.0}, 0.0)

    assert "did not change" in change.headline(same, "time_in_state", "before", "now")
    assert change.most_words(same) == ""


def test_bars_hang_on_each_other_and_their_colour_says_better_or_worse():
    bars, ends = change.waterfall(ROWS, LIGHT, "Before", "This window").figure["data"]

    assert bars["base"] == [600.0, 840.0, 780.0]
    assert bars["x"] == [240.0, -60.0, 30.0]
    assert bars["marker"]["color"] == [LIGHT.worse, LIGHT.better, LIGHT.worse]
    assert ends["x"] == [600.0, 810.0]


def test_items_are_counted_not_timed():
    rows = rows_of(31.0, {"Quote": 2.5}, -1.0, unit="items")

    assert "31 before (n = 5), 32.5 now (n = 7)" in change.headline(rows, "in_flight", "before", "now")
    assert change.waterfall(rows, LIGHT, "a", "b").alt == "From 31 (a) to 32.5 (b): Quote +2.5, Mix of work −1."  # noqa: RUF001


def test_the_window_before_ends_where_this_one_begins():
    before, after = windows(NOW, "before")

    assert before.question == replace(NOW, as_of=NOON - HOUR, window=Window(NOON - 2 * HOUR, NOON - HOUR))
    assert after.question == NOW


def test_an_earlier_instant_is_compared_with_now():
    then = replace(NOW, as_of=NOON - HOUR)
    before, after = compared_with(then, NOW)

    assert (before.question, before.words) == (then, "as of 2026-03-02 11:00 UTC")
    assert (after.question, after.words) == (NOW, "now")


@pytest.mark.parametrize(("against", "days"), [("day", 1), ("week", 7)])
def test_the_same_window_a_day_or_a_week_earlier(against, days):
    back = timedelta(days=days)

    assert windows(NOW, against)[0].question.window == Window(NOON - HOUR - back, NOON - back)


def test_two_windows_are_what_the_viewer_wrote():
    before, after = chosen_windows(NOW, "2026-02-01..2026-02-08", " 2d ")

    assert before.question.window == Window(datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 2, 8, tzinfo=UTC))
    assert before.question.as_of == datetime(2026, 2, 8, tzinfo=UTC)
    assert after.question.window == Window(NOON - timedelta(days=2), NOON)
    with pytest.raises(AskError, match="is no window"):
        chosen_windows(NOW, "yesterday", "2d")


def test_what_is_offered_as_a_window_is_understood_again():
    usual = written(Window(NOON - HOUR, NOON))

    assert chosen_windows(NOW, usual, usual)[0].question.window == Window(NOON - HOUR, NOON)


def test_a_segment_takes_the_place_of_the_filter_on_it():
    before, after = segments(NOW, "Region", "South", "West")

    assert before.question.where == (("type", "W"), ("Region", "South"))
    assert after.question.where == (("type", "W"), ("Region", "West"))
