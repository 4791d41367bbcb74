"""What to say beside an answer that would leave its reader guessing: why there is nothing in it."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.question import Question, Window
from metrics.segments import declared_path
from value_stream import Stream
from warehouse import rows

LISTED = 10
READ = "SELECT count(*) FILTER (as_of_at IS NOT NULL) AS read, count(*) AS sources FROM source"
ITEMS = """
SELECT count(*) FILTER (opened_at <= $as_of) AS items, min(opened_at) AS first_at, max(opened_at) AS last_at
FROM item
WHERE stream = $stream
"""
VALUES = """
SELECT value, count(*) AS items
FROM item_attribute
WHERE stream = $stream AND path = $path AND value IS NOT NULL AND valid_from_at <= $as_of
GROUP BY value
ORDER BY items DESC, value
LIMIT $most
"""
HAS = """
SELECT 1
FROM item_attribute
WHERE stream = $stream AND path = $path AND value = $value AND valid_from_at <= $as_of
LIMIT 1
"""


def note(con: DuckDBPyConnection, stream: Stream | None, question: Question, found: pa.Table) -> str | None:
    """Why the answer is empty, or that no item has a value that the question narrows to; None if all is plain."""
    if stream is None:
        return None if found.num_rows else "No source has been registered yet: run `streamgauge sync`."
    return _without_items(con, stream, question) or _unseen(con, stream, question) or _empty(question, found)


def _without_items(con: DuckDBPyConnection, stream: Stream, question: Question) -> str | None:
    [known] = rows(con, ITEMS, stream=stream.stream, as_of=question.as_of)
    if known["items"]:
        return None
    if known["first_at"] is not None:
        return f"Stream {stream.stream} had no items by {question.as_of:%Y-%m-%d %H:%M:%SZ}: the first began at " + (
            f"{known['first_at']:%Y-%m-%d %H:%M:%SZ}."
        )
    [sources] = rows(con, READ)
    if not sources["read"]:
        return "Nothing has been read yet: run `streamgauge sync`."
    types = ", ".join(stream.item.workflow_types)
    return f"Stream {stream.stream} has no items: no run of {types} has been read."


def _unseen(con: DuckDBPyConnection, stream: Stream, question: Question) -> str | None:
    """Of a declared segment only: stages and lanes that are not drawn are refused before."""
    for name, value in question.where:
        path = declared_path(stream, name)
        if path is None or value == "(none)":
            continue
        asked = {"stream": stream.stream, "path": path, "as_of": question.as_of}
        if rows(con, HAS, value=value, **asked):
            continue
        there = [str(row["value"]) for row in rows(con, VALUES, most=LISTED + 1, **asked)]
        listed = ", ".join(there[:LISTED]) + (" and more" if len(there) > LISTED else "")
        return f"No item has {name} = {value!r}. " + (f"There is: {listed}." if there else f"None has any {name}.")
    return None


def _empty(question: Question, found: pa.Table) -> str | None:
    if found.num_rows:
        return None
    return f"Nothing to tell {_when(question.window, question)}{_narrowed(question)}."


def _when(window: Window | None, question: Question) -> str:
    if window is None:
        return f"as of {question.as_of:%Y-%m-%d %H:%M:%SZ}"
    return f"between {window.from_at:%Y-%m-%d %H:%M:%SZ} and {window.to_at:%Y-%m-%d %H:%M:%SZ}"


def _narrowed(question: Question) -> str:
    return "".join(f", of {name} = {value!r}" for name, value in question.where)
