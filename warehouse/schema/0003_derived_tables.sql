-- A pure function of the source tables and the rule tables. Rebuilt for the items that changed, in the
-- transaction that brings the events; rebuilding everything gives the same rows.

-- Which item each run belongs to.
CREATE TABLE run_item (
    stream VARCHAR NOT NULL, -- The stream.
    run_key BIGINT NOT NULL, -- The run.
    item_key BIGINT NOT NULL, -- The item: the lowest run_key of its own chain.
    chain_key BIGINT NOT NULL, -- The chain: the lowest run_key of the chain the run belongs to.
    is_own BOOLEAN NOT NULL -- The run belongs to the item's own chain, not to a child's.
);

-- One row per item.
CREATE TABLE item (
    stream VARCHAR NOT NULL, -- The stream.
    item_key BIGINT NOT NULL, -- Number of the item.
    source_key INTEGER NOT NULL, -- The source of its runs.
    workflow_id VARCHAR NOT NULL, -- Workflow id of its chain.
    run_id VARCHAR NOT NULL, -- Run id of the newest run of its chain.
    workflow_type VARCHAR NOT NULL, -- Type of its first run.
    business_key VARCHAR, -- Value of the stream's key path; NULL where missing.
    opened_at TIMESTAMPTZ NOT NULL, -- First event of its first run, UTC.
    closed_at TIMESTAMPTZ, -- End of its last run, or when a done rule held, UTC; NULL while open.
    ended VARCHAR, -- done | completed | failed | canceled | terminated | timed out; NULL while open.
    outcome VARCHAR, -- End stage it reached, else how it ended; NULL while open.
    is_bad BOOLEAN, -- It ended badly; NULL while open.
    is_standing BOOLEAN NOT NULL, -- It never ends by design.
    is_reopened BOOLEAN NOT NULL, -- A reset of a closed run reopened it.
    is_headless BOOLEAN NOT NULL, -- The first run of its chain was never seen.
    observed_until_at TIMESTAMPTZ, -- Lost from sight: when it was last seen, UTC.
    progress_at TIMESTAMPTZ NOT NULL, -- Last first-occurrence of progress (DEFINITIONS, two clocks), UTC.
    activity_at TIMESTAMPTZ NOT NULL, -- Last event of any kind, UTC.
    runs INTEGER NOT NULL, -- Runs of the item, children included.
    events BIGINT NOT NULL -- Events that count, copied prefixes left out.
);

-- One row per stay.
CREATE TABLE stay (
    stream VARCHAR NOT NULL, -- The stream.
    item_key BIGINT NOT NULL, -- The item.
    stay_index INTEGER NOT NULL, -- Order within the item, from 0.
    stage VARCHAR NOT NULL, -- The stage; '(closed)' for the time between a close and the reset that reopened it.
    stage_index INTEGER NOT NULL, -- Order of the stage in the file; -1 for '(closed)'.
    lane VARCHAR NOT NULL, -- Owner of the stage.
    entered_at TIMESTAMPTZ NOT NULL, -- UTC.
    left_at TIMESTAMPTZ, -- UTC; NULL while the item is there.
    duration_micros BIGINT, -- left_at - entered_at, microseconds; NULL while the item is there.
    entry_kind VARCHAR NOT NULL, -- Kind of the rule that made the entry; reset for a return by reset; close for '(closed)'.
    entry_run_key BIGINT NOT NULL, -- Run of the entering event.
    entry_event_id BIGINT NOT NULL, -- Id of the entering event; 0 for a database row.
    next_stage VARCHAR, -- Stage entered next; NULL while the item is there and for its last stay.
    exit_kind VARCHAR, -- advanced | rework | undrawn | reset | done | completed | failed | canceled | terminated | timed out | lost; NULL while the item is there.
    is_drawn BOOLEAN, -- The move out of it is drawn; NULL without a move.
    is_overlapped BOOLEAN NOT NULL -- Zero length: another stage of the same worker turn won.
);

