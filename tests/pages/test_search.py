"""Finding an item from any page: by its name, by a part of it, in every stream, as of the instant that is shown."""

import pytest

import value_stream
from app.ui import search
from tests.pages.company import STREAM, service_of, visit
from warehouse import WarehouseError

CLAIM = STREAM.with_name("claim.stream.toml")
LABEL = "Business key, workflow id or run id"
HOSTILE = "<img src=x> ![](http://evil.example/p.png)"


@pytest.fixture(scope="module")
def few():
    stories = [
        visit("order-17", [("request", -400), ("approval", -100)]),
        visit("order-170", [("request", -300)]),
        visit("over-17", [("request", -300)], ended="completed"),
        visit(HOSTILE, [("request", -50)]),
    ]
    opened = service_of(streams=[value_stream.load(CLAIM), value_stream.load(STREAM)], stories=stories)
    yield opened
    opened.close()


def look_for(page, text):
    (typed,) = [each for each in page.text_input if each.label == LABEL]
    return typed.set_value(text).run()


def links(page):
    return [element.proto.label.replace("\\", "").replace("\u202f", " ") for element in page.get("page_link")]


@pytest.mark.parametrize("page", ["pages/live_flow.py", "pages/stuck.py", "pages/data_health.py", "pages/item.py"])
def test_from_any_page_a_whole_name_opens_the_item_in_its_stream(show, few, page):
    found = look_for(show(few, page), " order-17 ")

    assert not found.exception
    assert found.title[0].value.endswith("Item")
    assert any("Request order\\-17**" in said.value for said in found.markdown)


def test_an_item_that_is_over_is_found_by_its_whole_name(show, few):
    found = look_for(show(few), "over-17")

    assert found.title[0].value.endswith("Item")


def test_a_part_of_a_name_lists_the_open_items_that_have_it_the_longest_in_their_stage_first(show, few):
    found = look_for(show(few), "ORDER")

    assert found.title[0].value.endswith("Live flow")
    assert [link for link in links(found) if "order" in link] == [
        "Request order-170, Request for 5 min",
        "Request order-17, Approval for 1 min 40 s",
    ]


def test_what_is_not_there_is_said_with_what_was_looked_for(show, few):
    found = look_for(show(few), HOSTILE[:4] + "nobody*")

    assert any("Nothing has the name '\\<imgnobody\\*'" in said.value for said in found.markdown)


def test_a_hostile_name_is_text_in_the_list(show, few):
    found = look_for(show(few), "evil")

    (link,) = [element.proto.label for element in found.get("page_link") if "evil" in element.proto.label]
    assert "\\<img src=x\\> \\!\\[\\]" in link


def test_what_was_not_there_yet_is_not_found_in_the_past(show, few):
    page = show(few, as_of="2026-03-02T11:54:00Z")

    assert [link for link in links(look_for(page, "order")) if "order" in link] == [
        "Request order-17, Request for 40 s"
    ]


def test_a_search_that_fails_says_so_and_leaves_the_page(show, few, monkeypatch):
    page = show(few)
    monkeypatch.setattr(search, "look_for", fail)
    found = look_for(page, "order")

    assert not found.exception
    assert found.title[0].value.endswith("Live flow")
    assert "the disk is gone" in found.error[0].value


def fail(*_):
    raise WarehouseError("the disk is gone")


def test_what_was_found_on_one_page_is_not_told_on_another(show, few):
    found = look_for(show(few), "order")

    assert not [link for link in links(found.switch_page("../pages/stuck.py").run()) if "order" in link]
