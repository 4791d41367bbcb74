"""What was told once can be told again: the figures of an earlier state of the mirror, to the unit."""

from datetime import datetime
from random import Random

import pyarrow as pa
import pytest

from metrics import MetricError, Question, Window, find, in_flight, known
from tests.fixtures.chance import by_chance, rows_of, tell
from tests.fixtures.histories import batch, instant, run
from tests.fixtures.streams import a_stream, full_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, empty
from tests.metrics.test_recount import until
from value_stream import Stream, rule_rows, stream_versions
from warehouse import Batch, Round, finish_round, register_source, replace_rules, write_batch

STREAM = full_stream()
CHANGED = STREAM.model_copy(update={"moves": STREAM.moves[:1], "stages": STREAM.stages[:-1]})
# One at least that stands on each derived table, and one on the sources themselves.
ASKED = (
    *("in_flight", "open_items", "flow_over_time", "moves", "time_in_state", "waits", "wait_split", "decisions"),
    *("value_waiting", "flow_efficiency", "completeness", "source_health"),
)
TOLD, READ_AGAIN = 100, 200  # seconds after noon: when the figures were told, when more had been read


def load(con, stream: Stream, at: datetime) -> None:
    replace_rules(con, rule_rows([stream]), stream_versions([stream]), at)


def finish(con, as_of: float, ended: float) -> None:
    at = instant(ended)
    finish_round(con, SOURCE, Round(started_at=at, ended_at=at, is_complete=True, as_of_at=instant(as_of)))


def everything(con, asked: Question) -> dict[str, object]:
    """The answer of every metric that is asked here."""
    return {name: find(name)(con, STREAM, asked).to_pylist() for name in ASKED}


@pytest.mark.timeout(300)  # six derivations for each, on a machine that does other things, too
@by_chance(2)
def test_yesterdays_figures_come_out_the_same_whatever_was_read_or_redrawn_since(warehouse, seed):
    random = Random(seed)
    empty(warehouse)
    con = warehouse.cursor()
    register_source(con, SOURCE, "temporal")
    register_source(con, "crm", "database")
    load(con, STREAM, instant(0))
    stories, torn = tell(random, chains=2), instant(random.randint(2, 25))
    begun = [story for story in stories if story.row["started_at"] <= torn]
    whole = {story.run_id: dict(story.row) for story in stories}
    for story in begun:
        closed, lost = story.row["closed_at"], story.row["observed_until_at"]
        story.row |= {"closed_at": closed if closed and closed <= torn else None}
        story.row |= {"observed_until_at": lost if lost and lost <= torn else None}
    events = {(story.run_id, number + 1) for story in begun for number in range(until(story, torn))}
    write_batch(con, SOURCE, batch(*begun, events=events), instant(90))
    rows = rows_of(random, stories)
    write_batch(con, "crm", Batch(row_versions=rows), instant(90))
    finish(con, as_of=torn.second, ended=95)
    asked = Question(instant(random.randint(3, 60)), Window(instant(1), instant(60)))
    told = everything(con, asked)

    for story in stories:
        story.row |= whole[story.run_id]
    write_batch(con, SOURCE, batch(*stories), instant(READ_AGAIN))
    later = rows.set_column(2, "seen_at", pa.array([instant(READ_AGAIN)] * rows.num_rows, rows.schema.field(2).type))
    write_batch(con, "crm", Batch(row_versions=later), instant(READ_AGAIN))
    finish(con, as_of=150, ended=READ_AGAIN)
    load(con, CHANGED, instant(READ_AGAIN))

    with known(con, instant(TOLD)) as then:
        assert everything(then.con, asked) == told
        assert then.stream(STREAM.stream) == STREAM
    con.close()


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
