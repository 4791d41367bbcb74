"""Data health in every state it can be in."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.config import ClusterConfig, Config
from app.ui import data_health
from app.ui.asking import LiveInstant
from tests.pages.company import visit
from tests.pages.test_live_flow import tables, widget
from warehouse.views import VIEWS

PAGE = "pages/data_health.py"


def cells(page, source):
    table = widget(page, "rows")
    row = next(row for row in table["rows"] if row["cells"][0]["text"] == source)
    return {column["key"]: cell for column, cell in zip(table["columns"], row["cells"], strict=True)}


def test_every_source_says_how_far_it_is_read_and_what_it_was_asked(show, company):
    shown = cells(show(company, PAGE), "main/default")

    assert (shown["state"]["mark"], shown["state"]["text"]) == ("✓", "0s behind")
    assert (shown["requests"]["text"], shown["last"]["text"], shown["retention"]["text"]) == ("12", "12", "1d")
    assert shown["error"]["text"] == "none"


def test_a_difference_between_the_counts_is_flagged_by_a_sign_and_in_words(show, opened):
    shown = cells(show(opened(stories=[visit("one", [("request", -60)])], open_there=3), PAGE), "main/default")

    assert (shown["open"]["mark"], shown["open"]["text"], shown["open"]["tone"]) == ("≠", "1 here, 3 there", "watch")


def test_equal_counts_are_said_to_be_equal(show, opened):
    shown = cells(show(opened(stories=[visit("one", [("request", -60)])], open_there=1), PAGE), "main/default")

    assert (shown["open"]["mark"], shown["open"]["text"]) == ("✓", "1 = 1 there")


def test_a_database_has_no_count_to_compare(show, company):
    assert cells(show(company, PAGE), "crm")["open"]["text"] == "not counted"


def test_a_failing_source_shows_its_error_as_plain_data(show, opened):
    page = show(opened(error="boom <b>"), PAGE, as_of="2026-03-02T12:00:30Z")
    shown = cells(page, "crm")

    assert shown["state"]["mark"] == "▲"
    assert shown["error"]["text"] == "12:00:03 UTC: boom <b>"


def test_before_the_first_round_sources_wait(show, opened):
    shown = cells(show(opened(as_of=None), PAGE, as_of=None, live="false"), "main/default")

    assert (shown["state"]["mark"], shown["state"]["text"]) == ("…", "not read yet")


def test_every_column_is_explained(show, company):
    page = show(company, PAGE)

    assert any("Retention" in element.value for element in page.markdown)
    assert any("furthest" in element.value.lower() or "behind" in element.value.lower() for element in page.text)


def said(page):
    kinds = (page.error, page.warning, page.info, page.caption, page.markdown)
    return " ".join(element.value for kind in kinds for element in kind).replace("\\", "")


def test_time_until_history_is_forgotten_counts_from_what_is_read(show, opened):
    page = show(opened(stories=[visit("one", [("request", -60)])]), PAGE)

    assert tables(page)["Time until history is forgotten"] == [["main/default", "1d", "1d", "0", "0"]]


def test_the_budget_used_stands_beside_what_is_allowed(show, company):
    rows = {row[0]: row[1:] for row in tables(show(company, PAGE))["Budget used in the last hour"]}

    assert rows == {"crm": ["12", "no limit set", "12", "0"], "main/default": ["12", "50", "12", "0"]}


def test_the_last_rounds_are_listed_and_failed_ones_alone_where_wanted(show, opened):
    service = opened(error="boom <b>")
    at = "2026-03-02T12:00:30Z"
    everything = tables(show(service, PAGE, as_of=at))["Rounds, the newest first"]
    failed = tables(show(service, PAGE, as_of=at, rounds="failed"))["Rounds, the newest first"]

    assert {row[2] for row in everything} == {"complete", "failed"}
    assert {(row[2], row[7]) for row in failed} == {("failed", "boom <b>")}
    assert "2 of 4 rounds in the last 1h failed." in said(show(service, PAGE, as_of=at))


def test_rounds_after_the_instant_are_not_known_yet(show, opened):
    page = show(opened(), PAGE, as_of="2026-03-02T11:59:00Z")

    assert "No round has ended yet." in said(page)


@pytest.fixture
def checks_now(monkeypatch):
    """Every run of the page checks again."""
    monkeypatch.setattr(data_health, "CHECKED", LiveInstant(timedelta(), beat=timedelta()))


def test_a_sound_warehouse_adds_up_and_one_that_does_not_names_the_item(show, opened, checks_now):
    service = opened(stories=[visit("one", [("request", -60), ("classification", -30)])])
    assert "Every item adds up" in said(show(service, PAGE))

    con = service.warehouse.cursor()
    con.execute("DELETE FROM stay WHERE stage = 'request'").fetchall()
    con.close()
    service.data_changed()
    page = show(service, PAGE)

    assert "1 item does not add up" in said(page)
    [row] = tables(page)["Items that do not add up"]
    assert row[0] == "one"


def test_a_source_that_cannot_be_reached_spoils_its_comparison_alone(show, opened, tmp_path):
    made = opened(stories=[visit("one", [("request", -60)])])
    (tmp_path / "temporal.toml").write_text('[profile.default]\naddress = "127.0.0.1:1"\n')
    cluster = ClusterConfig(profile_file=tmp_path / "temporal.toml")
    page = show(replace(made, config=Config(temporal=(cluster,))), PAGE)
    next(button for button in page.button if "Compare" in button.label).click()
    page.run()

    assert "Not compared: Temporal at 127.0.0.1:1: tried to connect" in said(page)
    assert "Every item adds up" in said(page)


def test_every_documented_table_and_column_is_explained(show, company):
    page = show(company, PAGE, dictionary="attributes")
    view = next(view for view in VIEWS if view.name == "attributes")

    assert tables(page)["Columns of attributes"] == [[name, says] for name, says in view.columns]
    assert view.says in said(page)
