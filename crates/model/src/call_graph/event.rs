//! The vocabulary of the append-only log of a call. An event says what happened, in the past
//! tense; legs *enter* and *leave* bridges, so a transfer is only a sequence of these and needs no
//! record of its own shape. Connections and attempts are named by their number within the call.
//!
//! All events of one input carry that input's time (D40).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::graph::Context;
use super::words::{
    AttemptOutcome, CallOutcome, ConnectionKind, ConnectionOutcome, Direction, EndReason, EndedBy,
    IvrExit, LeaveReason, NoAnswerReason, ParticipantRole, QualityMetric, QualitySeverity,
    QualitySource, QualityStream, QueueExit, RoutingRule, TransferMode, TransferState,
};
use crate::directory::AcdStrategy;
use crate::{CallId, E164, GroupId, IvrId, Millis, NumberId, RecordId, UserId};

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// The call it belongs to.
    pub call: CallId,
    /// When: the wall clock at the call's start plus the monotonic time since (D40).
    pub at: Millis,
    /// What happened.
    pub event: CallEvent,
}

/// Number of a Connection within its call, from 1.
pub type ConnectionSeq = u16;

/// The bridge of the call itself: who enters it hears the other side (`connection.bridged_at`).
pub const MAIN_BRIDGE: u16 = 1;

/// Number of an Attempt within its Connection, from 1.
pub type AttemptSeq = u16;

