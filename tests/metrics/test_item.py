"""What is told of one item, recounted from the rows it stands on, at instants by chance."""

from collections import Counter
from random import Random

import pytest

from metrics import MetricError, Question, item_history, item_runs, item_status, open_items
from tests.fixtures.histories import instant, run
from tests.fixtures.streams import put_in_force
from tests.fixtures.warehouses import SOURCE, write
from tests.metrics.test_recount import STREAM
from warehouse import register_source, rows

NAMED = "SELECT item_key FROM run_item JOIN run USING (run_key) WHERE $name IN (run.run_id, run.workflow_id)"
PARTS = {
    "stay": ("SELECT *, stage AS held FROM stay WHERE NOT is_overlapped", "entered_at", "left_at"),
    "wait": ("SELECT *, wait AS held FROM wait", "begun_at", "ended_at"),
    "step": ("SELECT * FROM step", "scheduled_at", "ended_at"),
    "attribute": ("SELECT * FROM item_attribute", "valid_from_at", "valid_to_at"),
}


@pytest.mark.parametrize("seed", range(4))
def test_open_and_ended_items_are_all_there_and_no_other(crowd, seed):
    con, random = crowd, Random(seed)
    asked = Question(instant(random.randint(-2, 40)))
    answer = item_status(con, STREAM, asked).to_pylist()
    known = rows(con, "SELECT * FROM item")

    assert Counter((row["workflow_id"], row["closed_at"], row["ended"]) for row in answer) == Counter(
        (item["workflow_id"], item["closed_at"], item["ended"])
        if over(item, asked.as_of)
        else (item["workflow_id"], None, None)
        for item in known
        if item["opened_at"] <= asked.as_of
    )
    stage = {row["run_id"]: row["stage"] for row in answer}
    for row in open_items(con, STREAM, asked).to_pylist():
        assert stage[row["run_id"]] == row["stage"]


def over(item, at):
    return item["closed_at"] is not None and item["closed_at"] <= at


@pytest.mark.parametrize("seed", range(4))
def test_a_history_is_every_row_of_the_item_that_had_begun(crowd, seed):
    con, random = crowd, Random(seed)
    at = instant(random.randint(0, 40))
    opened = {item["item_key"]: item["opened_at"] for item in rows(con, "SELECT * FROM item")}
    for item in rows(con, "SELECT * FROM item ORDER BY item_key LIMIT 3"):
        # the run id of a first run is its workflow's id here, which other items may share
        keys = {row["item_key"] for row in rows(con, NAMED, name=item["run_id"])}
        asked = Question(at, where=(("item", item["run_id"]),))
        answer = item_history(con, STREAM, asked).to_pylist()
        for part, (sql, begun, ended) in PARTS.items():
            counted = Counter(
                (row[begun], row[ended] if row[ended] and row[ended] <= at else None)
                for row in rows(con, sql)
                if row["item_key"] in keys
                and opened[row["item_key"]] <= at
                and row[begun] <= at
                and is_known(row, ended, at)
            )
            told = Counter((row["begun_at"], row["ended_at"]) for row in answer if row["part"] == part)
            assert told == counted, part


def is_known(row, ended, at):
    """That a closed item waits to be reopened is known once it is."""
    return row.get("held") not in ("(closed)", "closed") or (row[ended] and row[ended] <= at)


def test_the_runs_are_those_that_the_item_is_made_of(crowd):
    con = crowd
    answer = item_runs(con, STREAM, Question(instant(1000))).to_pylist()

    assert Counter(row["run_id"] for row in answer if row["relation"] != "parent") == Counter(
        row["run_id"] for row in rows(con, "SELECT run.run_id FROM run_item JOIN run USING (run_key)")
    )


def test_an_item_is_found_by_the_run_of_its_child_too(con):
    story, child = run("parent"), run("child", 1, workflow_type="Errand")
    story.turn(1).child(child)
    prepare(con, story, child)

    for name in ("parent", "child"):
        assert [row["run_id"] for row in asked(con, item_status, name)] == ["parent"]
    assert asked(con, item_status, "nobody") == []
    assert {row["run_id"]: row["relation"] for row in asked(con, item_runs, "child")} == {
        "parent": "first",
        "child": "child",
    }


def test_what_ended_after_the_instant_still_goes_on(con):
    story = run("one").turn(1)
    step = story.activity("review")
    story.ran(step, 30, 20)
    prepare(con, story)

    (row,) = [row for row in asked(con, item_history, "one", at=25) if row["part"] == "step"]
    assert (row["state"], row["started_at"], row["ended_at"], row["seconds"]) == ("pending", instant(20), None, 24.0)
    (row,) = [row for row in asked(con, item_history, "one", at=31) if row["part"] == "step"]
    assert (row["state"], row["ended_at"], row["seconds"]) == ("completed", instant(30), 29.0)


def test_a_message_that_a_reset_copied_is_told_once(con):
    story = run("first")
    story.signal("nod", 2, identity="ann")
    story.turn(3)
    again = story.reset("second", story.last, 10)
    prepare(con, story, again)

    (row,) = [row for row in asked(con, item_history, "first") if row["part"] == "message"]
    assert (row["name"], row["actor"], row["begun_at"]) == ("nod", "ann", instant(2))
    hidden = Question(instant(1000), where=(("item", "first"),), hide_persons=True)
    (row,) = [row for row in item_history(con, STREAM, hidden).to_pylist() if row["part"] == "message"]
    assert row["actor"] == "(hidden)"


def test_questions_about_more_than_an_item_are_refused(con):
    for question, words in (
        (Question(instant(0), by=("stage",)), "leave --by out"),
        (Question(instant(0), where=(("stage", "intake"),)), "by item alone"),
        (Question(instant(0), where=(("item", "a"), ("item", "b"))), "one item at a time"),
    ):
        with pytest.raises(MetricError, match=words):
            item_history(con, STREAM, question)


def asked(con, metric, name, at=1000):
    return metric(con, STREAM, Question(instant(at), where=(("item", name),))).to_pylist()


def prepare(con, *stories):
    register_source(con, SOURCE, "temporal")
    put_in_force(con, STREAM)
    write(con, *stories)
