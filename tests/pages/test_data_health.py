"""Data health in every state it can be in."""

from tests.pages.company import visit
from tests.pages.test_live_flow import widget

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
