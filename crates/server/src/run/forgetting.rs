//! What is kept for a while and then no longer: the stream of events (`[api] events_keep_hours`),
//! and answers to requests that may be repeated (24 hours). What cannot be removed now is removed
//! at the next look.

use std::time::Duration;

use model::Millis;
use store::{Database, Error};
use tokio::time::interval;

use crate::clock::Clock;

/// How often it is looked for.
const LOOK: Duration = Duration::from_secs(60);

/// Events removed in one transaction: calls wait for it.
const AT_ONCE: u32 = 1_000;

/// So long a request may be repeated and gets the same answer.
const REPEATABLE: Duration = Duration::from_secs(24 * 3_600);

/// Removes it; never ends.
pub(super) async fn forget(database: Database, events_keep: Duration, clock: Clock) {
    let mut look = interval(LOOK);
    loop {
        look.tick().await;
        let now = clock.now().wall;
        if let Err(error) = forget_once(&database, events_keep, now).await {
            let remedy = error.remedy();
            tracing::warn!(%error, remedy, "old events and answers stay for now");
        }
    }
}

async fn forget_once(database: &Database, events_keep: Duration, now: Millis) -> Result<(), Error> {
    database.forget_requests(before(now, REPEATABLE)).await?;
    while database.prune_events(before(now, events_keep), AT_ONCE).await? >= u64::from(AT_ONCE) {}
    Ok(())
}

fn before(now: Millis, kept: Duration) -> Millis {
    Millis(now.0.saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX)))
}
