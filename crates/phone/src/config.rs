//! What a phone is told: who it is, where its server is, and what it does by itself.

use std::net::IpAddr;
use std::time::Duration;

use sdp::Codec;
use sip::flow::Flow;
use sip::message::{HeaderName, Replaces};
use sip::timer::Timers;
use sip::user_agent_core::{ExtraHeader, Party};

/// What a phone is told once.
#[derive(Debug, Clone)]
pub struct PhoneConfig {
    /// The user part of its address, and the name in its credentials.
    pub user: String,
    /// Its display name.
    pub display: Option<String>,
    /// The password that answers challenges; `None` leaves them unanswered.
    pub password: Option<String>,
    /// The host part of its address.
    pub domain: String,
    /// Its server: everything goes there, from this flow's local address.
    pub server: Flow,
    /// Where it receives RTP.
    pub media_address: IpAddr,
    /// The first of its even RTP ports; each call has its own, RTCP is on the next one.
    pub media_port: u16,
    /// How many calls it has at one time at most; a further one gets 486.
    pub lines: u16,
    /// What it offers and takes, in its order.
    pub codecs: Vec<Codec>,
    /// What it does when it is called.
    pub behaviour: Behaviour,
    /// When it lets go of a call that it hands on.
    pub after_refer: AfterRefer,
    /// It hangs up a call it was called with so long after the answer.
    pub hang_up_after: Option<Duration>,
    /// Seconds it registers for.
    pub expires_s: u32,
    /// As a carrier: INVITEs from the server are challenged with 407.
    pub challenge: Option<CarrierChallenge>,
    /// T1, T2, T4.
    pub timers: Timers,
}

/// Whose credentials a carrier asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierChallenge {
    /// The realm.
    pub realm: String,
    /// The user name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl PhoneConfig {
    /// A user's phone.
    pub fn new(user: &str, password: &str, domain: &str, server: Flow) -> PhoneConfig {
        PhoneConfig {
            user: user.to_owned(),
            display: None,
            password: Some(password.to_owned()),
            domain: domain.to_owned(),
            server,
            media_address: server.local.ip(),
            media_port: 4000,
            lines: 4,
            codecs: sdp::default_codecs(),
            behaviour: Behaviour::Manual,
            after_refer: AfterRefer::HangUpAtEnd,
            hang_up_after: None,
            expires_s: 3600,
            challenge: None,
            timers: Timers::default(),
        }
    }

    /// The far end of a trunk: it answers no challenge, has many lines, and calls as anybody.
    pub fn carrier(domain: &str, server: Flow) -> PhoneConfig {
        PhoneConfig {
            password: None,
            lines: 1000,
            ..PhoneConfig::new("carrier", "", domain, server)
        }
    }
}

/// What a phone does by itself when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Rings (180) and leaves the rest to `answer` and `decline`.
    Manual,
    /// Rings and answers after this time.
    AnswerAfter(Duration),
    /// Rings and refuses with this status after this time; 486 after zero is a busy phone.
    Decline(u16, Duration),
    /// Rings until the caller gives up.
    RingForever,
    /// Is not there: no response at all, not even 100.
    Silent,
    /// Rings, and answers in the instant that the CANCEL arrives: its 200 crosses it.
    AnswerAtCancel,
    /// Sends early media (183 with SDP), then answers after this time.
    EarlyMedia(Duration),
}

/// When a phone hangs up the call in which its REFER was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRefer {
    /// Never: it waits for the other side's BYE.
    Stay,
    /// With the 202, whatever becomes of it: Teams, and JsSIP.
    HangUpAtOnce,
    /// When it is told that the target has answered (RFC 5589 6.1).
    HangUpAtEnd,
}

/// What a phone does by itself with a call that it places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallPlan {
    /// Cancels when there was no answer after this time.
    pub give_up_after: Option<Duration>,
    /// Hangs up so long after the answer.
    pub hang_up_after: Option<Duration>,
}

/// Whom to call, and as whom.
#[derive(Debug, Clone)]
pub struct Dial {
    /// The number or user; the host of the Request-URI is the server's domain.
    pub number: String,
    /// Who is calling, if not the phone's own user (a carrier passes its callers on).
    pub from: Option<Party>,
    /// P-Asserted-Identity: a URI (RFC 3325).
    pub asserted: Option<String>,
    /// Further headers.
    pub headers: Vec<ExtraHeader>,
    /// What it does by itself.
    pub plan: CallPlan,
    /// Whether the INVITE has no offer, so that the answering side makes it.
    pub without_offer: bool,
}

impl Dial {
    /// A plain call.
    pub fn number(number: impl Into<String>) -> Dial {
        Dial {
            number: number.into(),
            from: None,
            asserted: None,
            headers: Vec::new(),
            plan: CallPlan::default(),
            without_offer: false,
        }
    }

    /// A carrier's call from this number, asserted (RFC 3325).
    pub fn as_caller(mut self, number: &str, domain: &str) -> Dial {
        let uri = format!("sip:{number}@{domain}");
        self.asserted = Some(uri.clone());
        self.from = Some(Party::new(uri));
        self
    }

    /// A carrier's call from somebody who wants to stay unknown (RFC 3323).
    pub fn anonymous(mut self) -> Dial {
        self.from = Some(Party::named("Anonymous", "sip:anonymous@anonymous.invalid"));
        self.headers.push((HeaderName::Privacy, "id".to_owned()));
        self
    }

    /// To take the place of a dialog, of another phone's or of one that this phone watches (RFC
    /// 3891).
    pub fn replacing(mut self, replaces: &Replaces) -> Dial {
        self.headers.push((HeaderName::Replaces, replaces.to_string()));
        self
    }

    /// With this plan.
    pub fn plan(mut self, plan: CallPlan) -> Dial {
        self.plan = plan;
        self
    }
}
