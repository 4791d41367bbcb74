"""What items wait for: now, and over a window, recounted from the rows they stand on."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from metrics import MetricError, Question, Window, in_flight, open_items, time_in_state, wait_split, waits
from tests.fixtures.histories import instant
from tests.metrics.test_recount import STREAM
from warehouse import rows

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("seed", range(4))
def test_every_open_item_is_in_one_cell_of_stage_and_wait(crowd, seed):
    con, random = crowd, Random(seed)
    asked = Question(instant(random.randint(0, 20)))
    answer = waits(con, STREAM, asked).to_pylist()

    items = open_items(con, STREAM, asked).to_pylist()
    assert {(row["stage"], row["wait"]): row["items"] for row in answer} == Counter(
        (item["stage"], item["wait"]) for item in items
    )
    for row in answer:
        held = [item for item in items if (item["stage"], item["wait"]) == (row["stage"], row["wait"])]
        assert row["oldest_seconds"] == max((asked.as_of - item["wait_since_at"]) / SECOND for item in held)
    assert sum(row["items"] for row in answer) == sum(in_flight(con, STREAM, asked).column("items").to_pylist())


@pytest.mark.parametrize("seed", range(4))
def test_the_time_of_each_stage_is_split_whole(crowd, seed):
    con, random = crowd, Random(seed)
    window = Window(instant(random.randint(0, 10)), instant(random.randint(11, 40)))
    asked = Question(instant(random.randint(12, 50)), window)
    until = min(window.to_at, asked.as_of)
    stage = {(row["item_key"], row["stay_index"]): row["stage"] for row in rows(con, "SELECT * FROM stay")}
    counted = Counter()
    for wait in rows(con, "SELECT * FROM wait"):
        spent = min(wait["ended_at"] or until, until) - max(wait["begun_at"], window.from_at)
        if spent > timedelta() and wait["wait"] != "closed":
            counted[stage[wait["item_key"], wait["stay_index"]], wait["wait"]] += spent / SECOND

    answer = wait_split(con, STREAM, asked).to_pylist()

    assert {(row["stage"], row["wait"]): row["seconds"] for row in answer} == pytest.approx(dict(counted))
    shares = Counter()
    for row in answer:
        shares[row["stage"]] += row["share"]
    assert all(share == pytest.approx(1) for share in shares.values())
    whole = {row["stage"]: row["total_seconds"] for row in time_in_state(con, STREAM, asked).to_pylist()}
    assert {row["stage"]: row["stage_seconds"] for row in answer} == pytest.approx(
        {name: seconds for name, seconds in whole.items() if seconds}
    )


def test_waits_are_split_by_what_the_stream_has_and_by_nothing_else(con):
    asked = Question(instant(5), Window(instant(0), instant(5)), by=("colour",))
    for metric in (waits, wait_split):
        with pytest.raises(MetricError, match="No segment 'colour' in stream claim"):
            metric(con, STREAM, asked)
