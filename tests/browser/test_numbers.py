"""Every page shows the numbers that the command line tells of the same instant, asked of the same running service."""

import json
import re

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.screens import SCREENS
from app.ui import wording
from tests.browser.screens import AS_OF, LOOKS
from tests.browser.serve import CONFIG

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
FIGURE = """names => {
  const all = (root, selector) => [...root.querySelectorAll('*')].flatMap(
    (node) => [...(node.matches(selector) ? [node] : []), ...(node.shadowRoot ? all(node.shadowRoot, selector) : [])]);
  const found = all(document, '[data-figure]').map(
    (node) => [node.dataset.figure, node.querySelector('.number')?.textContent]);
  return Object.fromEntries(found.filter(([name]) => names.includes(name)));
}"""


@pytest.fixture
def told(folder, address):
    """Rows of a metric as `streamgauge show` prints them."""

    def show(metric, *words):
        instant = AS_OF.removeprefix("as_of=")
        line = ["show", metric, "--as-of", instant, *words, "--format=json", "--config", str(folder / CONFIG)]
        done = CliRunner().invoke(cli, line)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)["rows"]

    return show


def test_every_page_shows_what_the_command_line_tells(visit, address, told):
    page = visit("/data-health?live=false", wait="[data-figure]")
    for screen in SCREENS:
        if screen.is_for_demo:
            continue
        look = next(look for look in LOOKS if look.screen == screen.name)
        path = look.path if "as_of" in look.path else f"{look.path}&{AS_OF}"
        page.goto(address + path)
        page.locator(look.wait).first.wait_for()
        page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        EXPECTED[screen.name](page, told)


def figures(page, **expected):
    """That the headline figures of these names say this."""
    assert page.evaluate(FIGURE, list(expected)) == expected


def total(rows, name):
    return sum(row[name] or 0 for row in rows)


def live_flow(page, told):
    flow, in_flight = told("flow_over_time", "--window", "1h"), told("in_flight")
    figures(
        page,
        in_flight=wording.count(total(in_flight, "items")),
        arrived=wording.count(total(flow, "arrivals")),
        departed=wording.count(total(flow, "departures")),
        stuck=wording.count(sum(row["rank"] == 1 and row["severity"] != "watch" for row in told("stuck"))),
        over_target=wording.count(sum(row["over_target"] for row in told("over_target") if row["target_seconds"])),
        value=wording.amount(total(in_flight, "value"), "EUR"),
    )


def stuck(page, told):
    causes = told("causes")
    watch = sum(row["items"] for row in causes if row["severity"] == "watch")
    held, all_items = total(causes, "items") - watch, total(told("in_flight"), "items")
    page.get_by_role("heading", name=f"{held} of {all_items} requests are stuck, {watch} to watch").wait_for()
    shown = page.locator(".board .cause .number").all_text_contents()
    assert shown == [wording.count(row["items"]) for row in causes]


def bottlenecks(page, told):
    first_pass = told("first_pass_yield", "--window", "1h")[0]
    figures(
        page,
        throughput=wording.count(total(told("throughput", "--window", "1h"), "ended")),
        first_pass=wording.share(first_pass["first_pass_share"]),
        waiting=wording.amount(total(told("value_waiting"), "value"), "EUR"),
    )


def decisions(page, told):
    summary = told("decision_summary", "--window", "1h")
    known = sum(row["coverage_share"] * row["decided"] for row in summary if row["decided"])
    figures(
        page,
        coverage=wording.share(known / total(summary, "decided")),
        overdue=wording.count(total(summary, "overdue")),
        breaches=wording.count(total(summary, "authority_breaches") + total(summary, "four_eyes_breaches")),
    )


def stream(page, told):
    drift, data = told("drift", "--window", "1h"), told("completeness", "--window", "1h")
    index = next(row for row in drift if row["finding"] == "index")
    figures(
        page,
        drift=wording.share(index["share"]),
        items_now=wording.count(index["items_now"]),
        unused=wording.count(sum(row["finding"] == "unused" for row in drift)),
        completeness=wording.share(total(data, "present") / total(data, "times")),
    )


def item(page, told):
    (status,) = told("item_status", "--where", "item=whole")
    days = int(status["age_seconds"] // 86_400)
    page.get_by_role("heading", name=re.compile(f"Ended as {status['outcome_title']} after {days} d")).wait_for()


def explore(page, told):
    page.get_by_text(f"Open items: {len(told('open_items'))} rows").wait_for()


def data_health(page, told):
    figures(page, open=wording.count(total(told("source_health"), "open_here")))


EXPECTED = {
    each.__name__: each for each in (live_flow, stuck, bottlenecks, decisions, stream, item, explore, data_health)
}
