"""What SQL derives is what a plain recount of the same rows by the definitions finds, on histories by chance."""

from datetime import timedelta
from random import Random

from tests.fixtures.chance import by_chance, share_keys, tell
from tests.fixtures.streams import CASE, put_in_force, winding_stream
from tests.fixtures.warehouses import empty, write
from tests.warehouse.oracle_items import items
from tests.warehouse.oracle_stays import Walk
from tests.warehouse.oracle_world import world
from warehouse import register_source, rows

STAYS = """
SELECT item_key, stage, entered_at, left_at, next_stage, exit_kind, entry_kind, duration_micros
FROM stay
WHERE stream = 'claim' AND NOT is_overlapped
ORDER BY item_key, stay_index
"""
ITEMS = "SELECT item_key, opened_at, closed_at, ended, runs FROM item WHERE stream = 'claim' ORDER BY item_key"
MICROSECOND = timedelta(microseconds=1)


def prepared(warehouse, seed):
    """Chains by chance; by chance, too, those of one business key are tied."""
    empty(warehouse)
    con = warehouse.cursor()
    register_source(con, "main/default", "temporal")
    random = Random(seed)
    put_in_force(con, winding_stream(item={"key": random.choice(("workflow_id", CASE))}))
    stories = tell(random)
    share_keys(random, stories)
    write(con, *stories)
    return con


@by_chance(12)
def test_items_and_stays_are_those_of_the_recount(warehouse, seed):
    con = prepared(warehouse, seed)
    there = world(con)
    found = items(there, "claim")
    walks = {min(run["run_key"] for run in item.own): Walk(there, "claim", item).walk() for item in found}

    assert [tuple(row.values()) for row in rows(con, ITEMS)] == [
        (key, walk.opened_at, walk.closed_at, walk.ended, len(walk.item.runs)) for key, walk in sorted(walks.items())
    ]
    assert [tuple(row.values())[:7] for row in rows(con, STAYS)] == [
        (key, stay.stage, stay.entered_at, stay.left_at, stay.next_stage, stay.exit_kind, stay.kind)
        for key, walk in sorted(walks.items())
        for stay in walk.stays
        if not stay.overlapped
    ]
    con.close()


@by_chance(12)
def test_the_stays_of_an_item_have_no_gap_and_sum_to_its_age(warehouse, seed):
    con = prepared(warehouse, seed)
    stays = rows(con, STAYS)
    for item in rows(con, "SELECT * FROM item"):
        own = [stay for stay in stays if stay["item_key"] == item["item_key"]]
        ends = [stay["left_at"] for stay in own]

        assert [stay["entered_at"] for stay in own] == [item["opened_at"], *ends[:-1]]
        assert ends[-1] == (item["closed_at"] or item["observed_until_at"])
        if ends[-1] is not None:
            assert sum(stay["duration_micros"] for stay in own) == (ends[-1] - item["opened_at"]) // MICROSECOND
    con.close()
