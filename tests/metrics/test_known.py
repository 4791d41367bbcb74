"""What was told once can be told again: the figures of an earlier state of the mirror, to the unit."""

from dataclasses import replace
from datetime import datetime
from random import Random

import pyarrow as pa
import pytest

import metrics
from metrics import MetricError, Question, Window, in_flight, known
from tests.fixtures.chance import chains_of, rows_of, samples_of
from tests.fixtures.histories import batch, instant, run
from tests.fixtures.streams import a_stream, full_stream, put_in_force
from tests.fixtures.warehouses import SOURCE
from tests.metrics.past import as_known, complete, rounded, written
from tests.metrics.test_nudges import nudges_by_chance
from value_stream import Stream, rule_rows, stream_versions
from warehouse import Batch, Round, finish_round, register_source, replace_rules, write_batch
from warehouse.nudges import write_nudges

STREAM = complete(full_stream())
CHANGED = STREAM.model_copy(update={"moves": STREAM.moves[:1], "stages": STREAM.stages[:-1]})
KNOWN_AS = {"database": "crm", "journal": "journal"}
TOLD, READ_AGAIN = 100, 200  # seconds after noon: when the figures were told, when more had been read


def load(con, stream: Stream, at: datetime) -> None:
    replace_rules(con, rule_rows([stream]), stream_versions([stream]), at)


def finish(con, as_of: float, ended: float) -> None:
    at = instant(ended)
    finish_round(con, SOURCE, Round(started_at=at, ended_at=at, is_complete=True, as_of_at=instant(as_of)))


def everything(con, asked: Question) -> dict[str, object]:
    """The answer of every metric."""
    whole = {"compare": replace(asked, of="time_in_state")}
    told = {metric.name: metric(con, STREAM, whole.get(metric.name, asked)).to_pylist() for metric in metrics.ALL}
    return {name: [{key: rounded(value) for key, value in row.items()} for row in rows] for name, rows in told.items()}


@pytest.mark.parametrize("torn", [6, 17])
def test_yesterdays_figures_come_out_the_same_whatever_was_read_or_redrawn_since(con, torn):
    random, torn = Random(torn), instant(torn)
    for source in ("database", "journal"):
        register_source(con, KNOWN_AS[source], source)
    load(con, STREAM, instant(0))
    stories = chains_of(random, 25)
    begun = [story for story in stories if story.row["started_at"] <= torn]
    whole = {story.run_id: dict(story.row) for story in stories}
    for story in begun:
        as_known(story, torn)
    events = {(story.run_id, number + 1) for story in begun for number in range(written(story, torn))}
    seen = samples_of(random, begun)
    samples = {"pending": seen.pending, "task_queues": seen.task_queues}
    write_batch(con, SOURCE, batch(*begun, events=events, **samples), instant(90))
    rows = rows_of(random, stories)
    write_batch(con, "crm", Batch(row_versions=rows), instant(90))
    _, nudges = nudges_by_chance(con, random)
    write_nudges(con, "journal", nudges[::2])
    finish(con, as_of=torn.second, ended=95)
    asked = Question(instant(random.randint(3, 60)), Window(instant(1), instant(60)))
    told = everything(con, asked)

    for story in stories:
        story.row |= whole[story.run_id]
    write_batch(con, SOURCE, batch(*stories), instant(READ_AGAIN))
    later = rows.set_column(2, "seen_at", pa.array([instant(READ_AGAIN)] * rows.num_rows, rows.schema.field(2).type))
    write_batch(con, "crm", Batch(row_versions=later), instant(READ_AGAIN))
    finish(con, as_of=150, ended=READ_AGAIN)
    later_nudges = [replace(nudge, recorded_at=instant(READ_AGAIN)) for nudge in nudges[1::2]]
    write_nudges(con, "journal", later_nudges)
    load(con, CHANGED, instant(READ_AGAIN))

    with known(con, instant(TOLD)) as then:
        assert everything(then.con, asked) == told
        assert then.stream(STREAM.stream) == STREAM


def test_a_question_says_when_its_answer_was_known(con):
    put_in_force(con, a_stream())
    story = run("late", 0).turn(1)
    write_batch(con, SOURCE, batch(story), instant(50))
    finish(con, as_of=40, ended=50)

    def items(known_at: float | None) -> int:
        asked = Question(instant(20), known_at=None if known_at is None else instant(known_at))
        return sum(in_flight(con, a_stream(), asked).column("items").to_pylist())

    assert (items(None), items(49), items(50)) == (1, 0, 1)


def test_what_cannot_have_been_known_is_refused(con):
    put_in_force(con, a_stream())
    with pytest.raises(MetricError, match="says nothing of 2026-03-02 12:00:20Z, which came later"):
        Question(instant(20), known_at=instant(19))
    with pytest.raises(MetricError, match="Stream claim was not known at 2026-03-02 11:59:50Z: its file came later"):
        in_flight(con, a_stream(), Question(instant(-20), known_at=instant(-10)))
