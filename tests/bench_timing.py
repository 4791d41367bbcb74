"""How long a metric takes, beside the bare scan of the columns that it reads and beside pandas."""

import json
import re
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from duckdb import DuckDBPyConnection

from metrics import Metric, Question
from value_stream import Stream
from warehouse import query, rows

Scanned = dict[str, set[str]]  # table -> columns


@dataclass(frozen=True)
class Timing:
    """Medians of the hot runs."""

    wall_ms: float
    cpu_ms: float
    rows: int


@dataclass
class Recorder:
    """Stands in for a connection and keeps what was asked of it."""

    con: DuckDBPyConnection
    asked: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def sql(self, sql: str, params: Mapping[str, object] | None = None) -> Any:
        self.asked.append((sql, params or {}))
        return self.con.sql(sql, params=dict(params)) if params else self.con.sql(sql)


def timed(run: Callable[[], Any], runs: int) -> Timing:
    """Median wall and CPU time of so many runs behind a first one; CPU counts all threads of the process."""
    found = run()
    walls, cpus = [], []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        found = run()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Timing(statistics.median(walls) * 1e3, statistics.median(cpus) * 1e3, len(found))


def time_metric(
    con: DuckDBPyConnection, stream: Stream, metric: Metric, question: Question, runs: int
) -> tuple[Timing, Timing]:
    """The metric, and the bare scan of every column that its plans read: each value touched once, nothing kept."""
    recorder: Any = Recorder(con)
    metric(recorder, stream, question)
    scans = [_bare(table, columns) for table, columns in sorted(_scanned(con, recorder.asked).items())]
    scan = timed(lambda: [query(con, sql) for sql in scans], runs)
    return timed(lambda: metric(con, stream, question), runs), scan


def _bare(table: str, columns: set[str]) -> str:
    touched = ", ".join(f"bit_xor(hash({column}))" for column in sorted(columns)) or "count(*)"
    return f"SELECT {touched} FROM {table}"


def _scanned(con: DuckDBPyConnection, asked: list[tuple[str, Mapping[str, object]]]) -> Scanned:
    found: Scanned = {}
    for sql, params in asked:
        plan = con.execute(f"EXPLAIN (FORMAT JSON) {sql}", dict(params) or None).fetchall()[0][1]
        for node in _nodes(json.loads(plan)):
            told = node.get("extra_info", {})
            if isinstance(told, dict) and "Table" in told:
                table = str(told["Table"]).rsplit(".", 1)[-1]
                found.setdefault(table, set()).update(_columns(con, table, told))
    return found


def _nodes(plan: Any) -> list[dict[str, Any]]:
    if isinstance(plan, list):
        return [node for part in plan for node in _nodes(part)]
    return [plan, *_nodes(plan.get("children", []))]


def _columns(con: DuckDBPyConnection, table: str, told: Mapping[str, Any]) -> set[str]:
    """Those that it hands on, and those that it only filters by."""
    known = {row["name"] for row in rows(con, f"SELECT name FROM pragma_table_info('{table}')")}
    text = json.dumps([told.get("Projections", []), told.get("Filters", [])])
    return known & set(re.findall(r"[a-z_]+", text))


# --- pandas: the same three answers, the straightforward way, on frames that are in memory already


def frames(con: DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    """What the three need, as pandas reads it."""
    wanted = {
        "stay": "item_key, stage, entered_at, left_at, next_stage, is_overlapped",
        "item": "item_key, opened_at, closed_at, outcome",
    }
    return {table: query(con, f"SELECT {columns} FROM {table}").to_pandas() for table, columns in wanted.items()}


def pandas_in_flight(found: dict[str, pd.DataFrame], question: Question) -> pd.DataFrame:
    """Open items per stage, oldest stay and oldest age."""
    stay = found["stay"]
    at = pd.Timestamp(question.as_of)
    there = stay[(stay.entered_at <= at) & (stay.left_at.isna() | (stay.left_at > at))]
    there = there.merge(found["item"], on="item_key")
    return there.groupby("stage").agg(
        items=("item_key", "size"), entered_at=("entered_at", "min"), opened_at=("opened_at", "min")
    )


def pandas_moves(found: dict[str, pd.DataFrame], question: Question) -> pd.DataFrame:
    """Moves in the window, by from and to."""
    stay, window = found["stay"], question.need_window()
    begin, end = pd.Timestamp(window.from_at), pd.Timestamp(window.to_at)
    left = stay[(stay.left_at >= begin) & (stay.left_at < end) & ~stay.is_overlapped & stay.next_stage.notna()]
    return left.groupby(["stage", "next_stage"]).size().reset_index(name="items")


def pandas_throughput(found: dict[str, pd.DataFrame], question: Question) -> pd.DataFrame:
    """Items that ended in the window, by day and outcome."""
    item, window = found["item"], question.need_window()
    ended = item[(item.closed_at >= pd.Timestamp(window.from_at)) & (item.closed_at < pd.Timestamp(window.to_at))]
    return ended.groupby([ended.closed_at.dt.floor("D"), "outcome"]).size().reset_index(name="items")


PANDAS = {"in_flight": pandas_in_flight, "moves": pandas_moves, "throughput": pandas_throughput}
