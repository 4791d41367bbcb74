"""What items waited for: a plain recount of what was pending at every instant, and the rules one by one."""

from datetime import timedelta
from itertools import groupby, pairwise
from random import Random

from tests.fixtures.chance import by_chance, rows_of, tell
from tests.fixtures.histories import NOON, batch, instant, run
from tests.fixtures.streams import a_stream, by_attribute, full_stream, put_in_force, stage
from tests.fixtures.warehouses import SOURCE, deliver, empty, write
from warehouse import Batch, rebuild, register_source, rows, write_batch

ORDER = (
    "closed",
    "paused",
    "worker turn failing",
    "worker turn queued",
    "step retrying",
    "step running",
    "step queued",
    "step open",
    "Nexus operation",
    "decision open",
    "message open",
    "timer",
    "child running",
    "delayed start",
    "silent",
)
MEANING = {"worker turn": "worker turn queued", "nexus": "Nexus operation", "child": "child running"}
SECOND = timedelta(seconds=1)


def pending(con, item, stream):
    """(reason, from, until) of everything that was pending, as the other derived tables have it."""
    steps = {(row["run_key"], row["event_id"]): row for row in rows(con, "SELECT * FROM step")}
    found = []
    for work in of(con, "pending_work", item):
        since, until = work["opened_at"], work["settled_at"]
        if work["kind"] != "activity":
            found.append((MEANING.get(work["kind"], work["kind"]), since, until))
            continue
        step = steps[work["run_key"], work["event_id"]]
        known = step["started_at"] is not None or step["ended"] not in (None, "abandoned")
        before = "step retrying" if (step["attempts"] or 1) > 1 else "step queued" if known else "step open"
        began = step["started_at"]
        if began is not None:
            began = max(since, began if until is None else min(began, until))
            found.append(("step running", began, until))
        found.append((before, since, began or until))
    expiring = {decision.name for decision in stream.decisions for rule in decision.answered if rule.deadline}
    for asked in of(con, "decision", item):
        ends = [asked["decided_at"] or asked["withdrawn_at"]]
        ends += [asked["deadline_at"]] if asked["decision"] in expiring else []
        found.append(("decision open", asked["asked_at"], min((end for end in ends if end), default=None)))
    messages = {each.name for each in stream.stages for rule in each.enter if rule.waiting_for}
    for stay in of(con, "stay", item):
        if stay["stage"] in messages:
            found.append(("message open", stay["entered_at"], stay["left_at"]))
        if stay["stage"] == "(closed)":
            found.append(("closed", stay["entered_at"], stay["left_at"]))
    return found


def of(con, table, item):
    return [row for row in rows(con, f"SELECT * FROM {table}") if row["item_key"] == item]


def recounted(con, item, stream):
    """(stage's stay, reason, from, until) as the definitions have it."""
    work = pending(con, item, stream)
    told = []
    for stay in of(con, "stay", item):
        since, until = stay["entered_at"], stay["left_at"]
        if stay["is_overlapped"] or since == until:
            continue
        told += [(stay["stay_index"], *each) for each in in_stay(work, since, until)]
    over = of(con, "stay", item)[-1]["left_at"] is not None
    return absorbed(told) if over else told


def in_stay(work, since, until):
    instants = {at for _, *ends in work for at in ends if at and at > since and (until is None or at < until)}
    edges = [since, *sorted(instants), until]
    pieces = []
    for begin, end in pairwise(edges):
        held = [what for what, opened, settled in work if opened <= begin and (settled is None or settled > begin)]
        pieces.append((min(held, key=ORDER.index, default="silent"), begin, end))
    return merged(pieces)


def merged(pieces):
    together = (list(group) for _, group in groupby(pieces, key=lambda piece: piece[0]))
    return [(group[0][0], group[0][1], group[-1][2]) for group in together]


def absorbed(told):
    result = []
    for index, group in groupby(told, key=lambda each: each[0]):
        pieces = [each[1:] for each in group]
        runs = [list(run) for _, run in groupby(pieces, key=lambda piece: is_short(piece) or piece)]
        whole = [(mostly(run), run[0][1], run[-1][2]) for run in runs]
        kept = [not is_short(piece) for piece in whole]
        said = []
        for place, (_, begin, end) in enumerate(whole):
            near = [other for other in range(len(whole)) if kept[other]]
            owner = max((other for other in near if other <= place), default=min(near, default=place))
            said.append((whole[owner][0], begin, end))
        result += [(index, *piece) for piece in merged(said)]
    return result


