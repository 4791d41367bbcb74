"""Forgetting an item takes away who and what, and leaves when and how many."""

import json
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

import metrics
from metrics import Question, Window
from tests.fixtures.chance import by_chance, rows_of, tell
from tests.fixtures.histories import NOON, Story, batch, instant, run
from tests.fixtures.streams import a_stream, arrow, by_attribute, full_stream, put_in_force, stage
from tests.fixtures.warehouses import SOURCE, deliver, empty, in_a_file, read_until, write
from warehouse import Batch, WarehouseError, forget, rebuild, register_source, rewrite, rows, write_batch
from warehouse.batch import PENDING, ROW_VERSIONS
from warehouse.known_rows import KnownRows

WHEN = instant(1000)
SECRETS = ("ada-lovelace", "ada@example", "Countess", "her card", "secret-request", "Ada's desk", "analytical")
STAYS = """
SELECT stream, item_key, stay_index, stage, entered_at, left_at, next_stage, exit_kind, is_drawn, is_overlapped
FROM stay ORDER BY ALL
"""


def a_claim(stream: Any) -> Story:
    """A claim of one person, with her in every field that holds text."""
    story = run("run-1", workflow_id="claim-of-ada-lovelace", schedule_id="schedule ada-lovelace")
    story.events[0]["identity"] = "ada@example"
    story.carry(1, "input.", customer="ada-lovelace", note="Countess")
    story.turn(1).upsert(Stage="review", Region="Ada's desk")
    story.timer(60, "tell ada-lovelace")
    step = story.activity("assess")
    story.events[-1]["reference"] = "secret-request"
    story.ran(step, 5, type=13, failure_message="declined: her card", failure_type="Declined")
    signal = story.signal(
        "answer", 7, request_id="secret-request", identity="ada@example", principal="user/ada@example"
    )
    story.carry(signal, "input.", outcome="approve", by="ada@example")
    story.turn(8).upsert(Stage="payout")
    return story


def her_stream() -> Any:
    return a_stream(
        [
            *by_attribute("intake", "review", "payout"),
            stage("paid", {"row": "db.crm.claims", "column": "status", "equals": "paid"}),
        ],
        item={"key": "input.customer", "segments": ["search_attribute.Region", "input.note"]},
        rows=[{"table": "db.crm.claims", "key": "customer", "at": "at"}],
        moves=[arrow("intake", "review"), arrow("review", "payout"), arrow("payout", "paid")],
        decisions=[
            {
                "name": "answer",
                "stage": "review",
                "answered": [{"signal": "answer", "outcome": "input.outcome"}],
                "options": ["approve", "reject"],
                "actor": ["input.by"],
            }
        ],
    )


def her_row(status: str, seconds: float, seen: float | None = None) -> Batch:
    content = {"customer": "ada-lovelace", "status": status, "at": instant(seconds).isoformat(), "remark": "Countess"}
    row = {
        "table_name": "claims",
        "row_id": '["ada@example"]',
        "seen_at": instant(seen or seconds),
        "is_deleted": False,
    }
    return Batch(row_versions=pa.Table.from_pylist([{**row, "content": json.dumps(content)}], schema=ROW_VERSIONS))


def her_sample() -> Batch:
    row = {"run_id": "run-1", "sampled_at": instant(9), "kind": "activity", "reference": "secret-request"}
    row |= {
        "name": "assess",
        "failure_message": "her card",
        "worker": "analytical",
        "actor": "ada@example",
        "reason": "Countess",
    }
    return Batch(pending=pa.Table.from_pylist([row], schema=PENDING))


def told(con: Any) -> None:
    register_source(con, "crm", "database")
    put_in_force(con, her_stream())
    other = run("run-2", 2, workflow_id="claim-of-bob").turn(3).upsert(Stage="review", Region="north").close(at=30)
    write(con, a_claim(her_stream()), other.carry(1, "input.", customer="bob"))
    deliver(con, her_sample())
    deliver(con, her_row("open", 2), her_row("paid", 20), source="crm")
    read_until(con, 100)


def everything(con: Any) -> str:
    tables = rows(con, "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary")
    found = (sorted(map(str, rows(con, f"SELECT * FROM {table['table_name']}"))) for table in tables)
    return "\n".join(row for some in found for row in some)


def counts(con: Any, stream: Any) -> list[Any]:
    """What is in flight and what moved, at some instants."""
    found: list[Any] = []
    for seconds in (3, 12, 45, 100):
        question = Question(instant(seconds), Window(NOON, instant(seconds)))
        in_flight = metrics.find("in_flight")(con, stream, question).to_pylist()
        found.append([(row["stage"], row["items"], row["oldest_age_seconds"]) for row in in_flight])
        found.append(metrics.find("moves")(con, stream, question).to_pylist())
    return found


def test_nothing_of_the_person_is_left_and_every_count_is_what_it_was(con: Any) -> None:
    told(con)
    assert all(secret in everything(con) for secret in SECRETS)
    before = rows(con, STAYS), counts(con, her_stream())

    assert forget(con, "claim-of-ada-lovelace", WHEN).runs == 1

    assert [secret for secret in SECRETS if secret in everything(con)] == []
    assert (rows(con, STAYS), counts(con, her_stream())) == before
    [stage_of_hers] = rows(
        con, "SELECT stage FROM stay JOIN run ON run_key = item_key WHERE run_id = 'run-1' AND left_at IS NULL"
    )
    assert stage_of_hers == {"stage": "paid"}
    [decision] = rows(con, "SELECT outcome, actor FROM decision WHERE outcome IS NOT NULL")
    assert decision["outcome"] == "approve"
    assert decision["actor"].startswith("forgotten-")
    assert "claim-of-bob" in everything(con)
    [step] = rows(con, "SELECT ended, failure_message FROM step WHERE kind = 'activity'")
    assert step == {"ended": "failed", "failure_message": "(forgotten)"}


