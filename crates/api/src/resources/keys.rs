//! Keys: `GET` and `POST /keys`, `DELETE /keys/{id}`. What a key is, is told once, by the answer
//! that makes it; the database has its hash only.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::UserId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::access::{ApiKey, KeyScope};
use utoipa::ToSchema;

use crate::auth::{NewKey, key_name, new_id};
use crate::idempotency::KeptInstead;
use crate::openapi::schema::Time;
use crate::openapi::{Access, Route};
use crate::problem::{Code, Problem};
use crate::request::Body;
use crate::router::Api;

pub(super) fn routes() -> Vec<Route> {
    let key = json!({
        "id": "019f1c1c-7a10-7000-8000-000000000002", "name": "Ana's desktop", "scope": "user",
        "user": "u-ana", "created_at": "2026-01-05T10:00:00.000Z", "revoked_at": null,
    });
    let mut made = key.clone();
    made["key"] = json!("tdm_5a0c…");
    vec![
        Route::get("/api/v1/keys", "listKeys", list)
            .says("keys", "All keys, without what they are", "")
            .access(Access::Admin)
            .answers_list::<KeyDto>("The keys, oldest first", key),
        Route::post("/api/v1/keys", "makeKey", make)
            .says(
                "keys",
                "A new key",
                "What it is, is told in this answer and never again: a repetition with the same \
                 Idempotency-Key is answered without it.",
            )
            .access(Access::Admin)
            .body::<NewKeyDto>(
                true,
                json!({"name": "Ana's desktop", "scope": "user", "user": "u-ana"}),
            )
            .answers::<MadeKeyDto>(201, "The key", made),
        Route::delete("/api/v1/keys/{id}", "revokeKey", revoke)
            .says("keys", "A key is good no more", "")
            .access(Access::Admin)
            .answers_nothing("It is not")
            .may_refuse(&[Code::NotFound]),
    ]
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = KeyScope)]
enum ScopeDto {
    /// What concerns one user.
    User,
    /// Everything.
    Admin,
}

/// A key, without what it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Key)]
struct KeyDto {
    id: String,
    name: String,
    scope: ScopeDto,
    /// The user for whom it is.
    user: Option<String>,
    created_at: Time,
    revoked_at: Option<Time>,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MadeKey)]
struct MadeKeyDto {
    #[serde(flatten)]
    about: KeyDto,
    /// What to send as `Authorization: Bearer`; null where this answer is a repetition.
    key: Option<Arc<str>>,
}

/// A key that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewKey)]
struct NewKeyDto {
    /// For people: whose or what it is.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    scope: ScopeDto,
    /// With the scope `user`, and only then.
    #[serde(default)]
    user: Option<String>,
}

impl From<ApiKey> for KeyDto {
    fn from(key: ApiKey) -> Self {
        let scope = match key.scope {
            KeyScope::User => ScopeDto::User,
            KeyScope::Admin => ScopeDto::Admin,
        };
        Self {
            id: key.id,
            name: key.name,
            scope,
            user: key.user.map(|user| user.to_string()),
            created_at: Time(key.created_at),
            revoked_at: key.revoked_at.map(Time),
        }
    }
}

async fn list(State(api): State<Api>) -> Result<Json<Vec<KeyDto>>, Problem> {
    let keys = api.database.api_keys().await.map_err(|error| Problem::database(&error))?;
    Ok(Json(keys.into_iter().map(KeyDto::from).collect()))
}

async fn make(State(api): State<Api>, Body(wanted): Body<NewKeyDto>) -> Result<Response, Problem> {
    let name = key_name(&wanted.name).map_err(|what| {
        Problem::field("name", what).remedy("say in one line whose or what the key is")
    })?;
    let (scope, user) = match (wanted.scope, wanted.user) {
        (ScopeDto::Admin, None) => (KeyScope::Admin, None),
        (ScopeDto::User, Some(user)) => (KeyScope::User, Some(known(&api, &user)?)),
        (ScopeDto::Admin, Some(_)) => {
            return Err(Problem::field("user", "goes with the scope `user` only")
                .remedy("leave it out, or make the scope `user`"));
        }
        (ScopeDto::User, None) => {
            return Err(
                Problem::field("user", "is missing").remedy("name the user for whom the key is")
            );
        }
    };
    let now = api.clock.now();
    let random = NewKey::random().zip(new_id(now));
    let (secret, id) = random.ok_or_else(Problem::core_busy)?;
    let name = name.to_owned();
    let key = ApiKey { id, name, scope, user, created_at: now, revoked_at: None };
    let created = api.database.create_api_key(&key, &secret.sha256()).await;
    created.map_err(|error| Problem::database(&error))?;
    let location = format!("/api/v1/keys/{}", key.id);
    let about = KeyDto::from(key);
    let without = MadeKeyDto { about: about.clone(), key: None };
    let made = MadeKeyDto { about, key: Some(Arc::from(secret.text())) };
    let mut response = (StatusCode::CREATED, Json(made)).into_response();
    // Texts and times are always JSON.
    let without = serde_json::to_string(&without).unwrap_or_default();
    response.extensions_mut().insert(KeptInstead(without));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(location) = HeaderValue::from_str(&location) {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The user, if the server knows him.
fn known(api: &Api, user: &str) -> Result<UserId, Problem> {
    let board = api.core.wallboard.borrow();
    if board.agents.iter().any(|agent| agent.user.as_str() == user) {
        Ok(UserId::from(user))
    } else {
        Err(Problem::field("user", "is no user of the directory")
            .remedy("see `agents` of GET /api/v1/wallboard for who is"))
    }
}

async fn revoke(State(api): State<Api>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let now = api.clock.now();
    let revoked = api.database.revoke_api_key(&id, now).await;
    if revoked.map_err(|error| Problem::database(&error))? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::no_such("key that is still good"))
    }
}
