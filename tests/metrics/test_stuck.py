"""What is stuck, rule by rule: when it begins to hold, what is said of it, and what next to it is not stuck."""

import json
from typing import Any

import pytest

from metrics import MetricError, Question, find
from tests.fixtures.histories import instant, run
from tests.fixtures.samples import polled, sampled, samples
from tests.fixtures.streams import a_stream, by_attribute, put_in_force, stage
from tests.fixtures.warehouses import deliver, read_until, write
from tests.warehouse.test_stages import put_rows
from value_stream import Stream

stuck, causes = find("stuck"), find("causes")
NUDGES = [
    {"name": "retry-now", "title": "Try again now", "reset_activity": True},
    {"name": "remind", "title": "Remind", "stage": "review", "signal": "remind"},
    {"name": "go-on", "title": "Go on", "unpause": True},
]
SYSTEMS = [{"name": "bank", "title": "The bank", "activities": ["pay"]}]
DECISION = {
    "name": "approve",
    "title": "Approve the claim",
    "stage": "review",
    "answered": [{"signal": "approve", "outcome": "yes"}, {"row": "db.crm.claims", "outcome": "answer"}],
    "options": ["yes", "no"],
    "deadline": "1m",
}
STREAM = a_stream(nudges=NUDGES, systems=SYSTEMS, item={"segments": ["search_attribute.Region"]})


@pytest.fixture
def claims(con):
    put_in_force(con, STREAM)
    return con


def held(con: Any, at: float, stream: Stream = STREAM, **where: str) -> list[dict[str, Any]]:
    """What is stuck then, the watch rules left out."""
    rows = stuck(con, stream, Question(instant(at), where=tuple(where.items()))).to_pylist()
    return [row for row in rows if row["severity"] != "watch"]


def rules(con: Any, at: float, stream: Stream = STREAM) -> list[tuple[str, str, float]]:
    """(item, rule, since) in order."""
    return [(row["item"], row["rule"], (row["since_at"] - instant(0)).total_seconds()) for row in held(con, at, stream)]


def paying(at: float = 0, run_id: str = "claim") -> Any:
    story = run(run_id, at).turn(at)
    story.activity("pay", due_micros=600_000_000)
    return story


def retry(story: Any, at: float, attempt: int, **columns: Any) -> dict[str, Any]:
    told = {"state": "scheduled", "failure_message": "connection to 10.0.0.7:443 refused", "failure_type": "Refused"}
    return sampled(story, at, reference=str(story.last), name="pay", attempt=attempt, **(told | columns))


def test_a_step_that_failed_twice_is_stuck_since_it_first_failed(claims):
    story = paying()
    write(claims, story)
    deliver(claims, samples(retry(story, 3, 2, last_ended_at=2)))
    assert rules(claims, 4) == []
    deliver(claims, samples(retry(story, 13, 3, last_ended_at=8, next_try_at=25, maximum_attempts=5)))

    [row] = held(claims, 14)
    assert (row["rule"], row["severity"], row["since_at"], row["since_seconds"]) == (
        "step retrying",
        "stuck",
        instant(2),
        12,
    )
    assert row["why"] == (
        "Step pay has failed 2 times in 12s (2 of 5 tries left, next in 11s): connection to 10.0.0.7:443 refused."
    )
    assert (row["activity"], row["attempt"], row["maximum_attempts"], row["nudges"]) == ("pay", 3, 5, "retry-now")
    assert (row["cause_title"], row["fingerprint"]) == (
        "The bank (pay) fails: connection to <address> refused",
        "connection to <address> refused",
    )
    assert (row["root_workflow_id"], row["root_run_id"], row["rank"]) == ("claim", "claim", 1)
    assert json.loads(row["evidence"])["sample"]["attempt"] == 3


def test_a_step_that_failed_once_is_stuck_after_a_minute(claims):
    story = paying()
    write(claims, story)
    for at in (5, 25, 45, 61.9):
        deliver(claims, samples(retry(story, at, 2, last_ended_at=2)))
        assert rules(claims, at) == []
    deliver(claims, samples(retry(story, 62, 2, last_ended_at=2)))
    assert rules(claims, 62) == [("claim", "step retrying", 2)]


