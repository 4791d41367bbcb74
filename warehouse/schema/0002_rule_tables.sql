-- Stream files as plain rule rows: what derive applies to events. Replaced as a whole when a stream file changes.

-- Every version of every stream file that was ever loaded.
CREATE TABLE stream_version (
    stream VARCHAR NOT NULL, -- Name of the stream.
    version VARCHAR NOT NULL, -- SHA-256 of the stream's meaning, hexadecimal.
    loaded_at TIMESTAMPTZ NOT NULL, -- When this version came into force here, UTC.
    content VARCHAR NOT NULL -- The stream file as JSON text.
);

-- One row per stream in force.
CREATE TABLE rule_stream (
    stream VARCHAR NOT NULL, -- Name of the stream.
    stream_index INTEGER NOT NULL, -- Order of the stream among all, by name.
    is_standing BOOLEAN NOT NULL, -- Its items never end by design.
    key_path VARCHAR NOT NULL, -- Path of the business key ('workflow_id' by default).
    unit VARCHAR -- Unit of the item's value; NULL without a value.
);

-- Workflow types that make items.
CREATE TABLE rule_type (
    stream VARCHAR NOT NULL, -- The stream.
    workflow_type VARCHAR NOT NULL -- A type it names.
);

-- Sources whose runs make items; none listed means all.
CREATE TABLE rule_source (
    stream VARCHAR NOT NULL, -- The stream.
    source VARCHAR NOT NULL -- cluster/namespace.
);

-- Stages.
CREATE TABLE rule_stage (
    stream VARCHAR NOT NULL, -- The stream.
    stage VARCHAR NOT NULL, -- Name of the stage.
    stage_index INTEGER NOT NULL, -- Order in the file, from 0.
    lane VARCHAR NOT NULL, -- The owner.
    is_end BOOLEAN NOT NULL, -- An end stage: every one of its entry rules is a close rule.
    is_bad BOOLEAN NOT NULL, -- Ending here is ending badly.
    target_micros BIGINT, -- What is aimed for, microseconds.
    deadline_micros BIGINT -- What was promised, microseconds.
);

-- Event rules: what an event must look like, and what it then means.
CREATE TABLE rule_event (
    stream VARCHAR NOT NULL, -- The stream.
    purpose VARCHAR NOT NULL, -- enter | done | asked | answered | claimed | escalated.
    target VARCHAR NOT NULL, -- The stage (enter), the decision (asked, answered, claimed, escalated), the stream (done).
    rule_index INTEGER NOT NULL, -- Order in the file over all rules of the purpose, from 0: the first that matches wins.
    kind VARCHAR NOT NULL, -- start | activity | activity_done | child | nexus | timer | signal | update | search_attribute | memo | row | close | waiting_for | stage_entered | deadline.
    name VARCHAR, -- Exact name: activity type, signal, update, child type, timer summary, attribute name, database.table; NULL matches any. Several rows of one rule_index are alternatives.
    column_name VARCHAR, -- For row: the column that must hold the value.
    value VARCHAR, -- search_attribute, memo, row: the value it must take; close: the status; NULL matches any.
    seconds_micros BIGINT, -- For timer: the timer's length, microseconds.
    workflow_type VARCHAR, -- The event must be of a run of this type; NULL: of the item's own chain.
    after_stage VARCHAR, -- Only while the item is in this stage.
    outcome VARCHAR, -- For answered: the outcome, when it is a constant.
    outcome_path VARCHAR, -- For answered: the path that holds the outcome, when it is not.
    actor_kind VARCHAR -- For answered: person | rule | timer.
);

-- Values that a message may hold and the outcome that each means.
CREATE TABLE rule_outcome (
    stream VARCHAR NOT NULL, -- The stream.
    rule_index INTEGER NOT NULL, -- The answered rule.
    value VARCHAR NOT NULL, -- Value at outcome_path.
    outcome VARCHAR NOT NULL -- The outcome it means.
);

-- Drawn moves.
CREATE TABLE rule_move (
    stream VARCHAR NOT NULL, -- The stream.
    from_stage VARCHAR NOT NULL, -- Stage that is left.
    to_stage VARCHAR NOT NULL, -- Stage that is entered.
    is_rework BOOLEAN NOT NULL -- Drawn as rework.
);

-- Decisions.
CREATE TABLE rule_decision (
    stream VARCHAR NOT NULL, -- The stream.
    decision VARCHAR NOT NULL, -- Name of the decision.
    stage VARCHAR NOT NULL, -- Stage it is asked in.
    needs INTEGER NOT NULL, -- Distinct actors that must answer.
    deadline_micros BIGINT -- What was promised, microseconds from asked.
);

-- Outcomes a decision may have.
CREATE TABLE rule_option (
    stream VARCHAR NOT NULL, -- The stream.
    decision VARCHAR NOT NULL, -- The decision.
    outcome VARCHAR NOT NULL, -- An option.
    is_again BOOLEAN NOT NULL, -- It closes this question and opens the next.
    is_bad BOOLEAN NOT NULL -- Ending by it is ending badly.
);

-- Where the actor of a decision is found; first that is present.
CREATE TABLE rule_actor (
    stream VARCHAR NOT NULL, -- The stream.
    decision VARCHAR NOT NULL, -- The decision.
    actor_index INTEGER NOT NULL, -- Order, from 0.
    path VARCHAR NOT NULL -- principal, identity, or a declared path.
);

-- Paths whose value belongs to the item.
CREATE TABLE rule_path (
    stream VARCHAR NOT NULL, -- The stream.
    purpose VARCHAR NOT NULL, -- key | value | initiator | owner | segment | required | input.
    target VARCHAR NOT NULL, -- The stage (required), the decision (input), else the stream.
    path VARCHAR NOT NULL -- search_attribute.K, memo.k, input.a, db.SOURCE.TABLE.COLUMN, workflow_id.
);

-- How the rows of a database find their item and their time.
CREATE TABLE rule_row (
    stream VARCHAR NOT NULL, -- The stream.
    source VARCHAR NOT NULL, -- Name of the database.
    table_name VARCHAR NOT NULL, -- Table.
    key_column VARCHAR NOT NULL, -- Column that holds the item's key.
    at_column VARCHAR -- Column that holds the version's instant; NULL: when it was first seen.
);
