"""Two instants, windows or segments side by side, and why they differ."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.cycle_time import no_standing
from metrics.metric import metric
from metrics.observed import HORIZON, SEEN_ITEM, SEEN_ITEMS, SEEN_STAY, SEEN_STAYS, stretch
from metrics.open_work import OPEN_ITEM
from metrics.question import MetricError, Question, Window
from metrics.segments import Split, near, split
from metrics.shapley import Cell, shapley
from metrics.stage_rows import Row
from value_stream import Stream
from warehouse import query

USUAL_WINDOW = timedelta(days=30)
FIELDS: tuple[tuple[str, pa.DataType], ...] = (
    ("part", pa.string()),
    ("stage", pa.string()),
    ("title", pa.string()),
    ("before", pa.float64()),
    ("after", pa.float64()),
    ("difference", pa.float64()),
    ("contribution", pa.float64()),
    ("before_n", pa.int64()),
    ("after_n", pa.int64()),
    ("unit", pa.string()),
)
SCHEMA = pa.schema(FIELDS)
COLUMNS = tuple(SCHEMA.names)

TIME_IN_STATE = """
WITH {horizon}, {seen_stay}
SELECT
    seen_stay.stage,
    {held}count(*) FILTER (seen_stay.is_exit) AS items,
    sum(seen_stay.ended_micros - seen_stay.begun_micros) / 1e6 AS amount
FROM seen_stay{joins}
WHERE true{conditions}
GROUP BY seen_stay.stage{by}
ORDER BY seen_stay.stage{by}
"""
CYCLE_TIME = """
WITH {horizon}, {seen_item},
ended AS (
    SELECT {held}seen_item.item_key, seen_item.gone_at
    FROM seen_item{joins}
    WHERE seen_item.is_exit AND seen_item.gone_at > $from_at{conditions}
),
spent AS (
    SELECT ended.item_key{ended_by}, stay.stage, sum(stay.duration_micros) AS micros
    FROM ended
    JOIN stay ON stay.stream = $stream AND stay.item_key = ended.item_key AND stay.left_at <= ended.gone_at
    JOIN rule_stage ON rule_stage.stream = stay.stream AND rule_stage.stage = stay.stage
    WHERE NOT stay.is_overlapped AND NOT rule_stage.is_end
    GROUP BY ended.item_key{ended_by}, stay.stage
),
route AS (
    SELECT item_key, string_agg(stage, ', ' ORDER BY stage) AS route FROM spent GROUP BY item_key
),
taken AS (
    SELECT route.route{spent_by}, count(DISTINCT spent.item_key) AS items
    FROM spent
    JOIN route ON route.item_key = spent.item_key
    GROUP BY route.route{spent_by}
)
SELECT spent.stage, taken.route{spent_by}, min(taken.items) AS items, sum(spent.micros) / 1e6 AS amount
FROM spent
JOIN route ON route.item_key = spent.item_key
JOIN taken ON taken.route = route.route{taken_same}
GROUP BY spent.stage, taken.route{spent_by}
ORDER BY spent.stage, taken.route{spent_by}
"""
IN_FLIGHT = """
WITH {open_item}{ctes}
SELECT {held}open_item.stage, count(*) AS items
FROM open_item{joins}
WHERE true{conditions}
GROUP BY open_item.stage{by}
ORDER BY open_item.stage{by}
"""
ARRIVED = """
WITH {horizon}, {seen_item}
SELECT {held}count(*) AS items
FROM seen_item{joins}
WHERE seen_item.opened_at >= $from_at{conditions}
{group}
"""

Cells = dict[tuple[object, ...], Cell]  # by (stage, group...)


@dataclass(frozen=True)
class Side:
    """One side of a comparison: its cells, and how many stays or items it rests on."""

    cells: Cells
    n: int
    weights: Mapping[tuple[object, ...], float]  # by group, where the weight is one of the group and not of the cell

    def cell(self, key: tuple[object, ...]) -> Cell:
        """The cell, or one without an amount where the group was there but not in that stage."""
        return self.cells.get(key, Cell(self.weights.get(key[1:], 0.0), 0.0))

    @property
    def figure(self) -> float:
        """What is compared."""
        return sum(cell.amount for cell in self.cells.values())


@metric(
    title="Compare",
    unit="seconds or items",
    grain="one row for the mix, one per stage, and one for the whole",
    columns=COLUMNS,
    needs_window=True,
)
def compare(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How a figure differs between two instants, windows or segments, and what brings it about.

    `--of` is in_flight (the default: items in flight as of the instant), time_in_state (mean time per stay: all the
    time that was spent in stages inside the window, over the stays that left; open stays weigh in with their time) or
    cycle_time (mean time from opening to end of the items that ended in the window). Means, because only they can be
    taken apart; for how long work takes see the metrics themselves. The side before is the same question with another
    instant (`--before-as-of`), window (`--before-window`) or filter (`--before-where`); with none of them, the window
    that is as long and ends where the other begins, as of its end. `--by` makes the mix finer.

    The difference is split over the mix and the stages by their Shapley values, which add up to it exactly. The mix
    is: for in_flight, how many items arrived per day in the window before the instant (30 days where the question has
    none), in each group; for time_in_state, which share of the exits each stage and group has; for cycle_time, which
    share of the items took each set of stages, in each group. A stage's part is what it would change were the mix the
    same. See metrics.shapley for cases that only one side has.

    Columns: part (mix, stage or all: the last row, the whole), stage (name), title, before, after, difference (what
    the stage adds to the figure on either side; null for the mix), contribution (what it brings to the difference of
    the whole: of the mix and the stages they add up to that of all), before_n, after_n (counts of exits, ended items
    or items in flight), unit (seconds or items).

    Edge cases: refused for another metric, for sides that are split differently, and where a side has nothing to take
    a mean of.

    Not a cause: it says where the difference lies, not why.

    Source: Shapley (1953), A value for n-person games.
    """
    name = question.of or "in_flight"
    if name not in SIDES:
        raise MetricError(f"compare knows no {name!r}.{near(name, tuple(SIDES))}")
    sides = (question.before or before(question), question)
    plain = [tuple(segment for segment in side.by if segment != "stage") for side in sides]
    if plain[0] != plain[1]:
        raise MetricError("The two sides of a comparison must be split by the same segments.")
    make, unit = SIDES[name]
    first, second = (make(con, stream, replace(side, by=plain[0])) for side in sides)
    return pa.Table.from_pylist(_rows(stream, first, second, unit), schema=SCHEMA)


