"""What is explored and exported: a metric's answer or a documented table, cut as wished, with a manifest beside it."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, TypeAlias

import pyarrow as pa
from duckdb import DuckDBPyConnection

from app.answers import STREAMLESS, Ask, answer
from app.errors import AskError
from value_stream import Stream
from warehouse import Warehouse, query, rows
from warehouse.database import registered
from warehouse.selecting import Filter, Kind, Selection, Statement, count_of, kinds_of, statement
from warehouse.views import View, find_view

METRIC, TABLE = "metric", "table"
# Rows that travel together; enough to be quick, few enough to stay small.
BATCH_ROWS = 5_000
_ANSWER = "asked_answer"
_POSITION = "row number of the answer"
SOURCES = "SELECT source, kind, as_of_at FROM source ORDER BY source"
STREAM_VERSION = """
SELECT version, loaded_at FROM stream_version WHERE stream = $stream ORDER BY loaded_at DESC, version LIMIT 1
"""


@dataclass(frozen=True)
class Wish:
    """What is wanted, as text says it. kind: metric or table; for a table only the stream of `ask` counts."""

    kind: str
    name: str
    ask: Ask
    selection: Selection = field(default_factory=Selection)


@dataclass(frozen=True)
class Extract:
    """Rows to be read while its transaction lasts, and all that is said of them.

    columns: (name, meaning) of the whole relation, for whoever chooses among them; `kinds` of the same.
    """

    wish: Wish
    title: str
    definition: str
    as_of: datetime
    columns: tuple[tuple[str, str], ...]
    kinds: dict[str, Kind]
    asked: Statement
    rows: int
    sources: tuple[dict[str, Any], ...]
    stream_version: str | None
    _con: DuckDBPyConnection

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows, batch by batch: memory stays small however many there are."""
        reader = self._con.sql(self.asked.sql, params=dict(self.asked.params)).to_arrow_reader(BATCH_ROWS)
        yield from reader

    def table(self) -> pa.Table:
        """All rows at once, for a page of them."""
        return query(self._con, self.asked.sql, **self.asked.params)

    def manifest(self, link: str | None = None) -> dict[str, object]:
        """What the rows are, so that somebody who finds the file in a year knows, and can ask again."""
        return {
            "what": f"{self.wish.kind} {self.wish.name}",
            "title": self.title,
            "definition": self.definition,
            "definition_version": _digest(self.definition, self.stream_version or ""),
            "stream": self.wish.ask.stream,
            "stream_version": self.stream_version,
            "as_of": stamp(self.as_of),
            "window": self.wish.ask.window,
            "filters": [*self.wish.ask.where, *(filter_text(each) for each in self.wish.selection.filters)],
            "groups": [*self.wish.ask.by, *self.wish.selection.group],
            "sort": self.wish.selection.sort,
            "rows": self.rows,
            "columns": {name: dict(self.columns).get(name, "") for name in self.asked.columns},
            "fresh_to": {each["source"]: each["as_of_at"] and stamp(each["as_of_at"]) for each in self.sources},
            "made_by": f"streamgauge {version('streamgauge')}",
            "again": link,
        }


@contextmanager
def extracting(
    warehouse: Warehouse,
    streams: Sequence[Stream],
    wish: Wish,
    *,
    now: datetime,
    most: int | None = None,
    skip: int = 0,
) -> Iterator[Extract]:
    """The rows of a wish, all in one read transaction that ends with the block.

    `most` and `skip` cut a page out of them; `rows` counts the whole all the same. Raises AskError, MetricError and
    WarehouseError when it cannot be answered as it stands.
    """
    if wish.kind == METRIC:
        relation = _metric(warehouse, streams, wish, now)
    elif wish.kind == TABLE:
        relation = _table(streams, wish, now)
    else:
        raise AskError(f"There is no {wish.kind!r} to export: name metric or table.")
    with warehouse.reading() as con, relation.present(con) as (sql, order):
        kinds = {name: kind for name, kind in kinds_of(con, sql).items() if name != _POSITION}
        whole = statement(sql, kinds, relation.selection, order=order)
        asked = whole if most is None else statement(sql, kinds, relation.selection, order=order, most=most, skip=skip)
        yield Extract(
            wish=relation.wish,
            title=relation.title,
            definition=relation.definition,
            as_of=relation.as_of,
            columns=relation.columns or tuple((name, "") for name in kinds),
            kinds=kinds,
            asked=asked,
            rows=count_of(con, whole),
            sources=tuple(rows(con, SOURCES)),
            stream_version=_stream_version(con, relation.wish.ask.stream),
            _con=con,
        )


# Makes the rows readable on a connection: a SELECT, and the columns of its order.
Present: TypeAlias = Callable[[DuckDBPyConnection], AbstractContextManager[tuple[str, tuple[str, ...]]]]


@dataclass(frozen=True)
class _Relation:
    """What a wish means, before a transaction is open."""

    wish: Wish
    title: str
    definition: str
    as_of: datetime
    columns: tuple[tuple[str, str], ...]
    selection: Selection
    present: Present


def _metric(warehouse: Warehouse, streams: Sequence[Stream], wish: Wish, now: datetime) -> _Relation:
    found = answer(warehouse, streams, wish.ask, now=now)
    only = streams[0].stream if len(streams) == 1 and wish.name not in STREAMLESS else None
    ask = replace(wish.ask, stream=wish.ask.stream or only, as_of=stamp(found.as_of))
    numbered = found.table.append_column(_POSITION, pa.array(range(found.table.num_rows), pa.int64()))

    @contextmanager
    def present(con: DuckDBPyConnection) -> Iterator[tuple[str, tuple[str, ...]]]:
        with registered(con, {_ANSWER: numbered}):
            yield f"SELECT * FROM {_ANSWER}", (_POSITION,)

    # What each column means is said in the definition, as a whole.
    columns = tuple((name, "") for name in found.table.column_names)
    selection = wish.selection
    return _Relation(replace(wish, ask=ask), found.title, found.definition, found.as_of, columns, selection, present)


def _table(streams: Sequence[Stream], wish: Wish, now: datetime) -> _Relation:
    view = find_view(wish.name)
    selection, stream = wish.selection, wish.ask.stream if view.has_stream else None
    if stream is not None:
        if stream not in {each.stream for each in streams}:
            raise AskError(f"No stream {stream!r}. There is: {', '.join(each.stream for each in streams)}.")
        selection = replace(selection, filters=(Filter("stream", "=", stream), *selection.filters))
    asked = replace(wish, ask=Ask(wish.name, stream))

    @contextmanager
    def present(con: DuckDBPyConnection) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield view.sql, view.order

    return _Relation(asked, _title(view), view.says, now, view.columns, selection, present)


def _title(view: View) -> str:
    return view.name.replace("_", " ").capitalize()


def _stream_version(con: DuckDBPyConnection, stream: str | None) -> str | None:
    if stream is None:
        return None
    found = rows(con, STREAM_VERSION, stream=stream)
    return str(found[0]["version"]) if found else None


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def filter_text(wanted: Filter) -> str:
    """A filter as it is written: `items >= 3`, `actor empty`."""
    return f"{wanted.column} {wanted.operator} {wanted.value}".rstrip()


def stamp(instant: datetime) -> str:
    """ISO 8601, UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


__all__ = ["METRIC", "TABLE", "Extract", "Wish", "extracting", "filter_text", "stamp"]
