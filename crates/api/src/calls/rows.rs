//! The rows of a call (schema.sql) as JSON: the columns by their names, times as RFC 3339.

use std::fmt::Display;

use model::call_graph::{CallGraph, graph};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::read::Rows;
use crate::openapi::schema::{self, Time};

fn text(value: Option<&impl Display>) -> Option<String> {
    value.map(ToString::to_string)
}

/// A call.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Call)]
pub(super) struct CallDto {
    id: String,
    #[schema(value_type = schema::Direction)]
    direction: &'static str,
    #[schema(value_type = schema::CallState)]
    state: &'static str,
    /// Null while it runs.
    #[schema(value_type = Option<schema::CallOutcome>)]
    outcome: Option<&'static str>,
    /// The caller's number, the Caller ID, or the caller's SIP username; null: withheld.
    from_number: Option<String>,
    to_number: Option<String>,
    /// The number of ours that was dialled, or whose number was shown.
    internal_number_id: Option<String>,
    #[schema(value_type = schema::AnchorKind)]
    anchor_kind: &'static str,
    anchor_user_id: Option<String>,
    owner_user_id: Option<String>,
    missed_call_owner_user_id: Option<String>,
    missed_call_owner_group_id: Option<String>,
    initiated_at: Time,
    /// First 2xx on the leg of who called.
    accepted_at: Option<Time>,
    /// First human on the far side.
    answered_at: Option<Time>,
    anchor_left_at: Option<Time>,
    ended_at: Option<Time>,
    #[schema(value_type = Option<schema::EndedBy>)]
    ended_by: Option<&'static str>,
    end_sip_status: Option<u16>,
    end_q850: Option<u16>,
    absorbed_into_call_id: Option<String>,
    reply_to_call_id: Option<String>,
    trunk_id: Option<String>,
    /// The server that runs it, or ran it.
    node: Option<String>,
    sip_call_id: Option<String>,
    revision: u32,
}

impl CallDto {
    pub(super) fn of(row: &graph::Call) -> Self {
        Self {
            id: row.id.to_string(),
            direction: row.direction.as_str(),
            state: row.state.as_str(),
            outcome: row.outcome.map(|word| word.as_str()),
            from_number: text(row.from_number.as_ref()),
            to_number: text(row.to_number.as_ref()),
            internal_number_id: text(row.internal_number_id.as_ref()),
            anchor_kind: row.anchor_kind.as_str(),
            anchor_user_id: text(row.anchor_user_id.as_ref()),
            owner_user_id: text(row.owner_user_id.as_ref()),
            missed_call_owner_user_id: text(row.missed_call_owner_user_id.as_ref()),
            missed_call_owner_group_id: text(row.missed_call_owner_group_id.as_ref()),
            initiated_at: Time(row.initiated_at),
            accepted_at: row.accepted_at.map(Time),
            answered_at: row.answered_at.map(Time),
            anchor_left_at: row.anchor_left_at.map(Time),
            ended_at: row.ended_at.map(Time),
            ended_by: row.ended_by.map(|word| word.as_str()),
            end_sip_status: row.end_sip_status,
            end_q850: row.end_q850,
            absorbed_into_call_id: text(row.absorbed_into_call_id.as_ref()),
            reply_to_call_id: text(row.reply_to_call_id.as_ref()),
            trunk_id: text(row.trunk_id.as_ref()),
            node: text(row.node.as_ref()),
            sip_call_id: text(row.sip_call_id.as_ref()),
            revision: row.revision,
        }
    }

    pub(super) fn example() -> Value {
        json!({
            "id": "call-s08", "direction": "inbound", "state": "finished",
            "outcome": "answered", "from_number": "+15557770001",
            "to_number": "+15550100001", "internal_number_id": "n-ana",
            "anchor_kind": "external", "anchor_user_id": null, "owner_user_id": "u-ana",
            "missed_call_owner_user_id": "u-ana", "missed_call_owner_group_id": null,
            "initiated_at": "2026-01-05T10:00:00.000Z",
            "accepted_at": "2026-01-05T10:00:05.000Z",
            "answered_at": "2026-01-05T10:00:05.000Z",
            "anchor_left_at": "2026-01-05T10:00:55.000Z",
            "ended_at": "2026-01-05T10:00:55.000Z", "ended_by": "external",
            "end_sip_status": null, "end_q850": 16, "absorbed_into_call_id": null,
            "reply_to_call_id": null, "trunk_id": "carrier-a", "node": "tandem-1",
            "sip_call_id": "a84b4c76e66710", "revision": 1,
        })
    }
}

