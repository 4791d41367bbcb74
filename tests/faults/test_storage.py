"""A warehouse file on a disk that is full, cut off, or not to be written: one sentence, and nothing half-written."""

import asyncio
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import warehouse
from app.config import load
from app.rounds import Outcome, one_round
from app.service import Service, open_service
from app.sources import sources_of
from app.write_turn import WriteTurn
from tests.faults.conftest import Company, SmallDisk, read_only, run_without_privilege
from warehouse.comparison import differing_rows

ROWS = 30_000
ROOM_FOR_ABOUT_A_THIRD = 8_000_000
TOO_LITTLE_FOR_ANYTHING = 100_000
CRM = """
warehouse = "{warehouse}"
[[databases]]
name    = "crm"
url_env = "CRM_DATABASE_URL"
tables  = [{{ name = "request", key = ["id"] }}]
"""


@pytest.fixture
def crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database whose rows are more than a small disk holds."""
    with sqlite3.connect(tmp_path / "crm.sqlite") as database:
        database.execute("CREATE TABLE request (id INTEGER PRIMARY KEY, secret TEXT)")
        database.executemany("INSERT INTO request VALUES (?, hex(randomblob(150)))", ((row,) for row in range(ROWS)))
    database.close()
    url = f"sqlite:///{tmp_path}/crm.sqlite"
    monkeypatch.setenv("CRM_DATABASE_URL", url)
    return url


def on_disk(company: Company, disk: SmallDisk) -> Company:
    company.config.write_text(CRM.format(warehouse=disk.folder / "w.duckdb"))
    return company


def round_of(service: Service) -> Outcome:
    (outcome,) = asyncio.run(one_round(sources_of(service, WriteTurn())))
    return outcome


def rows_here(service: Service) -> tuple[int, int]:
    """Row versions, and the rows they are of."""
    (found,) = warehouse.rows(
        service.warehouse.cursor(), "SELECT count(*) AS versions, count(DISTINCT row_id) AS rows FROM row_version"
    )
    return found["versions"], found["rows"]


def one_sentence(answer: subprocess.CompletedProcess[str]) -> str:
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr
    told = answer.stderr.strip()
    assert len(told.splitlines()) == 1
    return told


def test_a_full_disk_is_said_leaves_nothing_half_written_and_is_gone_with_room(
    company: Company, crm: str, small_disk: Callable[[int], SmallDisk]
) -> None:
    disk = small_disk(ROOM_FOR_ABOUT_A_THIRD)
    service = open_service(load(on_disk(company, disk).config))

    full = [round_of(service), round_of(service)]
    held = rows_here(service)
    disk.make_room()
    after = round_of(service)

    assert all(outcome.error is not None and len(outcome.error.splitlines()) == 1 for outcome in full)
    assert all("No space left" in str(outcome.error) or "too large" in str(outcome.error) for outcome in full)
    assert held[0] == held[1] < ROWS
    assert after.error is None
    assert rows_here(service) == (ROWS, ROWS)
    assert differing_rows(service.warehouse.cursor()) == {}
    service.close()


@pytest.mark.parametrize("size", [TOO_LITTLE_FOR_ANYTHING, ROOM_FOR_ABOUT_A_THIRD])
def test_a_sync_onto_a_full_disk_is_one_sentence_and_the_next_goes_on(
    company: Company, crm: str, small_disk: Callable[[int], SmallDisk], size: int
) -> None:
    disk = small_disk(size)
    on_disk(company, disk)

    told = one_sentence(company.run("sync", CRM_DATABASE_URL=crm))
    disk.make_room()
    again = company.run("sync", CRM_DATABASE_URL=crm)

    assert "No space left" in told or "too large" in told
    assert again.returncode == 0, again.stderr
    service = open_service(load(company.config))
    assert rows_here(service) == (ROWS, ROWS)
    service.close()


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("command", [("show", "in_flight"), ("up",)])
def test_a_warehouse_that_was_cut_off_is_one_sentence_and_left_alone(
    filled: Company, share: float, command: tuple[str, ...]
) -> None:
    whole = filled.warehouse.read_bytes()
    filled.warehouse.write_bytes(whole[: int(len(whole) * share)])
    before = filled.warehouse.read_bytes()

    told = one_sentence(filled.run(*command))

    assert str(filled.warehouse) in told
    assert filled.warehouse.read_bytes() == before


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_warehouse_that_may_not_be_written_can_be_read_and_is_one_sentence_otherwise(
    filled: Company, what: str
) -> None:
    before = filled.warehouse.read_bytes()

    with read_only(filled.warehouse if what == "file" else filled.folder):
        shown = run_without_privilege(filled, "show", "in_flight", "--format=csv")
        told = one_sentence(run_without_privilege(filled, "up"))

    assert shown.returncode == 0, shown.stderr
    assert str(filled.folder) in told
    assert filled.warehouse.read_bytes() == before
