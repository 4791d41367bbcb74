"""What changed in a stretch: only what happened in it counts, and what grew most is named."""

from datetime import timedelta

import pytest

import value_stream
from app.ui import digest, headline
from metrics import Window
from tests.pages.company import NOON, STREAM

HOUR = Window(NOON - timedelta(hours=1), NOON)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def stream():
    return value_stream.load(STREAM)


def told(**rows):
    return digest.Told(**({"flow": [], "decisions": [], "stuck": [], "waits": [], "waits_before": []} | rows))


def shown(stream, **rows):
    return {figure["key"]: figure for figure in digest.figures(told(**rows), stream, HOUR)}


def question(**more):
    return {"state": "open", "deadline_at": None, "decided_at": None, "title": "Spend", "decision": "spend"} | more


def test_what_came_and_went_is_summed_and_the_rest_is_the_change(stream):
    flow = [{"arrivals": 3, "departures": 1}, {"arrivals": 0, "departures": 1}]
    found = shown(stream, flow=flow)

    assert (found["new_arrived"]["number"], found["new_departed"]["number"]) == (3, 2)
    assert found["new_arrived"]["words"] == ["+1 in flight"]


def test_a_decision_is_newly_overdue_when_its_deadline_passed_in_the_stretch_and_nobody_answered(stream):
    rows = [
        question(deadline_at=NOON - MINUTE),
        question(deadline_at=NOON - 61 * MINUTE),
        question(deadline_at=NOON),
        question(deadline_at=NOON - MINUTE, state="decided", decided_at=NOON - MINUTE / 2),
    ]
    found = shown(stream, decisions=rows)

    assert (found["new_overdue"]["number"], found["new_overdue"]["tone"]) == (1, "bad")
    assert found["new_overdue"]["words"] == ["Spend 1"]
    assert found["new_decided"]["number"] == 1


def stuck(since_at, **more):
    return {"rank": 1, "severity": "stuck", "rule": "stage overdue", "since_at": since_at} | more


def test_an_item_is_newly_stuck_when_its_root_rule_began_in_the_stretch(stream):
    rows = [
        stuck(NOON - MINUTE),
        stuck(NOON - 61 * MINUTE),
        stuck(NOON - MINUTE, rank=2),
        stuck(NOON - MINUTE, severity="watch"),
        stuck(NOON - 2 * MINUTE, rule="no worker", severity="critical"),
    ]
    found = shown(stream, stuck=rows)["new_stuck"]

    assert (found["number"], found["words"]) == (2, ["no worker 1", "stage overdue 1"])


@pytest.mark.parametrize(
    ("before", "title", "text"),
    [
        ({"timer": 1, "silent": 5}, "New cause of waiting", "+4"),
        ({"timer": 1, "step retrying": 1, "silent": 5}, "Grew most", "+3"),
    ],
)
def test_the_wait_that_grew_most_is_named_and_called_new_when_it_is(stream, before, title, text):
    now = {"timer": 2, "step retrying": 4, "silent": 5}
    rows = [[{"wait": wait, "items": items} for wait, items in each.items()] for each in (now, before)]
    found = shown(stream, waits=rows[0], waits_before=rows[1])["new_cause"]

    assert (found["title"], found["text"], found["words"][0]) == (title, text, "step retrying")


def test_a_quiet_hour_says_that_nothing_happened(stream):
    found = shown(stream)

    assert {figure["tone"] for figure in found.values()} == {"none"}
    assert found["new_cause"]["words"] == ["none"]


def card(number, **more):
    return {"key": "in_flight", "number": number, "text": str(number), "words": [], "better": "less"} | more


@pytest.mark.parametrize(("now", "then", "text", "tone"), [(7, 5, "+2 ▲", "bad"), (5, 7, "−2 ✓", "good")])  # noqa: RUF001
def test_a_headline_says_how_it_differs_from_last_week_and_whether_that_is_good(now, then, text, tone):
    delta = headline.since([card(now)], [card(then)], NOON, "last week")[0]["delta"]

    assert (delta["text"], delta["tone"], delta["words"]) == (text, tone, "vs last week")
    assert delta["title"] == f"{then} last week, Mon 2026-03-02 12:00 UTC"
