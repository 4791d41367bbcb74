"""How what is read becomes batches: large where much waits, small and soon where little comes."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from connectors.temporal.gathering import ENOUGH_AFTER_SECONDS, Gathering
from connectors.temporal.histories import Rows
from connectors.temporal.reading import Chunk
from warehouse import Batch

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Reading:
    """Reads runs of a thousand events each, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.batches: list[Batch] = []
        self.gathering = Gathering(self.take, clock=lambda: self.now)

    async def take(self, batch: Batch) -> None:
        self.batches.append(batch)

    async def read(self, runs: int, *, each_takes: float) -> None:
        for index in range(runs):
            self.now += each_takes
            events: list[dict[str, Any]] = [
                {"run_id": str(index), "event_id": event_id, "type": 11, "time_at": NOON, "task_id": event_id}
                for event_id in range(1, 1_001)
            ]
            await self.gathering.add(Chunk(rows=Rows(events)))

    @property
    def sizes(self) -> list[int]:
        return [batch.events.num_rows for batch in self.batches]


def test_while_much_waits_batches_are_large_and_bounded() -> None:
    async def story() -> None:
        reading = Reading()
        await reading.read(50, each_takes=0.01)
        assert reading.sizes == [20_000, 20_000]
        await reading.gathering.flush()
        assert reading.sizes == [20_000, 20_000, 10_000]

    asyncio.run(story())


def test_what_comes_slowly_is_handed_over_soon() -> None:
    async def story() -> None:
        reading = Reading()
        await reading.read(8, each_takes=ENOUGH_AFTER_SECONDS / 2)
        assert reading.sizes == [2_000] * 4

    asyncio.run(story())


def test_no_batch_follows_another_at_once_unless_it_is_full() -> None:
    async def story() -> None:
        reading = Reading()
        await reading.read(2, each_takes=ENOUGH_AFTER_SECONDS / 2)
        await reading.read(9, each_takes=ENOUGH_AFTER_SECONDS / 10)
        assert reading.sizes == [2_000]
        await reading.read(1, each_takes=ENOUGH_AFTER_SECONDS / 10)
        assert reading.sizes == [2_000, 10_000]

    asyncio.run(story())


def test_the_last_of_a_round_is_handed_over_however_little_it_is() -> None:
    async def story() -> None:
        reading = Reading()
        await reading.read(1, each_takes=0.0)
        assert reading.sizes == []
        await reading.gathering.flush()
        await reading.gathering.flush()
        assert reading.sizes == [1_000]

    asyncio.run(story())


def test_the_clock_starts_anew_when_a_batch_was_taken_however_long_that_took() -> None:
    async def story() -> None:
        reading = Reading()

        async def take_slowly(batch: Batch) -> None:
            reading.batches.append(batch)
            reading.now += 10 * ENOUGH_AFTER_SECONDS

        reading.gathering = Gathering(take_slowly, clock=lambda: reading.now)
        await reading.read(19, each_takes=0.0)
        reading.now += ENOUGH_AFTER_SECONDS
        await reading.read(1, each_takes=0.0)
        await reading.read(3, each_takes=0.0)
        assert reading.sizes == [20_000]

    asyncio.run(story())
