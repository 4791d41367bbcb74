-- What each item waited for, stretch by stretch: of all that was pending the first reason that holds.
CREATE OR REPLACE TEMP TABLE found_wait AS
WITH reason(rank, wait) AS (
    VALUES (0, 'closed'), (1, 'paused'), (2, 'worker turn failing'), (3, 'worker turn queued'), (4, 'step retrying'),
        (5, 'step running'), (6, 'step queued'), (7, 'step open'), (8, 'Nexus operation'), (9, 'decision open'),
        (10, 'message open'), (11, 'timer'), (12, 'child running'), (13, 'delayed start'), (14, 'silent')
),
span AS (
    SELECT
        stream,
        item_key,
        min(entered_at) AS begun_at,
        arg_max({'instant': left_at}, stay_index).instant AS ended_at
    FROM found_stay
    WHERE NOT is_overlapped
    GROUP BY stream, item_key
),
step_time AS (
    SELECT
        *,
        CASE
            WHEN started_at IS NOT NULL THEN greatest(opened_at, least(started_at, coalesce(settled_at, started_at)))
        END AS began_at,
        CASE
            WHEN coalesce(attempts, 1) > 1 THEN 4
            WHEN started_at IS NOT NULL OR ended <> 'abandoned' THEN 6
            ELSE 7
        END AS before_rank
    FROM found_step
    WHERE kind = 'activity'
),
pending AS (
    SELECT found_pending.stream, found_pending.item_key, reason.rank, found_pending.opened_at, found_pending.settled_at
    FROM found_pending
    JOIN (
        VALUES ('paused', 'paused'), ('worker turn failing', 'worker turn failing'),
            ('worker turn', 'worker turn queued'), ('nexus', 'Nexus operation'), ('timer', 'timer'),
            ('child', 'child running'), ('delayed start', 'delayed start')
    ) AS meaning(kind, wait) ON meaning.kind = found_pending.kind
    JOIN reason ON reason.wait = meaning.wait
    UNION ALL
    SELECT stream, item_key, before_rank, opened_at, coalesce(began_at, settled_at) FROM step_time
    UNION ALL
    SELECT stream, item_key, 5, began_at, settled_at FROM step_time WHERE began_at IS NOT NULL
    UNION ALL
    -- where the deadline is an answer, a question is not open past it
    SELECT
        decision.stream, decision.item_key, 9, decision.asked_at,
        CASE
            WHEN expiry.stream IS NULL THEN coalesce(decision.decided_at, decision.withdrawn_at)
            ELSE least(
                coalesce(decision.decided_at, decision.withdrawn_at, decision.deadline_at),
                coalesce(decision.deadline_at, decision.decided_at, decision.withdrawn_at)
            )
        END
    FROM found_decision AS decision
    LEFT JOIN (
        SELECT DISTINCT stream, target FROM rule_event WHERE purpose = 'answered' AND kind = 'deadline'
    ) AS expiry ON expiry.stream = decision.stream AND expiry.target = decision.decision
    UNION ALL
    SELECT DISTINCT stay.stream, stay.item_key, 10, stay.entered_at, stay.left_at
    FROM found_stay AS stay
    JOIN rule_event
        ON rule_event.stream = stay.stream
       AND rule_event.purpose = 'enter'
       AND rule_event.kind = 'waiting_for'
       AND rule_event.target = stay.stage
    WHERE NOT stay.is_overlapped
    UNION ALL
    SELECT stream, item_key, 0, entered_at, left_at FROM found_stay WHERE stage = '(closed)'
),
clipped AS (
    SELECT
        pending.stream,
        pending.item_key,
        pending.rank,
        greatest(pending.opened_at, span.begun_at) AS opened_at,
        pending.settled_at
    FROM pending
    JOIN span ON span.stream = pending.stream AND span.item_key = pending.item_key
    WHERE (span.ended_at IS NULL OR pending.opened_at < span.ended_at)
      AND (pending.settled_at IS NULL OR pending.settled_at > greatest(pending.opened_at, span.begun_at))
),
change AS (
    SELECT stream, item_key, opened_at AS at_instant, rank, 1 AS more, NULL AS stay_index FROM clipped
    UNION ALL
    SELECT stream, item_key, settled_at, rank, -1, NULL FROM clipped WHERE settled_at IS NOT NULL
    UNION ALL
    -- every stay begins a stretch of its own
    SELECT stream, item_key, entered_at, 14, 0, stay_index FROM found_stay WHERE NOT is_overlapped
),
tally AS (
    SELECT
        change.stream,
        change.item_key,
        change.at_instant,
        max(change.stay_index) AS stay_index,
        sum(CASE WHEN rank = 0 THEN more ELSE 0 END) AS n0,
        sum(CASE WHEN rank = 1 THEN more ELSE 0 END) AS n1,
        sum(CASE WHEN rank = 2 THEN more ELSE 0 END) AS n2,
        sum(CASE WHEN rank = 3 THEN more ELSE 0 END) AS n3,
        sum(CASE WHEN rank = 4 THEN more ELSE 0 END) AS n4,
        sum(CASE WHEN rank = 5 THEN more ELSE 0 END) AS n5,
        sum(CASE WHEN rank = 6 THEN more ELSE 0 END) AS n6,
        sum(CASE WHEN rank = 7 THEN more ELSE 0 END) AS n7,
        sum(CASE WHEN rank = 8 THEN more ELSE 0 END) AS n8,
        sum(CASE WHEN rank = 9 THEN more ELSE 0 END) AS n9,
        sum(CASE WHEN rank = 10 THEN more ELSE 0 END) AS n10,
        sum(CASE WHEN rank = 11 THEN more ELSE 0 END) AS n11,
        sum(CASE WHEN rank = 12 THEN more ELSE 0 END) AS n12,
        sum(CASE WHEN rank = 13 THEN more ELSE 0 END) AS n13
    FROM change
    JOIN span
        ON span.stream = change.stream
       AND span.item_key = change.item_key
       AND (span.ended_at IS NULL OR change.at_instant < span.ended_at)
    GROUP BY change.stream, change.item_key, change.at_instant
),
swept AS (
    SELECT
        stream,
        item_key,
        at_instant,
        max(stay_index) OVER so_far AS stay_index,
        CASE
            WHEN sum(n0) OVER so_far > 0 THEN 0
            WHEN sum(n1) OVER so_far > 0 THEN 1
            WHEN sum(n2) OVER so_far > 0 THEN 2
            WHEN sum(n3) OVER so_far > 0 THEN 3
            WHEN sum(n4) OVER so_far > 0 THEN 4
            WHEN sum(n5) OVER so_far > 0 THEN 5
            WHEN sum(n6) OVER so_far > 0 THEN 6
            WHEN sum(n7) OVER so_far > 0 THEN 7
            WHEN sum(n8) OVER so_far > 0 THEN 8
            WHEN sum(n9) OVER so_far > 0 THEN 9
            WHEN sum(n10) OVER so_far > 0 THEN 10
            WHEN sum(n11) OVER so_far > 0 THEN 11
            WHEN sum(n12) OVER so_far > 0 THEN 12
            WHEN sum(n13) OVER so_far > 0 THEN 13
            ELSE 14
        END AS rank
    FROM tally
    WINDOW so_far AS (
        PARTITION BY stream, item_key ORDER BY at_instant ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
marked AS (
    SELECT
        *,
        lag(rank) OVER by_stay IS DISTINCT FROM rank AS is_new
    FROM swept
    WINDOW by_stay AS (PARTITION BY stream, item_key, stay_index ORDER BY at_instant)
),
stretch AS (
    SELECT
        marked.stream,
        marked.item_key,
        marked.stay_index,
        marked.rank,
        marked.at_instant,
        coalesce(
            lead(marked.at_instant) OVER (PARTITION BY marked.stream, marked.item_key ORDER BY marked.at_instant),
            span.ended_at
        ) AS ended_at,
        span.ended_at IS NOT NULL AS is_settled
    FROM marked
    JOIN span ON span.stream = marked.stream AND span.item_key = marked.item_key
    WHERE marked.is_new
),
measured AS (
    SELECT
        *,
        epoch_us(ended_at) - epoch_us(at_instant) AS micros,
        is_settled AND epoch_us(ended_at) - epoch_us(at_instant) < 1000000 AS is_short
    FROM stretch
),
-- Of an item that is over, what lasted under a second goes to its neighbour in the stay. Short ones in a row count as
-- one, which waits for what took most of it.
numbered AS (
    SELECT
        *,
        sum(CASE WHEN is_short AND was_short THEN 0 ELSE 1 END) OVER (
            PARTITION BY stream, item_key, stay_index ORDER BY at_instant
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS piece
    FROM (
        SELECT
            *,
            coalesce(lag(is_short) OVER (PARTITION BY stream, item_key, stay_index ORDER BY at_instant), false)
                AS was_short
        FROM measured
    )
),
by_reason AS (
    SELECT
        stream, item_key, stay_index, piece, rank,
        min(at_instant) AS at_instant,
        sum(micros) AS micros,
        bool_or(is_settled) AS is_settled
    FROM numbered
    GROUP BY stream, item_key, stay_index, piece, rank
),
piece AS (
    SELECT
        stream, item_key, stay_index, piece,
        min(at_instant) AS at_instant,
        arg_min(rank, {'m': -coalesce(micros, 0), 'r': rank}) AS rank,
        NOT bool_or(is_settled) OR sum(micros) >= 1000000 AS is_kept
    FROM by_reason
    GROUP BY stream, item_key, stay_index, piece
),
owned AS (
    SELECT
        *,
        coalesce(
            max(CASE WHEN is_kept THEN piece END) OVER (
                PARTITION BY stream, item_key, stay_index ORDER BY piece
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ),
            min(CASE WHEN is_kept THEN piece END) OVER (PARTITION BY stream, item_key, stay_index),
            piece
        ) AS owner
    FROM piece
),
absorbed AS (
    SELECT
        owned.stream,
        owned.item_key,
        owned.stay_index,
        owned.at_instant,
        owner.rank,
        lag(owner.rank) OVER (
            PARTITION BY owned.stream, owned.item_key, owned.stay_index ORDER BY owned.at_instant
        ) IS DISTINCT FROM owner.rank AS is_new
    FROM owned
    JOIN owned AS owner
        ON owner.stream = owned.stream
       AND owner.item_key = owned.item_key
       AND owner.stay_index = owned.stay_index
       AND owner.piece = owned.owner
),
ended AS (
    SELECT
        absorbed.stream,
        absorbed.item_key,
        absorbed.stay_index,
        absorbed.rank,
        absorbed.at_instant AS begun_at,
        coalesce(
            lead(absorbed.at_instant) OVER (
                PARTITION BY absorbed.stream, absorbed.item_key ORDER BY absorbed.at_instant
            ),
            span.ended_at
        ) AS ended_at
    FROM absorbed
    JOIN span ON span.stream = absorbed.stream AND span.item_key = absorbed.item_key
    WHERE absorbed.is_new
)
SELECT
    ended.stream,
    ended.item_key,
    ended.stay_index,
    row_number() OVER (PARTITION BY ended.stream, ended.item_key ORDER BY ended.begun_at) - 1 AS wait_index,
    reason.wait,
    ended.begun_at,
    ended.ended_at,
    epoch_us(ended.ended_at) - epoch_us(ended.begun_at) AS duration_micros
FROM ended
JOIN reason ON reason.rank = ended.rank;

INSERT INTO wait BY NAME
SELECT * FROM found_wait ORDER BY stream, item_key, wait_index;
