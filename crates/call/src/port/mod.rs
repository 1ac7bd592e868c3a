//! Everything that crosses the edge of the call engine. Below it there is no SIP, no SDP and no
//! socket: a leg is a number, and the switch knows which dialogs stand behind it. One leg stands
//! for one ringing of one user however many devices he has (D4): the switch forks it and reports
//! the first answer, or one failure when every device has failed.
//!
//! `media` may import this module of `call` and no other.

mod control;
mod media;
mod sound;

use std::sync::Arc;

use model::call_graph::Recorded;
use model::call_graph::event::BridgeLeg;
use model::directory::{Availability, KnownRecord, MailboxId};
use model::recording::RecordingChange;
use model::voicemail::VoicemailChange;
use model::{E164, GroupId, IvrId, NumberId, TrunkId, UserId};

pub use self::control::{
    Adoption, Command, Goal, Member, OrderId, Orderer, PartyStanding, Refusal, SearchStanding,
    StageName, Standing, Supervision,
};
pub use self::media::{
    Direction, Encoding, Format, Formats, MediaCommand, MediaEvent, Part, PortPair, QualityChange,
    QualityMetric, QualityNotice, QualitySeverity, QualitySource, QualityStream, RecordingFormat,
    RecordingId, RemoteMedia, RoomId, Speaks, StreamQuality,
};
pub use self::sound::{Digit, PlayEnd, PlayId, Playlist, Sound, Spoken, Tone};

/// A leg, live: unique in the life of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegId(pub u64);

/// A call that arrives, already authenticated, admitted and looked up by the switch.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The caller's leg: the anchor.
    pub leg: LegId,
    /// Who calls.
    pub caller: Caller,
    /// Whom the call is for.
    pub destination: Destination,
    /// `call.from_number`.
    pub from_number: Option<Arc<str>>,
    /// `call.to_number`.
    pub to_number: Option<Arc<str>>,
    /// SIP's Call-ID of the anchor leg.
    pub sip_call_id: Arc<str>,
    /// The server that runs the call.
    pub node: Arc<str>,
}

/// Who calls.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Somebody outside, through a trunk.
    External {
        /// The trunk.
        trunk: TrunkId,
        /// His number; `None`: withheld, or not E.164.
        number: Option<E164>,
        /// What he showed where it is no E.164 number.
        text: Option<Arc<str>>,
        /// The display name that the trunk sent.
        display_name: Option<Arc<str>>,
    },
    /// A registered user.
    User(UserId),
}

/// Whom a call is for.
#[derive(Clone, Debug)]
pub enum Destination {
    /// One of our numbers, dialled from a trunk: inbound.
    Number(NumberId),
    /// A user, dialled by a user (by name, or by a number of his): internal.
    User(UserId),
    /// A group's number, dialled by a user: internal, through the number's IVR.
    Group(NumberId),
    /// A number outside, dialled by a user: outbound.
    Outside {
        /// The full number; `None`: a short code or an emergency number.
        number: Option<E164>,
        /// What is sent: the full number, or as dialled.
        dialled: Arc<str>,
        /// The Caller ID.
        caller_id: NumberId,
        /// The trunk to use first.
        trunk: TrunkId,
    },
    /// No number of ours, dialled from a trunk: refused with 404 and recorded once.
    Unknown,
    /// A code of the server, dialled by a user: internal.
    Code(Code),
}

/// A code that a user dials to tell the server something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// Groups may offer him calls.
    Available,
    /// They may not, for this reason.
    Away(Arc<str>),
    /// If they may they may not any more, and the other way round.
    Toggle,
    /// He listens to the messages of his mailbox, or of one of his groups.
    Voicemail(MailboxId),
    /// He enters an IVR, as a caller would.
    Ivr(IvrId),
    /// He wants something of another call: the call says so ([`CallOutput::Wants`]), and the switch
    /// brings his leg there ([`CallInput::Adopt`]) or answers ([`CallInput::Granted`]).
    Control(Control),
}

