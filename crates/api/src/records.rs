//! What the database has of routing: `GET /calls/{id}/decisions` (why did this call ring there),
//! `GET /groups/{id}/queue-waits`, `GET /agent-log`, `GET /reply-calls`; and mailboxes:
//! `GET /mailboxes/{kind}/{id}/messages`, `GET …/messages/{message}/sound`, `PUT …/heard`,
//! `DELETE …/messages/{message}`. Lists are newest first and at most [`LIMIT`] long; `since` (UTC
//! milliseconds) and `limit` narrow them.

use std::path::{Component, Path as FilePath};
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::directory::MailboxId;
use model::voicemail::{VoiceMessage, VoicemailChange};
use model::{CallId, GroupId, Millis, UserId};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::core_link::CoreCommand;
use crate::problem::Problem;
use crate::routes::Api;

/// The longest list.
pub(crate) const LIMIT: u32 = 1_000;

/// The user that rows name where an administrator changed a message.
const ADMINISTRATOR: &str = "admin";

/// How a list is narrowed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Narrow {
    #[serde(default)]
    since: i64,
    limit: Option<u32>,
    user: Option<String>,
    state: Option<String>,
}

impl Narrow {
    fn limit(&self) -> u32 {
        self.limit.unwrap_or(100).clamp(1, LIMIT)
    }
}

fn readable(narrow: Result<Query<Narrow>, QueryRejection>) -> Result<Narrow, Problem> {
    match narrow {
        Ok(Query(narrow)) => Ok(narrow),
        Err(error) => Err(Problem::invalid(error.body_text())),
    }
}

fn unreadable(error: &store::Error) -> Problem {
    tracing::warn!(%error, "the API cannot read the database");
    Problem::database()
}

/// One line of the way a call took.
#[derive(Debug, Serialize)]
pub(crate) struct DecisionDto {
    /// UTC milliseconds.
    at: i64,
    rule: &'static str,
    subject: Arc<str>,
    verdict: Arc<str>,
}

/// `GET /calls/{id}/decisions`.
pub(crate) async fn decisions(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Vec<DecisionDto>>, Problem> {
    let id = CallId::from(&*id);
    let rows = api.database.decisions(&id).await.map_err(|error| unreadable(&error))?;
    let mut lines = Vec::new();
    for row in rows {
        lines.extend(row.lines.into_iter().map(|line| DecisionDto {
            at: row.at.0,
            rule: line.rule.as_str(),
            subject: line.subject,
            verdict: line.verdict,
        }));
    }
    Ok(Json(lines))
}

/// One stay in a queue.
#[derive(Debug, Serialize)]
pub(crate) struct WaitDto {
    call: String,
    priority: i16,
    position: u32,
    /// UTC milliseconds.
    entered_at: i64,
    left_at: Option<i64>,
    exit: Option<&'static str>,
}

/// `GET /groups/{id}/queue-waits`.
pub(crate) async fn queue_waits(
    State(api): State<Api>,
    Path(id): Path<String>,
    narrow: Result<Query<Narrow>, QueryRejection>,
) -> Result<Json<Vec<WaitDto>>, Problem> {
    let narrow = readable(narrow)?;
    let since = Millis(narrow.since);
    let waits = api.database.queue_waits(&GroupId::from(&*id), since, narrow.limit()).await;
    let waits = waits.map_err(|error| unreadable(&error))?;
    let dto = waits.into_iter().map(|wait| WaitDto {
        call: wait.call_id.to_string(),
        priority: wait.priority,
        position: wait.position,
        entered_at: wait.entered_at.0,
        left_at: wait.left_at.map(|at| at.0),
        exit: wait.exit.map(|exit| exit.as_str()),
    });
    Ok(Json(dto.collect()))
}

/// One change of an agent's state.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeDto {
    user: String,
    /// UTC milliseconds.
    at: i64,
    state: &'static str,
    availability: &'static str,
    reason: Option<Arc<str>>,
    source: &'static str,
}

/// `GET /agent-log`; `user` narrows it to one.
pub(crate) async fn agent_log(
    State(api): State<Api>,
    narrow: Result<Query<Narrow>, QueryRejection>,
) -> Result<Json<Vec<ChangeDto>>, Problem> {
    let narrow = readable(narrow)?;
    let user = narrow.user.as_deref().map(UserId::from);
    let since = Millis(narrow.since);
    let log = api.database.agent_log(user.as_ref(), since, narrow.limit()).await;
    let log = log.map_err(|error| unreadable(&error))?;
    let dto = log.into_iter().map(|change| ChangeDto {
        user: change.user.to_string(),
        at: change.at.0,
        state: change.state.as_str(),
        availability: change.availability.as_str(),
        reason: change.reason,
        source: change.source.as_str(),
    });
    Ok(Json(dto.collect()))
}

/// A missed call that is to be answered by a call.
#[derive(Debug, Serialize)]
pub(crate) struct ReplyDto {
    missed_call: String,
    owner_user: Option<String>,
    owner_group: Option<String>,
    number: String,
    state: String,
    done_call: Option<String>,
    /// UTC milliseconds.
    created_at: i64,
}

