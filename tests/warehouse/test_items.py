"""Which runs make which item."""

from tests.fixtures.histories import batch, instant, run
from tests.fixtures.streams import a_stream, put_in_force
from tests.fixtures.warehouses import SOURCE, deliver, item_keys, read_until, stays, write
from warehouse import register_source, rows


def item(con, stream="claim"):
    [found] = rows(con, "SELECT * FROM item WHERE stream = $stream", stream=stream)
    return found


def items(con, stream="claim"):
    return rows(con, "SELECT * FROM item WHERE stream = $stream ORDER BY opened_at, item_key", stream=stream)


def steps(con, stream="claim"):
    return [row["name"] for row in rows(con, "SELECT name FROM step WHERE stream = $s ORDER BY run_key", s=stream)]


def test_an_open_run_is_an_open_item_that_began_with_its_first_event(con):
    put_in_force(con, a_stream())
    write(con, run("open", 10).turn(12))

    found = item(con)

    assert (found["opened_at"], found["closed_at"], found["workflow_id"]) == (instant(10), None, "open")


def test_a_type_that_no_stream_names_makes_no_item(con):
    put_in_force(con, a_stream())
    write(con, run("other", workflow_type="Cleanup"))

    assert item_keys(con) == []


def test_a_source_that_the_stream_does_not_name_makes_no_item(con):
    put_in_force(con, a_stream(item={"sources": ["main/default"]}))
    register_source(con, "other/default", "temporal")
    deliver(con, batch(run("there")), source="other/default")

    assert item_keys(con) == []


def test_runs_of_one_workflow_id_that_do_not_continue_each_other_are_items_of_their_own(con):
    put_in_force(con, a_stream())
    write(con, run("first", workflow_id="same").turn(1).close(), run("second", 5, workflow_id="same"))

    assert [found["closed_at"] for found in items(con)] == [instant(1), None]


def test_continue_as_new_is_one_item_that_ages_from_its_first_run(con):
    put_in_force(con, a_stream())
    first = run("first").turn(10)
    second = first.continued_by("second", 10.004)
    write(con, first, second.turn(20))

    found = item(con)

    assert (found["opened_at"], found["run_id"], found["runs"]) == (instant(0), "second", 2)
    assert stays(con) == [("intake", 0, None, None)]


def test_continuing_as_another_type_is_still_the_same_item(con):
    put_in_force(con, a_stream())
    first = run("first").turn(10)
    second = first.continued_by("second", workflow_type="ClaimPartTwo")
    write(con, first, second.turn(20).upsert(Stage="review"))

    assert item(con)["runs"] == 2
    assert stays(con) == [("intake", 0, 20, "advanced"), ("review", 20, None, None)]


def test_a_retry_of_the_workflow_is_one_item(con):
    put_in_force(con, a_stream())
    first = run("first").turn(10)
    second = first.continued_by("second", 10, initiator="retry", attempt=2)
    write(con, first, second.turn(20).close())

    found = item(con)

    assert (found["opened_at"], found["closed_at"], found["ended"]) == (instant(0), instant(20), "completed")


def test_a_run_that_names_a_successor_not_read_yet_leaves_the_item_open(con):
    put_in_force(con, a_stream())
    first = run("first").turn(10)
    first.continued_by("not read")
    write(con, first)

    assert item(con)["closed_at"] is None
    assert stays(con) == [("intake", 0, None, None)]


def test_each_firing_of_a_cron_is_an_item(con):
    put_in_force(con, a_stream())
    first = run("first", cron_schedule="@hourly").turn(10)
    second = first.continued_by("second", 10, initiator="cron").turn(20)
    third = second.continued_by("third", 20, initiator="cron")
    write(con, third, second, first)

    assert [(found["opened_at"], found["closed_at"], found["is_headless"]) for found in items(con)] == [
        (instant(0), instant(10), False),
        (instant(10), instant(20), False),
        (instant(20), None, False),
    ]


def test_a_reset_of_an_earlier_firing_belongs_to_that_firing(con):
    put_in_force(con, a_stream())
    first = run("first", cron_schedule="@hourly").turn(10)
    second = first.continued_by("second", 10, initiator="cron").turn(20).close()
    write(con, first, second, first.reset("again", to=3, at=30))

    assert sorted((found["opened_at"], found["closed_at"]) for found in items(con) if found["closed_at"]) == [
        (instant(10), instant(20))
    ]
    assert [found["opened_at"] for found in items(con) if not found["closed_at"]] == [instant(0)]


def test_a_child_belongs_to_its_parents_item(con):
    put_in_force(con, a_stream())
    parent, child = run("parent").turn(1), run("child", 2, workflow_type="Check")
    parent.child(child)
    child.turn(3).activity("inspect")
    write(con, parent, child)

    assert item(con)["runs"] == 2
    assert steps(con) == ["Check", "inspect"]


