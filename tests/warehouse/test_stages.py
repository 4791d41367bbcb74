"""Where an item is: entry rules, worker turns, moves, resets and ends."""

import json

import pyarrow as pa

from tests.fixtures.histories import NOON, instant, run
from tests.fixtures.streams import a_stream, arrow, by_attribute, put_in_force, stage
from tests.fixtures.warehouses import stays, write
from warehouse import Batch, register_source, rows, write_batch
from warehouse.batch import ROW_VERSIONS


def put_rows(con, *versions, table="claims"):
    """Versions of the rows of a table: (id, at, columns)."""
    register_source(con, "crm", "database")
    found = []
    for seen, (row_id, at, columns) in enumerate(versions):
        content = json.dumps({"at": instant(at).isoformat(), "workflow_id": "w", **columns})
        row = {"table_name": table, "row_id": json.dumps([row_id]), "seen_at": instant(500 + seen), "content": content}
        found.append({**row, "is_deleted": False})
    write_batch(con, "crm", Batch(row_versions=pa.Table.from_pylist(found, schema=ROW_VERSIONS)), NOON)


ROWS = [{"table": "db.crm.claims", "key": "workflow_id", "at": "at"}]


def test_an_item_is_in_the_first_stage_from_its_first_instant(con):
    put_in_force(con, a_stream([stage("intake"), stage("review", {"activity": "assess"})]))
    write(con, run("w", 3).turn(9))

    assert stays(con) == [("intake", 3, None, None)]


def test_of_two_rules_for_one_event_the_first_in_the_file_wins(con):
    put_in_force(con, a_stream([stage("intake"), stage("one", {"signal": "go"}), stage("two", {"signal": "go"})]))
    story = run("w")
    story.signal("go", 5)
    write(con, story)

    assert [stay[0] for stay in stays(con)] == ["intake", "one"]


def test_a_rule_after_a_stage_holds_only_there(con):
    two = stage("two", {"signal": "go", "after": "one"})
    put_in_force(con, a_stream([stage("intake"), two, stage("one", {"signal": "go"})]))
    story = run("w")
    for seconds in (1, 2, 3):
        story.signal("go", seconds)
    write(con, story)

    assert [stay[:2] for stay in stays(con)] == [("intake", 0), ("one", 1), ("two", 2), ("one", 3)]


def test_a_match_for_the_present_stage_changes_nothing(con):
    put_in_force(con, a_stream())
    write(con, run("w").turn(1).upsert(Stage="review").turn(5).upsert(Stage="review"))

    assert stays(con) == [("intake", 0, 1, "advanced"), ("review", 1, None, None)]


def test_a_move_that_is_drawn_from_a_stage_to_itself_is_a_new_stay(con):
    put_in_force(con, a_stream(by_attribute("intake", "review"), moves=[arrow("review", "review", rework=True)]))
    write(con, run("w").turn(1).upsert(Stage="review").turn(5).upsert(Stage="review"))

    assert stays(con)[1:] == [("review", 1, 5, "rework"), ("review", 5, None, None)]


def test_of_the_stages_of_one_worker_turn_the_one_drawn_later_wins(con):
    put_in_force(con, a_stream())
    write(con, run("w").turn(1).upsert(Stage="payout").upsert(Stage="review").turn(9))

    assert stays(con) == [("intake", 0, 1, "undrawn"), ("payout", 1, None, None)]
    assert [row["stage"] for row in rows(con, "SELECT stage FROM stay WHERE is_overlapped")] == ["review"]


def test_what_holds_after_a_worker_turn_is_its_winner(con):
    stages = by_attribute("intake", "review", "payout")
    stages[0]["enter"].append({"signal": "back", "after": "payout"})
    put_in_force(con, a_stream(stages))
    story = run("w").turn(1).upsert(Stage="payout").upsert(Stage="review")
    story.signal("back", 4)
    write(con, story)

    assert [stay[:2] for stay in stays(con)] == [("intake", 0), ("payout", 1), ("intake", 4)]


def test_two_worker_turns_at_one_instant_keep_a_stay_without_length(con):
    put_in_force(con, a_stream())
    write(con, run("w").turn(1).upsert(Stage="payout").turn(1).upsert(Stage="review"))

    assert stays(con)[1:] == [("payout", 1, 1, "undrawn"), ("review", 1, None, None)]


