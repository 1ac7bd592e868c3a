//! The configuration in the words of each part: what `tandem.toml` says becomes the options of
//! the core, the transports, media and the API.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use media::{Bounds, Country, MediaConfig, PromptConfig, RecordConfig, SoundConfig, Thresholds};
use model::TrunkId;
use sip::flow::TransportKind;
use sip::message::Method;
use sip::user_agent_core::{LocalAddress, UaConfig};
use switch::{Network, RegistrarConfig, SwitchConfig, TrunkConfig};
use tokio::sync::mpsc;
use transport::{Inbound, Listen, Resolver, SystemNames};

mod engine;

pub use self::engine::{agent_defaults, call_settings};
use super::recordings;
use crate::config::{Config, Quality, Transport};

/// The listeners of `[sip] listen`.
pub(super) fn listens(config: &Config) -> Vec<Listen> {
    let listens = config.sip.listen.iter().map(|listen| Listen {
        transport: match listen.transport {
            Transport::Udp => TransportKind::Udp,
            Transport::Tcp => TransportKind::Tcp,
        },
        address: listen.address,
    });
    listens.collect()
}

/// Limits of the transports.
pub(super) fn transport_limits(config: &Config) -> transport::Limits {
    let mut limits = transport::Limits {
        datagrams_waiting: config.limits.egress_queue,
        connections: config.limits.connections,
        ..transport::Limits::default()
    };
    limits.message.message_bytes = config.limits.message_bytes;
    limits
}

/// The resolver of host names (RFC 3263).
pub(super) fn resolver(
    listens: &[Listen],
    limits: transport::Limits,
    seed: u64,
    inlet: mpsc::Sender<Inbound>,
) -> Resolver<SystemNames> {
    Resolver::new(SystemNames::new(), listens, limits, seed, inlet)
}

/// Limits of the API.
pub(super) fn api_limits(config: &Config) -> api::Limits {
    api::Limits { connections: config.limits.api_connections, ..api::Limits::default() }
}

/// The options of media.
pub(super) fn media(config: &Config) -> MediaConfig {
    let media = &config.media;
    MediaConfig {
        address: media.address,
        ports: media.ports,
        stock: media.stock,
        rest_ms: u64::try_from(media.rest.as_millis()).unwrap_or(u64::MAX),
        timeout_s: media.timeout.as_secs(),
        dscp: media.dscp,
        seed: None,
        quality: thresholds(&config.quality),
        sound: SoundConfig {
            country: Country::of(&config.prompts.country),
            ..SoundConfig::default()
        },
        prompts: prompts(config),
        recording: RecordConfig {
            folder: recordings::folder(&config.server.data_dir),
            min_free_bytes: config.recording.min_free_bytes,
            ..RecordConfig::default()
        },
    }
}

fn thresholds(quality: &Quality) -> Thresholds {
    let bounds = |(warning, critical): (f64, f64)| Bounds {
        warning: warning as f32,
        critical: critical as f32,
    };
    Thresholds {
        packet_loss_percent: bounds(quality.loss_percent),
        jitter_ms: bounds(quality.jitter_ms),
        round_trip_ms: bounds(quality.rtt_ms),
        mos: bounds(quality.mos),
        one_way_after: quality.one_way,
        media_timeout_after: quality.silence,
        sample: quality.sample,
    }
}

fn prompts(config: &Config) -> PromptConfig {
    let prompts = &config.prompts;
    PromptConfig {
        folder: prompts.folder.clone(),
        music_folder: prompts.music.clone(),
        cache_folder: config.server.data_dir.join("prompts-cache"),
        language: prompts.language.to_string(),
        voice: prompts.voice.to_string(),
        command: prompts.speak.clone(),
        memory_bytes: prompts.cache_mib << 20,
        ..PromptConfig::default()
    }
}

/// The options of the core. `bound` are the listeners with the ports that the system gave them.
pub(super) fn core(config: &Config, bound: &[Listen]) -> SwitchConfig {
    let shown = config.sip.external_address;
    let local = bound.iter().map(|listen| local_address(*listen, shown)).collect();
    let mut sip = UaConfig::new(&*config.sip.domain, local);
    sip.timers = config.sip.timers;
    sip.user_agent = config.sip.user_agent.to_string();
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
        Method::Refer,
        Method::Notify,
        Method::Update,
    ];
    sip.accept_tel = true;
    sip.limits.transactions = config.limits.transactions;
    sip.limits.dialogs = config.limits.dialogs;
    let media_address = shown.unwrap_or(config.media.address);
    let of_family = |ipv6: bool| Some(media_address).filter(|at| at.is_ipv6() == ipv6);
    SwitchConfig {
        node: config.server.node.clone(),
        domain: config.sip.domain.clone(),
        aliases: aliases(bound, shown),
        sip,
        media_ipv4: of_family(false),
        media_ipv6: of_family(true),
        trunks: config.trunks.iter().map(trunk).collect(),
        registrar: RegistrarConfig {
            min_expires_s: seconds(config.registrar.min_expires),
            default_expires_s: seconds(config.registrar.default_expires),
            max_expires_s: seconds(config.registrar.max_expires),
            bindings_per_aor: config.limits.bindings_per_aor,
            nonce_lifetime: config.registrar.nonce_lifetime,
            ..RegistrarConfig::default()
        },
        codes: config.codes.clone(),
        slots: config.transfer.park_slots.clone(),
        call: engine::call_settings(config),
        agents: engine::agent_defaults(config),
        limits: switch::Limits {
            calls: config.limits.calls,
            calls_per_s: config.limits.calls_per_s,
            options_per_s: config.limits.options_per_s,
            subscriptions: config.limits.subscriptions,
            subscriptions_per_user: config.limits.subscriptions_per_user,
        },
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

fn local_address(listen: Listen, shown: Option<IpAddr>) -> LocalAddress {
    let Listen { transport, address } = listen;
    match shown {
        Some(shown) if shown.is_ipv6() == address.is_ipv6() => LocalAddress {
            transport,
            bind: address,
            advertised: SocketAddr::new(shown, address.port()).to_string(),
        },
        Some(_) | None => LocalAddress::new(transport, address),
    }
}

/// Host names and addresses that mean this server, besides its domain.
fn aliases(bound: &[Listen], shown: Option<IpAddr>) -> Vec<Arc<str>> {
    let mut list: Vec<Arc<str>> = Vec::new();
    for address in bound.iter().map(|listen| listen.address.ip()).chain(shown) {
        let text: Arc<str> = address.to_string().into();
        if !list.contains(&text) {
            list.push(text);
        }
    }
    list
}

fn trunk(trunk: &crate::config::Trunk) -> TrunkConfig {
    let (username, password) = match &trunk.credentials {
        Some(known) => (Some(known.username.clone()), Some(known.password.clone())),
        None => (None, None),
    };
    let network =
        |peer: &crate::config::Network| Network { address: peer.address(), prefix: peer.prefix() };
    TrunkConfig {
        name: TrunkId::from(&*trunk.name),
        peers: trunk.peers.iter().map(network).collect(),
        outbound: trunk.outbound.clone(),
        country: trunk.country.clone(),
        username,
        password,
    }
}
