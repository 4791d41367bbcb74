-- One row per stretch of a stay and what the item waited for then, from history alone.
SELECT
    wait.stream AS stream, -- The stream.
    coalesce(item.business_key, item.workflow_id) AS item, -- Business key; the workflow id where it has none.
    item.workflow_id AS workflow_id, -- Workflow id of its chain.
    wait.stay_index AS stay_index, -- The stay it is part of.
    stay.stage AS stage, -- Stage of that stay.
    wait.wait_index AS wait_index, -- Order within the item, from 0.
    wait.wait AS wait, -- The reason.
    wait.begun_at AS begun_at, -- UTC.
    wait.ended_at AS ended_at, -- UTC; empty while it lasts.
    wait.duration_micros / 1e6 AS duration_seconds -- ended_at - begun_at, seconds; empty while it lasts.
FROM wait
JOIN item ON item.stream = wait.stream AND item.item_key = wait.item_key
JOIN stay ON stay.stream = wait.stream AND stay.item_key = wait.item_key AND stay.stay_index = wait.stay_index
ORDER BY stream, workflow_id, item, begun_at, wait_index
