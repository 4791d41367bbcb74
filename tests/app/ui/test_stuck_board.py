"""The board of stuck work, as data."""

import json
from datetime import UTC, datetime, timedelta

from app.ui import stuck_board
from app.ui.stuck_board import MOST_ITEMS, Viewing

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
HELPS = {"retry-now": "Try again (retry-now): the step is tried now."}
VIEWING = Viewing("claim", UTC, lambda row: (None, "https://temporal.example/run"), HELPS)


def cause(**columns):
    usual = {"cause": "c1", "cause_title": "Bank down", "rule": "step retrying", "severity": "stuck", "items": 5}
    usual |= {"items_before": 5, "value": 1200.0, "unit": "EUR", "items_without_value": 0, "since_at": AT, "why": "w"}
    return usual | {"first_seen_at": AT - timedelta(hours=1), "stages": "Payout"} | columns


def stuck(number=0, **columns):
    usual = {"item": f"claim-{number}", "workflow_id": f"w{number}", "run_id": f"r{number}", "source": "main/default"}
    usual |= {
        "stage": "payout",
        "title": "Payout",
        "rank": 1,
        "rule": "step retrying",
        "why": "It fails.",
        "cause": "c1",
    }
    usual |= {"since_at": AT + timedelta(seconds=number), "since_seconds": 90.0, "progress_seconds": 3600.0}
    usual |= {"root_workflow_id": "w", "root_run_id": "r", "failure_message": None, "nudges": None, "value": None}
    return usual | {"unit": None, "evidence": "{}"} | columns


def told(causes, rows, **chosen):
    return stuck_board.board(causes, rows, VIEWING, **({"cause": "c1", "item": None, "nudge": ""} | chosen))


def test_the_trend_says_in_words_whether_it_grows():
    said = [told([cause(items_before=before)], [])["causes"][0] for before in (0, 2, 5, 9)]

    assert [(each["trend"], each["trendTone"]) for each in said] == [
        ("new in this hour", "worse"),
        ("+3 in an hour", "worse"),
        ("as an hour ago", "same"),
        ("−4 in an hour", "better"),  # noqa: RUF001
    ]


def test_items_without_a_value_are_said_beside_the_sum():
    assert told([cause(items_without_value=2)], [])["causes"][0]["value"] == "€\u202f1.2k (2 without)"
    assert told([cause(value=None)], [])["causes"][0]["value"] == ""


def test_an_item_is_known_by_its_run_and_not_by_its_place():
    rows = [stuck(2), stuck(1)]

    assert [item["id"] for item in told([cause()], rows)["items"]] == ["main/default/r1", "main/default/r2"]


def test_what_else_holds_an_item_is_told_with_it():
    [item] = told([cause()], [stuck(), stuck(rank=2, rule="stage overdue", why="Late.", cause="c2")])["items"]

    assert item["also"] == ["stage overdue: Late."]


def test_what_has_moved_on_between_the_button_and_the_click_is_counted():
    rows = [stuck(1), stuck(2), stuck(3, cause="c2"), stuck(1, rank=2)]

    assert stuck_board.asked_for(rows, "c1", None, 3) == (rows[:2], 1)
    assert stuck_board.asked_for(rows, "c1", None, 1) == (rows[:2], 0)
    assert stuck_board.asked_for(rows, "c1", {"main/default/r2", "main/default/r3"}, 2) == ([rows[1]], 1)
    assert stuck_board.asked_for(rows, "c1", {"main/default/r3"}, 1) == ([], 1)


def test_more_items_than_anybody_reads_are_counted():
    shown = told([cause()], [stuck(number) for number in range(MOST_ITEMS + 1)])

    assert (len(shown["items"]), shown["all"]) == (MOST_ITEMS, MOST_ITEMS + 1)
    assert shown["more"] == "The 200 held longest of 201."


def test_evidence_is_told_line_by_line_in_the_viewers_time():
    evidence = {
        "sample": {"sampled_at": AT.isoformat(), "attempt": 4, "state": "scheduled"},
        "task_queue": {"pollers": 0},
        "elsewhere": {"sample": {"attempt": 1}},
    }
    row = stuck(evidence=json.dumps(evidence), failure_message="refused", nudges="retry-now, gone")

    assert stuck_board.facts(row, VIEWING) == [
        ["Run", "w r"],
        ["Failure", "refused"],
        ["Temporal", "asked 02 Mar 12:00:00, attempt 4, state scheduled"],
        ["Task queue", "pollers 0"],
        ["May help", "Try again (retry-now): the step is tried now. gone."],
    ]


def test_the_summary_counts_what_is_stuck_apart_from_what_is_to_watch():
    causes = [cause(items=1), cause(cause="c2", severity="watch", items=3)]

    assert stuck_board.summary(causes, "claim", 12) == "1 of 12 claims is stuck, 3 to watch"
    assert stuck_board.summary(causes[1:], "claim", 12) == "0 of 12 claims are stuck, 3 to watch"


def test_causes_come_by_value_where_that_is_wished_and_what_is_to_watch_stays_last():
    causes = [
        cause(value=10.0),
        cause(cause="c2", value=None),
        cause(cause="c3", value=900.0),
        cause(cause="c4", severity="watch", value=9000.0),
    ]

    assert [row["cause"] for row in stuck_board.in_order(causes, "value")] == ["c3", "c1", "c2", "c4"]
    assert stuck_board.in_order(causes, "nonsense") == causes
