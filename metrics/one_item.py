"""Finding one item by whatever somebody has in hand: what the metrics about one item stand on."""

from metrics.question import MetricError, Question
from value_stream import Stream

ITEM = "item"
# $item is NULL for all of them. A run id may be that of any run of the item, its children's included.
CHOSEN = """
chosen AS (
    SELECT
        item.*,
        coalesce(item.business_key, item.workflow_id) AS item,
        source.source,
        least($as_of, coalesce(source.as_of_at, $as_of)) AS until_at
    FROM item
    JOIN source ON source.source_key = item.source_key
    WHERE item.stream = $stream
      AND item.opened_at <= least($as_of, coalesce(source.as_of_at, $as_of))
      AND (
          $item IS NULL OR $item IN (item.business_key, item.workflow_id, item.run_id)
          OR item.item_key IN (
              SELECT run_item.item_key
              FROM run_item
              JOIN run ON run.run_key = run_item.run_key
              WHERE run_item.stream = $stream AND $item IN (run.run_id, run.workflow_id)
          )
      )
)"""


def parameters(stream: Stream, question: Question, metric: str) -> dict[str, object]:
    """What CHOSEN takes. Raises MetricError for anything but `item` to narrow by, and for a split."""
    if question.by:
        raise MetricError(f"{metric} lists what happened one by one: leave --by out.")
    other = [name for name, _ in question.where if name != ITEM]
    if other:
        raise MetricError(f"{metric} is narrowed by item alone, such as --where item=KEY, not by {other[0]!r}.")
    names = {value for _, value in question.where}
    if len(names) > 1:
        raise MetricError(f"{metric} speaks about one item at a time: give one --where item=KEY.")
    return {"stream": stream.stream, "as_of": question.as_of, "item": next(iter(names), None)}
