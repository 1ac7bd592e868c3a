//! What a directory file does to the database, and what is said of a wrong one (interface.md).

mod routing;

use model::directory::source::{DirectoryFile, Ha1Entry, MemberEntry, OptionEntry, OptionsEntry};
use model::directory::{Availability, IvrAction};
use model::{E164, Millis};
use sqlx::AssertSqlSafe;

use super::*;
use crate::testing::{Fresh, REALM, T0, dump, scenario_directory};
use crate::{Commit, Database, Repository};

const TABLES: [&str; 17] = [
    "role",
    "app_user",
    "sip_credential",
    "user_role",
    "user_group",
    "group_member",
    "ivr",
    "ivr_option",
    "provisioned_number",
    "object_type",
    "record",
    "record_phone",
    "phone_number_lookup",
    "org_setting",
    "setting_period",
    "directory_import",
    "managed_entity",
];

async fn import_at(database: &Database, file: &DirectoryFile, at: i64) -> ImportReport {
    database.import(file, REALM, ImportMode::Apply, Millis(T0 + at)).await.expect("an import")
}

async fn value(database: &Database, query: &str) -> String {
    let sql = AssertSqlSafe(format!("SELECT CAST(coalesce(({query}), '–') AS TEXT)"));
    sqlx::query_scalar(sql).fetch_one(database.reader()).await.expect(query)
}

fn shown(report: &ImportReport) -> Vec<String> {
    let kind = |kind| match kind {
        ChangeKind::Added => '+',
        ChangeKind::Changed => '~',
        ChangeKind::Deactivated => '-',
    };
    report.changes.iter().map(|c| format!("{}{} {}", kind(c.kind), c.entity, c.id)).collect()
}

#[tokio::test]
async fn importing_twice_changes_nothing() {
    let fresh = Fresh::new().await;
    let before = dump(&fresh.database, &TABLES).await;
    let again = import_at(&fresh.database, &scenario_directory(), 9).await;
    assert!(again.same_content && !again.applied && again.changes.is_empty());
    assert_eq!(dump(&fresh.database, &TABLES).await, before);
    // And where the file differs in nothing that counts.
    let mut file = scenario_directory();
    file.users[0].availability = Some(Availability::Available);
    let again = import_at(&fresh.database, &file, 9).await;
    assert!(again.applied);
    assert_eq!(shown(&again), Vec::<String>::new());
    let changed: Vec<_> = dump(&fresh.database, &TABLES).await;
    let differing = changed.iter().zip(&before).filter(|(a, b)| a != b).count();
    assert_eq!(differing, 1, "the remembered hash only");
}

#[tokio::test]
async fn the_snapshot_is_the_file() {
    let fresh = Fresh::new().await;
    let directory = &fresh.directory;
    assert_eq!(directory.users().count(), 8);
    assert_eq!(directory.groups().count(), 3);
    assert_eq!(directory.ivrs().count(), 5);
    let sales = directory.group(&"g-sales".into()).expect("g-sales");
    assert_eq!(sales.members, ["u-ana".into(), "u-ben".into(), "u-cat".into()]);
    let number = directory.default_number_of_group(&"g-sales".into()).expect("its number");
    assert_eq!(number.id, "n-sales".into());
    let menu = directory.ivr(&"ivr-menu".into()).expect("ivr-menu");
    assert_eq!((menu.action, menu.options.len()), (IvrAction::Menu, 2));
    let carl = directory.record_of(&E164::parse("+15557770001").expect("a number"));
    assert_eq!(carl.map(|record| &*record.display_name), Some("Carl Contact"));
    assert_eq!(value(&fresh.database, "SELECT on_at FROM setting_period").await, "0");
}

#[tokio::test]
async fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let fresh = Fresh::new().await;
    let before = dump(&fresh.database, &TABLES).await;
    let mut file = scenario_directory();
    file.users[0].display_name = "Anna".to_owned();
    file.groups[0].members.swap(0, 1);
    file.numbers.retain(|number| number.id != "n-mia");
    file.records[1].phones.push("+15557770009".to_owned());
    let report =
        fresh.database.import(&file, REALM, ImportMode::DryRun, Millis(T0)).await.expect("a run");
    assert_eq!(
        shown(&report),
        ["~user u-ana", "~group g-sales", "-number n-mia", "~record r-con-2"]
    );
    assert!(!report.applied);
    assert_eq!(dump(&fresh.database, &TABLES).await, before);
}

