-- Every way a call finds a person: what the directory says of devices, queues, mailboxes and
-- agents; who waited, why a call went where it went, which messages were left, what agents did.
--
-- SQLite cannot change a CHECK list: the tables whose lists grow are built anew with their rows,
-- their indexes and the same names. This runs with foreign keys off, and the last statement
-- refuses all of it if a reference was lost. PostgreSQL needs `ALTER TABLE … DROP CONSTRAINT` and
-- `ADD CONSTRAINT` for these; the rest is the subset that both accept.

------------------------------------------------------------------ directory
ALTER TABLE app_user ADD COLUMN email TEXT;
ALTER TABLE app_user ADD COLUMN acd_receiver TEXT;            -- id of the device on which groups ring him
ALTER TABLE app_user ADD COLUMN settings TEXT;                -- JSON: devices, inbound_route, skills, mailbox
ALTER TABLE group_member ADD COLUMN weight INTEGER NOT NULL DEFAULT 1;
ALTER TABLE provisioned_number ADD COLUMN missed_call_owner_group_id TEXT REFERENCES user_group(id);
ALTER TABLE record ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;

CREATE TABLE new_user_group (
  id                        TEXT PRIMARY KEY,
  name                      TEXT NOT NULL UNIQUE,
  acd_strategy              TEXT NOT NULL DEFAULT 'simulring' CHECK (acd_strategy IN ('simulring','round_robin',
                              'progressive_simulring','sequential','longest_idle','fewest_calls','least_talk_time',
                              'weighted_random','skills')),
  missed_call_owner_user_id TEXT REFERENCES app_user(id),
  rr_cursor_user_id         TEXT REFERENCES app_user(id),
  active                    BOOLEAN NOT NULL DEFAULT TRUE,
  music_on_hold             TEXT,
  recording                 INTEGER CHECK (recording IN (0, 1)),
  email                     TEXT,
  wrap_up_ms                BIGINT,                            -- time after a call in which no other is offered
  settings                  TEXT                               -- JSON: the other rules for members, mailbox
);
INSERT INTO new_user_group(id, name, acd_strategy, missed_call_owner_user_id, rr_cursor_user_id, active, music_on_hold, recording)
  SELECT id, name, acd_strategy, missed_call_owner_user_id, rr_cursor_user_id, active, music_on_hold, recording FROM user_group;
DROP TABLE user_group;
ALTER TABLE new_user_group RENAME TO user_group;

CREATE TABLE new_ivr (
  id                        TEXT PRIMARY KEY,
  name                      TEXT NOT NULL UNIQUE,
  greeting_prompt           TEXT,
  action                    TEXT NOT NULL CHECK (action IN ('call_transfer','menu','time_routing','play_and_hangup',
                              'voicemail','play_directory')),
  target_kind               TEXT CHECK (target_kind IN ('user','group','record_owner','external','last_agent')),
  target_user_id            TEXT REFERENCES app_user(id),
  target_group_id           TEXT REFERENCES user_group(id),
  target_number             TEXT,
  acd_strategy              TEXT CHECK (acd_strategy IN ('single','simulring','round_robin','progressive_simulring',
                              'sequential','longest_idle','fewest_calls','least_talk_time','weighted_random','skills')),
  attempt_ring_ms           BIGINT,
  no_answer_timeout_ms      BIGINT,
  max_rounds                INTEGER,
  next_ivr_id               TEXT REFERENCES ivr(id),
  schedule                  TEXT,
  record_owner_user_id      TEXT REFERENCES app_user(id),
  missed_call_owner_user_id TEXT REFERENCES app_user(id),
  accept                    TEXT CHECK (accept IN ('entry','answer')),
  active                    BOOLEAN NOT NULL DEFAULT TRUE,
  language                  TEXT,
  missed_call_owner_group_id TEXT REFERENCES user_group(id),
  version                   INTEGER NOT NULL DEFAULT 1,        -- raised by every change of the definition
  settings                  TEXT,                              -- JSON: queue, menu, voicemail, spelling
  CHECK (action <> 'call_transfer' OR target_kind IS NOT NULL)
);
INSERT INTO new_ivr(id, name, greeting_prompt, action, target_kind, target_user_id, target_group_id, target_number, acd_strategy,
    attempt_ring_ms, no_answer_timeout_ms, max_rounds, next_ivr_id, schedule, record_owner_user_id, missed_call_owner_user_id,
    accept, active, language)
  SELECT id, name, greeting_prompt, action, target_kind, target_user_id, target_group_id, target_number, acd_strategy,
    attempt_ring_ms, no_answer_timeout_ms, max_rounds, next_ivr_id, schedule, record_owner_user_id, missed_call_owner_user_id,
    accept, active, language FROM ivr;
