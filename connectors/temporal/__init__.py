"""Read runs from a Temporal namespace: an incremental mirror of histories, samples of what is pending, task queues.

    connection = await connect(TemporalConfig(), "default")
    async for part in read_round(connection, known=..., watermark=..., declared=..., clock=...):
        ...                               # a Batch: write it at once; last of all a RoundResult
    await connection.close()

Read-only: nothing here signals, resets or terminates.
"""

from connectors.temporal.again import AgainResult, read_again
from connectors.temporal.attributes import DeclaredPath
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
from connectors.temporal.connection import Connection
from connectors.temporal.reconciliation import Difference, Reconciliation, reconcile
from connectors.temporal.rounds import RoundResult, read_round

__all__ = [
    "AgainResult",
    "Connection",
    "DeclaredPath",
    "Difference",
    "Reconciliation",
    "RoundResult",
    "TemporalConfig",
    "connect",
    "read_again",
    "read_round",
    "reconcile",
]