#[tokio::test]
async fn what_the_file_drops_becomes_inactive_and_can_come_back() {
    let fresh = Fresh::new().await;
    let whole = scenario_directory();
    let mut file = whole.clone();
    file.users.retain(|user| user.id != "u-cat");
    file.groups.iter_mut().for_each(|group| group.members.retain(|user| user.user() != "u-cat"));
    file.numbers.retain(|number| number.id != "n-sales2");
    file.ivrs.retain(|ivr| ivr.id != "ivr-s1");
    let report = import_at(&fresh.database, &file, 1).await;
    assert_eq!(report.count(ChangeKind::Deactivated), 3, "{:?}", shown(&report));
    let directory = fresh.database.load_directory(REALM).await.expect("the directory");
    assert!(directory.user(&"u-cat".into()).is_none());
    assert!(directory.ivr(&"ivr-s1".into()).is_none());
    assert!(directory.number(&"n-sales2".into()).is_none());
    let rows = value(&fresh.database, "SELECT count(*) FROM app_user").await;
    assert_eq!(rows, "8", "nothing is deleted");
    let report = import_at(&fresh.database, &whole, 2).await;
    assert_eq!(report.count(ChangeKind::Added), 0, "{:?}", shown(&report));
    let directory = fresh.database.load_directory(REALM).await.expect("the directory");
    assert!(directory.user(&"u-cat".into()).is_some());
}

#[tokio::test]
async fn cursors_and_the_availability_of_known_users_are_not_touched() {
    let fresh = Fresh::new().await;
    let cursors = vec![("g-sales".into(), "u-ben".into())];
    let commit = Commit { cursors, ..Commit::default() };
    fresh.database.commit(&commit).await.expect("a commit");
    let mut transaction = fresh.database.begin().await.expect("a transaction");
    let sql = "UPDATE app_user SET availability = 'away' WHERE id = 'u-ana'";
    sqlx::query(sql).execute(&mut *transaction).await.expect("an update");
    transaction.commit().await.expect("a commit");
    let mut file = scenario_directory();
    file.users[0].availability = Some(Availability::Busy);
    file.groups[0].name = "Sellers".to_owned();
    let mut new = file.users[1].clone();
    (new.id, new.sip_username) = ("u-new".to_owned(), "new".to_owned());
    new.availability = Some(Availability::Offline);
    file.users.push(new);
    import_at(&fresh.database, &file, 1).await;
    let of = |id| format!("SELECT availability FROM app_user WHERE id = '{id}'");
    assert_eq!(value(&fresh.database, &of("u-ana")).await, "away");
    assert_eq!(value(&fresh.database, &of("u-new")).await, "offline");
    let cursor = "SELECT rr_cursor_user_id FROM user_group WHERE id = 'g-sales'";
    assert_eq!(value(&fresh.database, cursor).await, "u-ben");
}

#[tokio::test]
async fn names_may_be_swapped_and_taken_over() {
    let fresh = Fresh::new().await;
    let mut file = scenario_directory();
    file.users[0].sip_username = "ben".to_owned();
    file.users[1].sip_username = "ana".to_owned();
    (file.groups[0].name, file.groups[1].name) = ("Support".to_owned(), "Sales".to_owned());
    let report = import_at(&fresh.database, &file, 1).await;
    assert!(report.applied, "{:?}", report.problems);
    let mut file = scenario_directory();
    file.users.retain(|user| user.id != "u-dan");
    file.groups.iter_mut().for_each(|group| group.members.retain(|user| user.user() != "u-dan"));
    file.numbers.retain(|number| number.id != "n-dan");
    let mut heir = file.users[0].clone();
    (heir.id, heir.sip_username) = ("u-heir".to_owned(), "dan".to_owned());
    file.users.push(heir);
    let report = import_at(&fresh.database, &file, 2).await;
    assert!(report.applied, "{:?}", report.problems);
    let directory = fresh.database.load_directory(REALM).await.expect("the directory");
    let dan = directory.user_by_sip_username("dan").expect("somebody");
    assert_eq!(dan.id, "u-heir".into());
}

#[tokio::test]
async fn a_number_keeps_its_digits_and_digits_their_number() {
    let fresh = Fresh::new().await;
    let before = dump(&fresh.database, &TABLES).await;
    let mut file = scenario_directory();
    file.numbers[0].e164 = "+15550100055".to_owned();
    file.numbers[1].id = "n-other".to_owned();
    let report = import_at(&fresh.database, &file, 1).await;
    assert!(!report.applied);
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("numbers_stay", problems.join("\n"));
    assert_eq!(dump(&fresh.database, &TABLES).await, before);
}

