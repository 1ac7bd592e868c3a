//! The house that every run plays in: a directory with users, groups, numbers and IVRs, a trunk,
//! and the configuration of the switch.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use call::SoundSettings;
use model::directory::{
    Accept, AcdStrategy, Assignment, Directory, ForwardTo, Forwarding, Group, Ivr, IvrAction,
    IvrTarget, KnownRecord, Number, User,
};
use model::{E164, GroupId, IvrId, NumberId, RecordId, TrunkId, UserId};
use sip::auth::{Algorithm, ha1};
use sip::flow::TransportKind;
use sip::message::Method;
use sip::user_agent_core::{LocalAddress, UaConfig};
use switch::{CodeMeaning, Codes, Limits, Network, RegistrarConfig, SwitchConfig, TrunkConfig};

use crate::ivrs;

pub(crate) const DOMAIN: &str = "pbx.example";
pub(crate) const SERVER: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 5060);
/// The users, by position in both groups.
pub(crate) const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// A number that rings a group at once.
pub(crate) const SIMULRING: &str = "+4930100100";
/// A number that rings a group one after another.
pub(crate) const ROUND_ROBIN: &str = "+4930100200";
/// A number whose IVR rings one user, then goes to the next IVR.
pub(crate) const CHAIN: &str = "+4930100300";
/// A number whose IVR rings the owner of the caller's record.
pub(crate) const OWNER: &str = "+4930100400";
/// Nobody's number.
pub(crate) const UNKNOWN: &str = "+4930999999";
/// A number outside.
pub(crate) const OUTSIDE: &str = "+4989123456";
/// The number of a caller whose record carol owns.
pub(crate) const CUSTOMER: &str = "+4917012345678";

/// A user's own number.
pub(crate) fn number_of(user: usize) -> String {
    format!("+493010000{user}")
}

/// Where a peer lives: the carrier's addresses, then the users' phones.
pub(crate) fn carrier_address(carrier: u8) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 1 + carrier], 5060))
}

pub(crate) fn phone_address(phone: u8) -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 10 + phone], 5060))
}

/// What of the house differs from run to run.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    /// Where outbound calls go, in order of failover.
    pub(crate) outbound: Vec<String>,
    /// Whether the carrier wants a password.
    pub(crate) challenged: bool,
    /// Pairs of media ports.
    pub(crate) ports: u16,
    /// Calls at one time.
    pub(crate) calls: usize,
    /// When IVRs accept the caller.
    pub(crate) accept: Option<Accept>,
    /// IVRs greet whom they accept.
    pub(crate) greets: bool,
    /// Calls are recorded, perhaps after a prompt.
    pub(crate) records: bool,
    pub(crate) consent: bool,
    /// There are queues, menus and mailboxes, and who wants them: callers who are alone with the
    /// server.
    pub(crate) queues: bool,
    /// Some pass their calls on, in a circle too, and some may listen to others.
    pub(crate) forwards: bool,
}

impl Setting {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            outbound: vec!["sip:198.51.100.1".into(), "sip:198.51.100.2".into()],
            challenged: false,
            ports: 40,
            calls: 100,
            accept: None,
            greets: false,
            records: false,
            consent: false,
            queues: false,
            forwards: false,
        }
    }
}

pub(crate) fn config(setting: &Setting) -> SwitchConfig {
    let kinds = [TransportKind::Udp, TransportKind::Tcp];
    let local = kinds.map(|kind| LocalAddress::new(kind, SERVER));
    let mut sip = UaConfig::new(DOMAIN, local.to_vec());
    sip.allow = vec![
        Method::Invite,
        Method::Ack,
        Method::Cancel,
        Method::Bye,
        Method::Options,
        Method::Register,
        Method::Info,
        Method::Publish,
        Method::Subscribe,
        Method::Notify,
        Method::Refer,
        Method::Update,
    ];
    sip.supported = ["replaces", "norefersub"].map(str::to_owned).to_vec();
    let password = setting.challenged.then(|| "secret".to_owned());
    SwitchConfig {
        node: "sim".into(),
        domain: DOMAIN.into(),
        aliases: vec![SERVER.ip().to_string().into()],
        sip,
        media_ipv4: Some(SERVER.ip()),
        media_ipv6: None,
        trunks: vec![TrunkConfig {
            name: TrunkId::from("carrier"),
            peers: vec![Network { address: carrier_address(0).ip(), prefix: 24 }],
            outbound: setting.outbound.clone(),
            country: Some("DE".into()),
            username: password.as_ref().map(|_| "tandem".to_owned()),
            password,
        }],
        registrar: RegistrarConfig::default(),
        call: call::Settings { sound: sound(setting), ..call::Settings::default() },
        agents: Default::default(),
        codes: codes(),
        slots: switch::usual_slots(),
        limits: Limits { calls: setting.calls, ..Limits::default() },
    }
}

/// The usual ones, the mailbox of the desk, and its menu from inside.
fn codes() -> Codes {
    let mut codes = Codes::default();
    let desk = CodeMeaning::GroupVoicemail(GroupId::from("desk"));
    let menu = CodeMeaning::Ivr(IvrId::from("ivr-menu"));
    codes.0.extend([(Arc::from("*971"), desk), (Arc::from("*81"), menu)]);
    codes
}

