-- What programs outside are told and may order: the log of calls as a stream, the keys of the
-- API, and what was answered to orders that may come twice.

-- One row an event that is published, in the transaction that brings its call's rows. Ids grow and
-- are never used again, because the newest row is never pruned.
CREATE TABLE call_event (
  id      INTEGER PRIMARY KEY,
  call_id TEXT NOT NULL,
  seq     INTEGER NOT NULL,                    -- 1, 2, … within the call, without gaps
  at      BIGINT NOT NULL,
  kind    TEXT NOT NULL,
  data    TEXT NOT NULL,                       -- JSON object
  UNIQUE (call_id, seq)
);

-- The key itself is known to its holder only.
CREATE TABLE api_key (
  id         TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  sha256     TEXT NOT NULL UNIQUE,             -- of the key, hex
  scope      TEXT NOT NULL CHECK (scope IN ('user','admin')),
  user_id    TEXT REFERENCES app_user(id),     -- whose orders it gives
  created_at BIGINT NOT NULL,
  revoked_at BIGINT,
  CHECK ((scope = 'user') = (user_id IS NOT NULL))
);

CREATE TABLE idempotency (
  api_key_id     TEXT NOT NULL,
  key            TEXT NOT NULL,                -- the header Idempotency-Key
  request_sha256 TEXT NOT NULL,                -- of method, path and body, hex
  status         INTEGER,                      -- NULL: it is being carried out
  body           TEXT,
  created_at     BIGINT NOT NULL,
  PRIMARY KEY (api_key_id, key)
);
CREATE INDEX idempotency_age ON idempotency(created_at);

-- The call that another one became part of, and what was recorded of it.
CREATE INDEX call_absorbed_into ON call(absorbed_into_call_id) WHERE absorbed_into_call_id IS NOT NULL;
