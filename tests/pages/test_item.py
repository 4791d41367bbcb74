"""Item in every state it can be in."""

import json
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from actions.config import ActionsConfig
from tests.pages.company import CRM, NOON, service_of, visit, whole
from tests.pages.test_live_flow import rows_of, widget, words
from warehouse import write_batch
from warehouse.batch import ROW_VERSIONS, Batch

PAGE = "pages/item.py"
HOSTILE = "<img src=x> ![](http://evil.example/p.png) `*_"


@pytest.fixture(scope="module")
def few():
    """Requests that wait for a manager, that are over, that are late, and one with a hostile name."""
    stories = [
        visit("waits", [("request", -400), ("classification", -300), ("quote", -200), ("approval", -100)]),
        visit("late", [("request", -9000), ("approval", -7200)]),
        visit(HOSTILE, [("request", -50)]),
        visit("broke", [("request", -300)], ended="failed"),
        whole(),
    ]
    opened = service_of(stories=stories)
    yield opened
    opened.close()


def headers(page):
    return [header.value.replace("\\", "").replace("\u202f", " ") for header in page.header]


def name(page):
    return next(said for said in words(page.markdown) if said.startswith("**Request ")).strip("*")


def test_no_filter_is_offered_for_one_item(show, few):
    def popovers(page):
        return [block.proto.popover.label for block in blocks(page.main) if block.proto.HasField("popover")]

    assert "Filter" in popovers(show(few, "pages/stuck.py"))
    assert "Filter" not in popovers(show(few, PAGE, item="waits", **{"where.Region": "North"}))


def blocks(block):
    for each in getattr(block, "children", {}).values():
        if hasattr(each, "children"):
            yield each
            yield from blocks(each)


def happened(page):
    """The list of what happened: the last of its kind on the page."""
    found = [block for block in components(page.main, "item_entries") if block["groups"]]
    return found[-1]["entries"]


def components(blocks, name):
    for block in getattr(blocks, "children", {}).values():
        proto = getattr(block, "proto", None)
        if getattr(proto, "component_name", "").endswith(name):
            yield json.loads(proto.json)
        yield from components(block, name)


def test_the_headline_says_what_an_open_item_waits_for_of_whom_and_until_when(show, few):
    page = show(few, PAGE, item="waits")

    assert not page.exception
    assert headers(page)[0] == (
        "Waiting 1 min 40 s for a decision: Approve spend, due in 1 min 20 s, asked of manager,"
        " next in escalation director"
    )
    assert name(page) == "Request waits"
    assert "Stuck" not in headers(page)


def test_a_stuck_item_says_how_late_it_is_and_why_with_evidence(show, few):
    page = show(few, PAGE, item="late")
    rules = [row for row in rows_of(few, "stuck") if row["item"] == "late"]

    assert "Waiting 2 h for a decision: Approve spend, 1 h 57 min past its deadline" in headers(page)[0]
    assert headers(page)[0].startswith(":red[▲")
    assert "Stuck" in headers(page)
    shown = next(components(page.main, "item_entries"))["entries"]
    assert [entry["words"] for entry in shown] == [[row["why"]] for row in rules]
    assert all(entry["facts"] for entry in shown)


def test_an_item_that_is_over_says_how_it_ended_and_how_long_it_took(show, few):
    page = show(few, PAGE, item="whole")

    assert headers(page)[0] == ":green[✓ Ended as Done after 1 d 23 h]"
    told = {entry["title"]: entry for entry in happened(page)}
    assert not any(entry["pending"] for entry in told.values())
    assert told["Asked: Approve spend"]["words"][:2] == ["approve after 2d", "by mia"]
    assert told["Activity place_quote"]["words"][-1] == "4 attempts"
    assert told["Worker turn"]["text"] == "boom"
    assert told["Ended as Done"]["words"] == ["completed"]


def test_what_is_pending_comes_first(show, few):
    first, *rest = happened(show(few, PAGE, item="waits"))

    assert (first["title"], first["pending"]) == ("Asked: Approve spend", True)
    assert not any(entry["pending"] for entry in rest)


