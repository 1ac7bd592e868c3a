//! `tandem import`: a directory file into the database, or what that would change.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use store::directory::{Change, ChangeKind};
use store::{Database, ImportMode, ImportReport};

use super::block_on;
use crate::clock::Clock;
use crate::config::{self, Config, Environment};
use crate::directory_file;
use crate::failure::Failure;
use crate::run::opening;

/// Load a directory file into the database; running it twice changes nothing
#[derive(Debug, Args)]
pub struct Import {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the changes as one JSON document
    #[arg(long)]
    json: bool,
    /// The directory file, TOML or JSON
    #[arg(value_name = "DIRECTORY")]
    directory: PathBuf,
}

impl Import {
    /// Runs the command.
    ///
    /// # Errors
    /// A wrong configuration or directory, or the database's failure; then nothing has changed.
    pub fn run(&self, environment: &dyn Environment, out: &mut impl Write) -> Result<(), Failure> {
        let config = config::load(&self.config, environment)?;
        let report = block_on(self.import(&config))?;
        if self.json {
            self.print_json(out, &report)?;
        } else {
            self.print(out, &report)?;
        }
        Ok(())
    }

    async fn import(&self, config: &Config) -> Result<ImportReport, Failure> {
        let clock = Clock::start();
        let failed = |error: store::Error| Failure::of_database(&error);
        let scratch = scratch_folder(self.dry_run && !config.database.path().exists())?;
        let url = match &scratch {
            Some(folder) => format!("sqlite://{}", folder.path().join("tandem.db").display()),
            None => config.database.url.clone(),
        };
        let database = Database::open(&url).await.map_err(failed)?;
        if !database.is_current().await.map_err(failed)? {
            if self.dry_run && scratch.is_none() {
                let cause = "the database schema is not current";
                return Err(Failure::environment(cause, "run tandem migrate first"));
            }
            match scratch {
                Some(_) => database.migrate().await.map_err(failed)?,
                None => opening::migrate_alone(config, &database).await?,
            };
        }
        let mode = if self.dry_run { ImportMode::DryRun } else { ImportMode::Apply };
        let (domain, now) = (&config.sip.domain, clock.now().wall);
        let report = directory_file::apply(&database, &self.directory, domain, mode, now).await;
        database.close().await;
        report
    }

    fn print(&self, out: &mut impl Write, report: &ImportReport) -> std::io::Result<()> {
        let directory = self.directory.display();
        if report.changes.is_empty() {
            return writeln!(out, "{directory}: nothing changes");
        }
        for change in &report.changes {
            writeln!(out, "{} {} {}", sign(change.kind), change.entity, change.id)?;
        }
        writeln!(
            out,
            "{directory}: {}{} added, {} changed, {} deactivated, {} as they are",
            if self.dry_run { "would be " } else { "" },
            report.count(ChangeKind::Added),
            report.count(ChangeKind::Changed),
            report.count(ChangeKind::Deactivated),
            report.unchanged,
        )
    }

    fn print_json(&self, out: &mut impl Write, report: &ImportReport) -> std::io::Result<()> {
        let change = |change: &Change| {
            let kind = word(change.kind);
            json!({"kind": kind, "entity": change.entity, "id": change.id})
        };
        let document = json!({
            "directory": self.directory.display().to_string(),
            "dry_run": self.dry_run,
            "applied": report.applied,
            "changes": report.changes.iter().map(change).collect::<Vec<_>>(),
            "unchanged": report.unchanged,
        });
        serde_json::to_writer_pretty(&mut *out, &document)?;
        writeln!(out)
    }
}

/// Who only looks must not make a database that does not exist yet: he looks at an empty one
/// elsewhere.
pub(super) fn scratch_folder(wanted: bool) -> Result<Option<tempfile::TempDir>, Failure> {
    let folder = wanted.then(tempfile::tempdir).transpose();
    folder.map_err(|error| {
        Failure::environment(format!("no temporary folder: {error}"), "check TMPDIR")
    })
}

fn sign(kind: ChangeKind) -> char {
    match kind {
        ChangeKind::Added => '+',
        ChangeKind::Changed => '~',
        ChangeKind::Deactivated => '-',
    }
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Changed => "changed",
        ChangeKind::Deactivated => "deactivated",
    }
}
