"""Time in stage: counted again in exact fractions, by lifelines, and against a known truth."""

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given
from hypothesis import strategies as st

from metrics import MetricError, Question, Window, time_in_state
from tests.metrics.counted_again import NEEDED, Life, figures, lives, survival
from tests.metrics.made_up import (
    STAGES,
    STREAM,
    Item,
    World,
    at,
    checked,
    item_of,
    put,
    warehouse_of_made_up,
    worlds,
)

CHECKED = checked(50)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def con() -> Iterator[DuckDBPyConnection]:
    with warehouse_of_made_up() as opened:
        yield opened


def ask(con: DuckDBPyConnection, question: Question) -> list[Row]:
    rows: list[Row] = time_in_state(con, STREAM, question).to_pylist()
    return rows


# --- the same, counted by hand


def told(seen: list[Life], target: int | None) -> Row:
    """The row that the metric owes for these lives."""
    curve = survival(seen)
    left = [share for age, share in curve.items() if target is not None and age <= target]
    is_watched = bool(seen) and (
        max(life.ended for life in seen) >= (target or 0) or min(curve.values(), default=1) == 0
    )
    share = float(1 - (left[-1] if left else 1)) if target is not None and is_watched else None
    return {**figures(seen), "within_target_share": share}


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
        agrees(row, told(lives(world, row["stage"], begin, begin + length, as_of), target))


