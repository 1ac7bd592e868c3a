//! stub
use std::io::Write;

use clap::Args;

use crate::config::Environment;
use crate::failure::Failure;

/// Stub
#[derive(Debug, Args)]
pub struct Assign {}

impl Assign {
    /// Runs the command.
    ///
    /// # Errors
    /// Always.
    pub fn run(
        &self,
        _environment: &dyn Environment,
        _out: &mut impl Write,
    ) -> Result<(), Failure> {
        Err(Failure::work("not built yet", ""))
    }
}
