//! Recordings beside the calls: at the start, files that a kill cut off are made whole and their
//! rows closed; while the server runs, files whose time is over and those of deleted voice messages
//! are removed, then their rows say so. A file that cannot be removed keeps its row and is tried
//! again.

use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Millis;
use model::recording::RecordingId;
use store::media_rows::{Interrupted, RecordingRow};
use store::{Database, Error, Repository as _};
use tokio::time::interval;

use crate::clock::Clock;

/// How often files are looked for whose time is over.
const LOOK: Duration = Duration::from_secs(60);

/// Files removed before the rest waits for the next look.
const AT_ONCE: u32 = 1_000;

/// The recordings folder of a data folder.
pub(super) fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("recordings")
}

/// Closes what the last run of this node was still recording.
pub(super) async fn close_interrupted(
    database: &Database,
    folder: PathBuf,
    node: &str,
    now: Millis,
) -> Result<(), Error> {
    let open = database.open_recordings(node).await?;
    if open.is_empty() {
        return Ok(());
    }
    let work = tokio::task::spawn_blocking(move || made_whole(&folder, &open, now));
    match work.await {
        Ok(interrupted) => {
            let closed = interrupted.len();
            database.close_interrupted(&interrupted).await?;
            tracing::warn!(closed, "the last run ended while it recorded; the files are whole");
        }
        // Its panic has been reported; the rows stay open for the next start.
        Err(error) => tracing::error!(%error, "recordings cannot be looked at"),
    }
    Ok(())
}

fn made_whole(folder: &Path, open: &[RecordingRow], now: Millis) -> Vec<Interrupted> {
    let names = open.iter().map(|row| row.file.as_str());
    let recovered = media::record::recover(folder, names);
    let closed = open.iter().zip(recovered).map(|(row, (_, recovered))| {
        let written = std::fs::metadata(folder.join(&row.file)).and_then(|file| file.modified());
        let at = written.ok().and_then(wall).unwrap_or(now);
        let id = row.id.clone();
        match recovered {
            Ok(file) => Interrupted {
                id,
                at,
                duration_ms: Some(file.duration_ms),
                bytes: Some(file.bytes),
                sha256: Some(file.sha256.to_string()),
            },
            Err(error) => {
                tracing::warn!(recording = %id, %error, "a recording cannot be made whole");
                Interrupted { id, at, duration_ms: None, bytes: None, sha256: None }
            }
        }
    });
    closed.collect()
}

fn wall(time: std::time::SystemTime) -> Option<Millis> {
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Millis)
}

/// Removes files whose time is over (`None`: it never is), and those of voice messages that were
/// deleted or were none, for as long as it is polled.
pub(super) async fn retain(
    database: Database,
    folder: PathBuf,
    keep: Option<Duration>,
    clock: Clock,
) {
    let mut look = interval(LOOK);
    loop {
        look.tick().await;
        let ends = |keep: Duration| {
            let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
            Millis(clock.now().wall.0.saturating_sub(keep_ms))
        };
        let before = keep.map_or(Millis(i64::MIN), ends);
        match expire(&database, &folder, before).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "recordings that need not be kept were removed"),
            Err(error) => tracing::error!(%error, "old recordings cannot be removed"),
        }
    }
}

async fn expire(database: &Database, folder: &Path, before: Millis) -> Result<usize, Error> {
    let old = database.old_recordings(before, AT_ONCE).await?;
    let folder = folder.to_owned();
    let remove = move || -> Vec<RecordingId> {
        let gone = old.into_iter().filter(|row| match media::record::expire(&folder, &row.file) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(recording = %row.id, %error, "an old recording cannot be removed");
                false
            }
        });
        gone.map(|row| row.id).collect()
    };
    let gone = tokio::task::spawn_blocking(remove).await.unwrap_or_default();
    database.expire_recordings(&gone).await?;
    Ok(gone.len())
}

#[cfg(test)]
mod tests;
