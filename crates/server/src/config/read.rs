//! The sections one by one. A section that is wrong does not keep the others from being read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sip::timer::Timers;

use super::found::{Complaint, Found, Origin};
use super::section::{Reader, Section};
use super::{
    Api, Config, Database, Environment, Limits, Listen, Log, LogFormat, Refusal, Registrar, Server,
    check, media, sections, trunk, value,
};
use crate::document::Document;

/// Sections of later work, so that nobody looks for a slip of the pen.
const NOT_BUILT: [&str; 3] = ["webhooks", "nats", "tls"];

pub(super) fn config(
    file: &Path,
    document: &Document,
    environment: &dyn Environment,
) -> Result<Config, Refusal> {
    let reader = Reader::new(document, environment.variables());
    let root = reader.root();
    for section in NOT_BUILT {
        root.not_built(section, "this section");
    }
    let server = server(root.section("server"));
    let database = database(root.section("database"));
    let sip = sip(root.section("sip"));
    let media = media::media(root.section("media"));
    let prompts = media::prompts(file, root.section("prompts"));
    let recording = media::recording(root.section("recording"));
    let quality = media::quality(root.section("quality"));
    let api = api(root.section("api"));
    let directory = directory(file, root.section("directory"));
    let trunks = root.list("trunk").into_iter().filter_map(trunk::read);
    let trunks: Vec<_> = trunks.collect();
    let registrar = registrar(root.section("registrar"));
    let ring = sections::ring::read(root.section("ring"));
    let transfer = sections::transfer::read(root.section("transfer"));
    let acd = sections::acd::acd(root.section("acd"));
    let ivr = sections::acd::ivrs(root.section("ivr"));
    let voicemail = sections::acd::voicemail(root.section("voicemail"));
    let codes = sections::acd::codes(root.section_if_there("codes"));
    let lookup = sections::outside::lookup(root.section("lookup"));
    let smtp = sections::outside::smtp(root.section("smtp"));
    let limits = limits(root.section("limits"));
    let log = log(root.section("log"));
    root.finish();

    trunk::check_apart(&reader, &trunks);
    let domain = sip.domain.clone();
    let (sip, media, mut api) = check::addresses(&reader, sip, media, api);
    api.admin_key = admin_key(&reader, environment);
    let problems = reader.finish();
    match sip {
        Some(sip) if problems.0.is_empty() => Ok(Config {
            file: file.to_owned(),
            server,
            database,
            sip,
            media,
            prompts,
            recording,
            quality,
            api,
            directory,
            trunks: trunk::into_trunks(trunks),
            registrar,
            ring,
            transfer,
            acd,
            ivr,
            voicemail,
            codes,
            lookup,
            smtp,
            limits,
            log,
        }),
        // No `[sip]` is complete without a complaint.
        Some(_) | None => Err(Refusal { problems, directory, domain }),
    }
}

fn server(section: Section<'_>) -> Server {
    let node = section.parsed("node", value::name);
    let data_dir = section.parsed("data_dir", value::path);
    let drain_timeout_s = section.number("drain_timeout_s", 30, 0..=86_400);
    section.finish();
    Server {
        node: node.map_or_else(|| Arc::from("tandem"), |node| node.value),
        data_dir: data_dir.map_or_else(|| PathBuf::from("var"), |path| path.value),
        drain_timeout: Duration::from_secs(drain_timeout_s),
    }
}

fn database(section: Section<'_>) -> Database {
    let url = section.parsed("url", value::database);
    section.finish();
    url.map_or_else(|| Database { url: "sqlite://var/tandem.db".to_owned() }, |url| url.value)
}

/// `[sip]` while its addresses are not yet compared with others.
pub(super) struct ReadSip {
    pub(super) listen: Vec<Found<Listen>>,
    pub(super) domain: Option<Arc<str>>,
    pub(super) external_address: Option<Found<std::net::IpAddr>>,
    pub(super) user_agent: Arc<str>,
    pub(super) timers: Timers,
}

fn sip(section: Section<'_>) -> ReadSip {
    let listen = section.parsed_list("listen", value::listen);
    if listen.is_empty() && section.is_absent_or_empty("listen") {
        section.missing("listen", "write e.g. listen = [\"udp://127.0.0.1:5060\"]");
    }
    let domain = section.parsed("domain", value::domain);
    if domain.is_none() && section.is_absent_or_empty("domain") {
        section.missing("domain", "write e.g. domain = \"tandem.example\"");
    }
    let external_address = section.parsed("external_address", value::own_address);
    let user_agent = section.parsed("user_agent", value::user_agent);
    let timers = timers(section.section("timers"));
    section.not_built("tls_certificate", "TLS");
    section.not_built("tls_private_key", "TLS");
    section.finish();
    let default_agent = || Arc::from(concat!("Tandem/", env!("CARGO_PKG_VERSION")));
    ReadSip {
        listen,
        domain: domain.map(|domain| domain.value),
        external_address,
        user_agent: user_agent.map_or_else(default_agent, |agent| agent.value),
        timers,
    }
}

