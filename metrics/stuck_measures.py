"""What the rules of stuck work measure by, as SQL: progress, how long steps and stays usually take, a run's size."""

MEASURES = """
-- items of which more is known than the instant may tell: the two clocks are read off their events again
moved_on AS (
    SELECT open_item.item_key, open_item.entered_at, open_item.until_at, run_item.run_key
    FROM open_item
    JOIN item
        ON item.stream = open_item.stream
       AND item.item_key = open_item.item_key
       AND item.activity_at > open_item.until_at
    JOIN run_item ON run_item.stream = open_item.stream AND run_item.item_key = open_item.item_key
),
moment AS (
    SELECT
        moved_on.item_key,
        moved_on.entered_at,
        event.type,
        coalesce(event.name, opener.name) AS name,
        event.time_at
    FROM moved_on
    JOIN event
        ON event.run_key = moved_on.run_key
       AND event.type <> 11
       AND event.time_at <= moved_on.until_at
       -- a message is looked for in all of the past: one that a reset applies again counts once, at its first time
       AND (event.time_at >= moved_on.entered_at OR event.type IN (26, 41))
    LEFT JOIN event AS opener ON opener.run_key = event.run_key AND opener.event_id = event.answers_event_id
    QUALIFY event.type NOT IN (26, 41)
         OR event.reference IS NULL
         OR row_number() OVER (
                PARTITION BY moved_on.item_key, event.type, event.reference
                ORDER BY event.time_at, event.run_key, event.event_id
            ) = 1
),
past AS (
    SELECT
        item_key,
        max(last_at) AS active_at,
        max(first_at) FILTER (type IN (12, 13, 14, 16, 18, 26, 32, 33, 34, 35, 36, 41, 50, 51, 52, 53)) AS progress_at
    FROM (
        SELECT item_key, type, name, min(time_at) AS first_at, max(time_at) AS last_at
        FROM moment
        WHERE time_at >= entered_at
        GROUP BY item_key, type, name
    ) AS kind
    GROUP BY item_key
),
progress AS (
    SELECT
        open_item.item_key,
        CASE WHEN item.progress_at <= open_item.until_at THEN item.progress_at
            ELSE greatest(open_item.entered_at, past.progress_at)
        END AS progress_at,
        CASE WHEN item.activity_at <= open_item.until_at THEN item.activity_at
            ELSE greatest(open_item.entered_at, past.active_at)
        END AS active_at
    FROM open_item
    JOIN item ON item.stream = open_item.stream AND item.item_key = open_item.item_key
    LEFT JOIN past ON past.item_key = open_item.item_key
),
usual_step AS (
    SELECT
        step.name,
        count(*) AS steps,
        CAST(percentile_disc(0.95) WITHIN GROUP (ORDER BY step.ran_micros) AS BIGINT) AS usual_micros,
        greatest($over_time * percentile_disc(0.95) WITHIN GROUP (ORDER BY step.ran_micros), $patience_micros)
            AS limit_micros
    FROM (
        SELECT step.name, epoch_us(step.ended_at) - epoch_us(step.started_at) AS ran_micros
        FROM step
        WHERE step.stream = $stream
          AND step.kind = 'activity'
          AND step.ended = 'completed'
          AND step.started_at IS NOT NULL
          AND step.ended_at <= CAST($as_of AS TIMESTAMPTZ)
          AND step.ended_at > CAST($usual_from_at AS TIMESTAMPTZ)
          AND step.name IN (
            SELECT condition.name
            FROM condition
            WHERE condition.kind = 'activity'
              AND condition.state IN ('started', 'cancel requested')
              AND condition.until_at >= condition.last_started_at + to_microseconds($patience_micros)
          )
    ) AS step
    GROUP BY step.name
    HAVING count(*) >= 20
),
large_run AS (
    SELECT
        open_run.item_key,
        open_run.run_key,
        open_run.until_at,
        CASE WHEN open_run.history_length >= $most_events THEN 'events ' || open_run.history_length
            ELSE 'bytes ' || open_run.history_size_bytes
        END AS about,
        min(event.time_at) FILTER (
            open_run.history_length < $most_events OR event.event_id >= $most_events
        ) AS since_at
    FROM open_run
    JOIN event
        ON event.run_key = open_run.run_key
       AND event.event_id >= least($most_events, open_run.history_length)
    WHERE open_run.history_length >= $most_events OR open_run.history_size_bytes >= $most_bytes
    GROUP BY open_run.item_key, open_run.run_key, open_run.until_at, open_run.history_length,
        open_run.history_size_bytes
    UNION ALL
    SELECT
        item_key, run_key, until_at, 'activities ' || count(*), max(opened_at)
    FROM held_work
    WHERE kind = 'activity'
    GROUP BY item_key, run_key, until_at
    HAVING count(*) >= $most_pending
)"""
USUAL_STAY = """
usual_stay AS (
    SELECT
        unnest(CAST($usual_stages AS VARCHAR[])) AS stage,
        unnest(CAST($usual_micros AS BIGINT[])) AS micros,
        unnest(CAST($usual_exits AS BIGINT[])) AS exits
)"""
