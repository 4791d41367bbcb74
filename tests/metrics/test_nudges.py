"""What became of nudges, and whether they help, recounted in plain Python from the rows they stand on."""

import uuid
from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from metrics import MetricError, Question, nudge_effect, nudges
from metrics.intervals import newcombe, wilson
from tests.fixtures.chance import by_chance, chains_of
from tests.fixtures.histories import instant, run
from tests.fixtures.samples import sampled, samples
from tests.fixtures.streams import a_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, deliver, read_until, write
from tests.metrics.test_recount import STREAM, prepared
from warehouse import register_source, rows
from warehouse.nudge_record import NudgeRecord
from warehouse.nudges import write_nudges

TARGETS = {"intake": timedelta(seconds=3), "review": timedelta(seconds=2)}
HOUR = timedelta(hours=1)
# Each stay with the run of its item that had begun last when it began.
NUDGEABLE = """
SELECT stay.*, item.workflow_id, (
    SELECT arg_max(run.run_id, (run.started_at, run.run_key))
    FROM run_item JOIN run USING (run_key)
    WHERE run_item.item_key = item.item_key AND run_item.is_own AND run.started_at <= stay.entered_at
) AS run_id
FROM stay
JOIN item USING (stream, item_key)
WHERE NOT is_overlapped AND stay.stage_index >= 0
ORDER BY item_key, stay_index
"""


def record(plan, line, state, at, run, verb="signal", **more):
    told = {"source": SOURCE, "workflow_id": run["workflow_id"], "run_id": run["run_id"], "item": run["workflow_id"]}
    return NudgeRecord(
        record_id=str(uuid.uuid4()),
        recorded_at=at,
        state=state,
        plan=plan,
        line=line,
        lines=1,
        actor="anna",
        role="operator",
        via="config",
        reason="a test",
        nudge=None,
        verb=verb,
        particulars="{}",
        **({"stream": STREAM.stream} | told | more),
    )


def nudges_by_chance(con, random):
    """Some stays of items get nudged at half seconds, where nothing else happens: (plan, stay, at, verb) of each, and
    what the journal says of them."""
    stays = rows(con, NUDGEABLE)
    done, records = [], []
    for number, stay in enumerate(stays):
        at = stay["entered_at"] + timedelta(seconds=random.choice((0.5, 1.5)))
        if random.random() < 0.5 or (stay["left_at"] is not None and stay["left_at"] <= at):
            continue
        verb = random.choice(("signal", "signal", "cancel"))
        state = random.choice(("accepted", "accepted", "accepted", "refused", "skipped"))
        plan = f"plan-{number}"
        cause = random.choice(("c0ffee", "decade", None))
        told = {"stage": stay["stage"], "wait": "told", "cause": cause}
        for index, each in enumerate(("planned", "requested", state)):
            moment = at - timedelta(microseconds=2 - index)
            records.append(record(plan, 0, each, moment, stay, verb, **told))
        done.append((plan, {**stay, "cause": cause}, at if state == "accepted" else None, verb))
    return done, records


def nudged_by_chance(con, random):
    """(plan, stay, at, verb) of each nudge, all of them written."""
    register_source(con, "journal", "journal")
    done, records = nudges_by_chance(con, random)
    assert write_nudges(con, "journal", records) == len(records)
    assert write_nudges(con, "journal", records) == 0
    return done


