"""What the oracle counts from: source rows and rule rows, as plain dictionaries, with the instant of every event."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from warehouse import rows

Row = dict[str, Any]
CLOSING = {2: "completed", 3: "failed", 4: "timed out", 21: "canceled", 27: "terminated", 28: "continued_as_new"}
COMMANDED = {2, 3, 10, 17, 19, 21, 22, 25, 28, 29, 37, 40, 41, 43, 46, 48}
SOON = timedelta(milliseconds=50)


@dataclass
class World:
    """Source rows by what they are looked up by."""

    runs: dict[tuple[int, str], Row]
    events: dict[int, list[Row]]
    attributes: dict[tuple[int, int], dict[str, str]]
    sources: dict[int, Row]
    rules: dict[str, list[Row]]
    instants: dict[tuple[int, int], datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for run in self.runs.values():
            self.instants |= instants(run["run_key"], self.events[run["run_key"]])
        for run in sorted(self.runs.values(), key=lambda run: run["started_at"]):
            self._join_ends(run)

    def _join_ends(self, run: Row) -> None:
        """The end of one run of a chain is the start of the next."""
        previous = self.runs.get((run["source_key"], run["continued_run_id"]))
        start = (run["run_key"], 1)
        if previous and start in self.instants and run["initiator"] != "cron":
            ends = [at for (run_key, _), at in self.instants.items() if run_key == previous["run_key"]]
            self.instants[start] = min(self.instants[start], max(ends))

    def rule(self, table: str, stream: str) -> list[Row]:
        return [row for row in self.rules[table] if row["stream"] == stream]


def world(con: DuckDBPyConnection) -> World:
    """Everything in the source and rule tables."""
    events: dict[int, list[Row]] = defaultdict(list)
    for row in rows(con, "SELECT * FROM event ORDER BY run_key, event_id"):
        events[row["run_key"]].append(row)
    attributes: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    for row in rows(con, "SELECT * FROM attribute"):
        attributes[row["run_key"], row["event_id"]][row["path"]] = row["value"]
    tables = ("rule_stream", "rule_type", "rule_source", "rule_stage", "rule_event", "rule_move")
    return World(
        {(row["source_key"], row["run_id"]): row for row in rows(con, "SELECT * FROM run")},
        events,
        attributes,
        {row["source_key"]: row for row in rows(con, "SELECT * FROM source")},
        {table: rows(con, f"SELECT * FROM {table}") for table in tables},
    )


def instants(run_key: int, events: list[Row]) -> dict[tuple[int, int], datetime]:
    """The instant of each event of one run (Time, 1 to 4)."""
    found: dict[int, datetime] = {}
    clock, cause = None, None
    for event in events:
        if event["type"] != 11:
            clock = event["time_at"] if clock is None else max(clock, event["time_at"])
        at = clock or event["time_at"]
        if event["type"] in COMMANDED:
            at = found.get(event["turn_event_id"], at)
        if event["type"] == 5 and cause is not None and cause["type"] not in (7, 8, 9):
            before = found[cause["event_id"]]
            at = before if at - before <= SOON else at
        found[event["event_id"]] = at
        cause = event if event["type"] != 11 else cause
    return {(run_key, event_id): at for event_id, at in found.items()}
