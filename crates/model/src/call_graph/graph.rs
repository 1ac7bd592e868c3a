//! The rows of one call, as `schema.sql` stores them and `finished_call_graph/1` hands them off
//! (model.md §6.1). A column that is not handed off is skipped in JSON; an unknown field of a row
//! is refused, and so is a missing one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::event::Decision;
use super::words::{
    AnchorKind, AssignedKind, AttemptOutcome, CallOutcome, CallState, ConnectionKind,
    ConnectionOutcome, Direction, EndReason, EndedBy, InteractionKind, IvrExit, ParticipantKind,
    ParticipantRole, QualityClear, QualityMetric, QualitySeverity, QualitySource, QualityStream,
    QualityUnit, QueueExit, TransferState,
};
use crate::directory::{AcdStrategy, TargetKind};
use crate::{CallId, E164, GroupId, IvrId, Millis, NumberId, RecordId, UserId};

/// The value of `schema` in every hand-off document of this version.
pub const SCHEMA: &str = "finished_call_graph/1";

/// A call with everything that happened in it so far: the fold of its log.
#[derive(Clone, Debug, PartialEq)]
pub struct CallGraph {
    /// The row of `call`.
    pub call: Call,
    /// Rows of `connection`, by `seq` from 1.
    pub connections: Vec<Connection>,
    /// Rows of `connection_attempt`, in order of their start.
    pub attempts: Vec<ConnectionAttempt>,
    /// Rows of `call_participant`, by `ordinal` from 1.
    pub participants: Vec<CallParticipant>,
    /// Rows of `call_interaction`, by `seq` from 1.
    pub interactions: Vec<CallInteraction>,
    /// Rows of `quality_event`.
    pub quality_events: Vec<QualityEvent>,
    /// Rows of `queue_wait`; no part of the hand-off.
    pub queue_waits: Vec<QueueWait>,
    /// Rows of `routing_decision`; no part of the hand-off.
    pub decisions: Vec<DecisionRow>,
    /// What the assigner must know of the directory as it was during the call.
    pub context: Context,
}

/// The hand-off document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishedCallGraph {
    /// [`SCHEMA`].
    pub schema: Arc<str>,
    /// The call.
    pub call_id: CallId,
    /// 1, 2, … when late data changes the graph.
    pub revision: u32,
    /// When this document was made.
    pub emitted_at: Millis,
    /// The row of `call`.
    pub call: Call,
    /// Rows of `connection`.
    pub connections: Vec<Connection>,
    /// Rows of `connection_attempt`.
    pub attempts: Vec<ConnectionAttempt>,
    /// Rows of `call_participant`.
    pub participants: Vec<CallParticipant>,
    /// Rows of `call_interaction`.
    pub interactions: Vec<CallInteraction>,
    /// Rows of `quality_event`.
    pub quality_events: Vec<QualityEvent>,
    /// Snapshot of the directory.
    pub context: Context,
}

impl CallGraph {
    /// The hand-off document of this call, emitted at its end. The caller makes sure that the
    /// call is finished. Words that `/1` does not know are told in those that it knows: the rows
    /// keep the others.
    pub fn finished(&self) -> FinishedCallGraph {
        let mut graph = self.clone();
        for row in &mut graph.connections {
            row.strategy = in_first_words(row.strategy);
        }
        for row in &mut graph.attempts {
            if row.outcome == Some(AttemptOutcome::Forwarded) {
                row.outcome = Some(AttemptOutcome::NoAnswer);
            }
        }
        FinishedCallGraph {
            schema: Arc::from(SCHEMA),
            call_id: graph.call.id.clone(),
            revision: graph.call.revision,
            emitted_at: graph.call.ended_at.unwrap_or(graph.call.initiated_at),
            call: graph.call,
            connections: graph.connections,
            attempts: graph.attempts,
            participants: graph.participants,
            interactions: graph.interactions,
            quality_events: graph.quality_events,
            context: graph.context,
        }
    }
}

impl FinishedCallGraph {
    /// The rows of the document. What is not handed off (trunk, node, causes) is unknown.
    pub fn into_rows(self) -> CallGraph {
        CallGraph {
            call: Call { revision: self.revision, ..self.call },
            connections: self.connections,
            attempts: self.attempts,
            participants: self.participants,
            interactions: self.interactions,
            quality_events: self.quality_events,
            queue_waits: Vec::new(),
            decisions: Vec::new(),
            context: self.context,
        }
    }
}

/// A strategy as `/1` names it: all at once, or one after the other.
fn in_first_words(strategy: AcdStrategy) -> AcdStrategy {
    match strategy {
        AcdStrategy::Single => AcdStrategy::Single,
        AcdStrategy::Simulring | AcdStrategy::ProgressiveSimulring => AcdStrategy::Simulring,
        AcdStrategy::RoundRobin
        | AcdStrategy::Sequential
        | AcdStrategy::LongestIdle
        | AcdStrategy::FewestCalls
        | AcdStrategy::LeastTalkTime
        | AcdStrategy::WeightedRandom
        | AcdStrategy::Skills => AcdStrategy::RoundRobin,
    }
}

