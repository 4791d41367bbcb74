"""Stuck work in a real browser: choosing a cause, its items and their evidence, wide and on a phone."""

import re

import pytest

from tests.browser.screens import AS_OF

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
BOARD = ".board .cause"


def open_stuck(visit, query="", **options):
    return visit(f"/stuck?{AS_OF}{query}", wait=BOARD, **options)


def cause(page, title):
    return page.locator(BOARD).filter(has_text=title)


def test_a_cause_is_chosen_with_one_click_and_the_address_opens_it_again(visit):
    page = open_stuck(visit)
    cause(page, "place_order").get_by_role("button").first.click()
    page.wait_for_url(re.compile("cause="))
    page.locator(".item .why").first.get_by_text("Step place_order has failed").wait_for()

    again = visit(page.url.removeprefix(page.url.split("/stuck")[0]), wait=".board .item")

    assert cause(again, "place_order").get_by_role("button").first.get_attribute("aria-expanded") == "true"
    assert again.locator(".item").count() == page.locator(".item").count()


def test_evidence_unfolds(visit):
    page = open_stuck(visit)
    item = page.locator(".item").first
    item.locator("summary").click()
    item.get_by_text("Task queue").wait_for()

    assert item.locator("details").get_attribute("open") is not None


def test_on_a_phone_the_second_tap_is_the_cause_with_its_items_below(visit):
    page = open_stuck(visit, phone=True, has_touch=True)
    assert page.locator(".item").count() == 0
    chosen = cause(page, "place_order")
    chosen.get_by_role("button").first.tap()
    chosen.locator(".item").first.wait_for()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(each.bounding_box()["height"] >= 44 for each in page.locator(".choose").all())


def test_it_follows_the_data_by_itself_and_what_was_unfolded_stays_so(visit):
    page = visit("/stuck", wait=BOARD)
    # A cause of one's own choice stays shown, however the others grow meanwhile.
    page.locator(BOARD).first.get_by_role("button").first.click()
    page.wait_for_url(re.compile("cause="))
    item = page.locator(".item").first
    name = item.locator(".name").text_content()
    item.locator("summary").click()
    # Each refresh draws the items anew: the mark goes with the first one.
    item.evaluate("drawn => drawn.dataset.before = 'refresh'")
    page.locator(".item[data-before]").wait_for(state="detached", timeout=60_000)

    again = page.locator(".item").filter(has_text=name).first
    assert again.locator("details").get_attribute("open") is not None
