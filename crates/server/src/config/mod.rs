//! The configuration: one TOML file, each key of which an environment variable can override
//! (`[sip] domain` by `TANDEM_SIP__DOMAIN`). [`load`] reports every mistake of it in one run, and
//! what it returns is valid as a whole, so that nothing is bound or created before that.
//!
//! Relative paths: what the server writes (`data_dir`, the SQLite file) is relative to the working
//! directory; the directory file, which is written beside the configuration, is looked for there
//! first and then in the working directory.

mod check;
mod environment;
mod found;
mod media;
mod network;
mod read;
mod section;
mod sections;
mod trunk;
mod value;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sip::timer::Timers;

pub use self::media::{Digits, Media, Prompts, Quality, Recording};
pub use self::sections::acd::{Acd, Ivrs, Voicemail};
pub use self::sections::outside::{HttpLookup, MailTls, Smtp};
pub use self::sections::ring::Ring;
pub use self::sections::transfer::Transfer;
pub use environment::{Environment, PREFIX, ProcessEnvironment};
pub use network::{Network, NetworkError};

use crate::document::{Document, Notation, Problems};

/// A valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from, as it was named.
    pub file: PathBuf,
    /// `[server]`.
    pub server: Server,
    /// `[database]`.
    pub database: Database,
    /// `[sip]`.
    pub sip: Sip,
    /// `[media]`.
    pub media: Media,
    /// `[prompts]`.
    pub prompts: Prompts,
    /// `[recording]`.
    pub recording: Recording,
    /// `[quality]`.
    pub quality: Quality,
    /// `[api]`.
    pub api: Api,
    /// `[directory] file`, found beside the configuration or in the working directory.
    pub directory: Option<PathBuf>,
    /// `[[trunk]]`; no two of them share a peer address.
    pub trunks: Vec<Trunk>,
    /// `[registrar]`.
    pub registrar: Registrar,
    /// `[ring]`.
    pub ring: Ring,
    /// `[transfer]`.
    pub transfer: Transfer,
    /// `[acd]`.
    pub acd: Acd,
    /// `[ivr]`.
    pub ivr: Ivrs,
    /// `[voicemail]`.
    pub voicemail: Voicemail,
    /// `[codes]`: what users dial to tell the server something.
    pub codes: switch::Codes,
    /// `[lookup]`; `None`: only what the directory knows.
    pub lookup: Option<HttpLookup>,
    /// `[smtp]`; `None`: no mail is sent.
    pub smtp: Option<Smtp>,
    /// `[limits]`.
    pub limits: Limits,
    /// `[log]`.
    pub log: Log,
}

/// `[server]`.
#[derive(Clone, Debug)]
pub struct Server {
    /// Name of this server in records, metrics and SIP's Reason and Warning.
    pub node: Arc<str>,
    /// Folder of journal and lock; created when missing.
    pub data_dir: PathBuf,
    /// How long running calls may go on after SIGTERM.
    pub drain_timeout: Duration,
}

/// `[database]`.
#[derive(Clone, Debug)]
pub struct Database {
    /// `sqlite://PATH`; the file and its folder are created when missing.
    pub url: String,
}

/// `[sip]`.
#[derive(Clone, Debug)]
pub struct Sip {
    /// Listeners, at least one; no two on one address.
    pub listen: Vec<Listen>,
    /// The realm, and the host part of local addresses of record.
    pub domain: Arc<str>,
    /// What Contact, Via and session descriptions show instead of the bound address.
    pub external_address: Option<IpAddr>,
    /// Value of User-Agent and Server; may be empty.
    pub user_agent: Arc<str>,
    /// `[sip.timers]`; T2 is at least T1.
    pub timers: Timers,
}

/// One SIP listener. Port 0 asks the system for a free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listen {
    /// The transport.
    pub transport: Transport,
    /// Where it is bound.
    pub address: SocketAddr,
}

/// The transports that are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

/// `[api]`.
#[derive(Clone, Debug)]
pub struct Api {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// Hash of `TANDEM_API_ADMIN_KEY`; `None`: nobody may use the resources.
    pub admin_key: Option<api::AdminKey>,
    /// So long a stream of events can be resumed.
    pub events_keep: Duration,
}

