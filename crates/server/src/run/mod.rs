//! The server's life: everything is opened in the order in which it depends on each other, calls
//! are taken, everything is written and closed.
//!
//! Guarantees that no listener opens before the records of a crashed predecessor are in the
//! database (D47), that nothing is acted on before it is in the journal, and that a stop loses no
//! record: the journal is written, the database has it all, every finished call is assigned.

mod assigning;
mod core_loop;
mod descriptors;
mod desk;
mod forgetting;
mod locations;
pub(crate) mod opening;
mod recordings;
mod reloading;
mod sampling;
mod signals;
mod wiring;

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use acd::statistics::Wallboard;
use api::{CoreLink, Health, Metrics};
use call::port::MediaEvent;
use media::MediaPlane;
use store::Database;
use store::writer::{Recorder, Writer};
use switch::{Input, Switch};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use transport::Listeners;

use crate::clock::Clock;
use crate::config::Config;
use crate::failure::Failure;
pub use core_loop::Control;
use core_loop::Core;
use desk::{Desk, Services};
use opening::Records;
use reloading::{Reloading, Reloads};
use sampling::Publisher;
pub use wiring::{agent_defaults, call_settings};

/// How long the recording half may take to finish before the exit says so.
const LAST_WRITES: Duration = Duration::from_secs(30);

/// How long media may take to bind its first ports before the server runs without.
const FIRST_PORTS: Duration = Duration::from_secs(5);

/// Runs the server of a configuration until it has stopped.
///
/// # Errors
/// Whatever keeps it from starting.
pub fn serve(config: Config, migrate: bool, out: &mut impl Write) -> Result<(), Failure> {
    let (control, commands) = mpsc::channel(16);
    signals::listen(control)?;
    run(config, migrate, commands, |ready| {
        writeln!(out, "{ready}")?;
        out.flush()?;
        Ok(())
    })
}

/// What a server that takes calls listens on, with the ports that the system chose.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Name of the server.
    pub node: Arc<str>,
    /// SIP.
    pub sip: Vec<transport::Listen>,
    /// HTTP.
    pub http: std::net::SocketAddr,
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is ready:", self.node)?;
        for listen in &self.sip {
            write!(f, " {listen}")?;
        }
        write!(f, " http://{}", self.http)
    }
}

/// Runs a server that is told by `commands` when to drain and stop. `ready` is called once, when
/// it takes calls.
///
/// # Errors
/// Whatever keeps it from starting, and what `ready` returns.
pub fn run(
    mut config: Config,
    migrate: bool,
    commands: mpsc::Receiver<Control>,
    ready: impl FnOnce(&Ready) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let clock = Clock::start();
    descriptors::raise(&config);
    // Recording, assigning and HTTP have a thread of their own: a slow disk or a slow reader of
    // metrics never delays a call.
    let recording = runtime()?;
    let records = recording.block_on(opening::records(&config, migrate, clock))?;
    let Records { lock, database, recorder, writer, directory, restored, timezone } = records;
    config.ivr.timezone = timezone;
    let calls = runtime()?;
    let listeners = calls.block_on(async { opening::listeners(&config) })?;
    let http = opening::http(&config)?;
    let (media, media_events) = opening::media(&config)?;
    let bound = listeners.bound().to_vec();
    let core_config = wiring::core(&config, &bound);
    let switch = Switch::new(seed(), core_config, restored, directory, clock.now());
    let address = http.local_addr().unwrap_or(config.api.listen);
    let announced = Ready { node: config.server.node.clone(), sip: bound, http: address };

    let health = Arc::new(Health::default());
    let latest = sampling::Latest::default();
    let (reloads, reloading) = reloading::channel();
    let (desk, services, core) = desk::desk(&config, reloads.learner())?;
    let boards = core.wallboard.clone();
    let sources = sources(latest.clone(), &media, &writer, &services, boards);
    let sample = sampling::sampler(sources, &config);
    let version = env!("CARGO_PKG_VERSION");
    let metrics = Metrics::new(&config.server.node, version, sampling::LIMITS, sample);
    let metrics = Arc::new(metrics);
    let (stop, stopped) = oneshot::channel();
    let recording = Recording {
        database,
        writer,
        http,
        health: health.clone(),
        metrics: metrics.clone(),
        core,
        services,
        clock,
        reloading,
        stopped,
    }
    .start(recording, config.clone())?;
    let calling = Calling {
        switch,
        recorder,
        media,
        media_events,
        listeners,
        commands,
        publisher: Publisher::new(latest, metrics),
        reloads,
        desk,
        health,
        clock,
    };
    let result = calls.block_on(calling.run(&config, &announced, ready));
    // The loop has dropped its recorder: the writer finishes, then the assigner.
    drop(stop);
    let finished = recording.join();
    drop(lock);
    result.and(finished)
}

/// What is shown in metrics.
fn sources(
    latest: sampling::Latest,
    media: &MediaPlane,
    writer: &Writer<Database>,
    services: &Services,
    boards: watch::Receiver<Arc<Wallboard>>,
) -> sampling::Sources {
    let (media, store, outside) = (media.totals(), writer.metrics(), services.totals().clone());
    sampling::Sources { latest, media, store, outside, boards }
}

fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::environment(format!("no runtime: {error}"), "check the limits of the system")
    })
}

