-- One row per round of reading a source.
SELECT
    source.source AS source, -- The source.
    sync_round.round_id AS round_id, -- Number of the round, rising.
    sync_round.started_at AS started_at, -- UTC.
    sync_round.ended_at AS ended_at, -- UTC.
    (epoch_us(sync_round.ended_at) - epoch_us(sync_round.started_at)) / 1e6 AS duration_seconds, -- Seconds.
    sync_round.is_complete AS is_complete, -- It read all it set out to read.
    sync_round.requests AS requests, -- Requests made to the source.
    sync_round.throttled AS throttled, -- Requests the source refused for its limits.
    sync_round.runs_changed AS runs_changed, -- Runs or rows that were new or changed.
    sync_round.events_added AS events_added, -- Events or row versions added.
    sync_round.open_there AS open_there, -- Open runs by the source's own count.
    sync_round.open_here AS open_here, -- Open runs in this warehouse right after the round.
    sync_round.error AS error -- What went wrong, in one sentence; empty when nothing did.
FROM sync_round
JOIN source ON source.source_key = sync_round.source_key
ORDER BY source, round_id
