"""Nudges from the real pages: every verb from Item, and a selection on Stuck; journal and Temporal, compared."""

import re
import time
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe

from actions.journal import journal_path
from actions.verbs import BY_VERB
from connectors.journal import read_journal
from tests.browser.conftest import a_browser
from tests.browser.test_nudge import process
from tests.browser.test_pages import STREAMLIT_RULES, describe
from tests.fixtures.deeds import DEEDS, Deed, backstage, fail_often

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.timeout(240)]
REFUSED = ("refused 1", "refused 2", "refused 3")
# Clicks a button as soon as it is there: the page is not whole yet, and the browser still has the last one's state.
QUICK = """name => new MutationObserver((_, seen) => {
  const button = [...document.querySelectorAll("button")].find(each => each.textContent.includes(name));
  if (button) {
    seen.disconnect();
    button.click();
  }
}).observe(document.body, {childList: true, subtree: true})"""


@pytest.fixture(scope="module")
def stories(temporal_server):
    """Stories for all verbs, with workers; and three that one thing holds up."""
    with backstage(temporal_server) as made:
        for name in REFUSED:
            made.wait_for(
                made.start(name, Deed("reset_activity", [["refuse_patiently", "bob"]], nothing, prepare=fail_often))
            )
        yield made


async def nothing(after):
    """Nothing is compared."""


@pytest.fixture(scope="module")
def browser():
    """Chromium for the whole file."""
    with a_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """The folder of the service that does the deeds."""
    return tmp_path_factory.mktemp("verbs")


@pytest.fixture(scope="module")
def page(stories, browser, journal, temporal_server):
    """A tab before a running service; `address` is where that is."""
    with process("tests.browser.nudge_page", str(journal), temporal_server, stories.queue) as service:
        page = browser.new_context(viewport={"width": 1200, "height": 900}, color_scheme="dark").new_page()
        page.set_default_timeout(40_000)
        page.address = service.stdout.readline().strip()
        yield page
        page.context.close()


def choose(page, label, option):
    """An option of a list that one types into."""
    box = page.get_by_role("dialog").get_by_role("combobox", name=label)
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option).first.click()


def fill_in(page, stories, name):
    """What the verb's form asks for."""
    verb = DEEDS[name].verb
    if verb in ("signal", "update"):
        page.get_by_role("combobox", name=f"Which {verb}").wait_for()
        number = page.get_by_label("Arguments")
        number.fill("1")
        number.press("Enter")
        choose(page, "Argument 1 is", "JSON")
        text = page.get_by_role("textbox", name="Argument 1")
        text.fill(DEEDS[name].words.arguments[0])
        text.press("Enter")
    if name == "reset by time":
        choose(page, "Go back to", "An instant")
        instant = page.get_by_role("textbox", name="Instant")
        instant.fill("noon")
        instant.press("Enter")
        page.get_by_role("button", name="Show what would happen").click()
        page.get_by_text("'noon' is no instant").wait_for()
        instant.fill(stories.words(name).to)
        instant.press("Enter")
        page.get_by_text("what was done before it stays").wait_for()
    elif verb == "reset":
        choose(page, "Go back to", "The first worker turn")
    if verb == "activity_options":
        text = page.get_by_label("Move to the task queue")
        text.fill(stories.queue)
        text.press("Enter")


def come_to(page, path, found):
    """A page, again until what is looked for was read and is there."""
    deadline = time.monotonic() + 60
    while True:
        page.goto(page.address + path)
        page.get_by_role("heading", name="Story").first.wait_for()
        page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        if found.count():
            return
        assert time.monotonic() < deadline, f"{path} does not show it"
        page.wait_for_timeout(500)


