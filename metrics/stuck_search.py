"""Finding what is stuck: the rules over the open items of a stream, and the way to where it really stands."""

import base64
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from metrics.open_work import OPEN_ITEM, OPEN_VALUE
from metrics.segments import Split
from metrics.stuck_facts import FACTS
from metrics.stuck_measures import MEASURES, USUAL_STAY
from metrics.stuck_rules import ORDER, limits, rules
from metrics.usual_stay import PAST, usual_stays
from warehouse import SAMPLE_LIFE, rows

Row = dict[str, Any]
MOST_STEPS_AWAY = 5
ELSEWHERE_RULES = ("child stuck", "Nexus operation")
# Where a source has not been read for longer than this, its samples are not looked for.
OLDEST_SAMPLE = timedelta(days=1)
READ_UNTIL = """
SELECT min(least(source.as_of_at, CAST($as_of AS TIMESTAMPTZ))) AS at
FROM source
WHERE source.kind = 'temporal'
"""
SQL = """
WITH {open_item}, {open_value}{ctes},
{facts},{measures},{usual_stay},
{rules}
SELECT
    found.item_key,
    found.rule,
    found.since_at,
    found.event_id,
    found.about,
    {held}open_item.item,
    open_item.source,
    open_item.stage,
    open_item.entered_at,
    open_item.until_at,
    open_item.workflow_id,
    open_item.run_id,
    coalesce(open_run.workflow_id, open_item.workflow_id) AS root_workflow_id,
    coalesce(open_run.run_id, open_item.run_id) AS root_run_id,
    coalesce(open_run.workflow_type, open_item.workflow_type) AS root_type,
    progress.progress_at,
    condition.kind,
    condition.reference,
    condition.opened_at,
    condition.due_at,
    CASE WHEN condition.kind IN ('activity', 'nexus', 'child') THEN condition.name END AS activity,
    CASE
        WHEN condition.kind = 'worker turn failing' THEN condition.name
        WHEN condition.kind IN ('activity', 'nexus') THEN condition.failure_message
    END AS failure_message,
    condition.failure_type,
    condition.task_queue,
    condition.state,
    condition.attempt,
    condition.maximum_attempts,
    condition.last_started_at,
    condition.last_heartbeat_at,
    condition.next_try_at,
    condition.worker,
    coalesce(CASE WHEN condition.kind = 'paused' THEN condition.name END, condition.actor) AS actor,
    condition.reason,
    condition.version,
    condition.sampled_at,
    condition.queue_sampled_at,
    condition.pollers,
    condition.last_poll_at,
    condition.backlog,
    condition.versions,
    open_value.value,
    count(*) OVER (PARTITION BY found.item_key, found.rule) AS alike
FROM found
JOIN open_item ON open_item.item_key = found.item_key
LEFT JOIN open_run ON open_run.item_key = found.item_key AND open_run.run_key = found.run_key
LEFT JOIN condition
    ON condition.item_key = found.item_key
   AND condition.run_key = found.run_key
   AND condition.event_id = found.event_id
LEFT JOIN progress ON progress.item_key = found.item_key
LEFT JOIN open_value ON open_value.item_key = found.item_key{joins}
WHERE true{conditions}
QUALIFY found.rule IN ('child stuck', 'Nexus operation')
    OR row_number() OVER (
        PARTITION BY found.item_key, found.rule ORDER BY found.since_at, found.run_key, found.event_id, found.about
    ) = 1
ORDER BY found.item_key, found.since_at, found.rule, found.about
"""
CHOSEN = """,
open_item AS (
    SELECT * FROM every_open_item WHERE item_key IN (SELECT unnest(CAST($keys AS BIGINT[])))
)"""
HANDLED = """
SELECT DISTINCT run_item.stream, run_item.item_key
FROM run
JOIN source ON source.source_key = run.source_key
JOIN run_item ON run_item.run_key = run.run_key
WHERE run.workflow_id = $workflow_id
  AND source.source LIKE '%/' || $namespace
  AND run.started_at <= $as_of
  AND (run.closed_at IS NULL OR run.closed_at > $as_of)
ORDER BY run_item.stream, run_item.item_key
"""


