"""What people may say about a request, without a server."""

import pytest

from sample_data.service_request.answers import Answers
from sample_data.service_request.messages import Approvers, Claim, Classification, Decision, FollowUp, Return


def test_only_one_analyst_has_a_request():
    answers = Answers(claimed_by="Aiko Tanaka")

    answers.check_claim(Claim("Aiko Tanaka"))
    with pytest.raises(ValueError, match="Ben Adeyemi cannot claim this request: Aiko Tanaka has it"):
        answers.check_claim(Claim("Ben Adeyemi"))


def test_only_who_claimed_it_classifies_it_and_only_once():
    answers = Answers()
    with pytest.raises(ValueError, match="the request is with nobody"):
        answers.check_classification(Classification("Ben Adeyemi", "standard"))

    answers.claimed_by = "Ben Adeyemi"
    answers.check_classification(Classification("Ben Adeyemi", "standard"))
    answers.classification = Classification("Ben Adeyemi", "standard")
    with pytest.raises(ValueError, match="Ben Adeyemi classified this request already"):
        answers.check_classification(Classification("Ben Adeyemi", "special"))


def test_nobody_decides_before_the_approvers_are_known():
    with pytest.raises(ValueError, match="who may: nobody"):
        Answers().check_decision(Decision("Ingrid Solberg", "approve"))


def test_the_first_decision_stands():
    answers = Answers(approvers=Approvers("A", ("A", "B")), decision=Decision("A", "reject"))

    with pytest.raises(ValueError, match="A decided already: reject"):
        answers.check_decision(Decision("B", "approve"))


def test_asking_again_forgets_the_answers_of_the_last_round():
    answers = Answers(claimed_by="A", approvers=Approvers("A", ("A",)), decision=Decision("A", "ask-again"))

    answers.ask_for_classification()
    answers.ask_for_decision()
    answers.ask_for_delivery()

    assert answers == Answers()


def test_a_second_delivery_forgets_that_the_first_was_returned():
    answers = Answers(returned=Return("Abel Moreno"))

    answers.ask_for_delivery()

    assert answers.returned is None


def test_a_follow_up_needs_a_name_and_is_given_once():
    with pytest.raises(ValueError, match="Say who you are"):
        Answers().check_follow_up(FollowUp(" ", "satisfied"))
    with pytest.raises(ValueError, match="The follow-up is over"):
        Answers(follow_up=FollowUp("", "no-answer")).check_follow_up(FollowUp("Rosa Delgado", "satisfied"))
