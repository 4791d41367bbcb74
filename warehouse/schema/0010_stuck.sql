-- What tells that work is stuck, beside what was sampled so far.
ALTER TABLE pending ADD COLUMN task_queue VARCHAR;
COMMENT ON COLUMN pending.task_queue IS 'Queue that the activity waits in now; an operator may have moved it.';
ALTER TABLE pending ADD COLUMN version VARCHAR;
COMMENT ON COLUMN pending.version IS 'Worker deployment version that the run is pinned to, as deployment:build; NULL where it is not pinned.';
ALTER TABLE pending ADD COLUMN last_ended_at TIMESTAMPTZ;
COMMENT ON COLUMN pending.last_ended_at IS 'When the last finished attempt ended, UTC.';
ALTER TABLE pending ADD COLUMN paused_at TIMESTAMPTZ;
COMMENT ON COLUMN pending.paused_at IS 'When the activity was paused, UTC; NULL where it is not.';
ALTER TABLE pending ADD COLUMN failing_since_at TIMESTAMPTZ;
COMMENT ON COLUMN pending.failing_since_at IS 'When the first attempt of the activity ended without success, as far as the samples tell, UTC; NULL where none did, or where it is not known.';
ALTER TABLE task_queue ADD COLUMN versions VARCHAR;
COMMENT ON COLUMN task_queue.versions IS 'Worker deployment versions of those pollers, as deployment:build: a JSON array in order; NULL without a poller that has a version.';

-- A worker turn that was only handed to another worker is not failing: deriving everything again says so.
DELETE FROM rule_stream;
