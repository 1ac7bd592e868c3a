//! What was found outside is found at home the next time.

use super::*;
use crate::testing::{Fresh, REALM, T0};
use crate::{Database, Repository};

fn number(text: &str) -> E164 {
    E164::parse(text).expect("a number of this test")
}

fn record(id: &str, name: &str, owner: &str) -> KnownRecord {
    KnownRecord { id: id.into(), display_name: name.into(), owner: Some(owner.into()), priority: 5 }
}

async fn known(database: &Database, e164: &E164) -> Option<KnownRecord> {
    let directory = database.load_directory(REALM).await.expect("the directory");
    directory.record_of(e164).cloned()
}

#[tokio::test]
async fn a_number_resolves_to_what_was_learned_and_to_what_was_learned_last() {
    let fresh = Fresh::new().await;
    let dave = number("+15557770077");
    let first = record("crm-1", "Dave", "u-ana");
    assert!(fresh.database.learn_record(&dave, &first, Millis(T0)).await.expect("a lookup"));
    assert_eq!(known(&fresh.database, &dave).await, Some(first));
    let mut renamed = record("crm-1", "David", "u-nobody");
    assert!(fresh.database.learn_record(&dave, &renamed, Millis(T0)).await.expect("a lookup"));
    renamed.owner = None;
    assert_eq!(known(&fresh.database, &dave).await, Some(renamed));
}

#[tokio::test]
async fn what_a_person_decided_and_what_the_file_says_stays() {
    let fresh = Fresh::new().await;
    let carl = number("+15557770001");
    // The record is the file's: its name and owner are, too.
    let other = record("r-con-1", "Somebody", "u-ana");
    assert!(fresh.database.learn_record(&carl, &other, Millis(T0)).await.expect("a lookup"));
    let stays = known(&fresh.database, &carl).await.expect("carl");
    assert_eq!((&*stays.display_name, stays.owner), ("Carl Contact", None));
    let mut transaction = fresh.database.begin().await.expect("a transaction");
    let sql = "UPDATE phone_number_lookup SET source = 'manual'";
    sqlx::query(sql).execute(&mut *transaction).await.expect("an update");
    transaction.commit().await.expect("a commit");
    let other = record("crm-9", "Somebody", "u-ana");
    assert!(!fresh.database.learn_record(&carl, &other, Millis(T0)).await.expect("a lookup"));
    assert_eq!(known(&fresh.database, &carl).await.expect("carl").id, "r-con-1".into());
}
