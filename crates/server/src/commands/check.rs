//! `tandem check`: validates configuration and directory and binds nothing.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use switch::CodeMeaning;

use crate::config::{self, Config, Environment};
use crate::directory_file::{self, ReadDirectory};
use crate::document::{Problem, Problems, Severity};
use crate::failure::Failure;

/// Validate configuration and directory; bind nothing
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print the problems as one JSON document
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Runs the command.
    ///
    /// # Errors
    /// Every error of both files. Warnings alone are printed and are no failure.
    pub fn run(&self, environment: &dyn Environment, out: &mut impl Write) -> Result<(), Failure> {
        let mut problems = Problems::default();
        let config = match config::load(&self.config, environment) {
            Ok(config) => Some(config),
            Err(refusal) => {
                // What could be read of a refused configuration is enough to check the directory.
                if let Some(file) = &refusal.directory {
                    let domain = refusal.domain.as_deref();
                    problems.extend(directory_file::load(file, domain).1);
                }
                problems.extend(refusal.problems);
                None
            }
        };
        let mut directory = None;
        if let Some(file) = config.as_ref().and_then(|config| config.directory.as_deref()) {
            let domain = config.as_ref().map(|config| &*config.sip.domain);
            let (read, found) = directory_file::load(file, domain);
            directory = read;
            problems.extend(found);
        }
        if let (Some(config), Some(directory)) = (&config, &directory) {
            problems.extend(codes_to_nowhere(config, directory));
        }
        let problems = problems.sorted();
        if self.json {
            serde_json::to_writer_pretty(&mut *out, &Report::of(&self.config, &problems))
                .map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
        match config {
            Some(config) if problems.errors() == 0 => {
                if !self.json {
                    for warning in &problems.0 {
                        writeln!(out, "{warning}")?;
                    }
                    summary(out, &config, directory.as_ref())?;
                }
                Ok(())
            }
            Some(_) | None if self.json => Err(Failure::Input(Problems::default())),
            Some(_) | None => Err(Failure::Input(problems)),
        }
    }
}

/// A code that leads to what the directory file does not have; the database may have it.
fn codes_to_nowhere(config: &Config, directory: &ReadDirectory) -> Problems {
    let file: Arc<str> = config.file.display().to_string().into();
    let content = &directory.content;
    let warn = |(code, meaning): (&Arc<str>, &CodeMeaning)| {
        let (kind, id, known) = match meaning {
            CodeMeaning::GroupVoicemail(group) => {
                let known = content.groups.iter().any(|entry| *entry.id == *group.as_str());
                ("group", group.as_str(), known)
            }
            CodeMeaning::Ivr(ivr) => {
                let known = content.ivrs.iter().any(|entry| *entry.id == *ivr.as_str());
                ("IVR", ivr.as_str(), known)
            }
            CodeMeaning::Available
            | CodeMeaning::Away(_)
            | CodeMeaning::Toggle
            | CodeMeaning::Voicemail
            | CodeMeaning::PickUp
            | CodeMeaning::PickUpGroup
            | CodeMeaning::Park
            | CodeMeaning::Retrieve
            | CodeMeaning::Move
            | CodeMeaning::Conference
            | CodeMeaning::Supervise(_) => return None,
        };
        let cause = format!("{} has no {kind} `{id}`", directory.name);
        let remedy = format!("name a {kind} by its id, or remove the code");
        let key = format!("codes.{code}");
        let problem = Problem::error(file.clone(), None, key, cause, remedy);
        (!known).then(|| problem.into_warning())
    };
    Problems(config.codes.0.iter().filter_map(warn).collect())
}

/// The answer of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    config: String,
    valid: bool,
    errors: Vec<&'a Problem>,
    warnings: Vec<&'a Problem>,
}

impl<'a> Report<'a> {
    fn of(config: &Path, problems: &'a Problems) -> Self {
        let of = |severity| {
            let all = problems.0.iter();
            all.filter(move |problem| problem.severity == severity).collect()
        };
        Self {
            config: config.display().to_string(),
            valid: problems.errors() == 0,
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
        }
    }
}

fn summary(
    out: &mut impl Write,
    config: &Config,
    directory: Option<&ReadDirectory>,
) -> std::io::Result<()> {
    let server = &config.server;
    writeln!(out, "{} is valid.", config.file.display())?;
    writeln!(out, "  server     {}, data in {}", server.node, server.data_dir.display())?;
    writeln!(out, "  database   {}", config.database.url)?;
    let listeners: Vec<_> = config.sip.listen.iter().map(ToString::to_string).collect();
    writeln!(out, "  SIP        {} for {}", listeners.join(", "), config.sip.domain)?;
    if let Some(external) = config.sip.external_address {
        writeln!(out, "             shown outside as {external}")?;
    }
    let media = &config.media;
    writeln!(out, "  media      {}, ports {}", media.address, media.ports)?;
    writeln!(out, "  HTTP       http://{}", config.api.listen)?;
    for trunk in &config.trunks {
        let peers: Vec<_> = trunk.peers.iter().map(ToString::to_string).collect();
        let outbound = match trunk.outbound.as_slice() {
            [] => "receives only".to_owned(),
            uris => format!("to {}", uris.join(", then ")),
        };
        writeln!(out, "  trunk      {}: from {}; {outbound}", trunk.name, peers.join(", "))?;
    }
    let Some(directory) = directory else {
        return writeln!(out, "  directory  the database's");
    };
    let content = &directory.content;
    writeln!(
        out,
        "  directory  {}: {} users, {} groups, {} IVRs, {} numbers, {} records",
        directory.name,
        content.users.len(),
        content.groups.len(),
        content.ivrs.len(),
        content.numbers.len(),
        content.records.len(),
    )
}
