"""How sources are doing, and the database rows of items, counted again in plain Python."""

import json
from collections import defaultdict
from datetime import timedelta
from random import Random
from typing import Any

from duckdb import DuckDBPyConnection
from hypothesis import given
from hypothesis import strategies as st

from metrics import Question, find
from tests.fixtures.chance import chains_of, rows_of
from tests.fixtures.histories import batch, instant
from tests.fixtures.streams import put_in_force
from tests.fixtures.warehouses import SOURCE, deliver
from tests.metrics.made_up import checked
from tests.metrics.past import STREAM
from warehouse import Batch, Round, execute, finish_round, register_source, rows

ITEM_ROWS, SOURCE_HEALTH = find("item_rows"), find("source_health")
Row = dict[str, Any]


def test_the_rows_of_items_are_their_versions_in_order_of_sight(con: DuckDBPyConnection) -> None:
    random = Random(4)
    register_source(con, "crm", "database")
    put_in_force(con, STREAM)
    stories = chains_of(random, 25)
    versions = rows_of(random, stories)
    deliver(con, batch(*stories))
    deliver(con, Batch(row_versions=versions), source="crm")
    items = rows(con, "SELECT workflow_id, min(opened_at) AS opened_at FROM item GROUP BY workflow_id")
    opened = {item["workflow_id"]: item["opened_at"] for item in items}
    for seconds in (49, 50, 51, 60):
        at, told = instant(seconds), defaultdict(list)
        for row in versions.to_pylist():
            [workflow_id] = json.loads(row["row_id"])
            if row["seen_at"] <= at and workflow_id in opened and opened[workflow_id] <= at:
                told[workflow_id].append(row["content"])

        found: dict[str, list[Row]] = defaultdict(list)
        for row in ITEM_ROWS(con, STREAM, Question(at)).to_pylist():
            found[row["item"]].append(row)

        assert {item: [row["content"] for row in held] for item, held in found.items()} == told
        for item, held in found.items():
            assert [row["version"] for row in held] == list(range(1, len(held) + 1))
            assert [row["before"] for row in held] == [None, *told[item][:-1]]
            one = ITEM_ROWS(con, STREAM, Question(at, where=(("item", item),))).to_pylist()
            assert one == held


a_round = st.tuples(
    st.integers(0, 50),
    st.integers(0, 9),
    st.integers(0, 3),
    st.sampled_from([None, 0, 4]),
    st.sampled_from([None, "x"]),
)


@checked(12)
@given(st.lists(a_round, max_size=6), st.integers(0, 60))
def test_the_rounds_of_a_source_up_to_the_instant_add_up(
    con: DuckDBPyConnection, made: list[tuple[int, int, int, int | None, str | None]], seconds: int
) -> None:
    execute(con, "DELETE FROM sync_round")
    for ended, requests, throttled, open_there, error in sorted(made, key=lambda each: each[0]):
        at = instant(ended)
        counts = {"requests": requests, "throttled": throttled, "open_there": open_there}
        finish_round(con, SOURCE, Round(at - timedelta(seconds=1), at, is_complete=False, error=error, **counts))
    seen = [each for each in sorted(made, key=lambda each: each[0]) if each[0] <= seconds]
    failed = [each for each in seen if each[4]]

    [row] = SOURCE_HEALTH(con, STREAM, Question(instant(seconds))).to_pylist()

    assert (row["rounds"], row["requests"], row["throttled"]) == (
        len(seen),
        sum(each[1] for each in seen),
        sum(each[2] for each in seen),
    )
    assert row["requests_last_round"] == (seen[-1][1] if seen else None)
    assert row["open_there"] == next((each[3] for each in reversed(seen) if each[3] is not None), None)
    equal = [each[0] for each in seen if each[3] == 0]  # No run is kept here.
    assert row["equal_at"] == (instant(equal[-1]) if equal else None)
    assert row["last_error_at"] == (instant(failed[-1][0]) if failed else None)
    assert (row["as_of_at"], row["behind_seconds"]) == (None, None) or row["behind_seconds"] >= 0
