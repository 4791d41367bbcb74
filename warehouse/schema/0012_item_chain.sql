-- The chains that may be tied to one item by a business key, and the chain of its item that each run belongs to.
CREATE TABLE item_chain (
    stream VARCHAR NOT NULL, -- The stream; only those that name a business key of their own.
    chain_key BIGINT NOT NULL, -- The chain, as in run_item.
    source_key INTEGER NOT NULL, -- The source of its runs: chains of two sources are never tied.
    business_key VARCHAR, -- Latest value at the stream's key path; NULL where missing.
    opened_at TIMESTAMPTZ NOT NULL, -- First event of its first run, UTC.
    ended_at TIMESTAMPTZ, -- End of its last run, or when that was last seen, UTC; NULL while open.
    is_lost BOOLEAN NOT NULL -- Its last run was lost from sight while open.
);
ALTER TABLE run_item ADD COLUMN home_key BIGINT;
COMMENT ON COLUMN run_item.home_key IS 'The chain of the item, itself or a parent, that the run belongs to: item_key, unless chains of one business key are tied.';
COMMENT ON COLUMN run_item.item_key IS 'The item: the lowest run_key of its own chain, or of all chains that its business key ties.';
COMMENT ON COLUMN run_item.is_own IS 'The run belongs to a chain of the item itself, not to a child''s.';

-- Putting the rules in force again derives everything again, which fills both in a warehouse that has items.
DELETE FROM rule_stream;
