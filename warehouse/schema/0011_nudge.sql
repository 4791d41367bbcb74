-- The journal of nudges, as read: one row per record. The journal itself is a file beside the warehouse and outlives it.
CREATE TABLE nudge (
    source_key INTEGER NOT NULL, -- The journal it was read from.
    record_id VARCHAR NOT NULL, -- Id of the record: a record read twice is one.
    recorded_at TIMESTAMPTZ NOT NULL, -- When it was written, UTC.
    state VARCHAR NOT NULL, -- planned | requested | accepted | refused | skipped | failed: of one line of a plan. stopped | ended | denied: of all of it.
    plan VARCHAR, -- Id of the plan.
    line INTEGER, -- Which item of the plan, from 0; NULL for all of it.
    lines INTEGER, -- Items of the plan.
    actor VARCHAR NOT NULL, -- Who asked for it.
    role VARCHAR, -- Their role; NULL for none.
    via VARCHAR NOT NULL, -- How they were known: sign-in, proxy, config, command line.
    reason VARCHAR NOT NULL, -- Why, in their words.
    stream VARCHAR NOT NULL, -- The stream.
    nudge VARCHAR, -- Name of the nudge in the stream file; NULL for a verb that it does not declare.
    verb VARCHAR NOT NULL, -- What is done.
    particulars VARCHAR NOT NULL, -- The verb with its particulars, arguments included, as JSON text.
    source VARCHAR, -- The source of the run.
    workflow_id VARCHAR, -- Workflow id of the run.
    run_id VARCHAR, -- The run.
    item VARCHAR, -- The item's key, as shown.
    stage VARCHAR, -- Stage of the item when it was planned.
    wait VARCHAR, -- What it waited for when it was planned.
    cause VARCHAR, -- Why it was stuck, as told when it was planned; NULL where nothing was told.
    seen VARCHAR, -- What Temporal said of the run, as JSON text.
    request_id VARCHAR, -- Id of the request: the same for every try of this line.
    answer VARCHAR, -- What the server answered, or why nothing was asked of it.
    new_run_id VARCHAR -- The run that a reset or a start made.
);