/// `GET /reply-calls`; `state` is `open` where nothing is said.
pub(crate) async fn reply_calls(
    State(api): State<Api>,
    narrow: Result<Query<Narrow>, QueryRejection>,
) -> Result<Json<Vec<ReplyDto>>, Problem> {
    let narrow = readable(narrow)?;
    let state = narrow.state.as_deref().unwrap_or("open");
    if !["open", "done", "dismissed"].contains(&state) {
        return Err(Problem::invalid("state: is none of open, done, dismissed"));
    }
    let replies = api.database.reply_calls(state, narrow.limit()).await;
    let replies = replies.map_err(|error| unreadable(&error))?;
    let dto = replies.into_iter().map(|reply| ReplyDto {
        missed_call: reply.missed_call.to_string(),
        owner_user: reply.owner_user.map(|user| user.to_string()),
        owner_group: reply.owner_group.map(|group| group.to_string()),
        number: reply.number,
        state: reply.state,
        done_call: reply.done_call.map(|call| call.to_string()),
        created_at: reply.created_at.0,
    });
    Ok(Json(dto.collect()))
}

/// A voice message.
#[derive(Debug, Serialize)]
pub(crate) struct MessageDto {
    id: String,
    call: String,
    from: Option<String>,
    from_name: Option<Arc<str>>,
    /// UTC milliseconds.
    at: i64,
    duration_ms: u64,
    heard: bool,
}

fn mailbox(kind: &str, id: &str) -> Result<MailboxId, Problem> {
    match kind {
        "user" => Ok(MailboxId::User(UserId::from(id))),
        "group" => Ok(MailboxId::Group(GroupId::from(id))),
        _ => Err(Problem::no_such("kind of mailbox: user, group")),
    }
}

async fn messages_of(api: &Api, mailbox: &MailboxId) -> Result<Vec<VoiceMessage>, Problem> {
    let messages = api.database.voicemails(mailbox, LIMIT).await;
    messages.map_err(|error| unreadable(&error))
}

async fn message(api: &Api, mailbox: &MailboxId, id: &str) -> Result<VoiceMessage, Problem> {
    let messages = messages_of(api, mailbox).await?;
    let found = messages.into_iter().find(|message| *message.id.0 == *id);
    found.ok_or_else(|| Problem::no_such("voice message"))
}

/// `GET /mailboxes/{kind}/{id}/messages`.
pub(crate) async fn messages(
    State(api): State<Api>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Json<Vec<MessageDto>>, Problem> {
    let messages = messages_of(&api, &mailbox(&kind, &id)?).await?;
    let dto = messages.into_iter().map(|message| MessageDto {
        id: message.id.to_string(),
        call: message.call.to_string(),
        from: message.from.map(|number| number.to_string()),
        from_name: message.from_name,
        at: message.at.0,
        duration_ms: message.duration_ms,
        heard: message.heard,
    });
    Ok(Json(dto.collect()))
}

/// `GET /mailboxes/{kind}/{id}/messages/{message}/sound`.
pub(crate) async fn sound(
    State(api): State<Api>,
    Path((kind, id, wanted)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let message = message(&api, &mailbox(&kind, &id)?, &wanted).await?;
    let file = FilePath::new(&*message.file);
    // The row is ours; a path that climbs would be a broken one.
    if !file.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(Problem::no_such("file of this message"));
    }
    let bytes = tokio::fs::read(api.recordings.join(file)).await;
    let bytes = bytes.map_err(|_| Problem::no_such("file of this message"))?;
    let kind = if message.file.ends_with(".wav") { "audio/wav" } else { "audio/ogg" };
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

/// `PUT /mailboxes/{kind}/{id}/messages/{message}/heard`.
pub(crate) async fn heard(
    State(api): State<Api>,
    Path((kind, id, wanted)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let message = message(&api, &mailbox(&kind, &id)?, &wanted).await?;
    if message.heard {
        return Ok(StatusCode::NO_CONTENT);
    }
    change(&api, message, |id, mailbox, by, at| VoicemailChange::Heard { id, mailbox, by, at })
        .await
}

/// `DELETE /mailboxes/{kind}/{id}/messages/{message}`.
pub(crate) async fn delete(
    State(api): State<Api>,
    Path((kind, id, wanted)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let message = message(&api, &mailbox(&kind, &id)?, &wanted).await?;
    change(&api, message, |id, mailbox, by, at| VoicemailChange::Deleted { id, mailbox, by, at })
        .await
}

async fn change(
    api: &Api,
    message: VoiceMessage,
    what: impl FnOnce(model::voicemail::MessageId, MailboxId, UserId, Millis) -> VoicemailChange,
) -> Result<StatusCode, Problem> {
    let (reply, answer) = oneshot::channel();
    // The core sets the time: it alone has a clock.
    let by = UserId::from(ADMINISTRATOR);
    let change = what(message.id, message.mailbox, by, Millis(0));
    if api.core.tell(CoreCommand::Voicemail { change, reply }, answer).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::no_such("voice message"))
    }
}