def wait_for_a_sample(page, item, after):
    """Until the board tells of an item what Temporal was asked about it after an instant."""
    facts = page.locator(".board .items > li").filter(has_text=item).locator("dd").filter(has_text="asked ")
    deadline = time.monotonic() + 60
    while True:
        for text in facts.all_text_contents():
            asked = re.search(r"asked (\d+ \w+ [\d:]+)", text)
            if asked and datetime.strptime(f"{after:%Y} {asked[1]} +0000", "%Y %d %b %H:%M:%S %z") > after:
                return
        assert time.monotonic() < deadline, f"no news of {item}"
        page.wait_for_timeout(200)


def do_it(page, count):
    """What the plan says, with a reason."""
    page.get_by_label("Why").fill("the test asks for it")
    page.get_by_role("button", name=f"Do it to {count}").click()


def kept(journal):
    """All records of the journal."""
    return read_journal(journal_path(journal / "streamgauge.duckdb")).records


@pytest.mark.parametrize("name", DEEDS)
def test_a_verb_is_done_once_from_the_page_of_its_item(page, stories, journal, name):
    item = stories.item(name)
    button = page.get_by_role("button", name="Nudge this story")
    come_to(page, f"/item?live=false&item={item}", button)
    button.click()
    choose(page, "What to do", BY_VERB[DEEDS[name].verb].title)
    fill_in(page, stories, name)
    page.get_by_role("button", name="Show what would happen").click()
    do_it(page, "1 item")
    page.get_by_text("1 accepted").wait_for()

    records = [record for record in kept(journal) if record.item == item]
    assert {(each.actor, each.role, each.via, each.reason) for each in records[1:]} == {
        ("anna", "operator", "config", "the test asks for it")
    }
    stories.check(name, records)


def test_one_that_is_selected_and_then_all_that_a_cause_holds_are_nudged_from_the_page_of_stuck_work(
    page, stories, journal
):
    cause = page.locator(".board .cause").filter(has_text="no luck with bob").filter(has_text="3stories")
    come_to(page, "/stuck", cause)
    cause.get_by_role("button").first.click()
    page.wait_for_url(re.compile("cause="))
    first, *others = (stories.item(name) for name in REFUSED)

    page.get_by_role("checkbox", name=f"Select {first}").check()
    page.get_by_text("The list stands still while something is selected.").wait_for()
    page.get_by_role("button", name="Nudge 1 selected").click()
    page.get_by_role("dialog").get_by_text(first).wait_for()
    found = Axe().run(page).response["violations"]
    assert [describe(each) for each in found if each["id"] not in STREAMLIT_RULES] == []
    do_it(page, "1 item")
    page.get_by_text("1 accepted").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()

    # While its step is tried again an item does not stand still, and leaves the selection by itself. Who asks for all
    # then gets the others alone, so it has to fail again first, and the page has to know.
    stories.wait_for(fail_often(stories, REFUSED[0]))
    failed_at = datetime.now(UTC)
    clear, nudge_all = (page.get_by_role("button", name=name) for name in ("Clear", "Nudge all 3"))
    clear.or_(nudge_all).first.wait_for()
    if clear.is_visible():
        clear.click()
    wait_for_a_sample(page, first, failed_at)
    nudge_all.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("anna did this to it already").wait_for()
    do_it(page, "2 items")
    page.get_by_text("2 accepted").wait_for()
    dialog.get_by_text("the same failure again").first.wait_for()

    done = {record.item: record for record in kept(journal) if record.state == "accepted"}
    causes = {done[item].cause for item in (first, *others)}
    assert causes == {cause.get_attribute("data-cause")}
    assert {done[item].nudge for item in (first, *others)} == {"retry-now"}


def test_an_item_found_by_its_name_can_be_nudged_with_the_next_click(page, stories):
    item = stories.item(REFUSED[0])
    come_to(page, f"/item?item={item}", page.get_by_role("button", name="Nudge this story"))
    page.goto(page.address)
    page.get_by_role("button", name="Find").click()
    name = page.get_by_label("Business key, workflow id or run id")
    name.fill(item)
    page.evaluate(QUICK, "Nudge this story")
    name.press("Enter")

    page.get_by_role("dialog").get_by_text(item).wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
