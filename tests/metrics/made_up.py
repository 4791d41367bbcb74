"""Made-up items and stays, put straight into the derived tables: what the tests of the flow metrics count again.

Times are whole seconds from BEGIN, small on purpose: ties, stays of no length and stays that touch are the rule.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from duckdb import DuckDBPyConnection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tests.fixtures.chance import so_many
from value_stream import Stream, rule_rows, stream_versions
from warehouse import execute, open_warehouse, register_source, replace_rules

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
CLOSED = "(closed)"
STAGES = ("a", "b", "c")
SOURCES = ("main/default", "other/default")
STREAM = Stream.model_validate(
    {
        "stream": "made-up",
        "item": {"workflow_types": ["Made"], "segments": ["search_attribute.Region"]},
        "stages": [
            {"name": "a", "lane": "left", "target": "3s"},
            {"name": "b", "lane": "left", "enter": [{"signal": "b"}], "target": "10s"},
            {"name": "c", "lane": "right", "enter": [{"signal": "c"}]},
            {"name": "dropped", "lane": "right", "enter": [{"close": "canceled"}], "bad": True},
            {"name": "done", "lane": "right", "enter": [{"close": "completed"}]},
        ],
        "moves": [
            {"from": "a", "to": "b"},
            {"from": "b", "to": "c"},
            {"from": "c", "to": "c"},
            {"from": "c", "to": "done"},
            {"from": "c", "to": "a", "rework": True},
        ],
    }
)
INDEX = {stage.name: index for index, stage in enumerate(STREAM.stages)}
LANE = {stage.name: stage.lane for stage in STREAM.stages}
DRAWN = {(move.from_stage, move.to_stage) for move in STREAM.moves}
END_STAGES = {"completed": "done", "canceled": "dropped"}
BAD = {"failed", "canceled"}  # canceled, because its end stage is flagged


@dataclass(frozen=True)
class Stay:
    stage: str
    entered: int
    left: int | None
    next_stage: str | None
    exit_kind: str | None
    overlapped: bool = False


@dataclass(frozen=True)
class Item:
    key: int
    source: int  # place in SOURCES
    stays: tuple[Stay, ...]
    ended: str | None  # how it ended; "lost" when it was lost from sight, None while open
    regions: tuple[tuple[int, str | None], ...] = ()  # since when which

    @property
    def opened(self) -> int:
        return self.stays[0].entered

    @property
    def closed(self) -> int | None:
        return self.stays[-1].left

    def region(self, at: int) -> str:
        known = [value for since, value in self.regions if since <= at]
        return (known[-1] if known else None) or "(none)"


@dataclass
class World:
    items: list[Item] = field(default_factory=list)
    read_until: tuple[int | None, ...] = (None, None)  # per source: up to when it has been read; None: no round yet

    def until(self, item: Item, as_of: int) -> int:
        """Up to when something is known of the item, asked as of then."""
        read = self.read_until[item.source]
        return as_of if read is None else min(as_of, read)


def checked(examples: int) -> settings:
    """How hypothesis goes about these worlds: the same examples every time, shrunk, but without tracing each line."""
    return settings(
        max_examples=so_many(examples),
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
    )


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


@contextmanager
def warehouse_of_made_up() -> Iterator[DuckDBPyConnection]:
    """An empty warehouse that knows the stream and the sources."""
    warehouse = open_warehouse(None)
    con = warehouse.cursor()
    replace_rules(con, rule_rows([STREAM]), stream_versions([STREAM]), BEGIN)
    for source in SOURCES:
        register_source(con, source, "temporal")
    yield con
    con.close()
    warehouse.close()


def put(con: DuckDBPyConnection, world: World) -> None:
    """Make this the whole of what the warehouse holds."""
    keys = [con.execute("SELECT source_key FROM source WHERE source = ?", [name]).fetchall()[0][0] for name in SOURCES]
    for key, read in zip(keys, world.read_until, strict=True):
        instant = None if read is None else at(read)
        execute(con, "UPDATE source SET as_of_at = $instant WHERE source_key = $key", instant=instant, key=key)
    _fill(con, "item", [_item_row(item, keys[item.source]) for item in world.items])
    _fill(con, "stay", [row for item in world.items for row in _stay_rows(item)])
    _fill(con, "item_attribute", [row for item in world.items for row in _attribute_rows(item)])


def _fill(con: DuckDBPyConnection, name: str, rows: list[dict[str, object]]) -> None:
    execute(con, f"DELETE FROM {name}")
    if rows:
        con.register("made_up_rows", pa.Table.from_pylist(rows))
        execute(con, f"INSERT INTO {name} BY NAME SELECT * FROM made_up_rows")
        con.unregister("made_up_rows")


def _item_row(item: Item, source_key: int) -> dict[str, object]:
    last = item.stays[-1]
    is_lost = item.ended == "lost"
    end = None if last.left is None else at(last.left)
    closed = None if is_lost else end
    is_end = last.stage in END_STAGES.values()
    return {
        "stream": STREAM.stream,
        "item_key": item.key,
        "source_key": source_key,
        "workflow_id": f"item-{item.key}",
        "run_id": f"run-{item.key}",
        "workflow_type": f"Made{item.key % 2}",
        "opened_at": at(item.opened),
        "closed_at": closed,
        "ended": None if closed is None else item.ended,
        "outcome": None if closed is None else last.stage if is_end or item.ended == "completed" else item.ended,
        "is_bad": None if closed is None else item.ended in BAD,
        "is_standing": False,
        "is_reopened": any(stay.stage == CLOSED for stay in item.stays),
        "is_headless": False,
        "observed_until_at": end if is_lost else None,
        "progress_at": at(item.opened),
        "activity_at": at(item.opened),
        "runs": 1,
        "events": 1,
    }


def _stay_rows(item: Item) -> Iterator[dict[str, object]]:
    for index, stay in enumerate(item.stays):
        yield {
            "stream": STREAM.stream,
            "item_key": item.key,
            "stay_index": index,
            "stage": stay.stage,
            "stage_index": INDEX.get(stay.stage, -1),
            "lane": LANE.get(stay.stage, ""),
            "entered_at": at(stay.entered),
            "left_at": None if stay.left is None else at(stay.left),
            "duration_micros": None if stay.left is None else (stay.left - stay.entered) * 1_000_000,
            "entry_kind": "signal",
            "entry_run_key": item.key,
            "entry_event_id": index + 1,
            "next_stage": stay.next_stage,
            "exit_kind": stay.exit_kind,
            "is_drawn": None if stay.next_stage is None else (stay.stage, stay.next_stage) in DRAWN,
            "is_overlapped": stay.overlapped,
        }


def _attribute_rows(item: Item) -> Iterator[dict[str, object]]:
    for index, (since, value) in enumerate(item.regions):
        is_last = index + 1 == len(item.regions)
        yield {
            "stream": STREAM.stream,
            "item_key": item.key,
            "path": "search_attribute.Region",
            "valid_from_at": at(since),
            "valid_to_at": None if is_last else at(item.regions[index + 1][0]),
            "value": value,
            "number": None,
        }


def item_of(
    key: int, source: int, opened: int, visits: list[tuple[str, int]], ended: str | None, undone: str = "completed"
) -> Item:
    """An item that makes these visits (stage, seconds) one after the other; CLOSED is waiting to be reopened.

    `ended` is how the last one ended, None for one that is still open; `undone` how those did that were reopened.
    """
    stays: list[Stay] = []
    now = opened
    for index, (stage, length) in enumerate(visits):
        is_last = index + 1 == len(visits)
        left = None if is_last and ended is None else now + length
        after = END_STAGES.get(ended or "") if is_last else visits[index + 1][0]
        if after == CLOSED:
            after = END_STAGES.get(undone, CLOSED)
        how = ended if is_last else undone
        stays.append(Stay(stage, now, left, after, _exit_kind(stage, after, visits[: index + 1], how)))
        now += length
        if not is_last and after in END_STAGES.values():
            stays.append(Stay(str(after), now, now, CLOSED, undone))
    if (end_stage := END_STAGES.get(ended or "")) is not None:
        stays.append(Stay(end_stage, now, now, None, ended))
    return Item(key, source, tuple(stays), ended)


def _exit_kind(stage: str, after: str | None, visited: list[tuple[str, int]], ended: str | None) -> str | None:
    if after in (None, CLOSED):
        return ended
    if stage == CLOSED:
        return "reset"
    if (stage, after) == ("c", "a") or after in [name for name, _ in visited]:
        return "rework"
    return "advanced" if (stage, after) in DRAWN else "undrawn"


@st.composite
def worlds(draw: st.DrawFn, most: int = 12) -> World:
    """Up to `most` items in two sources, each with any way through the stages and any end."""
    lengths = st.integers(0, 6)
    visit = st.tuples(st.sampled_from(STAGES), lengths)
    items = []
    for key in range(draw(st.integers(0, most))):
        visits = draw(st.lists(visit, min_size=1, max_size=5))
        if draw(st.integers(0, 5)) == 0:
            visits += [(CLOSED, draw(st.integers(1, 5))), *draw(st.lists(visit, min_size=1, max_size=2))]
        ended = draw(st.sampled_from([None, "completed", "canceled", "failed", "lost"]))
        undone = draw(st.sampled_from(["completed", "canceled", "failed"]))
        made = item_of(key, draw(st.integers(0, 1)), draw(st.integers(0, 12)), visits, ended, undone)
        items.append(Item(key, made.source, with_overlapped(made.stays, draw), ended, draw(regions(made.opened))))
    read = draw(st.sampled_from([(None, None), (25, None), (40, 18), (40, 40)]))
    return World(items, read)


def with_overlapped(stays: tuple[Stay, ...], draw: st.DrawFn) -> tuple[Stay, ...]:
    """The same, now and then with a stay of no length that lost to another of its worker turn."""
    if draw(st.integers(0, 3)):
        return stays
    lost_to_another = Stay("b", stays[0].entered, stays[0].entered, None, None, overlapped=True)
    return (lost_to_another, *stays)


@st.composite
def regions(draw: st.DrawFn, opened: int) -> tuple[tuple[int, str | None], ...]:
    """What the item's Region was, from when on: nothing ever, or from its opening with changes."""
    changes = draw(st.lists(st.integers(1, 8), max_size=2, unique=True))
    if draw(st.booleans()):
        return ()
    values = st.sampled_from(["north", "south", None])
    return tuple((opened + since, draw(values)) for since in [0, *sorted(changes)])


def working_stays(items: Iterable[Item]) -> Iterator[tuple[Item, Stay]]:
    """The stays that count as time in a stage."""
    for item in items:
        for stay in item.stays:
            if stay.stage in STAGES and not stay.overlapped:
                yield item, stay