#[tokio::test]
async fn the_default_number_can_move() {
    let fresh = Fresh::new().await;
    let mut file = scenario_directory();
    for number in &mut file.numbers {
        match number.id.as_str() {
            "n-sales" | "n-sales2" => number.is_default = Some(false),
            "n-main" => number.is_default = Some(true),
            _ => {}
        }
    }
    let report = import_at(&fresh.database, &file, 1).await;
    assert!(report.applied, "{:?}", report.problems);
    let directory = fresh.database.load_directory(REALM).await.expect("the directory");
    let number = directory.default_number_of_group(&"g-sales".into()).expect("a number");
    assert_eq!(number.id, "n-main".into());
}

#[tokio::test]
async fn passwords_are_kept_as_hashes_of_the_realm_only() {
    let fresh = Fresh::new().await;
    let mut file = scenario_directory();
    file.users[0].sip_password = Some("secret-of-ana".to_owned());
    let (md5, sha256) = ("AB".repeat(16), "cd".repeat(32));
    file.users[1].sip_ha1 = Some(Ha1Entry { realm: REALM.to_owned(), md5, sha256 });
    assert!(import_at(&fresh.database, &file, 1).await.applied);
    let directory = fresh.database.load_directory(REALM).await.expect("the directory");
    let ana = directory.user(&"u-ana".into()).expect("ana");
    let digest = ana.ha1_md5.as_deref();
    assert_eq!(digest, Some("536bdd5239d6d72bbdb5cbfcdfd20074"));
    let ben = directory.user(&"u-ben".into()).expect("ben");
    assert_eq!(ben.ha1_md5.as_deref(), Some(&*"ab".repeat(16)));
    let everything = dump(&fresh.database, &TABLES).await.join("\n");
    assert!(!everything.contains("secret-of-ana"));
    let elsewhere = fresh.database.load_directory("other.test").await.expect("the directory");
    assert!(elsewhere.users().all(|user| user.ha1_md5.is_none()));
}

#[tokio::test]
async fn the_periods_of_a_switch_are_kept() {
    let fresh = Fresh::new().await;
    let mut file = scenario_directory();
    for (at, on) in [(10, false), (20, true), (30, true)] {
        file.settings.conversations_enabled = Some(on);
        file.settings.extracts_enabled = Some(on);
        import_at(&fresh.database, &file, at).await;
    }
    let sql = "SELECT group_concat(key || ' ' || (on_at - 1767607200000) || ' ' || \
               coalesce(off_at - 1767607200000, 'open'), ', ') FROM \
               (SELECT * FROM setting_period ORDER BY key, on_at)";
    let periods = value(&fresh.database, sql).await.replace("-1767607200000", "the epoch");
    assert_eq!(
        periods,
        "conversations_enabled the epoch 10, conversations_enabled 20 open, \
         extracts_enabled 20 open"
    );
}

#[test]
fn every_kind_of_mistake_has_its_message() {
    let mut file = scenario_directory();
    file.users[1].id = "u-ana".to_owned();
    file.users[2].sip_username = "ca t".to_owned();
    file.users[3].sip_password = Some("x".to_owned());
    let (md5, sha256) = ("12".to_owned(), "zz".repeat(32));
    file.users[3].sip_ha1 = Some(Ha1Entry { realm: "elsewhere".to_owned(), md5, sha256 });
    file.groups[0].members.push(MemberEntry::User("u-ghost".to_owned()));
    file.groups[1].members.clear();
    file.ivrs[0].target_group_id = None;
    file.ivrs[1].next_ivr_id = Some("ivr-s1".to_owned());
    let option = |digit: &str| OptionEntry {
        digit: digit.to_owned(),
        label: "x".to_owned(),
        next_ivr_id: "ivr-none".to_owned(),
    };
    file.ivrs[4].options = Some(OptionsEntry::List(vec![option("12"), option("1"), option("1")]));
    file.numbers[0].e164 = "5550100001".to_owned();
    file.numbers[1].assigned_group_id = Some("g-sales".to_owned());
    file.numbers[2].assigned_user_id = None;
    file.numbers[4].ivr_id = None;
    file.numbers[5].is_default = None;
    file.records[0].object_type = "deal".to_owned();
    file.lookups[0].record_id = None;
    file.lookups[1].status = "found".to_owned();
    file.settings.show_all_conversations = Some("role:boss".to_owned());
    file.settings.participation_policy = Some("perhaps".to_owned());
    let lines: Vec<String> = validate(&file, Some(REALM))
        .iter()
        .map(|problem| {
            let severity = match problem.severity {
                Severity::Error => "E",
                Severity::Warning => "W",
            };
            format!("{severity} {problem}")
        })
        .collect();
    insta::assert_snapshot!("every_mistake", lines.join("\n"));
    assert_eq!(validate(&scenario_directory(), Some(REALM)), []);
}
