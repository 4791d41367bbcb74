"""One round over one namespace: list, read what is new, ask how open runs are doing, sample, go on with the past."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from temporalio.api.workflow.v1 import WorkflowExecutionInfo

from connectors.temporal.connection import Connection
from connectors.temporal.histories import Row
from connectors.temporal.instants import EPOCH, instant
from connectors.temporal.memory import Watch
from connectors.temporal.reading import Reader
from connectors.temporal.runs import is_open
from connectors.temporal.samples import queue_row
from connectors.temporal.watermark import MOST_AGAIN, Watermark, narrowed
from connectors.temporal.work import Job, Work
from warehouse import KnownRun

Known = Callable[[list[str] | None], Awaitable[Mapping[str, KnownRun]]]

PAGE_SIZE = 1000
PAST_PAGE_SIZE = 200  # Under a time limit: small enough to be read in a few rounds, or the past would never move on.
ITEMS_FIRST = 4  # A run of an item waits for its turn a quarter as long as one that belongs to none.
NAMESPACE_EVERY = timedelta(hours=1)


@dataclass
class OneRound:
    """What one round does, in order of use: new runs, closed runs, open runs least recently checked, the past."""

    connection: Connection
    reader: Reader
    work: Work
    known: Known
    mark: Watermark
    clock: Callable[[], datetime]

    def __post_init__(self) -> None:
        self.memory = self.connection.memory
        self.listed_at = self.clock()
        self.rows: dict[str, Row] = {}  # Known runs that are open, or closed and not read to their end.
        self.of_items: set[str] = set()
        self.listed_open: dict[str, WorkflowExecutionInfo] = {}
        self.open_there: int | None = None
        self.as_of_at: datetime | None = None
        self.next_mark = self.mark

    async def run(self) -> None:
        """Make the round. Raises Fault where Temporal's answer ends it; what was read until then is valid."""
        await self._ask_namespace()
        known = await self.known(None)
        self.rows = {run_id: dict(run.row) for run_id, run in known.items()}
        self.of_items = {run_id for run_id, run in known.items() if run.is_of_item}
        self.listed_at = self.clock()
        await self._read_recent()
        self.work.begin()
        await self._check_open()
        self.as_of_at = self._as_of()
        await self._sample_queues()
        self.open_there = await self.connection.count_runs(narrowed("CloseTime IS NULL", self.connection.config.query))
        self.work.begin()
        while not self.next_mark.is_past_read and not self.work.is_over():
            await self._read_past()
        self.next_mark = self._with_failed(self.next_mark)

    async def _ask_namespace(self) -> None:
        asked_at = self.memory.retention_at
        if asked_at is None or self.clock() - asked_at >= NAMESPACE_EVERY:
            answer = await self.connection.describe_namespace()
            self.memory.retention_seconds = answer.config.workflow_execution_retention_ttl.seconds or None
            self.memory.retention_at = self.clock()

    async def _read_recent(self) -> None:
        mark, token = self.mark, b""
        query = narrowed(self.mark.recent_query(), self.connection.config.query)
        while True:
            page = await self.connection.list_runs(query, page_size=PAGE_SIZE, token=token)
            mark = mark.with_close(_newest_close(page.executions))
            await self.work.do(await self._unread(page.executions))
            token = page.next_page_token
            if not token:
                break
        if not self.work.part_was_cut:
            self.next_mark = replace(mark, listed_at=self.listed_at)

    async def _unread(self, listed: Iterable[WorkflowExecutionInfo]) -> list[Job]:
        """Jobs for the new and the closed runs of a list; open runs that are known are noted for later."""
        await self._look_up([info.execution.run_id for info in listed])
        jobs = []
        for info in listed:
            run_id = info.execution.run_id
            if is_open(info):
                self.listed_open[run_id] = info
            if run_id not in self.memory.read and (not is_open(info) or run_id not in self.rows):
                jobs.append(self._job(info))
        return jobs

    async def _look_up(self, run_ids: Iterable[str]) -> None:
        """Find out what is known of runs that this round has not heard of: some are read, some were lost from sight."""
        unheard = [run_id for run_id in run_ids if run_id not in self.memory.read and run_id not in self.rows]
        for run_id, run in (await self.known(unheard)).items() if unheard else ():
            if run.row["is_complete"]:
                self.memory.mark_read(run_id)
            else:
                self.rows[run_id] = dict(run.row)

    def _job(self, info: WorkflowExecutionInfo) -> Job:
        row, run_id = self.rows.get(info.execution.run_id), info.execution.run_id
        if is_open(info):
            return self._check(info.execution.workflow_id, run_id)
        return Job(info.execution.workflow_id, run_id, partial(self.reader.read_closed, row, info))

    def _check(self, workflow_id: str, run_id: str) -> Job:
        seen_at = self.mark.listed_at or self.listed_at
        return Job(workflow_id, run_id, partial(self.reader.check, self.rows.get(run_id), workflow_id, run_id, seen_at))

    async def _check_open(self) -> None:
        """Ask after known runs: those missing from the list first, then those not asked after for longest.

        What items are made of is asked after more often than the rest: that is what somebody looks at.
        """
        again = [(workflow_id, run_id) for workflow_id, run_id in self.mark.again if run_id not in self.rows]
        known = [(self._workflow_id(run_id, row), run_id) for run_id, row in self.rows.items()]
        known.sort(key=lambda run: self._turn(run[1]))
        await self.work.do(self._check(*run) for run in (*again, *known))

    def _workflow_id(self, run_id: str, row: Row) -> str:
        """Temporal's own, where it listed the run: a forgotten run has another one here."""
        info = self.listed_open.get(run_id)
        return info.execution.workflow_id if info is not None else str(row["workflow_id"])

    def _turn(self, run_id: str) -> tuple[bool, timedelta]:
        waited = self.listed_at - (self._checked_at(run_id) or EPOCH)
        return run_id in self.listed_open, -waited * (ITEMS_FIRST if run_id in self.of_items else 1)

    def _checked_at(self, run_id: str) -> datetime | None:
        return self.memory.watches.get(run_id, Watch()).checked_at

    def _as_of(self) -> datetime | None:
        """Up to when all open runs, and all runs that closed, were read; None when some never were."""
        if self.next_mark is self.mark:
            return None
        failed = {job.run_id for job, _ in self.work.failed}
        checks = [
            self._checked_at(run_id)
            for run_id in {*self.rows, *self.listed_open} - self.memory.read - failed
            if run_id not in self.work.done or run_id in self.memory.watches
        ]
        if None in checks:
            return None
        return min([self.listed_at, *(check for check in checks if check)])

    async def _sample_queues(self) -> None:
        """Sample the queues that are due, those not sampled for longest first."""
        every = timedelta(seconds=self.connection.config.sampling_seconds)
        for last, (queue, kind) in sorted((self.memory.queues.get(each, EPOCH), each) for each in self.work.queues):
            sampled_at = self.clock()
            if sampled_at - last < every or self.work.is_over():
                return
            answer = await self.connection.describe_queue(queue, kind)
            self.memory.queues[queue, kind] = sampled_at
            self.work.gathering.add_queue(queue_row(queue, kind, answer, sampled_at))

    async def _read_past(self) -> None:
        """Read one more page of runs that closed before anybody listed them, newest first."""
        mark = self.next_mark
        size = PAGE_SIZE if self.work.limit_seconds is None else PAST_PAGE_SIZE
        query = narrowed(mark.past_query(), self.connection.config.query)
        page = await self.connection.list_runs(query, page_size=size, token=b"")
        await self.work.do(await self._unread(page.executions))
        if self.work.part_was_cut:
            return
        before_at = min((at for info in page.executions if (at := instant(info.close_time))), default=None)
        # A page of runs that all closed in one microsecond would be listed again for ever: step over it.
        is_stuck = before_at is not None and before_at == mark.before_at
        self.next_mark = replace(
            mark.with_close(_newest_close(page.executions)),
            before_at=before_at - timedelta(microseconds=1) if before_at and is_stuck else before_at,
            is_past_read=not page.next_page_token,
        )

    def _with_failed(self, mark: Watermark) -> Watermark:
        """The mark with the closed runs that could not be read, to be tried again; open ones are listed anyway."""
        failed = [(job.workflow_id, job.run_id) for job, _ in self.work.failed if job.run_id not in self.listed_open]
        undone = [run for run in self.mark.again if run[1] not in self.work.done]
        return replace(mark, again=tuple(dict.fromkeys((*undone, *failed)))[:MOST_AGAIN])


def _newest_close(listed: Iterable[WorkflowExecutionInfo]) -> datetime | None:
    return max((at for info in listed if (at := instant(info.close_time))), default=None)
