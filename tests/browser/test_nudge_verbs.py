"""Every verb really done from the page: the journal and Temporal's history, compared."""

import pytest

from actions.journal import journal_path
from actions.verbs import BY_VERB
from connectors.journal import read_journal
from tests.browser.conftest import a_browser
from tests.browser.test_nudge import open_drawer, process
from tests.fixtures.deeds import DEEDS, backstage

pytestmark = [pytest.mark.browser, pytest.mark.server, pytest.mark.timeout(240)]
# The page takes an instant to the minute; the command line's test goes back by time.
BY_PAGE = [name for name in DEEDS if name != "reset by time"]


@pytest.fixture(scope="module")
def stories(temporal_server):
    """Stories for all verbs, with workers."""
    with backstage(temporal_server) as made:
        yield made


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
    """A page of a running service, before the first address; `address` is where it is."""
    with process("tests.browser.nudge_page", str(journal), temporal_server, stories.queue) as service:
        page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
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
    if verb == "reset":
        choose(page, "Go back to", "The first worker turn")
    if verb == "activity_options":
        text = page.get_by_label("Move to the task queue")
        text.fill(stories.queue)
        text.press("Enter")


@pytest.mark.parametrize("name", BY_PAGE)
def test_a_verb_is_done_once_from_the_page(page, stories, journal, name):
    item = stories.item(name)
    open_drawer(page, f"{page.address}/?item={item}", 1)
    choose(page, "What to do", BY_VERB[DEEDS[name].verb].title)
    fill_in(page, stories, name)
    page.get_by_role("button", name="Show what would happen").click()
    page.get_by_label("Why").fill("the test asks for it")
    page.get_by_role("button", name="Do it to 1 item").click()
    page.get_by_text("1 accepted").wait_for()

    kept = read_journal(journal_path(journal / "streamgauge.duckdb")).records
    records = [record for record in kept if record.item == item]
    assert {(each.actor, each.role, each.via, each.reason) for each in records[1:]} == {
        ("anna", "operator", "config", "the test asks for it")
    }
    stories.check(name, records)
