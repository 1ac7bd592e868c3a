//! Conversations: the rules of the pure crate `conversation` applied to rows (R7–R9, §7). A call,
//! a lookup and a command are one transaction each, in the order of §7.2; nothing of it is seen
//! before it is whole, and doing it twice is doing it once.
//!
//! Locks: a transaction begun by [`crate::Database::begin`] holds SQLite's only write lock
//! (`BEGIN IMMEDIATE`), which stands in for the advisory locks that steps 2 and 3 of §7.2 take on
//! a database with several writers. The steps keep that order here, so that such a database needs
//! the locks added and nothing moved.

mod apply;
mod command;
mod document;
mod ids;
mod ledger;
mod load;
mod lookup;
mod outbox;
mod relink;
mod settings;

pub use command::{CommandFailed, close, remove_participant, reopen};
pub use document::{DocumentError, assign_document};
pub use lookup::{LookupChange, LookupSource, Resolution, set_lookup};
pub use outbox::{Due, LEASE_MS, MAX_TRIES, assign_due, release_leases};
pub use relink::{Relinked, identify_caller};

use conversation::{
    Assignment, AssignmentResult, Event, EventOf, Settings, Source, Summary, match_placements,
    phones_to_resolve, place, skips,
};
use model::call_graph::FinishedCallGraph;
use model::{CallId, ConversationId, Millis};
use sqlx::sqlite::SqliteConnection;

use crate::Error;

/// What became of one delivered graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignReport {
    /// The call.
    pub call_id: CallId,
    /// What became of it.
    pub result: AssignmentResult,
    /// The conversations that hold the call, by segment.
    pub conversations: Vec<ConversationId>,
}

/// Assigns one finished call. `connection` is in a transaction that was begun for writing; the
/// rows of the call are in the database; `graph` has passed its check.
///
/// # Errors
/// Whatever keeps SQLite from reading or writing; then the transaction must be rolled back.
pub async fn assign_graph(
    connection: &mut SqliteConnection,
    graph: &FinishedCallGraph,
    source: Source,
    now: Millis,
) -> Result<AssignReport, Error> {
    let mut assigner = Assigner::begin(connection, now).await?;
    assigner.assign(graph, source).await
}

/// Assigns several calls in one transaction, which settles the settings once for all of them.
#[derive(Debug)]
pub struct Assigner<'t> {
    connection: &'t mut SqliteConnection,
    settings: Settings,
    known: lookup::Known,
    now: Millis,
}

impl<'t> Assigner<'t> {
    /// Reads the settings as this transaction sees them.
    ///
    /// # Errors
    /// When the database cannot be read, or a setting is not understood.
    pub async fn begin(connection: &'t mut SqliteConnection, now: Millis) -> Result<Self, Error> {
        let settings = settings::load(connection).await?;
        let known = lookup::Known::new();
        Ok(Self { connection, settings, known, now })
    }

    /// Reads the lookups of several calls at once, which [`Self::assign`] else does for each.
    async fn look_up(
        &mut self,
        graphs: impl Iterator<Item = &FinishedCallGraph>,
    ) -> Result<(), Error> {
        let phones: Vec<_> = graphs.flat_map(phones_to_resolve).collect();
        lookup::read(self.connection, &phones, &mut self.known).await
    }

    /// Assigns one finished call, as [`assign_graph`].
    ///
    /// # Errors
    /// As [`assign_graph`].
    pub async fn assign(
        &mut self,
        graph: &FinishedCallGraph,
        source: Source,
    ) -> Result<AssignReport, Error> {
        let skipped = skips(graph, &self.settings, source);
        let result = skipped.unwrap_or(AssignmentResult::Placed);

        // 1. The ledger: who does not get in has nothing to do.
        let entry = ledger::Entry { graph, result, source, at: self.now };
        let admitted = ledger::admit(self.connection, &entry).await?;
        let report = |result, conversations| AssignReport {
            call_id: graph.call_id.clone(),
            result,
            conversations,
        };
        let touched = match admitted {
            ledger::Admitted::First => Vec::new(),
            ledger::Admitted::Again => apply::take_back(self.connection, &graph.call_id).await?,
            ledger::Admitted::No => {
                let held = load::conversations_of(self.connection, &graph.call_id).await?;
                return Ok(report(AssignmentResult::Duplicate, held));
            }
        };

        let placed = match skipped {
            Some(_) => Vec::new(),
            None => self.place(graph, source, &touched).await?,
        };
        for id in touched.iter().filter(|id| !placed.contains(id)) {
            apply::rebuild(self.connection, id, self.now).await?;
        }
        Ok(report(result, placed))
        // 5. The commit, by whoever began the transaction, releases the locks.
    }

    /// Adds the events of a call; the conversations that have them now, by segment.
    async fn place(
        &mut self,
        graph: &FinishedCallGraph,
        source: Source,
        touched: &[ConversationId],
    ) -> Result<Vec<ConversationId>, Error> {
        // 2. (Shared lock for each phone, in order.) What the numbers resolve to.
        let resolved = lookup::resolve(self.connection, graph, &mut self.known, self.now).await?;
        let Assignment::Placed(placements) = place(graph, &resolved, &self.settings, source) else {
            return Ok(Vec::new());
        };

        // 3. (Exclusive lock for each pair of keys, in order.) 4. Match, add, rebuild.
        let mut candidates = Vec::new();
        for placement in &placements {
            let keys = (&placement.external_key, &placement.internal_key);
            candidates.extend(load::by_key(self.connection, keys).await?);
        }
        let summaries = candidates.iter().filter_map(|it| Summary::of(&it.conversation));
        let summaries: Vec<Summary> = summaries.collect();
        let targets = match_placements(&placements, &summaries, self.settings.closed_policy);
        let mut placed = Vec::with_capacity(placements.len());
        for (placement, target) in placements.into_iter().zip(targets) {
            let add = apply::Add { placement, target, touched, now: self.now };
            placed.push(add.to(self.connection, &mut candidates).await?);
        }
        Ok(placed)
    }
}

/// The id of the call that an event is of, if it is of one.
fn call_of(event: &Event) -> Option<&CallId> {
    match &event.of {
        EventOf::Call(call) => Some(call),
        EventOf::Message(_) => None,
    }
}
