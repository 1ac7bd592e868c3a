//! The assigner: every finished call is handed to its conversations within a second of its end,
//! and before a stop ends the process.

use std::sync::Arc;
use std::time::Duration;

use api::{AssignResult, Metrics};
use conversation::AssignmentResult;
use store::Database;
use store::conversations::{self, Due};
use tokio::sync::{Notify, watch};

use crate::clock::Clock;

/// Graphs in one transaction: enough to share its cost, few enough that the writer of live rows
/// never waits long for its turn.
const BATCH: u32 = 64;

/// How often it looks for work that nobody announced: retries whose time has come.
const LOOK: Duration = Duration::from_secs(1);

/// The assigner.
pub(super) struct Assigner {
    pub(super) database: Database,
    pub(super) finished: Arc<Notify>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) clock: Clock,
}

impl Assigner {
    /// Assigns until `quitting` says that no call will finish any more, then what is left.
    pub(super) async fn run(self, mut quitting: watch::Receiver<bool>) {
        let mut look = tokio::time::interval(LOOK);
        while !*quitting.borrow() {
            tokio::select! {
                () = self.finished.notified() => {}
                _ = look.tick() => {}
                // The writer is gone, with or without a word.
                _ = quitting.changed() => break,
            }
            self.work().await;
        }
        self.work().await;
    }

    /// Assigns everything that is due.
    async fn work(&self) {
        loop {
            let before = self.clock.now();
            match conversations::assign_due(&self.database, before.wall, BATCH).await {
                Ok(due) => {
                    let took = self.clock.now().mono.saturating_sub(before.mono);
                    self.count(&due, took);
                    if due.len() < BATCH as usize {
                        return;
                    }
                }
                Err(error) => {
                    let remedy = error.remedy();
                    tracing::error!(%error, remedy, "finished calls wait for their assignment");
                    return;
                }
            }
        }
    }

    fn count(&self, due: &Due, took: Duration) {
        for report in &due.assigned {
            let result = match report.result {
                AssignmentResult::Placed => AssignResult::Assigned,
                AssignmentResult::SkippedDisabled
                | AssignmentResult::SkippedInternal
                | AssignmentResult::SkippedUnroutable
                | AssignmentResult::Duplicate => AssignResult::Skipped,
            };
            self.metrics.assigned(result, took);
            let call = report.call_id.as_str();
            let conversations = report.conversations.len();
            tracing::info!(call, result = result.word(), conversations, "assigned");
        }
        for call in &due.failed {
            self.metrics.assigned(AssignResult::Failed, took);
            tracing::warn!(%call, "not assigned; it is tried again");
        }
        for call in &due.dead {
            self.metrics.assigned(AssignResult::Failed, took);
            tracing::error!(%call, "given up: its graph cannot be assigned (graph_outbox, dead)");
        }
    }
}
