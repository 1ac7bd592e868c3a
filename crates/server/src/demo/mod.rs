//! `tandem demo`: the real server on a temporary SQLite file and free loopback ports, softphones
//! on sockets of their own, a story of calls, and a look at what became of them in the database.
//!
//! Guarantees that nothing outside the temporary folder is touched, that what is printed is what
//! another process would read (live lines, tables and conversations come from the rows, sound and
//! displays from the phones), and that the outcome is compared fact by fact with what the story
//! states.
//!
//! * `host`: the server; `directory`: who works there;
//! * `phones`: softphones with sockets and a tone; `story`: the calls, and what is stated;
//! * `facts`: what became of a call, in lines that can be compared; `media`: its recordings, its
//!   legs and its bad moments; `live` and `report`: what is printed.

mod directory;
mod facts;
mod host;
mod keeping;
mod live;
mod media;
mod phones;
mod report;
mod story;

use std::io::Write;

use store::Database;
use tokio::runtime::Runtime;

use crate::clock::Clock;
use crate::failure::Failure;
use directory::{DemoDirectory, Names};
use host::Host;
use live::Live;
use phones::Cast;
use report::Paint;

/// The queries that must find nothing in any database that the server has written.
const INVARIANTS: &str = include_str!("../../../../tests/data/invariants.sql");

/// Calls and conversations that are read at most: far more than the story has.
const MOST: u32 = 1_000;

/// Runs the demo. `keep` leaves the server running afterwards, until Ctrl-C; `colour` is for
/// terminals.
///
/// # Errors
/// When a call did not come out as stated, or something could not be started.
pub fn run(keep: bool, colour: bool, out: &mut impl Write) -> Result<(), Failure> {
    let runtime = runtime()?;
    let clock = Clock::start();
    let directory = DemoDirectory::read()?;
    let paint = Paint::new(colour);
    let carrier = runtime.block_on(phones::carrier_socket())?;
    let host = Host::start(&directory, carrier.local_addr().map_err(host::refused)?)?;
    let shown = runtime.block_on(async {
        tokio::select! {
            shown = show(&host, &directory, carrier, clock, paint, out) => shown,
            _ = tokio::signal::ctrl_c() => Err(Failure::work("interrupted", "")),
        }
    });
    match shown {
        Ok(Shown { as_stated, cast }) => {
            let kept = if keep {
                runtime.block_on(keeping::keep(&host, &directory, cast, paint, out))
            } else {
                Ok(())
            };
            let stopped = host.stop();
            kept.and(stopped).and(if as_stated { Ok(()) } else { Err(Failure::Reported) })
        }
        Err(failure) => {
            // The failure that ended the demo is the one to tell.
            let _ = host.stop();
            Err(failure)
        }
    }
}

/// What is left of the show.
struct Shown {
    /// Everything came out as stated.
    as_stated: bool,
    /// The phones, still registered.
    cast: Cast,
}

/// The whole show.
async fn show(
    host: &Host,
    directory: &DemoDirectory,
    carrier: tokio::net::UdpSocket,
    clock: Clock,
    paint: Paint,
    out: &mut impl Write,
) -> Result<Shown, Failure> {
    let names = Names::of(&directory.content);
    let database = Database::open(host.database_url()).await.map_err(host::unreadable)?;
    let cast = phones::connect(host.sip(), directory, carrier, clock).await?;
    report::opening(out, host, &cast, paint)?;
    let began = clock.now();
    let mut live = Live::new(&names, began.wall, paint);
    let (performance, cast) = story::perform(cast, &database, &mut live, out).await?;
    let mut calls = facts::gather(&database, &performance).await.map_err(host::unreadable)?;
    calls.media = media::gather(&database, &host.recordings(), &calls.by_scene).await?;
    let conversations = database.latest_conversations(MOST).await.map_err(host::unreadable)?;
    report::calls(out, &calls, &performance, &names, paint)?;
    report::conversations(out, &conversations, &names, paint)?;
    let found = facts::of_all(&performance, &calls, &conversations, &names);
    let checked = database.check_invariants(INVARIANTS).await.map_err(host::unreadable)?;
    database.close().await;
    let took = clock.now().mono;
    let as_stated = report::verdict(out, &found, &checked, took, paint)?;
    Ok(Shown { as_stated, cast })
}

fn runtime() -> Result<Runtime, Failure> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| {
        Failure::environment(format!("no runtime: {error}"), "check the limits of the system")
    })
}
