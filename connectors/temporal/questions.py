"""Ask a run about itself: what it says it does, where its code stands, and the queries that it declares.

A worker of the organisation answers, and may have to replay the whole history for it: ask one run at a time, and only
when a person wants to know.
"""

import json
from dataclasses import dataclass

from temporalio.service import RPCStatusCode

from connectors.errors import ConnectorError
from connectors.temporal.connection import Connection
from connectors.temporal.faults import Fault
from connectors.temporal.payloads import clean, decode, is_readable

METADATA, STACK_TRACE = "__temporal_workflow_metadata", "__stack_trace"
OWN_PREFIX = "__"
LONGEST_CHARACTERS = 20_000


@dataclass(frozen=True)
class RunMetadata:
    """details: what the workflow says that it does now; empty where it says nothing. queries: (name, what it tells)."""

    details: str
    queries: tuple[tuple[str, str], ...]


async def metadata_of(connection: Connection, workflow_id: str, run_id: str) -> RunMetadata:
    """What the run declares of itself. Raises ConnectorError as `ask_run` does."""
    answer = await _asked(connection, workflow_id, run_id, METADATA)
    found = answer if isinstance(answer, dict) else {}
    definition = found.get("definition")
    declared = definition.get("queryDefinitions", []) if isinstance(definition, dict) else []
    queries = [
        (str(each.get("name") or ""), str(each.get("description") or "")) for each in declared if isinstance(each, dict)
    ]
    own = tuple((name, says) for name, says in queries if name and not name.startswith(OWN_PREFIX))
    return RunMetadata(_cut(str(found.get("currentDetails") or "")), own)


async def ask_run(connection: Connection, workflow_id: str, run_id: str, query: str) -> str:
    """What the run answers to a query without arguments, as text: JSON unless it is text, at most 20,000 characters.

    Raises ConnectorError: no worker answers in time, its worker turn fails, it is paused, it has no such query.
    """
    answer = await _asked(connection, workflow_id, run_id, query)
    if isinstance(answer, str):
        return _cut(answer)
    return _cut(json.dumps(answer, ensure_ascii=False, indent=2))


async def _asked(connection: Connection, workflow_id: str, run_id: str, query: str) -> object:
    try:
        answer = await connection.query_run(workflow_id, run_id, query)
    except Fault as fault:
        raise _unanswered(fault, connection.where) from fault
    if answer.HasField("query_rejected"):
        raise ConnectorError(
            f"Temporal at {connection.where}: the run is paused, and does not answer.", retryable=False
        )
    payloads = list(answer.query_result.payloads)
    if connection.codec is not None:
        await connection.codec.open(payloads)
    if not payloads:
        return None
    if not is_readable(payloads[0]):
        raise ConnectorError("The answer is encoded, and no codec server of the config opens it.", retryable=False)
    return decode(payloads[0])


def _unanswered(fault: Fault, where: str) -> ConnectorError:
    if fault.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
        return ConnectorError(
            f"Temporal at {where}: {fault}. No worker answered in time: is one running that has this workflow's code?",
            retryable=True,
        )
    return ConnectorError(f"Temporal at {where}: {fault}.", retryable=fault.status not in (RPCStatusCode.NOT_FOUND,))


def _cut(text: str) -> str:
    text = clean(text)
    return text if len(text) <= LONGEST_CHARACTERS else text[:LONGEST_CHARACTERS] + "\n… (cut)"