def test_a_step_that_ends_moves_nothing_unless_a_rule_says_so(con):
    put_in_force(con, a_stream([stage("intake"), stage("scored", {"activity_done": "score"})]))
    story = run("w").turn(1)
    first, second = story.activity("other"), story.activity("score")
    story.ran(first, 3)
    story.ran(second, 5)
    write(con, story)

    assert stays(con) == [("intake", 0, 5, "advanced"), ("scored", 5, None, None)]


def test_a_timer_is_known_by_its_summary_and_its_length(con):
    stages = [stage("intake"), stage("cooling", {"timer": "cool", "seconds": 60}), stage("long", {"seconds": 90})]
    put_in_force(con, a_stream(stages))
    story = run("w").turn(1)
    story.timer(30, "cool")
    story.turn(2).timer(60, "cool")
    story.turn(3).timer(90, "else")
    write(con, story)

    assert [stay[:2] for stay in stays(con)] == [("intake", 0), ("cooling", 2), ("long", 3)]


def test_a_childs_events_count_only_where_a_rule_names_its_type(con):
    checked = stage("checked", {"activity": "inspect", "workflow_type": "Check"})
    put_in_force(con, a_stream([stage("intake"), stage("odd", {"activity": "inspect"}), checked]))
    parent, child = run("parent").turn(1), run("child", 2, workflow_type="Check")
    parent.child(child)
    child.turn(3).activity("inspect")
    write(con, parent, child)

    assert stays(con) == [("intake", 0, 3, "undrawn"), ("checked", 3, None, None)]


def test_a_row_moves_an_item_when_its_column_takes_the_value(con):
    rule = {"row": "db.crm.claims", "column": "status", "equals": "ordered"}
    put_in_force(con, a_stream([*by_attribute("intake", "review"), stage("ordered", rule)], rows=ROWS))
    write(con, run("w").turn(1).turn(20).upsert(Stage="review"))
    put_rows(con, (1, 5, {"status": "new"}), (1, 9, {"status": "ordered"}), (1, 30, {"status": "ordered", "more": 1}))

    assert stays(con) == [
        ("intake", 0, 9, "undrawn"),
        ("ordered", 9, 20, "undrawn"),
        ("review", 20, None, None),
    ]


def test_what_a_row_held_before_the_item_opened_counts_from_the_opening(con):
    rule = {"row": "db.crm.claims", "column": "status", "equals": "ordered"}
    put_in_force(con, a_stream([stage("intake"), stage("ordered", rule)], rows=ROWS))
    write(con, run("w", 10).turn(11))
    put_rows(con, (1, 1, {"status": "new"}), (1, 4, {"status": "ordered"}))

    assert stays(con) == [("intake", 10, 10, "advanced"), ("ordered", 10, None, None)]


def test_a_close_rule_names_an_end_without_length(con):
    put_in_force(con, a_stream())
    write(con, run("w").turn(8).close())

    assert stays(con) == [("intake", 0, 8, "undrawn"), ("paid", 8, 8, "completed")]


def test_going_back_is_rework_even_where_nobody_drew_it(con):
    put_in_force(con, a_stream())
    write(con, run("w").turn(1).upsert(Stage="review").turn(2).upsert(Stage="intake"))

    assert stays(con)[1] == ("review", 1, 2, "rework")


def test_a_reset_to_the_same_stage_lets_the_stay_go_on(con):
    put_in_force(con, a_stream())
    base = run("w").turn(5).upsert(Stage="review").turn(6)
    write(con, base, base.reset("again", to=base.last - 1, at=20))

    assert stays(con) == [("intake", 0, 5, "advanced"), ("review", 5, None, None)]


def test_a_reset_to_another_stage_is_a_move_of_its_own_kind(con):
    put_in_force(con, a_stream())
    base = run("w").turn(5).turn(7).upsert(Stage="review").turn(9)
    write(con, base, base.reset("again", to=6, at=20))

    assert stays(con)[1:] == [("review", 7, 20, "reset"), ("intake", 20, None, None)]


