-- One row per stretch of a stay and what the item waited for then. The rows of a stay leave no gap and sum to it.
CREATE TABLE wait (
    stream VARCHAR NOT NULL, -- The stream.
    item_key BIGINT NOT NULL, -- The item.
    stay_index INTEGER NOT NULL, -- The stay it is part of; stays of no length have none.
    wait_index INTEGER NOT NULL, -- Order within the item, from 0.
    wait VARCHAR NOT NULL, -- closed | paused | worker turn failing | worker turn queued | step retrying | step running | step queued | step open | Nexus operation | decision open | message open | timer | child running | delayed start | silent: from history alone, so that a step whose start is not written yet is open.
    begun_at TIMESTAMPTZ NOT NULL, -- UTC.
    ended_at TIMESTAMPTZ, -- UTC; NULL while it lasts. May lie ahead: a deadline that will pass.
    duration_micros BIGINT -- ended_at - begun_at, microseconds; NULL while it lasts.
);

-- Putting the rules in force again derives everything again, which fills the table in a warehouse that has items.
DELETE FROM rule_stream;