/// One leg of a call, but for the one of who called.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Connection)]
pub(super) struct ConnectionDto {
    id: String,
    call_id: String,
    /// Orders name it `c<seq>`.
    seq: u16,
    #[schema(value_type = schema::ConnectionKind)]
    kind: &'static str,
    opened_by_user_id: Option<String>,
    #[schema(value_type = schema::TargetKind)]
    target_kind: &'static str,
    target_user_id: Option<String>,
    target_group_id: Option<String>,
    target_number: Option<String>,
    #[schema(value_type = schema::Strategy)]
    strategy: &'static str,
    opened_at: Time,
    answered_at: Option<Time>,
    /// When it first heard the other side.
    bridged_at: Option<Time>,
    ended_at: Option<Time>,
    #[schema(value_type = Option<schema::ConnectionOutcome>)]
    outcome: Option<&'static str>,
    answered_user_id: Option<String>,
    #[schema(value_type = Option<schema::TransferState>)]
    transfer_state: Option<&'static str>,
    #[schema(value_type = Option<schema::EndReason>)]
    end_reason: Option<&'static str>,
    sip_status: Option<u16>,
    q850: Option<u16>,
}

impl ConnectionDto {
    pub(super) fn of(row: &graph::Connection) -> Self {
        Self {
            id: row.id.to_string(),
            call_id: row.call_id.to_string(),
            seq: row.seq,
            kind: row.kind.as_str(),
            opened_by_user_id: text(row.opened_by_user_id.as_ref()),
            target_kind: row.target_kind.as_str(),
            target_user_id: text(row.target_user_id.as_ref()),
            target_group_id: text(row.target_group_id.as_ref()),
            target_number: text(row.target_number.as_ref()),
            strategy: row.strategy.as_str(),
            opened_at: Time(row.opened_at),
            answered_at: row.answered_at.map(Time),
            bridged_at: row.bridged_at.map(Time),
            ended_at: row.ended_at.map(Time),
            outcome: row.outcome.map(|word| word.as_str()),
            answered_user_id: text(row.answered_user_id.as_ref()),
            transfer_state: row.transfer_state.map(|word| word.as_str()),
            end_reason: row.end_reason.map(|word| word.as_str()),
            sip_status: row.sip_status,
            q850: row.q850,
        }
    }

    pub(super) fn example() -> Value {
        json!({
            "id": "call-s08-c1", "call_id": "call-s08", "seq": 1, "kind": "route",
            "opened_by_user_id": null, "target_kind": "user", "target_user_id": "u-ana",
            "target_group_id": null, "target_number": null, "strategy": "single",
            "opened_at": "2026-01-05T10:00:00.100Z",
            "answered_at": "2026-01-05T10:00:05.000Z",
            "bridged_at": "2026-01-05T10:00:05.000Z", "ended_at": "2026-01-05T10:00:30.000Z",
            "outcome": "answered", "answered_user_id": "u-ana", "transfer_state": null,
            "end_reason": "transferred", "sip_status": null, "q850": null,
        })
    }
}

impl Rows for ConnectionDto {
    fn rows(graph: &CallGraph) -> Vec<Self> {
        graph.connections.iter().map(Self::of).collect()
    }
}

/// One user, or one number, was rung.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attempt)]
pub(super) struct AttemptDto {
    id: String,
    call_id: String,
    connection_id: String,
    seq: u16,
    stage: u16,
    round: u16,
    user_id: Option<String>,
    number: Option<String>,
    ivr_id: Option<String>,
    group_id: Option<String>,
    started_at: Time,
    ringing_at: Option<Time>,
    ended_at: Option<Time>,
    #[schema(value_type = Option<schema::AttemptOutcome>)]
    outcome: Option<&'static str>,
    sip_status: Option<u16>,
    sip_call_id: Option<String>,
}

impl AttemptDto {
    pub(super) fn of(row: &graph::ConnectionAttempt) -> Self {
        Self {
            id: row.id.to_string(),
            call_id: row.call_id.to_string(),
            connection_id: row.connection_id.to_string(),
            seq: row.seq,
            stage: row.stage,
            round: row.round,
            user_id: text(row.user_id.as_ref()),
            number: text(row.number.as_ref()),
            ivr_id: text(row.ivr_id.as_ref()),
            group_id: text(row.group_id.as_ref()),
            started_at: Time(row.started_at),
            ringing_at: row.ringing_at.map(Time),
            ended_at: row.ended_at.map(Time),
            outcome: row.outcome.map(|word| word.as_str()),
            sip_status: row.sip_status,
            sip_call_id: text(row.sip_call_id.as_ref()),
        }
    }

    pub(super) fn example() -> Value {
        json!({
            "id": "call-s08-c1-a1", "call_id": "call-s08", "connection_id": "call-s08-c1",
            "seq": 1, "stage": 1, "round": 1, "user_id": "u-ana", "number": null,
            "ivr_id": null, "group_id": null, "started_at": "2026-01-05T10:00:00.100Z",
            "ringing_at": "2026-01-05T10:00:00.400Z", "ended_at": "2026-01-05T10:00:05.000Z",
            "outcome": "answered", "sip_status": 200, "sip_call_id": null,
        })
    }
}

impl Rows for AttemptDto {
    fn rows(graph: &CallGraph) -> Vec<Self> {
        graph.attempts.iter().map(Self::of).collect()
    }
}

/// Somebody who took part.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Participant)]
pub(super) struct ParticipantDto {
    id: String,
    call_id: String,
    /// `u:<user>`, `p:<number>`, or `a:<call>` where it was withheld.
    participant_key: String,
    #[schema(value_type = schema::ParticipantKind)]
    kind: &'static str,
    #[schema(value_type = schema::ParticipantRole)]
    role: &'static str,
    ordinal: u16,
    user_id: Option<String>,
    phone_number: Option<String>,
    record_id: Option<String>,
    joined_at: Option<Time>,
    left_at: Option<Time>,
}

