//! `tandem serve`: the server.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use crate::config::{self, Environment};
use crate::failure::Failure;
use crate::{run, telemetry};

/// Run the server: SIGHUP reloads, SIGTERM drains and stops
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Do not bring the database schema up to date first
    #[arg(long)]
    no_migrate: bool,
}

impl Serve {
    /// Runs the command until the server has stopped.
    ///
    /// # Errors
    /// A wrong configuration, or whatever keeps the server from starting.
    pub fn run(&self, environment: &dyn Environment, out: &mut impl Write) -> Result<(), Failure> {
        let config = config::load(&self.config, environment)?;
        telemetry::start(&config.log);
        run::serve(config, !self.no_migrate, out)
    }
}
