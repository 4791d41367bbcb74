"""Aging work: zones, dots, and what becomes of many dots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.bottlenecks.aging_work import (
    MOST_DOTS,
    OLDEST_SHOWN,
    Zones,
    aging_work,
    picked,
    swarm,
    zones_by_stage,
    zones_of_all,
)
from app.ui.palette import LIGHT
from tests.app.ui.bottlenecks.rows import DAY, HOUR, open_item, row, time_in

STAGES = [("quote", "Quote"), ("approval", "Approval")]
ZONES = {"quote": Zones(HOUR, 4 * HOUR, DAY)}


def chart(items, zones=ZONES, **more):
    return aging_work(items, STAGES, zones, LIGHT, **({"is_total": False} | more))


def dots(shown):
    return [
        (custom[4], x, y)
        for trace in shown.figure["data"]
        if trace.get("customdata")
        for custom, x, y in zip(trace["customdata"], trace["x"], trace["y"], strict=True)
    ]


def test_zones_end_at_the_percentiles_and_cover_the_whole_height():
    shapes = [each for each in chart([open_item("a", "quote", HOUR)]).figure["layout"]["shapes"] if each["x0"] < 0]

    assert [shape["y1"] for shape in shapes[:3]] == [HOUR, 4 * HOUR, DAY]
    assert [shape["y0"] for shape in shapes[1:]] == [shape["y1"] for shape in shapes[:-1]]
    assert [shape["fillcolor"] for shape in shapes] == list(LIGHT.zones)


def test_a_stage_with_too_few_stays_has_no_zones_and_says_so():
    shown = chart([open_item("a", "approval", HOUR)])
    right = [shape for shape in shown.figure["layout"]["shapes"] if shape["x0"] > 0]

    assert [shape["fillcolor"] for shape in right] == [LIGHT.no_zone]
    assert "<b>1</b><br>no p95" in [note["text"] for note in shown.figure["layout"]["annotations"]]


def test_where_p95_is_not_reached_the_last_known_zone_goes_on():
    shown = chart([open_item("a", "quote", HOUR)], {"quote": Zones(HOUR, None, None)})
    left = [shape for shape in shown.figure["layout"]["shapes"] if shape["x0"] < 0]

    assert [shape["fillcolor"] for shape in left] == list(LIGHT.zones[:2])


def test_dots_stand_at_their_age_in_their_stage_coloured_by_wait_and_sized_by_value():
    items = [
        open_item("small", "quote", HOUR, value=1.0),
        open_item("large", "quote", DAY, value=100.0),
        open_item("other", "approval", HOUR, wait="timer"),
    ]
    shown = chart(items)
    sizes = {
        custom[4]: size
        for trace in shown.figure["data"]
        for custom, size in zip(trace["customdata"], trace["marker"]["size"], strict=True)
    }

    assert {(name, round(x), y) for name, x, y in dots(shown)} == {
        ("small", 0, HOUR),
        ("large", 0, DAY),
        ("other", 1, HOUR),
    }
    assert sizes["other"] < sizes["small"] < sizes["large"]
    assert [trace["name"] for trace in shown.figure["data"]] == ["Decision open (2)", "Timer (1)"]


def test_the_whole_age_is_one_click_away():
    shown = chart([open_item("a", "quote", HOUR, age=DAY)], is_total=True)

    assert [y for _, _, y in dots(shown)] == [DAY]


def test_a_click_tells_the_item_even_when_its_name_is_markup():
    name = "<b>1</b>"
    shown = chart([open_item(name, "quote", HOUR)])
    custom = shown.figure["data"][0]["customdata"][0]

    assert picked([custom]) == name
    assert "<b>1" not in custom[0]
    assert picked([]) is None
    assert picked(["nonsense", None]) is None


def test_many_items_become_a_shape_and_the_oldest_stay_dots():
    items = [open_item(f"{number}", "quote", 60 + number) for number in range(MOST_DOTS + 1)]
    shown = chart(items)

    assert len(dots(shown)) == OLDEST_SHOWN
    assert {name for name, _, _ in dots(shown)} == {
        str(number) for number in range(MOST_DOTS + 1 - OLDEST_SHOWN, MOST_DOTS + 1)
    }
    assert any(trace.get("fill") == "toself" for trace in shown.figure["data"])
    assert all(len(trace["x"]) <= 500 for trace in shown.figure["data"])


def test_a_few_hundred_are_all_shown():
    items = [open_item(f"{number}", "quote", 60 + number) for number in range(MOST_DOTS)]

    assert len(dots(chart(items))) == MOST_DOTS


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.floats(1, 1e6)), max_size=60))
def test_no_dot_leaves_its_stage_and_equal_ones_never_hide_each_other(found):
    offsets = swarm(found, 1.0, 1e6)

    assert all(abs(offset) <= 0.43 for offset in offsets)
    places = [(stage, age, offset) for (stage, age), offset in zip(found, offsets, strict=True)]
    assert len(places) == len(set(places))


def test_zones_come_from_time_in_state_or_from_the_cycle_time():
    assert zones_by_stage([time_in("quote", limits=(1, 2, 3))]) == {"quote": Zones(1, 2, 3)}
    whole = row("cycle_time", p50_seconds=5, p85_seconds=6, p95_seconds=7)
    assert zones_of_all(["a", "b"], whole) == {"a": Zones(5, 6, 7), "b": Zones(5, 6, 7)}


def test_it_is_said_in_words_too():
    items = [open_item("a", "quote", DAY), open_item("b", "quote", HOUR)]

    assert chart(items).alt == "Aging work. Quote: 2 open, the oldest 1d, 1 older than 85 of 100 stays."
    assert chart([]).alt == "Aging work. Nothing is open."


@pytest.mark.parametrize("age", [0.0, 0.001, 5e8])
def test_no_age_breaks_the_axis(age):
    assert dots(chart([open_item("a", "quote", age)]))
