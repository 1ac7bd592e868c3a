//! `tandem call`: what the records say of calls. `list` names the newest, `show` draws one: its
//! parties as lanes, who was rung, and what happened, sentence by sentence. Nothing is written, and
//! a server may run meanwhile.

mod lanes;
mod names;
mod story;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::call_graph::CallGraph;
use model::call_graph::graph::{
    Call as CallRow, CallInteraction, CallParticipant, Connection, ConnectionAttempt, QualityEvent,
};
use model::call_graph::timeline::{Lane, timeline};
use model::directory::Directory;
use model::{CallId, Millis};
use serde::Serialize;
use store::Database;
use store::read::CallFilter;
use store::repository::Repository as _;

use self::lanes::{Drawn, LEGEND, clock, cut, lanes, ruler};
use self::names::Names;
use super::block_on;
use crate::clock::Clock;
use crate::config::{self, Environment};
use crate::failure::Failure;

/// What is recorded of calls
#[derive(Debug, Args)]
pub struct Call {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Draw one call: lanes of who talked with whom, who was rung, transfers, quality
    Show(Show),
    /// Name the newest calls
    List(List),
}

#[derive(Debug, Args)]
struct Show {
    /// Its id, the last characters of it, or `last`
    #[arg(value_name = "ID")]
    id: String,
    /// Print one JSON document: the rows and the timeline
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct List {
    /// How many
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: u32,
    /// Only calls that are running
    #[arg(long)]
    live: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Calls among which one is looked for by the end of its id.
const RECENT: u32 = 10_000;

impl Call {
    /// Runs the command.
    ///
    /// # Errors
    /// A wrong configuration, a call that is not there, and a database that cannot be read.
    pub fn run(&self, environment: &dyn Environment, out: &mut impl Write) -> Result<(), Failure> {
        let config = config::load(&self.config, environment)
            .map_err(|refusal| Failure::Input(refusal.problems))?;
        let zone = config.ivr.zone();
        let now = Clock::start().now().wall;
        match &self.question {
            Question::Show(show) => {
                let (graph, directory) = block_on(async {
                    let database = open(&config.database.url, config.database.path().exists());
                    show.read(&database.await?, &config.sip.domain).await
                })?;
                show.print(&graph, &directory, &zone, now, out)
            }
            Question::List(list) => {
                let rows = block_on(async {
                    let database = open(&config.database.url, config.database.path().exists());
                    list.read(&database.await?).await
                })?;
                list.print(&rows, &zone, out)
            }
        }
    }
}

async fn open(url: &str, exists: bool) -> Result<Database, Failure> {
    let failed = |error: store::Error| Failure::of_database(&error);
    if !exists {
        let cause = "there is no database yet";
        return Err(Failure::environment(cause, "start the server once: tandem serve"));
    }
    let database = Database::open(url).await.map_err(failed)?;
    if !database.is_current().await.map_err(failed)? {
        let cause = "the database schema is not current";
        return Err(Failure::environment(cause, "run tandem migrate first"));
    }
    Ok(database)
}

impl Show {
    async fn read(
        &self,
        database: &Database,
        realm: &str,
    ) -> Result<(CallGraph, Directory), Failure> {
        let failed = |error: store::Error| Failure::of_database(&error);
        let id = self.find(database).await?;
        let graph = database.call(&id).await.map_err(failed)?;
        let graph = graph.ok_or_else(|| no_such(&self.id))?;
        let directory = database.load_directory(realm).await.map_err(failed)?;
        Ok((graph, directory))
    }

    /// The whole id, `last`, or the end of exactly one of the newest.
    async fn find(&self, database: &Database) -> Result<CallId, Failure> {
        let failed = |error: store::Error| Failure::of_database(&error);
        let whole = CallId::from(&*self.id);
        if database.call(&whole).await.map_err(failed)?.is_some() {
            return Ok(whole);
        }
        if self.id == "last" {
            // One that has become part of another is not what anybody means.
            let page = database.calls(&CallFilter::default(), None, 1).await.map_err(failed)?;
            return page
                .calls
                .into_iter()
                .next()
                .map(|call| call.id)
                .ok_or_else(|| no_such(&self.id));
        }
        let newest = database.latest_calls(RECENT).await.map_err(failed)?;
        let mut like = newest.into_iter().filter(|call| call.as_str().ends_with(&self.id));
        let found = like.next().ok_or_else(|| no_such(&self.id))?;
        match like.next() {
            None => Ok(found),
            Some(_) => {
                let cause = format!("`{}` is the end of more than one call", self.id);
                Err(Failure::argument(cause, "write more of the id; see tandem call list"))
            }
        }
    }

    fn print(
        &self,
        graph: &CallGraph,
        directory: &Directory,
        zone: &TimeZone,
        now: Millis,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        if self.json {
            let document = Document {
                call: &graph.call,
                connections: &graph.connections,
                attempts: &graph.attempts,
                participants: &graph.participants,
                interactions: &graph.interactions,
                quality_events: &graph.quality_events,
                timeline: timeline(graph),
            };
            serde_json::to_writer_pretty(&mut *out, &document).map_err(std::io::Error::from)?;
            writeln!(out)?;
            return Ok(());
        }
        draw(graph, &Names::new(directory, graph), zone, now, out)?;
        Ok(())
    }
}

fn no_such(id: &str) -> Failure {
    let cause = format!("there is no call `{id}`");
    Failure::argument(cause, "tandem call list names the newest")
}

/// What `--json` prints of one call.
#[derive(Serialize)]
struct Document<'a> {
    call: &'a CallRow,
    connections: &'a [Connection],
    attempts: &'a [ConnectionAttempt],
    participants: &'a [CallParticipant],
    interactions: &'a [CallInteraction],
    quality_events: &'a [QualityEvent],
    timeline: Vec<Lane>,
}

fn draw(
    graph: &CallGraph,
    names: &Names,
    zone: &TimeZone,
    now: Millis,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let call = &graph.call;
    say(out, format!("{}  {}", call.id, heading(call, now)))?;
    say(out, format!("{}  {}", local(call.initiated_at, zone), called(graph, names)))?;
    writeln!(out, "\n{}", ruler(graph, now))?;
    for Drawn { name, cells, note } in lanes(graph, names, now) {
        let line: String = cells.into_iter().map(lanes::Cell::sign).collect();
        say(out, format!("{name} │{line}│ {note}"))?;
    }
    writeln!(out, "{:20}  {LEGEND}\n", "")?;
    for sentence in story::story(graph, names) {
        let after =
            Duration::from_millis(u64::try_from(sentence.at.0 - call.initiated_at.0).unwrap_or(0));
        say(out, format!("{:>10.1} s  {}", after.as_secs_f64(), sentence.text))?;
    }
    Ok(())
}

/// One line. What callers and telephones sent stands in it: none of that moves the cursor.
fn say(out: &mut impl Write, line: String) -> std::io::Result<()> {
    writeln!(out, "{}", line.replace(char::is_control, "\u{fffd}"))
}

fn heading(call: &CallRow, now: Millis) -> String {
    let end = call.ended_at.unwrap_or(now);
    let length = Duration::from_millis(u64::try_from(end.0 - call.initiated_at.0).unwrap_or(0));
    let direction = call.direction.as_str();
    match (call.outcome, call.ended_by, &call.absorbed_into_call_id) {
        (_, _, Some(into)) => format!("{direction}, part of {into}"),
        (Some(outcome), Some(by), None) => {
            let outcome = outcome.as_str().replace('_', " ");
            format!("{direction}, {outcome}, {}, ended by {by}", clock(length))
        }
        (_, _, None) => {
            format!("{direction}, {}, for {}", call.state.as_str().replace('_', " "), clock(length))
        }
    }
}

fn called(graph: &CallGraph, names: &Names) -> String {
    let call = &graph.call;
    let side = |number: Option<&str>| match number {
        Some(number) if names.of(number) != number => format!("{number} ({})", names.of(number)),
        Some(number) => number.to_owned(),
        None => "withheld".to_owned(),
    };
    let owner = match &call.owner_user_id {
        Some(owner) => format!(", owner {}", names.of(owner.as_str())),
        None => String::new(),
    };
    format!("{} → {}{owner}", side(call.from_number.as_deref()), side(call.to_number.as_deref()))
}

fn local(at: Millis, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(time) => time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
        Err(_) => at.0.to_string(),
    }
}

