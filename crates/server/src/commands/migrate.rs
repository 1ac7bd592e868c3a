//! `tandem migrate`: brings the schema of the database up to date.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::block_on;
use crate::config::{self, Environment};
use crate::failure::Failure;
use crate::run::opening;

/// Bring the database schema up to date (serve does this too, unless told not to)
#[derive(Debug, Args)]
pub struct Migrate {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Migrate {
    /// Runs the command.
    ///
    /// # Errors
    /// A wrong configuration, or a database that cannot be brought up to date.
    pub fn run(&self, environment: &dyn Environment, out: &mut impl Write) -> Result<(), Failure> {
        let config = config::load(&self.config, environment)?;
        let url = &config.database.url;
        let applied = block_on(async {
            let database =
                store::Database::open(url).await.map_err(|error| Failure::of_database(&error))?;
            let applied = opening::migrate_alone(&config, &database).await;
            database.close().await;
            applied
        })?;
        match applied {
            0 => writeln!(out, "{url}: up to date")?,
            1 => writeln!(out, "{url}: 1 migration applied")?,
            many => writeln!(out, "{url}: {many} migrations applied")?,
        }
        Ok(())
    }
}
