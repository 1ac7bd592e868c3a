//! One file per command of the command line. Each writes its answer to the output it is given and
//! returns why it failed; only `main` prints failures and chooses the exit code.

mod assign;
mod call;
mod check;
mod demo;
mod import;
mod key;
mod migrate;
mod route;
mod serve;

use std::future::Future;

pub use assign::Assign;
pub use call::Call;
pub use check::Check;
pub use demo::Demo;
pub use import::Import;
pub use key::Key;
pub use migrate::Migrate;
pub use route::Route;
pub use serve::Serve;

use store::{Database, ImportMode};

use crate::clock::Clock;
use crate::config::Config;
use crate::directory_file;
use crate::failure::Failure;
use crate::run::opening;

/// Runs the asynchronous part of a command that works on the database only: one thread is enough.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
            Failure::environment(format!("no runtime: {error}"), "check limits of the system")
        })?;
    runtime.block_on(work)
}

/// Opens the database of a configuration. One whose schema is missing or old is set up as the
/// server would do it at its start: migrated, and given the directory file.
async fn open_database(config: &Config, clock: Clock) -> Result<Database, Failure> {
    let failed = |error: store::Error| Failure::of_database(&error);
    let database = Database::open(&config.database.url).await.map_err(failed)?;
    if !database.is_current().await.map_err(failed)? {
        opening::migrate_alone(config, &database).await?;
        if let Some(file) = &config.directory {
            let (domain, now) = (&config.sip.domain, clock.now().wall);
            directory_file::apply(&database, file, domain, ImportMode::Apply, now).await?;
        }
    }
    Ok(database)
}