def test_without_the_sample_that_saw_it_begin_failing_dates_from_its_scheduling(claims):
    story = paying()
    write(claims, story)
    deliver(claims, samples(retry(story, 500, 37, last_ended_at=499)))
    assert rules(claims, 501) == [("claim", "step retrying", 0)]


def test_a_step_that_was_reset_is_failing_only_since_it_fails_again(claims):
    story = paying()
    write(claims, story)
    seen = [(3, 2, 2), (13, 3, 8), (20, 1, None), (24, 2, 23), (30, 3, 28)]
    deliver(claims, *(samples(retry(story, at, attempt, last_ended_at=ended)) for at, attempt, ended in seen))
    assert rules(claims, 13) == [("claim", "step retrying", 2)]
    assert rules(claims, 21) == []
    assert rules(claims, 31) == [("claim", "step retrying", 23)]


def test_the_last_try_is_critical_unless_the_stream_draws_the_exception(con):
    drawn = {"name": "bank-closed", "title": "Bank closed", "when": {"activity_failing": "pay"}}
    expected = a_stream(systems=SYSTEMS, exceptions=[drawn])
    for stream, severity, title in [
        (STREAM, "critical", "The bank (pay) fails: connection to <address> refused"),
        (expected, "stuck", "Bank closed: The bank (pay) fails: connection to <address> refused"),
    ]:
        put_in_force(con, stream)
        story = paying()
        write(con, story)
        deliver(con, samples(retry(story, 10, 3, maximum_attempts=3, last_ended_at=9)))
        [row] = held(con, 10, stream)
        assert (row["severity"], row["cause_title"]) == (severity, title)
        assert "the last try" in row["why"]


def test_old_samples_say_nothing(claims):
    story = paying()
    write(claims, story)
    deliver(claims, samples(retry(story, 10, 5)))
    assert rules(claims, 39.9) == [("claim", "step retrying", 0)]
    assert rules(claims, 40) == []


def test_a_source_that_is_behind_speaks_of_the_instant_it_was_read_to(claims):
    story = paying()
    write(claims, story)
    deliver(claims, samples(retry(story, 10.2, 5)))
    read_until(claims, 10)
    [row] = held(claims, 3600)
    assert (row["rule"], row["since_seconds"]) == ("step retrying", 10)


def test_a_nudge_that_its_plan_would_refuse_is_not_said_to_help(con):
    more = [
        {"name": "pay-elsewhere", "activity_options": {"queue": "spare"}, "activity": "pay"},
        {"name": "ship-now", "reset_activity": True, "activity": "ship"},
    ]
    stream = a_stream(nudges=[*NUDGES, *more])
    put_in_force(con, stream)
    failing, waiting = paying(run_id="failing"), paying(run_id="waiting")
    write(con, failing, waiting)
    first = {"reference": str(waiting.last), "name": "pay", "state": "scheduled", "attempt": 1}
    queue = polled("activities", 30)
    deliver(con, samples(retry(failing, 30, 3), sampled(waiting, 30, **first, task_queue="activities"), queue))
    read_until(con, 30)

    assert [(row["item"], row["rule"], row["nudges"]) for row in held(con, 30, stream)] == [
        ("failing", "no worker", "pay-elsewhere"),
        ("failing", "step retrying", "retry-now, pay-elsewhere"),
        ("waiting", "no worker", "pay-elsewhere"),
    ]


def test_a_heartbeat_that_timed_out_is_lost_until_the_next_attempt_sends_one(claims):
    story = paying()
    write(claims, story)
    lost = {"failure_message": "activity Heartbeat timeout", "failure_type": "timeout", "last_ended_at": 9}
    deliver(claims, samples(retry(story, 10, 2, **lost)))
    [row] = held(claims, 10)
    assert (row["rule"], row["since_at"], row["nudges"]) == ("heartbeat lost", instant(9), "retry-now")
    assert row["why"] == "Step pay lost its heartbeat 1s ago and is at attempt 2."
    deliver(claims, samples(retry(story, 20, 2, state="started", last_started_at=11, last_heartbeat_at=19, **lost)))
    assert rules(claims, 20) == []
    deliver(claims, samples(retry(story, 150, 2, state="started", last_started_at=11, last_heartbeat_at=29, **lost)))
    assert rules(claims, 150) == [("claim", "heartbeat lost", 29)]