fn timers(section: Section<'_>) -> Timers {
    let t1 = section.number("t1_ms", 500, 10..=10_000);
    let t2 = section.number("t2_ms", 4_000, 10..=60_000);
    let t4 = section.number("t4_ms", 5_000, 10..=60_000);
    if t2 < t1 {
        section.refuse("t2_ms", "is less than t1_ms", "make it at least t1_ms");
    }
    section.finish();
    Timers {
        t1: Duration::from_millis(t1),
        t2: Duration::from_millis(t2),
        t4: Duration::from_millis(t4),
    }
}

/// `[media]`, and where its address and ports were written.
fn api(section: Section<'_>) -> Found<Api> {
    let listen = section.parsed("listen", value::socket);
    let origin = section.origin("listen");
    let events_keep_hours = section.number("events_keep_hours", 72, 1..=8_760);
    section.finish();
    let events_keep = Duration::from_secs(events_keep_hours * 3_600);
    let default = || std::net::SocketAddr::from(([127, 0, 0, 1], 8080));
    let listen = listen.map_or_else(default, |listen| listen.value);
    Found { value: Api { listen, admin_key: None, events_keep }, origin }
}

/// The administrator's key comes from the environment alone: a file may be read by others.
fn admin_key(reader: &Reader<'_>, environment: &dyn Environment) -> Option<api::AdminKey> {
    const VARIABLE: &str = "TANDEM_API_ADMIN_KEY";
    let text = environment.variables().remove(VARIABLE)?;
    let key = api::AdminKey::new(&text);
    if key.is_none() {
        let source = format!("environment variable {VARIABLE}").into();
        let origin = Origin { source, at: None, key: String::new() };
        let remedy = "use at least 16 visible ASCII characters, e.g. from `openssl rand -hex 24`";
        reader.refuse(&origin, Complaint::new("is no key that is safe and can be sent", remedy));
    }
    key
}

fn directory(file: &Path, section: Section<'_>) -> Option<PathBuf> {
    let named = section.parsed("file", value::path);
    section.finish();
    Some(beside(file, named?.value))
}

/// A path that is read: beside the configuration, else in the working directory.
pub(super) fn beside(file: &Path, named: PathBuf) -> PathBuf {
    match file.parent().map(|folder| folder.join(&named)) {
        Some(beside) if beside.exists() || !named.exists() => beside,
        Some(_) | None => named,
    }
}

fn registrar(section: Section<'_>) -> Registrar {
    let min = section.number("min_expires_s", 60, 1..=86_400);
    let default = section.number("default_expires_s", 3_600.max(min), 1..=86_400);
    let max = section.number("max_expires_s", 7_200.max(default), 1..=604_800);
    if default < min {
        let remedy = "make it at least min_expires_s";
        section.refuse("default_expires_s", "is less than min_expires_s", remedy);
    }
    if max < default {
        let remedy = "make it at least default_expires_s";
        section.refuse("max_expires_s", "is less than default_expires_s", remedy);
    }
    let nonce_lifetime = section.number("nonce_lifetime_s", 300, 5..=86_400);
    section.finish();
    Registrar {
        min_expires: Duration::from_secs(min),
        default_expires: Duration::from_secs(default),
        max_expires: Duration::from_secs(max),
        nonce_lifetime: Duration::from_secs(nonce_lifetime),
    }
}

fn limits(section: Section<'_>) -> Limits {
    let default = Limits::default();
    let number = |key, default: usize, lowest: u64, highest: u64| {
        size(section.number(key, default as u64, lowest..=highest))
    };
    let rate = |key, default: u32| {
        let read = section.number(key, default.into(), 0..=1_000_000);
        u32::try_from(read).unwrap_or(default)
    };
    let limits = Limits {
        calls: number("calls", default.calls, 1, 1_000_000),
        calls_per_s: rate("calls_per_s", default.calls_per_s),
        options_per_s: rate("options_per_s", default.options_per_s),
        legs_per_call: number("legs_per_call", default.legs_per_call, 2, 1_000),
        attempts_per_hunt: number("attempts_per_hunt", default.attempts_per_hunt, 1, 10_000),
        transactions: number("transactions", default.transactions, 16, 10_000_000),
        dialogs: number("dialogs", default.dialogs, 4, 2_000_000),
        bindings_per_aor: number("bindings_per_aor", default.bindings_per_aor, 1, 100),
        subscriptions: number("subscriptions", default.subscriptions, 1, 1_000_000),
        subscriptions_per_user: number(
            "subscriptions_per_user",
            default.subscriptions_per_user,
            1,
            10_000,
        ),
        message_bytes: number("message_bytes", default.message_bytes, 2_048, 1_048_576),
        connections: number("connections", default.connections, 1, 65_536),
        ingress_queue: number("ingress_queue", default.ingress_queue, 16, 1_048_576),
        egress_queue: number("egress_queue", default.egress_queue, 16, 1_048_576),
        record_queue: number("record_queue", default.record_queue, 64, 1_048_576),
        api_connections: number("api_connections", default.api_connections, 1, 16_384),
    };
    section.finish();
    limits
}

fn log(section: Section<'_>) -> Log {
    let format = section.parsed("format", value::log_format);
    let filter = section.parsed("filter", value::log_filter);
    section.finish();
    Log {
        format: format.map_or(LogFormat::Text, |format| format.value),
        filter: filter.map_or_else(|| "info".to_owned(), |filter| filter.value),
    }
}

/// A number within bounds that fit in 32 bits, as every bound here does.
pub(super) fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
