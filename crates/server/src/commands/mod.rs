//! One file per command of the command line. Each writes its answer to the output it is given and
//! returns why it failed; only `main` prints failures and chooses the exit code.

mod assign;
mod check;
mod demo;
mod import;
mod migrate;
mod serve;

use std::future::Future;

pub use assign::Assign;
pub use check::Check;
pub use demo::Demo;
pub use import::Import;
pub use migrate::Migrate;
pub use serve::Serve;

use crate::failure::Failure;

/// Runs the asynchronous part of a command that works on the database only: one thread is enough.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::environment(format!("no runtime: {error}"), "check limits of the system")
        })?;
    runtime.block_on(work)
}

/// A failure of the database in the class that its cause belongs to: what a retry or an operator
/// can mend is the environment's.
fn database_failure(error: &store::Error) -> Failure {
    if error.is_transient() || matches!(error, store::Error::Migration { .. }) {
        Failure::environment(error, error.remedy())
    } else {
        Failure::work(error, error.remedy())
    }
}
