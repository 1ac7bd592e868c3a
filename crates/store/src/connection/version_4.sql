-- A little of everything that a database of version 4 holds, with references in every direction.
INSERT INTO role(id, name) VALUES ('boss', 'boss');
INSERT INTO app_user(id, display_name, sip_username, availability) VALUES ('u', 'Ursula', 'ursula', 'away');
INSERT INTO user_role(user_id, role_id) VALUES ('u', 'boss');
INSERT INTO sip_credential(user_id, realm, algorithm, ha1) VALUES ('u', 'r', 'MD5', 'x');
INSERT INTO user_group(id, name, acd_strategy, missed_call_owner_user_id, rr_cursor_user_id, music_on_hold, recording)
  VALUES ('g', 'Group', 'round_robin', 'u', 'u', 'music.wav', 1);
INSERT INTO group_member(group_id, user_id, position, added_at) VALUES ('g', 'u', 1, 7);
BEGIN;
PRAGMA defer_foreign_keys = ON;
INSERT INTO ivr(id, name, greeting_prompt, action, target_kind, target_group_id, next_ivr_id, language, accept)
  VALUES ('i1', 'One', 'hello.wav', 'call_transfer', 'group', 'g', 'i2', 'de', 'entry');
INSERT INTO ivr(id, name, action, next_ivr_id, schedule, active) VALUES ('i2', 'Two', 'time_routing', 'i1', '{}', FALSE);
COMMIT;
INSERT INTO ivr_option(ivr_id, digit, label, next_ivr_id) VALUES ('i1', '1', 'one', 'i2');
INSERT INTO provisioned_number(id, e164, assigned_group_id, ivr_id, recording) VALUES ('n', '+15550200009', 'g', 'i1', 0);
INSERT INTO object_type(api_name, label) VALUES ('contact', 'Contact');
INSERT INTO record(id, object_type, display_name, owner_user_id) VALUES ('r', 'contact', 'Carl', 'u');
INSERT INTO phone_number_lookup(e164, status, record_id, source, updated_at) VALUES ('+15557770001', 'resolved', 'r', 'manual', 1);
INSERT INTO directory_import(source, hash, applied_at) VALUES ('file', 'x', 1);
INSERT INTO call(id, direction, state, outcome, from_number, to_number, internal_number_id, anchor_kind, missed_call_owner_user_id,
    initiated_at, accepted_at, anchor_left_at, ended_at, ended_by, node)
  VALUES ('c', 'inbound', 'finished', 'missed', '+15557770001', '+15550200009', 'n', 'external', 'u', 1000, 1001, 9000, 9000, 'external', 'tandem-1');
INSERT INTO connection(id, call_id, seq, kind, target_kind, target_group_id, strategy, opened_at, ended_at, outcome, end_reason)
  VALUES ('c-c1', 'c', 1, 'route', 'group', 'g', 'round_robin', 1001, 9000, 'canceled', 'not_answered');
INSERT INTO connection_attempt(id, call_id, connection_id, seq, user_id, ivr_id, group_id, started_at, ended_at, outcome)
  VALUES ('c-c1-a1', 'c', 'c-c1', 1, 'u', 'i1', 'g', 1001, 9000, 'caller_hangup');
INSERT INTO call_participant(id, call_id, participant_key, kind, role, ordinal, phone_number, record_id, joined_at, left_at)
  VALUES ('c-p1', 'c', 'p:+15557770001', 'external', 'caller', 1, '+15557770001', 'r', 1001, 9000);
INSERT INTO call_interaction(call_id, seq, at, kind, connection_id, ivr_id) VALUES
  ('c', 1, 1000, 'call_started', NULL, NULL), ('c', 2, 1001, 'ivr_entered', NULL, 'i1'),
  ('c', 3, 1001, 'routing_started', 'c-c1', NULL), ('c', 4, 9000, 'no_answer', 'c-c1', NULL),
  ('c', 5, 9000, 'ivr_exited', NULL, 'i1'), ('c', 6, 9000, 'call_ended', NULL, NULL);
INSERT INTO reply_call(id, missed_call_id, owner_user_id, state, created_at) VALUES ('y', 'c', 'u', 'open', 9000);
INSERT INTO graph_outbox(call_id, revision, payload, state, created_at) VALUES ('c', 1, '{}', 'dead', 9000);
