//! How many finished calls a second the assigner takes from the outbox, transaction included.
//!
//! `cargo run --release -p store --example assign_bench [CALLS] [BATCH] [PAIRS]`: CALLS graphs
//! (20000) of the oracle's scenarios wait in the outbox; BATCH (64) go into one transaction; they
//! are spread over PAIRS (1000) contacts, so that most calls join a conversation that is there.
//! Runs under `valgrind --tool=callgrind` with a few hundred calls.

use std::error::Error;
use std::path::PathBuf;

use model::Millis;
use model::call_graph::check;
use model::directory::source::DirectoryFile;
use serde_json::Value;
use store::conversations::assign_due;
use store::rows::{self, OutboxRow, RowBatch};
use store::{Database, ImportMode, Repository as _};

type Failure = Box<dyn Error>;

const SCENARIOS: [&str; 6] = ["S01", "S02", "S03", "S05", "S08", "S11"];

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(bench())
}

fn argument(place: usize, default: u32) -> Result<u32, Failure> {
    Ok(match std::env::args().nth(place) {
        Some(text) => text.parse()?,
        None => default,
    })
}

async fn bench() -> Result<(), Failure> {
    let (calls, batch, pairs) = (argument(1, 20_000)?, argument(2, 64)?, argument(3, 1_000)?);
    let folder = tempfile::tempdir()?;
    let database = Database::open(&format!("sqlite://{}/t.db", folder.path().display())).await?;
    database.migrate().await?;
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/oracle");
    let directory = std::fs::read_to_string(data.join("directory.json"))?;
    let directory: DirectoryFile = serde_json::from_str(&directory)?;
    database.import(&directory, "tandem.test", ImportMode::Apply, Millis(0)).await?;
    let mut templates = Vec::new();
    for name in SCENARIOS {
        let file = std::fs::read_to_string(data.join(format!("{name}.json")))?;
        let file: Value = serde_json::from_str(&file)?;
        let id = file["graph"]["call_id"].as_str().unwrap_or_default().to_owned();
        templates.push((id, file["graph"].to_string()));
    }
    fill(&database, &templates, calls, pairs).await?;

    let (started, cpu) = (Clock::now(), cpu_ms()?);
    let (mut left, mut now) = (calls, Millis(1_800_000_000_000));
    while left > 0 {
        now.0 += 10;
        let due = assign_due(&database, now, batch).await?;
        if due.assigned.is_empty() {
            return Err(format!("{left} calls left: {due:?}").into());
        }
        left = left.saturating_sub(u32::try_from(due.len())?);
    }
    let seconds = started.elapsed().as_secs_f64();
    let cpu = (cpu_ms()? - cpu) * 1_000.0 / f64::from(calls);
    let conversations: i64 = sqlx::query_scalar("SELECT count(*) FROM conversation")
        .fetch_one(database.reader())
        .await?;
    #[expect(clippy::print_stdout, reason = "the figure is what the program is for")]
    {
        println!(
            "{calls} calls into {conversations} conversations, {batch} a transaction: \
             {seconds:.2} s, {:.0} calls/s; CPU {cpu:.0} µs a call",
            f64::from(calls) / seconds
        );
    }
    Ok(())
}

/// The calls as the writer leaves them: rows and outbox.
async fn fill(
    database: &Database,
    templates: &[(String, String)],
    calls: u32,
    pairs: u32,
) -> Result<(), Failure> {
    let mut number = 0;
    while number < calls {
        let mut transaction = database.begin().await?;
        for _ in 0..256.min(calls - number) {
            let (id, text) = &templates[number as usize % templates.len()];
            let contact = number / u32::try_from(templates.len())? % pairs;
            let text = text
                .replace(id, &format!("call-{number:06}"))
                .replace("+1555777000", &format!("+1666{contact:05}"));
            let graph =
                check::read(&text.replace("\"r-con-1\"", "null").replace("\"r-con-2\"", "null"))?;
            let rows = graph.into_rows();
            let mut rows_of_call = RowBatch::default();
            rows_of_call.add_graph(&rows);
            rows_of_call.outbox.push(OutboxRow::of(&rows)?);
            rows::save(&mut transaction, &rows_of_call).await?;
            number += 1;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// CPU time of the process so far, user and system, milliseconds; Linux only. On a machine that is
/// shared, it says more than the clock on the wall.
fn cpu_ms() -> Result<f64, Failure> {
    const TICK_MS: f64 = 10.0;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let mut ticks = 0.0;
    // utime and stime are fields 14 and 15; two stand before the closing parenthesis.
    for field in fields.split_whitespace().skip(11).take(2) {
        ticks += field.parse::<f64>()?;
    }
    Ok(ticks * TICK_MS)
}

/// A stopwatch: measuring is the one place outside the server's shell that reads a clock.
struct Clock(std::time::Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a bench measures time")]
    fn now() -> Self {
        Self(std::time::Instant::now())
    }

    fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }
}