/// What a user wants of another call by dialling a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// To take the call that rings at this user's.
    PickUp(UserId),
    /// To take the call that rings longest at a member of a group of his.
    PickUpGroup,
    /// To park the call that he holds, in this slot or in the first that is free.
    Park(Option<Arc<str>>),
    /// To fetch what is parked there.
    Retrieve(Arc<str>),
    /// To take his own call from another device of his.
    Move,
    /// To speak with everybody whom he holds, all together.
    Conference,
    /// To supervise a user.
    Supervise(UserId, Supervision),
    /// To take the place of this leg (INVITE with Replaces): another device of the same user, a
    /// call that rings, or one that is parked.
    Replace(LegId),
}

impl Control {
    /// In words for people.
    pub(crate) fn meaning(&self) -> String {
        match self {
            Self::PickUp(user) => format!("pick up what rings at {user}"),
            Self::PickUpGroup => "pick up what rings in a group of his".to_owned(),
            Self::Park(Some(slot)) => format!("park in {slot}"),
            Self::Park(None) => "park".to_owned(),
            Self::Retrieve(slot) => format!("fetch what is parked in {slot}"),
            Self::Move => "move to this telephone".to_owned(),
            Self::Conference => "speak with all whom he holds".to_owned(),
            Self::Supervise(user, Supervision::Listen) => format!("listen to {user}"),
            Self::Supervise(user, Supervision::Whisper) => format!("whisper to {user}"),
            Self::Supervise(user, Supervision::Barge) => format!("barge in at {user}'s"),
            Self::Replace(LegId(leg)) => format!("take the place of leg {leg}"),
        }
    }
}

/// What happens to a call.
#[derive(Debug)]
pub enum CallInput {
    /// Something happened on a leg.
    Leg(LegId, LegEvent),
    /// A user answered another call: his attempts here end as `busy` (D37).
    UserTaken(UserId),
    /// The server stops: release every leg, `ended_by` system.
    Release,
    /// A user, or an operator, wants this call recorded, not recorded, or a pause.
    Record(RecordingWish),
    /// It is this waiting caller's turn.
    Offered(Offered),
    /// What a lookup that this call asked for has found.
    LookedUp(LookedUp),
    /// An order; answered by [`CallOutput::Answered`] in the same step.
    Order(OrderId, Orderer, Command),
    /// A leg, or a whole consultation, of another call comes into this one, which has said that it
    /// takes it ([`crate::Call::takes`]).
    Adopt(Adoption, Box<crate::GivenUp>),
    /// What became of [`CallOutput::Wants`] where the leg stays: done, with something to be said
    /// (the number of a slot), or refused with this SIP status.
    Granted(Result<Option<Arc<str>>, u16>),
}

/// What the floor offers a waiting caller ([`acd::Floor::dispatch`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Whom to ring, each with the group in which he was found. The floor counts them as rung by
    /// this call already. Empty: every lap is over, nobody will be offered any more.
    pub members: Vec<(UserId, GroupId)>,
    /// Number of the lap, from 1 (`attempt.round`, D38).
    pub round: u16,
}

/// What a lookup has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookedUp {
    /// The number.
    pub number: E164,
    /// The record; `None`: there is none, or nothing was found in time.
    pub record: Option<KnownRecord>,
}

/// What somebody wants of the recording of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingWish {
    /// Record it.
    Start,
    /// Keep nothing for a while.
    Pause,
    /// Go on.
    Resume,
    /// Close the file.
    Stop,
}

