//! A message is kept once, in the mailbox of somebody who is there.

use std::sync::Arc;

use model::recording::{RecordingChange, RecordingFormat, RecordingId};

use super::*;
use crate::media_rows::{Interrupted, MediaRow};
use crate::testing::{Fresh, T0};
use crate::{Commit, Repository};

fn left(n: i64, mailbox: MailboxId) -> VoicemailChange {
    VoicemailChange::Left(VoiceMessage {
        id: MessageId(Arc::from(format!("c{n}-r1"))),
        mailbox,
        call: format!("c{n}").into(),
        from: model::E164::parse("+15557770001").ok(),
        from_name: Some("Carl".into()),
        at: Millis(T0 + n),
        file: format!("2026/01/05/c{n}-r1.wav").into(),
        duration_ms: 4_200,
        heard: false,
    })
}

fn ana() -> MailboxId {
    MailboxId::User("u-ana".into())
}

fn sales() -> MailboxId {
    MailboxId::Group("g-sales".into())
}

async fn write(fresh: &Fresh, changes: &[VoicemailChange]) {
    let media: Vec<MediaRow> =
        changes.iter().map(|change| MediaRow::Voicemail(Box::new(change.clone()))).collect();
    let commit = Commit { media: &media, ..Commit::default() };
    fresh.database.commit(&commit).await.expect("a commit");
}

#[tokio::test]
async fn a_message_is_left_heard_and_deleted_once() {
    let fresh = Fresh::new().await;
    let (id, mailbox, by) = (MessageId("c1-r1".into()), ana(), UserId::from("u-ana"));
    let at = Millis(T0 + 60_000);
    let heard = |at| VoicemailChange::Heard {
        id: id.clone(),
        mailbox: mailbox.clone(),
        by: by.clone(),
        at,
    };
    let changes = [left(1, ana()), left(2, sales()), left(3, ana()), heard(at)];
    write(&fresh, &changes).await;
    write(&fresh, &changes).await;
    let all = fresh.database.mailboxes().await.expect("messages");
    let shown: Vec<_> = all.iter().map(|m| (m.id.to_string(), m.heard)).collect();
    assert_eq!(shown, [("c1-r1".into(), true), ("c2-r1".into(), false), ("c3-r1".into(), false)]);
    assert_eq!(VoicemailChange::Left(all[1].clone()), left(2, sales()));
    write(&fresh, &[heard(Millis(at.0 + 9))]).await;
    let first: i64 = sqlx::query_scalar("SELECT heard_at FROM voicemail WHERE id = 'c1-r1'")
        .fetch_one(fresh.database.reader())
        .await
        .expect("the first time");
    assert_eq!(first, at.0);
    let deleted = VoicemailChange::Deleted { id, mailbox, by, at };
    write(&fresh, &[deleted.clone(), deleted]).await;
    let left = fresh.database.voicemails(&ana(), 9).await.expect("messages");
    assert_eq!(left.iter().map(|m| &*m.id.0).collect::<Vec<_>>(), ["c3-r1"]);
}

#[tokio::test]
async fn a_mailbox_of_nobody_and_a_dropped_message_leave_no_row() {
    let fresh = Fresh::new().await;
    let nobody = MailboxId::User("u-nobody".into());
    let id = MessageId("c9-r1".into());
    let dropped = VoicemailChange::Dropped { id, mailbox: ana() };
    write(&fresh, &[left(1, nobody), dropped, left(2, sales())]).await;
    assert_eq!(fresh.database.mailboxes().await.expect("messages").len(), 1);
}

