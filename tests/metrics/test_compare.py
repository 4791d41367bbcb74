"""Compare: what changed, and a split of it that adds up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import permutations
from math import factorial

import pyarrow as pa
import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given
from hypothesis import strategies as st

from metrics import MetricError, Question, Window
from metrics import compare as compare_sides
from metrics.shapley import Cell, shapley
from tests.metrics.counted_again import item_lives, lives
from tests.metrics.made_up import (
    STAGES,
    STREAM,
    World,
    at,
    checked,
    item_of,
    put,
    warehouse_of_made_up,
    worlds,
)
from value_stream import Stream

CHECKED = checked(50)


def compare(con: DuckDBPyConnection, stream: Stream, name: str, before: Question, after: Question) -> pa.Table:
    return compare_sides(con, stream, replace(after, of=name, before=before))


METRICS = ("in_flight", "time_in_state", "cycle_time")


@pytest.fixture(scope="module")
def con() -> Iterator[DuckDBPyConnection]:
    with warehouse_of_made_up() as opened:
        yield opened


@CHECKED
@given(worlds(), st.sampled_from(METRICS), st.sampled_from([(), ("source",), ("Region", "type")]))
def test_mix_and_stages_add_up_to_the_difference(
    con: DuckDBPyConnection, world: World, name: str, by: tuple[str, ...]
) -> None:
    put(con, world)
    early, late = ((at(0), at(14)), (at(14), at(40)))
    questions = [Question(window[1], Window(*window), by=by) for window in (early, late)]
    try:
        rows = compare(con, STREAM, name, *questions).to_pylist()
    except MetricError as error:
        assert "on one side of the comparison" in str(error)
        return
    *parts, whole = rows
    assert [row["part"] for row in rows] == ["mix", *["stage"] * len(STAGES), "all"]
    assert sum(row["contribution"] for row in parts) == pytest.approx(whole["difference"], abs=1e-9)
    assert sum(row["difference"] or 0 for row in parts) == pytest.approx(whole["difference"], abs=1e-9)
    for side, (begin, end) in (("before", (0, 14)), ("after", (14, 40))):
        assert whole[side] == pytest.approx(counted(world, name, begin, end), abs=1e-9)


def counted(world: World, name: str, begin: int, end: int) -> float:
    """The figure on one side, counted by hand."""
    if name == "cycle_time":
        gone = [life for life in item_lives(world, begin, end, end) if life.is_exit]
        return sum(life.ended for life in gone) / len(gone)
    seen = [life for stage in STAGES for life in lives(world, stage, begin, end, end)]
    if name == "time_in_state":
        return sum(life.ended - life.begun for life in seen) / sum(life.is_exit for life in seen)
    until = {item.key: world.until(item, end) for item in world.items}
    stays = [
        (item.key, stay) for item in world.items for stay in item.stays if stay.stage in STAGES and not stay.overlapped
    ]
    return sum(stay.entered <= until[key] and (stay.left is None or stay.left > until[key]) for key, stay in stays)


@CHECKED
@given(st.lists(st.tuples(st.sampled_from("ab"), *[st.integers(1, 9)] * 4), max_size=4))
def test_the_split_is_the_mean_over_all_orders_in_which_mix_and_stages_may_change(
    cells: list[tuple[str, int, int, int, int]],
) -> None:
    players = ("mix", "a", "b")

    def figure(changed: set[str]) -> Fraction:
        return sum(
            (
                Fraction((w2 if "mix" in changed else w1) * (v2 if stage in changed else v1))
                for stage, w1, w2, v1, v2 in cells
            ),
            Fraction(0),
        )

    expected = dict.fromkeys(players, Fraction(0))
    for order in permutations(players):
        for place, player in enumerate(order):
            expected[player] += figure({*order[: place + 1]}) - figure({*order[:place]})
    mix, stages = shapley((stage, Cell(w1, w1 * v1), Cell(w2, w2 * v2)) for stage, w1, w2, v1, v2 in cells)
    assert mix == pytest.approx(float(expected["mix"] / factorial(3)), abs=1e-9)
    for stage in "ab":
        assert stages.get(stage, 0.0) == pytest.approx(float(expected[stage] / factorial(3)), abs=1e-9)


def test_a_slower_stage_is_blamed_and_a_richer_mix_is_not(con: DuckDBPyConnection) -> None:
    quick = [item_of(key, 0, 0, [("a", 1), ("b", 2)], "completed") for key in range(4)]
    slow = [item_of(10 + key, 0, 100, [("a", 1), ("b", 12)], "completed") for key in range(8)]
    put(con, World([*quick, *slow]))
    before, after = (Question(at(200), Window(at(begin), at(begin + 50))) for begin in (0, 100))
    rows = compare(con, STREAM, "cycle_time", before, after).to_pylist()
    assert [row["contribution"] for row in rows] == pytest.approx([0, 0, 10, 0, 10])
    assert {(row["before_n"], row["after_n"]) for row in rows} == {(4, 8)}


def test_another_route_is_the_mix_and_no_stage_is_blamed_for_it(con: DuckDBPyConnection) -> None:
    short = [item_of(key, 0, 0, [("a", 2)], "completed") for key in range(4)]
    long = [item_of(10 + key, 0, 100, [("a", 2), ("b", 6)], "completed") for key in range(4)]
    put(con, World([*short, *long]))
    before, after = (Question(at(200), Window(at(begin), at(begin + 50))) for begin in (0, 100))
    rows = compare(con, STREAM, "cycle_time", before, after).to_pylist()
    assert [row["contribution"] for row in rows] == pytest.approx([6, 0, 0, 0, 6])


def test_two_segments_can_be_compared_as_two_windows_can(con: DuckDBPyConnection) -> None:
    put(con, World([item_of(key, key % 2, 0, [("a", 3 + 4 * (key % 2))], "failed") for key in range(10)]))
    sides = [Question(at(50), where=(("source", source),)) for source in ("main/default", "other/default")]
    whole = compare(con, STREAM, "time_in_state", *sides).to_pylist()[-1]
    assert (whole["before"], whole["after"], whole["unit"]) == (3, 7, "seconds")


def test_what_cannot_be_compared_is_refused(con: DuckDBPyConnection) -> None:
    put(con, World())
    one, other = Question(at(5)), Question(at(5), by=("source",))
    with pytest.raises(MetricError, match=r"compare knows no 'in_fligt'\. Did you mean in_flight"):
        compare(con, STREAM, "in_fligt", one, one)
    with pytest.raises(MetricError, match="must be split by the same segments"):
        compare(con, STREAM, "in_flight", one, other)
    with pytest.raises(MetricError, match="No stay left a stage on one side of the comparison"):
        compare(con, STREAM, "time_in_state", one, one)


def test_without_another_side_it_is_the_window_before_as_of_its_end(con: DuckDBPyConnection) -> None:
    put(con, World([item_of(key, 0, 3 * key, [("a", 10)], None) for key in range(10)]))
    asked = Question(at(20), Window(at(10), at(20)))
    rows = compare_sides(con, STREAM, asked).to_pylist()
    assert (rows[-1]["before"], rows[-1]["after"], rows[-1]["unit"]) == (4, 7, "items")
    with pytest.raises(MetricError, match="Before so long a window there is no other"):
        compare_sides(con, STREAM, Question(at(20), Window(datetime(1, 1, 1, tzinfo=UTC), at(20))))
