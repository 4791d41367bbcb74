-- One row per item, open ones included, with what was last known of it.
SELECT
    item.stream AS stream, -- The stream.
    coalesce(item.business_key, item.workflow_id) AS item, -- Business key; the workflow id where it has none.
    item.workflow_id AS workflow_id, -- Workflow id of its chain.
    item.run_id AS run_id, -- Newest run of its chain.
    item.workflow_type AS workflow_type, -- Type of its first run.
    source.source AS source, -- Where its runs were read.
    item.opened_at AS opened_at, -- First event of its first run, UTC.
    item.closed_at AS closed_at, -- Its end, UTC; empty while open.
    (epoch_us(item.closed_at) - epoch_us(item.opened_at)) / 1e6 AS duration_seconds, -- From opening to close, seconds; empty while open.
    last_stay.stage AS stage, -- The stage it is in, or was in last.
    last_stay.entered_at AS stage_entered_at, -- When it entered that stage, UTC.
    item.ended AS ended, -- How it ended: done, completed, failed, canceled, terminated, timed out; empty while open.
    item.outcome AS outcome, -- End stage it reached, else how it ended; empty while open.
    item.is_bad AS is_bad, -- It ended badly; empty while open.
    worth.number AS value, -- Value last known, in unit; empty where it has none.
    rule_stream.unit AS unit, -- Unit of the value.
    item.observed_until_at AS lost_at, -- Lost from sight: when it was last seen, UTC.
    item.progress_at AS progress_at, -- When it last moved on, UTC.
    item.activity_at AS activity_at, -- When anything last happened to it, UTC.
    item.is_standing AS is_standing, -- It never ends by design.
    item.is_reopened AS is_reopened, -- A reset of a closed run reopened it.
    item.is_headless AS is_headless, -- The first run of its chain was never seen.
    item.runs AS runs, -- Runs, children included.
    item.events AS events -- Events that count.
FROM item
JOIN source ON source.source_key = item.source_key
JOIN rule_stream ON rule_stream.stream = item.stream
LEFT JOIN (
    SELECT
        stay.stream,
        stay.item_key,
        arg_max(stay.stage, stay.stay_index) AS stage,
        max(stay.entered_at) AS entered_at
    FROM stay
    WHERE NOT stay.is_overlapped
    GROUP BY stay.stream, stay.item_key
) AS last_stay ON last_stay.stream = item.stream AND last_stay.item_key = item.item_key
LEFT JOIN rule_path ON rule_path.stream = item.stream AND rule_path.purpose = 'value'
LEFT JOIN item_attribute AS worth
    ON worth.stream = item.stream
   AND worth.item_key = item.item_key
   AND worth.path = rule_path.path
   AND worth.valid_to_at IS NULL
ORDER BY stream, opened_at, workflow_id, run_id
