-- One row per event that tells that somebody took a question, or that it was escalated.
CREATE TABLE decision_mark (
    stream VARCHAR NOT NULL, -- The stream.
    item_key BIGINT NOT NULL, -- The item.
    decision VARCHAR NOT NULL, -- Name of the decision.
    purpose VARCHAR NOT NULL, -- claimed | escalated.
    marked_at TIMESTAMPTZ NOT NULL, -- UTC.
    actor VARCHAR -- Who, where the decision's actor paths say; NULL when not known.
);

-- Putting the rules in force again derives everything again, which fills the table in a warehouse that has items.
DELETE FROM rule_stream;
