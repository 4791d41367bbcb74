"""Time in stage: counted again in exact fractions, by lifelines, and against a known truth."""

import random
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrics import MetricError, Question, Window, time_in_state
from tests.metrics.made_up import (
    STAGES,
    STREAM,
    Item,
    Stay,
    World,
    at,
    item_of,
    put,
    warehouse_of_made_up,
    working_stays,
    worlds,
)

CHECKED = settings(max_examples=120, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
NEEDED = {50: 2, 85: 7, 95: 20}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def con() -> Iterator[DuckDBPyConnection]:
    with warehouse_of_made_up() as opened:
        yield opened


def ask(con: DuckDBPyConnection, question: Question) -> list[Row]:
    rows: list[Row] = time_in_state(con, STREAM, question).to_pylist()
    return rows


# --- the same, counted by hand


def lives(world: World, stage: str, begin: int, end: int, as_of: int) -> list[tuple[int, int, str]]:
    """(age when first seen, age when last seen, exit | lost | inside) of each stay, for the window [begin, end)."""
    found = []
    for item, stay in working_stays(world.items):
        until = min(end, world.until(item, as_of))
        last = min(end - 1, world.until(item, as_of))  # whole seconds: the last one inside the window
        if stay.stage != stage or stay.entered > last or until <= begin:
            continue
        is_over = stay.left is not None and stay.left <= last
        if is_over and stay.left <= begin:
            continue
        how = ("lost" if stay.exit_kind == "lost" else "exit") if is_over else "inside"
        found.append((max(begin - stay.entered, 0), (stay.left if is_over else until) - stay.entered, how))
    return found


def survival(seen: list[tuple[int, int, str]]) -> dict[int, Fraction]:
    """Kaplan-Meier, exit time by exit time."""
    curve, left = {}, Fraction(1)
    for age in sorted({ended for _, ended, how in seen if how == "exit"}):
        at_risk = sum(1 for begun, ended, _ in seen if (begun < age or begun == age == 0) and age <= ended)
        exits = sum(1 for _, ended, how in seen if how == "exit" and ended == age)
        left *= 1 - Fraction(exits, at_risk)
        curve[age] = left
    return curve


def percentile(curve: dict[int, Fraction], percent: int) -> int | None:
    return next((age for age, left in curve.items() if left <= 1 - Fraction(percent, 100)), None)


def counted_again(seen: list[tuple[int, int, str]], target: int | None) -> Row:
    curve = survival(seen)
    exits = sorted(ended for _, ended, how in seen if how == "exit")
    row: Row = {how: sum(1 for life in seen if life[2] == word) for how, word in
                (("exits", "exit"), ("inside", "inside"), ("lost", "lost"))}
    for percent, needed in NEEDED.items():
        told = len(exits) >= needed
        row[f"p{percent}_seconds"] = percentile(curve, percent) if told else None
        row[f"completed_p{percent}_seconds"] = exits[-(-len(exits) * percent // 100) - 1] if told else None
    row["total_seconds"] = sum(ended - begun for begun, ended, _ in seen) if seen else None
    left = [share for age, share in curve.items() if target is not None and age <= target]
    is_known = target is not None and seen and (
        max(ended for _, ended, _ in seen) >= target or min(curve.values(), default=1) == 0
    )
    row["within_target_share"] = float(1 - (left[-1] if left else 1)) if is_known else None
    high = [f"p{percent}" for percent in NEEDED if percentile(curve, percent) is None]
    row["not_reached"] = ", ".join(high) or None if seen else None
    return row


def agrees(row: Row, expected: Row) -> None:
    for name, value in expected.items():
        assert row[name] == (pytest.approx(value, abs=1e-9) if isinstance(value, int | float) else value), name


@CHECKED
@given(worlds(), st.integers(0, 30), st.integers(1, 30), st.integers(1, 45))
def test_any_small_history_gives_what_a_count_by_hand_gives(
    con: DuckDBPyConnection, world: World, begin: int, length: int, as_of: int
) -> None:
    put(con, world)
    as_of = max(as_of, begin + 1)
    found = ask(con, Question(at(as_of), Window(at(begin), at(begin + length))))
    assert [row["stage"] for row in found] == list(STAGES)
    for row, target in zip(found, (3, 10, None), strict=True):
        agrees(row, counted_again(lives(world, row["stage"], begin, begin + length, as_of), target))
