"""Compare what is here with what is there, run by run where the counts differ, and read again what differs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from connectors.temporal.attributes import Declared, DeclaredPath
from connectors.temporal.connection import Connection
from connectors.temporal.faults import Fault
from connectors.temporal.gathering import Gathering
from connectors.temporal.reading import Reader
from connectors.temporal.rounds import utc_now
from connectors.temporal.runs import is_open
from connectors.temporal.streaming import streamed
from connectors.temporal.watermark import Watermark, narrowed
from connectors.temporal.work import Job, Work
from warehouse import Batch, KeptRuns, KnownRun

STATUSES = {
    "completed": "Completed",
    "failed": "Failed",
    "canceled": "Canceled",
    "terminated": "Terminated",
    "continued_as_new": "ContinuedAsNew",
    "timed_out": "TimedOut",
}
PAGE_SIZE = 1000
MOST_EXPLAINED = 200
DAY = timedelta(days=1)
EXPLANATIONS = {
    "ghost": "open here, and Temporal does not have it any more: deleted, or past its retention",
    "late": "open here, closed there: it closed since it was read",
    "orphan": "there, and not here",
    "gone": "closed here, and Temporal does not have it any more: what is here is all there is",
    "visibility lag": "the same on both sides; only Temporal's list is behind",
    "not compared": "one of more differences than are explained at once",
}
READ_AGAIN = frozenset({"ghost", "late", "orphan"})


@dataclass(frozen=True)
class Difference:
    """A run that one side has otherwise than the other; `kind` is a key of EXPLANATIONS."""

    workflow_id: str
    run_id: str
    kind: str

    @property
    def explanation(self) -> str:
        """What the kind means, in words."""
        return EXPLANATIONS[self.kind]

    @property
    def is_read_again(self) -> bool:
        """Whether reading the run again settles it."""
        return self.kind in READ_AGAIN


@dataclass(frozen=True)
class ClosedCount:
    """Runs that closed on a UTC day with a status: how many are here, how many there."""

    day: date
    status: str
    here: int
    there: int


@dataclass(frozen=True)
class Reconciliation:
    """How the two sides compare.

    open_here and open_there count runs; closed has a row for each day and status that either side has, from `from_at`,
    before which Temporal may have deleted or we may not have read yet. standalone_activities are there and are never
    mirrored: they belong to no run. differences name the runs. error: what kept us
    from comparing, None when nothing did.
    """

    from_at: datetime
    standalone_activities: int = 0
    open_here: int = 0
    open_there: int = 0
    closed: tuple[ClosedCount, ...] = ()
    differences: tuple[Difference, ...] = ()
    requests: int = 0
    error: str | None = None

    @property
    def is_equal(self) -> bool:
        """Whether both sides say the same, but for what explains itself: visibility lag, and what Temporal deleted."""
        return self.error is None and all(each.kind in ("visibility lag", "gone") for each in self.differences)


Part = Batch | Reconciliation
Known = Callable[[list[str]], Mapping[str, KnownRun]]


async def reconcile(
    connection: Connection,
    *,
    here: KeptRuns,
    known: Known,
    watermark: str | None,
    declared: Iterable[DeclaredPath] = (),
    is_repairing: bool = True,
    days: int = 30,
    clock: Callable[[], datetime] = utc_now,
) -> AsyncIterator[Part]:
    """Compare open runs one by one, and closed ones of the last `days` by day and status; last a Reconciliation.

    Before it come batches of what was read again, where `is_repairing`: write each before taking the next. Costs the
    open list, one count a day, and where a count differs the list of that day and status. Raises ConnectorError for a
    watermark that is not ours.
    """
    mark = Watermark.from_text(watermark)
    comparison = Comparison(connection, here, mark, days, clock)
    produce = partial(_produce, comparison, known, Declared(declared), is_repairing)
    parts: AsyncIterator[Part] = streamed(produce)
    async for part in parts:
        yield part


async def _produce(
    comparison: "Comparison",
    known: Known,
    declared: Declared,
    is_repairing: bool,
    put: Callable[[Part], Awaitable[None]],
) -> None:
    connection = comparison.connection
    connection.begin()
    before = connection.budget.asked.requests
    work = Work(Gathering(put))
    result = Reconciliation(comparison.from_at)
    try:
        result = await comparison.compare()
        if is_repairing:
            reader = Reader(connection, declared, comparison.clock)
            await work.do(_jobs(reader, [each for each in result.differences if each.is_read_again], known))
    except Fault as fault:
        result = replace(result, error=str(fault.as_error(connection.where)))
    await work.gathering.flush()
    await put(replace(result, requests=connection.budget.asked.requests - before))


def _jobs(reader: Reader, differences: list[Difference], known: Known) -> list[Job]:
    rows, seen_at = known([each.run_id for each in differences]), reader.clock()
    return [
        Job(
            each.workflow_id,
            each.run_id,
            partial(
                reader.check,
                dict(rows[each.run_id].row) if each.run_id in rows else None,
                each.workflow_id,
                each.run_id,
                seen_at,
            ),
        )
        for each in differences
    ]


@dataclass
class Comparison:
    """Both sides, and what was found to differ."""

    connection: Connection
    here: KeptRuns
    mark: Watermark
    days: int
    clock: Callable[[], datetime]
    differences: list[Difference] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.until_at = self.clock()
        self.from_at = self.until_at - timedelta(days=self.days)

    async def compare(self) -> Reconciliation:
        """Compare; raises Fault where Temporal's answer ends it."""
        self.from_at = await self._from_at()
        open_here, open_there = self.here.open(), await self._list("CloseTime IS NULL")
        await self._explain_open(open_here, open_there)
        counts = [count async for count in self._closed_counts()]
        for count in counts:
            if count.here != count.there:
                await self._explain_closed(count)
        return Reconciliation(
            self.from_at,
            standalone_activities=await self.connection.count_standalone_activities(),
            open_here=len(open_here),
            open_there=len(open_there),
            closed=tuple(counts),
            differences=tuple(self.differences),
        )

    async def _from_at(self) -> datetime:
        """From when on both sides should have the same closed runs."""
        answer = await self.connection.describe_namespace()
        retention = timedelta(seconds=answer.config.workflow_execution_retention_ttl.seconds)
        from_at = self.from_at if not retention else max(self.from_at, self.until_at - retention)
        if not self.mark.is_past_read:
            from_at = max(from_at, self.mark.before_at or self.until_at)
        return from_at

    async def _list(self, query: str) -> dict[str, str]:
        found: dict[str, str] = {}
        token = b""
        while True:
            narrow = narrowed(query, self.connection.config.query)
            page = await self.connection.list_runs(narrow, page_size=PAGE_SIZE, token=token)
            found.update((info.execution.run_id, info.execution.workflow_id) for info in page.executions)
            token = page.next_page_token
            if not token:
                return found

    async def _explain_open(self, here: Mapping[str, str], there: Mapping[str, str]) -> None:
        for run_id in there.keys() - here.keys():
            self._note(there[run_id], run_id, "orphan")
        for run_id in here.keys() - there.keys():
            self._note(here[run_id], run_id, await self._of_open(here[run_id], run_id))

    async def _of_open(self, workflow_id: str, run_id: str) -> str:
        is_there_open = await self._is_there(workflow_id, run_id)
        return {None: "ghost", True: "visibility lag", False: "late"}[is_there_open]

    async def _is_there(self, workflow_id: str, run_id: str) -> bool | None:
        """Whether a run is open there; None when it is not there at all."""
        try:
            answer = await self.connection.describe_run(workflow_id, run_id)
        except Fault as fault:
            if fault.is_gone:
                return None
            raise
        return is_open(answer.workflow_execution_info)

    async def _closed_counts(self) -> AsyncIterator[ClosedCount]:
        ours = self.here.closed_counts(self.from_at, self.until_at)
        names = {theirs: own for own, theirs in STATUSES.items()}
        for day in self._days():
            query = narrowed(_closed_in(*self._bounds(day)), self.connection.config.query)
            there = {names.get(name, name): n for name, n in (await self.connection.count_by_status(query)).items()}
            for status in sorted(there.keys() | {status for at, status in ours if at == day}):
                yield ClosedCount(day, status, ours.get((day, status), 0), there.get(status, 0))

    def _days(self) -> Iterator[date]:
        day = self.from_at.date()
        while datetime.combine(day, time(), UTC) < self.until_at:
            yield day
            day += DAY

    def _bounds(self, day: date) -> tuple[datetime, datetime]:
        begin = datetime.combine(day, time(), UTC)
        return max(begin, self.from_at), min(begin + DAY, self.until_at)

    async def _explain_closed(self, count: ClosedCount) -> None:
        from_at, to_at = self._bounds(count.day)
        here = self.here.closed(from_at, to_at, count.status)
        status = STATUSES.get(count.status, count.status)
        there = await self._list(f"{_closed_in(from_at, to_at)} AND ExecutionStatus = '{status}'")
        noted = {each.run_id for each in self.differences}
        for run_id in there.keys() - here.keys() - noted:
            self._note(there[run_id], run_id, "orphan")
        for run_id in here.keys() - there.keys() - noted:
            is_there = await self._is_there(here[run_id], run_id) if len(self.differences) < MOST_EXPLAINED else None
            self._note(here[run_id], run_id, "gone" if is_there is None else "visibility lag")

    def _note(self, workflow_id: str, run_id: str, kind: str) -> None:
        is_one_too_many = len(self.differences) >= MOST_EXPLAINED and kind not in READ_AGAIN
        self.differences.append(Difference(workflow_id, run_id, "not compared" if is_one_too_many else kind))


def _closed_in(from_at: datetime, to_at: datetime) -> str:
    return f"CloseTime >= '{_text(from_at)}' AND CloseTime < '{_text(to_at)}'"


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
