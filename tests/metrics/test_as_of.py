"""What a metric says of an instant does not depend on what came later."""

from dataclasses import replace
from random import Random

from metrics import Question, Window, decisions, drift, first_pass_yield, rework, waits
from tests.fixtures.chance import by_chance, tell
from tests.fixtures.histories import batch, instant
from tests.fixtures.streams import full_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, deliver, empty
from tests.metrics.test_recount import until
from warehouse import register_source, rows

STREAM = full_stream()
# What later answers of the same asking add is known now, whenever it came.
KNOWN_NOW = {"confirms", "conflicts", "off_list", "run_id"}


def answers(warehouse, stories, events, asked):
    empty(warehouse)
    con = warehouse.cursor()
    register_source(con, SOURCE, "temporal")
    put_in_force(con, STREAM)
    deliver(con, batch(*stories, events=events))
    told = {metric.name: metric(con, STREAM, asked).to_pylist() for metric in (waits, drift, rework, first_pass_yield)}
    # what a run waits for shows only when it moves on: the other decision is asked by waiting
    ledger = decisions(con, STREAM, replace(asked, where=(("decision", "decide"),))).to_pylist()
    # of an item that is reopened later, the move to its end is not a move to an end stage any more
    if rows(con, "SELECT 1 FROM item WHERE is_reopened"):
        del told["drift"]
    told["decisions"] = [{name: row[name] for name in row.keys() - KNOWN_NOW} for row in ledger]
    con.close()
    return told


@by_chance(6)
def test_an_answer_for_an_instant_does_not_depend_on_what_came_later(warehouse, seed):
    random = Random(seed)
    at = instant(random.randint(5, 20))
    asked = Question(at, Window(instant(2), instant(40)))
    # whether a cron's failed run goes on is known only when its successor is
    stories = [story for story in tell(random) if story.row["cron_schedule"] is None]
    whole = answers(warehouse, stories, None, asked)

    known = [story for story in stories if story.row["started_at"] <= at]
    for story in known:
        story.row["observed_until_at"] = seen if (seen := story.row["observed_until_at"]) and seen <= at else None
    events = {(story.run_id, event["event_id"]) for story in known for event in story.events[: until(story, at)]}

    before = answers(warehouse, known, events, asked)
    assert {name: before[name] for name in whole} == whole
