//! `tandem demo`: the main job on a machine with nothing set up.

use std::io::{IsTerminal as _, Write};

use clap::Args;

use crate::demo;
use crate::failure::Failure;

/// Show the server at work: real calls over loopback, recorded and assigned to conversations
#[derive(Debug, Args)]
pub struct Demo {
    /// Leave the server running and tell how to register a softphone
    #[arg(long)]
    keep: bool,
}

impl Demo {
    /// Runs the command.
    ///
    /// # Errors
    /// When a call did not come out as stated.
    pub fn run(&self, out: &mut impl Write) -> Result<(), Failure> {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        demo::run(self.keep, colour, out)
    }
}
