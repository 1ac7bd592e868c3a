//! What the writer does to the journal's files: it reads events back that came by no queue, and
//! lets segments go once the database durably has them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::call_graph::{CallGraph, Recorded};

use super::graphs::Graphs;
use super::recorder::Shared;
use crate::journal::{JournalError, Position, Progress, segments};
use crate::metrics::add;
use crate::repository::Repository;

/// The writer's side of the journal's folder.
#[derive(Debug)]
pub(super) struct Retention {
    directory: PathBuf,
    progress: Arc<Progress>,
    /// Segments up to this one hold live calls only, or are gone.
    through: u64,
    /// Where reading back ended last: what comes next is in this segment or a later one.
    reading: u64,
}

impl Retention {
    pub(super) fn new(directory: PathBuf, progress: Arc<Progress>) -> Self {
        let through = progress.segment().0 - 1;
        Self { directory, progress, through, reading: 0 }
    }

    /// Every event up to this one is in a file.
    pub(super) fn written(&self) -> Position {
        self.progress.written()
    }

    /// Hands over events from `from` up to before `end` that the files have, in whole segments
    /// until there are `limit`; returns the position that comes next.
    pub(super) fn read(
        &mut self,
        from: Position,
        end: Position,
        limit: usize,
        mut each: impl FnMut(Recorded),
    ) -> Result<Position, JournalError> {
        let (mut next, mut events) = (from, 0);
        for (number, path) in segments::list(&self.directory)? {
            if number < self.reading {
                continue;
            }
            segments::read_segment(&path, from, &mut |position, event| {
                // Carried-over events are older than `from` and do not come here.
                if position >= next && position < end {
                    next = Position(position.0 + 1);
                    events += 1;
                    each(event);
                }
            })?;
            self.reading = number;
            if events >= limit && next < end {
                return Ok(next);
            }
        }
        Ok(end)
    }

    /// After a commit: lets every segment go that is no longer written and wholly committed.
    pub(super) async fn advance<R: Repository>(
        &mut self,
        repository: &R,
        graphs: &Graphs,
        next: Position,
        shared: &Shared,
    ) {
        let (current, start) = self.progress.segment();
        let old = current - 1;
        if old <= self.through || next < start || graphs.is_dirty() {
            return;
        }
        if let Err(error) = repository.make_durable().await {
            tracing::warn!(%error, "the journal is kept: the database cannot be synced");
            return;
        }
        let (directory, live) = (self.directory.clone(), graphs.ids());
        let compact = move || segments::compact(&directory, old, &live);
        match tokio::task::spawn_blocking(compact).await {
            Ok(Ok(freed)) => {
                self.through = old;
                add(&shared.metrics.journal_freed_bytes, freed);
            }
            Ok(Err(error)) => tracing::warn!(%error, "an old journal segment cannot be let go"),
            Err(error) => tracing::warn!(%error, "an old journal segment cannot be let go"),
        }
    }

    /// At the end of a run: everything is committed, and no call lives.
    pub(super) async fn finish<R: Repository>(&self, repository: &R, graphs: &Graphs) {
        if graphs.len() > 0 {
            tracing::warn!(calls = graphs.len(), "calls are still open: the journal keeps them");
            return;
        }
        if let Err(error) = repository.make_durable().await {
            tracing::warn!(%error, "the journal is kept: the database cannot be synced");
            return;
        }
        if let Err(error) = segments::clear(&self.directory) {
            tracing::warn!(%error, "the journal cannot be emptied");
        }
    }
}

/// Keeps a call that the schema refused where a person can look at it.
pub(crate) fn set_aside(folder: &Path, graph: &CallGraph) {
    let path = folder.join(format!("{}.json", graph.call.id));
    let written = std::fs::create_dir_all(folder).and_then(|()| {
        let document = serde_json::to_vec_pretty(&graph.finished())?;
        std::fs::write(&path, document)
    });
    if let Err(error) = written {
        tracing::error!(call_id = %graph.call.id, %error, "a refused call cannot be set aside");
    }
}
