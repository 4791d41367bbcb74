"""Thinned samples answer every question as they did before, as of whatever instant."""

import re
from datetime import timedelta
from random import Random
from typing import Any

from metrics import Question, open_items, stuck
from tests.fixtures.chance import by_chance
from tests.fixtures.histories import Story, instant, run
from tests.fixtures.samples import sampled, samples
from tests.fixtures.warehouses import deliver, write
from tests.metrics.test_recount import STREAM, prepared
from warehouse import Batch, known_by, rows, thin_samples

LENGTH = 1500
LATER = instant(LENGTH) + timedelta(hours=1)
HEARD = """
SELECT run_key, kind, reference, state, attempt, last_heartbeat_at
FROM pending
WHERE sampled_at <= $at
QUALIFY sampled_at = max(sampled_at) OVER (PARTITION BY run_key)
    AND least(sampled_until_at, $at) > CAST($at AS TIMESTAMPTZ) - INTERVAL 30 SECOND
    AND kind <> 'none'
ORDER BY ALL
"""
ASKED = re.compile(r'"(queue_)?sampled_at": *"[^"]*"')


def runs_that_wait() -> list[Story]:
    stories = [run(f"w{number}", number).turn(number + 1) for number in range(4)]
    for story in stories:
        story.activity("pay")
        story.activity("assess")
    return stories


def told_by_chance(random: Random, stories: list[Story]) -> Batch:
    """Samples of each run at steps by chance, most of them saying what the one before said, some of them nothing."""
    found = []
    for story in stories:
        at, said = 10.0, [1, "scheduled", 1]
        while at < LENGTH:
            if random.random() < 0.1:
                said = [random.randint(1, 4), random.choice(("scheduled", "started", "paused")), random.randint(0, 2)]
            attempt, state, pending = said
            found += [_activity(story, at, event_id, attempt, state) for event_id in (5, 6)[:pending]]
            if not pending:
                found.append(sampled(story, at, "none"))
            at += random.choice((5, 9, 10, 10, 10, 30, 31, 200 if random.random() < 0.1 else 10))
    return samples(*found)


def _activity(story: Story, at: float, event_id: int, attempt: int, state: str) -> dict[str, Any]:
    paused_at = 3 if state == "paused" else None
    return sampled(story, at, reference=str(event_id), name="pay", attempt=attempt, state=state, paused_at=paused_at)


def answered(con: Any, at: float) -> list[list[dict[str, Any]]]:
    """What is waited for, and stuck, but for the instant at which that was last asked."""
    found = [metric(con, STREAM, Question(instant(at))).to_pylist() for metric in (open_items, stuck)]
    return [[{name: ASKED.sub("", str(said)) for name, said in row.items()} for row in each] for each in found]


@by_chance(3)
def test_answers_before_and_after_thinning_are_equal(warehouse: Any, seed: int) -> None:
    random = Random(seed)
    con = prepared(warehouse, runs_that_wait())
    deliver(con, told_by_chance(random, runs_that_wait()))
    instants = [random.uniform(0, LENGTH + 60) for _ in range(60)]
    heard = [rows(con, HEARD, at=instant(at)) for at in instants]
    answers = [answered(con, at) for at in instants[:2]]
    before = len(rows(con, "SELECT 1 FROM pending"))

    assert not thin_samples(con, LATER)

    assert [rows(con, HEARD, at=instant(at)) for at in instants] == heard
    assert [answered(con, at) for at in instants[:2]] == answers
    assert len(rows(con, "SELECT 1 FROM pending")) < before
    known_at = instant(random.uniform(0, LENGTH))
    with known_by(con, known_at) as then:
        assert all(row["until"] <= known_at for row in rows(then, "SELECT sampled_until_at AS until FROM pending"))
    con.close()


def test_a_run_that_only_waits_is_one_row_however_long_and_again_later(con: Any) -> None:
    story = run("waits").turn(1)
    write(con, story)
    said = [_activity(story, at, 5, 1, "started") for at in range(0, 2400, 10)]
    deliver(con, samples(*said[:120]))
    thin_samples(con, instant(1200) + timedelta(minutes=15))
    deliver(con, samples(*said[100:]))

    thin_samples(con, instant(2400) + timedelta(minutes=30))

    assert rows(con, "SELECT sampled_at, sampled_until_at FROM pending ORDER BY sampled_at LIMIT 1") == [
        {"sampled_at": instant(0), "sampled_until_at": instant(2400 - 10)}
    ]


def test_samples_of_the_last_quarter_of_an_hour_stay_as_they_came(con: Any) -> None:
    story = run("waits").turn(1)
    write(con, story)
    deliver(con, samples(*(_activity(story, at, 5, 1, "started") for at in range(0, 900, 10))))

    thin_samples(con, instant(900))

    assert len(rows(con, "SELECT 1 FROM pending")) == 90


def test_that_nothing_is_pending_is_kept_only_while_an_older_sample_would_be_heard(con: Any) -> None:
    story = run("waits").turn(1)
    write(con, story)
    nothing = [sampled(story, at, "none") for at in range(0, 1300, 40) if at != 200]
    deliver(con, samples(*nothing, _activity(story, 205, 5, 1, "started"), sampled(story, 215, "none")))

    thin_samples(con, LATER)

    kept = rows(con, "SELECT kind, sampled_at FROM pending ORDER BY sampled_at")
    assert [(row["kind"], row["sampled_at"]) for row in kept] == [("activity", instant(205)), ("none", instant(215))]
