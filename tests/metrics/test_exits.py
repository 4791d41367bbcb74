"""Exits: a plain recount of Aalen and Johansen (lifelines' own cannot take ties)."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given
from hypothesis import strategies as st

from metrics import Question, Window
from metrics.exits import exits
from tests.metrics.counted_again import incidence, lives, survival
from tests.metrics.made_up import STAGES, STREAM, World, at, checked, item_of, put, warehouse_of_made_up, worlds

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
    found = exits(con, STREAM, Question(at(as_of), Window(at(begin), at(begin + length)))).to_pylist()
    told = {(row["stage"], row["exit_kind"]): row for row in found}
    expected = set()
    for stage, target in zip(STAGES, (3, 10, None), strict=True):
        seen = lives(world, stage, begin, begin + length, as_of)
        taken: dict[str, list[tuple[int, Fraction]]] = defaultdict(list)
        for age, life, share in incidence(seen):
            taken[life.way].append((age, share))
        still_inside = min(survival(seen).values(), default=Fraction(1))
        assert sum(share for way in taken.values() for _, share in way) + still_inside == 1
        for way, parts in taken.items():
            expected.add((stage, way))
            row = told[stage, way]
            whole = sum(share for _, share in parts)
            assert row["exits"] == len(parts)
            assert row["inside"] == sum(life.way == "inside" for life in seen)
            assert row["left_share"] == pytest.approx(float(whole), abs=1e-9)
            assert row["inside_share"] == pytest.approx(float(still_inside), abs=1e-9)
            for percent, needed in ((50, 2), (85, 7)):
                reached = first_reaching(parts, whole * percent / 100) if len(parts) >= needed else None
                assert row[f"p{percent}_seconds"] == reached
            if target is not None and (max(life.ended for life in seen) >= target or still_inside == 0):
                within = float(sum(share for age, share in parts if age <= target))
                assert row["within_target_share"] == pytest.approx(within, abs=1e-9)
            else:
                assert row["within_target_share"] is None
    assert set(told) == expected


def first_reaching(parts: list[tuple[int, Fraction]], wanted: Fraction) -> int:
    return next(age for age, _ in parts if sum(share for other, share in parts if other <= age) >= wanted)


def test_a_cancellation_is_an_exit_of_its_own_even_where_the_move_is_drawn(con: DuckDBPyConnection) -> None:
    quick = [item_of(key, 0, 0, [("c", 1)], "canceled") for key in range(3)]
    done = [item_of(key + 10, 0, 0, [("c", 9)], "completed") for key in range(6)]
    stuck = [item_of(key + 20, 0, 0, [("c", 0)], None) for key in range(3)]
    put(con, World([*quick, *done, *stuck]))
    completed, canceled = exits(con, STREAM, Question(at(30))).to_pylist()
    assert (completed["exit_kind"], completed["p50_seconds"], completed["thin"]) == (
        "completed",
        9,
        "6 exits: p85 needs 7",
    )
    assert (canceled["exit_kind"], canceled["p50_seconds"], canceled["thin"]) == ("canceled", 1, "3 exits: p85 needs 7")
    shares = [completed["left_share"], canceled["left_share"], canceled["inside_share"], completed["inside_share"]]
    assert shares == pytest.approx([0.5, 0.25, 0.25, 0.25], abs=1e-9)
