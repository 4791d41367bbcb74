"""What `check` says of a Temporal source: does it answer, and do both sides have the same runs."""

from collections import Counter
from contextlib import closing
from functools import partial
from pathlib import Path

import warehouse
from app.api_client import running_service
from app.sources import reach_temporal
from connectors.temporal import Reconciliation, TemporalConfig, connect, reconcile
from connectors.temporal.reconciliation import EXPLANATIONS
from warehouse import KeptRuns, Warehouse
from warehouse.reading import open_to_read

DAYS = 7


async def compared(path: Path, cluster: TemporalConfig, namespace: str) -> str:
    """One sentence or two; nothing is written. Raises ConnectorError and WarehouseError.

    A warehouse that is not there yet, or that a service holds, is not compared: the pages show what a service knows.
    """
    told = await reach_temporal(cluster, namespace)
    if not path.exists() or running_service(path) is not None:
        return told
    opened = open_to_read(path)
    try:
        return f"{told}; {_sentence(await _compared(opened, cluster, namespace))}"
    finally:
        opened.close()


async def _compared(opened: Warehouse, cluster: TemporalConfig, namespace: str) -> Reconciliation:
    source = cluster.source(namespace)
    connection = await connect(cluster, namespace)
    try:
        with closing(opened.cursor()) as con:
            parts = reconcile(
                connection,
                here=KeptRuns(con, source),
                known=partial(warehouse.known_runs, con, source),
                watermark=warehouse.watermark(con, source),
                is_repairing=False,
                days=DAYS,
            )
            [result] = [part async for part in parts if isinstance(part, Reconciliation)]
            return result
    finally:
        await connection.close()


def _sentence(result: Reconciliation) -> str:
    if result.error is not None:
        return f"not compared: {result.error}"
    closed_here, closed_there = (sum(getattr(count, side) for count in result.closed) for side in ("here", "there"))
    counts = (
        f"open {result.open_here} here, {result.open_there} there; "
        f"closed since {result.from_at:%Y-%m-%d %H:%M} {closed_here} here, {closed_there} there"
    )
    if result.standalone_activities:
        counts += f"; {result.standalone_activities} standalone activities there, which are not mirrored"
    if not result.differences:
        return counts
    kinds = Counter(each.kind for each in result.differences)
    told = "; ".join(f"{count} {kind} ({EXPLANATIONS[kind]})" for kind, count in sorted(kinds.items()))
    advice = "" if result.is_equal else ". The next `streamgauge sync` reads what is new, `sync --again` the rest"
    return f"{counts}: {told}{advice}"
