//! The server under the demo: the same one that `tandem serve` runs, in a temporary folder and on
//! ports that the system chose.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use audio::wav::Writer;
use sip::flow::TransportKind;
use tokio::sync::mpsc;

use super::directory::DemoDirectory;
use super::phones::{GREETING_HZ, MUSIC_HZ, RATE, chord};
use crate::failure::Failure;
use crate::run::{self, Control, Ready};
use crate::{config, telemetry};

/// The realm of the demo, as in `config/tandem.toml`.
pub(super) const DOMAIN: &str = "tandem.test";

/// How long the greeting is, and the music before it begins again.
const GREETING_MS: u32 = 800;
const MUSIC_MS: u32 = 2_000;

/// A sample of quality: a call of the story is over before a second one of five seconds. One of
/// 30 packets has enough of them to be judged.
const SAMPLE_MS: u32 = 600;

/// Ports for sound: the first so many in a row that nobody has.
const FIRST_PORT: u16 = 20_000;
const PORTS: u16 = 250;
const SLOTS: u16 = 40;

/// A running server. Its folder is gone when this is dropped.
pub(super) struct Host {
    folder: tempfile::TempDir,
    commands: mpsc::Sender<Control>,
    thread: JoinHandle<Result<(), Failure>>,
    ready: Ready,
    url: String,
}

impl Host {
    /// Starts the server; calls to the outside go to `carrier`.
    pub(super) fn start(directory: &DemoDirectory, carrier: SocketAddr) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("tandem-demo-").tempdir().map_err(refused)?;
        std::fs::write(folder.path().join("directory.json"), directory.hasty()).map_err(refused)?;
        write_sounds(folder.path()).map_err(refused)?;
        let file = folder.path().join("tandem.toml");
        std::fs::write(&file, configuration(folder.path(), carrier)).map_err(refused)?;
        // The environment of a server of the user's is not the demo's.
        let environment = std::collections::BTreeMap::new();
        let config = config::load(&file, &environment)?;
        let url = config.database.url.clone();
        telemetry::start(&config.log);
        let (commands, commanded) = mpsc::channel(4);
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name("tandem".into()).spawn(move || {
            run::run(config, true, commanded, |ready| {
                // Whoever waits for it is there until it comes.
                let _ = tell.send(ready.clone());
                Ok(())
            })
        });
        let thread = thread.map_err(refused)?;
        match told.recv() {
            Ok(ready) => Ok(Self { folder, commands, thread, ready, url }),
            Err(_) => Err(ended(thread).err().unwrap_or_else(broken)),
        }
    }

    /// Where SIP is heard by UDP.
    pub(super) fn sip(&self) -> SocketAddr {
        let mut listeners = self.ready.sip.iter();
        let udp = listeners.find(|listen| listen.transport == TransportKind::Udp);
        // The configuration below names one.
        udp.map_or_else(|| self.ready.http, |listen| listen.address)
    }

    /// What it says of its listeners.
    pub(super) fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The url of the database.
    pub(super) fn database_url(&self) -> &str {
        &self.url
    }

    /// The database file.
    pub(super) fn database_file(&self) -> PathBuf {
        self.folder.path().join("tandem.db")
    }

    /// Where recordings are.
    pub(super) fn recordings(&self) -> PathBuf {
        self.folder.path().join("var/recordings")
    }

    /// Gives the users the ring times that people have.
    pub(super) async fn be_patient(&self, directory: &DemoDirectory) -> Result<(), Failure> {
        std::fs::write(self.folder.path().join("directory.json"), directory.patient())
            .map_err(refused)?;
        self.commands.send(Control::Reload).await.map_err(|_| broken())
    }

    /// Stops it; what it recorded is written first.
    pub(super) fn stop(self) -> Result<(), Failure> {
        for command in [Control::Drain, Control::Release] {
            // A server that has ended takes no commands; why it ended is told below.
            let _ = self.commands.blocking_send(command);
        }
        ended(self.thread)
    }
}

/// How the server ended.
fn ended(thread: JoinHandle<Result<(), Failure>>) -> Result<(), Failure> {
    thread.join().unwrap_or_else(|_| Err(broken()))
}

/// The system refused something that the demo needs.
pub(super) fn refused(error: std::io::Error) -> Failure {
    let remedy = "it needs a temporary folder and free ports of 127.0.0.1";
    Failure::environment(format!("the demo cannot be set up: {error}"), remedy)
}

fn broken() -> Failure {
    Failure::work("the server ended unexpectedly", "see the lines above")
}

/// A failure to read the demo's database.
pub(super) fn unreadable(error: store::Error) -> Failure {
    Failure::work(&error, error.remedy())
}

/// The greeting and the music on hold, as tones that a phone can tell apart.
fn write_sounds(folder: &Path) -> std::io::Result<()> {
    let prompts = folder.join("prompts");
    std::fs::create_dir_all(prompts.join("music"))?;
    for (name, frequencies, ms) in
        [("greeting.wav", GREETING_HZ, GREETING_MS), ("music/hold.wav", MUSIC_HZ, MUSIC_MS)]
    {
        let mut writer = Writer::new(File::create(prompts.join(name))?, RATE)?;
        let stereo = chord(frequencies, ms).into_iter().flat_map(|sample| [sample; 2]);
        writer.write(&stereo.collect::<Vec<i16>>())?;
        writer.finish()?;
    }
    Ok(())
}

/// The first of the ports for sound. Where it is looked for first depends on the process, so that
/// two demos that begin at once do not find the same ones.
fn free_ports() -> u16 {
    // Less than 40.
    let own = u16::try_from(std::process::id() % u32::from(SLOTS)).unwrap_or(0);
    let slots = (0..SLOTS).map(|slot| FIRST_PORT + (own + slot) % SLOTS * PORTS);
    let is_free = |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let free = slots.into_iter().find(|first| (*first..first + PORTS).all(is_free));
    // Where none is free the server says so.
    free.unwrap_or(FIRST_PORT)
}

/// Its ports are free ones, and whatever comes from this machine and is no user is the carrier. Bad
/// audio is told by the rows and need not be logged.
fn configuration(folder: &std::path::Path, carrier: SocketAddr) -> String {
    let folder = folder.display();
    let first = free_ports();
    let last = first + PORTS - 1;
    format!(
        r#"[server]
node = "tandem-demo"
data_dir = '{folder}/var'
[database]
url = 'sqlite://{folder}/tandem.db'
[sip]
listen = ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]
domain = "{DOMAIN}"
[media]
address = "127.0.0.1"
ports = "{first}-{last}"
stock = 32
[api]
listen = "127.0.0.1:0"
[directory]
file = '{folder}/directory.json'
[[trunk]]
name = "carrier"
peers = ["127.0.0.0/8"]
outbound = "sip:{carrier}"
country = "US"
[prompts]
folder = '{folder}/prompts'
music = '{folder}/prompts/music'
music_on_hold = "music:hold"
[recording]
min_free_mib = 1
[quality]
sample_ms = {SAMPLE_MS}
[log]
filter = "warn,switch::log=error"
"#
    )
}
