//! Users and groups: who they are, on which devices they are rung, and by which rules their groups
//! offer them calls (R113; F3, F7 of the product that the brief describes).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AcdStrategy, Availability, Forwarding};
use crate::{GroupId, UserId, text_enum};

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// Id.
    pub id: UserId,
    /// Name shown to people.
    pub display_name: Arc<str>,
    /// User part of the address of record; the name in digest credentials.
    pub sip_username: Arc<str>,
    /// Whether groups may offer calls, when the server starts; afterwards `acd::Floor` knows.
    pub availability: Availability,
    /// H(A1) for MD5 in the realm of this server, 32 hex digits; `None`: cannot register.
    pub ha1_md5: Option<Arc<str>>,
    /// H(A1) for SHA-256 in the realm of this server, 64 hex digits.
    pub ha1_sha256: Option<Arc<str>>,
    /// His devices, by their ids; empty: whatever registers.
    pub devices: Vec<Device>,
    /// The device on which groups ring him (F3); `None`: all that are registered.
    pub acd_receiver: Option<Arc<str>>,
    /// How a call to himself is rung (F7); `None`: all that are registered, for 30 s, then over.
    pub inbound_route: Option<InboundRoute>,
    /// Where calls to himself go instead; looked at where he has no `inbound_route`.
    pub forward: Forwarding,
    /// Names of his roles; `supervisor` may listen to others.
    pub roles: BTreeSet<Arc<str>>,
    /// Where notifications go.
    pub email: Option<Arc<str>>,
    /// What he masters, 1–10.
    pub skills: BTreeMap<Arc<str>, u8>,
    /// His mailbox.
    pub mailbox: Option<MailboxSettings>,
}

impl User {
    /// The role of who may listen to others.
    pub const SUPERVISOR: &str = "supervisor";

    /// A user of whom nothing is known but his name; tests and tools fill in the rest.
    pub fn named(id: UserId, display_name: Arc<str>, sip_username: Arc<str>) -> Self {
        Self {
            id,
            display_name,
            sip_username,
            availability: Availability::Available,
            ha1_md5: None,
            ha1_sha256: None,
            devices: Vec::new(),
            acd_receiver: None,
            inbound_route: None,
            forward: Forwarding::default(),
            roles: BTreeSet::new(),
            email: None,
            skills: BTreeMap::new(),
            mailbox: None,
        }
    }

    /// Whether he may listen to others.
    pub fn is_supervisor(&self) -> bool {
        self.roles.contains(Self::SUPERVISOR)
    }

    /// The device of an id.
    pub fn device(&self, id: &str) -> Option<&Device> {
        self.devices.iter().find(|device| *device.id == *id)
    }
}

text_enum! {
    /// What a device is.
    DeviceKind {
        /// A telephone that registers as its user.
        Sip = "sip",
        /// A number outside: a mobile, an office telephone of another system.
        Number = "number",
    }
    /// What happens when nobody answered on a personal inbound route.
    AfterRoute {
        /// The caller is told so and the call is over.
        HangUp = "hang_up",
        /// The call goes to another number.
        Forward = "forward",
        /// The caller leaves a message.
        Voicemail = "voicemail",
    }
}

/// A device of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Its id, unique for its user.
    pub id: Arc<str>,
    /// What it is called.
    #[serde(default)]
    pub label: Option<Arc<str>>,
    /// What it is.
    pub kind: DeviceKind,
    /// `sip`: how its registration is known: the `+sip.instance` of its Contact (RFC 5626), or
    /// the beginning of its User-Agent header. Neither: any registration.
    #[serde(default)]
    pub instance: Option<Arc<str>>,
    /// See `instance`.
    #[serde(default)]
    pub user_agent: Option<Arc<str>>,
    /// `number`: the number, E.164.
    #[serde(default)]
    pub number: Option<Arc<str>>,
}

/// How a call to a user himself is rung: one step after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundRoute {
    /// The steps, at most [`InboundRoute::STEPS`].
    pub steps: Vec<RouteStep>,
    /// Then.
    pub then: AfterRoute,
    /// The number that `forward` names.
    #[serde(default)]
    pub forward_to: Option<Arc<str>>,
}

impl InboundRoute {
    /// The most steps of one route.
    pub const STEPS: usize = 10;
}

/// One step of a personal inbound route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteStep {
    /// The device; `None`: all that are registered.
    #[serde(default)]
    pub device: Option<Arc<str>>,
    /// How long it rings, ms.
    pub ring_ms: u64,
}

/// A mailbox of a user or of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailboxSettings {
    /// What callers hear before the beep; `None`: a greeting with the owner's name.
    pub greeting_prompt: Option<Arc<str>>,
    /// SHA-256 in hex of `<owner id>:<PIN>`; `None`: it cannot be listened to by telephone. In a
    /// directory file `pin` is given, and only its hash is kept.
    pub pin_sha256: Option<Arc<str>>,
    /// Whether the message is attached to the e-mail that tells of it.
    pub attach: bool,
}

/// A group of users.
#[derive(Clone, Debug)]
pub struct Group {
    /// Id.
    pub id: GroupId,
    /// Name shown to people.
    pub name: Arc<str>,
    /// Members by position.
    pub members: Vec<UserId>,
    /// Weights of members for `weighted_random`; who is not named has 1.
    pub weights: BTreeMap<UserId, u16>,
    /// Strategy where the IVR names none.
    pub strategy: AcdStrategy,
    /// Owner of missed transfers to the group.
    pub missed_call_owner: Option<UserId>,
    /// What its callers hear while they wait or are held; `None`: what the configuration says.
    pub music_on_hold: Option<Arc<str>>,
    /// Whether its calls are recorded; `None`: what the configuration says.
    pub recording: Option<bool>,
    /// How its members are treated.
    pub rules: AgentRules,
    /// Where notifications go.
    pub email: Option<Arc<str>>,
    /// Its mailbox.
    pub mailbox: Option<MailboxSettings>,
}

impl Group {
    /// A group of whom nothing is known but its members; tests and tools fill in the rest.
    pub fn of(id: GroupId, name: Arc<str>, members: Vec<UserId>) -> Self {
        Self {
            id,
            name,
            members,
            weights: BTreeMap::new(),
            strategy: AcdStrategy::Simulring,
            missed_call_owner: None,
            music_on_hold: None,
            recording: None,
            rules: AgentRules::default(),
            email: None,
            mailbox: None,
        }
    }
}

/// How a group treats its members; `None`: as the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgentRules {
    /// Time after a call of the group in which no other is offered, ms.
    pub wrap_up_ms: Option<u64>,
    /// A member who missed this many offers one after the other becomes away; 0: never.
    pub pause_after_missed: Option<u16>,
    /// A call answered within this time counts for the service level, ms.
    pub service_level_ms: Option<u64>,
    /// Progressive simulring: how many more members are rung at each step; 2.
    pub step_members: Option<u16>,
    /// Progressive simulring: time between two steps, ms; 5,000.
    pub step_ms: Option<u64>,
}
