"""Exports: what is in the file, what is said beside it, and that nothing half or hostile is left."""

import asyncio
import csv
import json
import zipfile

import duckdb
import httpx
import pyarrow.parquet as pq
import pytest
import typer
from starlette.applications import Starlette

from app import api, downloads
from app.answers import Ask
from app.cli_export import run_export
from app.errors import AskError, user_errors
from app.export_text import filter_from, parameters_of, query_of, wish_from
from app.exports import Wish, extracting
from app.extract_files import write_xlsx
from app.rounds import Rounds
from app.signing import is_signed, signed
from tests.fixtures.histories import NOON
from tests.pages.company import busy, service_of
from warehouse.selecting import Filter, Selection
from warehouse.views import NAMES

AS_OF = "2026-03-02T12:00:00Z"


@pytest.fixture(scope="module")
def service():
    made = service_of(stories=busy(items=60))
    yield made
    made.close()


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_metric_as_csv_has_the_rows_of_show_and_a_manifest_that_says_what_they_are(filled):
    path = filled.folder / "open.csv"
    done = filled.run("export", "open_items", "-o", str(path), "--as-of", AS_OF, "--filter", "stage = classification")
    shown = json.loads(filled.run("show", "open_items", "--format", "json", "--as-of", AS_OF).stdout)["rows"]
    about = json.loads((filled.folder / "open.csv.manifest.json").read_text())

    assert done.returncode == 0, done.stderr
    assert [row["workflow_id"].lstrip("'") for row in rows_of(path)] == [
        row["workflow_id"] for row in shown if row["stage"] == "classification"
    ]
    assert (about["what"], about["as_of"], about["rows"]) == ("metric open_items", AS_OF, len(rows_of(path)))
    assert about["filters"] == ["stage = classification"]
    assert about["fresh_to"] == {"main/default": AS_OF}
    assert "as of the instant" in about["definition"]


def test_text_that_a_spreadsheet_would_run_is_inert_in_csv_and_text_in_excel(filled, service):
    for name in ("items.csv", "items.xlsx"):
        run_export(filled.config, "items", {}, filled.folder / name, force=False)

    assert '\'=HYPERLINK("http://evil")' in [row["item"] for row in rows_of(filled.folder / "items.csv")]
    with zipfile.ZipFile(filled.folder / "items.xlsx") as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        about = book.read("xl/worksheets/sheet2.xml").decode()
    assert "=HYPERLINK(&quot;http://evil&quot;)" in sheet or '=HYPERLINK("http://evil")' in sheet
    assert "<f>" not in sheet
    assert "table items" in about


def test_parquet_keeps_the_kinds_of_values_and_carries_its_manifest(filled):
    path = filled.folder / "stays.parquet"
    run_export(filled.config, "stays", {"sort": ["-entered_at"]}, path, force=False)
    found = pq.read_table(path)

    entered = found["entered_at"].to_pylist()
    assert entered == sorted(entered, reverse=True)
    assert json.loads(found.schema.metadata[b"streamgauge"])["rows"] == found.num_rows > 0


def test_the_service_gives_the_same_file_as_the_warehouse_itself(filled):
    given = {"as_of": [AS_OF], "by": ["Region"], "sort": ["-items"]}
    alone, served = filled.folder / "alone.csv", filled.folder / "served.csv"
    run_export(filled.config, "in_flight", given, alone, force=False)
    filled.up()
    run_export(filled.config, "in_flight", given, served, force=False)

    assert served.read_text() == alone.read_text() != ""
    about = json.loads((filled.folder / "served.csv.manifest.json").read_text())
    assert about["again"].endswith("sort=-items") and "/explore?metric=in_flight&" in about["again"]
    snapshot = filled.folder / "all.duckdb"
    run_export(filled.config, "snapshot", {}, snapshot, force=False)
    with duckdb.connect(str(snapshot), read_only=True) as copy:
        assert copy.execute("SELECT count(*) FROM items").fetchone() == (3,)


def test_a_snapshot_is_written_without_a_service_too(filled):
    path = filled.folder / "all.duckdb"
    run_export(filled.config, "snapshot", {}, path, force=False)

    with duckdb.connect(str(path), read_only=True) as copy:
        assert {name for (name,) in copy.execute("SELECT table_name FROM duckdb_tables()").fetchall()} == {
            *NAMES,
            "about",
        }