/// Refuses a document in which a nullable field is absent: `/1` writes every field.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

fn first_revision() -> u32 {
    1
}

/// A row of `call`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the columns are those of schema.sql")]
pub struct Call {
    pub id: CallId,
    pub direction: Direction,
    pub state: CallState,
    #[serde(deserialize_with = "present")]
    pub outcome: Option<CallOutcome>,
    #[serde(deserialize_with = "present")]
    pub from_number: Option<Arc<str>>,
    #[serde(deserialize_with = "present")]
    pub to_number: Option<Arc<str>>,
    #[serde(deserialize_with = "present")]
    pub internal_number_id: Option<NumberId>,
    pub anchor_kind: AnchorKind,
    #[serde(deserialize_with = "present")]
    pub anchor_user_id: Option<UserId>,
    #[serde(deserialize_with = "present")]
    pub owner_user_id: Option<UserId>,
    #[serde(deserialize_with = "present")]
    pub missed_call_owner_user_id: Option<UserId>,
    #[serde(skip)]
    pub missed_call_owner_group_id: Option<GroupId>,
    pub initiated_at: Millis,
    #[serde(deserialize_with = "present")]
    pub accepted_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub answered_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub anchor_left_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub ended_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub ended_by: Option<EndedBy>,
    #[serde(deserialize_with = "present")]
    pub absorbed_into_call_id: Option<CallId>,
    #[serde(deserialize_with = "present")]
    pub reply_to_call_id: Option<CallId>,
    #[serde(skip)]
    pub end_sip_status: Option<u16>,
    #[serde(skip)]
    pub end_q850: Option<u16>,
    #[serde(skip)]
    pub trunk_id: Option<Arc<str>>,
    #[serde(skip)]
    pub node: Option<Arc<str>>,
    #[serde(skip)]
    pub sip_call_id: Option<Arc<str>>,
    #[serde(skip, default = "first_revision")]
    pub revision: u32,
}

/// A row of `connection`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the columns are those of schema.sql")]
pub struct Connection {
    pub id: Arc<str>,
    pub call_id: CallId,
    pub seq: u16,
    pub kind: ConnectionKind,
    #[serde(deserialize_with = "present")]
    pub opened_by_user_id: Option<UserId>,
    pub target_kind: TargetKind,
    #[serde(deserialize_with = "present")]
    pub target_user_id: Option<UserId>,
    #[serde(deserialize_with = "present")]
    pub target_group_id: Option<GroupId>,
    #[serde(deserialize_with = "present")]
    pub target_number: Option<Arc<str>>,
    pub strategy: AcdStrategy,
    pub opened_at: Millis,
    #[serde(deserialize_with = "present")]
    pub answered_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub bridged_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub ended_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub outcome: Option<ConnectionOutcome>,
    #[serde(deserialize_with = "present")]
    pub answered_user_id: Option<UserId>,
    #[serde(deserialize_with = "present")]
    pub transfer_state: Option<TransferState>,
    #[serde(deserialize_with = "present")]
    pub end_reason: Option<EndReason>,
    #[serde(deserialize_with = "present")]
    pub sip_status: Option<u16>,
    #[serde(skip)]
    pub q850: Option<u16>,
}

/// A row of `connection_attempt`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the columns are those of schema.sql")]
pub struct ConnectionAttempt {
    pub id: Arc<str>,
    pub call_id: CallId,
    pub connection_id: Arc<str>,
    pub seq: u16,
    pub stage: u16,
    pub round: u16,
    #[serde(deserialize_with = "present")]
    pub user_id: Option<UserId>,
    #[serde(deserialize_with = "present")]
    pub number: Option<Arc<str>>,
    #[serde(deserialize_with = "present")]
    pub ivr_id: Option<IvrId>,
    #[serde(deserialize_with = "present")]
    pub group_id: Option<GroupId>,
    pub started_at: Millis,
    #[serde(deserialize_with = "present")]
    pub ringing_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub ended_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub outcome: Option<AttemptOutcome>,
    #[serde(deserialize_with = "present")]
    pub sip_status: Option<u16>,
    #[serde(skip)]
    pub sip_call_id: Option<Arc<str>>,
}

/// A row of `call_participant`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the columns are those of schema.sql")]
pub struct CallParticipant {
    pub id: Arc<str>,
    pub call_id: CallId,
    pub participant_key: Arc<str>,
    pub kind: ParticipantKind,
    pub role: ParticipantRole,
    pub ordinal: u16,
    #[serde(deserialize_with = "present")]
    pub user_id: Option<UserId>,
    #[serde(deserialize_with = "present")]
    pub phone_number: Option<E164>,
    #[serde(deserialize_with = "present")]
    pub record_id: Option<RecordId>,
    #[serde(deserialize_with = "present")]
    pub joined_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub left_at: Option<Millis>,
}

