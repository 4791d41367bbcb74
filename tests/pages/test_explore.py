"""Explore & export in every state it can be in."""

import httpx
import pyarrow as pa
import pytest

from app.answers import Ask
from app.exports import Wish, extracting
from app.ui.explore import view
from metrics import ALL
from tests.pages.company import NOON
from warehouse.selecting import Selection
from warehouse.views import VIEWS

PAGE = "pages/explore.py"


def rows(page):
    assert not page.exception, page.exception
    return page.dataframe[0].value


def words(page):
    return " ".join(each.value for each in (*page.markdown, *page.info)).replace("\\", "")


def test_it_begins_with_the_open_items(show, company):
    page = show(company, PAGE)

    assert list(rows(page).columns[:3]) == ["item", "workflow_id", "run_id"]
    assert f"Open items: {len(rows(page))} rows" in words(page)
    assert "2026-03-02 12:00:00 UTC" in words(page)


@pytest.mark.parametrize("relation", view.relations())
def test_all_that_has_rows_can_be_exported(company, relation):
    kind, _, name = relation.partition(".")
    wish = Wish(kind, name, Ask(name, as_of=NOON.isoformat()))
    with extracting(company.warehouse, company.streams, wish, now=NOON) as extract:
        found = extract.table()

    assert found.num_rows == extract.rows
    assert [name for name, _ in extract.columns] == found.column_names


def test_metrics_and_tables_are_all_offered():
    assert len(view.relations()) == len(ALL) + len(VIEWS)


def test_filters_groups_and_order_of_the_address_are_what_is_shown(show, company):
    page = show(
        company,
        PAGE,
        table="stays",
        group="stage",
        measure="duration_seconds",
        filter="duration_seconds >= 10",
        sort="-p85",
    )
    found = rows(page)

    assert list(found.columns) == ["stage", "rows", "n", "sum", "p50", "p85", "greatest"]
    assert found["p85"].tolist() == sorted(found["p85"], reverse=True)
    assert found["p50"].min() >= 10


def test_what_a_link_from_another_page_counted_is_what_is_listed(show, company):
    page = show(company, PAGE, metric="open_items", **{"where.stage": "approval"})

    assert set(rows(page)["stage"]) == {"approval"}


def test_a_filter_that_nothing_passes_says_so_and_not_that_nothing_is_there(show, company):
    page = show(company, PAGE, table="items", filter="item = nobody")

    assert "No row passes the filters" in words(page)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"filter": "gibberish"}, "is no filter"),
        ({"sort": "colour"}, "No column"),
        ({"where.stage": "nowhere"}, "No stage"),
        ({"metric": "time_in_state", "window": "soon"}, "is no window"),
    ],
)
def test_a_link_that_makes_no_sense_is_told_in_one_sentence(show, company, address, sentence):
    page = show(company, PAGE, **address)

    assert not page.exception
    assert sentence in page.error[0].value


def test_nonsense_for_a_relation_or_a_page_is_the_usual_one(show, company):
    page = show(company, PAGE, metric="'; DROP TABLE item", part="minus one")

    assert "Open items" in words(page)


def test_a_page_beyond_the_last_says_how_many_there_are(show, company):
    page = show(company, PAGE, part="9")

    assert "There is no such page" in words(page)


def test_a_chart_is_drawn_of_what_is_shown(show, company):
    page = show(company, PAGE, table="stays", group="stage", x="stage", y="rows", drawn="line")

    assert not page.exception
    assert "explore.chart" in str(page.main)


@pytest.mark.parametrize(("name", "said"), [("p85", "p85 of duration_seconds"), ("rows", "rows"), ("stage", "stage")])
def test_beside_an_axis_a_summary_says_of_what_and_so_in_which_unit(company, name, said):
    selection = Selection(group=("stage",), measure="duration_seconds")
    wish = Wish("table", "stays", Ask("stays", as_of=NOON.isoformat()), selection)
    with extracting(company.warehouse, company.streams, wish, now=NOON) as extract:
        words = view.words_of(name, extract)

    assert words == said
    drawn = view.figure(pa.table({"stage": ["a"], "p85": [1.0]}), "stage", "p85", "bars", words=words)
    assert drawn["layout"]["yaxis"]["title"]["text"] == said


def test_an_item_is_opened_in_its_own_stream():
    table = pa.table({"stream": ["a", "b"], "item": ["one", "two"]})

    assert view.stream_of(table, "two") == "b"
    assert view.stream_of(table, "three") is None
    assert view.stream_of(table.select(["item"]), "two") is None


def test_the_links_download_what_is_shown(show, company):
    page = show(company, PAGE, metric="open_items", **{"where.stage": "approval"})
    links = [element.proto.url for element in page.get("link_button")]

    assert len(links) == 5
    assert all(link.startswith("./download/") for link in links)
    assert httpx.URL(links[0]).params["where"] == "stage=approval"
    assert httpx.URL(links[0]).params["as_of"] == "2026-03-02T12:00:00Z"
