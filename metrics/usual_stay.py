"""The time by which 95 of 100 stays in each stage are over, open ones counted: what is older is worth a look."""

from datetime import datetime, timedelta
from typing import Any

from duckdb import DuckDBPyConnection

from metrics.observed import HORIZON, SEEN_STAY
from metrics.survival import PERCENTILES, TOLERANCE, curve
from warehouse import rows

PAST = timedelta(days=90)
SHARE = 95
SQL = """
WITH {horizon}, {seen_stay},
life AS (
    SELECT stage, begun_micros, ended_micros, is_exit FROM seen_stay
),
{curve}
SELECT stage, min(micros) FILTER (survival <= {left}) AS micros, count(*) AS exits
FROM curve
WHERE is_exit
GROUP BY stage
HAVING count(*) >= {needed} AND min(micros) FILTER (survival <= {left}) IS NOT NULL
ORDER BY stage
"""


def usual_stays(con: DuckDBPyConnection, stream: str, as_of: datetime) -> list[dict[str, Any]]:
    """Rows (stage, micros, exits) of the stages with 20 exits in the 90 days before: the p95 of time_in_state."""
    sql = SQL.format(
        horizon=HORIZON.strip(),
        seen_stay=SEEN_STAY.strip(),
        curve=curve(("stage",)),
        left=(100 - SHARE) / 100 + TOLERANCE,
        needed=PERCENTILES[SHARE],
    )
    return rows(con, sql, stream=stream, from_at=as_of - PAST, last_at=as_of, until_at=as_of)
