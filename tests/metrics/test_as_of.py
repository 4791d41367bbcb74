"""What a metric says of an instant does not depend on what came later: every metric, asked of one history."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

import metrics
from metrics import Metric, Question, Window
from tests.fixtures.histories import instant
from tests.fixtures.warehouses import empty
from tests.metrics.past import STREAM, Past, a_past, rounded
from warehouse import Warehouse, open_warehouse

Row = dict[str, Any]
# What is known now, whatever the instant, and documented so: the newest run, what is held of a source, and answers that
# came after the first. How often a step was tried is written when it ends.
KNOWN_NOW = {
    "item_status": {"run_id"},
    "decisions": {"run_id", "confirms", "conflicts", "off_list"},
    "decision_summary": {"conflicts", "off_list"},
    "open_items": {"run_id"},
    "aging": {"run_id"},
    "stuck": {"run_id", "root_run_id"},
    "source_health": {"runs", "events"},
    "item_history": {"attempts"},
    "item_runs": {"history_length"},
}
SECONDS = (4, 8, 12, 19, 27)
REOPENED_LATER = """
SELECT count(*)
FROM stay AS ending
JOIN rule_stage ON rule_stage.stage = ending.stage AND rule_stage.is_end
JOIN stay AS shut
    ON shut.item_key = ending.item_key AND shut.stage = ending.next_stage AND shut.entered_at = ending.left_at
WHERE shut.stage = '(closed)' AND shut.entered_at <= $at AND shut.left_at > $at
"""
# Whether an activity was still queued shows when it has begun, or ended without.
AT_WORK = ("step queued", "step running", "step retrying", "step open")


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[DuckDBPyConnection, Past]]:
    """A history by chance, and a warehouse that holds all of it."""
    opened = open_warehouse(None)
    con = opened.cursor()
    yield con, a_past(Random(10), con, 50)
    con.close()
    opened.close()


def test_at_two_of_the_instants_an_item_is_at_an_end_that_a_reset_undoes_later(
    whole: tuple[DuckDBPyConnection, Past],
) -> None:
    con, _ = whole
    ended = [
        seconds
        for seconds in SECONDS
        if con.execute(REOPENED_LATER, {"at": instant(seconds + 0.25)}).fetchall() != [(0,)]
    ]
    assert ended == [4, 12]


@pytest.mark.parametrize("seconds", SECONDS)
def test_an_answer_for_an_instant_does_not_depend_on_what_came_later(
    whole: tuple[DuckDBPyConnection, Past], warehouse: Warehouse, seconds: int
) -> None:
    con, past = whole
    # an instant that no event has, so that no worker turn is torn
    asked = Question(instant(seconds + 0.25), Window(instant(2), instant(40)))
    empty(warehouse)
    then = warehouse.cursor()
    past.put(then, asked.as_of)

    told = {metric.name: answer(metric, con, asked) for metric in metrics.ALL}
    known = {metric.name: answer(metric, then, asked) for metric in metrics.ALL}

    assert {name: rows for name, rows in told.items() if rows != known[name]} == {
        name: rows for name, rows in known.items() if rows != told[name]
    }
    assert sum(1 for rows in told.values() if rows) > 35
    then.close()


def answer(metric: Metric, con: DuckDBPyConnection, asked: Question) -> list[Row]:
    """The rows without what is known now."""
    if metric.name == "compare":
        asked = replace(asked, of="in_flight")
    hidden = KNOWN_NOW.get(metric.name, set())
    found = metric(con, STREAM, asked).to_pylist()
    rows = [{name: rounded(value) for name, value in row.items() if name not in hidden} for row in found]
    if metric.name == "wait_split":
        return at_work(rows)
    if metric.name == "item_history":
        return sorted(({**row, "name": named(row["name"])} for row in rows), key=str)
    return rows


def at_work(rows: list[Row]) -> list[Row]:
    seconds: Counter[tuple[str, str]] = Counter()
    for row in rows:
        seconds[row["stage"], named(row["wait"])] += row["seconds"]
    return [{"stage": stage, "wait": wait, "seconds": spent} for (stage, wait), spent in sorted(seconds.items())]


def named(wait: str) -> str:
    return "step open" if wait in AT_WORK else wait
