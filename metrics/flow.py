"""Entering and leaving stages, bucket by bucket: what the metrics of flow over time stand on."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from metrics.question import Question
from metrics.segments import Split, Subject
from metrics.stage_rows import Row

# Bucket numbers: an instant belongs to the bucket it is in (0 begins at the window's start) or, as a point, to the
# first edge at or after it (0 is the window's start).
BUCKET = "CAST(floor((epoch_us({at}) - epoch_us(CAST($begin_at AS TIMESTAMPTZ))) / $width_micros) AS BIGINT)"
POINT = """CASE
            WHEN {at} <= $from_at THEN 0
            ELSE CAST(ceil((epoch_us({at}) - epoch_us(CAST($begin_at AS TIMESTAMPTZ))) / $width_micros) AS BIGINT)
        END"""

# Every stay that has any part before the window's end: when it came, when it went.
FLOW_STAY = """
flow_stay AS (
    SELECT
        stay.stream,
        stay.item_key,
        stay.stay_index,
        stay.stage,
        stay.lane,
        item.workflow_type,
        horizon.source,
        horizon.last_at,
        stay.entered_at AS come_at,
        CASE WHEN stay.left_at <= horizon.last_at THEN stay.left_at END AS gone_at,
        coalesce(CASE WHEN stay.left_at <= horizon.last_at THEN stay.left_at END, horizon.last_at) AS seen_at,
        stay.next_stage,
        stay.exit_kind
    FROM stay
    JOIN item ON item.stream = stay.stream AND item.item_key = stay.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    WHERE stay.stream = $stream
      AND NOT stay.is_overlapped
      AND stay.stage_index >= 0
      AND stay.entered_at <= horizon.last_at
      AND (stay.left_at IS NULL OR stay.left_at >= $from_at)
)"""
Key = tuple[object, ...]


def flow_stays(table: str) -> Subject:
    """A common table of the columns of flow_stay, to be split at the last instant seen."""
    return Subject(table, "last_at", built_in=("stage", "lane", "type", "source"))


def is_by_stage(question: Question) -> bool:
    """Whether the question is about stages, not about the stream as a whole."""
    return not {"stage", "lane"}.isdisjoint([*question.by, *(name for name, _ in question.where)])


def in_buckets(found: Iterable[Row], chosen: Split, edges: Sequence[datetime], counts: Sequence[str]) -> list[Row]:
    """One row per bucket and group of `found` (by number and group): from_at, to_at, the segments and the counts."""
    groups = _grouped(found, chosen)
    zeros: Row = dict.fromkeys(counts, 0)
    return [
        {**zeros, **places.get(number, {}), **_segments(chosen, group), "from_at": from_at, "to_at": to_at}
        for number, (from_at, to_at) in enumerate(pairwise(edges))
        for group, places in groups
    ]


def running(found: Iterable[Row], chosen: Split, edges: Sequence[datetime], counts: Sequence[str]) -> list[Row]:
    """One row per edge and group of `found` (by number and group): at, the segments and the counts summed so far."""
    rows: list[Row] = []
    groups = _grouped(found, chosen)
    sums = {group: dict.fromkeys(counts, 0) for group, _ in groups}
    for number, edge in enumerate(edges):
        for group, places in groups:
            for name, value in places.get(number, {}).items():
                if name in counts and isinstance(value, int):
                    sums[group][name] += value
            rows.append({**sums[group], **_segments(chosen, group), "at": edge})
    return rows


def _grouped(found: Iterable[Row], chosen: Split) -> list[tuple[Key, dict[object, Row]]]:
    groups: dict[Key, dict[object, Row]] = {} if chosen.columns else {(): {}}
    for row in found:
        groups.setdefault(tuple(row[key] for key in chosen.keys), {})[row["number"]] = row
    return sorted(groups.items(), key=lambda pair: tuple(str(value) for value in pair[0]))


def _segments(chosen: Split, group: Key) -> Row:
    return dict(zip(chosen.names, group, strict=True))