/// What happened on a leg.
#[derive(Clone, Debug, PartialEq)]
pub enum LegEvent {
    /// The far end alerts (18x). `early_media`: it sends audio already.
    Rang {
        /// Whether the response carried a session description.
        early_media: bool,
    },
    /// The far end answered (first 2xx).
    Answered,
    /// The far end will not be reached: its final response, 408 when nothing came, 503 when it
    /// could not be sent, 480 when the user has no binding (then in the same step as the dial).
    Failed {
        /// The SIP status.
        status: u16,
    },
    /// After our CANCEL its final response came: 487, or 408 when nothing came, or 200 when it
    /// had crossed (that leg has been acknowledged and released already).
    Settled {
        /// The SIP status.
        status: u16,
    },
    /// The far end hung up an established leg (BYE), or its dialog is gone (no ACK, 481).
    HungUp,
    /// The caller gave up before he was answered (CANCEL).
    Cancelled,
    /// The far end put us on hold (its offer no longer wants to receive).
    Held,
    /// The far end took us off hold.
    Resumed,
    /// What was dialled is there: its first provisional response came, 100 included.
    Reached,
    /// Nothing but silence came from the leg for as long as
    /// [`MediaCommand::NoticeSilence`] said.
    FellSilent,
    /// No RTP came from either side for this long.
    MediaTimedOut {
        /// Seconds.
        seconds: u32,
    },
    /// The far end pressed a digit that whoever listens to it hears as well: by RTP, or in the
    /// band.
    Digit(Digit),
    /// The far end pressed a digit by INFO, which nobody hears unless it is made again.
    InfoDigit {
        /// Which.
        digit: Digit,
        /// For how long, ms.
        duration_ms: u16,
    },
    /// What was played to the leg is over.
    Played {
        /// Which playing.
        play: PlayId,
        /// How it ended.
        end: PlayEnd,
    },
    /// Bad audio began, got worse or is over.
    Quality(QualityNotice),
    /// A recording can no longer be written.
    RecordingFailed {
        /// Which.
        recording: RecordingId,
        /// Why, for people.
        cause: Arc<str>,
    },
    /// The far end, a user, wants the call handed to this target (REFER without Replaces): as
    /// [`Command::Transfer`], and answered by [`LegCommand::AcceptRefer`] or
    /// [`LegCommand::RefuseRefer`] in the same step.
    Referred(Goal),
}

/// What the engine wants done, in causal order.
#[derive(Clone, Debug)]
pub enum CallOutput {
    /// Do this to a leg.
    Leg(LegCommand),
    /// Tell media: plays, rooms, digits and recordings; what opens, joins and closes legs follows
    /// from [`LegCommand`]s.
    Media(MediaCommand),
    /// Keep this event; it is durable before anything after it in the list leaves the process.
    Record(Recorded),
    /// What became of a recording.
    Recording(RecordingId, RecordingChange),
    /// What rows call this leg, once it is one that they name; media's figures at its end are
    /// kept under this name (`leg_quality.leg`).
    Named(LegId, BridgeLeg),
    /// The round-robin cursor of a group moved (D42).
    Cursor(GroupId, UserId),
    /// This user answered this call: tell every other call that rings him
    /// ([`Floor::calls_ringing`](acd::Floor::calls_ringing)).
    UserTaken(UserId),
    /// Ask who has this number; the answer comes as [`CallInput::LookedUp`].
    LookUp(E164),
    /// A voice message was left, listened to or deleted.
    Voicemail(VoicemailChange),
    /// A user changed whether groups may offer him calls, by telephone.
    Availability(UserId, Availability, Option<Arc<str>>),
    /// The caller has dialled a code that is about another call.
    Wants(Control),
    /// What became of an order.
    Answered(OrderId, Result<(), Refusal>),
    /// The call is over and may be dropped: nothing it is told from now on has an effect, not
    /// even [`LegEvent::Settled`] (D40).
    Finished,
}