def before(question: Question) -> Question:
    """The same question about the window that is as long and ends where the question's begins, as of its end."""
    window = question.need_window()
    try:
        earlier = Window(window.from_at - (window.to_at - window.from_at), window.from_at)
    except OverflowError:
        raise MetricError("Before so long a window there is no other: say which, or ask for a shorter one.") from None
    return replace(question, as_of=min(question.as_of, window.from_at), window=earlier)


def _rows(stream: Stream, before: Side, after: Side, unit: str) -> list[Row]:
    places = sorted({*before.cells, *after.cells}, key=str)
    mix, stages = shapley((str(key[0]), before.cell(key), after.cell(key)) for key in places)
    rows: list[Row] = [{"part": "mix", "contribution": mix, "unit": unit}]
    for stage in stream.stages:
        if not stage.is_end:
            first, second = (_of_stage(side, stage.name) for side in (before, after))
            shown: Row = {"part": "stage", "stage": stage.name, "title": stage.title, "unit": unit}
            rows.append({**shown, **_sides(first, second), "contribution": stages.get(stage.name, 0.0)})
    total = _sides(before.figure, after.figure)
    rows.append({"part": "all", **total, "contribution": total["difference"], "unit": unit})
    return [{**row, "before_n": before.n, "after_n": after.n} for row in rows]


def _sides(before: float, after: float) -> Row:
    return {"before": before, "after": after, "difference": after - before}


