-- Calls from or to a number, among all calls.
CREATE INDEX call_from_time ON call(from_number, initiated_at) WHERE from_number IS NOT NULL;
CREATE INDEX call_to_time   ON call(to_number, initiated_at)   WHERE to_number IS NOT NULL;
