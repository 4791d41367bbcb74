"""Gather what is read into batches of bounded size, in the order in which it was read."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import pyarrow as pa

from connectors.temporal.histories import Row
from connectors.temporal.reading import Chunk
from warehouse import batch

MOST_EVENTS = 2_000
MOST_RUNS = 200
MOST_SAMPLES = 2_000


def table(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    """Rows as a table; a column left out of a row is null."""
    whole = cast(pa.StructArray, pa.array(rows, type=pa.struct(schema)))  # One pass, not one for each column.
    return pa.Table.from_batches([pa.RecordBatch.from_struct_array(whole)], schema=schema)


class Gathering:
    """Takes chunks and hands over full batches; waits while they are not taken, so memory stays bounded."""

    def __init__(self, hand_over: Callable[[batch.Batch], Awaitable[None]]) -> None:
        self.changed: set[str] = set()
        self._hand_over = hand_over
        self._turn = asyncio.Lock()
        self._clear()

    def _clear(self) -> None:
        self._runs: dict[str, Row] = {}
        self._events: list[Row] = []
        self._attributes: list[Row] = []
        self._pending: list[Row] = []
        self._queues: list[Row] = []

    async def add(self, chunk: Chunk) -> None:
        """Take what was learned of one run. The later row of a run replaces the earlier."""
        if chunk.run is not None:
            self._runs[chunk.run["run_id"]] = chunk.run
            self.changed.add(chunk.run["run_id"])
        self._events += chunk.rows.events
        self._attributes += chunk.rows.attributes
        self._pending += chunk.pending
        if self._is_full():
            async with self._turn:  # One at a time: a later row of a run must not overtake an earlier one.
                if self._is_full():
                    await self._hand_over_all()

    def add_queue(self, row: Row) -> None:
        """Take a sample of a task queue."""
        self._queues.append(row)

    async def flush(self) -> None:
        """Hand over what is left."""
        async with self._turn:
            if self._runs or self._events or self._attributes or self._pending or self._queues:
                await self._hand_over_all()

    def _is_full(self) -> bool:
        return (
            len(self._events) >= MOST_EVENTS
            or len(self._runs) >= MOST_RUNS
            or len(self._pending) + len(self._attributes) >= MOST_SAMPLES
        )

    async def _hand_over_all(self) -> None:
        full = batch.Batch(
            runs=table(list(self._runs.values()), batch.RUNS),
            events=table(self._events, batch.EVENTS),
            attributes=table(self._attributes, batch.ATTRIBUTES),
            pending=table(self._pending, batch.PENDING),
            task_queues=table(self._queues, batch.TASK_QUEUES),
        )
        self._clear()
        await self._hand_over(full)