impl ParticipantDto {
    pub(super) fn of(row: &graph::CallParticipant) -> Self {
        Self {
            id: row.id.to_string(),
            call_id: row.call_id.to_string(),
            participant_key: row.participant_key.to_string(),
            kind: row.kind.as_str(),
            role: row.role.as_str(),
            ordinal: row.ordinal,
            user_id: text(row.user_id.as_ref()),
            phone_number: text(row.phone_number.as_ref()),
            record_id: text(row.record_id.as_ref()),
            joined_at: row.joined_at.map(Time),
            left_at: row.left_at.map(Time),
        }
    }

    pub(super) fn example() -> Value {
        json!({
            "id": "call-s08-p1", "call_id": "call-s08", "participant_key": "p:+15557770001",
            "kind": "external", "role": "caller", "ordinal": 1, "user_id": null,
            "phone_number": "+15557770001", "record_id": "r-con-1",
            "joined_at": "2026-01-05T10:00:05.000Z", "left_at": "2026-01-05T10:00:55.000Z",
        })
    }
}

impl Rows for ParticipantDto {
    fn rows(graph: &CallGraph) -> Vec<Self> {
        graph.participants.iter().map(Self::of).collect()
    }
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Interaction)]
pub(super) struct InteractionDto {
    call_id: String,
    /// From 1, without a gap.
    seq: u32,
    at: Time,
    #[schema(value_type = schema::InteractionKind)]
    kind: &'static str,
    connection_id: Option<String>,
    ivr_id: Option<String>,
    user_id: Option<String>,
    /// What else is known of it, by kind.
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

impl InteractionDto {
    pub(super) fn of(row: &graph::CallInteraction) -> Self {
        Self {
            call_id: row.call_id.to_string(),
            seq: row.seq,
            at: Time(row.at),
            kind: row.kind.as_str(),
            connection_id: text(row.connection_id.as_ref()),
            ivr_id: text(row.ivr_id.as_ref()),
            user_id: text(row.user_id.as_ref()),
            data: row.data.clone(),
        }
    }

    pub(super) fn example() -> Value {
        json!({
            "call_id": "call-s08", "seq": 4, "at": "2026-01-05T10:00:30.000Z",
            "kind": "transfer_started", "connection_id": null, "ivr_id": null,
            "user_id": "u-ana", "data": {"mode": "warm", "target": "u-ben"},
        })
    }
}

impl Rows for InteractionDto {
    fn rows(graph: &CallGraph) -> Vec<Self> {
        graph.interactions.iter().map(Self::of).collect()
    }
}

/// A while in which it sounded bad.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = QualityEvent)]
pub(super) struct QualityEventDto {
    id: String,
    call_id: String,
    /// Null: the leg of who called.
    connection_id: Option<String>,
    #[schema(value_type = schema::QualityStream)]
    stream: &'static str,
    #[schema(value_type = schema::QualityMetric)]
    metric: &'static str,
    #[schema(value_type = schema::QualitySeverity)]
    severity: &'static str,
    threshold: f64,
    worst_value: f64,
    #[schema(value_type = schema::QualityUnit)]
    unit: &'static str,
    raised_at: Time,
    cleared_at: Option<Time>,
    #[schema(value_type = Option<schema::QualityClear>)]
    clear_reason: Option<&'static str>,
    #[schema(value_type = schema::QualitySource)]
    source: &'static str,
    /// What was heard and why, in plain words.
    explanation: Option<String>,
}

impl QualityEventDto {
    pub(super) fn of(row: &graph::QualityEvent) -> Self {
        Self {
            id: row.id.to_string(),
            call_id: row.call_id.to_string(),
            connection_id: text(row.connection_id.as_ref()),
            stream: row.stream.as_str(),
            metric: row.metric.as_str(),
            severity: row.severity.as_str(),
            threshold: row.threshold,
            worst_value: row.worst_value,
            unit: row.unit.as_str(),
            raised_at: Time(row.raised_at),
            cleared_at: row.cleared_at.map(Time),
            clear_reason: row.clear_reason.map(|word| word.as_str()),
            source: row.source.as_str(),
            explanation: text(row.explanation.as_ref()),
        }
    }

    pub(super) fn example() -> Value {
        json!({
            "id": "call-s08-q1", "call_id": "call-s08", "connection_id": null,
            "stream": "received", "metric": "packet_loss", "severity": "warning",
            "threshold": 3.0, "worst_value": 7.5, "unit": "percent",
            "raised_at": "2026-01-05T10:00:12.000Z",
            "cleared_at": "2026-01-05T10:00:20.000Z", "clear_reason": "recovered",
            "source": "local_rtp", "explanation": "7.5 % of the caller's packets were lost",
        })
    }
}

impl Rows for QualityEventDto {
    fn rows(graph: &CallGraph) -> Vec<Self> {
        graph.quality_events.iter().map(Self::of).collect()
    }
}
