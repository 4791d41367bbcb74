"""Questions, their answers, and who gave them."""

import pytest

from tests.fixtures.histories import instant, run
from tests.fixtures.streams import a_stream, by_attribute, put_in_force, stage
from tests.fixtures.warehouses import stays, write
from tests.warehouse.test_stages import ROWS, put_rows
from warehouse import rows

FIELDS = ("asked_at", "decided_at", "withdrawn_at", "outcome", "is_early", "confirms", "conflicts", "off_list")


def ask_for_approval(con, **parts):
    """A question that is asked in review: update `decide`, signal `reject`, a row, and whatever `parts` say."""
    decision = {
        "name": "approve",
        "stage": "review",
        "answered": [
            {"update": "decide", "outcome": "input.outcome", "map": {"yes": "approve"}},
            {"signal": "reject", "outcome": "reject"},
            {"row": "db.crm.claims", "outcome": "decision"},
        ],
        "options": ["approve", "reject", "ask-again"],
        "again": ["ask-again"],
        "actor": ["principal", "input.by", "identity"],
        **parts,
    }
    put_in_force(con, a_stream(by_attribute("intake", "review", "payout"), decisions=[decision], rows=ROWS))


def in_review(at=10):
    return run("w").turn(at).upsert(Stage="review")


def decide(story, outcome, at, **columns):
    accepted = story.turn(at).update("decide", **columns)
    story.carry(accepted, "input.", outcome=outcome)
    return accepted


def questions(con):
    return rows(con, "SELECT * FROM decision ORDER BY question_index")


@pytest.fixture
def only(con):
    """The one question there is, as a dictionary."""

    def read():
        [question] = questions(con)
        return question

    return read


def test_a_question_is_open_from_its_stage_on_until_somebody_answers(con, only):
    ask_for_approval(con)
    write(con, in_review())

    assert [only()[name] for name in FIELDS] == [instant(10), None, None, None, False, 0, 0, None]


def test_the_first_answer_closes_it_and_says_by_which_way(con, only):
    ask_for_approval(con)
    story = in_review()
    decide(story, "approve", 30)
    write(con, story)

    assert (only()["decided_at"], only()["outcome"], only()["channel"]) == (instant(30), "approve", "update decide")


def test_a_value_means_what_the_map_says(con, only):
    ask_for_approval(con)
    story = in_review()
    decide(story, "yes", 30)
    write(con, story)

    assert only()["outcome"] == "approve"


def test_an_answer_that_moves_the_item_in_the_same_turn_still_answers(con, only):
    ask_for_approval(con)
    story = in_review()
    decide(story, "approve", 30)
    write(con, story.upsert(Stage="payout"))

    assert (only()["decided_at"], only()["outcome"], only()["withdrawn_at"]) == (instant(30), "approve", None)


def test_an_answer_that_itself_enters_the_next_stage_still_answers(con, only):
    stages = by_attribute("intake", "review", "payout")
    stages[2]["enter"].append({"signal": "approve"})
    answered = [{"signal": "approve", "outcome": "approve"}]
    decision = {"name": "approve", "stage": "review", "answered": answered, "options": ["approve"]}
    put_in_force(con, a_stream(stages, decisions=[decision]))
    story = in_review()
    story.signal("approve", 30)
    write(con, story)

    assert (only()["decided_at"], only()["outcome"], only()["withdrawn_at"]) == (instant(30), "approve", None)


def test_an_answer_before_the_question_is_early_and_takes_no_time(con, only):
    ask_for_approval(con)
    story = run("w").turn(1)
    story.signal("reject", 5)
    write(con, story.turn(10).upsert(Stage="review"))

    assert (only()["asked_at"], only()["decided_at"], only()["is_early"]) == (instant(10), instant(10), True)


def test_asking_again_closes_this_question_and_opens_the_next(con):
    ask_for_approval(con)
    story = in_review()
    decide(story, "ask-again", 20)
    decide(story, "approve", 30)
    write(con, story)

    assert [(row["asked_at"], row["decided_at"], row["outcome"]) for row in questions(con)] == [
        (instant(10), instant(20), "ask-again"),
        (instant(20), instant(30), "approve"),
    ]


def test_a_question_that_is_open_when_its_stage_ends_is_withdrawn(con, only):
    ask_for_approval(con)
    write(con, in_review().turn(30).upsert(Stage="payout"))

    assert (only()["decided_at"], only()["withdrawn_at"]) == (None, instant(30))


def test_a_question_that_is_open_when_its_item_ends_is_withdrawn_whatever_is_written_later(con, only):
    ask_for_approval(con)
    write(con, in_review().turn(30).close("failed"))
    put_rows(con, (1, 40, {"decision": "approve"}))

    assert (only()["decided_at"], only()["withdrawn_at"]) == (None, instant(30))


@pytest.mark.parametrize(("said", "counted"), [("approve", (1, 0)), ("reject", (0, 1))])
def test_a_row_that_is_written_late_confirms_or_conflicts(con, only, said, counted):
    ask_for_approval(con)
    story = in_review()
    decide(story, "approve", 30)
    write(con, story.upsert(Stage="payout"))
    put_rows(con, (1, 31, {"decision": said}))

    assert (only()["outcome"], (only()["confirms"], only()["conflicts"])) == ("approve", counted)


def test_a_row_answers_by_its_column_at_its_own_time(con, only):
    ask_for_approval(con, actor=["db.crm.claims.by", "identity"])
    write(con, in_review())
    put_rows(con, (1, 25, {"decision": "reject", "by": "maria"}))

    assert (only()["decided_at"], only()["outcome"], only()["actor"]) == (instant(25), "reject", "maria")