def test_a_step_runs_over_time_by_what_its_like_took(claims):
    quick = []
    for number in range(20):
        story = paying(number, f"quick-{number}")
        story.ran(story.last, number + 12, began=number + 2)
        quick.append(story.turn().close())
    slow = paying(100)
    write(claims, *quick, slow)
    running = {"state": "started", "last_started_at": 101, "failure_message": None, "failure_type": None}
    for at, expected in [(130, []), (131, [("claim", "step over time", 131)])]:
        deliver(claims, samples(retry(slow, at, 1, **running)))
        assert rules(claims, at) == expected
    [row] = held(claims, 131)
    assert row["why"] == "Step pay has run for 30s; 95 of 100 took at most 10s (n 20)."


def test_a_step_of_which_too_little_is_known_is_not_over_time(claims):
    slow = paying(100)
    write(claims, slow)
    deliver(claims, samples(retry(slow, 500, 1, state="started", last_started_at=101, failure_message=None)))
    assert rules(claims, 500) == []


def test_work_that_nobody_fetches_is_stuck_once_workers_had_time_to_start(claims):
    story = run("claim")
    story.event(5, task_queue="claims")
    step = paying(0, "step")
    write(claims, story, step)
    for at in (19, 20):
        deliver(claims, samples(polled("claims", at, kind="workflow"), polled("activities", at), retry(step, at, 1)))
    assert rules(claims, 19) == []
    assert rules(claims, 20) == [("claim", "no worker", 0), ("step", "no worker", 0)]
    turn, activity = held(claims, 20)
    assert turn["why"] == "No worker polls queue claims (none was ever seen): the next worker turn has waited for 20s."
    assert activity["why"] == "No worker polls queue activities (none was ever seen): step pay has waited for 20s."
    assert (turn["severity"], turn["cause_title"]) == ("critical", "No worker polls queue claims for worker turns")
    deliver(claims, samples(polled("claims", 25, 1, kind="workflow"), polled("activities", 25, 2), retry(step, 25, 1)))
    assert rules(claims, 25) == []


def test_a_worker_that_went_away_is_missed_since_it_last_asked(claims):
    story = run("claim")
    story.event(5, task_queue="claims")
    write(claims, story)
    deliver(claims, samples(polled("claims", 90, kind="workflow", last_poll_at=10)))
    assert rules(claims, 90) == [("claim", "no worker", 10)]


def test_a_pinned_run_whose_version_nobody_runs_is_stuck_though_others_poll(claims):
    story = run("claim")
    story.event(5, task_queue="claims")
    write(claims, story)
    there = {"kind": "worker turn", "state": "scheduled", "attempt": 1}
    for version, versions, expected in [
        ("claims:1", '["claims:2"]', [("claim", "version without worker", 0)]),
        ("claims:2", '["claims:2"]', []),
        ("claims:1", None, [("claim", "version without worker", 0)]),
        (None, '["claims:2"]', []),
    ]:
        at = instant(30)
        claims.execute("DELETE FROM pending; DELETE FROM task_queue").fetchall()
        queue = polled("claims", 30, 2, kind="workflow", versions=versions)
        deliver(claims, samples(sampled(story, 30, version=version, **there), queue))
        assert rules(claims, 30) == expected, (version, versions, at)


def test_code_that_fails_is_stuck_at_once_and_a_turn_that_timed_out_once_is_not(claims):
    broken = run("broken").failing_turn(5)
    slow = run("slow")
    slow.event(8, 5, answers_event_id=slow.event(5, 5, task_queue="claims"), cause="start to close")
    moved = run("moved")
    moved.event(8, 5, answers_event_id=moved.event(5, 5, task_queue="claims"), cause="schedule to start")
    retried = run("retried").failing_turn(5, cause="unhandled command")
    write(claims, broken, slow, moved, retried)
    turn = {"kind": "worker turn", "state": "started"}
    deliver(claims, samples(*(sampled(each, 7, attempt=2, **turn) for each in (broken, slow, moved, retried))))
    [row] = held(claims, 7)
    assert (row["item"], row["rule"], row["since_at"], row["severity"]) == (
        "broken",
        "worker turn failing",
        instant(5),
        "critical",
    )
    assert row["why"] == "Its code has failed for 2s (attempt 2): boom."
    deliver(claims, samples(sampled(broken, 30, attempt=3, **turn), sampled(slow, 30, attempt=3, **turn)))
    assert rules(claims, 30) == [("broken", "worker turn failing", 5), ("slow", "worker turn failing", 5)]


