//! Mailboxes: `GET /mailboxes/{kind}/{id}/messages`, `GET …/messages/{message}/sound`,
//! `PUT …/heard`, `DELETE …/messages/{message}`. A user's key opens his own.

use std::path::{Component, Path as FilePath};
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::directory::MailboxId;
use model::voicemail::{VoiceMessage, VoicemailChange};
use model::{GroupId, Millis, UserId};
use serde::Serialize;
use serde_json::json;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::records::LIMIT;
use crate::auth::Caller;
use crate::core_link::CoreCommand;
use crate::openapi::Route;
use crate::problem::{Code, Problem};
use crate::router::Api;

/// The user that rows name where an administrator changed a message.
const ADMINISTRATOR: &str = "admin";

pub(super) fn routes() -> Vec<Route> {
    let refused = &[Code::Forbidden, Code::NotFound];
    let path = "/api/v1/mailboxes/{kind}/{id}/messages";
    let one = "/api/v1/mailboxes/{kind}/{id}/messages/{message}";
    let sound_path = "/api/v1/mailboxes/{kind}/{id}/messages/{message}/sound";
    let heard_path = "/api/v1/mailboxes/{kind}/{id}/messages/{message}/heard";
    vec![
        Route::get(path, "listMessages", messages)
            .says("mailboxes", "The messages of a mailbox, newest first", "")
            .answers_list::<MessageDto>(
                "The messages",
                json!({
                    "id": "019f1c1c-7a10-7000-8000-000000000001", "call": "call-v1",
                    "from": "+15557770001", "from_name": "Carl Contact",
                    "at": 1_767_607_200_000_i64, "duration_ms": 8_000, "heard": false,
                }),
            )
            .may_refuse(refused),
        Route::delete(one, "deleteMessage", delete)
            .says("mailboxes", "A message is deleted", "")
            .answers_nothing("It is")
            .may_refuse(refused),
        Route::get(sound_path, "readSound", sound)
            .says("mailboxes", "What was said", "WAV, or Opus in Ogg.")
            .answers_media("The file", "audio/*", "")
            .may_refuse(refused),
        Route::put(heard_path, "markHeard", heard)
            .says("mailboxes", "A message counts as listened to", "")
            .answers_nothing("It does")
            .may_refuse(refused),
    ]
}

/// A voice message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VoiceMessage)]
struct MessageDto {
    id: String,
    call: String,
    from: Option<String>,
    from_name: Option<Arc<str>>,
    /// UTC milliseconds.
    at: i64,
    duration_ms: u64,
    heard: bool,
}

fn mailbox(caller: &Caller, kind: &str, id: &str) -> Result<MailboxId, Problem> {
    match kind {
        "user" => {
            caller.may_act_for(id)?;
            Ok(MailboxId::User(UserId::from(id)))
        }
        "group" if caller.user.is_none() => Ok(MailboxId::Group(GroupId::from(id))),
        "group" => Err(Problem::forbidden("a group's mailbox takes an administrator's key")),
        _ => Err(Problem::no_such("kind of mailbox: user, group")),
    }
}

async fn messages_of(api: &Api, mailbox: &MailboxId) -> Result<Vec<VoiceMessage>, Problem> {
    let messages = api.database.voicemails(mailbox, LIMIT).await;
    messages.map_err(|error| Problem::database(&error))
}

async fn message(api: &Api, mailbox: &MailboxId, id: &str) -> Result<VoiceMessage, Problem> {
    let messages = messages_of(api, mailbox).await?;
    let found = messages.into_iter().find(|message| *message.id.0 == *id);
    found.ok_or_else(|| Problem::no_such("voice message"))
}

/// `GET /mailboxes/{kind}/{id}/messages`.
async fn messages(
    State(api): State<Api>,
    caller: Caller,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Json<Vec<MessageDto>>, Problem> {
    let messages = messages_of(&api, &mailbox(&caller, &kind, &id)?).await?;
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
async fn sound(
    State(api): State<Api>,
    caller: Caller,
    Path((kind, id, wanted)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let message = message(&api, &mailbox(&caller, &kind, &id)?, &wanted).await?;
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
async fn heard(
    State(api): State<Api>,
    caller: Caller,
    Path((kind, id, wanted)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let message = message(&api, &mailbox(&caller, &kind, &id)?, &wanted).await?;
    if message.heard {
        return Ok(StatusCode::NO_CONTENT);
    }
    change(&api, &caller, message, |id, mailbox, by, at| VoicemailChange::Heard {
        id,
        mailbox,
        by,
        at,
    })
    .await
}

/// `DELETE /mailboxes/{kind}/{id}/messages/{message}`.
async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Path((kind, id, wanted)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    let message = message(&api, &mailbox(&caller, &kind, &id)?, &wanted).await?;
    change(&api, &caller, message, |id, mailbox, by, at| VoicemailChange::Deleted {
        id,
        mailbox,
        by,
        at,
    })
    .await
}

async fn change(
    api: &Api,
    caller: &Caller,
    message: VoiceMessage,
    what: impl FnOnce(model::voicemail::MessageId, MailboxId, UserId, Millis) -> VoicemailChange,
) -> Result<StatusCode, Problem> {
    let (reply, answer) = oneshot::channel();
    // The core sets the time: it alone has a clock.
    let by = caller.user.clone().unwrap_or_else(|| UserId::from(ADMINISTRATOR));
    let change = what(message.id, message.mailbox, by, Millis(0));
    if api.core.tell(CoreCommand::Voicemail { change, reply }, answer).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::no_such("voice message"))
    }
}
