"""Who may write: one at a time, and what several sources bring meanwhile at once."""

import asyncio
from dataclasses import dataclass

from warehouse import Batch, WarehouseError


@dataclass(eq=False)
class Waiting:
    """A batch that waits to be written. outcome: the events and row versions added, or why it was refused."""

    source: str
    batch: Batch
    outcome: int | WarehouseError | None = None


class WriteTurn(asyncio.Lock):
    """Whoever holds it is the only one to write: items join rows of several sources.

    Deriving costs the same for few rows as for some more, so whoever has the turn writes all that wait for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Waiting] = []

    def take(self) -> list[Waiting]:
        """What waits, to be written by the caller, who holds the turn."""
        taken, self.waiting = self.waiting, []
        return taken