def test_as_of_an_earlier_instant_the_item_stands_where_it_stood(show, few):
    page = show(few, PAGE, item="whole", as_of="2026-03-01T12:00:00Z")

    assert headers(page)[0].startswith(":red[▲ Waiting 1 d 7 h for a ")
    assert "Ended as Done" not in {entry["title"] for entry in happened(page)}


def test_the_timeline_folds_the_rest_and_keeps_what_happened_apart(show, few):
    data = widget(show(few, PAGE, item="whole"), "item_timeline")

    assert [fold["text"] for fold in data["folds"]] == ["2d"]
    assert [lane["title"] for lane in data["lanes"] if lane["title"]] == [
        *("Stage", "Waits for", "Steps", "Decisions", "Worker turns", "Messages", "Data")
    ]
    for lane in data["lanes"]:
        assert all(0 <= bar["from"] <= bar["to"] <= 1 for bar in lane["bars"])


@pytest.mark.parametrize("by", ["workflow_id", "run_id"])
def test_an_item_is_found_by_the_ids_of_its_run(show, few, by):
    assert name(show(few, PAGE, **{by: "waits"})) == "Request waits"


def test_an_unknown_item_is_told_in_a_sentence_that_says_what_was_looked_for(show, few):
    page = show(few, PAGE, item="nobody")

    assert page.info[0].proto.title.replace("\\", "") == "No request of that name"
    assert "Looked for 'nobody' as business key, workflow id and run id in Service request" in words(page.info)[0]
    assert "item.ask" not in {button.key for button in page.button}


def test_without_a_name_the_page_says_how_it_is_asked(show, few):
    assert show(few, PAGE).info[0].proto.title.replace("\\", "") == "Which item?"


def test_hostile_names_are_text(show, few):
    page = show(few, PAGE, item=HOSTILE)

    assert not page.exception
    assert name(page) == f"Request {HOSTILE}".rstrip("*")
    assert all("![](http" not in box.value for box in page.markdown)


def test_database_rows_are_shown_with_what_changed(show, opened):
    service = opened(stories=[visit("one", [("request", -60)])])
    content = {"id": "one", "workflow_id": "one", "amount": "7.00", "product": "hardware", "updated_at": None}
    row = {
        "table_name": "requests",
        "row_id": json.dumps(["one"]),
        "seen_at": NOON - timedelta(seconds=10),
        "content": json.dumps(content),
        "is_deleted": False,
    }
    con = service.warehouse.cursor()
    write_batch(con, CRM, Batch(row_versions=pa.Table.from_pylist([row], schema=ROW_VERSIONS)), NOON)
    con.close()
    page = show(service, PAGE, item="one")
    before = json.loads(rows_of(service, "item_rows", where=(("item", "one"),))[1]["before"])

    told = next(entry for entry in happened(page) if entry["title"] == "Row crm.requests one changed")
    assert f"amount: {before['amount']} → 7.00" in told["words"]
    assert "crm.requests one, version 2" in words(page.subheader)


def test_items_in_tables_lead_here(show, few):
    table = widget(show(few, stage="approval"), "rows")
    (href,) = [row["cells"][0]["href"] for row in table["rows"] if row["cells"][0]["text"] == "waits"]

    assert href == "./item?stream=service-request&as_of=2026-03-02T12%3A00%3A00Z&item=waits"


def test_a_workflow_that_nobody_answers_for_is_told_in_a_sentence(show, few, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    page = show(few, PAGE, item="waits", as_of=None, live="false")
    page.button(key="item.ask").click().run()

    assert not page.exception
    assert page.error[0].proto.title == "Nobody answered"
    assert "127.0.0.1:1" in words(page.error)[0]


def test_the_way_to_nudge_is_there_where_nudges_are_on_and_the_item_is_open_or_ended_early(show, few):
    allowed = replace(few, config=few.config.model_copy(update={"actions": ActionsConfig(allow=True)}))

    def has_button(service, **address):
        return "item.nudge" in {button.key for button in show(service, PAGE, **address).button}

    assert has_button(allowed, item="late", as_of=None, live="false")
    assert has_button(allowed, item="broke", as_of=None, live="false")
    assert not has_button(few, item="late", as_of=None, live="false")
    assert not has_button(allowed, item="whole", as_of=None, live="false")
    assert not has_button(allowed, item="late")
