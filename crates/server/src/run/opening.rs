//! Everything that must be in order before the first call: the data folder is ours, the database
//! is there and current, the directory file is applied, what a crash left behind is closed (D47).
//! Listeners open last.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acd::Today;
use call::port::MediaEvent;
use jiff::Timestamp;
use media::{EventSink, MediaPlane};
use model::directory::Directory;
use model::{Millis, UserId};
use store::agents::AgentToday;
use store::directory::ImportMode;
use store::journal::segments;
use store::repository::Repository as _;
use store::writer::{Recorder, Writer, WriterOptions};
use store::{DataDirLock, Database, Journal, JournalOptions};
use switch::{Restored, RestoredAgent};
use tokio::sync::mpsc;
use transport::Listeners;

use super::{locations, recordings, wiring};
use crate::clock::Clock;
use crate::config::{Config, Ivrs};
use crate::directory_file;
use crate::failure::Failure;

/// The recording half, opened.
pub(super) struct Records {
    pub(super) lock: DataDirLock,
    pub(super) database: Database,
    pub(super) recorder: Recorder,
    pub(super) writer: Writer<Database>,
    pub(super) directory: Arc<Directory>,
    pub(super) restored: Restored,
    /// IANA name of the organisation's time zone.
    pub(super) timezone: Arc<str>,
}

/// Opens the recording half.
pub(super) async fn records(
    config: &Config,
    migrate: bool,
    clock: Clock,
) -> Result<Records, Failure> {
    let data_dir = &config.server.data_dir;
    let lock = DataDirLock::acquire(data_dir)
        .map_err(|error| Failure::environment(&error, error.remedy()))?;
    let database = open_database(config, migrate).await?;
    let realm = &*config.sip.domain;
    let now = clock.now().wall;
    if let Some(file) = &config.directory {
        apply_directory(&database, file, realm, now).await?;
    }
    let database_failed = |error: store::Error| Failure::environment(&error, error.remedy());
    let directory = database.load_directory(realm).await.map_err(database_failed)?;
    let journal = data_dir.join("journal");
    let rejected = data_dir.join("rejected");
    let node = &*config.server.node;
    let recovered = store::recover::recover(&database, &journal, &rejected, node, &directory)
        .await
        .map_err(|error| Failure::environment(&error, error.remedy()))?;
    if !recovered.swept.is_empty() || !recovered.completed.is_empty() {
        tracing::warn!(
            closed = recovered.swept.len(),
            completed = recovered.completed.len(),
            "the last run ended in the middle of calls; their records are closed"
        );
    }
    recordings::close_interrupted(&database, recordings::folder(data_dir), node, now)
        .await
        .map_err(database_failed)?;
    // Whoever held a lease was the predecessor in this folder.
    store::conversations::release_leases(&database).await.map_err(database_failed)?;
    let rows = database.load_bindings(now).await.map_err(database_failed)?;
    let locations = locations::restored(rows, &directory);
    let timezone = timezone(&database, config).await.map_err(database_failed)?;
    let restored = restored(&database, &timezone, now).await.map_err(database_failed)?;
    let restored = Restored { locations, ..restored };
    let journal = Journal::open(&journal, JournalOptions::default())
        .map_err(|error| Failure::environment(&error, error.remedy()))?;
    let wall: store::writer::WallClock = Arc::new(move || clock.now().wall);
    let mut options = WriterOptions::new(node, data_dir, wall);
    options.queue_batches = config.limits.record_queue;
    let (recorder, writer) = store::writer::start(database.clone(), journal, options);
    let directory = Arc::new(directory);
    Ok(Records { lock, database, recorder, writer, directory, restored, timezone })
}

/// Whose turn it was, what agents chose and did today, who talked with whom last, and the messages
/// of mailboxes.
pub(crate) async fn restored(
    database: &Database,
    timezone: &Arc<str>,
    now: Millis,
) -> Result<Restored, store::Error> {
    let today = database.agents_today(midnight(timezone, now)).await?;
    let mut today: BTreeMap<UserId, AgentToday> =
        today.into_iter().map(|agent| (agent.user.clone(), agent)).collect();
    let kept = database.availabilities().await?;
    let agents = kept.into_iter().map(|kept| {
        let did = today.remove(&kept.user);
        RestoredAgent {
            availability: Some((kept.availability, kept.reason)),
            today: did.map_or_else(Today::default, |did| Today {
                answered: did.answered,
                talked: Duration::from_millis(did.talked_ms),
                last_ended: did.last_ended,
            }),
            user: kept.user,
        }
    });
    Ok(Restored {
        cursors: database.load_cursors().await?,
        agents: agents.collect(),
        last_agents: database.last_agents(LAST_AGENTS).await?,
        messages: database.mailboxes().await?,
        ..Restored::default()
    })
}

