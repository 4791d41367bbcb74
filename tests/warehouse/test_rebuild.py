"""Derived rows are a pure function of the source rows: however these came, deriving all again changes nothing."""

from random import Random

from tests.fixtures.chance import by_chance, rows_of, share_keys, tell
from tests.fixtures.histories import NOON, Story, batch, run
from tests.fixtures.streams import CASE, a_stream, full_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, empty, write
from warehouse import Batch, rebuild, register_source, rows, write_batch, write_batches

DERIVED = (
    *("run_item", "item_chain", "item", "stay", "step", "pending_work", "wait", "decision", "decision_mark"),
    *("item_attribute", "row_fact"),
)
SOURCE_TABLES = ("run", "event", "attribute", "row_version", "pending", "task_queue")


def everything(con, tables=DERIVED):
    """All rows of those tables, in an order of their own."""
    return {table: sorted(map(str, rows(con, f"SELECT * FROM {table}"))) for table in tables}


def cut(random: Random, stories: list[Story]) -> list[Batch]:
    """The stories as connectors may bring them: any order of runs, histories in pieces, some pieces twice."""
    pieces = []
    for story in random.sample(stories, len(stories)):
        until = [random.randint(1, story.last), story.last] if random.random() < 0.5 else [story.last]
        start = 0
        for end in until:
            pieces.append((story, start, end))
            start = end
    pieces.sort(key=lambda piece: (piece[1] > 0, random.random()))
    pieces += random.sample(pieces, min(2, len(pieces)))
    batches = []
    while pieces:
        taken, pieces = pieces[:6], pieces[6:]
        events = {(story.run_id, event_id) for story, start, end in taken for event_id in range(start + 1, end + 1)}
        batches.append(batch(*{story.run_id: story for story, _, _ in taken}.values(), events=events))
    return batches


@by_chance(5)
def test_rebuilding_gives_the_rows_that_increments_in_any_order_gave(warehouse, seed):
    random = Random(seed)
    empty(warehouse)
    con = warehouse.cursor()
    register_source(con, SOURCE, "temporal")
    register_source(con, "crm", "database")
    put_in_force(con, full_stream(random.choice(("workflow_id", CASE))))
    stories = tell(random, chains=3)
    share_keys(random, stories)
    versions = Batch(row_versions=rows_of(random, stories))
    batches = cut(random, stories)
    beside = random.randint(-1, len(batches))  # before, after, or in one transaction with one of the others
    for place in range(-1, len(batches) + 1):
        together = [(SOURCE, batches[place])] if 0 <= place < len(batches) else []
        together += [("crm", versions)] if place == beside else []
        write_batches(con, random.sample(together, len(together)), NOON)

    incremental = everything(con)
    rebuild(con)

    assert everything(con) == incremental
    con.close()


def test_a_batch_that_comes_twice_changes_nothing(con):
    put_in_force(con, full_stream())
    register_source(con, "crm", "database")
    random = Random(5)
    stories = tell(random)
    versions = Batch(row_versions=rows_of(random, stories))
    whole = batch(*stories)
    write_batch(con, SOURCE, whole, NOON)
    write_batch(con, "crm", versions, NOON)
    before = everything(con, DERIVED + SOURCE_TABLES)

    assert write_batch(con, SOURCE, whole, NOON) == 0
    assert write_batch(con, "crm", versions, NOON) == 0
    assert everything(con, DERIVED + SOURCE_TABLES) == before


def test_a_child_that_is_read_before_its_parent_moves_to_its_parents_item(con):
    put_in_force(con, a_stream(), a_stream(stream="check", item={"workflow_types": ["Audit"]}))
    parent, child = run("parent").turn(1), run("child", 2, workflow_type="Check")
    parent.child(child)
    write(con, child)
    assert rows(con, "SELECT * FROM item") == []

    write(con, parent)

    assert [row["runs"] for row in rows(con, "SELECT * FROM item")] == [2]


def test_rules_that_mean_the_same_derive_nothing_again(con):
    assert put_in_force(con, a_stream())
    write(con, run("open").turn(1))
    con.execute("DELETE FROM stay").fetchall()

    assert not put_in_force(con, a_stream())
    assert rows(con, "SELECT * FROM stay") == []


def test_rules_with_another_meaning_derive_everything_again(con):
    put_in_force(con, a_stream())
    write(con, run("open").turn(1))

    assert put_in_force(con, a_stream(item={"workflow_types": ["Other"]}))
    assert rows(con, "SELECT * FROM item") == []
