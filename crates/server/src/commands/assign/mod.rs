//! `tandem assign`: finished call graphs, one JSON document a line, to the conversation assigner.
//! Each line is a transaction of its own: an invalid one changes nothing, and the rest is done all
//! the same. No server needs to run; one that does goes on undisturbed.

mod lines;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use conversation::Source;
use serde::{Deserialize, Serialize};
use store::Database;
use store::conversations::{AssignReport, DocumentError, assign_document};

use self::lines::Line;
use super::{block_on, open_database};
use crate::clock::Clock;
use crate::config::{self, Config, Environment};
use crate::document::{Problem, Problems};
use crate::failure::Failure;

/// Longest document in bytes: a call of a thousand legs fits many times.
const LONGEST_LINE: usize = 16 << 20;

/// Feed finished call graphs to the conversation assigner, one document a line
#[derive(Debug, Args)]
pub struct Assign {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The documents; - is the standard input
    #[arg(value_name = "FILE.ndjson", default_value = "-")]
    documents: PathBuf,
}

impl Assign {
    /// Runs the command; every line of the input gives one line of the output.
    ///
    /// # Errors
    /// A wrong configuration, the database's failure, or [`Failure::Reported`] when a document was
    /// refused.
    pub fn run(&self, environment: &dyn Environment, out: &mut impl Write) -> Result<(), Failure> {
        let config = config::load(&self.config, environment)?;
        if self.documents == Path::new("-") {
            let mut input = std::io::stdin().lock();
            return block_on(assign_all(&config, &mut input, out));
        }
        let file = File::open(&self.documents).map_err(|error| {
            let name = self.documents.display().to_string();
            let remedy = "name a file that can be read, or - for the standard input";
            let cause = format!("cannot be read: {error}");
            Problems::from(Problem::error(name.into(), None, "", cause, remedy))
        })?;
        block_on(assign_all(&config, &mut BufReader::new(file), out))
    }
}

/// One line of the answer.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Answer {
    Assigned {
        call_id: String,
        result: &'static str,
        conversations: Vec<String>,
    },
    Refused {
        call_id: Option<String>,
        /// Of the input, from 1.
        line: u64,
        error: String,
    },
}

async fn assign_all(
    config: &Config,
    input: &mut impl BufRead,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let clock = Clock::start();
    let database = open_database(config, clock).await?;
    let done = assign_lines(&database, clock, input, out).await;
    let durable = database.make_durable().await;
    database.close().await;
    durable.map_err(|error| Failure::of_database(&error)).and(done)
}

async fn assign_lines(
    database: &Database,
    clock: Clock,
    input: &mut impl BufRead,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::environment(format!("the input cannot be read: {error}"), "check the file")
    };
    let mut refused = false;
    let mut number = 0;
    while let Some(line) = lines::next(input, LONGEST_LINE).map_err(unreadable)? {
        number += 1;
        let answer = match line {
            Line::Text(text) if text.trim().is_empty() => continue,
            Line::Text(text) => assign(database, clock, &text, number).await?,
            Line::TooLong => Answer::unread(number, format!("longer than {LONGEST_LINE} bytes")),
            Line::NotText => Answer::unread(number, "not UTF-8".to_owned()),
        };
        refused |= matches!(answer, Answer::Refused { .. });
        serde_json::to_writer(&mut *out, &answer).map_err(std::io::Error::from)?;
        writeln!(out)?;
    }
    if refused { Err(Failure::Reported) } else { Ok(()) }
}

/// Assigns one document. What only the operator can mend ends the command: the next document
/// would fail in the same way.
async fn assign(
    database: &Database,
    clock: Clock,
    text: &str,
    line: u64,
) -> Result<Answer, Failure> {
    let error = match assign_document(database, text, Source::Live, clock.now().wall).await {
        Ok(report) => return Ok(Answer::from(report)),
        Err(error) => error,
    };
    match &error {
        DocumentError::Store(cause) if cause.is_transient() => Err(Failure::of_database(cause)),
        DocumentError::Refused(_) | DocumentError::NotFinished(_) | DocumentError::Store(_) => {
            Ok(Answer::Refused { call_id: call_id(text), line, error: error.to_string() })
        }
    }
}

/// The call id of a document whatever else is wrong with it.
fn call_id(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        call_id: String,
    }
    let named: Option<Named> = serde_json::from_str(text).ok();
    named.map(|named| named.call_id)
}

impl Answer {
    fn unread(line: u64, error: String) -> Self {
        Self::Refused { call_id: None, line, error }
    }
}

impl From<AssignReport> for Answer {
    fn from(report: AssignReport) -> Self {
        let conversations = report.conversations.iter();
        Self::Assigned {
            call_id: report.call_id.to_string(),
            result: report.result.as_str(),
            conversations: conversations.map(ToString::to_string).collect(),
        }
    }
}
