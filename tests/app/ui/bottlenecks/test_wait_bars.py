"""Where the time goes."""

import pytest

from app.ui.bottlenecks.wait_bars import wait_bars
from app.ui.palette import LIGHT
from tests.app.ui.bottlenecks.rows import HOUR, row


def spent(stage, wait, hours, whole):
    names = {"stage": stage, "title": stage.capitalize(), "wait": wait}
    return row("wait_split", **names, items=3, seconds=hours * HOUR, share=hours / whole, stage_seconds=whole * HOUR)


ROWS = [spent("quote", "decision open", 30, 40), spent("quote", "timer", 10, 40), spent("billing", "timer", 60, 60)]


def test_bars_add_up_to_the_time_of_each_stage_and_the_longest_reason_comes_first():
    data = wait_bars(ROWS, LIGHT).figure["data"]

    assert [trace["name"] for trace in data] == ["Timer", "Decision open"]
    sums = {place: 0.0 for place in (0, 1)}
    for trace in data:
        for x, y in zip(trace["x"], trace["y"], strict=True):
            sums[y] += x
    assert sums == pytest.approx({0: 40 * HOUR, 1: 60 * HOUR})


def test_each_bar_ends_with_its_share_of_all_time():
    notes = wait_bars(ROWS, LIGHT).figure["layout"]["annotations"]

    assert [note["text"] for note in notes] == ["<b>40\u202f%</b> · 40h", "<b>60\u202f%</b> · 60h"]


def test_the_same_reason_has_the_same_colour_whatever_else_is_there():
    alone = wait_bars(ROWS[:1], LIGHT).figure["data"]

    assert alone[0]["marker"]["color"] == wait_bars(ROWS, LIGHT).figure["data"][1]["marker"]["color"]


def test_it_is_said_in_words_too():
    assert "Quote 40h: Decision open 75\u202f%, Timer 25\u202f%." in wait_bars(ROWS, LIGHT).alt
    assert wait_bars([], LIGHT).alt == "Time by wait: no time was spent in any stage."
