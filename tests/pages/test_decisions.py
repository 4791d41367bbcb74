"""Decisions in every state: open and overdue first, nobody named where persons are hidden."""

from datetime import UTC, timedelta

import pytest

import value_stream
from app.ui.decisions import drawn, figures, lists
from app.ui.palette import palette
from metrics import Question, Window, find
from tests.fixtures.streams import a_stream
from tests.pages.company import NOON, STREAM, deciding, service_of, visit
from tests.pages.test_live_flow import widget

PAGE = "pages/decisions.py"
PERIOD = {"period": "1h"}


@pytest.fixture(scope="module")
def stream():
    return value_stream.load(STREAM)


@pytest.fixture(scope="module")
def company():
    """In place of the company of all pages: one in which people decide."""
    made = service_of(stories=deciding())
    yield made
    made.close()


@pytest.fixture
def asked(company):
    """Rows of a metric over the hour before NOON."""

    def ask(name, **more):
        question = Question(NOON, Window(NOON - timedelta(hours=1), NOON), **more)
        with company.warehouse.reading() as con:
            return find(name)(con, company.streams[0], question).to_pylist()

    return ask


def texts(table, column):
    index = [each["key"] for each in table["columns"]].index(column)
    return [row["cells"][index]["text"] for row in table["rows"]]


def test_the_page_says_how_surely_it_is_known_who_decided(show, company, asked):
    page = show(company, PAGE, **PERIOD)
    cards = {card["key"]: card for card in widget(page, "figures")["figures"]}
    summary = asked("decision_summary")

    assert not page.exception and not page.error
    assert list(cards) == ["coverage", "overdue", "kept", "reversed", "breaches"]
    assert cards["overdue"]["number"] == sum(row["overdue"] for row in summary)
    assert f"of {sum(row['open'] for row in summary)} open" in cards["overdue"]["words"]


def test_open_questions_are_listed_overdue_first_with_who_is_asked_and_who_is_next(asked, stream):
    table = lists.open_questions(asked("decisions"), stream, NOON, lambda row: None)
    due = [row["cells"][2] for row in table["rows"]]

    assert len(table["rows"]) == sum(row["open"] for row in asked("decision_summary"))
    assert [cell["sort"] for cell in due] == sorted(cell["sort"] for cell in due)
    assert all(("overdue" in cell["text"]) is (cell["sort"] < 0) for cell in due)
    assert {"director"} <= set(texts(table, "next"))


def test_a_question_without_a_deadline_comes_last_and_an_escalated_one_says_so(stream):
    row = a_row(deadline_at=None), a_row(escalated=True, deadline_at=NOON + timedelta(minutes=2))
    table = lists.open_questions(row, stream, NOON, lambda row: None)

    assert texts(table, "due") == ["in 2m", "none"]
    assert texts(table, "next") == ["director (escalated)", "director"]


def a_row(**columns):
    return {
        "item": "request-1",
        "workflow_id": "request-1",
        "decision": "approve-spend",
        "title": "Approve spend",
        "state": "open",
        "asked_at": NOON - timedelta(minutes=1),
        "deadline_at": NOON - timedelta(seconds=30),
        "decided_at": None,
        "required_roles": None,
        "escalated": False,
        "value": None,
        "unit": None,
        "outcome": None,
        "actor": None,
        "actor_kind": None,
        "evidence": None,
        "strength": None,
        "latency_seconds": None,
        "authority_respected": None,
        "is_four_eyes_breach": False,
        "kept": None,
        "reversed_by": None,
        "conflicts": 0,
        "off_list": None,
        "is_early": False,
        **columns,
    }


def decided(**columns):
    return a_row(state="decided", decided_at=NOON, outcome="approve", actor="Hanna", latency_seconds=60.0, **columns)