def test_a_reset_of_a_reset_returns_to_where_its_last_copied_event_was(con):
    put_in_force(con, a_stream())
    base = run("w").turn(5).upsert(Stage="review").turn(6).turn(7).upsert(Stage="payout")
    first = base.reset("first", to=7, at=10)
    first.turn(12).upsert(Stage="payout").turn(13)
    second = first.reset("second", to=first.last - 1, at=20)
    third = second.reset("third", to=3, at=30)
    write(con, third, base, second, first)

    assert [stay[:2] for stay in stays(con)] == [
        ("intake", 0),
        ("review", 5),
        ("payout", 7),
        ("review", 10),
        ("payout", 12),
        ("intake", 30),
    ]


def test_the_time_between_a_close_and_the_reset_that_undid_it_is_no_work(con):
    put_in_force(con, a_stream())
    base = run("w").turn(5).upsert(Stage="review").turn(9).close()
    write(con, base, base.reset("again", to=6, at=50))

    assert [row["is_reopened"] for row in rows(con, "SELECT is_reopened FROM item")] == [True]
    assert stays(con)[1:] == [
        ("review", 5, 9, "undrawn"),
        ("paid", 9, 9, "completed"),
        ("(closed)", 9, 50, "reset"),
        ("review", 50, None, None),
    ]


def test_to_end_again_after_a_reset_is_no_rework(con):
    put_in_force(con, a_stream())
    base = run("w").turn(5).upsert(Stage="payout").turn(9).close()
    again = base.reset("again", to=6, at=50)
    write(con, base, again.turn(60).close())

    assert [stay for stay in stays(con) if stay[0] != "intake"] == [
        ("payout", 5, 9, "advanced"),
        ("paid", 9, 9, "completed"),
        ("(closed)", 9, 50, "reset"),
        ("payout", 50, 60, "advanced"),
        ("paid", 60, 60, "completed"),
    ]


def test_a_signal_that_a_reset_applies_again_counts_once(con):
    put_in_force(con, a_stream([stage("intake"), stage("asked", {"signal": "ask"})]))
    base = run("w").turn(2)
    base.signal("ask", 5, request_id="one")
    again = base.reset("again", to=3, at=20)
    again.signal("ask", 20, request_id="one")
    write(con, base, again)

    assert stays(con) == [("intake", 0, 5, "advanced"), ("asked", 5, 20, "reset"), ("intake", 20, None, None)]


def test_an_event_that_is_written_late_with_an_earlier_time_does_not_go_back(con):
    put_in_force(con, a_stream([stage("intake"), stage("asked", {"signal": "ask"})]))
    story = run("w").turn(10)
    story.signal("ask", 7)
    write(con, story)

    assert stays(con) == [("intake", 0, 10, "advanced"), ("asked", 10, None, None)]


def test_what_a_turn_commands_happens_when_it_completed(con):
    put_in_force(con, a_stream())
    story = run("w").turn(10)
    story.carry(story.command(40, 10.3), "search_attribute.", Stage="review")
    write(con, story)

    assert stays(con)[1][:2] == ("review", 10)


def test_the_end_of_one_run_is_the_start_of_the_next(con):
    put_in_force(con, a_stream())
    first = run("w").turn(10)
    second = first.continued_by("second", 10.02)
    second.carry(1, "search_attribute.", Stage="review")
    write(con, first, second)

    assert stays(con) == [("intake", 0, 10, "advanced"), ("review", 10, None, None)]


def test_the_first_version_of_a_row_holds_from_the_opening_and_an_attribute_from_when_it_was_set(con):
    put_in_force(
        con,
        a_stream(
            rows=ROWS,
            item={"value": {"from": "db.crm.claims.amount", "unit": "EUR"}, "segments": ["search_attribute.Region"]},
        ),
    )
    write(con, run("w").turn(4).upsert(Region="north"))
    put_rows(con, (1, 9, {"amount": 5}), (1, 30, {"amount": 7}))

    found = rows(con, "SELECT path, valid_from_at, value, number FROM item_attribute ORDER BY path, valid_from_at")

    assert [tuple(row.values()) for row in found] == [
        ("db.crm.claims.amount", instant(0), "5", 5.0),
        ("db.crm.claims.amount", instant(30), "7", 7.0),
        ("search_attribute.Region", instant(4), "north", None),
    ]
