"""What several sources bring at once is written at once, and no source is in another's way."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest

import warehouse
from app.config import load
from app.service import Service, open_service
from app.source_writer import SourceWriter
from app.write_turn import WriteTurn
from tests.app.conftest import Company
from tests.fixtures.histories import batch, run
from warehouse import Batch, WarehouseError

SOURCES = ("north", "south", "west")


@pytest.fixture
def service(filled: Company) -> Iterator[Service]:
    opened = open_service(load(filled.config))
    yield opened
    opened.close()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The sources of each transaction, as they are written."""
    seen: list[list[str]] = []
    really = warehouse.write_batches

    def noted(con: Any, batches: Any, learned_at: Any) -> list[int]:
        seen.append([source for source, _ in batches])
        return really(con, batches, learned_at)

    monkeypatch.setattr(warehouse, "write_batches", noted)
    return seen


def brought(name: str) -> Batch:
    return batch(run(f"{name}-run").turn(1))


def refused() -> Batch:
    """An event at no time: the warehouse has no place for it."""
    story = run("bad-run").turn(1)
    story.events[-1]["time_at"] = None
    return batch(story)


async def writers(service: Service, turn: WriteTurn) -> dict[str, SourceWriter]:
    found = {name: SourceWriter(service, name, "temporal", turn) for name in SOURCES}
    for each in found.values():
        await each.watermark()
    return found


async def begun(turn: WriteTurn, writing: Coroutine[Any, Any, int]) -> asyncio.Task[int]:
    """The writing, once it waits for its turn."""
    before, task = len(turn.waiting), asyncio.ensure_future(writing)
    while len(turn.waiting) == before:
        await asyncio.sleep(0)
    return task


async def at_once(turn: WriteTurn, *writing: Coroutine[Any, Any, int]) -> list[Any]:
    """What each gives, or raises, when all have waited for somebody else's turn to end."""
    async with turn:
        tasks = [await begun(turn, each) for each in writing]
    return await asyncio.gather(*tasks, return_exceptions=True)


def known(service: Service) -> list[str]:
    found = warehouse.rows(
        service.warehouse.cursor(),
        "SELECT run_id FROM run JOIN source USING (source_key) WHERE list_contains($sources, source) ORDER BY run_id",
        sources=list(SOURCES),
    )
    return [row["run_id"] for row in found]


def test_batches_that_wait_for_their_turn_are_written_in_one_transaction(
    service: Service, written: list[list[str]]
) -> None:
    async def story() -> list[Any]:
        turn = WriteTurn()
        by_name = await writers(service, turn)
        return await at_once(turn, *(by_name[name].write(brought(name)) for name in SOURCES))

    assert asyncio.run(story()) == [4, 4, 4]
    assert written == [list(SOURCES)]
    assert known(service) == ["north-run", "south-run", "west-run"]


def test_what_one_source_brings_is_refused_alone(service: Service, written: list[list[str]]) -> None:
    async def story() -> list[Any]:
        turn = WriteTurn()
        by_name = await writers(service, turn)
        north, south, west = (by_name[name] for name in SOURCES)
        return await at_once(turn, north.write(brought("north")), south.write(refused()), west.write(brought("west")))

    north, south, west = asyncio.run(story())

    assert (north, west) == (4, 4)
    assert isinstance(south, WarehouseError)
    assert "refused what south brought: Constraint Error" in str(south)
    assert known(service) == ["north-run", "west-run"]
    assert written == [list(SOURCES), *([name] for name in SOURCES)]


def test_what_nobody_waits_for_any_more_is_not_written(service: Service, written: list[list[str]]) -> None:
    async def story() -> int:
        turn = WriteTurn()
        by_name = await writers(service, turn)
        async with turn:
            left = await begun(turn, by_name["north"].write(brought("north")))
            left.cancel()
            await asyncio.wait([left])
        return await by_name["south"].write(brought("south"))

    assert asyncio.run(story()) == 4
    assert written == [["south"]]
    assert known(service) == ["south-run"]


def test_what_was_taken_by_one_that_was_cancelled_is_written_all_the_same(
    service: Service, written: list[list[str]]
) -> None:
    async def story() -> int:
        turn = WriteTurn()
        by_name = await writers(service, turn)
        async with turn:
            left = await begun(turn, by_name["south"].write(brought("south")))
            turn.take()
        return await left

    assert asyncio.run(story()) == 4
    assert written == [["south"]]
    assert known(service) == ["south-run"]
