"""What is stuck, recounted in plain Python from the rows it stands on, on histories and samples by chance."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from metrics import Question, Window, causes, open_items, stuck, time_in_state
from metrics.usual_stay import usual_stays
from tests.fixtures.chance import by_chance, chains_of
from tests.fixtures.histories import instant
from tests.fixtures.samples import polled, sampled, samples
from tests.fixtures.warehouses import deliver
from tests.metrics.test_recount import LIMITS, STREAM, prepared
from warehouse import rows

STATES = ("scheduled", "started", "paused")
COUNTED = {"paused", "no worker", "worker turn failing", "step retrying", "stage overdue"}


def told(random, stories, at):
    """A sample of each activity that was ever scheduled, and of both queues."""
    found = [
        polled("claims", at, random.randint(0, 1), kind="workflow"),
        polled("activities", at, random.randint(0, 1)),
    ]
    for story in stories:
        for event in story.events:
            if event["type"] == 10 and random.random() < 0.8:
                attempt, state = random.randint(1, 4), random.choice(STATES)
                failed = at - random.choice((5, 61)) if attempt > 1 else None
                found.append(
                    sampled(story, at, reference=event["reference"], attempt=attempt, state=state, last_ended_at=failed)
                )
    return found


def recounted(con, at):
    """(item, rule) of the rules that can be told from what is pending now."""
    held = set()
    pollers = {(row["task_queue"], row["kind"]): row["pollers"] for row in rows(con, "SELECT * FROM task_queue")}
    sample = {(row["run_key"], row["reference"]): row for row in rows(con, "SELECT * FROM pending")}
    runs = {row["run_key"]: row for row in rows(con, "SELECT * FROM run")}
    for item in open_items(con, STREAM, Question(at)).to_pylist():
        [key] = [row["item_key"] for row in rows(con, "SELECT * FROM item") if row["run_id"] == item["run_id"]]
        limit = LIMITS.get(item["stage"], (None, None))[1]
        if limit is not None and at - item["entered_at"] > timedelta(seconds=limit):
            held.add((key, "stage overdue"))
        for work in rows(con, "SELECT * FROM pending_work"):
            run = runs[work["run_key"]]
            is_open = run["closed_at"] is None or run["closed_at"] > at
            lost = run["observed_until_at"]
            is_now = work["opened_at"] <= at and (work["settled_at"] is None or work["settled_at"] > at)
            if work["item_key"] == key and is_now and is_open and run["started_at"] <= at and not (lost and lost <= at):
                seen = sample.get((work["run_key"], work["reference"]))
                held |= {(key, rule) for rule in rules_of(work, seen, pollers, at)}
    return held


def rules_of(work, sample, pollers, at):
    waited = at - work["opened_at"] >= timedelta(seconds=20)
    if work["kind"] == "paused":
        yield "paused"
    if work["kind"] == "worker turn failing":
        yield "worker turn failing"
    if work["kind"] in ("worker turn", "worker turn failing") and not pollers["claims", "workflow"] and waited:
        yield "no worker"
    if work["kind"] == "activity" and sample:
        ended = sample["last_ended_at"]
        if sample["state"] == "paused":
            yield "paused"
        elif sample["attempt"] >= 3 or (sample["attempt"] == 2 and at - ended >= timedelta(seconds=60)):
            yield "step retrying"
        since = ended if ended and ended > work["opened_at"] and sample["attempt"] > 1 else work["opened_at"]
        is_late = at - max(since, work["opened_at"]) >= timedelta(seconds=20)
        if sample["state"] == "scheduled" and not pollers["activities", "activity"] and is_late:
            yield "no worker"


@by_chance(3)
def test_what_is_stuck_is_what_the_rows_say(warehouse, seed):
    random = Random(seed)
    stories = chains_of(random, 15)
    at = random.choice((60, 90, 200))
    con = prepared(warehouse, stories)
    deliver(con, samples(*told(random, stories, at - 1)))

    found = stuck(con, STREAM, Question(instant(at))).to_pylist()

    keys = {row["run_id"]: row["item_key"] for row in rows(con, "SELECT * FROM item")}
    assert {(keys[row["run_id"]], row["rule"]) for row in found if row["rule"] in COUNTED} == recounted(
        con, instant(at)
    )
    ranks = Counter()
    for row in found:
        ranks[row["run_id"]] += 1
        assert row["since_at"] <= instant(at)
        assert row["rank"] == ranks[row["run_id"]]
    listed = causes(con, STREAM, Question(instant(at))).to_pylist()
    assert sum(row["items"] for row in listed) == len(ranks)
    con.close()


@by_chance(2)
def test_the_usual_stay_is_that_of_time_in_state_to_half_a_per_cent(warehouse, seed):
    random = Random(seed)
    con = prepared(warehouse, [])
    stays = [(random.choice("ab"), random.randint(0, 500), random.randint(0, 900)) for _ in range(300)]
    at = 900
    values = ", ".join(
        f"('claim', {number}, 0, '{'intake' if stage == 'a' else 'review'}', {0 if stage == 'a' else 1}, 'x', {begun}, "
        f"{'NULL' if begun + length > at else begun + length})"
        for number, (stage, begun, length) in enumerate(stays)
    )
    con.execute(STAY.format(values=values), {"noon": instant(0)}).fetchall()
    con.execute(ITEM, {"noon": instant(0)}).fetchall()
    window = Window(instant(at) - timedelta(days=90), instant(at))

    exact = time_in_state(con, STREAM, Question(instant(at), window)).to_pylist()

    usual = {row["stage"]: row["micros"] / 1e6 for row in usual_stays(con, "claim", instant(at))}
    expected = {row["stage"]: row["p95_seconds"] for row in exact if row["p95_seconds"] is not None}
    assert usual == pytest.approx(expected, rel=0.006)
    con.close()


STAY = """
INSERT INTO stay BY NAME
SELECT stream, item_key, stay_index, stage, stage_index, lane,
    CAST($noon AS TIMESTAMPTZ) + to_seconds(begun) AS entered_at,
    CAST($noon AS TIMESTAMPTZ) + to_seconds(gone) AS left_at, (gone - begun) * 1000000 AS duration_micros,
    'start' AS entry_kind, item_key AS entry_run_key, 1 AS entry_event_id,
    CASE WHEN gone IS NOT NULL THEN 'advanced' END AS exit_kind, false AS is_overlapped
FROM (VALUES {values}) AS made(stream, item_key, stay_index, stage, stage_index, lane, begun, gone)
"""
ITEM = """
INSERT INTO item BY NAME
SELECT stream, item_key, 1 AS source_key, 'w' AS workflow_id, 'r' AS run_id, 'Claim' AS workflow_type,
    entered_at AS opened_at, left_at AS closed_at, false AS is_standing, false AS is_reopened, false AS is_headless,
    entered_at AS progress_at, entered_at AS activity_at, 1 AS runs, 1 AS events
FROM stay WHERE CAST($noon AS TIMESTAMPTZ) IS NOT NULL
"""
