-- Samples that say the same one after the other become one row.
ALTER TABLE pending ADD COLUMN sampled_until_at TIMESTAMPTZ;
COMMENT ON COLUMN pending.sampled_until_at IS 'Until when samples at most 30 s apart went on to say the same, UTC; sampled_at where only one did, or where they are not thinned yet.';
COMMENT ON COLUMN pending.kind IS 'none | worker turn | activity | child | nexus | paused: none says that nothing was pending, and goes once no older sample would be heard.';
UPDATE pending SET sampled_until_at = sampled_at;

-- How far the samples have been thinned.
CREATE TABLE thinned (
    until_at TIMESTAMPTZ NOT NULL -- Samples up to this instant have been thinned, UTC.
);