def test_an_outcome_that_is_no_option_is_kept_and_closes_nothing(con, only):
    ask_for_approval(con)
    story = in_review()
    decide(story, "maybe", 20)
    write(con, story)

    assert (only()["decided_at"], only()["off_list"]) == (None, "maybe")


def test_an_update_that_fails_is_no_answer(con, only):
    ask_for_approval(con)
    story = in_review()
    story.updated(decide(story, "approve", 20), failure_message="not allowed")
    write(con, story)

    assert only()["decided_at"] is None


def test_a_deadline_that_passes_is_an_answer_by_a_timer_and_a_later_one_conflicts(con, only):
    answered = [{"update": "decide", "outcome": "input.outcome"}, {"deadline": True, "outcome": "expired"}]
    ask_for_approval(con, deadline="15s", answered=answered)
    story = in_review()
    decide(story, "approve", 40, identity="late")
    write(con, story.upsert(Stage="payout"))

    assert (only()["decided_at"], only()["outcome"], only()["channel"]) == (instant(25), "expired", "deadline")
    assert (only()["actor"], only()["actor_kind"], only()["conflicts"]) == (None, "timer", 1)


def test_an_answer_in_time_keeps_the_deadline_from_answering(con, only):
    answered = [{"update": "decide", "outcome": "input.outcome"}, {"deadline": True, "outcome": "expired"}]
    ask_for_approval(con, deadline="15s", answered=answered)
    story = in_review()
    decide(story, "approve", 20)
    write(con, story.turn(90).upsert(Stage="payout"))

    assert (only()["decided_at"], only()["outcome"], only()["deadline_at"]) == (instant(20), "approve", instant(25))


def test_four_eyes_want_two_actors(con, only):
    ask_for_approval(con, needs=2)
    story = in_review()
    decide(story, "approve", 20, identity="ann")
    decide(story, "approve", 25, identity="ann")
    decide(story, "approve", 30, identity="bob")
    write(con, story)

    assert (only()["decided_at"], only()["actor"]) == (instant(30), "bob")


def test_who_asked_again_may_answer_the_next_question(con):
    ask_for_approval(con, needs=2)
    story = in_review()
    decide(story, "ask-again", 20, identity="ann")
    decide(story, "approve", 30, identity="ann")
    decide(story, "approve", 40, identity="bob")
    write(con, story)

    assert [row["decided_at"] for row in questions(con)] == [instant(20), instant(40)]


def test_the_first_evidence_that_is_present_names_the_actor(con, only):
    ask_for_approval(con)
    story = in_review()
    story.carry(decide(story, "approve", 20, identity="worker-1"), "input.", by="maria")
    write(con, story)

    assert (only()["actor"], only()["evidence"], only()["actor_kind"]) == ("maria", "input.by", "person")


def test_what_the_server_authenticated_is_stronger(con, only):
    ask_for_approval(con)
    story = in_review()
    accepted = decide(story, "approve", 20, identity="worker-1", principal="user/maria")
    story.carry(accepted, "input.", by="somebody")
    write(con, story)

    assert (only()["actor"], only()["evidence"]) == ("user/maria", "principal")


def test_a_person_of_whom_nothing_is_known_is_unknown(con, only):
    ask_for_approval(con)
    story = in_review()
    story.signal("reject", 20)
    write(con, story)

    assert (only()["actor"], only()["actor_kind"]) == (None, "unknown")


def test_coming_back_to_the_stage_asks_again(con):
    ask_for_approval(con)
    story = in_review()
    decide(story, "reject", 20)
    write(con, story.upsert(Stage="intake").turn(40).upsert(Stage="review"))

    assert [(row["asked_at"], row["outcome"]) for row in questions(con)] == [
        (instant(10), "reject"),
        (instant(40), None),
    ]


def test_a_row_that_notes_the_wish_to_be_asked_again_is_no_answer_to_the_next_question(con):
    ask_for_approval(con)
    story = in_review()
    decide(story, "ask-again", 20)
    decide(story, "approve", 40)
    write(con, story)
    put_rows(con, (1, 21, {"decision": "ask-again"}), (2, 45, {"decision": "approve"}))

    assert [(row["asked_at"], row["decided_at"], row["outcome"], row["confirms"]) for row in questions(con)] == [
        (instant(10), instant(20), "ask-again", 1),
        (instant(20), instant(40), "approve", 1),
    ]


def test_an_update_answers_before_its_turn_stops_to_wait_for_the_next_stage(con, only):
    """The turn's end stands before what it accepted in the history; the run stops behind that."""
    stages = [
        stage("triage", {"start": True}),
        stage("pile", {"waiting_for": ["take_on"]}),
        stage("desk", {"update": "take_on"}),
    ]
    route = {"name": "route", "stage": "triage", "options": ["assess"], "actor": ["input.by"]}
    route["answered"] = [{"update": "decide", "outcome": "input.outcome"}]
    put_in_force(con, a_stream(stages, decisions=[route]))
    story = run("w").turn(1)
    accepted = decide(story, "assess", 10)
    story.updated(accepted)
    story.carry(accepted, "input.", by="lea")
    story.turn(20).update("take_on")
    write(con, story)

    question = only()
    assert (question["outcome"], question["actor"], question["is_early"]) == ("assess", "lea", False)
    assert (question["decided_at"], question["withdrawn_at"]) == (instant(10), None)
    assert [stay[:3] for stay in stays(con)] == [("triage", 0, 10), ("pile", 10, 20), ("desk", 20, None)]
