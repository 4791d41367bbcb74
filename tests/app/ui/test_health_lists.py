"""Data health in tables and sentences: time left, budget, differences."""

from datetime import timedelta

import pytest

from app.config import ClusterConfig, Config
from app.ui import health_lists
from connectors.temporal.reconciliation import Difference, Reconciliation
from tests.fixtures.histories import NOON

DAY = 86_400


def source(**more):
    row = {"source": "main/default", "as_of_at": NOON, "retention_seconds": DAY, "closed": 9, "unread": 0}
    return row | {"oldest_unread_at": None, "only_here": 2} | more


def cells(table, line=0):
    return {column["key"]: cell for column, cell in zip(table["columns"], table["rows"][line]["cells"], strict=True)}


@pytest.mark.parametrize(
    ("facts", "hours"),
    [
        ({}, 24),
        ({"as_of_at": NOON - timedelta(hours=20)}, 4),
        ({"oldest_unread_at": NOON - timedelta(hours=23), "unread": 3}, 1),
        ({"oldest_unread_at": NOON - timedelta(hours=25), "unread": 3}, -1),
    ],
)
def test_time_left_counts_from_the_oldest_history_that_was_not_read(facts, hours):
    assert health_lists.time_left(source(**facts), NOON) == timedelta(hours=hours)


@pytest.mark.parametrize("facts", [{"retention_seconds": None, "only_here": None}, {"as_of_at": None}])
def test_where_retention_or_reading_is_unknown_so_is_the_time_left(facts):
    shown = cells(health_lists.retention([source(**facts)], NOON))

    assert shown["left"]["text"] == "not known"


def test_little_time_left_warns_and_none_says_that_some_may_be_lost():
    behind = [source(as_of_at=NOON - timedelta(hours=hours)) for hours in (1, 13, 25)]
    table = health_lists.retention(behind, NOON)

    assert [cells(table, line)["left"]["tone"] for line in range(3)] == ["good", "watch", "bad"]
    assert cells(table, 2)["left"]["text"] == "some may be lost"


def test_the_budget_is_that_of_the_config_and_a_database_has_none():
    config = Config(temporal=(ClusterConfig(requests_per_second=20),))
    row = {"rounds": 3, "requests": 40, "throttled": 1, "failed": 0, "most_per_second": 5.0}
    table = health_lists.budgets([row | {"source": "main/default"}, row | {"source": "crm"}], config)

    assert (cells(table)["most"]["text"], cells(table)["most"]["part"]) == ("5", 0.25)
    assert cells(table)["throttled"]["tone"] == "watch"
    assert (cells(table)["allowed"]["text"], cells(table, 1)["allowed"]["text"]) == ("20", "no limit set")


def test_differences_say_what_they_mean_and_whether_they_mend_themselves():
    found = [Difference("one", "r1", "late"), Difference("<b>two</b>", "r2", "gone")]
    table = health_lists.differences(found)

    assert cells(table)["mends"]["text"] == "by the next reading"
    assert cells(table, 1)["mends"]["text"] == "nothing to mend"
    assert cells(table, 1)["workflow"]["text"] == "<b>two</b>"
    assert cells(table)["means"]["text"] == found[0].explanation


@pytest.mark.parametrize(
    ("found", "begins"),
    [
        ({}, "✓ Both sides have the same runs. Open: 3 here, 3 there."),
        ({"differences": (Difference("one", "r", "gone"),)}, "✓ 1 run differs, and each explains itself."),
        ({"differences": (Difference("one", "r", "late"),) * 2}, "≠ 2 runs differ."),
        ({"error": "it is down"}, "Not compared: it is down"),
    ],
)
def test_a_comparison_is_one_sentence(found, begins):
    told = Reconciliation(from_at=NOON, open_here=3, open_there=3, **found)

    assert health_lists.compared(told).startswith(begins)


def test_failed_rounds_are_counted_and_so_are_good_ones():
    row = {"rounds": 4, "failed": 1}

    assert health_lists.failures([row, row]) == "2 of 8 rounds in the last 1h failed."
    assert health_lists.failures([row | {"failed": 0}]) == "All 4 rounds of the last 1h went well."
    assert health_lists.failures([]) == "No round ended in the last 1h."
