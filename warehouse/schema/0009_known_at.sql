-- What earlier states of the mirror need to be told again: how far a source had been read, and when a run was missed.
ALTER TABLE sync_round ADD COLUMN as_of_at TIMESTAMPTZ;
COMMENT ON COLUMN sync_round.as_of_at IS 'UTC instant up to which the source had been read completely, right after the round; NULL before the first complete one, and in rounds of older versions.';
ALTER TABLE run ADD COLUMN lost_at TIMESTAMPTZ;
COMMENT ON COLUMN run.lost_at IS 'When we first noticed that it was lost from sight, UTC; NULL while it is not, and where an older version noticed.';
