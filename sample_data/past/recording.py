"""The recorded past as files: histories as Temporal Cloud exports them, rows and a list of the items as Parquet.

A part is one day of one stream: histories/PART.pb.xz, rows/TABLE/PART.parquet, items/PART.parquet. The recording
covers two calendar weeks of another time. `before` says by how much each item is moved, always by whole weeks, so that
weekdays and hours stay what they were: the first week becomes the one before the present week. Of the second, what has
ended by now becomes the present week, and the rest of it lies two weeks further back.
"""

import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from temporalio.api.export.v1 import WorkflowExecution, WorkflowExecutions

from sample_data.past.seasons import BEGAN_AT, DAYS

FOLDER = Path(__file__).parents[1] / "recorded"
HISTORIES, ROWS, ITEMS = "histories", "rows", "items"
WEEK = timedelta(weeks=1)
INSTANT: pa.DataType = pa.timestamp("us", tz="UTC")
ITEM_COLUMNS = pa.schema(
    [pa.field("workflow_id", pa.string()), pa.field("opened_at", INSTANT), pa.field("closed_at", INSTANT)]
)


@dataclass(frozen=True)
class Past:
    """The recording as the two weeks before an instant: by how much each item, by workflow id, is moved."""

    folder: Path
    moves: Mapping[str, timedelta]

    @property
    def histories(self) -> Path:
        """The folder with the histories of these items."""
        return self.folder / HISTORIES

    def versions(self) -> Mapping[str, pa.Table]:
        """The versions of the items' database rows, by table, each row's oldest first, at the moved instants."""
        tables = sorted((self.folder / ROWS).iterdir())
        return {folder.name: self._moved(_all_parts(folder)) for folder in tables}

    def _moved(self, table: pa.Table) -> pa.Table:
        offsets = pa.array([self.moves[str(name)] for name in table["workflow_id"].to_pylist()], pa.duration("us"))
        for index, column in enumerate(table.schema):
            if pa.types.is_timestamp(column.type):
                moved = pc.add(table.column(index), offsets)
                table = table.set_column(index, column, moved.cast(column.type))
        return table


def before(ends_at: datetime, folder: Path = FOLDER) -> Past:
    """The recording moved to the two weeks before `ends_at`; all of it is over by then."""
    monday = datetime.combine(ends_at.date() - timedelta(days=ends_at.weekday()), time(), UTC)
    moved_by = monday - WEEK - (BEGAN_AT + timedelta(days=DAYS[0]))
    items = _all_parts(folder / ITEMS).to_pylist()
    return Past(
        folder,
        {
            item["workflow_id"]: moved_by if item["closed_at"] + moved_by < ends_at else moved_by - 2 * WEEK
            for item in items
        },
    )


def write(
    folder: Path, part: str, items: Mapping[str, Sequence[WorkflowExecution]], versions: Mapping[str, pa.Table]
) -> None:
    """Write one part: the histories of its items by workflow id, and the versions of its rows by table."""
    export = WorkflowExecutions(items=[run for runs in items.values() for run in runs])
    packed = lzma.compress(export.SerializeToString(deterministic=True), preset=9)
    _file(folder, HISTORIES, f"{part}.pb.xz").write_bytes(packed)
    for name, table in versions.items():
        if table.num_rows:
            pq.write_table(table, _file(folder, ROWS, name, f"{part}.parquet"), compression="zstd")
    rows = [{"workflow_id": name, **_span(runs)} for name, runs in items.items()]
    table = pa.Table.from_pylist(rows, schema=ITEM_COLUMNS)
    pq.write_table(table, _file(folder, ITEMS, f"{part}.parquet"), compression="zstd")


def _span(runs: Sequence[WorkflowExecution]) -> dict[str, int]:
    opened, *_ = (run.history.events[0].event_time.ToMicroseconds() for run in runs)
    closed = max(run.history.events[-1].event_time.ToMicroseconds() for run in runs)
    return {"opened_at": opened, "closed_at": closed}


def _file(folder: Path, *path: str) -> Path:
    found = folder.joinpath(*path)
    found.parent.mkdir(parents=True, exist_ok=True)
    return found


def _all_parts(folder: Path) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob("*.parquet")))