class Search:
    """What is stuck as of one instant, in one stream and in what its items wait for elsewhere."""

    def __init__(self, con: DuckDBPyConnection, as_of: datetime) -> None:
        self._con = con
        self._as_of = as_of
        read_until = rows(con, READ_UNTIL, as_of=as_of)[0]["at"] or as_of
        self._sampled_from_at = max(read_until, as_of - OLDEST_SAMPLE) - SAMPLE_LIFE
        self._roots: dict[tuple[str, int], Row | None] = {}

    def of_stream(self, stream: str, chosen: Split) -> list[Row]:
        """Rows of every open item for which a rule holds, those that hold elsewhere with the row of where they do."""
        usual = usual_stays(self._con, stream, self._as_of)
        found = self._ask(stream, chosen, usual, None)
        return self._followed(found, 0)

    def _ask(self, stream: str, chosen: Split, usual: list[Row], keys: list[int] | None) -> list[Row]:
        open_item = OPEN_ITEM.strip()
        if keys is not None:
            open_item = open_item.replace("open_item AS", "every_open_item AS", 1) + CHOSEN
        sql = SQL.format(
            open_item=open_item,
            open_value=OPEN_VALUE.strip(),
            ctes=chosen.ctes,
            facts=FACTS.strip(),
            measures=MEASURES,
            usual_stay=USUAL_STAY,
            rules=rules(with_watch=keys is None),
            held=chosen.held(),
            joins=chosen.joins,
            conditions=chosen.conditions,
        )
        params = {
            **chosen.params,
            **limits(),
            "stream": stream,
            "as_of": self._as_of,
            "sampled_from_at": self._sampled_from_at,
            "sample_life_micros": SAMPLE_LIFE // timedelta(microseconds=1),
            "usual_from_at": self._as_of - PAST,
            "usual_stages": [row["stage"] for row in usual],
            "usual_micros": [row["micros"] for row in usual],
            "usual_exits": [row["exits"] for row in usual],
            **({} if keys is None else {"keys": keys}),
        }
        return rows(self._con, sql, **params)

    def _followed(self, found: Sequence[Row], steps_away: int) -> list[Row]:
        """The rows, those of work elsewhere replaced by what holds it there, or left out where nothing does."""
        if steps_away > MOST_STEPS_AWAY:
            return [row for row in found if row["rule"] not in ELSEWHERE_RULES]
        places = {index: self._where(row) for index, row in enumerate(found) if row["rule"] in ELSEWHERE_RULES}
        self._find_roots({place for each in places.values() for place in each} - self._roots.keys(), steps_away)
        told = []
        for index, row in enumerate(found):
            if index not in places:
                told.append(row)
            elif root := root_of([root for place in places[index] if (root := self._roots[place])]):
                rule = "Nexus stuck" if row["rule"] == "Nexus operation" else row["rule"]
                told.append({**row, "rule": rule, "since_at": root["since_at"], "root": root.get("root", root)})
        return told

    def _find_roots(self, places: set[tuple[str, int]], steps_away: int) -> None:
        """What holds these items of other streams, all of a stream at once."""
        self._roots |= dict.fromkeys(places)  # A circle ends where it began.
        for stream in sorted({stream for stream, _ in places}):
            keys = sorted(key for each, key in places if each == stream)
            held: dict[int, list[Row]] = {}
            for row in self._followed(self._ask(stream, Split(), [], keys), steps_away + 1):
                held.setdefault(row["item_key"], []).append(row)
            self._roots |= {(stream, key): root_of(rows_of_item) for key, rows_of_item in held.items()}

    def _where(self, row: Row) -> list[tuple[str, int]]:
        """The items that the work went to."""
        if row["rule"] == "child stuck":
            stream, _, key = row["about"].rpartition("/")
            return [(stream, int(key))]
        token = operation_of(row["about"])
        if token is None:
            return []
        namespace, workflow_id = token
        found = rows(self._con, HANDLED, workflow_id=workflow_id, namespace=namespace, as_of=self._as_of)
        return [(each["stream"], each["item_key"]) for each in found]


def root_of(found: Iterable[Row]) -> Row | None:
    """Of the rules that hold for one item, the one to mend first."""
    return min(found, key=lambda row: (ORDER[row["rule"]], row["since_at"]), default=None)


def operation_of(token: str) -> tuple[str, str] | None:
    """Namespace and workflow id of the run behind a Nexus operation's token; None for a token of another kind."""
    try:
        told = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        namespace, workflow_id = told["ns"], told["wid"]
    except (ValueError, KeyError, TypeError):
        return None
    return (namespace, workflow_id) if isinstance(namespace, str) and isinstance(workflow_id, str) else None
