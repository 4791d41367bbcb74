"""What a connection remembers between rounds. All of it may be lost: the next round then asks a little more."""

from dataclasses import dataclass, field
from datetime import datetime

from connectors.temporal.histories import History

MOST_READ = 50_000


@dataclass
class Watch:
    """What is remembered of an open run."""

    checked_at: datetime | None = None
    sampled_at: datetime | None = None
    state_transition_count: int | None = None
    history: History | None = None


@dataclass
class Memory:
    """What is remembered of a namespace."""

    watches: dict[str, Watch] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    queues: dict[tuple[str, str], datetime] = field(default_factory=dict)
    retention_seconds: int | None = None
    retention_at: datetime | None = None

    def forget(self) -> None:
        """Forget all that was concluded from rows which may not have been kept."""
        self.watches.clear()
        self.read.clear()

    def mark_read(self, run_id: str) -> None:
        """Note a closed run that was read to its end."""
        if len(self.read) >= MOST_READ:
            self.read.clear()
        self.read.add(run_id)
        self.watches.pop(run_id, None)
