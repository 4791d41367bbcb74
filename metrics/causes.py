"""The things to mend: what holds stuck items, cause by cause."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, INSTANT, NUMBER, TEXT, Kinds, answer
from metrics.metric import metric
from metrics.question import Question
from metrics.stuck import SEVERITIES, stuck_rows
from metrics.stuck_search import Row
from value_stream import Stream

BEFORE = timedelta(hours=1)
KINDS: Kinds = {
    "cause": TEXT,
    "cause_title": TEXT,
    "rule": TEXT,
    "severity": TEXT,
    "items": COUNT,
    "items_before": COUNT,
    "value": NUMBER,
    "unit": TEXT,
    "items_without_value": COUNT,
    "since_at": INSTANT,
    "first_seen_at": INSTANT,
    "stages": TEXT,
    "why": TEXT,
    "failure_message": TEXT,
    "nudges": TEXT,
}
Key = tuple[object, ...]


@metric(
    title="Causes",
    unit="items",
    grain="one row per cause of stuck items, worst and most items first; with --by one for each group",
    columns=tuple(KINDS),
)
def causes(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """What holds the stuck items as of the instant: each item counts once, with the rule that must be mended first.

    A cause is one thing to mend: one rule, about one queue, step, version, type or promise, and, where something
    fails, with one message once numbers, ids, addresses and times are left out. A child or a Nexus operation that is
    stuck counts with the cause there. The items of all rows add up to the items of `stuck`.

    Edge cases: items without a value are counted apart and never estimated. The trend compares with the items that
    the same cause held at the window's start, without a window an hour before; a cause that holds nothing any more has
    no row.

    Columns: cause (short id, the same over time), cause_title, rule, severity (critical, stuck, watch: the worst of its
    items), items (count), items_before (count, at the window's start or an hour ago), value (sum over items that have
    one, in unit; null where none has), unit, items_without_value (count), since_at (UTC, since when the first of them
    is held), first_seen_at (UTC, the same of those before, too), stages (titles, comma-separated, most items first),
    why (one sentence, of the item held longest), failure_message (a sample of it, unaltered), nudges (names of declared
    nudges that could help any of them, comma-separated). --where also takes cause, rule and severity.
    """
    rows, chosen = stuck_rows(con, stream, question)
    before_at = question.window.from_at if question.window else question.as_of - BEFORE
    earlier, _ = stuck_rows(con, stream, replace(question, as_of=min(before_at, question.as_of), window=None))
    return answer(causes_of(rows, earlier, chosen.keys), KINDS, chosen)


def causes_of(rows: Iterable[Row], earlier: Iterable[Row], keys: tuple[str, ...] = ()) -> list[Row]:
    """The rows of `causes`, by those of `stuck` at the instant and at the earlier one that the trend compares with.

    For who has asked for these already: the rules are long to evaluate. keys: what to group by beside the cause.
    """
    groups, groups_before = _roots(rows, keys), _roots(earlier, keys)
    told = [
        {**_told(held, groups_before.get(key, [])), **dict(zip(keys, key[1:], strict=True))}
        for key, held in groups.items()
    ]
    return sorted(told, key=lambda row: (SEVERITIES.index(str(row["severity"])), *_most_first(row)))


def _roots(rows: Iterable[Row], keys: tuple[str, ...]) -> dict[Key, list[Row]]:
    """The items' roots by cause and group, those held longest first."""
    groups: dict[Key, list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row["since_at"], row["source"], row["run_id"])):
        if row["rank"] == 1:
            groups.setdefault((row["cause"], *(row[key] for key in keys)), []).append(row)
    return groups


def _told(held: list[Row], before: list[Row]) -> Row:
    first = held[0]
    values = [row["value"] for row in held if row["value"] is not None]
    return {
        **{name: first[name] for name in ("cause", "cause_title", "unit", "since_at", "why", "failure_message")},
        "rule": first["cause_rule"],
        "severity": min((row["severity"] for row in held), key=SEVERITIES.index),
        "items": len(held),
        "items_before": len(before),
        "value": sum(values) if values else None,
        "items_without_value": len(held) - len(values),
        "first_seen_at": min(row["since_at"] for row in (first, *before)),
        "stages": ", ".join(_by_count(str(row["title"]) for row in held)),
        "nudges": ", ".join(_each_once(row["nudges"] for row in held)) or None,
    }


def _by_count(names: Iterable[str]) -> list[str]:
    counted: dict[str, int] = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    return sorted(counted, key=lambda name: (-counted[name], name))


def _each_once(lists: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(name for names in lists if names for name in names.split(", ")))


def _most_first(row: Row) -> tuple[object, ...]:
    return (-row["items"], -(row["value"] or 0.0), row["since_at"], row["cause"], str(row))
