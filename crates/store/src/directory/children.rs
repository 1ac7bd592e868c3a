//! What hangs on the entries of a directory file: members, roles, credentials, options, telephone
//! numbers, lookups. Each is compared with the database and replaced as a whole where it differs.

use std::collections::BTreeMap;

use model::directory::source::{
    DirectoryFile, GroupEntry, IvrEntry, LookupEntry, ObjectTypeEntry, OptionsEntry, RecordEntry,
    UserEntry,
};
use model::{E164, Millis, RecordId};
use sqlx::sqlite::SqliteConnection;

use super::credentials;
use super::entities::{GROUPS, IVRS, RECORDS, Table, USERS, plain};
use super::import::{ChangeKind, ImportReport};
use crate::Error;
use crate::conversations::{LookupChange, LookupSource, Resolution, set_lookup};

/// Writes what hangs on the entries of one table; tells for each entry whether it differed.
pub(super) async fn of(
    connection: &mut SqliteConnection,
    table: &Table,
    file: &DirectoryFile,
    realm: &str,
    now: Millis,
) -> Result<BTreeMap<String, bool>, Error> {
    let mut changed = BTreeMap::new();
    if table.entity == USERS.entity {
        for entry in &file.users {
            let first = first_availability(connection, entry).await?;
            let roles = roles(connection, entry).await?;
            let credentials = credentials(connection, entry, realm).await?;
            changed.insert(entry.id.clone(), first || roles || credentials);
        }
    } else if table.entity == GROUPS.entity {
        for entry in &file.groups {
            changed.insert(entry.id.clone(), members(connection, entry, now).await?);
        }
    } else if table.entity == IVRS.entity {
        for entry in &file.ivrs {
            changed.insert(entry.id.clone(), options(connection, entry).await?);
        }
    } else if table.entity == RECORDS.entity {
        for entry in &file.records {
            changed.insert(entry.id.clone(), phones(connection, entry).await?);
        }
    }
    Ok(changed)
}

/// Object types are only added and renamed.
pub(super) async fn object_types(
    connection: &mut SqliteConnection,
    entries: &[ObjectTypeEntry],
) -> Result<(), Error> {
    for entry in entries {
        let (name, label) = match entry {
            ObjectTypeEntry::Name(name) => (name, name),
            ObjectTypeEntry::Labelled { api_name, label } => (api_name, label),
        };
        let sql = "INSERT INTO object_type(api_name, label) VALUES (?, ?) \
                   ON CONFLICT(api_name) DO UPDATE SET label = excluded.label";
        sqlx::query(sql).bind(name).bind(label).execute(&mut *connection).await?;
    }
    Ok(())
}

/// A user who has never been known begins with the availability of the file; nobody else's is
/// touched. Never a change of its own: the user is new.
async fn first_availability(
    connection: &mut SqliteConnection,
    entry: &UserEntry,
) -> Result<bool, Error> {
    let Some(availability) = entry.availability else {
        return Ok(false);
    };
    let sql = "UPDATE app_user SET availability = ? WHERE id = ? AND NOT EXISTS \
               (SELECT 1 FROM managed_entity WHERE source = 'file' AND entity = 'user' \
                AND id = app_user.id)";
    let update = sqlx::query(sql).bind(availability.as_str()).bind(&entry.id);
    update.execute(connection).await?;
    Ok(false)
}

async fn roles(connection: &mut SqliteConnection, entry: &UserEntry) -> Result<bool, Error> {
    let sql = "SELECT role_id FROM user_role WHERE user_id = ? ORDER BY role_id";
    let known: Vec<String> =
        sqlx::query_scalar(sql).bind(&entry.id).fetch_all(&mut *connection).await?;
    let mut wanted = entry.roles.clone();
    wanted.sort();
    wanted.dedup();
    if known == wanted {
        return Ok(false);
    }
    let sql = "DELETE FROM user_role WHERE user_id = ?";
    sqlx::query(sql).bind(&entry.id).execute(&mut *connection).await?;
    for role in &wanted {
        let sql = "INSERT INTO role(id, name) VALUES (?1, ?1) ON CONFLICT DO NOTHING";
        sqlx::query(sql).bind(role).execute(&mut *connection).await?;
        let sql = "INSERT INTO user_role(user_id, role_id) VALUES (?, ?)";
        sqlx::query(sql).bind(&entry.id).bind(role).execute(&mut *connection).await?;
    }
    Ok(true)
}

