"""A stream as rule rows: what derive reads."""

from pathlib import Path

import duckdb
import pytest

import value_stream
from tests.fixtures.streams import a_stream, stage
from value_stream import Stream, load, rule_rows, stream_versions

SCHEMA = Path(value_stream.__file__).parents[1] / "warehouse" / "schema"
DDL = ("0002_rule_tables.sql", "0014_message.sql")
COLUMNS = """
SELECT table_name, list(column_name ORDER BY column_index)
FROM duckdb_columns()
WHERE NOT internal
GROUP BY table_name
"""
TYPES = {"VARCHAR": str, "INTEGER": int, "BIGINT": int, "BOOLEAN": bool}


@pytest.fixture
def con():
    """An empty database with the warehouse's rule tables."""
    with duckdb.connect() as con:
        for name in DDL:
            con.execute((SCHEMA / name).read_text())
        yield con


def events(stream: Stream, purpose: str, *columns: str) -> list[tuple]:
    rows = [row for row in rule_rows([stream])["rule_event"] if row["purpose"] == purpose]
    return [tuple(row[column] for column in columns) for row in rows]


def test_every_rule_table_is_given_with_exactly_its_columns(con, whole):
    columns = dict(con.execute(COLUMNS).fetchall())
    rows = rule_rows([whole])

    assert set(rows) == set(columns) - {"stream_version"}
    for table, table_rows in rows.items():
        assert table_rows, f"the whole file says nothing for {table}"
        assert {tuple(sorted(row)) for row in table_rows} == {tuple(sorted(columns[table]))}


def test_versions_have_the_columns_that_a_stream_file_decides(con, whole):
    assert set(stream_versions([whole])[0]) == set(dict(con.execute(COLUMNS).fetchall())["stream_version"]) - {
        "loaded_at"
    }


def test_every_value_has_the_type_of_its_column_and_is_there_where_it_must_be(con, whole):
    for table, rows in rule_rows([whole]).items():
        for _, column, kind, must, *_ in con.execute(f"PRAGMA table_info('{table}')").fetchall():
            for row in rows:
                assert type(row[column]) is TYPES[kind] or (row[column] is None and not must), (table, column)


def test_all_tables_are_there_without_a_stream(whole):
    assert set(rule_rows([])) == set(rule_rows([whole]))
    assert all(rows == [] for rows in rule_rows([]).values())


def test_every_kind_of_entry_rule_becomes_a_row_in_file_order(whole):
    found = events(whole, "enter", "rule_index", "target", "kind", "name", "value", "after_stage")

    assert found == [
        (0, "classification", "activity", "open_case", None, None),
        (1, "classification", "waiting_for", "classify", None, None),
        (1, "classification", "waiting_for", "withdraw", None, None),
        (2, "classification", "memo", "phase", "2", None),
        (3, "approval", "search_attribute", "Stage", "approval", None),
        (4, "approval", "child", "Approval", None, "classification"),
        (5, "delivery", "nexus", "vendor/deliver", None, None),
        (6, "delivery", "timer", "delivery window", None, None),
        (7, "delivery", "timer", None, None, None),
        (8, "delivery", "signal", "deliver", None, None),
        (9, "delivery", "update", "deliver-now", None, None),
        (10, "delivery", "activity_done", "place_order", None, None),
        (11, "delivery", "row", "crm.requests", "ordered", None),
        (12, "done", "close", None, "completed", None),
        (13, "lost", "close", None, "failed", None),
        (14, "lost", "close", None, "timed_out", None),
        (15, "request", "start", None, None, None),
    ]


def test_details_of_entry_rules_stand_in_their_own_columns(whole):
    rows = rule_rows([whole])["rule_event"]

    assert [(row["rule_index"], row["seconds_micros"]) for row in rows if row["seconds_micros"]] == [
        (6, 90_500_000),
        (7, 30_000_000),
    ]
    assert [row["workflow_type"] for row in rows if row["workflow_type"]] == ["Approval"]
    assert [row["column_name"] for row in rows if row["purpose"] == "enter" and row["column_name"]] == ["status"]


def test_the_first_stage_is_entered_at_the_start_after_all_rules_that_are_written_out(small):
    assert events(load(small()), "enter", "rule_index", "target", "kind") == [
        (0, "review", "activity"),
        (1, "paid", "close"),
        (2, "intake", "start"),
    ]


def test_a_start_rule_of_another_stage_replaces_the_implied_one(small):
    assert events(load(small(enter="{ start = true }")), "enter", "target", "kind") == [
        ("review", "start"),
        ("paid", "close"),
    ]


def test_answers_say_their_outcome_or_where_it_is_written_and_who_answers(whole):
    found = events(whole, "answered", "rule_index", "kind", "name", "outcome", "outcome_path", "actor_kind")

    assert found == [
        (0, "update", "decide", None, "input.approved", "person"),
        (1, "signal", "reject", "reject", None, "person"),
        (2, "activity_done", "score", None, "result.decision", "rule"),
        (3, "row", "crm.approvals", None, "decision", "person"),
        (4, "row", "crm.requests", "approve", None, "person"),
        (5, "deadline", None, "expired", None, "timer"),
    ]
    assert [(row["rule_index"], row["value"], row["outcome"]) for row in rule_rows([whole])["rule_outcome"]] == [
        (0, "true", "approve"),
        (0, "false", "reject"),
    ]


