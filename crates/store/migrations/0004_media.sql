-- What media adds: language and music of the directory, what is recorded, why audio was bad, and
-- what telephones themselves say of it.
ALTER TABLE ivr ADD COLUMN language TEXT;
ALTER TABLE user_group ADD COLUMN music_on_hold TEXT;
ALTER TABLE user_group ADD COLUMN recording INTEGER CHECK (recording IN (0, 1));
ALTER TABLE provisioned_number ADD COLUMN recording INTEGER CHECK (recording IN (0, 1));

-- What was heard and why, in plain words.
ALTER TABLE quality_event ADD COLUMN explanation TEXT;

CREATE TABLE recording (
  id          TEXT PRIMARY KEY,                 -- '<call>-r<n>'
  call_id     TEXT NOT NULL,                    -- its row may be written after this one
  file        TEXT NOT NULL,                    -- below the recordings folder, with its extension
  format      TEXT NOT NULL CHECK (format IN ('wav','opus')),
  state       TEXT NOT NULL CHECK (state IN ('recording','paused','done','failed','interrupted','expired')),
  started_at  BIGINT NOT NULL,
  ended_at    BIGINT,
  duration_ms BIGINT,                           -- of the sound: pauses are not in the file
  bytes       BIGINT,
  sha256      TEXT,
  fault       TEXT                              -- why it could not be written to its end
);
CREATE INDEX recording_call  ON recording(call_id);
CREATE INDEX recording_state ON recording(state, ended_at);

CREATE TABLE client_report (                    -- RFC 6035
  id              INTEGER PRIMARY KEY,
  call_id         TEXT,
  sip_call_id     TEXT NOT NULL,
  user_id         TEXT,
  received_at     BIGINT NOT NULL,
  kind            TEXT NOT NULL,
  loss_percent    DOUBLE PRECISION,
  discard_percent DOUBLE PRECISION,
  jitter_ms       DOUBLE PRECISION,
  rtt_ms          DOUBLE PRECISION,
  mos_lq          DOUBLE PRECISION,
  mos_cq          DOUBLE PRECISION,
  body            TEXT NOT NULL
);
CREATE INDEX client_report_call ON client_report(call_id);
