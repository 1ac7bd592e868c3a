//! Who may use the resources: whoever sends the bootstrap administrator's key of the environment,
//! or a key of the database that is not revoked. A key is 256 random bits and only its SHA-256 is
//! kept, so that neither a copy of the database nor the time that comparing takes tells one.
//! Whoever sends wrong keys is not listened to for a while.

mod failures;
mod key;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use model::UserId;
use store::access::KeyScope;
use subtle::ConstantTimeEq as _;

use crate::problem::{Code, Problem};
use crate::request::line;
use crate::router::App;

pub(crate) use self::failures::Failures;
pub(crate) use self::key::hex_hash;
pub use self::key::{AdminKey, NewKey, key_name, new_id};

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Whose key came with a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Id of the key; the bootstrap key's is [`BOOTSTRAP`].
    pub(crate) key: Arc<str>,
    /// The user for whom alone it is; `None`: an administrator's.
    pub(crate) user: Option<UserId>,
}

/// What the administrator's key of the environment is called beside those of the database.
pub(crate) const BOOTSTRAP: &str = "environment";

impl Caller {
    /// Refuses a key that is for another user.
    pub(crate) fn may_act_for(&self, user: &str) -> Result<(), Problem> {
        match &self.user {
            Some(own) if own.as_str() != user => {
                Err(Problem::forbidden(format!("this key is for the user {own}")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The user that is named, or whose key it is.
    pub(crate) fn acting(
        &self,
        field: &'static str,
        named: Option<&str>,
    ) -> Result<UserId, Problem> {
        match (named, &self.user) {
            (Some(named), _) => {
                let named = line(field, named)?;
                self.may_act_for(named)?;
                Ok(UserId::from(named))
            }
            (None, Some(own)) => Ok(own.clone()),
            (None, None) => Err(Problem::field(field, "is missing")
                .remedy("name the user for whom this is ordered, or use his key")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::of(Code::Unauthorized))
    }
}

/// Lets requests with an administrator's key through.
pub(crate) async fn administrator(state: State<App>, request: Request, next: Next) -> Response {
    enter(state.0, request, next, true).await
}

/// Lets requests with any key through.
pub(crate) async fn anyone(state: State<App>, request: Request, next: Next) -> Response {
    enter(state.0, request, next, false).await
}

async fn enter(app: App, mut request: Request, next: Next, admin_only: bool) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let sent = bearer(&request).map(str::to_owned);
    let caller = match recognised(&app, peer, sent.as_deref()).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    if admin_only && caller.user.is_some() {
        return Problem::of(Code::AdminOnly).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

async fn recognised(app: &App, peer: Option<Peer>, sent: Option<&str>) -> Result<Caller, Problem> {
    let Some(sent) = sent else { return Err(Problem::of(Code::Unauthorized)) };
    if let Some(wait) = peer.and_then(|peer| app.failures.wait(peer.0)) {
        let seconds = wait.as_secs().saturating_add(1);
        return Err(Problem::of(Code::TooManyFailures).retry_after_s(seconds));
    }
    if app.api.admin_key.as_ref().is_some_and(|key| key.is(sent)) {
        return Ok(Caller { key: Arc::from(BOOTSTRAP), user: None });
    }
    if let Some(caller) = of_database(app, sent).await? {
        return Ok(caller);
    }
    if let Some(peer) = peer {
        app.failures.add(peer.0);
    }
    Err(Problem::of(no_key_fits(app).await))
}

/// Whether a key could have fitted at all.
async fn no_key_fits(app: &App) -> Code {
    let none = app.api.admin_key.is_none();
    let none = none && app.api.database.api_keys().await.is_ok_and(|keys| keys.is_empty());
    if none { Code::NoKey } else { Code::Unauthorized }
}

async fn of_database(app: &App, sent: &str) -> Result<Option<Caller>, Problem> {
    let hash = hex_hash(sent);
    let found = app.api.database.api_key_by_hash(&hash).await;
    let found = found.map_err(|error| Problem::database(&error))?;
    let Some(key) = found.filter(|key| key.revoked_at.is_none()) else { return Ok(None) };
    match (key.scope, key.user) {
        (KeyScope::Admin, _) => Ok(Some(Caller { key: key.id.into(), user: None })),
        (KeyScope::User, Some(user)) => Ok(Some(Caller { key: key.id.into(), user: Some(user) })),
        // A row by somebody else's hand: a key for a user is never taken for more.
        (KeyScope::User, None) => Ok(None),
    }
}

/// Whether a key is still one: for answers that last.
pub(crate) async fn still_holds(app: &App, caller: &Caller) -> bool {
    if &*caller.key == BOOTSTRAP {
        return true;
    }
    // A database that cannot be read revokes nothing.
    app.api.database.api_keys().await.map_or(true, |keys| {
        keys.iter().any(|key| key.id == *caller.key && key.revoked_at.is_none())
    })
}

/// Whether two hashes are the same, in a time that does not tell where they differ.
fn same(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.ct_eq(right).into()
}