def judge(con, stay, at, verb, as_of):
    """moved, bad and due of an item watched from an instant in a stay, by looking at every row there is."""
    key = stay["item_key"]
    (item,) = rows(con, "SELECT * FROM item WHERE item_key = $key", key=key)
    if stay["next_stage"] == "(closed)":
        ended = stay["exit_kind"]
        is_bad = ended in ("failed", "timed out", "terminated")
        item |= {"closed_at": stay["left_at"], "ended": ended, "is_bad": is_bad}
    lengths = [
        each["duration_micros"]
        for each in rows(con, "SELECT * FROM stay WHERE stage = $stage AND NOT is_overlapped", stage=stay["stage"])
        if each["left_at"] is not None and each["left_at"] <= as_of
    ]
    usual = TARGETS.get(stay["stage"], HOUR)
    if len(lengths) >= 20:
        usual = timedelta(microseconds=sorted(lengths)[max(0, -(-len(lengths) * 85 // 100) - 1)])
    due = at + usual
    read = rows(con, "SELECT as_of_at FROM source WHERE source = $name", name=SOURCE)[0]["as_of_at"]
    until = min(as_of, due, read or as_of)
    ended_badly = bool(item["is_bad"]) and item["closed_at"] > at
    moments = []
    was_left = stay["left_at"] is not None and stay["exit_kind"] not in ("reset", "lost")
    is_last = stay["next_stage"] in (None, "(closed)", "paid")
    if was_left and not (item["is_bad"] and stay["left_at"] == item["closed_at"] and is_last):
        moments.append(stay["left_at"])
    if verb in ("cancel", "terminate") and item["ended"] in ("canceled", "terminated"):
        moments.append(item["closed_at"])
    steps = [each for each in rows(con, "SELECT * FROM step WHERE item_key = $key", key=key) if each["kind"] != "timer"]
    waiting = {
        (each["kind"], each["name"])
        for each in steps
        if each["scheduled_at"] <= at and (each["ended_at"] is None or each["ended_at"] > at)
    }
    moments += [s["ended_at"] for s in steps if (s["kind"], s["name"]) in waiting and s["ended"] == "completed"]
    for each in rows(con, "SELECT * FROM decision WHERE item_key = $key", key=key):
        if each["asked_at"] <= at and each["decided_at"] is not None:
            moments.append(each["decided_at"])
    failing = rows(con, "SELECT * FROM pending_work WHERE item_key = $key AND kind = 'worker turn failing'", key=key)
    if any(f["opened_at"] <= at and (f["settled_at"] is None or f["settled_at"] > at) for f in failing):
        turns = "SELECT time_at FROM event JOIN run_item USING (run_key) WHERE item_key = $key AND type = 7"
        moments += [each["time_at"] for each in rows(con, turns, key=key)]
    moved = min((moment for moment in moments if at < moment <= until), default=None)
    bad = item["closed_at"] if ended_badly and item["closed_at"] <= until else None
    return moved, bad, due, until


@by_chance(3)
def test_the_outcome_of_each_nudge_is_what_came_after_it(warehouse, seed):
    random = Random(seed)
    con = prepared(warehouse, chains_of(random, 12))
    done = nudged_by_chance(con, random)
    as_of = instant(random.choice((20, 60, 5000)))
    answer = {row["plan"]: row for row in nudges(con, STREAM, Question(as_of)).to_pylist()}

    assert answer.keys() == {plan for plan, stay, at, _ in done if (at or stay["entered_at"]) < as_of}
    for plan, stay, at, verb in done:
        if plan not in answer:
            continue
        row = answer[plan]
        if at is None or row["accepted_at"] is None:
            assert row["outcome"] is None
            continue
        moved, bad, due, _ = judge(con, stay, at, verb, as_of)
        expected = "moved" if moved and (bad is None or moved <= bad) else "ended badly" if bad else "no change yet"
        if row["outcome"] == "same failure again":  # told by failing turns, in a test of its own
            expected = "same failure again" if expected == "no change yet" else expected
        assert (row["outcome"], row["due_at"]) == (expected, due), plan
        if expected == "moved":
            assert (row["outcome_at"], row["outcome_seconds"]) == (moved, (moved - at).total_seconds())
    con.close()


@by_chance(3)
def test_the_effect_is_a_plain_count_of_matched_items(warehouse, seed):
    random = Random(seed)
    con = prepared(warehouse, chains_of(random, 16))
    done = nudged_by_chance(con, random)
    as_of = instant(random.choice((30, 5000)))
    acted = [(stay, at, verb) for _, stay, at, verb in done if at is not None and at <= as_of]
    by_item = {stay["item_key"] for stay, _, _ in acted}
    every = rows(con, "SELECT * FROM stay WHERE NOT is_overlapped AND stage_index >= 0 ORDER BY item_key, stay_index")
    counts, matched = Counter(), {}
    for stay, at, verb in acted:
        group = verb, stay["cause"], stay["stage"], wait_at(con, stay["item_key"], at)
        count(counts, group, "nudged", judge(con, stay, at, verb, as_of))
        for other in every:
            then = other["entered_at"] + (at - stay["entered_at"])
            is_there = other["left_at"] is None or other["left_at"] > then
            if other["stage"] != stay["stage"] or other["item_key"] in by_item or not is_there or then > as_of:
                continue
            if (
                abs(then - at) <= HOUR
                and is_open(con, other, then)
                and wait_at(con, other["item_key"], then) == group[3]
            ):
                key = abs(then - at), f"other {other['item_key']} nudged"
                matched.setdefault((*group, other["item_key"]), []).append((key, then, other))
    for (*told, _), found in matched.items():
        _, then, other = min(found, key=lambda each: each[0])
        if len({each[0][0] for each in found}) < len(found):
            continue  # as close a match twice: either will do, and they may differ
        count(counts, tuple(told), "others", judge(con, other, then, "none", as_of))

    answer = nudge_effect(con, STREAM, Question(as_of)).to_pylist()
    for row in answer:
        group = row["verb"], row["cause"], row["stage"], row["wait"]
        assert (row["nudged"], row["moved"]) == (counts[group, "nudged"], counts[group, "nudged moved"])
        if not any(is_tied(found) for key, found in matched.items() if key[:4] == group):
            assert (row["others"], row["others_moved"]) == (counts[group, "others"], counts[group, "others moved"])
        assert row["not_known_yet"] == counts[group, "nudged unknown"]
    assert {(row["verb"], row["cause"], row["stage"], row["wait"]) for row in answer} == {
        (verb, stay["cause"], stay["stage"], wait_at(con, stay["item_key"], at)) for stay, at, verb in acted
    }
    without = nudge_effect(con, STREAM, Question(as_of, where=(("cause", "(none)"),))).to_pylist()
    assert without == [row for row in answer if row["cause"] is None]
    con.close()


@pytest.mark.parametrize(
    ("message", "ended", "outcome"),
    [
        ("no luck with order 77", 3, "same failure again"),
        ("no luck with order 77", 1, "no change yet"),
        ("the bank is closed", 3, "no change yet"),
    ],
)
def test_a_step_that_was_tried_since_and_failed_as_before_is_told(con, message, ended, outcome):
    """As real servers tell it: while a step waits for its next try, of the last only its end is known."""
    stream = a_stream()
    put_in_force(con, stream)
    story = run("claim", 0).turn(0)
    story.activity("pay", due_micros=600_000_000)
    write(con, story)
    told = {"reference": str(story.last), "name": "pay", "state": "scheduled"}
    before = sampled(story, 1, attempt=2, failure_message="no luck with order 12", last_ended_at=0.5, **told)
    since = sampled(story, 4, attempt=3, failure_message=message, last_ended_at=ended, **told)
    deliver(con, samples(before, since))
    register_source(con, "journal", "journal")
    of_run = {"workflow_id": story.run_id, "run_id": story.run_id}
    states = ("planned", "requested", "accepted")
    records = [
        record("plan", 0, state, instant(2), of_run, "reset_activity", stream=stream.stream, stage="intake")
        for state in states
    ]
    write_nudges(con, "journal", records)
    read_until(con, 5)

    (row,) = nudges(con, stream, Question(instant(5))).to_pylist()

    assert (row["outcome"], row["failure_message"]) == (outcome, message if ended > 2 else None)


def test_a_step_that_still_fails_is_compared_with_one_whose_nudge_let_it_begin(con):
    """Of the one that moved history tells afterwards that the step was queued; of the other it is not known."""
    stream = a_stream()
    put_in_force(con, stream)
    pushed, left = run("pushed", 0).turn(0), run("left", 0).turn(0)
    for story in (pushed, left):
        story.activity("pay", due_micros=600_000_000)
        write(con, story)
        told = {"reference": str(story.last), "name": "pay", "state": "scheduled", "attempt": 2}
        deliver(con, samples(sampled(story, 1, failure_message="no luck", last_ended_at=0.5, **told)))
    pushed.ran(pushed.last, 4, began=3)
    pushed.turn(5).upsert(Stage="review")
    write(con, pushed)
    register_source(con, "journal", "journal")
    of_run = {"workflow_id": pushed.run_id, "run_id": pushed.run_id}
    states = ("planned", "requested", "accepted")
    write_nudges(
        con,
        "journal",
        [
            record("plan", 0, state, instant(2), of_run, "reset_activity", stream=stream.stream, stage="intake")
            for state in states
        ],
    )
    read_until(con, 5000)

    (row,) = nudge_effect(con, stream, Question(instant(5000))).to_pylist()

    told = ("wait", "nudged", "moved", "others", "others_moved", "difference_share")
    assert [row[name] for name in told] == ["step retrying", 1, 1, 1, 0, 1.0]
    assert row["low_share"] < 1.0 == row["high_share"]


def is_tied(found):
    return len({each[0][0] for each in found}) < len(found)


def count(counts, group, kind, judged):
    moved, bad, due, until = judged
    if moved is None and bad is None and until < due:
        counts[group, f"{kind} unknown"] += 1
        return
    counts[group, kind] += 1
    counts[group, f"{kind} moved"] += moved is not None and (bad is None or moved <= bad)


def is_open(con, stay, at):
    (item,) = rows(con, "SELECT * FROM item WHERE item_key = $key", key=stay["item_key"])
    end = item["closed_at"] or item["observed_until_at"]
    return end is None or at < end


def wait_at(con, key, at):
    found = [
        each["wait"]
        for each in rows(con, "SELECT * FROM wait WHERE item_key = $key", key=key)
        if each["begun_at"] <= at and (each["ended_at"] is None or each["ended_at"] > at)
    ]
    if found and found[0] in ("step queued", "step running"):
        return "step open"
    return found[0] if found else "silent"


def test_intervals_are_those_of_the_papers():
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe (1998), one sample, table I
    # Newcombe (1998), two samples, table II, method 10: 56/70 against 48/80, and 10/10 against 0/20.
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert newcombe(10, 10, 0, 20) == pytest.approx((0.6791, 1.0), abs=5e-5)
    assert newcombe(5, 9, 5, 9)[0] == pytest.approx(-newcombe(5, 9, 5, 9)[1])


def test_what_cannot_be_asked_is_said(con):
    for metric in (nudges, nudge_effect):
        with pytest.raises(MetricError, match="to narrow by"):
            metric(con, STREAM, Question(instant(5), where=(("colour", "red"),)))
        with pytest.raises(MetricError, match="cannot be split"):
            metric(con, STREAM, Question(instant(5), by=("stage",)))
