//! Files and rows of recordings agree after a kill and after their time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use model::CallId;
use model::recording::{RecordingChange, RecordingFormat};
use store::media_rows::MediaRow;
use store::{Commit, Repository as _};

use super::*;

const AT: Millis = Millis(1_767_607_200_000);

/// A database, and a recordings folder with one file.
async fn fresh() -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("tandem.db").display());
    let database = Database::open(&url).await.expect("a database");
    database.migrate().await.expect("migrations");
    (folder, database)
}

fn began(name: &str) -> MediaRow {
    let change = RecordingChange::Began {
        call: CallId::from("c"),
        file: format!("2026/01/05/{name}.wav").into(),
        format: RecordingFormat::Wav,
        at: AT,
    };
    MediaRow::Recording(RecordingId(name.into()), change)
}

fn ended(name: &str) -> MediaRow {
    let at = Millis(AT.0 + 10);
    let change = RecordingChange::Ended { at, duration_ms: 1, bytes: 48, sha256: None };
    MediaRow::Recording(RecordingId(name.into()), change)
}

async fn commit(database: &Database, media: &[MediaRow]) {
    database.commit(&Commit { media, ..Commit::default() }).await.expect("a commit");
}

async fn kept(database: &Database) -> Vec<&'static str> {
    let rows = database.old_recordings(Millis(i64::MAX), 100).await.expect("rows");
    rows.into_iter().map(|row| row.state.as_str()).collect()
}

/// One second of silence on two channels, as a killed server leaves it: the header says nothing of
/// its length yet.
fn cut_off() -> Vec<u8> {
    let mut file = Vec::from(*b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x02\0");
    file.extend(8_000_u32.to_le_bytes());
    file.extend(32_000_u32.to_le_bytes());
    file.extend([4, 0, 16, 0]);
    file.extend(b"data\xff\xff\xff\xff");
    file.resize(44 + 32_000, 0);
    file
}

#[tokio::test]
async fn what_a_kill_cut_off_is_made_whole_at_the_start() {
    let (folder, database) = fresh().await;
    let recordings = super::folder(folder.path());
    std::fs::create_dir_all(recordings.join("2026/01/05")).expect("a folder");
    std::fs::write(recordings.join("2026/01/05/cut.wav"), cut_off()).expect("a file");
    commit(&database, &[began("cut"), began("gone")]).await;
    close_interrupted(&database, recordings.clone(), "n", AT).await.expect("a start");
    assert!(database.open_recordings("n").await.expect("rows").is_empty());
    assert_eq!(kept(&database).await, ["interrupted", "interrupted"]);
    // Its header is right now.
    let file = std::fs::read(recordings.join("2026/01/05/cut.wav")).expect("the file");
    assert_eq!(file[40..44], 32_000_u32.to_le_bytes());
    // A second start finds nothing to do.
    close_interrupted(&database, recordings, "n", AT).await.expect("a start");
}

#[tokio::test]
async fn files_go_when_their_time_is_over() {
    let (folder, database) = fresh().await;
    let recordings = super::folder(folder.path());
    std::fs::create_dir_all(recordings.join("2026/01/05")).expect("a folder");
    let file = recordings.join("2026/01/05/old.wav");
    std::fs::write(&file, cut_off()).expect("a file");
    commit(&database, &[began("old"), ended("old"), began("missing"), ended("missing")]).await;
    let early = expire(&database, &recordings, AT).await.expect("a look");
    assert_eq!((early, file.exists()), (0, true));
    let late = expire(&database, &recordings, Millis(AT.0 + 11)).await.expect("a look");
    assert_eq!((late, file.exists()), (2, false));
    assert!(kept(&database).await.is_empty());
}
