"""What `check` says of a Temporal source: does it answer, and do both sides have the same runs."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import warehouse
from app.api_client import ServiceClient, running_service
from app.errors import AskError
from app.sources import reach_temporal
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
from connectors.temporal.reconciliation import EXPLANATIONS, Difference, Reconciliation, reconcile
from warehouse import KeptRuns, Warehouse
from warehouse.reading import open_to_read

DAYS = 7
MOST_NAMED = 10


async def compared(path: Path, cluster: TemporalConfig, namespace: str) -> str:
    """One sentence or two; nothing is written. Raises ConnectorError and WarehouseError.

    A service that holds the warehouse compares. What is not compared, and why, is said.
    """
    told = await reach_temporal(cluster, namespace)
    if not path.exists():
        return f"{told}; runs not compared: there is no warehouse yet"
    if (service := running_service(path)) is not None:
        return f"{told}; {_compared_by(service, cluster.source(namespace))}"
    opened = open_to_read(path)
    try:
        return f"{told}; {in_words(await compare(opened, cluster, namespace))}"
    finally:
        opened.close()


async def compare(opened: Warehouse, cluster: TemporalConfig, namespace: str) -> Reconciliation:
    """Runs here against runs there, over the last DAYS for closed ones. Nothing is written. Raises ConnectorError."""
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


def _compared_by(service: ServiceClient, source: str) -> str:
    try:
        return f"compared by the service: {service.compare(source)}"
    except AskError as error:
        return f"runs not compared: {error}"


def in_words(result: Reconciliation) -> str:
    """What a comparison found, in a sentence or two."""
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
    told = "; ".join(_of_kind(kind, some) for kind, some in sorted(_by_kind(result.differences).items()))
    advice = "" if result.is_equal else ". The next `streamgauge sync` reads what is new, `sync --again` the rest"
    return f"{counts}: {told}{advice}"


def _by_kind(differences: Iterable[Difference]) -> dict[str, list[Difference]]:
    found: dict[str, list[Difference]] = {}
    for each in differences:
        found.setdefault(each.kind, []).append(each)
    return found


def _of_kind(kind: str, some: Sequence[Difference]) -> str:
    named = ", ".join(f"{each.workflow_id} (run {each.run_id})" for each in some[:MOST_NAMED])
    more = f" and {len(some) - MOST_NAMED} more" if len(some) > MOST_NAMED else ""
    return f"{len(some)} {kind} ({EXPLANATIONS[kind]}): {named}{more}"