/// What happened in a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEvent {
    /// First of every call.
    Started(Box<Started>),
    /// The anchor leg got its first 2xx.
    Accepted,
    /// The caller entered an IVR.
    IvrEntered {
        /// The IVR.
        ivr: IvrId,
        /// The group that it routes to, if any.
        group: Option<GroupId>,
        /// Owner of the calls that end there (D8).
        record_owner: Option<UserId>,
        /// Owner of the calls that are missed there (D6).
        missed_call_owner: Option<UserId>,
    },
    /// The caller left an IVR.
    IvrExited {
        /// The IVR.
        ivr: IvrId,
        /// Why.
        reason: IvrExit,
        /// Where to, for `next_ivr` and `menu_option`.
        next: Option<IvrId>,
    },
    /// A stage of routing began; the first of a Connection opens it.
    RoutingStarted {
        /// The Connection.
        connection: ConnectionSeq,
        /// Why the Connection was opened.
        kind: ConnectionKind,
        /// The user who opened it (transfers, added parties).
        opened_by: Option<UserId>,
        /// The IVR that routes.
        ivr: Option<IvrId>,
        /// Who is to be reached.
        target: Target,
        /// How.
        strategy: AcdStrategy,
    },
    /// The last stage that makes an attempt names the Connection's target (D39); written with
    /// the first attempt of every stage but the first.
    StageTargeted {
        /// The Connection.
        connection: ConnectionSeq,
        /// Who is to be reached.
        target: Target,
        /// How.
        strategy: AcdStrategy,
    },
    /// An external party is dialled; opens the Connection.
    DialStarted {
        /// The Connection.
        connection: ConnectionSeq,
        /// `dial` or `add`.
        kind: ConnectionKind,
        /// Who added the party.
        added_by: Option<UserId>,
        /// The number, or the short code as dialled.
        to: Arc<str>,
    },
    /// The dialled external party alerts.
    DialRinging {
        /// The Connection.
        connection: ConnectionSeq,
    },
    /// The dial goes on to another address of the trunk.
    TrunkFailedOver {
        /// The Connection.
        connection: ConnectionSeq,
        /// The address that could not take the call: host and port.
        from: Arc<str>,
        /// The address that is tried now.
        to: Arc<str>,
        /// What the first one gave: its response, 408 for none, 503 for no way there.
        sip_status: u16,
    },
    /// One user (or routed number) is rung.
    AttemptStarted {
        /// The Connection.
        connection: ConnectionSeq,
        /// The Attempt.
        attempt: AttemptSeq,
        /// Stage within the Connection, from 1.
        stage: u16,
        /// Round-robin lap within the stage, from 1.
        round: u16,
        /// Who.
        party: AttemptParty,
        /// The IVR that routes.
        ivr: Option<IvrId>,
        /// The group that is searched.
        group: Option<GroupId>,
        /// SIP's Call-ID of the leg.
        sip_call_id: Option<Arc<str>>,
    },
    /// Its first 18x.
    AttemptRinging {
        /// The Connection.
        connection: ConnectionSeq,
        /// The Attempt.
        attempt: AttemptSeq,
    },
    /// It ended without being the winner ([`CallEvent::Answered`] ends the winner).
    AttemptEnded {
        /// The Connection.
        connection: ConnectionSeq,
        /// The Attempt.
        attempt: AttemptSeq,
        /// How.
        outcome: AttemptOutcome,
        /// The final response, or the one that our decision stands for.
        sip_status: Option<u16>,
    },
    /// The final response of an Attempt whose outcome was decided earlier by our CANCEL: its
    /// `sip_status` becomes 200 or 408 (D40).
    AttemptSettled {
        /// The Connection.
        connection: ConnectionSeq,
        /// The Attempt.
        attempt: AttemptSeq,
        /// What came.
        sip_status: u16,
    },
    /// Somebody answered the stage or the dial.
    Answered {
        /// The Connection.
        connection: ConnectionSeq,
        /// The winning Attempt; `None` for a dial.
        attempt: Option<AttemptSeq>,
        /// Who.
        by: Party,
        /// The part he plays from now on.
        role: ParticipantRole,
    },
    /// Nobody answered the stage or the dial.
    NoAnswer {
        /// The Connection.
        connection: ConnectionSeq,
        /// Why.
        reason: NoAnswerReason,
    },
    /// A leg begins to hear the others of a bridge, and they it.
    BridgeEntered {
        /// The leg.
        leg: BridgeLeg,
        /// Number of the bridge within the call: [`MAIN_BRIDGE`] is the one to which who calls from
        /// outside belongs; a consultation has one of its own.
        bridge: u16,
    },
    /// A leg no longer hears them.
    BridgeLeft {
        /// The leg.
        leg: BridgeLeg,
        /// Number of the bridge within the call.
        bridge: u16,
    },
    /// A party was put on hold.
    Held {
        /// The user who did it; `None`: an external.
        by: Option<UserId>,
        /// The held party: a number, or `u:<user>` (D45).
        party: Arc<str>,
    },
    /// A party was taken off hold.
    Resumed {
        /// The user who did it; `None`: an external.
        by: Option<UserId>,
        /// The party.
        party: Arc<str>,
    },
    /// A Connection ended.
    ConnectionEnded {
        /// The Connection.
        connection: ConnectionSeq,
        /// How it came out; not looked at when it was answered.
        outcome: ConnectionOutcome,
        /// Why it ended.
        reason: EndReason,
        /// The SIP status; not looked at when it was answered.
        sip_status: Option<u16>,
        /// The Q.850 cause.
        q850: Option<u16>,
    },
    /// The anchor leg is gone.
    AnchorLeft,
    /// A user wants the call handed on.
    TransferStarted {
        /// The transferor.
        by: UserId,
        /// Cold or warm, as it was ordered.
        mode: TransferMode,
        /// An id of a user, a group or an IVR, a number, or `park:<slot>`.
        target: Arc<str>,
    },
    /// What became of it.
    TransferEnded {
        /// The Connection that it opened; `None`: none was opened (an IVR or a slot that the party
        /// left by himself).
        connection: Option<ConnectionSeq>,
        /// The transferor.
        by: UserId,
        /// Cold, unless the transferor and who answered were on the call at the same time (D10).
        mode: TransferMode,
        /// How it came out.
        state: TransferState,
    },
    /// A joined party left, and the call goes on (§6.2.6).
    PartyLeft {
        /// His Connection; `None`: the anchor.
        connection: Option<ConnectionSeq>,
        /// Who.
        who: Party,
        /// Why.
        reason: LeaveReason,
    },
    /// Who answered a Connection plays another part from now on: a consulted user to whom the call
    /// was handed is its transfer target.
    RoleChanged {
        /// The Connection.
        connection: ConnectionSeq,
        /// The part.
        role: ParticipantRole,
    },
    /// A party's microphone was shut, or opened again, by order. No interaction is made of it.
    Muted {
        /// Whose.
        leg: BridgeLeg,
        /// `false`: opened.
        muted: bool,
    },
    /// A consultation that a plain telephone made as a call of its own has become part of this
    /// call (D34): its rows move here, its log comes with it.
    Absorbed(Box<Absorbed>),
    /// This call has become part of another one: it has no graph and no event of its own (D34).
    AbsorbedInto(CallId),
    /// No RTP came.
    MediaTimedOut {
        /// The leg's Connection; `None`: the anchor.
        connection: Option<ConnectionSeq>,
        /// For how long, seconds.
        seconds: u32,
    },
    /// A party pressed a digit while he talked.
    DigitPressed {
        /// The user, if it was one.
        user: Option<UserId>,
        /// Who: a number, or `u:<user>` (as for a hold, D45).
        party: Arc<str>,
        /// The digit; `•` where digits are not to be kept.
        digit: char,
    },
    /// Bad audio began (R022, §4.6).
    QualityRaised {
        /// The leg's Connection; `None`: the anchor.
        connection: Option<ConnectionSeq>,
        /// From the leg or to it.
        stream: QualityStream,
        /// What.
        metric: QualityMetric,
        /// How bad.
        severity: QualitySeverity,
        /// What was passed, in the metric's unit.
        threshold: f64,
        /// The worst value so far.
        worst: f64,
        /// Where the figures come from.
        source: QualitySource,
        /// What was heard and why, in plain words.
        explanation: Arc<str>,
    },
    /// It got worse.
    QualityWorsened {
        /// The leg's Connection; `None`: the anchor.
        connection: Option<ConnectionSeq>,
        /// From the leg or to it.
        stream: QualityStream,
        /// What.
        metric: QualityMetric,
        /// How bad by now.
        severity: QualitySeverity,
        /// The worst value so far.
        worst: f64,
        /// What was heard and why, in plain words.
        explanation: Arc<str>,
    },
    /// It is over. What is open when the leg ends is closed by the fold.
    QualityCleared {
        /// The leg's Connection; `None`: the anchor.
        connection: Option<ConnectionSeq>,
        /// From the leg or to it.
        stream: QualityStream,
        /// What.
        metric: QualityMetric,
        /// The worst value.
        worst: f64,
        /// What was heard and why, in plain words.
        explanation: Arc<str>,
    },
    /// The caller chose an option of a menu.
    MenuSelected {
        /// The IVR.
        ivr: IvrId,
        /// The digit.
        digit: char,
        /// Where it leads.
        next: IvrId,
    },
    /// The caller pressed a digit that is no option.
    MenuInvalid {
        /// The IVR.
        ivr: IvrId,
        /// The digit.
        digit: char,
    },
    /// The caller pressed nothing in time.
    MenuTimedOut {
        /// The IVR.
        ivr: IvrId,
    },
    /// A schedule decided.
    ScheduleMatched {
        /// The IVR.
        ivr: IvrId,
        /// Name of the rule or holiday; `default` where none holds.
        rule: Arc<str>,
        /// Where the call goes.
        next: Option<IvrId>,
    },
    /// The caller begins to wait for a member of a group.
    QueueEntered {
        /// The Connection.
        connection: ConnectionSeq,
        /// The IVR that routes.
        ivr: Option<IvrId>,
        /// The group.
        group: GroupId,
        /// More is sooner.
        priority: i16,
        /// His place, from 1.
        position: u32,
    },
    /// He waits no longer.
    QueueLeft {
        /// The Connection.
        connection: ConnectionSeq,
        /// Why.
        exit: QueueExit,
    },
    /// Why the call went where it went, in the order in which it was decided. Kept beside the
    /// rows; no interaction is made of it.
    Decided(Vec<Decision>),
    /// Events of this call could not be kept.
    DataLost,
    /// Last of every call.
    Ended(Box<Ended>),
}