def test_the_ledger_notes_what_broke_a_rule_and_marks_it(stream):
    broken = decided(authority_respected=False, is_four_eyes_breach=True, kept=False, reversed_by="reject")
    table = lists.ledger([broken, decided()], stream, lambda row: None, UTC)

    assert texts(table, "flags") == [
        "without authority; too few people; past its deadline; reversed: reject",
        "",
    ]
    assert [row["cells"][-1]["tone"] for row in table["rows"]] == ["bad", "quiet"]
    assert lists.breaches([broken, decided(), decided(kept=False), a_row()]) == [broken]


def test_an_unknown_actor_is_not_made_up(stream):
    table = lists.ledger([decided() | {"actor": None, "actor_kind": "unknown"}], stream, lambda row: None, UTC)

    assert texts(table, "actor") == ["(unknown)"]
    assert texts(table, "evidence") == ["not known"]


def test_shares_over_all_decisions_weigh_as_much_as_the_questions_behind_them():
    some = {name: 0 for name in find("decision_summary").columns} | {"coverage_share": 1.0, "decided": 30}
    few = some | {"coverage_share": 0.0, "decided": 10, "reversal_share": None}
    cards = {card["key"]: card for card in figures.figures([some, few])}

    assert cards["coverage"]["number"] == 0.75
    assert cards["coverage"]["words"] == ["who decided is known for 30 of 40"]
    assert cards["coverage"]["tone"] == "watch"
    assert figures.figures([])[0]["text"] == "–"  # noqa: RUF001


def test_outcomes_are_counted_by_whom_and_what(asked, stream):
    rows = asked("decision_summary", by=("actor_kind", "outcome"))
    kinds = drawn.kinds_of(rows, stream)
    chart = drawn.outcomes([row for row in rows if row["decided"]], "actor_kind", kinds, palette(False))

    total = sum(sum(trace["x"]) for trace in chart.figure["data"])
    assert total == sum(row["decided"] for row in rows)


def test_an_outcome_has_one_colour_on_the_page_though_a_chart_lacks_others(stream):
    rows = [decided() | {"actor": "ann", "outcome": name, "decided": 3} for name in ("approve", "ask-again", "reject")]
    kinds = drawn.kinds_of(rows, stream)
    by_actor = drawn.outcomes([rows[0], rows[2]], "actor", kinds, palette(False))
    over_time = drawn.over_time([(NOON, rows)], kinds, palette(False), UTC)

    def colours(chart):
        return {trace["name"]: trace["marker"]["color"] for trace in chart.figure["data"]}

    assert len(colours(by_actor)) == 2
    assert colours(by_actor).items() < colours(over_time).items()


def test_where_persons_are_hidden_nobody_is_named(show, company, asked):
    page = show(company, PAGE, persons="Hidden", **PERIOD)
    named = {row["actor"] for row in asked("decisions") if row["actor"]}

    assert not page.exception and not page.error
    assert [name for name in named if name in str(page.main)] == []


def test_a_stream_without_decisions_says_what_to_declare(show, opened):
    stream = a_stream(item={"workflow_types": ["ServiceRequest"]})
    page = show(opened(streams=[stream], stories=[visit("one", [("request", -60)])]), PAGE)

    assert titles(page) == ["Claim declares no decisions"]


def test_an_empty_window_and_a_filter_that_nothing_passes_are_told_apart(show, opened, company):
    empty = show(opened(), PAGE)
    filtered = show(company, PAGE, **{"where.Region": "Nowhere"}, **PERIOD)

    assert titles(empty) == ["Nothing was asked or answered in the last 7d"]
    assert titles(filtered) == ["No question in the window has Region = Nowhere"]


def test_a_stream_without_decisions_does_not_break_live_flow(show, opened):
    stream = a_stream(item={"workflow_types": ["ServiceRequest"]})
    page = show(opened(streams=[stream], stories=[visit("one", [("request", -60)])]))

    assert [box.proto.title for box in page.error] == []


def titles(page):
    return [box.proto.title.replace("\\", "") for box in page.info]
