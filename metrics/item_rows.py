"""The database rows of an item, version by version."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, INSTANT, TEXT, Kinds, typed
from metrics.metric import metric
from metrics.one_item import CHOSEN, parameters
from metrics.question import Question
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "item": TEXT,
    "table": TEXT,
    "row_id": TEXT,
    "version": COUNT,
    "valid_from_at": INSTANT,
    "seen_at": INSTANT,
    "content": TEXT,
    "before": TEXT,
}
SQL = """
WITH {chosen},
version AS (
    SELECT DISTINCT
        chosen.item,
        row_fact.table_path,
        row_fact.row_id,
        row_fact.valid_from_at,
        row_fact.seen_at,
        row_fact.content
    FROM chosen
    JOIN row_fact ON row_fact.stream = chosen.stream AND row_fact.item_text = chosen.business_key
    WHERE row_fact.seen_at <= $as_of
)
SELECT
    version.item,
    version.table_path AS "table",
    version.row_id,
    row_number() OVER of_row AS version,
    version.valid_from_at,
    version.seen_at,
    version.content,
    lag(version.content) OVER of_row AS before
FROM version
WINDOW of_row AS (
    PARTITION BY version.item, version.table_path, version.row_id ORDER BY version.seen_at, version.valid_from_at
)
ORDER BY version.seen_at, version.table_path, version.row_id, version.item, version
"""


@metric(
    title="Item: its database rows",
    unit="versions",
    grain="one row per version that was seen of a database row of the item, in order of sight",
    columns=tuple(KINDS),
)
def item_rows(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Every version of every database row that the stream file ties to an item, as it was seen by the instant.

    --where item=NAME takes a business key, a workflow id or a run id; without it, the rows of every item are listed.
    Rows find their item by its business key: items that share one share its rows.

    Edge cases: a row that was deleted is a version without content. What changed twice between two rounds was seen
    once.

    Columns: item (business key), table (db.SOURCE.TABLE), row_id (JSON array of its key columns), version (count,
    from 1), valid_from_at (UTC; by the row's own instant column, else when seen), seen_at (UTC; the round that saw it
    first), content (JSON object; null when it was deleted), before (content of the version before; null for the
    first).
    """
    params = parameters(stream, question, "item_rows")
    return typed(query(con, SQL.format(chosen=CHOSEN.strip()), **params), KINDS)
