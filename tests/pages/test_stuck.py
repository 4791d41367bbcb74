"""The page of stuck work in every state it can be in."""

from datetime import timedelta

import pytest

from app.ui import stuck
from app.ui.url import Filters
from metrics.stuck_search import Search
from tests.pages.company import NOON, visit
from tests.pages.test_live_flow import rows_of, widget, words

PAGE = "pages/stuck.py"


def board(page):
    return widget(page, "stuck_board")


def roots(service, **where):
    rows = rows_of(service, "stuck", where=tuple(where.items()))
    return [row for row in rows if row["rank"] == 1]


def boxes(page):
    return [(box.proto.title.replace("\\", ""), box.value.replace("\\", "")) for box in page.info]


def test_causes_come_first_as_the_metric_has_them(show, company):
    page = show(company, PAGE)
    causes = rows_of(company, "causes")

    assert [cause["id"] for cause in board(page)["causes"]] == [row["cause"] for row in causes]
    assert [int(cause["items"]) for cause in board(page)["causes"]] == [row["items"] for row in causes]
    assert len({cause["tone"] for cause in board(page)["causes"]}) == 3
    assert not page.exception


def test_the_rules_are_evaluated_once_for_causes_and_items_and_once_for_the_trend(opened, monkeypatch):
    asked = []
    evaluate = Search.of_stream
    monkeypatch.setattr(Search, "of_stream", lambda self, *told: asked.append(self) or evaluate(self, *told))
    service = opened(stories=[visit("one", [("request", -9000)])])

    for viewer in range(3):
        now = NOON + timedelta(seconds=3 * viewer)
        with stuck.asking_now(service, service.streams[0], Filters(), now) as page:
            assert [row["items"] for row in page.causes] == [1]
            assert page.ask(stuck.STUCK)

    assert len(asked) == 2


def test_the_headline_adds_up(show, company):
    held = [row for row in roots(company) if row["severity"] != "watch"]
    watch = len(roots(company)) - len(held)
    in_flight = sum(row["items"] for row in rows_of(company, "in_flight"))

    assert words(show(company, PAGE).header) == [f"{len(held)} of {in_flight} requests are stuck, {watch} to watch"]


def test_the_address_opens_a_cause_and_its_items_are_those_it_holds(show, company):
    cause = next(row for row in rows_of(company, "causes") if row["rule"] == "step retrying")
    shown = board(show(company, PAGE, cause=cause["cause"]))
    held = roots(company, cause=cause["cause"])

    assert shown["chosen"] == cause["cause"]
    assert sorted(item["name"] for item in shown["items"]) == sorted(row["item"] for row in held)
    assert shown["all"] == cause["items"]
    first = shown["items"][0]
    assert first["why"].startswith("Step place_order has failed")
    facts = dict(first["facts"])
    assert "attempt" in facts["Temporal"]
    assert "(retry-now): the step is tried now, not only when its next try is due." in facts["May help"]
    assert first["run"].startswith("http://127.0.0.1:8233/namespaces/default/workflows/")


def test_the_address_of_an_item_opens_its_cause_and_unfolds_it(show, company):
    row = roots(company)[-1]
    shown = board(show(company, PAGE, item=row["item"]))

    assert shown["chosen"] == row["cause"]
    assert shown["open"] == f"{row['source']}/{row['run_id']}"


@pytest.mark.parametrize("address", [{"cause": "<script>"}, {"item": "gone"}, {"cause": "0000000000"}])
def test_nonsense_in_the_address_opens_nothing(show, company, address):
    page = show(company, PAGE, **address)
    shown = board(page)

    assert shown["chosen"] is None
    assert shown["shows"] == shown["causes"][0]["id"]
    [(name, value)] = address.items()
    assert f"{name}={value}: it " in page.warning[0].value.replace("\\", "")


def test_where_nothing_is_stuck_it_says_what_was_checked(show, opened):
    page = show(opened(stories=[visit("one", [("request", -10)])]), PAGE, as_of="2026-03-02T12:00:04Z")

    assert board(page) is None
    assert boxes(page) == [("Nothing is stuck", "1 request checked 4s ago.")]


def test_without_open_work_it_says_that_and_nothing_of_stuck(show, opened):
    page = show(opened(stories=[visit("one", [("request", -10)], ended="completed")]), PAGE)

    assert [title for title, _ in boxes(page)] == ["No request is open"]


def test_a_filter_narrows_causes_and_items(show, company):
    page = show(company, PAGE, **{"where.Region": "North"})
    held = roots(company, Region="North")

    assert 0 < len(held) < len(roots(company))
    assert sum(int(cause["items"]) for cause in board(page)["causes"]) == len(held)


def test_a_source_that_cannot_be_read_is_said_above_what_was_last_known(show, opened):
    page = show(opened(stories=[visit("one", [("request", -300)])], error="boom"), PAGE, as_of="2026-03-02T12:00:30Z")

    assert page.warning[0].proto.title.replace("\\", "") == "crm cannot be read"
    assert board(page)["causes"][0]["title"] == "Request past its deadline"


def test_what_workflows_say_stays_data(show, opened):
    hostile = "<img src=x onerror=alert(1)> ![](http://evil)"
    page = show(opened(stories=[visit(hostile, [("request", -300)])]), PAGE)

    assert board(page)["items"][0]["name"] == hostile
    assert not any(hostile in box.proto.body for box in page.main.get("html"))


def test_without_a_stream_file_it_says_what_to_do(show, opened):
    assert boxes(show(opened(streams=[]), PAGE))[0][0] == "No stream file is in force"


def test_nothing_can_be_selected_where_nudges_are_off(show, company):
    assert board(show(company, PAGE))["nudge"] == ""