DROP TABLE ivr;
ALTER TABLE new_ivr RENAME TO ivr;

------------------------------------------------------------------ calls
ALTER TABLE call ADD COLUMN missed_call_owner_group_id TEXT REFERENCES user_group(id);

CREATE TABLE new_connection (
  id                TEXT PRIMARY KEY,
  call_id           TEXT NOT NULL REFERENCES call(id),
  seq               INTEGER NOT NULL,
  kind              TEXT NOT NULL CHECK (kind IN ('route','dial','add','consult','transfer','recall')),
  opened_by_user_id TEXT REFERENCES app_user(id),
  target_kind       TEXT NOT NULL CHECK (target_kind IN ('user','group','record_owner','external')),
  target_user_id    TEXT REFERENCES app_user(id),
  target_group_id   TEXT REFERENCES user_group(id),
  target_number     TEXT,
  strategy          TEXT NOT NULL CHECK (strategy IN ('single','simulring','round_robin','progressive_simulring',
                      'sequential','longest_idle','fewest_calls','least_talk_time','weighted_random','skills')),
  opened_at         BIGINT NOT NULL,
  answered_at       BIGINT,
  bridged_at        BIGINT,
  ended_at          BIGINT,
  outcome           TEXT CHECK (outcome IN ('answered','no_answer','busy','declined','unavailable','canceled','failed')),
  answered_user_id  TEXT REFERENCES app_user(id),
  transfer_state    TEXT CHECK (transfer_state IN ('completed','unanswered','returned','abandoned','conference')),
  end_reason        TEXT CHECK (end_reason IN ('hangup_external','hangup_internal','transferred','abandoned','call_ended','not_answered','media_timeout','error')),
  sip_status        INTEGER,
  q850              INTEGER,
  UNIQUE (call_id, seq),
  CHECK ((outcome = 'answered') = (answered_at IS NOT NULL)),
  CHECK (kind IN ('consult','transfer') OR transfer_state IS NULL)
);
INSERT INTO new_connection(id, call_id, seq, kind, opened_by_user_id, target_kind, target_user_id, target_group_id, target_number,
    strategy, opened_at, answered_at, bridged_at, ended_at, outcome, answered_user_id, transfer_state, end_reason, sip_status, q850)
  SELECT id, call_id, seq, kind, opened_by_user_id, target_kind, target_user_id, target_group_id, target_number,
    strategy, opened_at, answered_at, bridged_at, ended_at, outcome, answered_user_id, transfer_state, end_reason, sip_status, q850
  FROM connection;
DROP TABLE connection;
ALTER TABLE new_connection RENAME TO connection;

CREATE TABLE new_connection_attempt (
  id            TEXT PRIMARY KEY,
  call_id       TEXT NOT NULL REFERENCES call(id),
  connection_id TEXT NOT NULL REFERENCES connection(id),
  seq           INTEGER NOT NULL,
  stage         INTEGER NOT NULL DEFAULT 1,
  round         INTEGER NOT NULL DEFAULT 1,
  user_id       TEXT REFERENCES app_user(id),
  number        TEXT,
  ivr_id        TEXT REFERENCES ivr(id),
  group_id      TEXT REFERENCES user_group(id),
  started_at    BIGINT NOT NULL,
  ringing_at    BIGINT,
  ended_at      BIGINT,
  outcome       TEXT CHECK (outcome IN ('answered','no_answer','busy','declined','answered_elsewhere','forwarded','caller_hangup','canceled','unavailable','failed')),
  sip_status    INTEGER,
  sip_call_id   TEXT,
  UNIQUE (connection_id, seq),
  CHECK ((user_id IS NULL) <> (number IS NULL))
);
INSERT INTO new_connection_attempt(id, call_id, connection_id, seq, stage, round, user_id, number, ivr_id, group_id,
    started_at, ringing_at, ended_at, outcome, sip_status, sip_call_id)
  SELECT id, call_id, connection_id, seq, stage, round, user_id, number, ivr_id, group_id,
    started_at, ringing_at, ended_at, outcome, sip_status, sip_call_id FROM connection_attempt;
DROP TABLE connection_attempt;
ALTER TABLE new_connection_attempt RENAME TO connection_attempt;
CREATE INDEX attempt_user_time ON connection_attempt(user_id, started_at);
CREATE INDEX attempt_call      ON connection_attempt(call_id);