impl List {
    async fn read(&self, database: &Database) -> Result<Vec<CallRow>, Failure> {
        let failed = |error: store::Error| Failure::of_database(&error);
        let filter = CallFilter { live: self.live.then_some(true), ..CallFilter::default() };
        Ok(database.calls(&filter, None, self.limit).await.map_err(failed)?.calls)
    }

    fn print(
        &self,
        rows: &[CallRow],
        zone: &TimeZone,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        if self.json {
            serde_json::to_writer_pretty(&mut *out, rows).map_err(std::io::Error::from)?;
            writeln!(out)?;
            return Ok(());
        }
        for call in rows {
            let length = call.ended_at.map_or_else(
                || "runs".to_owned(),
                |end| {
                    clock(Duration::from_millis(
                        u64::try_from(end.0 - call.initiated_at.0).unwrap_or(0),
                    ))
                },
            );
            let line = format!(
                "{}  {}  {:8}  {} → {}  {}  {length}",
                call.id,
                local(call.initiated_at, zone),
                call.direction.as_str(),
                cut(call.from_number.as_deref().unwrap_or("withheld")),
                cut(call.to_number.as_deref().unwrap_or("–")),
                call.outcome.map_or(call.state.as_str(), |outcome| outcome.as_str()),
            );
            say(out, line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