/// The organisation's time zone: what the directory's settings say, else the configuration.
pub(crate) async fn timezone(
    database: &Database,
    config: &Config,
) -> Result<Arc<str>, store::Error> {
    let set = database.timezone().await?;
    let known = set.filter(|name| match calendar::Zone::named(name) {
        Ok(_) => true,
        Err(error) => {
            tracing::warn!(%error, "the directory's settings name no time zone that is known");
            false
        }
    });
    Ok(known.map_or_else(|| config.ivr.timezone.clone(), Arc::from))
}

/// How many numbers outside are remembered with whom they talked last.
const LAST_AGENTS: usize = 50_000;

/// The last midnight on the organisation's clock.
fn midnight(timezone: &Arc<str>, now: Millis) -> Millis {
    let zone = Ivrs { timezone: timezone.clone() }.zone();
    let local = Timestamp::from_millisecond(now.0).map(|instant| instant.to_zoned(zone));
    let began = local.ok().and_then(|local| local.start_of_day().ok());
    began.map_or(now, |began| Millis(began.timestamp().as_millisecond()))
}

async fn open_database(config: &Config, migrate: bool) -> Result<Database, Failure> {
    let failed = |error: store::Error| Failure::environment(&error, error.remedy());
    let database = Database::open(config.database.url.as_str()).await.map_err(failed)?;
    if migrate {
        migrate_database(config, &database, failed).await?;
    } else if !database.is_current().await.map_err(failed)? {
        let remedy = "run `tandem migrate`, or serve without --no-migrate";
        return Err(Failure::environment("the database schema is not current", remedy));
    }
    Ok(database)
}

/// Brings the schema up to date for a command that no server runs beside: one that does would find
/// another schema under it. Returns how many migrations were applied.
pub(crate) async fn migrate_alone(config: &Config, database: &Database) -> Result<usize, Failure> {
    if database.is_current().await.map_err(|error| Failure::of_database(&error))? {
        return Ok(0);
    }
    let _lock = DataDirLock::acquire(&config.server.data_dir)
        .map_err(|error| Failure::environment(&error, error.remedy()))?;
    migrate_database(config, database, |error| Failure::of_database(&error)).await
}

/// The journal first: what only the program that wrote it can read, it must be able to bring into
/// the database, and it would refuse a newer schema.
async fn migrate_database(
    config: &Config,
    database: &Database,
    failed: impl Fn(store::Error) -> Failure + Copy,
) -> Result<usize, Failure> {
    if !database.is_current().await.map_err(failed)? {
        segments::check(&config.server.data_dir.join("journal"))
            .map_err(|error| Failure::environment(&error, error.remedy()))?;
    }
    // Also where nothing is to be done: it says whether this program knows the schema.
    database.migrate().await.map_err(failed)
}

/// Applies the directory file; a file that was applied already changes nothing.
pub(super) async fn apply_directory(
    database: &Database,
    file: &Path,
    realm: &str,
    now: Millis,
) -> Result<(), Failure> {
    let report = directory_file::apply(database, file, realm, ImportMode::Apply, now).await?;
    let (changes, unchanged) = (report.changes.len(), report.unchanged);
    tracing::info!(changes, unchanged, "directory applied");
    Ok(())
}

/// Binds every SIP listener.
pub(super) fn listeners(config: &Config) -> Result<Listeners, Failure> {
    Listeners::bind(&wiring::listens(config)).map_err(|error| {
        Failure::environment(&error, "stop the program that has the port, or change [sip] listen")
    })
}

/// Binds the HTTP listener.
pub(super) fn http(config: &Config) -> Result<std::net::TcpListener, Failure> {
    let refused = |error: std::io::Error| {
        let address = config.api.listen;
        Failure::environment(
            format!("cannot listen on http://{address}: {error}"),
            "stop the program that has the port, or change [api] listen",
        )
    };
    let listener = std::net::TcpListener::bind(config.api.listen).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    Ok(listener)
}

/// Starts the relay with a bounded way for its events.
pub(super) fn media(config: &Config) -> Result<(MediaPlane, mpsc::Receiver<MediaEvent>), Failure> {
    let (sender, events) = mpsc::channel(EVENTS);
    let media = MediaPlane::start(wiring::media(config), Sink(sender))
        .map_err(|error| Failure::environment(&error, "change [media] address or ports"))?;
    Ok((media, events))
}

/// Events of media that wait for the core's loop; the relay keeps what does not fit.
const EVENTS: usize = 1_024;

struct Sink(mpsc::Sender<MediaEvent>);

impl EventSink for Sink {
    fn offer(&mut self, event: MediaEvent) -> Result<(), MediaEvent> {
        match self.0.try_send(event) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(event)) => Err(event),
        }
    }
}
