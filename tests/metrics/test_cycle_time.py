"""Cycle time: counted again in exact fractions."""

from collections.abc import Iterator

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given
from hypothesis import strategies as st

from metrics import MetricError, Question, Window
from metrics.cycle_time import cycle_time
from metrics.littles_law import littles_law
from tests.metrics.counted_again import figures, item_lives
from tests.metrics.made_up import CLOSED, STREAM, World, at, checked, item_of, put, warehouse_of_made_up, worlds

CHECKED = checked(50)


@pytest.fixture(scope="module")
def con() -> Iterator[DuckDBPyConnection]:
    with warehouse_of_made_up() as opened:
        yield opened


@CHECKED
@given(worlds(), st.integers(0, 20), st.integers(1, 30), st.integers(1, 45))
def test_any_small_history_gives_what_a_count_by_hand_gives(
    con: DuckDBPyConnection, world: World, begin: int, length: int, as_of: int
) -> None:
    put(con, world)
    as_of = max(as_of, begin + 1)
    [row] = cycle_time(con, STREAM, Question(at(as_of), Window(at(begin), at(begin + length)))).to_pylist()
    for name, value in figures(item_lives(world, begin, begin + length, as_of)).items():
        assert row[name] == value, name


def test_the_time_in_which_a_closed_item_waited_to_be_reopened_is_left_out(con: DuckDBPyConnection) -> None:
    again = [item_of(key, 0, 0, [("a", 4), (CLOSED, 10), ("b", 3)], "completed") for key in range(2)]
    put(con, World(again))
    assert cycle_time(con, STREAM, Question(at(30))).to_pylist()[0]["p50_seconds"] == 7
    # between close and reset it had ended, after 4 seconds
    assert cycle_time(con, STREAM, Question(at(8))).to_pylist()[0]["p50_seconds"] == 4


@pytest.mark.parametrize("metric", [cycle_time, littles_law])
def test_standing_items_have_no_cycle_time(con: DuckDBPyConnection, metric: object) -> None:
    standing = STREAM.model_copy(update={"item": STREAM.item.model_copy(update={"standing": True})})
    with pytest.raises(MetricError, match="standing: they never end by design"):
        metric(con, standing, Question(at(30)))  # type: ignore[operator]
