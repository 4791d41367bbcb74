"""How far behind each source is, and whether both sides count the same."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.question import MetricError, Question
from value_stream import Stream
from warehouse import query

COLUMNS = (
    "source",
    "kind",
    "as_of_at",
    "behind_seconds",
    "rounds",
    "requests",
    "throttled",
    "requests_last_round",
    "runs",
    "events",
    "open_here",
    "open_there",
    "equal_at",
    "retention_seconds",
    "last_error",
    "last_error_at",
)
SQL = """
WITH total AS (
    SELECT
        source_key,
        count(*) AS rounds,
        sum(requests) AS requests,
        sum(throttled) AS throttled,
        arg_max(requests, round_id) AS requests_last_round,
        arg_max(open_here, round_id) FILTER (open_there IS NOT NULL) AS open_here,
        arg_max(open_there, round_id) FILTER (open_there IS NOT NULL) AS open_there,
        max(ended_at) FILTER (open_here = open_there) AS equal_at,
        arg_max(error, round_id) AS last_round_error,
        arg_max(ended_at, round_id) FILTER (error IS NOT NULL) AS last_error_at,
        arg_max(error, round_id) FILTER (error IS NOT NULL) AS last_error
    FROM sync_round
    WHERE ended_at <= $as_of
    GROUP BY source_key
),
kept AS (
    SELECT run.source_key, count(*) AS runs FROM run GROUP BY run.source_key
),
read AS (
    SELECT run.source_key, count(*) AS events
    FROM event
    JOIN run ON run.run_key = event.run_key
    GROUP BY run.source_key
),
versions AS (
    SELECT source_key, count(DISTINCT (table_name, row_id)) AS runs, count(*) AS events
    FROM row_version
    GROUP BY source_key
)
SELECT
    source.source,
    source.kind,
    source.as_of_at,
    CASE WHEN source.kind <> 'files' THEN
        greatest(0, (epoch_us(CAST($as_of AS TIMESTAMPTZ)) - epoch_us(source.as_of_at)) / 1e6)
    END AS behind_seconds,
    coalesce(total.rounds, 0) AS rounds,
    CAST(coalesce(total.requests, 0) AS BIGINT) AS requests,
    CAST(coalesce(total.throttled, 0) AS BIGINT) AS throttled,
    total.requests_last_round,
    coalesce(kept.runs, versions.runs, 0) AS runs,
    coalesce(read.events, versions.events, 0) AS events,
    total.open_here,
    total.open_there,
    total.equal_at,
    source.retention_seconds,
    total.last_error,
    total.last_error_at
FROM source
LEFT JOIN total ON total.source_key = source.source_key
LEFT JOIN kept ON kept.source_key = source.source_key
LEFT JOIN read ON read.source_key = source.source_key
LEFT JOIN versions ON versions.source_key = source.source_key
ORDER BY source.source
"""


@metric(
    title="Sources",
    unit="sources",
    grain="one row per source",
    columns=COLUMNS,
)
def source_health(con: DuckDBPyConnection, stream: Stream | None, question: Question) -> pa.Table:
    """For each source: how far behind it is, what it was asked, and its open runs by its count and by ours.

    Behind is the time from the instant up to which the source has been read completely to the as-of instant; null
    before the first complete round, and for files, which tell nothing new. The two counts are taken at the end of the
    same round; a run that begins or ends in between makes them differ for a moment.

    Columns: source, kind (temporal, database or files), as_of_at (UTC), behind_seconds, rounds (count), requests,
    throttled (counts over all rounds), requests_last_round (count), runs (count; rows for a database), events (count;
    row versions for a database; both what is held now, whatever the instant), open_here, open_there (counts; null for a
    database), equal_at (UTC; when both were last the same, null before), retention_seconds (null where unknown or
    without limit), last_error (sentence), last_error_at (UTC).
    """
    if question.where or question.by:
        raise MetricError("source_health is of whole sources: leave --where and --by out.")
    return query(con, SQL, as_of=question.as_of)
