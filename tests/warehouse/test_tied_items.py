"""Chains of one business key that are open at the same time are one item."""

from typing import Any

import pytest

from tests.fixtures.histories import NOON, Story, batch, instant, run
from tests.fixtures.streams import CASE, a_stream, put_in_force
from tests.fixtures.warehouses import deliver, read_until, stays, write
from warehouse import register_source, rows, uneven_items


@pytest.fixture(autouse=True)
def in_force(con: Any) -> None:
    put_in_force(con, a_stream(item={"key": CASE}))


def of(case: str, story: Story) -> Story:
    """The run was started with this key."""
    return story.carry(1, "search_attribute.", Case=case)


def items(con: Any) -> list[tuple[Any, ...]]:
    """(key, opened, closed, runs) of each item, in order; instants in seconds after noon."""
    found = rows(con, "SELECT * FROM item ORDER BY opened_at, item_key")
    seconds = [[at and (at - NOON).total_seconds() for at in (row["opened_at"], row["closed_at"])] for row in found]
    return [(row["business_key"], *at, row["runs"]) for row, at in zip(found, seconds, strict=True)]


def test_chains_that_overlap_are_one_item_and_it_is_open_as_long_as_one_is(con: Any) -> None:
    first = of("A", run("first", 0)).turn(2).close()
    write(con, first, of("A", run("second", 1)), of("B", run("other", 1)))

    assert items(con) == [("A", 0, None, 2), ("B", 1, None, 1)]
    assert uneven_items(con) == []


def test_a_chain_that_begins_as_another_ends_is_an_item_of_its_own(con: Any) -> None:
    write(con, of("A", run("first", 0)).turn(2).close(), of("A", run("second", 2)))

    assert items(con) == [("A", 0, 2, 1), ("A", 2, None, 1)]


def test_chains_that_overlap_only_through_a_third_are_one_item(con: Any) -> None:
    write(con, of("A", run("first", 0)).turn(2).close(), of("A", run("third", 4)).turn(5).close())
    assert items(con) == [("A", 0, 2, 1), ("A", 4, 5, 1)]

    write(con, of("A", run("second", 1)).turn(9).close())

    assert items(con) == [("A", 0, 9, 3)]


def test_chains_without_a_key_are_never_tied(con: Any) -> None:
    write(con, run("first", 0), run("second", 1), of("", run("third", 2)))

    assert items(con) == [(None, 0, None, 1), (None, 1, None, 1), (None, 2, None, 1)]


def test_a_key_that_comes_late_ties_and_one_that_changes_cuts_the_item_again(con: Any) -> None:
    late = run("late", 1).turn(2)
    write(con, of("A", run("first", 0)), late)
    assert items(con) == [("A", 0, None, 1), (None, 1, None, 1)]

    write(con, late.upsert(Case="A"))
    assert items(con) == [("A", 0, None, 2)]

    write(con, late.turn(3).upsert(Case="B"))
    assert items(con) == [("A", 0, None, 1), ("B", 1, None, 1)]


def test_chains_of_two_sources_are_never_tied(con: Any) -> None:
    register_source(con, "other/default", "temporal")
    write(con, of("A", run("here", 0)))
    deliver(con, batch(of("A", run("there", 1))), source="other/default")

    assert [row[3] for row in items(con)] == [1, 1]


def test_what_any_of_the_chains_does_moves_the_item_in_the_order_of_its_instants(con: Any) -> None:
    first, second = of("A", run("first", 0)), of("A", run("second", 1))
    first.turn(2).upsert(Stage="review").turn(8).close("failed")
    second.turn(5).upsert(Stage="payout").turn(9).close()
    write(con, second, first)

    assert stays(con) == [
        ("intake", 0, 2, "advanced"),
        ("review", 2, 5, "advanced"),
        ("payout", 5, 9, "advanced"),
        ("paid", 9, 9, "completed"),
    ]


def test_a_child_comes_with_its_chain(con: Any) -> None:
    parent, child = of("A", run("parent", 1)).turn(2), run("child", 3, workflow_type="Check")
    parent.child(child)
    write(con, parent, child)
    write(con, of("A", run("first", 0)))

    assert items(con) == [("A", 0, None, 3)]


def test_while_a_tied_chain_is_open_a_close_that_a_reset_undoes_is_no_time_closed(con: Any) -> None:
    first = of("A", run("first", 0)).turn(2)
    again_at = first.last - 1
    first.turn(3).close("failed")
    again = first.reset("again", again_at, 9)
    write(con, first, again, of("A", run("second", 1)))

    assert [stay[0] for stay in stays(con)] == ["intake"]


def test_an_item_is_lost_from_sight_when_no_chain_of_it_is_seen_any_more(con: Any) -> None:
    lost = of("A", run("lost", 0, observed_until_at=instant(5)))
    goes_on = of("A", run("goes-on", 1))
    write(con, lost, goes_on)
    read_until(con, 9)
    assert rows(con, "SELECT observed_until_at FROM item") == [{"observed_until_at": None}]

    write(con, goes_on.turn(8).close())

    assert rows(con, "SELECT observed_until_at, closed_at FROM item") == [
        {"observed_until_at": instant(8), "closed_at": None}
    ]
    assert uneven_items(con) == []


def test_the_run_that_is_shown_is_the_newest_that_is_open(con: Any) -> None:
    newest = of("A", run("newest", 2)).turn(3).close()
    write(con, of("A", run("first", 0)), of("A", run("second", 1)), newest)

    assert rows(con, "SELECT workflow_id, run_id FROM item") == [{"workflow_id": "second", "run_id": "second"}]