@pytest.mark.parametrize(
    ("what", "name", "given", "sentence"),
    [
        ("nonsense", "x.csv", {}, "No metric 'nonsense'"),
        ("items", "x.pdf", {}, "x.pdf ends in none of: .csv, .xlsx, .parquet"),
        ("items", "there.csv", {}, "there.csv is there already"),
        ("items", "no/where.csv", {}, "No folder"),
        ("items", "x.csv", {"filter": ["gibberish"]}, "'gibberish' is no filter"),
        ("items", "x.csv", {"sort": ["colour"]}, "No column 'colour' here"),
        ("items", "x.csv", {"stream": ["nope"]}, "No stream 'nope'"),
        ("snapshot", "x.duckdb", {"sort": ["item"]}, "A snapshot holds all tables whole"),
        ("in_flight", "x.csv", {"as_of": ["2999-01-01"]}, "is in the future"),
    ],
)
def test_a_wrong_wish_is_one_sentence_and_leaves_no_file(filled, what, name, given, sentence):
    (filled.folder / "there.csv").write_text("mine")
    before = sorted(path.name for path in filled.folder.iterdir())

    with pytest.raises((typer.BadParameter, *user_errors())) as refusal:
        run_export(filled.config, what, given, filled.folder / name, force=False)

    assert sentence in str(refusal.value)
    assert sorted(path.name for path in filled.folder.iterdir()) == before
    assert (filled.folder / "there.csv").read_text() == "mine"


def test_a_wish_survives_being_written_as_parameters():
    wish = Wish(
        "metric",
        "decisions",
        Ask("decisions", stream="s", as_of=AS_OF, window="7d", where=("Region=North", "actor=x"), by=("outcome",)),
        Selection(("a", "b"), (Filter("n", ">=", "3"), Filter("actor", "empty")), ("a",), "n", "p85", True),
    )
    given: dict[str, list[str]] = {}
    for name, text in parameters_of(wish):
        given.setdefault(name, []).append(text)

    assert wish_from("metric", "decisions", given) == wish


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("n>=3", Filter("n", ">=", "3")),
        ("item ~ a = b", Filter("item", "~", "a = b")),
        ("actor empty", Filter("actor", "empty")),
        ("emptyish = 1", Filter("emptyish", "=", "1")),
        ("x != ", Filter("x", "!=")),
    ],
)
def test_filters_are_read_as_people_write_them(text, means):
    assert filter_from(text) == means


def test_unknown_parameters_are_refused_by_name():
    with pytest.raises(AskError, match="No parameter 'colour'"):
        wish_from("table", "items", {"colour": ["red"]})


def test_a_link_is_good_for_what_it_names_and_for_an_hour():
    link = signed("/download/table/items", "sort=-item&filter=a+%3D+%26", b"secret", now=1000)
    path, query = link.split("?", 1)

    assert is_signed(path, query, b"secret", now=4600)
    assert not is_signed(path, query, b"secret", now=4601)
    assert not is_signed(path, query, b"other", now=1000)
    assert not is_signed("/download/table/events", query, b"secret", now=1000)
    assert not is_signed(path, query.replace("sort=-item", "sort=-runs"), b"secret", now=1000)
    assert not is_signed(path, "sort=-item", b"secret", now=1000)


def test_a_page_of_rows_knows_how_many_there_are(service):
    wish = Wish("table", "stays", Ask("stays"), Selection(columns=("item", "stage")))
    with extracting(service.warehouse, service.streams, wish, now=NOON) as whole:
        everything = whole.table().to_pylist()
    with extracting(service.warehouse, service.streams, wish, now=NOON, most=10, skip=20) as page:
        assert page.table().to_pylist() == everything[20:30]
        assert page.rows == len(everything)


def test_more_rows_than_a_sheet_holds_are_refused(service, tmp_path):
    with extracting(service.warehouse, service.streams, Wish("table", "items", Ask("items")), now=NOON) as extract:
        too_many = extract.__class__(**{**vars(extract), "rows": 1_048_576})
        with pytest.raises(AskError, match="more than the 1,048,575"):
            write_xlsx(too_many, tmp_path / "x.xlsx", {})


class Browser:
    """Asks the download routes as a browser does: without a token."""

    def __init__(self, service):
        rounds = Rounds([], 60, asyncio.Lock())
        self._app = Starlette(routes=api.routes(service, rounds, "token"))

    async def get(self, address):
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501") as client:
            return await client.get(address)


@pytest.mark.parametrize("format", ["csv", "xlsx", "parquet", "manifest"])
def test_a_signed_link_downloads_in_every_format(service, format):
    wish = Wish(
        "metric", "open_items", Ask("open_items", as_of=AS_OF), Selection(sort="age_seconds", is_descending=True)
    )
    answer = asyncio.run(Browser(service).get(downloads.link(service, wish, format)))

    assert answer.status_code == 200, answer.text
    assert "open_items-20260302T120000Z" in answer.headers["content-disposition"]
    assert int(answer.headers["x-rows"]) > 0
    assert len(answer.content) > 200


def test_a_link_that_was_changed_downloads_nothing(service):
    wish = Wish("table", "items", Ask("items"))
    link = downloads.link(service, wish, "csv")
    browser = Browser(service)

    for address in (link.replace("items", "events"), link[:-1] + ("0" if link[-1] != "0" else "1"), link.split("?")[0]):
        answer = asyncio.run(browser.get(address))
        assert (answer.status_code, "not ours" in answer.text) == (403, True)
    assert asyncio.run(browser.get(downloads.snapshot_link(service))).content[8:12] == b"DUCK"
    assert query_of(wish) == ""
