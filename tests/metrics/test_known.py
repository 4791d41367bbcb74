"""What was told once can be told again: the figures of an earlier state of the mirror, to the unit."""

import pytest

from metrics import MetricError, Question, in_flight
from tests.fixtures.histories import batch, instant, run
from tests.fixtures.streams import a_stream, put_in_force
from tests.fixtures.warehouses import SOURCE
from warehouse import Round, finish_round, write_batch


def finish(con, as_of: float, ended: float) -> None:
    at = instant(ended)
    finish_round(con, SOURCE, Round(started_at=at, ended_at=at, is_complete=True, as_of_at=instant(as_of)))


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