/// `[[trunk]]`.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Its name.
    pub name: Arc<str>,
    /// Source addresses that are this trunk.
    pub peers: Vec<Network>,
    /// SIP URIs for outbound calls, in the order they are tried; none: it only receives.
    pub outbound: Vec<String>,
    /// ISO 3166 code of the country whose national numbers it sends.
    pub country: Option<Arc<str>>,
    /// What its challenges are answered with.
    pub credentials: Option<Credentials>,
}

/// User name and password for a trunk's challenges; never printed.
#[derive(Clone)]
pub struct Credentials {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

/// `[registrar]`: RFC 3261 §10.3. Shortest ≤ default ≤ longest.
#[derive(Clone, Copy, Debug)]
pub struct Registrar {
    /// Shortest registration; less gets 423.
    pub min_expires: Duration,
    /// Granted where none is asked for.
    pub default_expires: Duration,
    /// Longest registration; more is cut.
    pub max_expires: Duration,
    /// How long a nonce of a challenge is accepted.
    pub nonce_lifetime: Duration,
}

/// `[limits]`. Each says in `config/tandem.toml` what happens when it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls at one time.
    pub calls: usize,
    /// New calls in one second; 0: any number.
    pub calls_per_s: u32,
    /// OPTIONS answered in one second.
    pub options_per_s: u32,
    /// Legs of one call.
    pub legs_per_call: usize,
    /// Attempts of one search for an agent.
    pub attempts_per_hunt: usize,
    /// SIP transactions at one time.
    pub transactions: usize,
    /// SIP dialogs at one time.
    pub dialogs: usize,
    /// Registered contacts of one user.
    pub bindings_per_aor: usize,
    /// Subscriptions to lamps and mailboxes (RFC 6665) at one time.
    pub subscriptions: usize,
    /// Subscriptions of one user.
    pub subscriptions_per_user: usize,
    /// Longest SIP message in bytes.
    pub message_bytes: usize,
    /// TCP connections of SIP at one time.
    pub connections: usize,
    /// Inputs that wait for the core.
    pub ingress_queue: usize,
    /// Messages that wait for one socket.
    pub egress_queue: usize,
    /// Batches of events that wait for the database.
    pub record_queue: usize,
    /// HTTP connections at one time.
    pub api_connections: usize,
}

/// `[log]`.
#[derive(Clone, Debug)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// Levels by module, as `info,sip=debug`.
    pub filter: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why there is no configuration, and what could be read all the same, so that one run of
/// `tandem check` shows the mistakes of the directory file too.
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    /// Everything that is wrong, by line; at least one of them an error.
    pub problems: Problems,
    /// `[directory] file`.
    pub directory: Option<PathBuf>,
    /// `[sip] domain`.
    pub domain: Option<Arc<str>>,
}

impl From<Problems> for Refusal {
    fn from(problems: Problems) -> Self {
        Self { problems, ..Self::default() }
    }
}

/// Reads and validates a configuration file.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(file: &Path, environment: &dyn Environment) -> Result<Config, Refusal> {
    let document = Document::open(file)?;
    read::config(file, &document, environment)
}

/// The same for a text; `file` is what complaints call it and what paths are relative to.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(file: &Path, text: &str, environment: &dyn Environment) -> Result<Config, Refusal> {
    let name = Arc::from(file.display().to_string());
    let document = Document::parse(name, text, Notation::Toml)?;
    read::config(file, &document, environment)
}

impl Database {
    /// Path of the SQLite file.
    pub fn path(&self) -> &Path {
        Path::new(self.url.strip_prefix("sqlite://").unwrap_or(&self.url))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.transport, self.address)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// What a configuration without this section has, and what the file's comments promise.
impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 20_000,
            calls_per_s: 0,
            options_per_s: 1_000,
            legs_per_call: 20,
            attempts_per_hunt: 100,
            transactions: 200_000,
            dialogs: 50_000,
            bindings_per_aor: 10,
            subscriptions: 20_000,
            subscriptions_per_user: 100,
            message_bytes: 65_535,
            connections: 4_096,
            ingress_queue: 8_192,
            egress_queue: 1_024,
            record_queue: 65_536,
            api_connections: 256,
        }
    }
}

#[cfg(test)]
mod tests;