def test_a_child_of_the_same_named_type_is_an_item_of_its_own(con):
    put_in_force(con, a_stream())
    parent, child = run("parent").turn(1), run("child", 2)
    parent.child(child)
    write(con, child, parent)

    assert [found["runs"] for found in items(con)] == [1, 1]


def test_an_abandoned_child_belongs_to_nobody(con):
    put_in_force(con, a_stream())
    parent, child = run("parent").turn(1), run("child", 2, workflow_type="Check")
    parent.child(child, policy="abandon")
    write(con, child)
    write(con, parent)

    assert item(con)["runs"] == 1


def test_an_abandoned_child_of_a_named_type_is_its_own_item(con):
    put_in_force(con, a_stream())
    parent, child = run("parent", workflow_type="Batch").turn(1), run("child", 2)
    parent.child(child, policy="abandon")
    write(con, parent, child)

    assert item(con)["workflow_id"] == "child"


def test_a_child_whose_type_another_stream_names_is_a_step_here_and_an_item_there(con):
    put_in_force(con, a_stream(), a_stream(stream="check", item={"workflow_types": ["Check"]}))
    parent, child = run("parent").turn(1), run("child", 2, workflow_type="Check")
    parent.child(child)
    write(con, parent, child)

    assert (item(con)["runs"], steps(con)) == (1, ["Check"])
    assert (item(con, "check")["runs"], item(con, "check")["opened_at"]) == (1, instant(2))


def test_a_chain_whose_first_run_is_gone_starts_at_the_first_run_there_is(con):
    put_in_force(con, a_stream())
    second = run("gone").turn(1).continued_by("second", 5)
    write(con, second.turn(6).upsert(Stage="review"))

    found = item(con)

    assert (found["opened_at"], found["is_headless"]) == (instant(5), True)
    assert stays(con) == [("intake", 5, 6, "advanced"), ("review", 6, None, None)]


def test_a_reset_run_whose_base_is_gone_keeps_what_it_copied(con):
    put_in_force(con, a_stream())
    base = run("base").turn(5).upsert(Stage="review").turn(6)
    again = base.reset("again", to=base.last - 1, at=20)
    write(con, again)

    assert item(con)["is_headless"]
    assert stays(con) == [("intake", 0, 5, "advanced"), ("review", 5, None, None)]


def test_a_run_lost_from_sight_is_censored_where_it_was_last_seen(con):
    put_in_force(con, a_stream())
    write(con, run("lost", observed_until_at=instant(60)).turn(1))

    assert (item(con)["closed_at"], item(con)["observed_until_at"]) == (None, instant(60))
    assert stays(con) == [("intake", 0, 60, "lost")]


def test_a_paused_run_is_open(con):
    put_in_force(con, a_stream())
    paused = run("paused", status="paused")
    paused.event(58, 5, identity="operator")
    write(con, paused)

    assert item(con)["closed_at"] is None


def test_a_child_left_running_does_not_keep_the_item_open(con):
    put_in_force(con, a_stream())
    parent, child = run("parent").turn(1), run("child", 2, workflow_type="Check")
    parent.child(child)
    write(con, parent.turn(9).close(), child)

    assert item(con)["closed_at"] == instant(9)


def test_a_done_rule_ends_the_item_before_its_run_does(con):
    put_in_force(con, a_stream(item={"done": [{"signal": "settled"}]}))
    story = run("done").turn(1)
    story.signal("settled", 7)
    write(con, story.turn(8).upsert(Stage="review"))

    assert (item(con)["closed_at"], item(con)["ended"]) == (instant(7), "done")
    assert stays(con) == [("intake", 0, 7, "done")]


def test_a_done_rule_after_a_stage_does_not_hold_in_another(con):
    put_in_force(con, a_stream(item={"done": [{"signal": "settled", "after": "review"}]}))
    story = run("done").turn(1)
    story.signal("settled", 5)
    story.turn(6).upsert(Stage="review")
    story.signal("settled", 9)
    write(con, story)

    assert (item(con)["closed_at"], item(con)["ended"]) == (instant(9), "done")


def test_an_item_ended_badly_when_it_failed_and_well_when_it_completed(con):
    put_in_force(con, a_stream())
    write(con, run("failed").turn(1).close("failed"), run("good", 2).turn(3).close())

    assert [(found["ended"], found["outcome"], found["is_bad"]) for found in items(con)] == [
        ("failed", "failed", True),
        ("completed", "paid", False),
    ]


def test_runs_of_two_sources_never_make_one_item(con):
    put_in_force(con, a_stream())
    register_source(con, "second/default", "temporal")
    first = run("first").turn(1)
    second = first.continued_by("second", 2)
    write(con, first)
    deliver(con, batch(second), source="second/default")
    read_until(con, 5, SOURCE)

    assert [found["runs"] for found in items(con)] == [1, 1]
