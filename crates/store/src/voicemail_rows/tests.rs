//! A message is kept once, in the mailbox of somebody who is there.

use std::sync::Arc;

use model::recording::{RecordingChange, RecordingFormat};

use super::*;
use crate::media_rows::MediaRow;
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
    let state: String = sqlx::query_scalar("SELECT state FROM recording")
        .fetch_one(fresh.database.reader())
        .await
        .expect("a row");
    assert_eq!((state.as_str(), old().await), ("expired", 0));
}
