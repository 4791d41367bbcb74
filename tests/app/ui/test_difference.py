"""Now against then: figures, tables and the map say how they changed, and which way is good."""

import pytest

from app.ui import difference, tables, wording


def figure(number, **more):
    return {"key": "over", "title": "Over", "number": number, "text": str(number), "words": [], "tone": "none"} | more


@pytest.mark.parametrize(
    ("now", "then", "better", "text", "tone"),
    [
        (5, 2, "less", "+3", "bad"),
        (2, 5, "less", "−3", "good"),  # noqa: RUF001
        (5, 2, "more", "+3", "good"),
        (5, 2, None, "+3", "none"),
        (2, 2, "less", "±0", "none"),
    ],
)
def test_a_figure_says_how_it_changed_and_whether_that_is_good(now, then, better, text, tone):
    shown = difference.figures([figure(now, better=better, series=[1, 2])], [figure(then)])[0]

    assert (shown["text"], shown["tone"]) == (text, tone)
    assert shown["words"] == [f"{now} now", f"{then} then"]
    assert "series" not in shown


def test_a_difference_keeps_the_unit():
    shown = difference.figures([figure(5400.0, unit="seconds")], [figure(1800.0)])[0]

    assert shown["text"] == "+1h"


def test_a_figure_that_was_not_there_then_is_shown_as_it_is():
    assert difference.figures([figure(5)], []) == [figure(5)]


def counts(**rows):
    columns = [tables.column("stage", "Stage") | {"isHead": True}, tables.column("all", "All", "number")]
    lines = [{"cells": [tables.cell(name), tables.cell(str(number), sort=number)]} for name, number in rows.items()]
    return {"caption": "c", "columns": columns, "rows": lines}


def test_rows_of_a_table_belong_together_by_their_head_and_what_is_new_came_from_nothing():
    shown = difference.table(counts(approval=5, billing=2), counts(billing=3, gone=9))

    assert [[cell["text"] for cell in row["cells"]] for row in shown["rows"]] == [
        ["approval", "+5"],
        ["billing", "−1"],  # noqa: RUF001
    ]
    assert shown["rows"][1]["cells"][1]["title"] == "2 now, 3 then"


def test_columns_that_are_no_counts_keep_their_own_way_of_writing():
    shown = difference.table(counts(approval=7200), counts(approval=3600), {"all": wording.duration})

    assert shown["rows"][0]["cells"][1]["text"] == "+1h"
