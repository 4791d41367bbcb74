"""Answers as JSON, CSV, Parquet and Arrow."""

import csv
import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.answers import Answer, from_ipc, to_ipc
from app.formats import to_csv, to_json, to_parquet

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def answer(**columns: list) -> Answer:
    return Answer("in_flight", "In flight", "Items inside each stage.", NOON, pa.table(columns))


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def test_json_has_metric_instant_definition_columns_and_rows():
    found = answer(stage=["a"], items=[3], share=[float("nan")], entered_at=[NOON], value=[None])

    assert json.loads(to_json(found)) == {
        "metric": "in_flight",
        "as_of": "2026-11-22T12:00:00Z",
        "definition": "Items inside each stage.",
        "note": None,
        "columns": ["stage", "items", "share", "entered_at", "value"],
        "rows": [{"stage": "a", "items": 3, "share": None, "entered_at": "2026-11-22T12:00:00Z", "value": None}],
    }


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_makes_text_inert_that_a_spreadsheet_would_run(begin):
    hostile = f'{begin}HYPERLINK("http://evil")'

    assert cells(to_csv(answer(item=[hostile])))[1] == ["'" + hostile]


def test_csv_leaves_numbers_alone():
    assert to_csv(answer(change=[-3, 4], share=[-0.5, None])) == b"change,share\r\n-3,-0.5\r\n4,\r\n"


def test_csv_makes_column_names_inert_too():
    assert cells(to_csv(answer(**{"=a": ["x"]})))[0] == ["'=a"]


@given(st.lists(st.text(), min_size=1))
def test_csv_gives_every_text_back_and_no_cell_that_begins_as_a_formula(texts):
    read = [row[0] if row else "" for row in cells(to_csv(answer(item=texts)))[1:]]

    assert [text.removeprefix("'") for text in read] == [text.removeprefix("'") for text in texts]
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in read)


def test_parquet_says_what_it_is():
    table = pq.read_table(io.BytesIO(to_parquet(answer(items=[3]))))

    assert table.to_pylist() == [{"items": 3}]
    assert table.schema.metadata[b"metric"] == b"in_flight"
    assert table.schema.metadata[b"as_of"] == b"2026-11-22T12:00:00+00:00"


def test_arrow_carries_the_whole_answer():
    found = answer(stage=["a", None], entered_at=[NOON, None])

    assert from_ipc(to_ipc(found)) == found