-- The owner of the task may be a group; the number is what an outbound call is found by.
CREATE TABLE new_reply_call (
  id             TEXT PRIMARY KEY,
  missed_call_id TEXT NOT NULL UNIQUE REFERENCES call(id),
  owner_user_id  TEXT REFERENCES app_user(id),
  owner_group_id TEXT REFERENCES user_group(id),
  number         TEXT NOT NULL,                                -- E.164: who called
  state          TEXT NOT NULL CHECK (state IN ('open','done','dismissed')),
  done_call_id   TEXT REFERENCES call(id),
  created_at     BIGINT NOT NULL,                              -- when the missed call ended
  CHECK (owner_user_id IS NOT NULL OR owner_group_id IS NOT NULL)
);
INSERT INTO new_reply_call(id, missed_call_id, owner_user_id, number, state, done_call_id, created_at)
  SELECT r.id, r.missed_call_id, r.owner_user_id, coalesce(c.from_number, ''), r.state, r.done_call_id, r.created_at
  FROM reply_call r JOIN call c ON c.id = r.missed_call_id;
DROP TABLE reply_call;
ALTER TABLE new_reply_call RENAME TO reply_call;
CREATE INDEX reply_open       ON reply_call(owner_user_id)  WHERE state = 'open';
CREATE INDEX reply_open_group ON reply_call(owner_group_id) WHERE state = 'open';
CREATE INDEX reply_number     ON reply_call(number)         WHERE state = 'open';
CREATE INDEX reply_done       ON reply_call(done_call_id)   WHERE done_call_id IS NOT NULL;

CREATE TABLE queue_wait (                                      -- one stay of a caller in a queue
  call_id       TEXT NOT NULL REFERENCES call(id),
  seq           INTEGER NOT NULL,
  connection_id TEXT NOT NULL REFERENCES connection(id),
  ivr_id        TEXT REFERENCES ivr(id),
  group_id      TEXT NOT NULL REFERENCES user_group(id),
  priority      INTEGER NOT NULL,
  position      INTEGER NOT NULL,                              -- his place when he came, from 1
  entered_at    BIGINT NOT NULL,
  left_at       BIGINT,
  exit          TEXT CHECK (exit IN ('answered','abandoned','timeout','option','callback','empty','stopped')),
  PRIMARY KEY (call_id, seq),
  CHECK ((left_at IS NULL) = (exit IS NULL)),
  CHECK (left_at IS NULL OR left_at >= entered_at)
);
CREATE INDEX queue_wait_group ON queue_wait(group_id, entered_at);

CREATE TABLE routing_decision (                                -- why the call went where it went
  call_id TEXT NOT NULL REFERENCES call(id),
  seq     INTEGER NOT NULL,
  at      BIGINT NOT NULL,
  lines   TEXT NOT NULL,                                       -- JSON: [{rule, subject, verdict}]
  PRIMARY KEY (call_id, seq)
);

------------------------------------------------------------------ beside calls
CREATE TABLE voicemail (
  id               TEXT PRIMARY KEY,                           -- of the recording that is its sound
  mailbox_user_id  TEXT REFERENCES app_user(id),
  mailbox_group_id TEXT REFERENCES user_group(id),
  call_id          TEXT NOT NULL,                              -- its row may be written after this one
  from_number      TEXT,                                       -- NULL: withheld
  from_name        TEXT,
  left_at          BIGINT NOT NULL,
  file             TEXT NOT NULL,                              -- below the recordings folder
  duration_ms      BIGINT NOT NULL,
  heard_at         BIGINT,                                     -- first time
  heard_by_user_id TEXT REFERENCES app_user(id),
  deleted_at       BIGINT,
  deleted_by_user_id TEXT REFERENCES app_user(id),
  CHECK ((mailbox_user_id IS NULL) <> (mailbox_group_id IS NULL))
);
CREATE INDEX voicemail_user  ON voicemail(mailbox_user_id, left_at)  WHERE deleted_at IS NULL;
CREATE INDEX voicemail_group ON voicemail(mailbox_group_id, left_at) WHERE deleted_at IS NULL;
CREATE INDEX voicemail_call  ON voicemail(call_id);

CREATE TABLE agent_state (                                     -- every change of what an agent does
  id           INTEGER PRIMARY KEY,
  user_id      TEXT NOT NULL,
  at           BIGINT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('offline','unreachable','on_call','ringing','away','wrap_up','available')),
  availability TEXT NOT NULL CHECK (availability IN ('available','busy','away','offline')),
  reason       TEXT,
  source       TEXT NOT NULL CHECK (source IN ('start','registration','alert','call','time','missed','phone','api','directory'))
);
CREATE INDEX agent_state_user ON agent_state(user_id, at);

-- The directory file says more than before to who reads it: it is applied again at the next start.
DELETE FROM directory_import;

------------------------------------------------------------------ nothing was lost on the way
CREATE TEMPORARY TABLE lost_reference (rows INTEGER NOT NULL CHECK (rows = 0));
INSERT INTO lost_reference SELECT count(*) FROM pragma_foreign_key_check;
DROP TABLE lost_reference;
