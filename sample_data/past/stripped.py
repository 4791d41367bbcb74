"""Histories without what nobody reads and no replay needs: random ids, endless time-outs, stack traces."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from temporalio.api.export.v1 import WorkflowExecution
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent

UNREAD = (
    "request_id", "binary_checksum", "metering_metadata", "history_size_bytes", "sticky_attributes",
    "prev_auto_reset_points", "source_version_stamp",
)  # fmt: skip
FOREVER_SECONDS = 5 * 365 * 86_400
UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def stripped(item: str, seed: int, histories: Sequence[tuple[str, Sequence[HistoryEvent]]]) -> list[WorkflowExecution]:
    """The histories of an item's runs, given by run id. Run ids become those that the seed says, others count up.

    A random id is always 36 characters, so it can be replaced in the bytes.
    """
    names = {
        run_id.encode(): str(uuid5(NAMESPACE_URL, f"{seed}/{item}/{number}")).encode()
        for number, (run_id, _) in enumerate(histories)
    }

    def named(found: re.Match[bytes]) -> bytes:
        return names.setdefault(found[0], b"00000000-0000-0000-0000-%012d" % len(names))

    executions = []
    for _, events in histories:
        execution = WorkflowExecution()
        execution.history.events.extend(_without_unread(event) for event in events)
        executions.append(WorkflowExecution.FromString(UUID.sub(named, execution.SerializeToString())))
    return executions


def _without_unread(event: HistoryEvent) -> HistoryEvent:
    kept = HistoryEvent()
    kept.CopyFrom(event)
    attributes = getattr(kept, kept.WhichOneof("attributes") or "", None)
    if attributes is None:
        return kept
    for field, value in list(attributes.ListFields()):
        if field.name in UNREAD or _is_empty(field, value) or _is_endless(field.name, value):
            attributes.ClearField(field.name)
    for failure in _failures(attributes):
        failure.ClearField("stack_trace")
    return kept


def _is_empty(field: Any, value: Any) -> bool:
    # What it is about must stay, even when it says nothing.
    return field.name in ("header", "priority", "heartbeat_timeout", "sdk_metadata") and not value.ListFields()


def _is_endless(name: str, value: Any) -> bool:
    return name.endswith("_timeout") and value.seconds > FOREVER_SECONDS


def _failures(message: Any) -> Iterator[Failure]:
    if isinstance(message, Failure):
        yield message
    for field, value in message.ListFields():
        if field.name in ("failure", "last_failure", "cause") and isinstance(value, Failure):
            yield from _failures(value)
