-- One row per value of a segment, owner, amount or other declared path of an item, and when it held.
SELECT
    item_attribute.stream AS stream, -- The stream.
    coalesce(item.business_key, item.workflow_id) AS item, -- Business key; the workflow id where it has none.
    item.workflow_id AS workflow_id, -- Workflow id of its chain.
    item_attribute.path AS path, -- The declared path or search attribute.
    item_attribute.valid_from_at AS valid_from_at, -- UTC.
    item_attribute.valid_to_at AS valid_to_at, -- UTC; empty while it holds.
    item_attribute.value AS value, -- Value as text; empty where unset.
    item_attribute.number AS number -- The value as a number, where it is one.
FROM item_attribute
JOIN item ON item.stream = item_attribute.stream AND item.item_key = item_attribute.item_key
ORDER BY stream, workflow_id, path, valid_from_at, value