def test_a_pause_names_who_and_why_unless_persons_are_hidden(claims):
    story = run("claim").turn(1)
    story.event(58, 4, identity="ada", failure_message="a holiday")
    step = paying(0, "step")
    write(claims, story, step)
    paused = sampled(story, 9, "paused", state="paused", actor="ada", reason="a holiday")
    step_paused = retry(step, 9, 1, state="paused", paused_at=6, actor="bob", reason="wait", failure_message=None)
    deliver(claims, samples(paused, step_paused))
    run_row, step_row = held(claims, 10)
    assert (run_row["since_at"], step_row["since_at"]) == (instant(4), instant(6))
    assert run_row["why"] == "The run has been paused by ada for 6s: a holiday."
    assert step_row["why"] == "Step pay has been paused by bob for 4s: wait."
    assert (run_row["nudges"], step_row["nudges"]) == ("go-on", None)
    hidden = stuck(claims, STREAM, Question(instant(10), hide_persons=True)).to_pylist()
    assert not {"ada", "bob"} & set(json.dumps(hidden, default=str).replace('"', " ").replace(".", " ").split())


def test_a_nexus_operation_that_cannot_be_begun_is_stuck(claims):
    story = run("claim").turn(0)
    begun = story.nexus("bank/transfer")
    write(claims, story)
    said = {"event_id": begun, "name": "bank/transfer", "failure_message": "upstream timeout"}
    deliver(claims, samples(sampled(story, 5, "nexus", state="scheduled", attempt=1, **said)))
    assert rules(claims, 5) == []
    deliver(claims, samples(sampled(story, 15, "nexus", state="backing off", attempt=2, **said)))
    [row] = held(claims, 15)
    assert (row["rule"], row["activity"], row["since_at"]) == ("Nexus stuck", "bank/transfer", instant(0))
    assert row["why"] == "Nexus operation bank/transfer has waited for 15s (attempt 2): upstream timeout."


def test_promises_that_are_broken_are_stuck_from_the_deadline_on(con):
    stages = [*by_attribute("intake", "review"), stage("paid", {"close": "completed"})]
    stages[1]["deadline"] = "2m"
    stream = a_stream(stages, decisions=[DECISION | {"answered": DECISION["answered"][:1]}], nudges=NUDGES)
    put_in_force(con, stream)
    write(con, run("claim").turn(0).upsert(Stage="intake").turn(10).upsert(Stage="review"))
    assert rules(con, 69, stream) == []
    assert rules(con, 70, stream) == [("claim", "decision overdue", 70)]
    assert rules(con, 131, stream) == [("claim", "decision overdue", 70), ("claim", "stage overdue", 130)]
    decision, late = held(con, 131, stream)
    assert decision["why"] == "Approve the claim should have been decided 1m ago."
    assert late["why"] == "In Review for 2m; 2m were promised."
    assert (decision["rank"], late["rank"], decision["nudges"]) == (1, 2, "remind")


def test_an_answer_before_the_run_listened_is_unheard_and_one_in_the_database_disagrees(con):
    stages = [*by_attribute("intake", "review"), stage("paid", {"close": "completed"})]
    rows = [{"table": "db.crm.claims", "key": "workflow_id", "at": "at"}]
    stream = a_stream(stages, decisions=[DECISION], rows=rows)
    put_in_force(con, stream)
    early = run("early").turn(0).upsert(Stage="intake")
    early.signal("approve", 5)
    early.turn(10).upsert(Stage="review")
    heard = run("heard").turn(0).upsert(Stage="intake")
    heard.signal("approve", 5)
    heard.turn(10).upsert(Stage="review")
    heard.activity("pay")
    write(con, early, heard)
    assert [row for row in rules(con, 29, stream) if row[1] == "unheard answer"] == []
    assert rules(con, 30, stream) == [("early", "unheard answer", 10)]
    [row] = held(con, 30, stream)
    assert row["why"] == (
        "An answer to Approve the claim came before the run waited for it 20s ago, and nothing has moved since."
    )


