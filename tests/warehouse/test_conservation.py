"""The stays of an item add up to its age, and where they do not, the check says how."""

from random import Random
from typing import Any

import pytest

from tests.fixtures.chance import by_chance, tell
from tests.fixtures.histories import run
from tests.fixtures.streams import a_stream, put_in_force, winding_stream
from tests.fixtures.warehouses import SOURCE, empty, write
from warehouse import register_source, uneven_items


@by_chance(4)
def test_on_histories_by_chance_every_item_adds_up(warehouse: Any, seed: int) -> None:
    empty(warehouse)
    con = warehouse.cursor()
    register_source(con, SOURCE, "temporal")
    put_in_force(con, winding_stream())
    write(con, *tell(Random(seed)))
    assert uneven_items(con) == []
    con.close()


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ("DELETE FROM stay", "is in no stage"),
        (
            "UPDATE stay SET entered_at = entered_at + INTERVAL 1 SECOND WHERE stay_index = 0",
            "enters its first stage at another instant than it opened",
        ),
        (
            "UPDATE stay SET entered_at = entered_at - INTERVAL 1 SECOND WHERE stay_index = 1",
            "is in two stages at once",
        ),
        (
            "UPDATE stay SET entered_at = entered_at + INTERVAL 1 SECOND WHERE stay_index = 1",
            "is in no stage for a while",
        ),
        (
            "UPDATE stay SET left_at = NULL WHERE stay_index = 2",
            "leaves its last stage at another instant than it ended",
        ),
        ("UPDATE stay SET duration_micros = 1 WHERE stay_index = 1", "has stays that do not sum to its age"),
    ],
)
def test_what_does_not_add_up_is_named(con: Any, damage: str, fault: str) -> None:
    put_in_force(con, a_stream())
    story = run("claim").turn(1).upsert(Stage="review").turn(5).upsert(Stage="payout").close("failed", at=9)
    write(con, story, run("other", 2))
    assert uneven_items(con) == []
    con.execute(f"{damage}{' AND' if 'WHERE' in damage else ' WHERE'} item_key = 1").fetchall()
    [found] = uneven_items(con)
    assert (found["workflow_id"], found["fault"]) == ("claim", fault)