/// What to do to a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegCommand {
    /// Tell the caller that somebody is alerted (180 without a session description).
    Ring {
        /// The anchor.
        leg: LegId,
    },
    /// Let the caller hear the early media of the only leg that rings (183).
    PassEarlyMedia {
        /// The anchor.
        to: LegId,
        /// The ringing leg.
        from: LegId,
    },
    /// Accept the anchor (2xx).
    Answer {
        /// The anchor.
        leg: LegId,
        /// The leg whose negotiated codec decides the answer; `None`: nobody answered yet (an
        /// IVR accepts on entry).
        like: Option<LegId>,
    },
    /// Refuse the anchor.
    Reject {
        /// The anchor.
        leg: LegId,
        /// The SIP status.
        status: u16,
    },
    /// Ring a user on all his devices.
    DialUser {
        /// The new leg.
        leg: LegId,
        /// The user.
        user: UserId,
        /// On which of his devices.
        devices: Devices,
        /// What his phone shows.
        shown: Shown,
        /// The caller's leg: its session description, Max-Forwards and Call-ID are carried on.
        anchor: LegId,
        /// Who has passed the call on, the first of them first.
        diverted: Vec<Diversion>,
    },
    /// Ring a user for a call that nobody has made yet: the offer is our own, and the leg is the
    /// anchor of what is dialled for it once he has answered (callbacks).
    CallUser {
        /// The new leg.
        leg: LegId,
        /// The user.
        user: UserId,
        /// On which of his devices.
        devices: Devices,
        /// What his phone shows.
        shown: Shown,
    },
    /// Dial a number outside.
    DialOutside {
        /// The new leg.
        leg: LegId,
        /// The number, or the short code as dialled.
        to: Arc<str>,
        /// What the far end's phone shows.
        shown: Shown,
        /// The trunk to use first.
        trunk: Option<TrunkId>,
        /// The leg of who dials: the caller's, or one that answered [`Self::CallUser`].
        anchor: LegId,
        /// Who has passed the call on, the first of them first.
        diverted: Vec<Diversion>,
    },
    /// Stop a leg that has not been answered (CANCEL), or that answers while we say so.
    Cancel {
        /// The leg.
        leg: LegId,
        /// Why.
        why: Release,
    },
    /// End an established leg (BYE).
    HangUp {
        /// The leg.
        leg: LegId,
        /// Why.
        why: Release,
    },
    /// Let two established legs hear each other.
    Bridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Part them again; both stay established.
    Unbridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Tell an established leg whom it talks with from now on (RFC 4916: UPDATE or re-INVITE).
    Identify {
        /// The leg.
        leg: LegId,
        /// With whom.
        shown: Shown,
    },
    /// The REFER that came on this leg is obeyed: 202, and NOTIFY "100 Trying" (RFC 3515 §2.4.4).
    AcceptRefer {
        /// The transferor's leg.
        leg: LegId,
    },
    /// It is not.
    RefuseRefer {
        /// The leg.
        leg: LegId,
        /// The SIP status.
        status: u16,
    },
    /// How the transfer that the leg asked for goes: NOTIFY with this status line; a final one ends
    /// the subscription. The leg is not released before the NOTIFY is answered, or given up.
    NotifyRefer {
        /// The transferor's leg.
        leg: LegId,
        /// 180, 200, or why it failed.
        status: u16,
    },
    /// Tell a telephone that rings to answer, as its button would (NOTIFY with `Event: talk`).
    Prompt {
        /// The ringing leg.
        leg: LegId,
    },
}

/// Which of a user's registered devices ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Devices {
    /// All.
    All,
    /// The one with this id in the directory; none registered: 480 in the same step.
    Only(Arc<str>),
}

/// What the called phone shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The caller's number, or the user name of a caller inside; `None`: withheld.
    pub number: Option<Arc<str>>,
    /// The name of the caller's record or of the calling user, where known.
    pub name: Option<Arc<str>>,
}

/// Somebody who has passed a call on (RFC 5806, RFC 7044).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diversion {
    /// Who, as the phone that rings then may show him.
    pub by: Shown,
    /// Why.
    pub reason: DiversionReason,
}

/// Why a call was passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiversionReason {
    /// All calls are.
    Unconditional,
    /// He is busy.
    Busy,
    /// He has not answered.
    NoAnswer,
    /// His telephones cannot be reached.
    Unavailable,
}

/// Why a leg is released; becomes the Reason header (RFC 3326).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The other side hung up, or the call is over.
    Normal,
    /// Somebody else answered.
    AnsweredElsewhere,
    /// The ring timer ran out.
    NoAnswer,
    /// The caller gave up.
    CallerGone,
    /// The user answered another call.
    UserBusy,
    /// The server stops.
    Shutdown,
    /// No RTP came.
    MediaTimeout,
}
