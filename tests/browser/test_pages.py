"""What only a browser can show: drawing, clicking, keys, refreshing, and what must not happen."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from app.screens import SCREENS
from app.ui.tables import FIRST_ROWS, MOST_ROWS
from metrics import Question, find
from tests.browser.screens import AS_OF, LOOKS
from tests.browser.serve import HOSTILE, shown
from tests.pages.company import NOON, service_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# Streamlit's own faults: its navigation's lists, and help icons.
STREAMLIT_RULES = {"list", "listitem", "svg-img-alt"}
TABLE = ".rows table"


@pytest.fixture(scope="module")
def in_flight():
    """Items in each stage, asked of the same company without a browser."""
    service = service_of(stories=shown())
    with service.warehouse.reading() as con:
        rows = find("in_flight")(con, service.streams[0], Question(as_of=NOON)).to_pylist()
    service.close()
    return {row["stage"]: row["items"] for row in rows}


def stage(page, name):
    return page.locator(f'[data-stage="{name}"]')


def figure(page, name):
    return page.locator(f'[data-figure="{name}"] .number')


def test_the_map_shows_the_numbers_of_the_metric(visit, in_flight):
    page = visit(f"/?{AS_OF}")

    for name, items in in_flight.items():
        if page.locator(f'[data-stage="{name}"] .number').count():
            assert page.locator(f'[data-stage="{name}"] .number').text_content() == str(items), name
    assert figure(page, "in_flight").text_content() == str(sum(in_flight.values()))


def test_a_click_on_a_stage_shows_its_items_and_the_link_reproduces_it(visit, in_flight):
    page = visit(f"/?{AS_OF}")
    stage(page, "approval").click()
    heading = f"Approval: {in_flight['approval']} requests in flight"
    page.get_by_role("heading", name=heading).wait_for()
    page.wait_for_url(re.compile("stage=approval"))

    again = visit(page.url.removeprefix(page.url.split("/?")[0]))

    again.get_by_role("heading", name=heading).wait_for()
    assert stage(again, "approval").get_attribute("aria-pressed") == "true"


def test_the_map_can_be_used_by_keyboard_alone(visit):
    page = visit(f"/?{AS_OF}")
    stage(page, "request").focus()
    page.keyboard.press("ArrowDown")
    focused = page.evaluate(FOCUSED)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"stage={focused}"))

    assert focused == "classification"
    assert page.evaluate(FOCUSED) == focused  # Redrawing did not take the focus away.


FOCUSED = """() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element?.dataset?.stage ?? element?.tagName;
}"""


def test_hovering_a_stage_explains_it_and_lights_up_its_moves(visit):
    page = visit(f"/?{AS_OF}")
    stage(page, "approval").hover()

    tip = page.get_by_role("tooltip")
    tip.wait_for()
    assert "over the target of 2m 0s" in tip.text_content()
    lit = page.locator(".arrow.lit").evaluate_all(
        "found => found.map((each) => [each.dataset.source, each.dataset.target])"
    )
    assert len(lit) >= 4
    assert all("approval" in ends for ends in lit)


def test_new_work_comes_by_itself_without_flicker(visit):
    page = visit("/")
    card = stage(page, "request").element_handle()
    before = int(figure(page, "in_flight").text_content().replace("\u202f", ""))
    page.evaluate(WATCH)
    # Looked at from outside: the page's own policy forbids the eval that wait_for_function needs.
    deadline = time.monotonic() + 60
    while page.evaluate("window.figure()") <= before + 3:
        assert time.monotonic() < deadline, "no new work came"
        page.wait_for_timeout(250)

    assert page.evaluate("window.faintest") == 1
    assert card.evaluate("node => node.isConnected")  # The map was changed, not drawn anew.


def test_the_rest_of_a_long_table_comes_when_somebody_asks_for_it(visit):
    page = visit("/?live=false")
    rows = page.locator(".st-key-items tbody tr")
    rows.first.wait_for()
    few = rows.count()
    page.locator(".st-key-items .whole").click()
    rows.nth(few).wait_for()
    page.get_by_role("button", name="In stage").click()
    stays = page.locator(".st-key-items thead th[aria-sort=descending]")
    stays.wait_for()

    assert few == FIRST_ROWS
    assert rows.count() == MOST_ROWS
    page.get_by_role("button", name="Show fewer").click()
    rows.nth(few).wait_for(state="detached")
    assert rows.count() == few


WATCH = """() => {
  window.faintest = 1;
  const all = (root, selector) => [...root.querySelectorAll('*')].flatMap(
    (node) => [...(node.matches(selector) ? [node] : []), ...(node.shadowRoot ? all(node.shadowRoot, selector) : [])]);
  window.figure = () => +all(document, '[data-figure="in_flight"] .number')[0].textContent.replace('\\u202f', '');
  const look = () => {
    for (const box of document.querySelectorAll('[class*="st-key-live"] [data-testid="stElementContainer"]'))
      window.faintest = Math.min(window.faintest, +getComputedStyle(box).opacity);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_on_a_phone_the_map_is_a_list_by_heat_and_nothing_scrolls_sideways(visit):
    page = visit(f"/?{AS_OF}", phone=True, has_touch=True)
    rows = page.locator("[data-row]:visible")
    steps = [int(found[1]) for row in rows.all() if (found := re.search(r"heat-(\d)", row.get_attribute("class")))]

    assert page.locator("[data-stage]:visible").count() == 0
    assert steps == sorted(steps, reverse=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(row.bounding_box()["height"] >= 44 for row in rows.all())
    rows.first.tap()
    page.wait_for_url(re.compile("stage="))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_components_follow_the_theme(visit, dark):
    page = visit(f"/?{AS_OF}", dark=dark)

    assert (page.locator(".wrap.dark").count() > 0) is dark
    assert (page.locator(".figures.dark").count() > 0) is dark


def test_what_a_figure_means_is_one_key_away(visit):
    page = visit(f"/?{AS_OF}")
    page.get_by_role("button", name="What “In flight” means").press("Enter")

    help_text = page.locator("#help-in_flight")
    help_text.wait_for()
    assert "begun, not ended" in help_text.text_content()
    assert "As of: 2026-03-02 12:00:00 UTC" in help_text.text_content()
    page.keyboard.press("Escape")
    help_text.wait_for(state="hidden")


def test_the_strip_speaks_the_viewers_time(visit):
    page = visit(f"/?{AS_OF}")

    chip = page.get_by_text("As of 2026-03-02 13:00:00")
    assert chip.locator("..").get_attribute("title") == "2026-03-02 12:00:00 UTC"


def test_going_back_in_time_is_two_clicks_and_in_the_address(visit):
    page = visit("/?live=false")
    page.get_by_role("button", name="As of now").click()
    page.get_by_role("button", name="1h ago").click()

    page.wait_for_url(re.compile("as_of="))
    page.get_by_role("button", name=re.compile(r"As of \d")).wait_for()


def test_hostile_names_are_text(visit):
    page = visit(f"/?{AS_OF}&stage=request")
    cell = page.locator(TABLE).first.get_by_text(HOSTILE)
    cell.wait_for()

    assert page.evaluate("window.hit") is None
    assert page.locator("img[src='x']").count() == 0


def test_a_table_is_sorted_by_a_click_on_its_head(visit):
    page = visit(f"/?{AS_OF}")
    table = page.locator(TABLE).first
    table.get_by_role("button", name="Age", exact=True).click()
    head = table.locator("th[aria-sort=descending]")

    head.wait_for()
    assert head.text_content() == "Age ↓"


def test_an_item_among_the_rows_opens_its_page_as_of_the_same_instant(visit):
    page = visit(f"/explore?{AS_OF}&live=false&sort=item", wait="[data-testid=stDataFrame] canvas")
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    box = page.locator("[data-testid=stDataFrame] canvas").first.bounding_box()
    page.mouse.click(box["x"] + 30, box["y"] + 52)
    page.wait_for_url(re.compile(r"/item\?.*item="))

    page.get_by_role("heading", name="Timeline").wait_for()
    assert "as_of=2026-03-02T12" in page.url


def test_data_health_is_one_click_away(visit):
    page = visit(f"/?{AS_OF}")
    page.get_by_role("link", name="Data health").click()

    page.get_by_role("heading", name="Data health", exact=True).wait_for()
    page.locator(TABLE).first.get_by_text("main/default").wait_for()


# Colours and sizes do not depend on each other, so two of the four ways show each of them.
@pytest.mark.parametrize(("dark", "phone"), [(False, False), (True, True)], ids=["light-wide", "dark-phone"])
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_pages_are_accessible_and_fit(tabs, address, look, dark, phone):
    page, complaints = tabs(dark=dark, phone=phone)
    page.goto(address + look.path)
    page.locator(look.wait).first.wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    found = Axe().run(page).response["violations"]

    assert [describe(each) for each in found if each["id"] not in STREAMLIT_RULES] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert [each for each in complaints if each] == []


def test_every_page_is_looked_at():
    assert {each.name for each in SCREENS if not each.is_for_demo} == {look.screen for look in LOOKS}


def test_what_is_chosen_above_a_page_goes_along_to_the_next(visit):
    page = visit(f"/?{AS_OF}&window=8h&where.Region=North&show=Now&live=false")
    page.get_by_role("link", name="Data health").click()
    page.wait_for_url(re.compile(r"data-health\?.*as_of=2026-03-02T12%3A00%3A00Z"))
    page.get_by_role("link", name="Live flow").click()
    page.wait_for_url(re.compile(r"where\.Region=North"))

    for chosen in ("window=8h", "show=Now", "live=false", "as_of="):
        assert chosen in page.url


def describe(violation):
    return violation["id"], [(node["html"][:120], node.get("failureSummary", "")[:300]) for node in violation["nodes"]]