-- One row per step.
CREATE TABLE step (
    stream VARCHAR NOT NULL, -- The stream.
    item_key BIGINT NOT NULL, -- The item.
    stay_index INTEGER NOT NULL, -- The stay in which it was scheduled.
    run_key BIGINT NOT NULL, -- The run that scheduled it.
    event_id BIGINT NOT NULL, -- The scheduling event.
    kind VARCHAR NOT NULL, -- activity | child | nexus | timer.
    name VARCHAR, -- Activity type, child type, Nexus service/operation, timer summary.
    task_queue VARCHAR, -- Queue, for activities and children.
    scheduled_at TIMESTAMPTZ NOT NULL, -- Raw time, UTC.
    started_at TIMESTAMPTZ, -- Raw time of the last attempt's start, UTC.
    ended_at TIMESTAMPTZ, -- Raw time, UTC; NULL while pending.
    due_at TIMESTAMPTZ, -- When the timer fires, or the activity times out, UTC.
    attempts INTEGER, -- Attempts as far as known.
    ended VARCHAR, -- completed | failed | timed out | canceled | terminated | fired; NULL while pending.
    failure_message VARCHAR, -- Last failure.
    failure_type VARCHAR -- Type of the last failure.
);

-- What was pending, from history alone.
CREATE TABLE pending_work (
    stream VARCHAR NOT NULL, -- The stream.
    item_key BIGINT NOT NULL, -- The item.
    run_key BIGINT NOT NULL, -- The run.
    event_id BIGINT NOT NULL, -- The event that opened it.
    kind VARCHAR NOT NULL, -- worker turn | worker turn failing | activity | child | nexus | timer | deadline timer | paused | delayed start.
    name VARCHAR, -- Activity type, child type, Nexus service/operation, timer summary; failure message of a failing turn.
    reference VARCHAR, -- Activity id, child run id, timer id.
    opened_at TIMESTAMPTZ NOT NULL, -- Instant, UTC.
    settled_at TIMESTAMPTZ, -- Instant, UTC; NULL while pending.
    due_at TIMESTAMPTZ, -- When the timer fires or the step times out, UTC.
    task_queue VARCHAR -- Queue it waits in.
);

-- One row per question asked.
CREATE TABLE decision (
    stream VARCHAR NOT NULL, -- The stream.
    item_key BIGINT NOT NULL, -- The item.
    decision VARCHAR NOT NULL, -- Name of the decision.
    question_index INTEGER NOT NULL, -- Order of the question within item and decision, from 0.
    stay_index INTEGER, -- The stay it was asked in.
    asked_at TIMESTAMPTZ NOT NULL, -- UTC.
    deadline_at TIMESTAMPTZ, -- asked_at + the declared deadline, UTC.
    decided_at TIMESTAMPTZ, -- UTC; NULL while open or withdrawn.
    withdrawn_at TIMESTAMPTZ, -- The stage ended first, UTC.
    outcome VARCHAR, -- The outcome; NULL while open or withdrawn.
    is_early BOOLEAN NOT NULL, -- The answer came before the question.
    actor VARCHAR, -- Who decided; NULL when not known.
    actor_kind VARCHAR, -- person | rule | timer | unknown; NULL while open or withdrawn.
    evidence VARCHAR, -- The path the actor was found at.
    channel VARCHAR, -- Kind and name of the answer: 'update decide'.
    answer_run_key BIGINT, -- Run of the answering event; NULL for a database row.
    answer_event_id BIGINT, -- Id of the answering event.
    confirms INTEGER NOT NULL, -- Later answers of the same asking with the same outcome.
    conflicts INTEGER NOT NULL, -- Later answers of the same asking with another outcome.
    off_list VARCHAR -- An answer whose outcome is no option: kept, does not close.
);

-- What was known of an item, and when: values, segments, owners, from attributes and database rows.
CREATE TABLE item_attribute (
    stream VARCHAR NOT NULL, -- The stream.
    item_key BIGINT NOT NULL, -- The item.
    path VARCHAR NOT NULL, -- The declared path or search attribute.
    valid_from_at TIMESTAMPTZ NOT NULL, -- UTC; the first version of a database row holds from the item's opening.
    valid_to_at TIMESTAMPTZ, -- UTC; NULL while it holds.
    value VARCHAR, -- Value as text; NULL where unset.
    number DOUBLE -- The value as a number, where it is one.
);

-- Database row versions, with the key by which they find their item.
CREATE TABLE row_fact (
    stream VARCHAR NOT NULL, -- The stream that declares the table.
    source_key INTEGER NOT NULL, -- The database.
    table_path VARCHAR NOT NULL, -- db.SOURCE.TABLE.
    row_id VARCHAR NOT NULL, -- The row's key columns as a JSON array.
    seen_at TIMESTAMPTZ NOT NULL, -- When this version was first seen, UTC.
    valid_from_at TIMESTAMPTZ NOT NULL, -- Declared instant of the version, else seen_at, UTC.
    item_text VARCHAR, -- Value of the key column: the item's business key.
    content VARCHAR -- The row as a JSON object; NULL when it was deleted.
);