def test_a_reminder_that_the_clock_sends_is_no_sign_that_an_answer_in_the_database_was_heard(con):
    stages = [*by_attribute("intake", "review"), stage("paid", {"close": "completed"})]
    rows = [{"table": "db.crm.claims", "key": "workflow_id", "at": "at"}]
    stream = a_stream(stages, decisions=[DECISION | {"deadline": "1h"}], rows=rows)
    put_in_force(con, stream)
    for number, name in enumerate(("heard", "reminded")):
        story = run(name).turn(0).upsert(Stage="intake").turn(10).upsert(Stage="review")
        timer = story.timer(50, "reminder")
        if name == "reminded":
            story.fired(timer, 60)
        else:
            story.signal("look", 60)
        step = story.turn(60).activity("remind")
        story.ran(step, 61)
        write(con, story.turn(61))
        put_rows(con, (number, 20, {"workflow_id": name, "answer": "yes"}))

    before, after = ("database disagrees", 20), ("reminded", "database disagrees", 20)
    assert rules(con, 59, stream) == [("heard", *before), ("reminded", *before)]
    assert rules(con, 60.5, stream) == []
    assert rules(con, 62, stream) == [after]


def test_a_cancellation_that_nothing_comes_of_is_stuck(claims):
    deaf = run("deaf").turn(0)
    deaf.event(20, 5, failure_message="no longer needed")
    undoing = run("undoing").turn(0)
    undoing.event(20, 5)
    undoing.turn(6).activity("give_back")
    write(claims, deaf, undoing)
    assert [row[1] for row in rules(claims, 24)] == []
    assert rules(claims, 25) == [("deaf", "cancel ignored", 5)]
    [row] = held(claims, 25)
    assert row["why"] == "Cancellation was asked for 20s ago and nothing came of it: no longer needed."


def test_a_history_near_its_limit_is_stuck_since_the_event_that_brought_it_there(claims):
    story = run("claim", history_length=10_300).turn(1)
    story.events[-1]["event_id"] = 10_240
    write(claims, story)
    [row] = held(claims, 50)
    assert (row["rule"], row["since_at"]) == ("limits near", instant(1))
    assert row["why"] == "The run has 10,300 history events; Temporal takes at most 51,200."
    assert rules(claims, 0.5) == []


def test_what_waits_for_its_time_is_not_stuck(claims):
    timer = run("timer").turn(0)
    timer.timer(3600)
    delayed = run("delayed", execution_at=instant(3600))
    child = run("child").turn(0)
    parent = run("parent").turn(0)
    parent.child(child)
    child.timer(3600)
    write(claims, timer, delayed, parent, child)
    assert stuck(claims, STREAM, Question(instant(1800))).num_rows == 0


def test_a_stuck_child_holds_its_parents_item_and_is_named(claims):
    parent = run("parent").turn(0)
    child = run("child", workflow_type="Check").turn(0)
    parent.child(child)
    child.activity("pay")
    write(claims, parent, child)
    deliver(claims, samples(retry(child, 10, 4)))
    [row] = held(claims, 10)
    assert (row["item"], row["rule"], row["root_workflow_id"], row["run_id"]) == (
        "parent",
        "step retrying",
        "child",
        "parent",
    )


