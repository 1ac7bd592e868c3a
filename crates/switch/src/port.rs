//! Everything that crosses the edge of the composed core: one kind of value in, one ordered list
//! of values out. A test can print the list and read what happened in causal order.

use std::net::SocketAddr;
use std::sync::Arc;

use acd::AgentChange;
use bytes::Bytes;
use call::port::{
    Command, Devices, LookedUp, MediaCommand, MediaEvent, OrderId, Orderer, Refusal, Standing,
};
use model::call_graph::Recorded;
use model::client_report::ClientReport;
use model::directory::{Availability, Directory};
use model::leg_quality::LegQuality;
use model::recording::{RecordingChange, RecordingId};
use model::voicemail::VoicemailChange;
use model::{CallId, E164, GroupId, Millis, UserId};
use sip::flow::{Flow, TransportKind};
use sip::message::{Message, ParseFault};
use sip::registrar::Binding;
use sip::user_agent_core::ResolveId;

/// What comes in.
#[derive(Clone, Debug)]
pub enum Input {
    /// A message, as a transport parsed it.
    Sip {
        /// The way it came.
        flow: Flow,
        /// The message.
        message: Message,
    },
    /// Bytes that are no message, with what is needed to refuse them.
    Malformed {
        /// The way they came.
        flow: Flow,
        /// What is wrong.
        fault: ParseFault,
    },
    /// A flow failed: a connection broke, could not be opened, or a datagram was refused.
    SipFailed {
        /// Which.
        flow: Flow,
    },
    /// The answer to [`Effect::Resolve`]; empty when the name has no addresses.
    Resolved {
        /// Which question.
        id: ResolveId,
        /// Addresses in the order in which they are to be tried.
        targets: Vec<(TransportKind, SocketAddr)>,
    },
    /// Media reports.
    Media(MediaEvent),
    /// A new directory; calls that run keep theirs.
    Directory(Arc<Directory>),
    /// Somebody said, not by telephone, whether groups may offer a user calls.
    Availability {
        /// The user.
        user: UserId,
        /// Whether they may.
        availability: Availability,
        /// Why they may not, for people.
        reason: Option<Arc<str>>,
    },
    /// The answer to [`Effect::LookUp`]. One for a call that is over is ignored.
    LookedUp {
        /// The call that asked.
        call: CallId,
        /// What was found.
        found: LookedUp,
    },
    /// A voice message was heard or deleted, not by telephone; comes back as
    /// [`Effect::Voicemail`] if the message is there.
    Mailbox(VoicemailChange),
    /// An order, not by telephone; answered by [`Effect::Answered`] in the same step.
    Order {
        /// To be given back.
        order: OrderId,
        /// The call.
        call: CallId,
        /// Who orders.
        by: Orderer,
        /// What.
        command: Command,
    },
    /// A call is to be made for a user: his telephone rings first. Answered in the same step.
    Originate {
        /// To be given back.
        order: OrderId,
        /// For whom.
        user: UserId,
        /// On which of his devices.
        devices: Devices,
        /// Whom he calls, as he would dial.
        to: Arc<str>,
        /// The Caller ID that he wishes; `None`: his default number.
        caller_id: Option<E164>,
    },
    /// Take no new calls (503 with Retry-After); running calls go on.
    Drain,
    /// Release every call now.
    Release,
    /// The next deadline has come.
    Deadline,
}

/// What is to be done, in causal order. A [`Effect::Record`] is durable before any effect that
/// follows it leaves the process.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send a message.
    Transmit {
        /// The way it goes.
        flow: Flow,
        /// The whole message.
        bytes: Bytes,
    },
    /// Find a host's addresses (RFC 3263), then give [`Input::Resolved`].
    Resolve {
        /// To be given back.
        id: ResolveId,
        /// A name, never an address literal.
        host: String,
        /// The port, where one was named: then no SRV records are asked.
        port: Option<u16>,
        /// The transport, where one was named.
        transport: Option<TransportKind>,
    },
    /// Tell media.
    Media(MediaCommand),
    /// Keep an event of a call.
    Record(Recorded),
    /// A call broke an invariant of ours and was given up: close its record as after a crash
    /// (D47).
    Aborted {
        /// Which.
        call: CallId,
        /// When.
        at: Millis,
    },
    /// Keep what became of a recording; written behind.
    Recording(RecordingId, RecordingChange),
    /// Keep what the streams of a leg were like; written behind.
    LegQuality(LegQuality),
    /// Keep what a telephone says of its quality; written behind.
    ClientReport(Box<ClientReport>),
    /// Keep the bindings of a user; written behind, so that registrations survive a restart.
    Location(Location),
    /// Keep what an agent does from now on, and tell whoever watches.
    Agent(AgentChange),
    /// Ask who has a number, then give [`Input::LookedUp`]; no answer does no harm.
    LookUp {
        /// The call that asks.
        call: CallId,
        /// The number.
        number: E164,
    },
    /// Keep what became of a voice message; written behind.
    Voicemail(VoicemailChange),
    /// What became of an order.
    Answered {
        /// Which.
        order: OrderId,
        /// What became of it.
        answer: OrderAnswer,
    },
    /// Keep the round-robin cursor of a group (D42).
    Cursor(GroupId, UserId),
}

/// What became of an order: the call it was about, or that it began, and how it stands now; or why
/// not, and how it stands where it is there.
pub type OrderAnswer = Result<(CallId, Standing), (Refusal, Option<Box<Standing>>)>;

/// All bindings of one address of record, after a change.
#[derive(Clone, Debug)]
pub struct Location {
    /// The user part of the address of record.
    pub aor: Arc<str>,
    /// Its bindings, each with the wall-clock time at which it ends; empty: none is left.
    pub bindings: Vec<(Binding, Millis)>,
}