@CHECKED
@given(st.lists(st.integers(0, 40), min_size=20, max_size=120))
def test_without_open_stays_every_percentile_is_the_one_of_finished_stays(
    con: DuckDBPyConnection, lengths: list[int]
) -> None:
    put(con, World([item_of(key, 0, 0, [("a", length)], "completed") for key, length in enumerate(lengths)]))
    row = ask(con, Question(at(100)))[0]
    for percent in NEEDED:
        assert row[f"p{percent}_seconds"] == row[f"completed_p{percent}_seconds"]
        assert row[f"completed_p{percent}_seconds"] == sorted(lengths)[-(-len(lengths) * percent // 100) - 1]


# --- the same, by lifelines


@pytest.mark.parametrize("seed", range(25))
def test_lifelines_draws_the_same_curve_and_limits(con: DuckDBPyConnection, seed: int) -> None:
    from lifelines import KaplanMeierFitter

    chance = random.Random(seed)
    window = Window(at(100), at(140))
    items = [begun_before_or_in(window, chance, key) for key in range(chance.randint(80, 160))]
    put(con, World(items))
    # lifelines leaves out whoever is first and last seen at one age, and cannot take lives of no length
    seen = [life for life in lives(World(items), "b", 100, 140, 140) if life.begun < life.ended]
    entries, durations, is_exit = zip(*((life.begun, life.ended, life.is_exit) for life in seen), strict=True)
    fitted = KaplanMeierFitter().fit(durations, is_exit, entry=entries)
    curve = fitted.survival_function_["KM_estimate"]
    row = ask(con, Question(at(140), window))[1]
    assert row["exits"] >= 20
    assert row["within_target_share"] == pytest.approx(1 - float(fitted.predict(10)), abs=1e-9)
    for percent in NEEDED:
        assert row[f"p{percent}_seconds"] == first_below(curve, percent)
        if row[f"p{percent}_seconds"] is None:
            continue
        lower, upper = (fitted.confidence_interval_[name] for name in fitted.confidence_interval_.columns)
        assert row[f"p{percent}_low_seconds"] == first_below(lower, percent)
        # where nobody is left lifelines says 0; there is no upper limit then
        assert row[f"p{percent}_high_seconds"] == first_below(upper[curve > 1e-12], percent)


def begun_before_or_in(window: Window, chance: random.Random, key: int) -> Item:
    opened = chance.randint(80, 139)
    length = 1 + min(int(chance.expovariate(1 / 12)), 100)
    ended = chance.choice(["completed", "failed", "canceled", "lost", None])
    # an item that never ended is seen by its last stay; a lost one until it was lost
    return item_of(key, 0, opened, [("b", length)] if chance.random() < 0.8 else [("b", length), ("c", 1)], ended)


def first_below(curve: Any, percent: int) -> float | None:
    below = curve[curve <= 1 - percent / 100 + 1e-12]
    return float(below.index[0]) if len(below) else None


def test_the_share_within_target_is_the_curve_of_lifelines_at_every_age(con: DuckDBPyConnection) -> None:
    from lifelines import KaplanMeierFitter

    chance = random.Random(5)
    items = [begun_before_or_in(Window(at(100), at(140)), chance, key) for key in range(400)]
    put(con, World(items))
    seen = [life for life in lives(World(items), "b", 100, 140, 140) if life.begun < life.ended]
    entries, durations, is_exit = zip(*((life.begun, life.ended, life.is_exit) for life in seen), strict=True)
    fitted = KaplanMeierFitter().fit(durations, is_exit, entry=entries)
    for age in range(1, 30):
        stages = [stage.model_copy(update={"target": age * 1_000_000}) for stage in STREAM.stages]
        con.execute("UPDATE rule_stage SET target_micros = ? WHERE stage = 'b'", [age * 1_000_000]).fetchall()
        told = STREAM.model_copy(update={"stages": tuple(stages)})
        row = time_in_state(con, told, Question(at(140), Window(at(100), at(140)))).to_pylist()[1]
        assert row["within_target_share"] == pytest.approx(1 - float(fitted.predict(age)), abs=1e-9)
    con.execute("UPDATE rule_stage SET target_micros = 10000000 WHERE stage = 'b'").fetchall()


# --- the truth, where it is known


def test_with_two_fifths_still_open_the_median_is_right_and_the_completed_only_one_is_not(
    con: DuckDBPyConnection,
) -> None:
    chance = random.Random(11)
    true_median = 1000.0
    items = []
    for key in range(6000):
        # each is watched for its own time: 40 of 100 are still inside when it ends
        length, watched = (chance.expovariate(0.6931471805599453 / true_median * weight) for weight in (1.0, 2 / 3))
        opened = 100_000 - round(watched)
        ended = "completed" if length <= watched else None
        items.append(item_of(key, 0, opened, [("a", round(length))], ended))
    put(con, World(items))
    row = ask(con, Question(at(100_000)))[0]
    assert row["inside"] / (row["inside"] + row["exits"]) == pytest.approx(0.4, abs=0.02)
    assert row["p50_seconds"] == pytest.approx(true_median, rel=0.05)
    assert row["p50_low_seconds"] < true_median < row["p50_high_seconds"]
    assert row["completed_p50_seconds"] < 0.75 * true_median


# --- what is said, and what is refused


def test_a_jammed_stage_says_not_reached_and_a_quiet_one_says_too_few(con: DuckDBPyConnection) -> None:
    jammed = [item_of(key, 0, 0, [("a", 0)], None) for key in range(30)]
    left = [item_of(100 + key, 0, 0, [("a", 2), ("b", 3)], "failed") for key in range(6)]
    put(con, World([*jammed, *left]))
    first, second, third = ask(con, Question(at(50)))
    assert (first["exits"], first["inside"], first["p50_seconds"]) == (6, 30, None)
    assert (first["not_reached"], first["thin"]) == ("p50, p85, p95", None)
    assert first["within_target_share"] == pytest.approx(6 / 36)
    assert (second["p50_seconds"], second["p85_seconds"], second["completed_p85_seconds"]) == (3, None, None)
    assert second["thin"] == "6 exits: p85 needs 7, p95 needs 20"
    assert (third["exits"], third["p50_seconds"], third["not_reached"]) == (0, None, None)
    assert third["thin"] == "none was there in the window"


def test_segments_and_filters_add_up_to_the_whole(con: DuckDBPyConnection) -> None:
    regions = [((0, "north"),), ((0, "south"),), ()]
    items = [
        replace(item_of(key, key % 2, 0, [("a", key % 7)], "completed"), regions=regions[key % 3]) for key in range(60)
    ]
    put(con, World(items))
    [whole] = ask(con, Question(at(50), where=(("stage", "a"),)))
    parts = ask(con, Question(at(50), where=(("lane", "left"),), by=("Region", "source")))
    assert [row["Region"] for row in parts] == ["(none)", "(none)", "north", "north", "south", "south"]
    assert sum(row["exits"] for row in parts) == whole["exits"] == 60
    assert sum(row["total_seconds"] for row in parts) == whole["total_seconds"]
    [north] = ask(con, Question(at(50), where=(("Region", "north"), ("source", "main/default"))))[:1]
    assert north["exits"] == 10


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (Question(at(5), by=("colour",)), "No segment 'colour' in stream made-up. There are: stage, lane, type"),
        (Question(at(5), by=("wait",)), "This metric cannot be split or narrowed by wait"),
        (Question(at(5), where=(("stage", "aa"),)), "No stage 'aa' in stream made-up. Did you mean a?"),
        (Question(at(5), where=(("lane", "middle"),)), "No lane 'middle' in stream made-up."),
        (Question(at(5), Window(at(6), at(7))), "The window begins (2026-03-02 00:00:06Z) when the as-of instant"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_sentence(
    con: DuckDBPyConnection, question: Question, says: str
) -> None:
    with pytest.raises(MetricError, match="^" + re.escape(says)):
        time_in_state(con, STREAM, question)
