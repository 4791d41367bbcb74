"""The recorded past in a warehouse: whole, closed, sound, and no news to whoever reads the company's database."""

import asyncio
import shutil
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

import warehouse
from app import past
from app.config import load
from app.demo import PAST_NOTE
from app.demo_config import WAREHOUSE_NAME
from app.rounds import one_round
from app.service import Service, open_service
from app.sources import sources_of
from app.ui.health import trust
from metrics import Question, Window, find
from sample_data.company import create_company
from sample_data.past import recording
from sample_data.past.rows import restore
from sample_data.tables import open_database
from tests.fixtures import demos
from tests.fixtures.demos import command_of, wait_until_gone
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
    config = folder / "streamgauge.toml"
    assert past.main([f"--config={config}", f"--ends-at={ENDS_AT.isoformat()}"]) == 0  # as the demo does
    opened = open_service(load(config))
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
    assert past.load_past(service, ENDS_AT + timedelta(hours=3)) == 0


@pytest.mark.postgres
def test_the_companys_database_holds_its_rows_as_they_were_last(service, postgres_url, monkeypatch):
    monkeypatch.setenv("CRM_OF_THE_PAST", postgres_url)
    before = rows(service, "SELECT count(*) AS versions FROM row_version")

    database = open_database(postgres_url)
    create_company(database)
    recorded = recording.before(ENDS_AT)
    written, again = restore(database, recorded), restore(database, recorded)
    database.dispose()
    (outcome,) = asyncio.run(_one_round(service))

    assert (written > 2 * len(recorded.moves), again) == (True, 0)
    assert outcome.error is None
    assert rows(service, "SELECT count(*) AS versions FROM row_version") == before


async def _one_round(service):
    return await one_round(sources_of(service, asyncio.Lock()))


def keep_past(service: Service, folder: Path) -> None:
    """Make `folder` that of a demo that has read its past already, and then ended."""
    folder.mkdir()
    rows(service, "CHECKPOINT")
    shutil.copy(service.config.warehouse, folder / WAREHOUSE_NAME)
    (folder / PAST_NOTE).write_text(ENDS_AT.isoformat())


@pytest.mark.server
@pytest.mark.postgres
def test_the_demo_goes_on_from_it_with_sixty_items_beside_another_and_leaves_nothing_but_its_data(
    service, demo, tmp_path
):
    keep_past(service, tmp_path / "first")
    first, second = demo("first"), demo("second", "--no-past")
    others = second.wait_for_part("app.cli up")
    # A part that ends by itself ends its demo, with a sentence.
    next(each for each in others if "sample_data.worker" in command_of(each)).kill()
    assert second.process.wait(timeout=60) == 1
    assert "Error: worker ended with exit code -9" in second.progress.read_text()
    assert wait_until_gone(others) == []

    url = first.wait_until_ready()
    family = first.family()
    assert urlopen(url).status == 200
    for stream in demos.STREAMS:
        assert sum(row["items"] for row in first.rows("in_flight", stream)) >= 30
        first.wait_for_stages(stream, 5)
    (recorded,) = [row for row in first.rows("source_health", demos.STREAMS[0]) if row["source"] == "recorded"]
    assert recorded["runs"] >= 3_000
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(timeout=60) == 0
    assert wait_until_gone(family) == []
    assert not (first.folder / "streamgauge.duckdb.service").exists()
    # What it knew can still be asked, now from the file.
    items = {row["run_id"] for row in first.rows("open_items")}
    assert len(items) >= 50

    again = demo("first", "--for=0")
    again.wait_until_ready()
    assert again.process.wait(timeout=60) == 0
    assert items & {row["run_id"] for row in again.rows("open_items")}, again.said()