fn sound(setting: &Setting) -> SoundSettings {
    SoundSettings {
        music_on_hold: Some("music:calm".into()),
        consent_prompt: setting.consent.then(|| "consent.wav".into()),
        record_all: setting.records,
        recording_beep: !setting.consent,
        ..SoundSettings::default()
    }
}

fn user(name: &str, setting: &Setting) -> User {
    let hash = |algorithm| Some(Arc::from(ha1(algorithm, name, DOMAIN, name).hex()));
    let mut user = User {
        ha1_md5: hash(Algorithm::Md5),
        ha1_sha256: hash(Algorithm::Sha256),
        ..User::named(UserId::from(name), Arc::from(name), Arc::from(name))
    };
    ivrs::furnish(&mut user, setting);
    if setting.forwards {
        let to = |name: &str| Some(ForwardTo::User(UserId::from(name)));
        match name {
            "alice" => user.roles.extend([Arc::from("supervisor")]),
            "bob" => user.forward.no_answer = to("carol"),
            "carol" => user.forward.busy = to("dave"),
            "dave" => user.forward = Forwarding { busy: to("bob"), ..Forwarding::default() },
            _ => user.forward.always = Some(ForwardTo::Number(OUTSIDE.into())),
        }
    }
    user
}

fn ivr(id: &str, target: IvrTarget, next: Option<&str>, setting: &Setting) -> Ivr {
    let accept = setting.accept;
    let greets = setting.greets && accept == Some(Accept::Entry);
    Ivr {
        greeting_prompt: greets.then(|| "Hello.".into()),
        target: Some(target),
        attempt_ring_ms: Some(5_000),
        no_answer_timeout_ms: Some(18_000),
        max_rounds: Some(2),
        next_ivr: next.map(IvrId::from),
        accept,
        ..Ivr::of(IvrId::from(id), IvrAction::CallTransfer)
    }
}

pub(crate) fn group(id: &str, strategy: AcdStrategy, members: &[&str]) -> Group {
    Group {
        strategy,
        missed_call_owner: Some(UserId::from("erin")),
        ..Group::of(
            GroupId::from(id),
            Arc::from(id),
            members.iter().map(|name| UserId::from(*name)).collect(),
        )
    }
}

pub(crate) fn number(e164: &str, assignment: Assignment, is_default: bool) -> Number {
    Number {
        id: NumberId::from(e164),
        e164: E164::parse(e164).expect("a number of this file"),
        assignment,
        is_default,
        missed_call_owner: None,
        missed_call_owner_group: None,
        recording: None,
    }
}

/// The directory; `reloaded` is the one that replaces it in the middle of a run: a group has lost
/// a member, an IVR its successor, and a number has gone to somebody else.
pub(crate) fn directory(setting: &Setting, reloaded: bool) -> Arc<Directory> {
    let mut directory = Directory::new();
    for (position, name) in USERS.into_iter().enumerate() {
        directory.add_user(user(name, setting));
        let owner = if reloaded && position == 0 { "bob" } else { name };
        let own = Assignment::User(UserId::from(owner));
        directory.add_number(number(&number_of(position), own, true));
    }
    let members = if reloaded { &USERS[1..4] } else { &USERS[..4] };
    directory.add_group(group("sales", AcdStrategy::Simulring, members));
    directory.add_group(group("support", AcdStrategy::RoundRobin, members));
    let (sales, support) = (GroupId::from("sales"), GroupId::from("support"));
    let after = (!reloaded).then_some("ivr-robin");
    let bob = IvrTarget::User(UserId::from("bob"));
    let first_owner = Some("ivr-simulring");
    for ivr in [
        ivr("ivr-simulring", IvrTarget::Group(sales.clone()), None, setting),
        ivr("ivr-robin", IvrTarget::Group(support.clone()), None, setting),
        ivr("ivr-chain", bob, after, setting),
        ivr("ivr-owner", IvrTarget::RecordOwner, first_owner, setting),
    ] {
        directory.add_ivr(ivr);
    }
    for (e164, group, ivr) in [
        (SIMULRING, &sales, "ivr-simulring"),
        (ROUND_ROBIN, &support, "ivr-robin"),
        (CHAIN, &sales, "ivr-chain"),
        (OWNER, &sales, "ivr-owner"),
    ] {
        let assignment = Assignment::Group(group.clone(), IvrId::from(ivr));
        directory.add_number(number(e164, assignment, ivr != "ivr-chain" && ivr != "ivr-owner"));
    }
    if setting.queues {
        ivrs::add(&mut directory, setting, members);
    }
    let customer = E164::parse(CUSTOMER).expect("a number of this file");
    directory.add_record(
        customer,
        KnownRecord {
            id: RecordId::from("customer"),
            display_name: "Customer".into(),
            owner: Some(UserId::from("carol")),
            priority: 0,
        },
    );
    Arc::new(directory)
}
