"""The time by which 95 of 100 stays in each stage are over, open ones counted: what is older is worth a look.

The Kaplan-Meier curve of time_in_state over the 90 days before, but by bins of half a per cent instead of stay by stay:
millions of stays are counted where time_in_state would sort them, so that it can be asked every other second.
"""

from datetime import datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from metrics.survival import PERCENTILES, TOLERANCE
from warehouse import rows

PAST = timedelta(days=90)
SHARE = 95
BINS = 200  # In each e-fold of age.
SQL = """
WITH life AS (
    SELECT
        stage,
        epoch_us(left_at) - epoch_us(entered_at) AS micros,
        greatest(epoch_us(CAST($from_at AS TIMESTAMPTZ)) - epoch_us(entered_at), 0) AS begun_micros,
        exit_kind <> 'lost' AS is_exit
    FROM stay
    WHERE stream = $stream
      AND NOT is_overlapped
      AND stage_index >= 0
      AND left_at <= CAST($as_of AS TIMESTAMPTZ)
      AND left_at > CAST($from_at AS TIMESTAMPTZ)
    UNION ALL
    SELECT
        stay.stage,
        epoch_us(least(CAST($as_of AS TIMESTAMPTZ), coalesce(source.as_of_at, $as_of))) - epoch_us(stay.entered_at),
        greatest(epoch_us(CAST($from_at AS TIMESTAMPTZ)) - epoch_us(stay.entered_at), 0),
        false
    FROM stay
    JOIN item ON item.stream = stay.stream AND item.item_key = stay.item_key
    JOIN source ON source.source_key = item.source_key
    WHERE stay.stream = $stream
      AND NOT stay.is_overlapped
      AND stay.stage_index >= 0
      AND stay.entered_at <= least(CAST($as_of AS TIMESTAMPTZ), coalesce(source.as_of_at, $as_of))
      AND (stay.left_at IS NULL OR stay.left_at > CAST($as_of AS TIMESTAMPTZ))
),
change AS (
    SELECT
        stage,
        floor(ln(micros + 1) * {bins}) AS bin,
        count(*) FILTER (is_exit) AS exits,
        count(*) AS risk,
        max(micros) FILTER (is_exit) AS micros
    FROM life
    GROUP BY stage, bin
    UNION ALL
    SELECT stage, floor(ln(begun_micros + 1) * {bins}), 0, -count(*), NULL
    FROM life
    WHERE begun_micros > 0
    GROUP BY ALL
),
bin AS (
    SELECT
        stage,
        bin,
        sum(exits) AS exits,
        max(micros) AS micros,
        sum(sum(risk)) OVER (
            PARTITION BY stage ORDER BY bin ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS at_risk
    FROM change
    GROUP BY stage, bin
),
step AS (
    SELECT
        stage,
        bin,
        exits,
        micros,
        CASE WHEN exits < at_risk THEN ln((at_risk - exits) / CAST(at_risk AS DOUBLE)) ELSE -100.0 END AS factor
    FROM bin
    WHERE exits > 0
),
curve AS (
    SELECT
        stage,
        exits,
        micros,
        exp(sum(factor) OVER (PARTITION BY stage ORDER BY bin ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
            AS survival
    FROM step
)
SELECT stage, CAST(min(micros) FILTER (survival <= {left}) AS BIGINT) AS micros, CAST(sum(exits) AS BIGINT) AS exits
FROM curve
GROUP BY stage
HAVING sum(exits) >= {needed} AND min(micros) FILTER (survival <= {left}) IS NOT NULL
ORDER BY stage
"""


def usual_stays(con: DuckDBPyConnection, stream: str, as_of: datetime) -> list[dict[str, Any]]:
    """Rows (stage, micros, exits) of the stages with 20 exits in the 90 days before; micros to within half a per cent.

    Where nothing was cut off and nothing is open, micros is a stay that was seen.
    """
    sql = SQL.format(bins=BINS, left=(100 - SHARE) / 100 + TOLERANCE, needed=PERCENTILES[SHARE])
    return rows(con, sql, stream=stream, as_of=as_of, from_at=as_of - PAST)
