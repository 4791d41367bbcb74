"""Many items out of few: every row of a small warehouse again and again, each item moved and stretched in time.

Deriving ten million events would take an hour and show nothing more: what derive makes of an item does not depend on
the others. An item that is over begins at another instant of the 90 days and takes 0.7 to 1.3 times as long; an
open one began up to six hours earlier. So ages differ and ties are as rare as in life.
"""

from duckdb import DuckDBPyConnection

from tests.bench_items import AS_OF, DAYS
from warehouse import execute, rows

DAY_MICROS = 86_400_000_000
# In the bench every item has one run, so that both keys count the same items.
BY_ITEM = ("item", "stay", "step", "pending_work", "wait", "decision", "decision_mark", "item_attribute", "run_item")
BY_RUN = ("run", "event", "attribute")
KEYS = ("item_key", "run_key", "chain_key", "home_key", "entry_run_key", "answer_run_key")
NAMES = ("workflow_id", "run_id", "first_run_id", "business_key")

MOVES = """
CREATE TEMP TABLE moved AS
WITH life AS (
    SELECT
        item_key,
        epoch_us(opened_at) AS opened_micros,
        closed_at IS NULL AS is_open,
        epoch_us(coalesce(closed_at, $as_of)) - epoch_us(opened_at) AS micros
    FROM item
),
copy AS (
    SELECT
        life.*,
        copies.number AS copy,
        (hash(life.item_key, copies.number, 1) % 1000003) / 1000003.0 AS chance,
        CASE
            WHEN life.is_open THEN 1.0 ELSE 0.7 + 0.6 * (hash(life.item_key, copies.number, 2) % 1000003) / 1000003.0
        END AS stretch
    FROM life
    CROSS JOIN generate_series(1, $copies - 1) AS copies(number)
)
SELECT
    item_key,
    copy,
    opened_micros,
    stretch,
    CAST(floor(CASE
        WHEN is_open THEN opened_micros - chance * 6 * 3600e6
        ELSE epoch_us(CAST($as_of AS TIMESTAMPTZ)) - stretch * micros
            - chance * greatest($days_micros - stretch * micros, 0)
    END) AS BIGINT) AS begun_micros
FROM copy
"""
COLUMNS = "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $table ORDER BY column_index"
# A row at a time of a copy: what is pending in the base stays so, durations are taken anew.
COPY = """
INSERT INTO {table} ({names})
SELECT {values}
FROM {table} AS base
JOIN moved ON moved.item_key = base.{key}
WHERE moved.copy BETWEEN $low AND $high
ORDER BY moved.copy, base.{key}{order}
"""
ORDERS = {"stay": ", base.stay_index", "event": ", base.event_id", "wait": ", base.wait_index"}
COPIES_AT_ONCE = 10


def multiply(con: DuckDBPyConnection, copies: int) -> None:
    """Turn the items of the warehouse into `copies` times as many, source rows and derived rows alike."""
    execute(con, MOVES, copies=copies, as_of=AS_OF, days_micros=DAYS * DAY_MICROS)
    items = int(rows(con, "SELECT max(item_key) AS items FROM item")[0]["items"])
    for table in (*BY_RUN, *BY_ITEM):
        sql = _copy(con, table, "run_key" if table in BY_RUN else "item_key", items)
        execute(con, f"CREATE OR REPLACE TEMP TABLE base_row AS SELECT * FROM {table}")
        sql = sql.replace(f"FROM {table} AS base", "FROM base_row AS base")
        for low in range(1, copies, COPIES_AT_ONCE):
            execute(con, sql, low=low, high=min(low + COPIES_AT_ONCE, copies) - 1)
    execute(con, "CHECKPOINT")


def _copy(con: DuckDBPyConnection, table: str, key: str, items: int) -> str:
    columns = [(row["column_name"], row["data_type"]) for row in rows(con, COLUMNS, table=table)]
    values = [_value(name, kind, items) for name, kind in columns]
    names = ", ".join(name for name, _ in columns)
    return COPY.format(table=table, key=key, names=names, values=", ".join(values), order=ORDERS.get(table, ""))


def _value(name: str, kind: str, items: int) -> str:
    if name in KEYS:
        return f"base.{name} + moved.copy * {items}"
    if name in NAMES:
        return f"base.{name} || '/' || moved.copy"
    if name == "duration_micros":
        return "CAST(floor(base.duration_micros * moved.stretch) AS BIGINT)"
    if kind == "TIMESTAMP WITH TIME ZONE" and name not in ("learned_at", "seen_at"):
        offset = f"floor((epoch_us(base.{name}) - moved.opened_micros) * moved.stretch)"
        return f"make_timestamptz(moved.begun_micros + CAST({offset} AS BIGINT))"
    return f"base.{name}"
