"""Read one run: what is new in its history, and what is pending in it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse

from connectors.temporal.attributes import Declared
from connectors.temporal.connection import Connection
from connectors.temporal.faults import Fault
from connectors.temporal.histories import History, Row, Rows, is_transient
from connectors.temporal.memory import Watch
from connectors.temporal.payloads import clean
from connectors.temporal.runs import is_open, new_run_row, read_run_row
from connectors.temporal.samples import pending_rows

UNKNOWN_LENGTH = 2**62


@dataclass(frozen=True)
class Chunk:
    """What was learned of one run at once: its whole row, where it changed, with exactly the events it speaks of."""

    run: Row | None = None
    rows: Rows = field(default_factory=Rows)
    pending: list[Row] = field(default_factory=list)
    queues: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Reader:
    """Reads runs of one namespace, within one round."""

    connection: Connection
    declared: Declared
    clock: Callable[[], datetime]

    async def read_closed(self, row: Row | None, info: WorkflowExecutionInfo) -> AsyncIterator[Chunk]:
        """What is missing of a closed run, to its end. `row` is what is known of it; None when nothing is."""
        run_id = info.execution.run_id
        watch = self.connection.memory.watches.get(run_id, Watch())
        known = row or new_run_row(info)
        async for chunk in self._read_on(known, info, watch):
            yield chunk
            if chunk.run and chunk.run["is_complete"]:
                self.connection.memory.mark_read(run_id)

    async def check(self, row: Row | None, workflow_id: str, run_id: str, seen_at: datetime) -> AsyncIterator[Chunk]:
        """Ask how a run is doing; read what is new in it, and sample what is pending.

        A run that is not there any more is lost from sight: observed until `seen_at`, or until its last check.
        """
        memory, asked_at = self.connection.memory, self.clock()
        try:
            answer = await self.connection.describe_run(workflow_id, run_id)
            watch = memory.watches.setdefault(run_id, Watch())
            info, known = answer.workflow_execution_info, row or new_run_row(answer.workflow_execution_info)
            if _has_news(known, info):
                async for chunk in self._read_on(known, info, watch):
                    yield chunk
                    known = chunk.run or known
        except Fault as fault:
            if not fault.is_gone:
                raise
            watch = memory.watches.pop(run_id, Watch())
            if row is not None:
                yield Chunk({**row, "observed_until_at": watch.checked_at or seen_at})
            return
        watch.checked_at = asked_at
        if known["is_complete"]:
            memory.mark_read(run_id)
        elif is_open(info):
            yield self._sample(known, answer, watch, asked_at)

    def _sample(self, run: Row, answer: DescribeWorkflowExecutionResponse, watch: Watch, asked_at: datetime) -> Chunk:
        transitions = answer.workflow_execution_info.state_transition_count
        interval = timedelta(seconds=self.connection.config.sampling_seconds)
        is_due = watch.sampled_at is None or asked_at - watch.sampled_at >= interval
        queues = {(run["task_queue"], "workflow")}
        queues.update(
            (clean(each.activity_options.task_queue.name), "activity")
            for each in answer.pending_activities
            if each.activity_options.task_queue.name
        )
        if transitions == watch.state_transition_count and not is_due:
            return Chunk(queues=frozenset(queues))
        watch.state_transition_count, watch.sampled_at = transitions, asked_at
        return Chunk(pending=pending_rows(run["run_id"], answer, asked_at), queues=frozenset(queues))

    async def _read_on(self, row: Row, info: WorkflowExecutionInfo, watch: Watch) -> AsyncIterator[Chunk]:
        history, token = self._resume(row, watch)
        watch.history = history
        if is_open(info) and info.history_length < history.next_event_id:
            # Nothing new to read, and asking would wait for it: the run only came back into sight.
            yield Chunk(read_run_row(row, history, info, token, is_at_end=True))
            return
        async for rows, reached_token, is_at_end in self._pages(history, token, info):
            row = read_run_row(row, history, info, reached_token, is_at_end=is_at_end)
            yield Chunk(row, rows)

    def _resume(self, row: Row, watch: Watch) -> tuple[History, bytes]:
        """The history where it was left, and the token to go on with; empty to begin at the first event."""
        history, token = watch.history, row.get("tail_token") or b""
        if history and history.next_event_id == row["next_event_id"] and history.declared.paths == self.declared.paths:
            return history, token
        # What was remembered is gone or is ahead of what was kept.
        fresh = History(row["run_id"], self.declared, next_event_id=row["next_event_id"])
        return fresh, b"" if self.declared.needs_earlier_names else token

    async def _pages(
        self, history: History, token: bytes, info: WorkflowExecutionInfo
    ) -> AsyncIterator[tuple[Rows, bytes, bool]]:
        """New rows page by page, each with the token that goes on after it and whether the history ends there."""
        last_event_id = info.history_length or UNKNOWN_LENGTH
        run = info.execution  # A forgotten run has another workflow id here.
        reached = 0
        while True:
            try:
                events, following = await self.connection.history_page(run.workflow_id, run.run_id, token)
            except Fault as fault:
                if not token or fault.is_gone or not fault.concerns_one_run:
                    raise
                token = b""  # The server does not know its token any more: begin again, what is known is skipped.
                continue
            events = without_transient(events)
            if token and events and events[0].event_id > max(history.next_event_id, reached + 1):
                token, reached = b"", 0  # Something is missing before this page.
                continue
            if self.connection.codec is not None:
                await self.connection.codec.open(history.payloads(events))
            rows = history.read(events)
            is_stuck = not events or events[-1].event_id <= reached
            is_at_end = not following or is_stuck or history.next_event_id > last_event_id
            yield rows, following or token, is_at_end
            if is_at_end:
                return
            token, reached = following, events[-1].event_id


def without_transient(events: list[HistoryEvent]) -> list[HistoryEvent]:
    """The events of a live page without the made-up ones at its tail."""
    end = len(events)
    while end and is_transient(events[end - 1]):
        end -= 1
    return events[:end]


def _has_news(row: Row, info: WorkflowExecutionInfo) -> bool:
    return (
        info.history_length >= row["next_event_id"]
        or row.get("observed_until_at") is not None
        or (not is_open(info) and not row["is_complete"])
    )
