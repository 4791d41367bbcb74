"""Runs here against runs there, asked for by a viewer: one comparison at a time, remembered for everybody."""

import asyncio
import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.config import Config
from app.service import Service
from app.source_comparison import compare
from connectors.errors import ConnectorError
from connectors.temporal.config import TemporalConfig
from connectors.temporal.reconciliation import Reconciliation

# Comparing asks Temporal; who presses again sooner sees what was found before.
FRESH = timedelta(minutes=1)


@dataclass(frozen=True)
class Compared:
    """What was found at an instant."""

    at: datetime
    found: Reconciliation


@dataclass
class Comparisons:
    """The last comparison of each source."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: dict[Hashable, Compared] = field(default_factory=dict)

    def last(self, service: Service, source: str) -> Compared | None:
        """What was found last; None before the first."""
        return self._last.get((service.identity, source))

    def compare(self, service: Service, source: str, now: datetime) -> Compared:
        """Compare now, unless it was done just before. Nothing is written.

        Where Temporal cannot be reached, `found.error` says why. Raises KeyError for a source that is not configured.
        """
        cluster, namespace = sources(service.config)[source]
        with self._lock:
            last = self.last(service, source)
            if last is not None and now - last.at < FRESH:
                return last
            try:
                found = asyncio.run(compare(service.warehouse, cluster, namespace))
            except ConnectorError as error:
                found = Reconciliation(from_at=now, error=str(error))
            self._last[service.identity, source] = Compared(datetime.now(UTC), found)
            return self._last[service.identity, source]


def sources(config: Config) -> dict[str, tuple[TemporalConfig, str]]:
    """Temporal sources by name: cluster and namespace."""
    return {
        cluster.source(namespace): (cluster, namespace)
        for cluster in config.temporal
        for namespace in cluster.namespaces
    }


COMPARISONS = Comparisons()
