"""Aging: each open item against the stays it is compared with, counted again."""

import math
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

import pytest
from duckdb import DuckDBPyConnection
from hypothesis import given
from hypothesis import strategies as st

from metrics import Question
from metrics.aging import aging
from tests.metrics.counted_again import at_risk, incidence, lives, steps, survival
from tests.metrics.made_up import CLOSED, STREAM, World, at, checked, item_of, put, warehouse_of_made_up, working_stays

CHECKED = checked(40)
DAY = 86_400
PAST = 90 * DAY


@pytest.fixture(scope="module")
def con() -> Iterator[DuckDBPyConnection]:
    with warehouse_of_made_up() as opened:
        yield opened


@st.composite
def busy_worlds(draw: st.DrawFn) -> World:
    """Enough exits from a to be compared with, in steps of 8 hours, some long before the 90 days; and open items."""
    opened, length = (
        st.integers(0, 300).map(lambda step: step * 28_800),
        st.integers(0, 9).map(lambda step: step * 28_800),
    )
    after = st.sampled_from([[], [("b", 28_800)], [("c", 0)], [("a", 28_800)], [(CLOSED, 60), ("b", 60)]])
    items = []
    for key in range(draw(st.integers(18, 40))):
        ended = draw(st.sampled_from([None, "completed", "canceled", "lost"]))
        items.append(item_of(key, key % 2, draw(opened), [("a", draw(length)), *draw(after)], ended))
    return World(items, draw(st.sampled_from([(None, None), (300 * 28_800, None)])))


@CHECKED
@given(busy_worlds(), st.integers(250, 330))
def test_any_open_item_is_compared_as_a_count_by_hand_compares_it(
    con: DuckDBPyConnection, world: World, step: int
) -> None:
    put(con, world)
    as_of = step * 28_800 + 1  # no stay of no length is open then
    found = {row["item"]: row for row in aging(con, STREAM, Question(at(as_of))).to_pylist()}
    open_now = [
        (item, stay, world.until(item, as_of))
        for item, stay in working_stays(world.items)
        if stay.entered <= world.until(item, as_of) and (stay.left is None or stay.left > world.until(item, as_of))
    ]
    assert set(found) == {f"item-{item.key}" for item, _, _ in open_now}
    for item, stay, until in open_now:
        row = found[f"item-{item.key}"]
        seen = lives(world, stay.stage, as_of - PAST, as_of + 1, as_of)
        age = until - stay.entered
        assert (row["stage"], row["stay_seconds"], row["age_seconds"]) == (stay.stage, age, until - item.opened)
        assert row["exits"] == sum(life.is_exit for life in seen)
        if row["exits"] < 20:
            assert (row["older_than_share"], row["likely_next"]) == (None, None)
            assert row["thin"].endswith("in 90 days: needs 20")
            continue
        over = [left for other, left in survival(seen).items() if other <= age]
        assert row["older_than_share"] == pytest.approx(float(1 - (over[-1] if over else 1)), abs=1e-9)
        stays_on = math.prod(
            (
                1 - Fraction(len(leaving), at_risk(seen, other))
                for other, _, _, leaving in steps(seen)
                if age < other <= age + DAY
            ),
            start=Fraction(1),
        )
        assert row["leaves_in_a_day_at_least_share"] == pytest.approx(float(1 - stays_on), abs=1e-9)
        is_known = max(life.ended for life in seen) >= age + DAY or stays_on == 0
        assert row["leaves_in_a_day_share"] == (pytest.approx(float(1 - stays_on), abs=1e-9) if is_known else None)
        later: dict[str, Fraction] = defaultdict(Fraction)
        for other, life, share in incidence(seen):
            if other > age and share:
                later[life.way if life.next in (None, CLOSED) else str(life.next)] += share
        if not later:
            assert row["likely_next"] is None
            continue
        assert float(later[row["likely_next"]]) == pytest.approx(float(max(later.values())), abs=1e-9)
        share = float(max(later.values()) / sum(later.values()))
        assert row["likely_next_share"] == pytest.approx(share, abs=1e-9)


def test_narrowing_lists_fewer_items_and_compares_them_with_the_same_stays(con: DuckDBPyConnection) -> None:
    left = [item_of(key, 0, 0, [("a", key), ("b", 1)], "completed") for key in range(40)]
    still = [item_of(100 + key, key % 2, 0, [("a", 0)], None) for key in range(4)]
    put(con, World([*left, *still]))
    whole = aging(con, STREAM, Question(at(20))).to_pylist()
    narrowed = aging(con, STREAM, Question(at(20), where=(("source", "other/default"),), by=("source",))).to_pylist()
    assert [row["item"] for row in narrowed] == ["item-101", "item-103"]
    assert [row["source"] for row in narrowed] == ["other/default"] * 2
    by_item = {row["item"]: row for row in whole}
    assert [row["older_than_share"] for row in narrowed] == [
        by_item[row["item"]]["older_than_share"] for row in narrowed
    ]
    assert narrowed[0]["older_than_share"] == pytest.approx(21 / 44)