@pytest.mark.parametrize("name", ["claim-of-ada-lovelace", "ada-lovelace", "run-1"])
def test_an_item_is_named_by_its_workflow_id_its_key_or_a_run_id(con: Any, name: str) -> None:
    told(con)
    assert (forget(con, name, WHEN).items, forget(con, name, WHEN).runs) == (1, 1)
    assert [secret for secret in SECRETS if secret in everything(con)] == []


def test_forgetting_twice_and_rebuilding_change_nothing(con: Any) -> None:
    told(con)
    forget(con, "ada-lovelace", WHEN)
    before = everything(con)
    again = forget(con, "ada-lovelace", WHEN + timedelta(days=1))
    rebuild(con)
    assert (everything(con), again.runs) == (before, 1)


def test_what_a_source_tells_again_is_not_remembered(con: Any) -> None:
    told(con)
    forget(con, "claim-of-ada-lovelace", WHEN)
    before = everything(con)
    write(con, a_claim(her_stream()))
    deliver(con, her_sample())
    deliver(con, her_row("paid", 20, seen=40), source="crm")
    assert everything(con) == before
    known = KnownRows(con, "crm")
    assert known.row_ids("claims").to_pylist() == []
    assert known.count_forgotten("claims", ['["ada@example"]', '["new"]']) == 1


def test_the_item_goes_on_without_its_person(con: Any) -> None:
    told(con)
    forget(con, "claim-of-ada-lovelace", WHEN)
    story = a_claim(her_stream())
    story.turn(50).upsert(Stage="review", Region="Ada's desk")
    after = story.continued_by("run-9", 60)
    after.carry(1, "input.", customer="ada-lovelace").turn(61).upsert(Stage="payout", Region="Ada's desk")
    write(con, story)
    write(con, after)
    deliver(con, her_row("open", 70), her_row("paid", 80), source="crm")
    assert [secret for secret in SECRETS if secret in everything(con)] == []
    stages = rows(
        con, "SELECT stage FROM stay JOIN run ON run_key = item_key WHERE run_id = 'run-1' ORDER BY stay_index"
    )
    assert [row["stage"] for row in stages] == ["intake", "review", "payout", "paid", "review", "payout", "paid"]
    # Another row of hers is hers by its key alone.
    content = json.dumps({"customer": "ada-lovelace", "status": "open", "remark": "Countess"})
    row = {"table_name": "claims", "row_id": '["ada@example/2"]', "seen_at": instant(90), "is_deleted": False}
    deliver(
        con, Batch(row_versions=pa.Table.from_pylist([row | {"content": content}], schema=ROW_VERSIONS)), source="crm"
    )
    assert [secret for secret in SECRETS if secret in everything(con)] == []


def test_other_items_lose_the_name_of_a_child_or_parent_that_is_forgotten(con: Any) -> None:
    put_in_force(con, a_stream())
    parent, child = run("parent"), run("child-run", 2, workflow_id="ada-lovelace")
    parent.turn()
    parent.child(child, policy="abandon")
    write(con, parent, child)
    forget(con, "ada-lovelace", WHEN)
    assert "ada-lovelace" not in everything(con)
    write(con, parent, child)
    assert "ada-lovelace" not in everything(con)


def test_a_name_that_nobody_has_is_refused(con: Any) -> None:
    told(con)
    with pytest.raises(WarehouseError, match="'nobody'"):
        forget(con, "nobody", WHEN)
    assert rows(con, "SELECT * FROM forgotten") == []


def test_the_file_itself_holds_nothing_of_the_person_once_it_is_written_anew(tmp_path: Path) -> None:
    opened = in_a_file(tmp_path)
    con = opened.cursor()
    register_source(con, SOURCE, "temporal")
    told(con)
    con.execute("CHECKPOINT").fetchall()
    path = tmp_path / "streamgauge.duckdb"
    assert all(secret.encode() in path.read_bytes() for secret in SECRETS)
    forget(con, "claim-of-ada-lovelace", WHEN)
    before = everything(con)
    con.close()
    opened.close()

    rewrite(path)

    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert [secret for secret in SECRETS if secret.encode() in left] == []
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    opened = in_a_file(tmp_path)
    con = opened.cursor()
    assert sorted(everything(con).splitlines()) == sorted(before.splitlines())
    assert rows(con, "SELECT count(*) AS n FROM duckdb_columns() WHERE NOT internal AND comment IS NULL") == [{"n": 0}]
    con.close()
    opened.close()


@by_chance(3)
def test_on_histories_by_chance_forgetting_any_item_moves_no_count(warehouse: Any, seed: int) -> None:
    random = Random(seed)
    empty(warehouse)
    con = warehouse.cursor()
    register_source(con, SOURCE, "temporal")
    register_source(con, "crm", "database")
    stream = full_stream()
    put_in_force(con, stream)
    stories = tell(random, chains=4)
    write(con, *stories)
    write_batch(con, "crm", Batch(row_versions=rows_of(random, stories)), NOON)
    read_until(con, 100)
    before = rows(con, STAYS), counts(con, stream)
    items = rows(con, "SELECT workflow_id FROM item")
    for item in random.sample(items, min(2, len(items))):
        forget(con, item["workflow_id"], WHEN)
    assert (rows(con, STAYS), counts(con, stream)) == before
    deliver(con, batch(*stories))
    assert (rows(con, STAYS), counts(con, stream)) == before
    con.close()
