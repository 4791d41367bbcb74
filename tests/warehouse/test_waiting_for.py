"""Which stage a run waits in when it stops until a message comes, and nobody has sent one yet."""

from tests.fixtures.histories import run
from tests.fixtures.streams import a_stream, put_in_force, stage
from tests.fixtures.warehouses import stays, write


def test_a_wait_that_a_message_ended_began_when_the_run_stopped(con):
    put_in_force(con, a_stream([stage("intake"), stage("waiting", {"waiting_for": ["approve"]})]))
    story = run("w").turn(1)
    step = story.activity("prepare")
    story.ran(step, 5)
    story.turn(5).signal("approve", 60)
    write(con, story.turn(61))

    assert stays(con)[:2] == [("intake", 0, 5, "advanced"), ("waiting", 5, None, None)]


def test_a_wait_that_nothing_ended_yet_is_the_stage_that_is_drawn_next(con):
    put_in_force(con, a_stream([stage("intake"), stage("waiting", {"waiting_for": ["approve"], "after": "intake"})]))
    write(con, run("w").turn(4))

    assert stays(con) == [("intake", 0, 4, "advanced"), ("waiting", 4, None, None)]


def drawn_with_a_pile(*, entered=None, **decision):
    """Decided, then on a pile until somebody takes it on; `entered`: one more rule of the stage that decides."""
    stages = [
        stage("intake", kind="system"),
        stage("deciding", {"activity": "ask"}, *([entered] if entered else []), kind="human"),
        stage("pile", {"waiting_for": ["take_on"]}, kind="queue"),
    ]
    settle = {"name": "settle", "stage": "deciding", "options": ["pay"], "actor": ["identity"]} | decision
    settle["answered"] = [{"update": "decide", "outcome": "pay"}]
    nudges = [{"name": "remind", "title": "Remind", "signal": "remind"}]
    return a_stream(stages, nudges=nudges, decisions=[settle] if decision else [])


def asked_at(second):
    story = run("w").turn(1)
    step = story.activity("ask")
    story.ran(step, second)
    return story.turn(second)


def test_a_run_that_waits_for_the_answer_of_its_stage_does_not_wait_for_the_next_one(con):
    put_in_force(con, drawn_with_a_pile(needs=1))
    story = asked_at(5)
    story.signal("remind", 20)
    write(con, story.turn(21))
    assert stays(con)[-1] == ("deciding", 1, None, None)

    noted = story.turn(30)
    story.updated(story.update("decide"))
    step = noted.activity("note")
    story.ran(step, 35)
    write(con, story.turn(36))
    assert stays(con)[1:] == [("deciding", 1, 36, "advanced"), ("pile", 36, None, None)]


def test_an_answer_that_failed_or_one_of_two_does_not_end_the_wait(con):
    put_in_force(con, drawn_with_a_pile(needs=2))
    story = asked_at(5)
    for second in (10, 20):
        story.turn(second)
        story.updated(story.update("decide"), failure_message="no authority" if second == 10 else None)
    write(con, story)
    assert stays(con)[-1] == ("deciding", 1, None, None)

    story.turn(30)
    story.updated(story.update("decide"))
    write(con, story)
    assert stays(con)[-1] == ("pile", 30, None, None)


def test_where_people_work_and_no_decision_is_drawn_any_message_ends_the_wait_but_a_nudge_or_one_that_enters_it(con):
    put_in_force(con, drawn_with_a_pile(entered={"signal": "more"}))
    story = asked_at(5)
    story.signal("remind", 10)
    story.turn(11).signal("more", 20)
    write(con, story.turn(21))
    assert stays(con)[-1] == ("deciding", 1, None, None)

    story.signal("enough", 30)
    write(con, story.turn(31))
    assert stays(con)[-1] == ("pile", 31, None, None)
