-- A lookup that changes asks which conversations name the number, removed participants included.
CREATE INDEX cp_key ON conversation_participant(participant_key, conversation_id);