/// A row of `call_interaction`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the columns are those of schema.sql")]
pub struct CallInteraction {
    pub call_id: CallId,
    pub seq: u32,
    pub at: Millis,
    pub kind: InteractionKind,
    #[serde(deserialize_with = "present")]
    pub connection_id: Option<Arc<str>>,
    #[serde(deserialize_with = "present")]
    pub ivr_id: Option<IvrId>,
    #[serde(deserialize_with = "present")]
    pub user_id: Option<UserId>,
    pub data: serde_json::Map<String, serde_json::Value>,
}

/// A row of `quality_event`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the columns are those of schema.sql")]
pub struct QualityEvent {
    pub id: Arc<str>,
    pub call_id: CallId,
    #[serde(deserialize_with = "present")]
    pub connection_id: Option<Arc<str>>,
    pub stream: QualityStream,
    pub metric: QualityMetric,
    pub severity: QualitySeverity,
    pub threshold: f64,
    pub worst_value: f64,
    pub unit: QualityUnit,
    pub raised_at: Millis,
    #[serde(deserialize_with = "present")]
    pub cleared_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub clear_reason: Option<QualityClear>,
    pub source: QualitySource,
    /// What was heard and why, in plain words; no part of the hand-off.
    #[serde(skip)]
    pub explanation: Option<Arc<str>>,
}

/// What the assigner must know of the directory as it was during the call (D46). Unknown keys are
/// ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the keys are those of model.md §6.1")]
pub struct Context {
    #[serde(deserialize_with = "present")]
    pub internal_number: Option<ContextInternalNumber>,
    pub ivr_visits: Vec<IvrVisit>,
    pub users: BTreeMap<UserId, ContextUser>,
    pub groups: BTreeMap<GroupId, ContextGroup>,
}

/// `context.internal_number`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the keys are those of model.md §6.1")]
pub struct ContextInternalNumber {
    pub id: NumberId,
    pub e164: E164,
    pub assigned_kind: AssignedKind,
    /// A user or a group, by `assigned_kind`.
    pub assigned_id: Arc<str>,
    #[serde(deserialize_with = "present")]
    pub missed_call_owner_user_id: Option<UserId>,
}

/// `context.ivr_visits[]`: one visit of an IVR. The last two columns are null while it lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the keys are those of model.md §6.1")]
pub struct IvrVisit {
    pub seq: u16,
    pub ivr_id: IvrId,
    pub entered_at: Millis,
    #[serde(deserialize_with = "present")]
    pub exited_at: Option<Millis>,
    #[serde(deserialize_with = "present")]
    pub exit_reason: Option<IvrExit>,
    #[serde(deserialize_with = "present")]
    pub group_id: Option<GroupId>,
    #[serde(deserialize_with = "present")]
    pub record_owner_user_id: Option<UserId>,
    #[serde(deserialize_with = "present")]
    pub missed_call_owner_user_id: Option<UserId>,
}

/// `context.users{}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the keys are those of model.md §6.1")]
pub struct ContextUser {
    pub name: Arc<str>,
    #[serde(deserialize_with = "present")]
    pub number: Option<ContextUserNumber>,
}

/// A user's default number in the context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the keys are those of model.md §6.1")]
pub struct ContextUserNumber {
    pub id: NumberId,
    pub e164: E164,
    #[serde(deserialize_with = "present")]
    pub missed_call_owner_user_id: Option<UserId>,
}

/// `context.groups{}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the keys are those of model.md §6.1")]
pub struct ContextGroup {
    pub name: Arc<str>,
    #[serde(deserialize_with = "present")]
    pub number: Option<ContextGroupNumber>,
    #[serde(deserialize_with = "present")]
    pub missed_call_owner_user_id: Option<UserId>,
}

/// A group's default number in the context.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the keys are those of model.md §6.1")]
pub struct ContextGroupNumber {
    pub id: NumberId,
    pub e164: E164,
}

/// A row of `queue_wait`: one stay of a caller in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns are those of the table")]
pub struct QueueWait {
    pub call_id: CallId,
    pub seq: u16,
    pub connection_id: Arc<str>,
    pub ivr_id: Option<IvrId>,
    pub group_id: GroupId,
    pub priority: i16,
    pub position: u32,
    pub entered_at: Millis,
    pub left_at: Option<Millis>,
    pub exit: Option<QueueExit>,
}

/// A row of `routing_decision`: what one step of a call decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns are those of the table")]
pub struct DecisionRow {
    pub call_id: CallId,
    pub seq: u16,
    pub at: Millis,
    pub lines: Vec<Decision>,
}