/// What is known when a call begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// Which way it goes.
    pub direction: Direction,
    /// `call.from_number`: the caller's number, the Caller ID, or the caller's SIP username.
    pub from_number: Option<Arc<str>>,
    /// `call.to_number`.
    pub to_number: Option<Arc<str>>,
    /// The dialled number (inbound) or the Caller ID (outbound).
    pub internal_number: Option<NumberId>,
    /// Who calls.
    pub caller: Party,
    /// The addressee, if he is a participant from the start (D5).
    pub callee: Option<Party>,
    /// The first owner (D8).
    pub owner: Option<UserId>,
    /// The trunk it came from or goes to.
    pub trunk: Option<Arc<str>>,
    /// The server that runs it.
    pub node: Arc<str>,
    /// SIP's Call-ID of the anchor leg.
    pub sip_call_id: Option<Arc<str>>,
}

/// A party of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// A user, with his default number.
    User {
        /// Who.
        user: UserId,
        /// His default number, if he has one.
        number: Option<E164>,
    },
    /// Somebody outside.
    External {
        /// The number; `None`: withheld, or not E.164.
        number: Option<E164>,
        /// The record it resolves to.
        record: Option<RecordId>,
        /// What was dialled or shown where it is not E.164.
        text: Option<Arc<str>>,
    },
}

