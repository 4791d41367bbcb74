"""Items that have closed, by their names."""

from collections.abc import Sequence
from typing import Any

from duckdb import DuckDBPyConnection

from warehouse.database import rows

SQL = """
SELECT
    source.source,
    item.workflow_id,
    item.run_id,
    coalesce(item.business_key, item.workflow_id) AS item
FROM item
JOIN source ON source.source_key = item.source_key
WHERE item.stream = $stream
  AND item.closed_at IS NOT NULL
  AND (list_contains($names, coalesce(item.business_key, item.workflow_id))
       OR list_contains($names, item.workflow_id))
QUALIFY row_number() OVER (
    PARTITION BY item.source_key, item.workflow_id ORDER BY item.opened_at DESC, item.item_key DESC
) = 1
ORDER BY item.closed_at DESC, item.item_key
"""


def closed_items(con: DuckDBPyConnection, stream: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """Closed items that go by these names, business keys or workflow ids; of one workflow id the newest alone.

    Columns: source, workflow_id, run_id (newest run of its chain), item (business key, else workflow id).
    """
    return rows(con, SQL, stream=stream, names=list(names))
