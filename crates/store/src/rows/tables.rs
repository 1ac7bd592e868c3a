//! The columns of each table that a call fills, and which of them a later event of the fold may
//! change: an upsert changes only those, so SQLite leaves the indexes of the others alone, and
//! what the API changes (record, revision) is not taken back.

use model::call_graph::graph::{
    Call, CallInteraction, CallParticipant, Connection, ConnectionAttempt, DecisionRow,
    QualityEvent, QueueWait,
};

use super::OutboxRow;
use super::statement::{Row, Table, Values};

impl Row for Call {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "call",
            &[
                "id",
                "direction",
                "state",
                "outcome",
                "from_number",
                "to_number",
                "internal_number_id",
                "anchor_kind",
                "anchor_user_id",
                "owner_user_id",
                "missed_call_owner_user_id",
                "missed_call_owner_group_id",
                "initiated_at",
                "accepted_at",
                "answered_at",
                "anchor_left_at",
                "ended_at",
                "ended_by",
                "end_sip_status",
                "end_q850",
                "absorbed_into_call_id",
                "reply_to_call_id",
                "trunk_id",
                "node",
                "sip_call_id",
                "revision",
            ],
            "ON CONFLICT(id) DO UPDATE SET state=excluded.state, outcome=excluded.outcome, \
             owner_user_id=excluded.owner_user_id, \
             missed_call_owner_user_id=excluded.missed_call_owner_user_id, \
             missed_call_owner_group_id=excluded.missed_call_owner_group_id, \
             accepted_at=excluded.accepted_at, answered_at=excluded.answered_at, \
             anchor_left_at=excluded.anchor_left_at, ended_at=excluded.ended_at, \
             ended_by=excluded.ended_by, end_sip_status=excluded.end_sip_status, \
             end_q850=excluded.end_q850, \
             absorbed_into_call_id=excluded.absorbed_into_call_id \
             WHERE state NOT IN ('finished','absorbed')",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.shared(&self.id);
        values.word(self.direction.as_str());
        values.word(self.state.as_str());
        values.word_or_null(self.outcome.map(|word| word.as_str()));
        values.arc_or_null(&self.from_number);
        values.arc_or_null(&self.to_number);
        values.shared_or_null(&self.internal_number_id);
        values.word(self.anchor_kind.as_str());
        values.shared_or_null(&self.anchor_user_id);
        values.shared_or_null(&self.owner_user_id);
        values.shared_or_null(&self.missed_call_owner_user_id);
        values.shared_or_null(&self.missed_call_owner_group_id);
        values.time(self.initiated_at);
        values.time_or_null(self.accepted_at);
        values.time_or_null(self.answered_at);
        values.time_or_null(self.anchor_left_at);
        values.time_or_null(self.ended_at);
        values.word_or_null(self.ended_by.map(|word| word.as_str()));
        values.number_or_null(self.end_sip_status);
        values.number_or_null(self.end_q850);
        values.shared_or_null(&self.absorbed_into_call_id);
        values.shared_or_null(&self.reply_to_call_id);
        values.arc_or_null(&self.trunk_id);
        values.arc_or_null(&self.node);
        values.arc_or_null(&self.sip_call_id);
        values.number(self.revision);
    }
}

impl Row for Connection {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "connection",
            &[
                "id",
                "call_id",
                "seq",
                "kind",
                "opened_by_user_id",
                "target_kind",
                "target_user_id",
                "target_group_id",
                "target_number",
                "strategy",
                "opened_at",
                "answered_at",
                "bridged_at",
                "ended_at",
                "outcome",
                "answered_user_id",
                "transfer_state",
                "end_reason",
                "sip_status",
                "q850",
            ],
            "ON CONFLICT(id) DO UPDATE SET target_kind=excluded.target_kind, \
             target_user_id=excluded.target_user_id, target_group_id=excluded.target_group_id, \
             target_number=excluded.target_number, strategy=excluded.strategy, \
             answered_at=excluded.answered_at, bridged_at=excluded.bridged_at, \
             ended_at=excluded.ended_at, outcome=excluded.outcome, \
             answered_user_id=excluded.answered_user_id, \
             transfer_state=excluded.transfer_state, end_reason=excluded.end_reason, \
             sip_status=excluded.sip_status, q850=excluded.q850",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.arc(&self.id);
        values.shared(&self.call_id);
        values.number(self.seq);
        values.word(self.kind.as_str());
        values.shared_or_null(&self.opened_by_user_id);
        values.word(self.target_kind.as_str());
        values.shared_or_null(&self.target_user_id);
        values.shared_or_null(&self.target_group_id);
        values.arc_or_null(&self.target_number);
        values.word(self.strategy.as_str());
        values.time(self.opened_at);
        values.time_or_null(self.answered_at);
        values.time_or_null(self.bridged_at);
        values.time_or_null(self.ended_at);
        values.word_or_null(self.outcome.map(|word| word.as_str()));
        values.shared_or_null(&self.answered_user_id);
        values.word_or_null(self.transfer_state.map(|word| word.as_str()));
        values.word_or_null(self.end_reason.map(|word| word.as_str()));
        values.number_or_null(self.sip_status);
        values.number_or_null(self.q850);
    }
}

