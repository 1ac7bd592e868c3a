//! The snapshot of the directory: active rows only. What an active row refers to and is not
//! active itself is left out of it, so routing never finds half of something.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::directory::schedule::Schedule;
use model::directory::{
    Assignment, Directory, Group, Ivr, IvrTarget, IvrTargetKind, KnownRecord, Number, User,
};
use model::{E164, GroupId, IvrId, UserId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::extras::{GroupExtras, IvrExtras, UserExtras};
use crate::Error;
use crate::rows::Columns;

/// Loads the snapshot with the credentials of one realm.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    realm: &str,
) -> Result<Directory, Error> {
    let mut directory = Directory::new();
    users(connection, realm, &mut directory).await?;
    groups(connection, &mut directory).await?;
    ivrs(connection, &mut directory).await?;
    numbers(connection, &mut directory).await?;
    records(connection, &mut directory).await?;
    Ok(directory)
}

async fn all(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<Vec<SqliteRow>, Error> {
    Ok(sqlx::query(sql).fetch_all(connection).await?)
}

async fn users(
    connection: &mut SqliteConnection,
    realm: &str,
    directory: &mut Directory,
) -> Result<(), Error> {
    let sql = "SELECT u.id, u.display_name, u.sip_username, u.availability, \
               u.email, u.acd_receiver, u.settings, \
               (SELECT json_group_array(role_id) FROM user_role r WHERE r.user_id = u.id) AS roles, \
               (SELECT ha1 FROM sip_credential c WHERE c.user_id = u.id AND c.realm = ?1 \
                AND c.algorithm = 'MD5') AS md5, \
               (SELECT ha1 FROM sip_credential c WHERE c.user_id = u.id AND c.realm = ?1 \
                AND c.algorithm = 'SHA-256') AS sha256 \
               FROM app_user u WHERE u.active ORDER BY u.id";
    for row in &sqlx::query(sql).bind(realm).fetch_all(connection).await? {
        let columns = Columns { table: "app_user", row };
        let mut user = User::named(
            columns.id("id")?,
            columns.text("display_name")?.into(),
            columns.text("sip_username")?.into(),
        );
        user.availability = columns.word("availability")?;
        user.email = columns.text_or_null("email")?;
        user.acd_receiver = columns.text_or_null("acd_receiver")?;
        user.roles = columns.json_or_default("roles")?;
        columns.json_or_default::<UserExtras>("settings")?.fill(&mut user);
        user.ha1_md5 = columns.text_or_null("md5")?;
        user.ha1_sha256 = columns.text_or_null("sha256")?;
        directory.add_user(user);
    }
    Ok(())
}

async fn groups(connection: &mut SqliteConnection, directory: &mut Directory) -> Result<(), Error> {
    let sql = "SELECT m.group_id, m.user_id, m.weight FROM group_member m JOIN app_user u \
               ON u.id = m.user_id AND u.active ORDER BY m.group_id, m.position";
    let mut members: BTreeMap<GroupId, Vec<(UserId, u16)>> = BTreeMap::new();
    for row in &all(connection, sql).await? {
        let columns = Columns { table: "group_member", row };
        let member = (columns.id("user_id")?, columns.number("weight")?);
        members.entry(columns.id("group_id")?).or_default().push(member);
    }
    let sql = "SELECT id, name, acd_strategy, missed_call_owner_user_id, music_on_hold, recording, \
               email, wrap_up_ms, settings FROM user_group WHERE active ORDER BY id";
    for row in &all(connection, sql).await? {
        let columns = Columns { table: "user_group", row };
        let id: GroupId = columns.id("id")?;
        let members = members.remove(&id).unwrap_or_default();
        let in_order = members.iter().map(|(user, _)| user.clone()).collect();
        let mut group = Group::of(id, columns.text("name")?.into(), in_order);
        group.weights = members.into_iter().collect();
        group.email = columns.text_or_null("email")?;
        let wrap_up_ms = columns.number_or_null("wrap_up_ms")?;
        columns.json_or_default::<GroupExtras>("settings")?.fill(&mut group, wrap_up_ms);
        group.strategy = columns.word("acd_strategy")?;
        group.missed_call_owner = columns.id_or_null("missed_call_owner_user_id")?;
        group.music_on_hold = columns.text_or_null("music_on_hold")?;
        group.recording = columns.flag_or_null("recording")?;
        directory.add_group(group);
    }
    Ok(())
}

async fn ivrs(connection: &mut SqliteConnection, directory: &mut Directory) -> Result<(), Error> {
    let sql = "SELECT o.ivr_id, o.digit, o.next_ivr_id FROM ivr_option o JOIN ivr i \
               ON i.id = o.next_ivr_id AND i.active ORDER BY o.ivr_id, o.digit";
    let mut options: BTreeMap<IvrId, BTreeMap<char, IvrId>> = BTreeMap::new();
    for row in &all(connection, sql).await? {
        let columns = Columns { table: "ivr_option", row };
        let digit: char = columns.word("digit")?;
        let of = options.entry(columns.id("ivr_id")?).or_default();
        of.insert(digit, columns.id("next_ivr_id")?);
    }
    let sql = "SELECT i.id, i.action, i.greeting_prompt, i.language, i.target_kind, \
               i.target_user_id, i.target_group_id, i.target_number, i.acd_strategy, \
               i.attempt_ring_ms, i.no_answer_timeout_ms, i.max_rounds, n.id AS next_ivr_id, \
               i.record_owner_user_id, i.missed_call_owner_user_id, \
               i.missed_call_owner_group_id, i.accept, i.version, i.schedule, i.settings \
               FROM ivr i LEFT JOIN ivr n ON n.id = i.next_ivr_id AND n.active \
               WHERE i.active ORDER BY i.id";
    for row in &all(connection, sql).await? {
        let columns = Columns { table: "ivr", row };
        let id: IvrId = columns.id("id")?;
        let schedule: Option<Schedule> = columns.json_or_default("schedule")?;
        let mut ivr = Ivr {
            version: columns.number("version")?,
            schedule: schedule.map(Arc::new),
            missed_call_owner_group: columns.id_or_null("missed_call_owner_group_id")?,
            greeting_prompt: columns.text_or_null("greeting_prompt")?,
            language: columns.text_or_null("language")?,
            target: target(&columns)?,
            strategy: columns.word_or_null("acd_strategy")?,
            attempt_ring_ms: columns.number_or_null("attempt_ring_ms")?,
            no_answer_timeout_ms: columns.number_or_null("no_answer_timeout_ms")?,
            max_rounds: columns.number_or_null("max_rounds")?,
            next_ivr: columns.id_or_null("next_ivr_id")?,
            options: options.remove(&id).unwrap_or_default(),
            record_owner: columns.id_or_null("record_owner_user_id")?,
            missed_call_owner: columns.id_or_null("missed_call_owner_user_id")?,
            accept: columns.word_or_null("accept")?,
            ..Ivr::of(id, columns.word("action")?)
        };
        columns.json_or_default::<IvrExtras>("settings")?.fill(&mut ivr);
        directory.add_ivr(ivr);
    }
    Ok(())
}

fn target(columns: &Columns<'_>) -> Result<Option<IvrTarget>, Error> {
    let Some(kind) = columns.word_or_null::<IvrTargetKind>("target_kind")? else {
        return Ok(None);
    };
    Ok(match kind {
        IvrTargetKind::User => columns.id_or_null("target_user_id")?.map(IvrTarget::User),
        IvrTargetKind::Group => columns.id_or_null("target_group_id")?.map(IvrTarget::Group),
        IvrTargetKind::RecordOwner => Some(IvrTarget::RecordOwner),
        IvrTargetKind::LastAgent => Some(IvrTarget::LastAgent),
        IvrTargetKind::External => columns.text_or_null("target_number")?.map(IvrTarget::External),
    })
}

async fn numbers(
    connection: &mut SqliteConnection,
    directory: &mut Directory,
) -> Result<(), Error> {
    let sql = "SELECT n.id, n.e164, n.assigned_user_id, n.assigned_group_id, n.ivr_id, \
               n.is_default, n.missed_call_owner_user_id, n.missed_call_owner_group_id, \
               n.recording FROM provisioned_number n \
               LEFT JOIN app_user u ON u.id = n.assigned_user_id \
               LEFT JOIN user_group g ON g.id = n.assigned_group_id \
               LEFT JOIN ivr i ON i.id = n.ivr_id \
               WHERE n.active AND coalesce(u.active, g.active AND i.active) ORDER BY n.id";
    for row in &all(connection, sql).await? {
        let columns = Columns { table: "provisioned_number", row };
        let user: Option<UserId> = columns.id_or_null("assigned_user_id")?;
        let group: Option<GroupId> = columns.id_or_null("assigned_group_id")?;
        let ivr: Option<IvrId> = columns.id_or_null("ivr_id")?;
        let assignment = match (user, group, ivr) {
            (Some(user), None, _) => Assignment::User(user),
            (None, Some(group), Some(ivr)) => Assignment::Group(group, ivr),
            // The schema's checks exclude the rest.
            (Some(_), Some(_), _) | (None, Some(_), None) | (None, None, _) => continue,
        };
        directory.add_number(Number {
            id: columns.id("id")?,
            e164: columns.word("e164")?,
            assignment,
            is_default: columns.flag("is_default")?,
            missed_call_owner: columns.id_or_null("missed_call_owner_user_id")?,
            missed_call_owner_group: columns.id_or_null("missed_call_owner_group_id")?,
            recording: columns.flag_or_null("recording")?,
        });
    }
    Ok(())
}

async fn records(
    connection: &mut SqliteConnection,
    directory: &mut Directory,
) -> Result<(), Error> {
    let sql = "SELECT l.e164, r.id, r.display_name, r.owner_user_id, r.priority \
               FROM phone_number_lookup l \
               JOIN record r ON r.id = l.record_id WHERE l.status = 'resolved' ORDER BY l.e164";
    for row in &all(connection, sql).await? {
        let columns = Columns { table: "record", row };
        let name: Arc<str> = columns.text("display_name")?.into();
        let record = KnownRecord {
            id: columns.id("id")?,
            display_name: name,
            owner: columns.id_or_null("owner_user_id")?,
            priority: columns.number("priority")?,
        };
        directory.add_record(columns.word::<E164>("e164")?, record);
    }
    Ok(())
}