async fn credentials(
    connection: &mut SqliteConnection,
    entry: &UserEntry,
    realm: &str,
) -> Result<bool, Error> {
    let sql = "SELECT algorithm, ha1 FROM sip_credential WHERE user_id = ? AND realm = ? \
               ORDER BY algorithm";
    let known: Vec<(String, String)> =
        sqlx::query_as(sql).bind(&entry.id).bind(realm).fetch_all(&mut *connection).await?;
    let wanted: Vec<(String, String)> = match credentials::ha1(entry, realm) {
        None => Vec::new(),
        Some(ha1) => vec![("MD5".into(), ha1.md5), ("SHA-256".into(), ha1.sha256)],
    };
    if known == wanted {
        return Ok(false);
    }
    let sql = "DELETE FROM sip_credential WHERE user_id = ? AND realm = ?";
    sqlx::query(sql).bind(&entry.id).bind(realm).execute(&mut *connection).await?;
    for (algorithm, ha1) in &wanted {
        let sql = "INSERT INTO sip_credential(user_id, realm, algorithm, ha1) \
                   VALUES (?, ?, ?, ?)";
        let insert = sqlx::query(sql).bind(&entry.id).bind(realm).bind(algorithm).bind(ha1);
        insert.execute(&mut *connection).await?;
    }
    Ok(true)
}

/// Members by position; who stays keeps the time at which he came.
async fn members(
    connection: &mut SqliteConnection,
    entry: &GroupEntry,
    now: Millis,
) -> Result<bool, Error> {
    let sql = "SELECT user_id, weight, added_at FROM group_member WHERE group_id = ? \
               ORDER BY position";
    let known: Vec<(String, u16, i64)> =
        sqlx::query_as(sql).bind(&entry.id).fetch_all(&mut *connection).await?;
    let wanted = || entry.members.iter().map(|member| (member.user(), member.weight()));
    if known.iter().map(|(user, weight, _)| (user.as_str(), *weight)).eq(wanted()) {
        return Ok(false);
    }
    let sql = "DELETE FROM group_member WHERE group_id = ?";
    sqlx::query(sql).bind(&entry.id).execute(&mut *connection).await?;
    for (position, (user, weight)) in (1i64..).zip(wanted()) {
        let before = known.iter().find(|(member, ..)| member == user);
        let added_at = before.map_or(now.0, |(.., added_at)| *added_at);
        let sql = "INSERT INTO group_member(group_id, user_id, position, weight, added_at) \
                   VALUES (?, ?, ?, ?, ?)";
        let insert = sqlx::query(sql).bind(&entry.id).bind(user).bind(position);
        insert.bind(weight).bind(added_at).execute(&mut *connection).await?;
    }
    Ok(true)
}