impl Row for ConnectionAttempt {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "connection_attempt",
            &[
                "id",
                "call_id",
                "connection_id",
                "seq",
                "stage",
                "round",
                "user_id",
                "number",
                "ivr_id",
                "group_id",
                "started_at",
                "ringing_at",
                "ended_at",
                "outcome",
                "sip_status",
                "sip_call_id",
            ],
            "ON CONFLICT(id) DO UPDATE SET ringing_at=excluded.ringing_at, \
             ended_at=excluded.ended_at, outcome=excluded.outcome, \
             sip_status=excluded.sip_status",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.arc(&self.id);
        values.shared(&self.call_id);
        values.arc(&self.connection_id);
        values.number(self.seq);
        values.number(self.stage);
        values.number(self.round);
        values.shared_or_null(&self.user_id);
        values.arc_or_null(&self.number);
        values.shared_or_null(&self.ivr_id);
        values.shared_or_null(&self.group_id);
        values.time(self.started_at);
        values.time_or_null(self.ringing_at);
        values.time_or_null(self.ended_at);
        values.word_or_null(self.outcome.map(|word| word.as_str()));
        values.number_or_null(self.sip_status);
        values.arc_or_null(&self.sip_call_id);
    }
}

impl Row for CallParticipant {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "call_participant",
            &[
                "id",
                "call_id",
                "participant_key",
                "kind",
                "role",
                "ordinal",
                "user_id",
                "phone_number",
                "record_id",
                "joined_at",
                "left_at",
            ],
            "ON CONFLICT(id) DO UPDATE SET role=excluded.role, joined_at=excluded.joined_at, \
             left_at=excluded.left_at",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.arc(&self.id);
        values.shared(&self.call_id);
        values.arc(&self.participant_key);
        values.word(self.kind.as_str());
        values.word(self.role.as_str());
        values.number(self.ordinal);
        values.shared_or_null(&self.user_id);
        values.shared_or_null(&self.phone_number);
        values.shared_or_null(&self.record_id);
        values.time_or_null(self.joined_at);
        values.time_or_null(self.left_at);
    }
}

impl Row for CallInteraction {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "call_interaction",
            &["call_id", "seq", "at", "kind", "connection_id", "ivr_id", "user_id", "data"],
            // Append-only (R021).
            "ON CONFLICT(call_id, seq) DO NOTHING",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.shared(&self.call_id);
        values.number(self.seq);
        values.time(self.at);
        values.word(self.kind.as_str());
        values.arc_or_null(&self.connection_id);
        values.shared_or_null(&self.ivr_id);
        values.shared_or_null(&self.user_id);
        if self.data.is_empty() {
            values.word("{}");
        } else {
            match serde_json::to_string(&self.data) {
                Ok(data) => values.push(data),
                Err(error) => values.refuse(&error),
            }
        }
    }
}

impl Row for QualityEvent {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "quality_event",
            &[
                "id",
                "call_id",
                "connection_id",
                "stream",
                "metric",
                "severity",
                "threshold",
                "worst_value",
                "unit",
                "raised_at",
                "cleared_at",
                "clear_reason",
                "source",
                "explanation",
            ],
            "ON CONFLICT(id) DO UPDATE SET severity=excluded.severity, \
             worst_value=excluded.worst_value, explanation=excluded.explanation, \
             cleared_at=excluded.cleared_at, \
             clear_reason=excluded.clear_reason",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.arc(&self.id);
        values.shared(&self.call_id);
        values.arc_or_null(&self.connection_id);
        values.word(self.stream.as_str());
        values.word(self.metric.as_str());
        values.word(self.severity.as_str());
        values.push(self.threshold);
        values.push(self.worst_value);
        values.word(self.unit.as_str());
        values.time(self.raised_at);
        values.time_or_null(self.cleared_at);
        values.word_or_null(self.clear_reason.map(|word| word.as_str()));
        values.word(self.source.as_str());
        values.arc_or_null(&self.explanation);
    }
}

impl Row for QueueWait {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "queue_wait",
            &[
                "call_id",
                "seq",
                "connection_id",
                "ivr_id",
                "group_id",
                "priority",
                "position",
                "entered_at",
                "left_at",
                "exit",
            ],
            "ON CONFLICT(call_id, seq) DO UPDATE SET left_at=excluded.left_at, \
             exit=excluded.exit",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.shared(&self.call_id);
        values.number(self.seq);
        values.arc(&self.connection_id);
        values.shared_or_null(&self.ivr_id);
        values.shared(&self.group_id);
        values.number(self.priority);
        values.number(self.position);
        values.time(self.entered_at);
        values.time_or_null(self.left_at);
        values.word_or_null(self.exit.map(|word| word.as_str()));
    }
}

impl Row for DecisionRow {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "routing_decision",
            &["call_id", "seq", "at", "lines"],
            // What was decided stays decided.
            "ON CONFLICT(call_id, seq) DO NOTHING",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.shared(&self.call_id);
        values.number(self.seq);
        values.time(self.at);
        match serde_json::to_string(&self.lines) {
            Ok(lines) => values.push(lines),
            Err(error) => values.refuse(&error),
        }
    }
}

impl Row for OutboxRow {
    fn table() -> &'static Table {
        static TABLE: Table = Table::new(
            "graph_outbox",
            &["call_id", "revision", "payload", "created_at"],
            // The payload is immutable.
            "ON CONFLICT(call_id, revision) DO NOTHING",
        );
        &TABLE
    }

    fn values(&self, values: &mut Values) {
        values.shared(&self.call_id);
        values.number(self.revision);
        values.push(self.payload.clone());
        values.time(self.created_at);
    }
}