def test_a_child_that_is_an_item_elsewhere_is_followed_to_the_cause(con):
    checks = a_stream(by_attribute("checking"), stream="check", item={"workflow_types": ["Check"]})
    put_in_force(con, STREAM, checks)
    parent = run("parent").turn(0)
    child = run("child", workflow_type="Check").turn(0)
    begun = parent.child(child)
    parent.event(31, 0, answers_event_id=begun, reference="child")
    child.activity("pay")
    healthy = run("other").turn(0)
    healthy_child = run("other-child", workflow_type="Check").turn(0)
    begun = healthy.child(healthy_child)
    healthy.event(31, 0, answers_event_id=begun, reference="other-child")
    healthy_child.timer(600)
    write(con, parent, child, healthy, healthy_child)
    deliver(con, samples(retry(child, 10, 4)))
    [row] = held(con, 10)
    [below] = held(con, 10, checks)
    assert (row["item"], row["rule"], row["root_workflow_id"], row["cause"]) == (
        "parent",
        "child stuck",
        "child",
        below["cause"],
    )
    assert row["why"] == (
        "Waits for child Check (child). Step pay has failed 3 times in 10s: connection to 10.0.0.7:443 refused."
    )


def test_silent_work_is_only_watched(claims):
    write(claims, run("claim").turn(5))
    assert stuck(claims, STREAM, Question(instant(24))).num_rows == 0
    [row] = stuck(claims, STREAM, Question(instant(25))).to_pylist()
    assert (row["rule"], row["severity"], row["since_at"], row["progress_at"]) == (
        "silent",
        "watch",
        instant(5),
        instant(0),
    )


def test_work_older_than_usual_is_only_watched(claims):
    left = []
    for number in range(20):
        story = run(f"left-{number}", number).turn(number).upsert(Stage="intake")
        left.append(story.turn(number + 10).close())
    old = run("old", 100).turn(100)
    old.timer(600)
    write(claims, *left, old)
    assert stuck(claims, STREAM, Question(instant(110))).num_rows == 0
    [row] = stuck(claims, STREAM, Question(instant(111))).to_pylist()
    assert (row["rule"], row["severity"], row["since_at"]) == ("older than usual", "watch", instant(110))
    assert row["why"] == "In Intake for 11s; 95 of 100 leave within 10s (n 20)."


def test_one_message_is_one_cause_with_its_trend(claims):
    stories = [paying(number, f"claim-{number}") for number in range(3)]
    write(claims, *stories)
    for number, story in enumerate(stories):
        message = f"order {number} refused"
        deliver(claims, samples(retry(story, 20, 3 if number < 2 else 1, failure_message=message)))
        deliver(claims, samples(retry(story, 3620, 9, failure_message=message)))
    [row] = causes(claims, STREAM, Question(instant(3620))).to_pylist()
    assert (row["items"], row["items_before"], row["rule"]) == (3, 2, "step retrying")
    assert (row["since_at"], row["first_seen_at"], row["stages"]) == (instant(0), instant(0), "Intake")
    assert (row["failure_message"], row["nudges"]) == ("order 0 refused", "retry-now")
    ids = {each["cause"] for each in held(claims, 3620)}
    assert ids == {row["cause"]}
    assert len(held(claims, 3620, cause=row["cause"])) == 3
    assert held(claims, 3620, cause="other") == []


def test_causes_and_items_are_split_and_narrowed_like_other_metrics(claims):
    stories = []
    for number, region in enumerate(["north", "north", "south"]):
        story = run(f"claim-{number}", 0).turn(0).upsert(Region=region)
        story.activity("pay")
        stories.append(story)
    write(claims, *stories)
    deliver(claims, samples(*(retry(story, 20, 4) for story in stories)))
    split = causes(claims, STREAM, Question(instant(20), by=("Region",)))
    assert split.select(["Region", "items"]).to_pylist() == [
        {"Region": "north", "items": 2},
        {"Region": "south", "items": 1},
    ]
    north = causes(claims, STREAM, Question(instant(20), where=(("Region", "north"),))).to_pylist()
    assert [row["items"] for row in north] == [2]
    waiting = stuck(claims, STREAM, Question(instant(20), by=("wait",), where=(("wait", "step retrying"),)))
    assert waiting.column("wait").to_pylist() == ["step retrying"] * 3
    with pytest.raises(MetricError, match="No segment 'colour' in stream claim"):
        stuck(claims, STREAM, Question(instant(20), by=("colour",)))


def test_a_batch_as_of_the_past_is_stuck_as_it_was(claims):
    story = paying()
    broken = run("broken").failing_turn(5)
    broken.turn(60)
    write(claims, story, broken)
    assert rules(claims, 30) == [("broken", "worker turn failing", 5)]
    assert rules(claims, 61) == []