/// Who an Attempt rings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptParty {
    /// A user.
    User(UserId),
    /// A number outside.
    Number(Arc<str>),
}

/// Whom a stage of routing wants to reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A user.
    User(UserId),
    /// A group.
    Group(GroupId),
    /// The owner of the caller's record, once known.
    RecordOwner(Option<UserId>),
    /// A number outside.
    External(Arc<str>),
}

/// A leg that hears a bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BridgeLeg {
    /// The leg that made the call.
    Anchor,
    /// The leg of a Connection.
    Connection(ConnectionSeq),
}

/// A call that becomes part of another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Absorbed {
    /// The call that is absorbed.
    pub call: CallId,
    /// The number that its only Connection has here; `None`: it had none (a dialled code).
    pub connection: Option<ConnectionSeq>,
    /// Why that Connection counts as opened here: `consult`, or `add`.
    pub kind: ConnectionKind,
    /// The user who made it.
    pub by: UserId,
    /// Everything that was recorded of it, from its beginning.
    pub log: Vec<Recorded>,
}

/// What is decided when a call ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Who ended it.
    pub by: EndedBy,
    /// How it came out.
    pub outcome: CallOutcome,
    /// Final owner (D8).
    pub owner: Option<UserId>,
    /// Missed call owner (D6); `None` where it was answered.
    pub missed_call_owner: Option<UserId>,
    /// The group that owns the missed call, beside or instead of a user.
    pub missed_call_owner_group: Option<GroupId>,
    /// The final response that the anchor leg got, if it was never accepted.
    pub sip_status: Option<u16>,
    /// Q.850 cause.
    pub q850: Option<u16>,
    /// Numbers, users and groups as they were during the call; `ivr_visits` is the fold's.
    pub context: Context,
}

/// One step of the way a call took, in words for people (`tandem route explain`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What kind of rule was looked at.
    pub rule: RoutingRule,
    /// What it was about: an id (an IVR with its version, a user, a group, a number).
    pub subject: Arc<str>,
    /// What came out of it and why: "passed over: on a call".
    pub verdict: Arc<str>,
}