def is_short(piece):
    return piece[2] - piece[1] < SECOND


def mostly(pieces):
    total = {}
    for what, begin, end in pieces:
        total[what] = total.get(what, timedelta()) + (end - begin)
    return min(total, key=lambda what: (-total[what], ORDER.index(what)))


@by_chance(6)
def test_each_stay_is_split_as_a_plain_recount_splits_it(warehouse, seed):
    random = Random(seed)
    empty(warehouse)
    con = warehouse.cursor()
    register_source(con, SOURCE, "temporal")
    register_source(con, "crm", "database")
    stream = full_stream()
    put_in_force(con, stream)
    stories = tell(random, chains=4)
    deliver(con, batch(*stories))
    write_batch(con, "crm", Batch(row_versions=rows_of(random, stories)), NOON)

    for item in rows(con, "SELECT item_key FROM item"):
        waits = rows(con, f"SELECT * FROM wait WHERE item_key = {item['item_key']} ORDER BY wait_index")
        told = [(row["stay_index"], row["wait"], row["begun_at"], row["ended_at"]) for row in waits]
        assert told == recounted(con, item["item_key"], stream)
    before = [rows(con, f"SELECT * FROM {table} ORDER BY ALL") for table in ("wait", "decision_mark")]
    rebuild(con)
    assert [rows(con, f"SELECT * FROM {table} ORDER BY ALL") for table in ("wait", "decision_mark")] == before
    con.close()


def told(con):
    return [
        (
            row["wait"],
            (row["begun_at"] - NOON).total_seconds(),
            row["ended_at"] and (row["ended_at"] - NOON).total_seconds(),
        )
        for row in rows(con, "SELECT * FROM wait ORDER BY item_key, wait_index")
    ]


def test_a_step_waits_in_its_queue_then_runs_then_its_end_waits_for_the_worker(con):
    put_in_force(con, a_stream())
    story = run("w").turn(0)
    step = story.activity("assess")
    story.ran(step, 30, began=20)
    story.turn(35).close("completed")
    write(con, story)

    assert told(con) == [("step queued", 0, 20), ("step running", 20, 30), ("silent", 30, 35)]


def test_a_step_whose_start_is_not_written_yet_is_open_and_no_more_is_claimed(con):
    put_in_force(con, a_stream())
    story = run("w").turn(0)
    story.activity("assess")
    write(con, story)

    assert told(con) == [("step open", 0, None)]


def test_a_question_is_what_holds_an_item_not_the_reminder_that_runs_beside_it(con):
    decision = {
        "name": "approve",
        "stage": "review",
        "answered": [{"signal": "yes", "outcome": "yes"}],
        "options": ["yes"],
    }
    put_in_force(con, a_stream(by_attribute("intake", "review"), decisions=[decision]))
    story = run("w").turn(0).upsert(Stage="review")
    story.timer(3600, "reminder")
    story.signal("yes", 60)
    write(con, story)

    assert told(con) == [("decision open", 0, 60), ("timer", 60, None)]


def test_what_lasts_under_a_second_is_absorbed_once_the_item_is_over(con):
    put_in_force(con, a_stream([*by_attribute("intake"), stage("paid", {"close": "completed"})]))
    story = run("w").turn(0)
    short = story.activity("assess")
    story.ran(short, 0.4, began=0)
    story.turn(0.4)
    long = story.activity("assess")
    story.ran(long, 60, began=0.4)
    write(con, story)
    assert told(con) == [("step running", 0, 60), ("silent", 60, None)]

    story.turn(60.5).close("completed")
    write(con, story)

    assert told(con) == [("step running", 0, 60.5)]


def test_the_time_between_a_close_and_the_reset_that_reopens_it_is_closed(con):
    put_in_force(con, a_stream())
    story = run("w").turn(0)
    story.turn(10).close("completed")
    again = story.reset("again", to=6, at=50)
    write(con, story, again)

    assert ("closed", 10, 50) in told(con)
    assert instant(50) > instant(10)
