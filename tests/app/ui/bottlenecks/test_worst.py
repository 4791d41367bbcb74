"""The headline, the cards and the lists."""

from app.ui.bottlenecks import cards, lists
from app.ui.bottlenecks.worst import worst
from tests.app.ui.bottlenecks.rows import DAY, HOUR, row, time_in

QUOTE = time_in("quote", inside=23, limits=(DAY, 3.1 * DAY, 5 * DAY), target=2 * DAY, within=0.62, total=412.0 * HOUR)

INTAKE = time_in("intake", limits=(HOUR, HOUR, HOUR), total=300.0 * HOUR)


def value(**values):
    return row("value_waiting", **({"stage": "quote", "items": 23, "unit": "EUR", "items_without_value": 0} | values))


def test_the_worst_bottleneck_and_its_cost_in_one_sentence():
    found = worst([INTAKE, QUOTE], [value(value=84_000.0)], "request")

    assert found.claim == "Quote holds 58\u202f% of all time in the window: 412h"
    assert found.cost == (
        "p85 3.1d against a target of 2d. 62\u202f% of stays within the target. 23 requests inside, €\u202f84k waiting."
    )
    assert found.stage == "quote"


def test_what_is_not_known_is_not_said():
    thin = time_in("quote", exits=1, inside=0, total=60.0, thin="1 exit: p50 needs 2")
    found = worst([thin], [value(value=None)], "request")

    assert found.cost == "How long stays last is not known (1 exit: p50 needs 2). No request is inside at its end."


def test_items_without_a_value_are_counted():
    assert worst([QUOTE], [value(value=9.0, items_without_value=4)], "request").cost.endswith(
        "€\u202f9 waiting (4 without a value)."
    )


def test_nobody_is_the_worst_where_no_time_was_spent():
    assert worst([time_in("quote", total=0.0)], [], "request") is None


def test_a_cycle_time_that_is_not_reached_is_no_number():
    shown = cards.cycle_time(row("cycle_time", exits=9, inside=60, p50_seconds=60.0, not_reached="p85, p95"), "request")

    assert shown["text"] == "–"  # noqa: RUF001
    assert shown["words"] == ["p50 1m", "p85, p95 not reached"]
    assert shown["n"] == "9 requests that ended, 60 still open"


def test_value_waiting_says_what_stands_longer_than_usual_and_what_has_none():
    rows = [value(value=100.0, past_p85_value=40.0, items_without_value=2), value(value=None, items=1)]

    assert cards.waiting(rows, "request")["text"] == "€\u202f100"
    assert cards.waiting(rows, "request")["words"] == ["€\u202f40 longer than usual", "2 requests without a value"]


def cells(table):
    return [[cell["text"] for cell in line["cells"]] for line in table["rows"]]


def test_handoffs_say_volume_wait_and_what_comes_back():
    shown = lists.handoffs(
        [
            row(
                "handoffs",
                **{
                    "from_lane": "vendor",
                    "to_lane": "manager",
                    "handoffs": 40,
                    "items": 38,
                    "acted": 30,
                    "waiting": 10,
                },
                **{"p50_seconds": 60.0, "p85_seconds": None, "came_back": 8, "came_back_share": 0.2, "thin": None},
            )
        ]
    )

    assert cells(shown) == [["vendor → manager", "40", "1m", "–", "10", "20\u202f%"]]  # noqa: RUF001
    assert shown["rows"][0]["cells"][-1]["tone"] == "watch"


def test_rework_says_what_each_loop_costs():
    back = {"from_stage": "approval", "to_stage": "quote", "kind": "rework", "is_drawn": False, "times": 4, "items": 3}
    shown = lists.rework([row("rework", **back, again_seconds=240.0, still_back=1)], {"quote": "Quote"})

    assert cells(shown) == [["approval → Quote", "4", "3", "4m", "1m", "1", "not drawn"]]


def test_systems_say_time_failures_and_what_waits():
    counts = {"calls": 50, "ended": 40, "failed": 2, "retried": 8, "retries": 11, "waiting": 10}
    shares = {"failed_share": 0.05, "retried_share": 0.2, "share": 0.31, "seconds": 7200.0}
    shown = lists.systems([row("systems", system="crm", title="CRM", **counts, **shares, oldest_waiting_seconds=90.0)])

    assert cells(shown) == [["CRM", "31\u202f%", "2h", "50", "5\u202f%", "20\u202f%", "11", "10", "1.5m"]]


def test_a_system_that_nobody_called_has_no_time():
    counts = {"calls": 0, "ended": 0, "failed": 0, "retried": 0, "retries": 0, "waiting": 0}
    shown = lists.systems([row("systems", system="crm", title="CRM", **counts)])

    assert cells(shown) == [["CRM", "–", "0s", "0", "–", "–", "0", "0", "–"]]  # noqa: RUF001


def test_the_balance_of_a_stage_says_why_it_is_not_known():
    thin = row("littles_law", stage="quote", title="Quote", arrivals=1, exits=1, observed_in_flight=0.2, thin="1 exit")
    shown = lists.balance([thin])

    assert cells(shown) == [["Quote", "1", "1", "–", "–", "0.2", "–"]]  # noqa: RUF001
    assert shown["rows"][0]["cells"][-1]["title"] == "1 exit"