/// A number nobody can guess: the standard library seeds its hash tables from the system.
fn seed() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// What runs on the main thread.
struct Calling {
    switch: Switch,
    recorder: Recorder,
    media: MediaPlane,
    media_events: mpsc::Receiver<MediaEvent>,
    listeners: Listeners,
    commands: mpsc::Receiver<Control>,
    publisher: Publisher,
    reloads: Reloads,
    desk: Desk,
    health: Arc<Health>,
    clock: Clock,
}

impl Calling {
    async fn run(
        self,
        config: &Config,
        announced: &Ready,
        ready: impl FnOnce(&Ready) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Self { mut switch, recorder, media, mut media_events, listeners, commands, .. } = self;
        // Ports are bound ahead by media's thread: a call that came before the first of them would
        // be refused by a server that said that it was ready.
        if let Ok(Some(ports)) = timeout(FIRST_PORTS, media_events.recv()).await {
            switch.handle(self.clock.now(), Input::Media(ports), &mut Vec::new());
        }
        self.health.set_listeners_bound(true);
        self.health.set_database_writable(true);
        let (inlet, inbound) = mpsc::channel(config.limits.ingress_queue);
        let limits = wiring::transport_limits(config);
        let resolver = wiring::resolver(&announced.sip, limits, seed(), inlet.clone());
        let transport = transport::Transport::serve(listeners, limits, inlet);
        ready(announced)?;
        let core = Core {
            switch,
            recorder,
            media,
            transport,
            resolver,
            publisher: self.publisher,
            reloads: self.reloads,
            desk: self.desk,
            health: self.health,
            clock: self.clock,
            node: config.server.node.clone(),
            drain_timeout: config.server.drain_timeout,
            lost: std::collections::BTreeSet::new(),
        };
        core.run(inbound, media_events, commands).await;
        Ok(())
    }
}

/// What runs on the recording thread.
struct Recording {
    database: Database,
    writer: Writer<Database>,
    http: std::net::TcpListener,
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    core: CoreLink,
    services: Services,
    clock: Clock,
    reloading: Reloading,
    stopped: oneshot::Receiver<()>,
}

struct RecordingThread(std::thread::JoinHandle<Result<(), Failure>>);

impl Recording {
    /// Starts the thread; it ends when the writer's recorder is gone and everything is assigned.
    fn start(self, runtime: Runtime, config: Config) -> Result<RecordingThread, Failure> {
        let thread = std::thread::Builder::new().name("tandem-records".into());
        let thread = thread.spawn(move || runtime.block_on(self.run(config)));
        thread.map(RecordingThread).map_err(|error| {
            Failure::environment(format!("no thread: {error}"), "check the limits of the system")
        })
    }

    async fn run(self, config: Config) -> Result<(), Failure> {
        let Self { database, writer, http, health, metrics, core, services, .. } = self;
        let (clock, reloading, stopped) = (self.clock, self.reloading, self.stopped);
        let assigner = assigning::Assigner {
            database: database.clone(),
            finished: writer.finished(),
            metrics: metrics.clone(),
            clock,
        };
        let watching = sampling::watch_database(health.clone(), metrics.clone(), writer.metrics());
        let http = tokio::net::TcpListener::from_std(http).map_err(|error| {
            Failure::environment(format!("the HTTP listener: {error}"), "check [api] listen")
        })?;
        let (quit, quitting) = watch::channel(false);
        let work = async {
            let writing = async {
                writer.run().await;
                // Everything is committed; the assigner takes what is left and ends.
                let _ = quit.send(true);
            };
            tokio::join!(writing, assigner.run(quitting.clone()));
        };
        let limits = wiring::api_limits(&config);
        let api = api::Api {
            health,
            metrics,
            core,
            database: database.clone(),
            recordings: recordings::folder(&config.server.data_dir),
            admin_key: config.api.admin_key.clone(),
            clock: api::WallClock::new(move || clock.now().wall),
        };
        let beside = async {
            let serving = api::serve(http, api, limits, std::future::pending());
            let retaining = retaining(&config, &database, clock);
            let reloading = reloading.run(&config, &database, clock);
            let services = services.run(&database, clock);
            tokio::join!(serving, watching, reloading, retaining, services);
        };
        tokio::pin!(work);
        tokio::select! {
            () = &mut work => return Ok(()),
            () = beside => {}
            _ = stopped => {}
        }
        timeout(LAST_WRITES, work).await.map_err(|_| {
            let remedy = "the journal keeps them: start again when the database takes writes";
            Failure::work("the last records could not be written in time", remedy)
        })
    }
}

/// Removes recordings whose time is over, if they have one, those of deleted voice messages, old
/// events and answers.
async fn retaining(config: &Config, database: &Database, clock: Clock) {
    let folder = recordings::folder(&config.server.data_dir);
    let recordings = recordings::retain(database.clone(), folder, config.recording.keep, clock);
    let forgetting = forgetting::forget(database.clone(), config.api.events_keep, clock);
    tokio::join!(recordings, forgetting);
}

impl RecordingThread {
    fn join(self) -> Result<(), Failure> {
        self.0.join().unwrap_or_else(|_| {
            Err(Failure::work("the recording thread broke", "see the log; the journal keeps all"))
        })
    }
}
