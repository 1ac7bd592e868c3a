//! Call control: what a party of a call, or an operator, may order while it runs (RFC 3515, RFC
//! 3891, RFC 5589, D10–D14, D34, D48). The same [`Command`]s come from telephones (REFER, INVITE
//! with Replaces, codes) and from the API; there is no other way to change a call. An order that a
//! call cannot carry out in the state it is in is refused and changes nothing.

use std::fmt;
use std::sync::Arc;

use model::call_graph::event::{BridgeLeg, Party};
use model::{E164, GroupId, IvrId, TrunkId, UserId};

use super::{Devices, LegId, RecordingWish};

/// An order, to be given back with its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// Who gives an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Orderer {
    /// An operator: any call, for any user.
    Operator,
    /// A user: calls that he is on, that ring at him or that he supervises, and for himself.
    User(UserId),
}

/// Somebody whom a call is to reach besides who is on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A user.
    User(UserId),
    /// The members of a group, by its strategy.
    Group(GroupId),
    /// An IVR: the other party goes through it as a caller would.
    Ivr(IvrId),
    /// A number outside.
    Outside {
        /// The full number; `None`: a short code or an emergency number.
        number: Option<E164>,
        /// What is sent: the full number, or as dialled.
        dialled: Arc<str>,
        /// The trunk to use first.
        trunk: TrunkId,
    },
    /// Whatever its user would reach by dialling this. The switch puts one of the others in its
    /// place before a call sees it; a call refuses it.
    Dialled(Arc<str>),
}

/// A party of a call, as the rows name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// A user who is on the call.
    User(UserId),
    /// The leg that the rows call so: the anchor, or a Connection.
    Leg(BridgeLeg),
}

/// How a supervisor is on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervision {
    /// He hears everybody, nobody hears him.
    Listen,
    /// He hears everybody, and the supervised user alone hears him.
    Whisper,
    /// He takes part: from now on he is an added party (D48).
    Barge,
}

/// What is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A telephone of the user that rings for this call is told to answer (`Event: talk`).
    Answer {
        /// Whose.
        user: UserId,
    },
    /// The call is over, for everybody.
    HangUp,
    /// One party leaves; the call goes on if two are left, or one and somebody rings for him.
    Remove {
        /// Who.
        member: Member,
    },
    /// Everybody else on the call is put on hold for this user.
    Hold {
        /// By whom.
        user: UserId,
    },
    /// And is taken off hold.
    Resume {
        /// By whom.
        user: UserId,
    },
    /// Cold: the user leaves now, the others are connected with whoever answers (D10).
    Transfer {
        /// The transferor.
        user: UserId,
        /// To whom.
        to: Goal,
    },
    /// Warm, the first half: the others are on hold, the user speaks with the target alone.
    Consult {
        /// The transferor.
        user: UserId,
        /// Whom he consults; no IVR.
        to: Goal,
    },
    /// Warm, the second half: the user leaves, the target stays. While the target still rings it
    /// becomes a cold one (semi-attended, D10).
    Complete {
        /// The transferor.
        user: UserId,
    },
    /// The consultation is given up, the user is back with the others (D13).
    Abandon {
        /// The transferor.
        user: UserId,
    },
    /// The user speaks with the other side of his consultation.
    Swap {
        /// The transferor.
        user: UserId,
    },
    /// The consultation becomes a conference of all.
    Merge {
        /// The transferor.
        user: UserId,
    },
    /// Somebody more is rung and joins when he answers; who talks goes on talking.
    Add {
        /// Who adds him.
        user: UserId,
        /// Whom; no IVR.
        to: Goal,
    },
    /// A party's microphone.
    Mute {
        /// Whose.
        member: Member,
        /// `false`: open it again.
        muted: bool,
    },
    /// Digits are pressed towards a party (RFC 4733, or in the band).
    SendDigits {
        /// Who hears them.
        member: Member,
        /// `0`–`9`, `*`, `#`, `A`–`D`; at most 64.
        digits: Arc<str>,
    },
    /// A sound is played to a party, or to all; it goes before what they hear, once.
    Play {
        /// Who hears it; `None`: everybody.
        member: Option<Member>,
        /// As in the directory: a file, `tone:…`, `music:…`, or a text.
        sound: Arc<str>,
    },
    /// What [`Self::Play`] began is over.
    StopPlay,
    /// Recording.
    Record(RecordingWish),
    /// The user leaves, the other party waits in a slot until somebody fetches it, or it comes back
    /// to him.
    Park {
        /// Who parks.
        user: UserId,
        /// Where, as people dial it; who orders has seen that it is free.
        slot: Arc<str>,
    },
    /// Another of the user's devices rings, and takes his place on the call when it answers.
    Move {
        /// Whose.
        user: UserId,
        /// Which of his devices.
        device: Devices,
    },
    /// A supervisor is rung, and is on the call as he wishes when he answers; one who is there
    /// already changes how.
    Supervise {
        /// The supervisor.
        by: UserId,
        /// The user whom he supervises.
        of: UserId,
        /// How.
        how: Supervision,
    },
}

