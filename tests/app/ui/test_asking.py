"""Questions are asked once for all viewers, and again only when the data or the clock moved on."""

import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from app.ui.asking import ANSWERS, CALM_STEP, LIVE_BEAT, LIVE_STEP, Answers, LiveInstant, asking
from metrics import MetricError, Question, find
from tests.pages.company import NOON, service_of, visit


@pytest.fixture
def service():
    opened = service_of(stories=[visit("one", [("request", -30)])])
    yield opened
    opened.close()


def test_an_answer_is_remembered_until_the_data_changes(service, monkeypatch):
    asked = []
    monkeypatch.setattr(type(service.warehouse), "reading", counting(type(service.warehouse).reading, asked))
    question = Question(as_of=NOON)

    for _ in range(3):
        with asking(service, service.streams[0], question) as ask:
            assert ask(find("in_flight"))[0]["items"] == 1
    service.data_changed()
    with asking(service, service.streams[0], question) as ask:
        ask(find("in_flight"))
        ask(find("over_target"))

    assert len(asked) == 2  # Once for each state of the data, in one transaction each.


def counting(reading, asked):
    def counted(self):
        asked.append(1)
        return reading(self)

    return counted


def test_what_one_service_answered_is_never_told_of_the_next():
    with closing(service_of(stories=[visit("one", [("request", -30)])])) as one, closing(service_of()) as none:
        told = []
        for number in range(20):  # each in the memory of the one before it, as chance has it
            service = replace((none, one)[number % 2])
            with asking(service, service.streams[0], Question(as_of=NOON)) as ask:
                told.append(ask(find("in_flight"))[0]["items"])
            del service, ask

    assert told == [0, 1] * 10


def test_an_error_is_not_remembered(service):
    with asking(service, service.streams[0], Question(as_of=NOON)) as ask:
        for _ in range(2):
            with pytest.raises(MetricError, match="No segment"):
                ask(find("in_flight"), by=("nonsense",))


def test_memory_is_bounded():
    answers = Answers(most=3)
    asked = []
    for key in (1, 2, 3, 4, 1):
        answers.get(key, lambda key=key: asked.append(key) or [{"key": key}])

    assert asked == [1, 2, 3, 4, 1]


def test_long_answers_and_tables_made_of_them_are_kept_only_while_their_rows_fit():
    answers = Answers(most_rows=10)
    asked = []

    def get(key, rows):
        return answers.get(key, lambda: asked.append(key) or rows)

    for key, rows in (("a", [{}] * 4), ("b", {"rows": [{}] * 5}), ("a", None), ("c", [{}] * 2), ("b", []), ("a", [{}])):
        get(key, rows)
    assert asked == ["a", "b", "c", "b"]

    get("long", [{}] * 11)
    assert get("long", None) == [{}] * 11


def test_viewers_who_ask_the_same_at_once_wait_for_one_answer():
    answers, asked, begun, go_on = Answers(), [], threading.Event(), threading.Event()

    def slow():
        asked.append(1)
        begun.set()
        go_on.wait(10)
        return [{"n": 1}]

    found = []
    first = threading.Thread(target=lambda: found.append(answers.get("q", slow)))
    first.start()
    assert begun.wait(10)
    second = threading.Thread(target=lambda: found.append(answers.get("q", slow)))
    second.start()
    go_on.set()
    first.join(10)
    second.join(10)

    assert found == [[{"n": 1}], [{"n": 1}]]
    assert asked == [1]


def test_now_stands_still_while_no_data_comes_but_not_for_long(service):
    live = LiveInstant()
    just_later, much_later = NOON + timedelta(seconds=1), NOON + LIVE_STEP

    assert live.at(service, NOON) == NOON
    assert live.at(service, just_later) == NOON
    assert live.at(service, much_later) == much_later


def test_now_moves_when_data_comes_but_no_faster_than_its_beat(service):
    live = LiveInstant()
    assert live.state(service, NOON) == (NOON, 0)
    service.data_changed()

    assert live.state(service, NOON + LIVE_BEAT / 2) == (NOON, 0)
    assert live.state(service, NOON + LIVE_BEAT) == (NOON + LIVE_BEAT, 1)
    assert live.state(service, NOON + LIVE_BEAT * 2) == (NOON + LIVE_BEAT, 1)


def test_a_steady_now_does_not_move_for_data(service):
    calm = LiveInstant(CALM_STEP, is_steady=True)
    calm.at(service, NOON)
    service.data_changed()

    assert calm.state(service, NOON + CALM_STEP / 2) == (NOON, 0)
    assert calm.state(service, NOON + CALM_STEP) == (NOON + CALM_STEP, 1)


def test_what_is_made_of_answers_is_made_once_for_each_state_of_the_data(service):
    made = []
    for version in (0, 0, 1):
        with asking(service, service.streams[0], Question(as_of=NOON), data_version=version) as ask:
            assert ask.made("map", lambda: made.append(1) or {"cards": []}, "stage") == {"cards": []}
            ask.made("map", lambda: made.append(2) or {}, "another stage")

    assert made == [1, 2, 1, 2]


def test_the_shared_memory_is_the_one_in_use():
    assert isinstance(ANSWERS, Answers)
