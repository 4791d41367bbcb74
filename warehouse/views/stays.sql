-- One row per stay: one visit of an item to a stage.
SELECT
    stay.stream AS stream, -- The stream.
    coalesce(item.business_key, item.workflow_id) AS item, -- Business key; the workflow id where it has none.
    item.workflow_id AS workflow_id, -- Workflow id of its chain.
    source.source AS source, -- Where its runs were read.
    stay.stay_index AS stay_index, -- Order within the item, from 0.
    stay.stage AS stage, -- The stage; (closed) for the time between a close and the reset that reopened it.
    stay.lane AS lane, -- Owner of the stage.
    stay.entered_at AS entered_at, -- UTC.
    stay.left_at AS left_at, -- UTC; empty while the item is there.
    stay.duration_micros / 1e6 AS duration_seconds, -- left_at - entered_at, seconds; empty while the item is there.
    stay.next_stage AS next_stage, -- Stage entered next; empty while the item is there and for its last stay.
    stay.exit_kind AS exit_kind, -- advanced, rework, undrawn, reset, done, completed, failed, canceled, terminated, timed out, lost; empty while the item is there.
    stay.is_drawn AS is_drawn, -- The move out of it is drawn; empty without a move.
    stay.is_overlapped AS is_overlapped -- Of no length: another stage of the same worker turn won.
FROM stay
JOIN item ON item.stream = stay.stream AND item.item_key = stay.item_key
JOIN source ON source.source_key = item.source_key
ORDER BY stream, workflow_id, item, entered_at, stay_index, source