/// A leg of another call that comes into this one; see [`crate::Call::give_up`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// The transferor's other line: whom it consulted is what comes (D34). `complete`: the
    /// transferor leaves (REFER with Replaces); `false`: all are joined (conference).
    Consultation {
        /// The transferor.
        user: UserId,
        /// Whether he leaves both.
        complete: bool,
        /// The leg of his on which a REFER asked for it.
        referred: Option<LegId>,
    },
    /// The leg of a user who picks up what rings elsewhere (D48).
    Pickup {
        /// Who.
        user: UserId,
        /// At whom it rings that he may take: the call may ring for several things at once.
        of: UserId,
    },
    /// The leg of a user who fetches the parked party.
    Retrieval {
        /// Who.
        user: UserId,
    },
    /// Another device of a user takes his leg's place (INVITE with Replaces, or a code).
    Replacement {
        /// Whose.
        user: UserId,
        /// The leg that goes.
        replaced: LegId,
    },
    /// A supervisor.
    Supervisor {
        /// Who.
        by: UserId,
        /// The user whom he supervises.
        of: UserId,
        /// How.
        how: Supervision,
    },
}

/// Why an order was refused. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The call is over, or was never there.
    NoCall,
    /// Who is named is not on this call.
    NotThere,
    /// The call is doing something that the order does not fit.
    State,
    /// Not his to order.
    Forbidden,
    /// The target is nobody who can be reached so.
    Goal,
    /// As many parties, attempts or digits as a call may have.
    Limit,
}

impl Refusal {
    /// The word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoCall => "no_such_call",
            Self::NotThere => "not_on_call",
            Self::State => "wrong_state",
            Self::Forbidden => "forbidden",
            Self::Goal => "no_such_target",
            Self::Limit => "limit",
        }
    }

    /// The response to a REFER, or to an INVITE, that orders it.
    pub fn sip_status(self) -> u16 {
        match self {
            Self::NoCall | Self::NotThere => 481,
            Self::State => 491,
            Self::Forbidden => 403,
            Self::Goal => 404,
            Self::Limit => 503,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCall => "the call is over",
            Self::NotThere => "that party is not on this call",
            Self::State => "the call is not in a state in which this can be done",
            Self::Forbidden => "this is not yours to order",
            Self::Goal => "the target cannot be reached this way",
            Self::Limit => "a call cannot have more of these",
        })
    }
}

/// What a call is doing, for whoever gives it orders.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Where it is.
    pub stage: StageName,
    /// Who is on it, in the order in which they came.
    pub parties: Vec<PartyStanding>,
    /// Who is being reached, in the order in which that began.
    pub searches: Vec<SearchStanding>,
    /// The slot in which it is parked.
    pub parked: Option<Arc<str>>,
}

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageName {
    /// It is being routed, or in an IVR.
    Routing,
    /// The caller waits in a queue.
    Waiting,
    /// Somebody is rung, and nobody has answered yet.
    Ringing,
    /// The caller leaves or hears a message.
    Voicemail,
    /// Somebody has answered.
    Talking,
    /// It is parked.
    Parked,
    /// It is over.
    Ended,
}

impl StageName {
    /// The word for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Routing => "routing",
            Self::Waiting => "waiting",
            Self::Ringing => "ringing",
            Self::Voicemail => "voicemail",
            Self::Talking => "talking",
            Self::Parked => "parked",
            Self::Ended => "ended",
        }
    }
}

/// A party of a call as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct PartyStanding {
    /// How the rows name its leg; `None`: a supervisor whom no row names.
    pub leg: Option<BridgeLeg>,
    /// Who.
    pub who: Party,
    /// Number of the bridge in which it is: who has the same hears each other.
    pub bridge: u16,
    /// Its telephone, or an order, has put the others on hold.
    pub holds: bool,
    /// Its microphone is shut by order.
    pub muted: bool,
    /// How it supervises, if it does.
    pub supervises: Option<Supervision>,
}

/// A search of a call as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchStanding {
    /// The Connection that it opened; `None`: a device or a supervisor.
    pub connection: Option<u16>,
    /// Who ordered it; `None`: the call itself.
    pub by: Option<UserId>,
    /// The users whose telephones ring.
    pub ringing: Vec<UserId>,
}
