"""What an import leaves in the warehouse."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

import warehouse
from connectors.database.content import content_text
from connectors.files import Excerpt, ImportBatch, find_files, read_files, row_versions
from tests.connectors.files.conftest import NOON, events, write

COUNTS = "SELECT (SELECT count(*) FROM run) AS runs, (SELECT count(*) FROM event) AS events"


def save(folder: Path, name: str, run_id: str = "run-1", *, closed: bool = True) -> Path:
    file = folder / name
    file.write_text(json.dumps({"events": events(run_id, closed=closed)}))
    return file


def import_(con: Any, *paths: Path) -> list[Any]:
    return write(con, read_files(paths, known=lambda run_ids: warehouse.known_anywhere(con, run_ids)))


def test_importing_twice_changes_nothing(con: Any, tmp_path: Path) -> None:
    file = save(tmp_path, "a.json")
    import_(con, file)
    before = warehouse.rows(con, "SELECT * EXCLUDE (learned_at) FROM event ORDER BY run_key, event_id")

    import_(con, file, file)

    assert warehouse.rows(con, "SELECT * EXCLUDE (learned_at) FROM event ORDER BY run_key, event_id") == before
    assert warehouse.rows(con, COUNTS) == [{"runs": 1, "events": 7}]


def test_one_broken_file_keeps_none_of_the_others_out(con: Any, tmp_path: Path) -> None:
    save(tmp_path, "a.json", "run-a")
    (tmp_path / "b.json").write_text("{")
    save(tmp_path, "c.json", "run-c")

    faults = import_(con, tmp_path)

    assert [Path(fault.place).name for fault in faults] == ["b.json"]
    assert warehouse.rows(con, COUNTS)[0]["runs"] == 2


def test_a_file_that_ends_open_is_lost_from_sight_from_its_last_event_on(con: Any, tmp_path: Path) -> None:
    import_(con, save(tmp_path, "open.json", closed=False))

    (run,) = warehouse.rows(con, "SELECT status, closed_at, observed_until_at, is_complete FROM run")

    assert run["observed_until_at"].isoformat() == "2026-01-05T12:00:06.500000+00:00"
    assert (run["status"], run["closed_at"], run["is_complete"]) == ("running", None, False)


def test_an_older_copy_takes_nothing_away_from_a_newer(con: Any, tmp_path: Path) -> None:
    import_(con, save(tmp_path, "whole.json"))
    import_(con, save(tmp_path, "older.json", closed=False))

    (run,) = warehouse.rows(con, "SELECT status, observed_until_at, next_event_id FROM run")

    assert run == {"status": "terminated", "observed_until_at": None, "next_event_id": 8}


def test_of_several_copies_the_longest_tells_whatever_their_order(con: Any, tmp_path: Path) -> None:
    save(tmp_path, "a-whole.json")
    save(tmp_path, "b-older.json", closed=False)
    import_(con, tmp_path)

    (run,) = warehouse.rows(con, "SELECT status, observed_until_at, next_event_id FROM run")

    assert run == {"status": "terminated", "observed_until_at": None, "next_event_id": 8}


def test_a_longer_copy_that_ends_open_is_lost_from_sight_later(con: Any, tmp_path: Path) -> None:
    shorter = tmp_path / "shorter.json"
    shorter.write_text(json.dumps(events(closed=False)[:-1]))
    import_(con, shorter)
    import_(con, save(tmp_path, "longer.json", closed=False))

    (run,) = warehouse.rows(con, "SELECT observed_until_at FROM run")

    assert run["observed_until_at"].isoformat() == "2026-01-05T12:00:06.500000+00:00"


def test_a_newer_copy_completes_an_older(con: Any, tmp_path: Path) -> None:
    import_(con, save(tmp_path, "older.json", closed=False))
    import_(con, save(tmp_path, "whole.json"))

    (run,) = warehouse.rows(con, "SELECT status, is_complete FROM run")

    assert run == {"status": "terminated", "is_complete": True}
    assert warehouse.rows(con, COUNTS)[0]["events"] == 7


def test_a_run_that_is_read_live_after_its_import_is_the_same_run(con: Any, tmp_path: Path) -> None:
    file = save(tmp_path, "a.json")
    import_(con, file)
    (step,) = [step for step in read_files([file], known=lambda _: {}) if isinstance(step, ImportBatch)]

    warehouse.write_batch(con, "main/default", step.batch, NOON)

    held = "SELECT source.source FROM run JOIN source ON source.source_key = run.source_key"
    assert warehouse.rows(con, held) == [{"source": "main/default"}]
    assert warehouse.rows(con, COUNTS) == [{"runs": 1, "events": 7}]


def test_a_run_that_was_read_live_stays_with_its_source_when_imported(con: Any, tmp_path: Path) -> None:
    file = save(tmp_path, "a.json")
    (step,) = [step for step in read_files([file], known=lambda _: {}) if isinstance(step, ImportBatch)]
    warehouse.write_batch(con, "main/default", step.batch, NOON)

    import_(con, file)

    held = "SELECT source.source FROM run JOIN source ON source.source_key = run.source_key"
    assert warehouse.rows(con, held) == [{"source": "main/default"}]


def test_a_history_without_ids_gets_the_same_one_each_time(con: Any, tmp_path: Path) -> None:
    anonymous = events()
    for key in ("originalExecutionRunId", "firstExecutionRunId", "workflowId"):
        del anonymous[0]["workflowExecutionStartedEventAttributes"][key]
    (tmp_path / "a.json").write_text(json.dumps(anonymous))
    (tmp_path / "copy.json").write_text(json.dumps(anonymous, indent=1))

    import_(con, tmp_path)

    assert warehouse.rows(con, COUNTS)[0]["runs"] == 1


def test_folders_are_read_by_name_without_hidden_files_and_prose(tmp_path: Path) -> None:
    for name in ("b.json", "a.bin", "README.md", ".hidden.json", "deeper/c.json", ".git/d.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")

    found = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path]) if isinstance(path, Path)]

    assert found == ["a.bin", "b.json", "deeper/c.json"]


def test_an_excerpt_takes_the_named_items_and_moves_every_instant(con: Any, tmp_path: Path) -> None:
    save(tmp_path, "a.json", "run-a")
    save(tmp_path, "b.json", "run-b")
    excerpt = Excerpt({"order-run-b": timedelta(days=7)})

    write(con, read_files([tmp_path], known=lambda run_ids: {}, excerpt=excerpt))

    (run,) = warehouse.rows(con, "SELECT workflow_id, started_at, closed_at FROM run")
    assert run["workflow_id"] == "order-run-b"
    assert run["started_at"].isoformat() == "2026-01-12T12:00:01.500000+00:00"
    assert run["closed_at"].isoformat() == "2026-01-12T12:00:07.500000+00:00"
    (event,) = warehouse.rows(con, "SELECT min(time_at) AS first_at, max(time_at) AS last_at FROM event")
    assert (event["first_at"], event["last_at"]) == (run["started_at"], run["closed_at"])


def test_a_child_belongs_to_the_item_of_its_root(tmp_path: Path) -> None:
    child = events("run-c")
    child[0]["workflowExecutionStartedEventAttributes"]["rootWorkflowExecution"] = {"workflowId": "order-run-a"}
    file = tmp_path / "child.json"
    file.write_text(json.dumps({"events": child}))

    def taken(workflow_id: str) -> int:
        excerpt = Excerpt({workflow_id: timedelta(0)})
        return len(list(read_files([file], known=lambda _: {}, excerpt=excerpt)))

    assert (taken("order-run-a"), taken("order-run-c")) == (1, 0)


def test_versions_of_rows_are_what_a_round_would_have_read() -> None:
    rows = [
        {"id": 1, "amount": Decimal("12.50"), "updated_at": NOON, "assignee": None},
        {"id": 1, "amount": Decimal("13.00"), "updated_at": NOON, "assignee": "Ann"},
    ]

    found = row_versions({"orders": pa.Table.from_pylist(rows)}, key=("id",), at="updated_at").row_versions.to_pylist()

    assert [(one["table_name"], one["row_id"]) for one in found] == [("orders", "[1]")] * 2
    assert found[0]["content"] == content_text(rows[0])
    # Two versions of one instant are both kept, in their order.
    assert [one["seen_at"] - NOON for one in found] == [timedelta(0), timedelta(microseconds=1)]