#[tokio::test]
async fn the_sound_of_a_message_is_kept_until_it_is_deleted() {
    let fresh = Fresh::new().await;
    let recording = RecordingId("c1-r1".into());
    let format = RecordingFormat::Wav;
    let (file, call) = ("c1-r1.wav".into(), "c1".into());
    let at = Millis(T0);
    let began = RecordingChange::Began { call, file, format, at };
    let ended = RecordingChange::Ended { at, duration_ms: 9, bytes: 9, sha256: None };
    let media = [began, ended].map(|change| MediaRow::Recording(recording.clone(), change));
    let commit = Commit { media: &media, ..Commit::default() };
    fresh.database.commit(&commit).await.expect("a commit");
    let old = async || {
        let later = Millis(T0 + 9_000_000);
        fresh.database.old_recordings(later, 9).await.expect("recordings").len()
    };
    assert_eq!(old().await, 1, "a recording like any other");
    write(&fresh, &[left(1, ana())]).await;
    assert_eq!(old().await, 0);
    let (id, by) = (MessageId::from(&recording), "u-ana".into());
    write(&fresh, &[VoicemailChange::Deleted { id, mailbox: ana(), by, at }]).await;
    // Its file may go at once, however long recordings are kept.
    let gone = fresh.database.old_recordings(Millis(0), 9).await.expect("recordings");
    assert_eq!(gone.iter().map(|row| &row.id).collect::<Vec<_>>(), [&recording]);
    fresh.database.expire_recordings(&[recording]).await.expect("a write");
    assert_eq!(old().await, 0);
}

/// A recording that ended so long after it began; `None`: it was cut off.
fn recorded(n: i64, duration_ms: Option<u64>) -> Vec<MediaRow> {
    let recording = RecordingId(format!("c{n}-r1").into());
    let (file, call) = (format!("c{n}-r1.wav").into(), format!("c{n}").into());
    let (format, at) = (RecordingFormat::Wav, Millis(T0));
    let mut changes = vec![RecordingChange::Began { call, file, format, at }];
    let bytes = 9;
    let ended = |duration_ms| RecordingChange::Ended { at, duration_ms, bytes, sha256: None };
    changes.extend(duration_ms.map(ended));
    changes.into_iter().map(|change| MediaRow::Recording(recording.clone(), change)).collect()
}

fn begun(n: i64) -> VoicemailChange {
    let VoicemailChange::Left(message) = left(n, ana()) else {
        panic!("it was left");
    };
    VoicemailChange::Begun(VoiceMessage { duration_ms: 0, ..message })
}

#[tokio::test]
async fn a_message_that_a_kill_cut_off_is_kept_as_far_as_it_was_said() {
    let fresh = Fresh::new().await;
    let media: Vec<MediaRow> =
        [recorded(1, None), recorded(2, None), recorded(3, Some(9_000)), recorded(4, None)]
            .concat();
    let commit = Commit { media: &media, ..Commit::default() };
    fresh.database.commit(&commit).await.expect("a commit");
    write(&fresh, &[begun(1), begun(2), begun(3), begun(4), left(4, ana())]).await;
    let id = MessageId("c3-r1".into());
    write(&fresh, &[VoicemailChange::Dropped { id, mailbox: ana() }]).await;
    let shown = async || {
        let all = fresh.database.mailboxes().await.expect("messages");
        all.into_iter().map(|m| (m.id.to_string(), m.duration_ms)).collect::<Vec<_>>()
    };
    // What is being left is no message yet.
    assert_eq!(shown().await, [("c4-r1".to_owned(), 4_200)]);
    let cut = |n: i64, duration_ms| Interrupted {
        id: RecordingId(format!("c{n}-r1").into()),
        at: Millis(T0),
        duration_ms,
        bytes: Some(9),
        sha256: None,
    };
    let files = [cut(1, Some(6_500)), cut(2, Some(999))];
    fresh.database.close_interrupted(&files).await.expect("a write");
    assert_eq!(shown().await, [("c1-r1".to_owned(), 6_500), ("c4-r1".to_owned(), 4_200)]);
    // The file of what was none may go, and so may what was cut off too early, in its time.
    let ids = async |before| {
        let old = fresh.database.old_recordings(Millis(before), 9).await.expect("recordings");
        old.into_iter().map(|row| row.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(0).await, ["c3-r1"]);
    assert_eq!(ids(T0 + 1).await, ["c2-r1", "c3-r1"]);
}