def test_other_rules_of_an_item_and_a_decision_become_rows(whole, small):
    columns = ("target", "rule_index", "kind", "name")

    assert events(whole, "done", *columns) == [("service-request", 0, "signal", "settled")]
    assert events(whole, "asked", *columns) == [
        ("approve-spend", 0, "waiting_for", "decide"),
        ("approve-spend", 0, "waiting_for", "reject"),
    ]
    assert events(whole, "claimed", *columns) == [("approve-spend", 0, "signal", "claim")]
    assert events(whole, "escalated", *columns) == [("approve-spend", 0, "activity", "tell_director")]


def test_a_question_is_asked_when_its_stage_is_entered_unless_said_otherwise(small):
    decision = """
[[decisions]]
name     = "settle"
stage    = "review"
options  = ["pay"]
answered = [{ signal = "pay", outcome = "pay" }]
"""

    assert events(load(small(decision)), "asked", "target", "kind", "name") == [("settle", "stage_entered", None)]


def test_a_stage_waits_for_the_messages_of_its_rule_and_its_decisions_or_where_people_work_for_any():
    answered = [{"signal": "pay", "outcome": "pay"}, {"activity": "pay_now", "outcome": "pay"}]
    settle = {"name": "settle", "stage": "review", "options": ["pay"], "needs": 2, "answered": answered}

    def messages(*rules, decisions=(), **review):
        stages = [stage("intake", kind="human"), stage("review", {"activity": "look"}, *rules, **review)]
        rows = rule_rows([a_stream(stages, decisions=list(decisions))])["rule_message"]
        return [(row["stage"], row["name"], row["needs"]) for row in rows]

    assert messages() == [("intake", None, 1)]
    assert messages(kind="vendor") == [("intake", None, 1), ("review", None, 1)]
    assert messages(kind="queue") == messages(kind="system") == [("intake", None, 1)]
    assert messages({"waiting_for": ["look", "leave"]}, kind="human")[1:] == [
        ("review", "look", 1),
        ("review", "leave", 1),
    ]
    assert messages(decisions=[settle], kind="human")[1:] == [("review", "pay", 2)]


def test_what_nudges_send_is_known(whole):
    assert [row["name"] for row in rule_rows([whole])["rule_nudge"]] == ["remind"]


def test_stages_decisions_and_paths_become_rows(whole):
    rows = rule_rows([whole])

    assert [tuple(row.values())[1:] for row in rows["rule_stage"]][1] == (
        "classification", 1, "analyst", False, False, 4 * 3600 * 10**6, 24 * 3600 * 10**6,
    )  # fmt: skip
    assert [(row["stage"], row["is_end"], row["is_bad"]) for row in rows["rule_stage"] if row["is_end"]] == [
        ("done", True, False),
        ("lost", True, True),
    ]
    assert [(row["outcome"], row["is_again"], row["is_bad"]) for row in rows["rule_option"]] == [
        ("approve", False, False),
        ("reject", False, True),
        ("ask-again", True, False),
        ("expired", False, True),
    ]
    assert [(row["purpose"], row["target"], row["path"]) for row in rows["rule_path"]] == [
        ("key", "service-request", "workflow_id"),
        ("value", "service-request", "db.crm.requests.amount"),
        ("initiator", "service-request", "memo.channel"),
        ("owner", "service-request", "db.crm.requests.assignee"),
        ("segment", "service-request", "search_attribute.Region"),
        ("segment", "service-request", "db.crm.requests.product"),
        ("segment", "service-request", "input.1.tier"),
        ("required", "classification", "input.customer_id"),
        ("required", "classification", "memo.product"),
        ("input", "approve-spend", "db.crm.requests.amount"),
        ("input", "approve-spend", "input.budget"),
    ]
    assert [(row["source"], row["table_name"], row["key_column"], row["at_column"]) for row in rows["rule_row"]] == [
        ("crm", "requests", "workflow_id", "updated_at"),
        ("crm", "approvals", "workflow_id", None),
    ]


def test_comments_layout_and_written_out_defaults_do_not_change_a_version(small, stream_file):
    path = small()
    text = "# a comment\n" + path.read_text().replace('name   = "intake"', 'lane = "(none)"\n\nname="intake"')
    again = stream_file(text.replace('"1h"', '"60m"'), "again.stream.toml")

    assert stream_versions([load(path)]) == stream_versions([load(again)])


def test_a_changed_limit_changes_the_version(small):
    before = stream_versions([load(small())])[0]["version"]

    assert stream_versions([load(small(target='"2h"'))])[0]["version"] != before


def test_a_stored_version_can_be_read_back(whole):
    [version] = stream_versions([whole])

    again = Stream.model_validate_json(version["content"])

    assert again == whole
    assert stream_versions([again]) == [version]
