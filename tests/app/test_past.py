"""The recorded past in a warehouse: whole, closed, sound, and no news to whoever reads the company's database."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import warehouse
from app.config import load
from app.past import load_past
from app.rounds import one_round
from app.service import Service, open_service
from app.sources import sources_of
from app.ui.health import trust
from app.write_turn import WriteTurn
from metrics import Question, Window, find
from sample_data.company import create_company
from sample_data.past import recording
from sample_data.past.rows import restore
from sample_data.tables import open_database
from warehouse.comparison import differing_rows
from warehouse.conservation import uneven_items

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ENDS_AT = datetime(2026, 3, 5, 15, 0, tzinfo=UTC)
STREAMS = Path(__file__).parents[2] / "sample_data" / "streams" / "*.stream.toml"
CONFIG = """
warehouse = "w.duckdb"
streams = ["{streams}"]
[[databases]]
name = "crm"
url_env = "CRM_OF_THE_PAST"
tables = [
  {{ name = "requests",  key = ["id"], cursor = "updated_at" }},
  {{ name = "approvals", key = ["id"], cursor = "updated_at" }},
  {{ name = "ledger",    key = ["id"], cursor = "updated_at" }},
]
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("past")
    (folder / "streamgauge.toml").write_text(CONFIG.format(streams=STREAMS))
    opened = open_service(load(folder / "streamgauge.toml"))
    load_past(opened, ENDS_AT)
    yield opened
    opened.close()


def rows(service: Service, sql: str) -> list[dict]:
    con = service.warehouse.cursor()
    try:
        return warehouse.rows(con, sql)
    finally:
        con.close()


def test_three_thousand_items_and_more_all_closed_in_the_two_weeks_before(service):
    (found,) = rows(
        service,
        "SELECT count(*) AS items, count(closed_at) AS closed, min(opened_at) AS first_at, max(closed_at) AS last_at "
        "FROM item",
    )

    assert found["items"] == found["closed"] >= 3_000
    assert ENDS_AT - timedelta(days=14, hours=2) < found["first_at"] < ENDS_AT - timedelta(days=13)
    assert ENDS_AT - timedelta(hours=2) < found["last_at"] < ENDS_AT


def test_it_is_sound(service):
    con = service.warehouse.cursor()
    try:
        assert uneven_items(con) == []
        assert differing_rows(con) == {}
    finally:
        con.close()


def test_who_decided_is_known_and_so_is_what_it_was_about(service):
    (found,) = rows(
        service,
        "SELECT count(*) AS decisions, count(actor) FILTER (actor_kind = 'person') AS named, "
        "count(*) FILTER (actor_kind = 'person') AS by_persons FROM decision WHERE decided_at IS NOT NULL",
    )
    (amounts,) = rows(
        service,
        "SELECT count(DISTINCT item_key) AS items FROM item_attribute "
        "WHERE path LIKE 'db.crm.%.amount' AND number IS NOT NULL",
    )

    assert found["decisions"] > 3_000
    assert found["named"] == found["by_persons"] > 0.8 * found["decisions"], "the rest are the fraud rules and timers"
    assert amounts["items"] > 2_700


def test_weekdays_are_weekdays(service):
    opened = [row["opened_at"] for row in rows(service, "SELECT opened_at FROM item")]
    days = Counter(instant.weekday() for instant in opened)

    assert max(days[5], days[6]) < 0.5 * min(days[day] for day in range(5))


def test_the_vendors_bad_week_shows_in_the_time_it_took_and_in_nobody_elses(service):
    stream = next(one for one in service.streams if one.stream == "service-request")
    bad = Window(datetime(2026, 2, 23, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC))
    after = Window(datetime(2026, 3, 4, tzinfo=UTC), ENDS_AT)

    def medians(window: Window) -> dict[str, float]:
        con = service.warehouse.cursor()
        try:
            table = find("time_in_state")(con, stream, Question(as_of=window.to_at, window=window))
        finally:
            con.close()
        return {row["stage"]: row["p50_seconds"] for row in table.to_pylist() if row["p50_seconds"] is not None}

    then, now = medians(bad), medians(after)
    assert then["quote"] > 1.2 * now["quote"]
    assert then["delivery"] > 1.2 * now["delivery"]
    for stage in ("request", "classification", "billing"):
        assert then[stage] == pytest.approx(now[stage], rel=0.2)


def test_nothing_of_it_is_in_flight_or_late_or_reconciled(service):
    stream, con = service.streams[0], service.warehouse.cursor()
    now = ENDS_AT + timedelta(hours=1)
    try:
        in_flight = find("in_flight")(con, stream, Question(as_of=now)).to_pylist()
        sources = find("source_health")(con, None, Question(as_of=now)).to_pylist()
    finally:
        con.close()

    (recorded,) = [row for row in sources if row["source"] == "recorded"]
    assert sum(row["items"] for row in in_flight) == 0
    assert (recorded["as_of_at"], recorded["behind_seconds"], recorded["open_there"]) == (ENDS_AT, None, None)
    assert trust(recorded, now, 1).state == "good"


def test_reading_it_again_changes_nothing(service):
    assert load_past(service, ENDS_AT + timedelta(hours=3)) == 0


@pytest.mark.postgres
def test_the_companys_database_holds_its_rows_as_they_were_last(service, postgres_url, monkeypatch):
    monkeypatch.setenv("CRM_OF_THE_PAST", postgres_url)
    before = rows(service, "SELECT count(*) AS versions FROM row_version")

    database = open_database(postgres_url)
    create_company(database)
    past = recording.before(ENDS_AT)
    written, again = restore(database, past), restore(database, past)
    database.dispose()
    (outcome,) = asyncio.run(_one_round(service))

    assert (written > 2 * len(past.moves), again) == (True, 0)
    assert outcome.error is None
    assert rows(service, "SELECT count(*) AS versions FROM row_version") == before


async def _one_round(service):
    return await one_round(sources_of(service, WriteTurn()))
