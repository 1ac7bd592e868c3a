-- Tables of the server beside the model of 0001: none of them is handed off in a call graph.

-- One row a binding of an address of record (RFC 3261 section 10), written behind the registrar.
CREATE TABLE sip_binding (
  user_id      TEXT NOT NULL REFERENCES app_user(id),
  contact      TEXT NOT NULL,                  -- the Contact URI as registered
  sip_call_id  TEXT NOT NULL,                  -- Call-ID and CSeq order the requests of one binding
  cseq         BIGINT NOT NULL,
  q_milli      INTEGER NOT NULL DEFAULT 1000,  -- q-value in thousandths
  registered_at BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  flow         TEXT NOT NULL DEFAULT '',       -- transport and source it came from, as the server writes it
  user_agent   TEXT,
  path         TEXT,                           -- Path (RFC 3327), if any
  instance_id  TEXT,                           -- +sip.instance (RFC 5626), if any
  node         TEXT NOT NULL,
  PRIMARY KEY (user_id, contact)
);

-- When a server was last alive: the end of the calls that it could not close (D47).
CREATE TABLE node_heartbeat (
  node TEXT PRIMARY KEY,
  at   BIGINT NOT NULL
);

-- The directory files that were applied, by the hash of their content.
CREATE TABLE directory_import (
  source     TEXT PRIMARY KEY,                 -- 'file'
  hash       TEXT NOT NULL,                    -- SHA-256 of the parsed content, hex
  applied_at BIGINT NOT NULL
);

-- What a directory file names: read-only in the API; what a later file drops becomes inactive.
CREATE TABLE managed_entity (
  source TEXT NOT NULL,
  entity TEXT NOT NULL CHECK (entity IN ('user','group','ivr','number','record','lookup')),
  id     TEXT NOT NULL,
  PRIMARY KEY (source, entity, id)
);

-- Columns that the model's tables get beside those of 0001 (nullable or defaulted, never handed off).
ALTER TABLE ivr ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE record ADD COLUMN active BOOLEAN NOT NULL DEFAULT TRUE;

-- What the crash sweep and the recovery ask for at start.
CREATE INDEX call_node_live ON call(node) WHERE state IN ('routing','ringing','in_progress');
