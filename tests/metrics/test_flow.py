"""Flow in buckets: arrivals, departures, in flight over time, cumulative flow, throughput, Little's law, recounted.

The made-up seconds stand for 20 minutes each here, so that a window has hours, and a few buckets.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import example, given
from hypothesis import strategies as st

from metrics import MetricError, Question, Window
from metrics.arrivals import arrivals
from metrics.cumulative_flow import cumulative_flow
from metrics.departures import departures
from metrics.in_flight_over_time import in_flight_over_time
from metrics.littles_law import littles_law
from metrics.throughput import throughput
from tests.metrics.counted_again import end_of, item_lives, lives
from tests.metrics.made_up import (
    BEGIN,
    CLOSED,
    END_STAGES,
    STAGES,
    STREAM,
    Item,
    Stay,
    World,
    at,
    checked,
    item_of,
    put,
    warehouse_of_made_up,
    worlds,
)

CHECKED = checked(40)
UNIT = 1200
HOUR = 3600
Row = dict[str, Any]


@pytest.fixture(scope="module")
def con() -> Iterator[DuckDBPyConnection]:
    with warehouse_of_made_up() as opened:
        yield opened


def stretched(world: World) -> World:
    def scaled(seconds: int | None) -> int | None:
        return None if seconds is None else seconds * UNIT

    items = [
        replace(
            item,
            stays=tuple(replace(stay, entered=stay.entered * UNIT, left=scaled(stay.left)) for stay in item.stays),
            regions=tuple((since * UNIT, value) for since, value in item.regions),
        )
        for item in world.items
    ]
    return World(items, tuple(scaled(read) for read in world.read_until))


@st.composite
def asked(draw: st.DrawFn) -> tuple[World, int, int, int]:
    """A world, a window [begin, end) and an as-of instant, in seconds."""
    begin = draw(st.integers(0, 20))
    end = begin + draw(st.integers(1, 25))
    as_of = draw(st.integers(begin + 1, 50))
    return stretched(draw(worlds())), begin * UNIT, end * UNIT, as_of * UNIT


def question(begin: int, end: int, as_of: int, *by: str) -> Question:
    return Question(at(as_of), Window(at(begin), at(end)), by=("hour", *by))


def edges(world: World, begin: int, end: int, as_of: int) -> list[int]:
    """The start of the window or of the first item, each full hour, and the end."""
    until = min(end, as_of)
    opened = [item.opened for item in world.items if item.opened <= as_of]
    begin = max(begin, min(opened)) if opened and min(opened) < until else begin
    return [begin, *range((begin // HOUR + 1) * HOUR, until, HOUR), until]


def seconds(value: Any) -> int:
    return round((value - BEGIN) / timedelta(seconds=1))


def known(world: World, as_of: int) -> Iterator[tuple[Item, int, Stay]]:
    """Each stay that had begun, as far as it was known: (item, place among its stays, stay)."""
    for item in world.items:
        until = world.until(item, as_of)
        stays = [stay for stay in item.stays if not stay.overlapped]
        for index, stay in enumerate(stays):
            if stay.entered <= until:
                yield item, index, stay if stay.left is not None and stay.left <= until else replace(stay, left=None)


def bucket_of(instant: int, marks: list[int]) -> int | None:
    return next((number for number, (low, high) in enumerate(pairwise(marks)) if low <= instant < high), None)


@CHECKED
@given(asked())
def test_arrivals_and_departures_by_stage_are_those_counted_by_hand(
    con: DuckDBPyConnection, case: tuple[World, int, int, int]
) -> None:
    world, *times = case
    put(con, world)
    marks = edges(world, *times)
    came: Counter[tuple[int | None, str, str]] = Counter()
    gone: Counter[tuple[int | None, str, str]] = Counter()
    for item, index, stay in known(world, times[2]):
        if stay.stage == CLOSED:
            continue
        before = [other for other in item.stays if not other.overlapped][index - 1]
        how = "opened" if index == 0 else "reopened" if before.stage == CLOSED else "moved"
        came[bucket_of(stay.entered, marks), stay.stage, how] += 1
        if stay.left is not None:
            is_moved = stay.next_stage not in (None, CLOSED)
            how = "lost" if stay.exit_kind == "lost" else "moved" if is_moved else "ended"
            gone[bucket_of(stay.left, marks), stay.stage, how] += 1
    for metric, counted, ways, total in (
        (arrivals, came, ("opened", "reopened", "moved"), "arrivals"),
        (departures, gone, ("ended", "lost", "moved"), "departures"),
    ):
        rows = metric(con, STREAM, question(*times, "stage")).to_pylist()
        for row in rows:
            place = bucket_of(seconds(row["from_at"]), marks)
            assert [row[how] for how in ways] == [counted[place, row["stage"], how] for how in ways]
            assert row[total] == sum(row[how] for how in ways)
        assert sum(row[total] for row in rows) == sum(n for (place, *_), n in counted.items() if place is not None)
        whole = metric(con, STREAM, question(*times)).to_pylist()
        assert [seconds(row["from_at"]) for row in whole] == marks[:-1]
        outside = [sum(row[how] for row in rows) for how in ways[:2]]
        assert [sum(row[how] for row in whole) for how in ways] == [*outside, 0]


@CHECKED
@given(asked())
def test_what_leaves_a_stage_arrives_in_another_and_the_rest_is_in_flight(
    con: DuckDBPyConnection, case: tuple[World, int, int, int]
) -> None:
    world, *times = case
    put(con, world)
    came = arrivals(con, STREAM, question(*times, "stage")).to_pylist()
    gone = departures(con, STREAM, question(*times, "stage")).to_pylist()
    for start in {row["from_at"] for row in came}:
        moved = [sum(row["moved"] for row in rows if row["from_at"] == start) for rows in (came, gone)]
        assert moved[0] == moved[1]
    flow = cumulative_flow(con, STREAM, question(*times)).to_pylist()
    over_time = in_flight_over_time(con, STREAM, question(*times, "stage")).to_pylist()
    inside = {(row["at"], row["stage"]): row["in_flight"] for row in over_time}
    for row in flow:
        assert row["in_flight"] == row["arrivals"] - row["departures"] >= 0
        assert row["in_flight"] == inside.get((row["at"], row["stage"]), 0)


@CHECKED
@given(asked())
def test_in_flight_over_time_is_in_flight_at_each_instant(
    con: DuckDBPyConnection, case: tuple[World, int, int, int]
) -> None:
    world, *times = case
    put(con, world)
    marks = edges(world, *times)
    counted: Counter[tuple[int, str, str]] = Counter()
    for mark in marks:
        for item, _, stay in known(world, min(mark, times[2])):
            if stay.left is None and stay.stage in STAGES:
                counted[mark, stay.stage, item.region(world.until(item, mark))] += 1
    rows = in_flight_over_time(con, STREAM, question(*times, "stage", "Region")).to_pylist()
    found = {(seconds(row["at"]), row["stage"], row["Region"]): row["in_flight"] for row in rows}
    assert {place: n for place, n in found.items() if n} == counted
    whole = in_flight_over_time(con, STREAM, question(*times)).to_pylist()
    assert [seconds(row["at"]) for row in whole] == marks
    assert [row["in_flight"] for row in whole] == [
        sum(n for (other, *_), n in counted.items() if other == mark) for mark in marks
    ]


@CHECKED
@given(asked())
def test_throughput_counts_each_item_once_when_it_ended(
    con: DuckDBPyConnection, case: tuple[World, int, int, int]
) -> None:
    world, begin, end, as_of = case
    put(con, world)
    marks = edges(world, begin, end, as_of)
    counted: Counter[tuple[int, str]] = Counter()
    for item in world.items:
        last = min(min(end, as_of) - 1, world.until(item, as_of))
        when, how = end_of(item, last)
        if when is not None and how != "lost" and when >= marks[0] and world.until(item, as_of) > marks[0]:
            outcome = END_STAGES.get(how, how)
            counted[bucket_of(when, marks) or 0, outcome] += 1
    rows = throughput(con, STREAM, question(begin, end, as_of, "outcome")).to_pylist()
    found = {(bucket_of(seconds(row["from_at"]), marks), row["outcome"]): row for row in rows if row["ended"]}
    assert {key: row["ended"] for key, row in found.items()} == counted
    for (_, outcome), row in found.items():
        is_bad = outcome in ("dropped", "failed")
        assert (row["ended_well"], row["ended_badly"]) == ((0, row["ended"]) if is_bad else (row["ended"], 0))


def opened_and_closed_at_once() -> World:
    """One item that ended in the instant in which it began, and was reset later; beside it one that is open."""
    stays = (
        Stay("a", 0, 0, "done", "undrawn"),
        Stay("done", 0, 0, CLOSED, "completed"),
        Stay(CLOSED, 0, UNIT, "a", "reset"),
        Stay("a", UNIT, None, None, None),
    )
    open_since = (Stay("a", 0, None, None, None),)
    return World([Item(0, 0, stays, None), Item(1, 0, open_since, None)])


@CHECKED
@given(asked())
@example((opened_and_closed_at_once(), 0, UNIT, UNIT))
def test_littles_law_sets_arrivals_times_mean_beside_the_average_in_flight(
    con: DuckDBPyConnection, case: tuple[World, int, int, int]
) -> None:
    world, begin, end, as_of = case
    put(con, world)
    rows = littles_law(con, STREAM, Question(at(as_of), Window(at(begin), at(end)))).to_pylist()
    by_stage = {row["stage"]: row for row in rows}
    named = [(stage, lives(world, stage, begin, end, as_of)) for stage in STAGES]
    for stage, seen in [*named, ("(all)", item_lives(world, begin, end, as_of))]:
        if not seen:
            none = by_stage.get(stage, {"arrivals": 0, "exits": 0, "observed_in_flight": 0})
            assert (none["arrivals"], none["exits"], none["observed_in_flight"]) == (0, 0, 0)
            continue
        row = by_stage[stage]
        items = {item.key: item for item in world.items}
        length = {life.item: min(end, world.until(items[life.item], as_of)) - begin for life in seen}
        gone = [life for life in seen if life.is_exit]
        assert row["exits"] == len(gone)
        assert row["arrivals"] == sum(life.begun == 0 for life in seen)
        rate = sum(86_400 / length[life.item] for life in seen if life.begun == 0)
        observed = sum((life.ended - life.begun) / length[life.item] for life in seen)
        assert row["arrivals_per_day"] == pytest.approx(rate, abs=1e-9)
        assert row["observed_in_flight"] == pytest.approx(observed, abs=1e-9)
        if len(gone) < 2:
            assert (row["predicted_in_flight"], row["thin"] is None) == (None, False)
            continue
        predicted = rate * sum(life.ended for life in gone) / len(gone) / 86_400
        assert row["predicted_in_flight"] == pytest.approx(predicted, abs=1e-9)
        assert row["residual_in_flight"] == pytest.approx(observed - predicted, abs=1e-9)


def test_the_bucket_follows_from_the_window_unless_it_is_asked_for(con: DuckDBPyConnection) -> None:
    put(con, World([item_of(0, 0, 0, [("a", 1)], None)]))
    day = 86_400
    for length, rows in ((2 * day, 48), (60 * day, 60), (364 * day, 52)):
        assert arrivals(con, STREAM, Question(at(length), Window(at(-5), at(length)))).num_rows == rows
    weekly = arrivals(con, STREAM, Question(at(20 * day), Window(at(day), at(20 * day)), by=("week",))).to_pylist()
    assert [seconds(row["to_at"]) // day for row in weekly] == [7, 14, 20]
    by_minute = arrivals(con, STREAM, Question(at(150), Window(at(0), at(150)), by=("minute",))).to_pylist()
    assert [seconds(row["to_at"]) for row in by_minute] == [60, 120, 150]


@pytest.mark.parametrize(
    ("by", "length", "says"),
    [
        (("hour", "day"), 10, "One bucket at a time: hour or day, not both."),
        (("hour",), 400 * 86_400, "9600 buckets of one hour are more than 3000"),
        (("wait",), 10, "This metric cannot be split or narrowed by wait"),
    ],
)
def test_buckets_that_make_no_sense_are_refused(
    con: DuckDBPyConnection, by: tuple[str, ...], length: int, says: str
) -> None:
    put(con, World([item_of(0, 0, 0, [("a", 1)], None)]))
    with pytest.raises(MetricError, match=says):
        in_flight_over_time(con, STREAM, Question(at(length), Window(at(0), at(length)), by=by))


def test_without_items_there_is_a_row_of_zeros_for_each_bucket(con: DuckDBPyConnection) -> None:
    put(con, World())
    rows = throughput(con, STREAM, Question(at(2 * HOUR), Window(at(0), at(2 * HOUR)))).to_pylist()
    assert [row["ended"] for row in rows] == [0, 0]