def _of_stage(side: Side, stage: str) -> float:
    return sum(cell.amount for key, cell in side.cells.items() if key[0] == stage)


def _time_in_state(con: DuckDBPyConnection, stream: Stream, question: Question) -> Side:
    chosen = split(stream, question, SEEN_STAYS)
    sql = TIME_IN_STATE.format(
        horizon=HORIZON.strip(),
        seen_stay=SEEN_STAY.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        by=_listed(chosen.keys),
    )
    found = query(con, sql, **chosen.params, **stretch(question)).to_pylist()
    n = _needed(sum(row["items"] for row in found), "No stay left a stage")
    cells = {_key(row, chosen): Cell(row["items"] / n, row["amount"] / n) for row in found}
    return Side(cells, n, {})


def _cycle_time(con: DuckDBPyConnection, stream: Stream, question: Question) -> Side:
    no_standing(stream, "cycle time")
    chosen = split(stream, question, SEEN_ITEMS)
    sql = CYCLE_TIME.format(
        horizon=HORIZON.strip(),
        seen_item=SEEN_ITEM.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        ended_by=_listed(f"ended.{key}" for key in chosen.keys),
        spent_by=_listed(f"spent.{key}" for key in chosen.keys),
        taken_same="".join(f" AND taken.{key} = spent.{key}" for key in chosen.keys),
    )
    found = query(con, sql, **chosen.params, **stretch(question)).to_pylist()
    items = {_key(row, chosen, "route")[1:]: row["items"] for row in found}
    n = _needed(sum(items.values()), "No item ended")
    cells = {_key(row, chosen, "route"): Cell(row["items"] / n, row["amount"] / n) for row in found}
    return Side(cells, n, {group: count / n for group, count in items.items()})


def _in_flight(con: DuckDBPyConnection, stream: Stream, question: Question) -> Side:
    window = question.window or Window(question.as_of - USUAL_WINDOW, question.as_of)
    about_items = tuple(pair for pair in question.where if pair[0] not in ("stage", "lane"))
    arriving = split(stream, replace(question, where=about_items), SEEN_ITEMS)
    group = f"GROUP BY {', '.join(arriving.keys)} ORDER BY {', '.join(arriving.keys)}" if arriving.columns else ""
    arrived_sql = ARRIVED.format(
        horizon=HORIZON.strip(),
        seen_item=SEEN_ITEM.strip(),
        held=arriving.held(),
        joins=arriving.joins,
        conditions=arriving.conditions,
        group=group,
    )
    params = stretch(replace(question, window=window))
    arrived = query(con, arrived_sql, **arriving.params, **params).to_pylist()
    days = (min(window.to_at, question.as_of) - window.from_at) / timedelta(days=1)
    weights = {_key({"stage": "", **row}, arriving)[1:]: row["items"] / days for row in arrived}
    chosen = split(stream, question)
    in_flight_sql = IN_FLIGHT.format(
        open_item=OPEN_ITEM.strip(),
        ctes=chosen.ctes,
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        by=_listed(chosen.keys),
    )
    found = query(con, in_flight_sql, **chosen.params).to_pylist()
    keys = [_key(row, chosen) for row in found]
    cells = {key: Cell(weights.get(key[1:], 0.0), float(row["items"])) for key, row in zip(keys, found, strict=True)}
    return Side(cells, sum(row["items"] for row in found), weights)


SIDES: Mapping[str, tuple[Callable[[DuckDBPyConnection, Stream, Question], Side], str]] = {
    "in_flight": (_in_flight, "items"),
    "time_in_state": (_time_in_state, "seconds"),
    "cycle_time": (_cycle_time, "seconds"),
}


def _needed(n: int, nothing: str) -> int:
    if n == 0:
        raise MetricError(f"{nothing} on one side of the comparison: there is no mean to compare.")
    return n


def _key(row: Row, chosen: Split, *more: str) -> tuple[object, ...]:
    return tuple(row[name] for name in ("stage", *more, *chosen.keys))


def _listed(names: Iterable[str]) -> str:
    return "".join(f", {name}" for name in names)
