//! What must hold of the rows when every caller of `cargo xtask bench queue` is gone: `queue_check
//! DATABASE` waits until the last call has its conversation and prints, on its last line for
//! programs, what is left over, what breaks a rule of `invariants.sql`, and which agents had two
//! calls at a time. All calls of the database waited in a queue.

#![allow(clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "a bench waits for the writer")]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use sqlx::Row as _;
use store::Database;

type Failure = Box<dyn Error>;

const INVARIANTS: &str = include_str!("../../../tests/data/invariants.sql");
/// How long rows may take to be written.
const PATIENCE: Duration = Duration::from_secs(60);
/// Each call counts its milliseconds from its own start.
const ROUNDED_MS: i64 = 1;
/// The wrap-up that the bench gives its groups.
const WRAP_UP_MS: i64 = 1_000;

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("queue_check DATABASE")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(check(&format!("sqlite://{path}")))
}

async fn check(url: &str) -> Result<(), Failure> {
    let database = Database::open(url).await?;
    let began = Instant::now();
    while (open(&database).await? > 0 || database.unassigned().await? > 0)
        && began.elapsed() < PATIENCE
    {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let checked = database.check_invariants(INVARIANTS).await?;
    for (rule, rows) in &checked.broken {
        println!("broken: {rule}: {rows}");
    }
    let offers = spans(&database, OFFERED).await?;
    let talks = spans(&database, TALKED).await?;
    let waits = count(&database, "SELECT count(*) FROM queue_wait WHERE left_at IS NULL").await?;
    exits(&database).await?;
    println!(
        "calls={} open={} rules={} broken={} waits_open={waits} double_offers={} double_answers={} \
         offers_while_busy={} unassigned={}",
        count(&database, "SELECT count(*) FROM call").await?,
        open(&database).await?,
        checked.rules,
        checked.broken.len(),
        overlaps("offers", &offers),
        overlaps("talks", &talks),
        while_busy(&offers, &talks),
        database.unassigned().await?,
    );
    Ok(())
}

async fn open(database: &Database) -> Result<i64, Failure> {
    count(database, "SELECT count(*) FROM call WHERE state <> 'finished'").await
}

async fn count(database: &Database, sql: &'static str) -> Result<i64, Failure> {
    Ok(sqlx::query_scalar(sql).fetch_one(database.reader()).await?)
}

/// How callers left, and how long they waited.
async fn exits(database: &Database) -> Result<(), Failure> {
    let sql = "SELECT coalesce(exit, '-') AS exit, count(*) AS calls, \
               coalesce(avg(left_at - entered_at), 0.0) AS ms FROM queue_wait GROUP BY 1";
    for row in sqlx::query(sql).fetch_all(database.reader()).await? {
        let (exit, calls): (String, i64) = (row.try_get("exit")?, row.try_get("calls")?);
        let ms: f64 = row.try_get("ms")?;
        println!("left: {exit} {calls}, after {ms:.0} ms on average");
    }
    let sql = "SELECT outcome, count(*) AS count FROM connection_attempt GROUP BY 1";
    for row in sqlx::query(sql).fetch_all(database.reader()).await? {
        let (outcome, count): (Option<String>, i64) = (row.try_get(0)?, row.try_get(1)?);
        println!("attempts: {} {count}", outcome.as_deref().unwrap_or("-"));
    }
    Ok(())
}

const OFFERED: &str = "SELECT user_id, call_id, started_at, ended_at FROM connection_attempt \
                       WHERE user_id IS NOT NULL ORDER BY user_id, started_at, ended_at";
const TALKED: &str = "SELECT answered_user_id, call_id, answered_at, ended_at FROM connection \
                      WHERE answered_user_id IS NOT NULL \
                      ORDER BY answered_user_id, answered_at, ended_at";

/// From when to when, and in which call.
struct Span {
    from: i64,
    to: i64,
    call: String,
}

/// What each agent did, in order.
async fn spans(
    database: &Database,
    sql: &'static str,
) -> Result<BTreeMap<String, Vec<Span>>, Failure> {
    let mut spans: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for row in sqlx::query(sql).fetch_all(database.reader()).await? {
        let to: Option<i64> = row.try_get(3)?;
        let span =
            Span { from: row.try_get(2)?, to: to.unwrap_or(i64::MAX), call: row.try_get(1)? };
        spans.entry(row.try_get(0)?).or_default().push(span);
    }
    Ok(spans)
}

/// How often an agent is in two of them at a time.
fn overlaps(what: &str, spans: &BTreeMap<String, Vec<Span>>) -> usize {
    let mut count = 0;
    for (user, spans) in spans {
        let mut last: Option<&Span> = None;
        for span in spans {
            if let Some(last) = last
                && span.from + ROUNDED_MS < last.to
            {
                count += 1;
                if count <= 5 {
                    println!(
                        "{what} of {user}: {} until {}, {} from {}",
                        last.call, last.to, span.call, span.from
                    );
                }
            }
            if last.is_none_or(|last| last.to < span.to) {
                last = Some(span);
            }
        }
    }
    count
}

/// How often an agent was offered a call while he talked or wrapped up.
fn while_busy(offers: &BTreeMap<String, Vec<Span>>, talks: &BTreeMap<String, Vec<Span>>) -> usize {
    let mut count = 0;
    for (user, offers) in offers {
        let Some(talks) = talks.get(user) else { continue };
        for offer in offers {
            // The last talk that began before the offer did.
            let before = talks.partition_point(|talk| talk.from + ROUNDED_MS < offer.from);
            let Some(talk) = before.checked_sub(1).and_then(|last| talks.get(last)) else {
                continue;
            };
            let free = talk.to.saturating_add(WRAP_UP_MS - ROUNDED_MS);
            if offer.from < free && talk.call != offer.call {
                count += 1;
                if count <= 5 {
                    println!("{user}: {} at {}, busy until {free}", offer.call, offer.from);
                }
            }
        }
    }
    count
}