async fn options(connection: &mut SqliteConnection, entry: &IvrEntry) -> Result<bool, Error> {
    let sql = "SELECT digit, label, next_ivr_id FROM ivr_option WHERE ivr_id = ? ORDER BY digit";
    let known: Vec<(String, String, String)> =
        sqlx::query_as(sql).bind(&entry.id).fetch_all(&mut *connection).await?;
    let mut wanted: Vec<(String, String, String)> = match &entry.options {
        None => Vec::new(),
        Some(OptionsEntry::Short(options)) => options
            .iter()
            .map(|(digit, next)| (digit.clone(), next.clone(), next.clone()))
            .collect(),
        Some(OptionsEntry::List(options)) => options
            .iter()
            .map(|option| (option.digit.clone(), option.label.clone(), option.next_ivr_id.clone()))
            .collect(),
    };
    wanted.sort();
    if known == wanted {
        return Ok(false);
    }
    let sql = "DELETE FROM ivr_option WHERE ivr_id = ?";
    sqlx::query(sql).bind(&entry.id).execute(&mut *connection).await?;
    for (digit, label, next) in &wanted {
        let sql = "INSERT INTO ivr_option(ivr_id, digit, label, next_ivr_id) VALUES (?, ?, ?, ?)";
        let insert = sqlx::query(sql).bind(&entry.id).bind(digit).bind(label).bind(next);
        insert.execute(&mut *connection).await?;
    }
    Ok(true)
}

async fn phones(connection: &mut SqliteConnection, entry: &RecordEntry) -> Result<bool, Error> {
    let sql = "SELECT e164, is_primary FROM record_phone WHERE record_id = ? \
               ORDER BY is_primary DESC, e164";
    let known: Vec<(String, bool)> =
        sqlx::query_as(sql).bind(&entry.id).fetch_all(&mut *connection).await?;
    let mut wanted: Vec<(String, bool)> =
        entry.phones.iter().enumerate().map(|(at, phone)| (plain(phone), at == 0)).collect();
    wanted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    if known == wanted {
        return Ok(false);
    }
    let sql = "DELETE FROM record_phone WHERE record_id = ?";
    sqlx::query(sql).bind(&entry.id).execute(&mut *connection).await?;
    for (e164, is_primary) in &wanted {
        let sql = "INSERT INTO record_phone(record_id, e164, is_primary) VALUES (?, ?, ?) \
                   ON CONFLICT DO NOTHING";
        let insert = sqlx::query(sql).bind(&entry.id).bind(e164).bind(is_primary);
        insert.execute(&mut *connection).await?;
    }
    Ok(true)
}

/// Lookups as given. A lookup that the file drops stays: conversations are keyed by it.
pub(super) async fn lookups(
    connection: &mut SqliteConnection,
    entries: &[LookupEntry],
    now: Millis,
    report: &mut ImportReport,
) -> Result<(), Error> {
    for entry in entries {
        let e164 = plain(&entry.e164);
        let sql = "SELECT status, record_id FROM phone_number_lookup WHERE e164 = ?";
        let known: Option<(String, Option<String>)> =
            sqlx::query_as(sql).bind(&e164).fetch_optional(&mut *connection).await?;
        let wanted = (entry.status.clone(), entry.record_id.clone());
        let kind = match known {
            None => ChangeKind::Added,
            Some(known) if known != wanted => ChangeKind::Changed,
            Some(_) => {
                report.note(None, "lookup", &e164);
                continue;
            }
        };
        // The conversations of the number move with it (model.md §7.5).
        let change = lookup_change(entry, &e164)?;
        set_lookup(connection, &change, now).await?;
        report.note(Some(kind), "lookup", &e164);
    }
    Ok(())
}

fn lookup_change(entry: &LookupEntry, e164: &str) -> Result<LookupChange, Error> {
    let unknown = |column, found: &str| Error::Value {
        table: "phone_number_lookup",
        column,
        found: found.to_owned(),
    };
    let resolution = match (entry.status.as_str(), &entry.record_id) {
        ("resolved", Some(record)) => Resolution::Record(RecordId::from(record.as_str())),
        ("ambiguous", None) => Resolution::Ambiguous,
        ("none", None) => Resolution::Unknown,
        (status, _) => return Err(unknown("status", status)),
    };
    let source = match &entry.source {
        None => LookupSource::Import,
        Some(source) => source.parse().map_err(|_| unknown("source", source))?,
    };
    Ok(LookupChange {
        e164: E164::parse(e164).map_err(|_| unknown("e164", e164))?,
        resolution,
        source,
        by: None,
    })
}
