"""Little's law, checked: does the work in flight agree with how much arrives and how long it takes?"""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.cycle_time import no_standing
from metrics.flow import is_by_stage
from metrics.metric import metric
from metrics.observed import HORIZON, IN_FLIGHT_WITHIN, SEEN_ITEM, SEEN_ITEMS, SEEN_STAY, SEEN_STAYS, stretch
from metrics.question import Question
from metrics.segments import Split, split
from metrics.stage_rows import Row, named, per_stage, table
from value_stream import Stream
from warehouse import query

ALL = "(all)"
NEEDED = 2
COLUMNS = (
    "stage",
    "title",
    "lane",
    "arrivals",
    "exits",
    "arrivals_per_day",
    "mean_seconds",
    "predicted_in_flight",
    "observed_in_flight",
    "residual_in_flight",
    "residual_share",
    "thin",
)
SQL = """
WITH {horizon}, {seen},
life AS (
    SELECT
        {place} AS stage_index,
        {held}{subject}.begun_micros,
        {subject}.ended_micros,
        {subject}.is_exit,
        epoch_us(horizon.until_at) - epoch_us(CAST($from_at AS TIMESTAMPTZ)) AS window_micros
    FROM {subject}
    JOIN horizon ON horizon.source = {subject}.source{joins}
    WHERE {within}{conditions}
)
SELECT
    {keys},
    count(*) FILTER (begun_micros = 0) AS arrivals,
    count(*) FILTER (is_exit) AS exits,
    coalesce(sum(86400e6 / window_micros) FILTER (begun_micros = 0), 0.0) AS arrivals_per_day,
    avg(ended_micros) FILTER (is_exit) / 1e6 AS mean_seconds,
    sum((ended_micros - begun_micros) / CAST(window_micros AS DOUBLE)) AS observed_in_flight
FROM life
GROUP BY {keys}
ORDER BY {keys}
"""


@metric(
    title="Little's law",
    unit="items",
    grain="one row per drawn stage that holds time, then one for the whole stream; with --by for each group",
    columns=COLUMNS,
    needs_window=True,
)
def littles_law(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Whether arrivals times mean time give the average in flight over the window, and what is left over.

    In a stream in balance the average number of items in flight is the arrival rate times the mean time. The
    prediction takes the arrivals and the mean of what left within the window; the observation is the time spent in
    flight inside the window by everything, over the window's length. A residual far from 0 says that the window is
    not in balance: more is in flight than the finished work accounts for when a backlog grows or old work is stuck,
    less when a backlog is worked off. It says nothing of an error in the counting.

    Edge cases: the row (all) is about items and their whole time, and is left out when the question is about stages.
    Means are of whole times, also of what began before the window. A source is observed until it was last read, and
    its rates are over that time. A stay that a reset brought back is an arrival in its stage; for the whole stream
    only items that began are.

    Not a theorem that must hold here, and no forecast. The mean is there because the law speaks of it: for how long
    work takes see time_in_state and cycle_time.

    Columns: stage (name, or (all)), title, lane, arrivals (count in the window), exits (count in the window),
    arrivals_per_day, mean_seconds (null when thin), predicted_in_flight (arrivals_per_day times mean; null when
    thin), observed_in_flight (average over the window), residual_in_flight (observed less predicted), residual_share
    (residual over observed; null where nothing was in flight), thin (fewer than 2 exits make no mean; null if more).

    Source: Little (1961), A proof for the queuing formula L = lambda W.
    """
    no_standing(stream, "mean time to their end")
    chosen = split(stream, question, SEEN_STAYS)
    params = stretch(question)
    stays = _sql(chosen, SEEN_STAYS.table, SEEN_STAY, "seen_stay.stage_index", "true")  # those seen were in flight
    found = query(con, stays, **chosen.params, **params)
    rows = per_stage(found, stream, question, chosen, _finish)
    if not is_by_stage(question):
        whole = split(stream, question, SEEN_ITEMS)
        items = _sql(whole, SEEN_ITEMS.table, SEEN_ITEM, "-1", IN_FLIGHT_WITHIN)
        found = query(con, items, **whole.params, **params)
        rows += [_finish({**named(row, whole), "stage": ALL, "title": ALL, "lane": ALL}) for row in found.to_pylist()]
    return table(rows, COLUMNS, chosen, first="arrivals")


def _finish(row: Row) -> Row:
    exits, mean, observed = row["exits"], row["mean_seconds"], row["observed_in_flight"] or 0.0
    rate = row["arrivals_per_day"] or 0.0
    told: Row = {**row, "arrivals_per_day": rate, "observed_in_flight": observed}
    if not isinstance(exits, int) or exits < NEEDED:
        return {**told, "mean_seconds": None, "thin": f"{exits} exit{'' if exits == 1 else 's'}: a mean needs {NEEDED}"}
    if not isinstance(mean, float) or not isinstance(observed, float) or not isinstance(rate, float):
        raise TypeError(f"{row!r} has no figures")
    predicted = rate * mean / 86400
    told |= {"predicted_in_flight": predicted, "residual_in_flight": observed - predicted}
    return {**told, "residual_share": (observed - predicted) / observed if observed else None}


def _sql(chosen: Split, subject: str, seen: str, place: str, within: str) -> str:
    return SQL.format(
        horizon=HORIZON.strip(),
        seen=seen.strip(),
        subject=subject,
        place=place,
        within=within,
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=", ".join(("stage_index", *chosen.keys)),
    )
