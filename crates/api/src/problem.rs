//! Errors as problem documents (RFC 9457). `code` is what programs branch on: it never changes its
//! meaning, and `type` is the address at which it is explained. Every code stands in one table.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use call::port::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::calls::standing::Standing;
use crate::idempotency::NothingDone;

macro_rules! codes {
    ($($name:ident = $status:literal $code:literal $title:literal, $remedy:literal;)*) => {
        /// What is wrong, for machines.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($name,)* }

        impl Code {
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];

            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            pub(crate) fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What to do about it.
            pub(crate) fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }

            fn kind(self) -> &'static str {
                match self { $(Self::$name => concat!("/api/v1/problems/", $code),)* }
            }
        }
    };
}

codes! {
    BadAddress = 400 "bad_address" "This address cannot be read",
        "escape it as UTF-8 (RFC 3986)";
    Unauthorized = 401 "unauthorized" "A key is needed",
        "send a key that is not revoked as `Authorization: Bearer <key>`";
    NoKey = 401 "no_key_configured" "No key is configured",
        "set TANDEM_API_ADMIN_KEY and start again, or make a key with `tandem key`";
    Forbidden = 403 "forbidden" "This is not yours",
        "use the key of the user whom it concerns, or one of an administrator";
    AdminOnly = 403 "admin_only" "This takes an administrator's key",
        "use a key with the scope `admin`";
    NotFound = 404 "not_found" "There is nothing at this address",
        "see /api/v1/openapi.json for what there is";
    NoSuchCall = 404 "no_such_call" "There is no such call",
        "list the calls with GET /api/v1/calls";
    MethodNotAllowed = 405 "method_not_allowed" "This address does not take this method",
        "see /api/v1/openapi.json for the methods that it takes";
    CallOver = 409 "call_over" "The call is over",
        "nothing can be done with it any more; read it at /api/v1/calls/{id}";
    NotOnCall = 409 "not_on_call" "That party is not on this call",
        "see `call.parties` for who is";
    WrongState = 409 "wrong_state" "The call is not in a state in which this can be done",
        "see `call` for how it stands now";
    NoSuchTarget = 409 "no_such_target" "The target cannot be reached this way",
        "name a user, group, IVR or number that exists and that this order can reach";
    Limit = 409 "limit" "A call cannot have more of these",
        "see `call` for who is on it and who is being reached";
    IdempotencyInProgress = 409 "idempotency_in_progress"
        "The first request with this Idempotency-Key is still being carried out",
        "wait for its answer, then ask again";
    EventsGone = 410 "events_gone" "Events after this id are no longer kept",
        "read the calls again, then begin without Last-Event-ID, or with 0 for all that are kept";
    TooLarge = 413 "too_large" "The body is too large",
        "send at most 65536 bytes";
    MediaType = 415 "media_type" "The body is of a type that is not read here",
        "send JSON with `Content-Type: application/json`";
    Invalid = 422 "invalid" "Something in the request cannot be used",
        "see `field` and `detail`";
    IdempotencyMismatch = 422 "idempotency_mismatch"
        "This Idempotency-Key came with another request before",
        "use a new key for each request, and the same only to repeat it";
    TooManyFailures = 429 "too_many_failures" "Too many wrong keys came from this address",
        "wait as long as Retry-After says";
    TooManyStreams = 429 "too_many_streams" "As many event streams are open as may be",
        "close one, or wait as long as Retry-After says";
    Busy = 503 "busy" "The server is busy, and has done nothing", "try again";
    Database = 503 "database" "The database cannot be used now, and nothing was done", "try again";
    Timeout = 503 "timeout" "The answer took too long",
        "look whether it was done before you try again";
}

/// What went wrong, as it is answered.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Problem(Box<Document>);

/// A problem document.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document {
    /// Where this kind of problem is explained.
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    #[schema(value_type = Code)]
    code: &'static str,
    /// What is wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The field of the body, the parameter or the header that cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What to do about it.
    remedy: String,
    /// How the call stands now, where an order was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<Box<Standing>>,
    /// Seconds after which to try again; sent as Retry-After.
    #[serde(skip)]
    retry_after_s: Option<u64>,
}

impl utoipa::PartialSchema for Code {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        crate::openapi::schema::words(
            "What is wrong; never changes its meaning",
            Self::ALL.iter().map(|code| code.as_str()),
        )
    }
}

impl ToSchema for Code {
    fn name() -> std::borrow::Cow<'static, str> {
        "ProblemCode".into()
    }
}

impl Problem {
    pub(crate) fn of(code: Code) -> Self {
        Self(Box::new(Document {
            kind: code.kind(),
            title: code.title(),
            status: code.status(),
            code: code.as_str(),
            detail: None,
            field: None,
            remedy: code.remedy().to_owned(),
            call: None,
            retry_after_s: None,
        }))
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.0.remedy = remedy.into();
        self
    }

    pub(crate) fn retry_after_s(mut self, seconds: u64) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// `what` is the name of a resource: "user", "voice message".
    pub(crate) fn no_such(what: &str) -> Self {
        Self::of(Code::NotFound).detail(format!("There is no such {what}"))
    }

    /// A field that cannot be used; `what` follows its name.
    pub(crate) fn field(name: impl Into<String>, what: impl std::fmt::Display) -> Self {
        let name = name.into();
        let mut problem = Self::of(Code::Invalid).detail(format!("{name}: {what}"));
        problem.0.field = Some(name);
        problem
    }

    /// Whoever asks is no party of this, and is told nothing more of it.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::of(Code::Forbidden).detail(detail)
    }

    pub(crate) fn core_busy() -> Self {
        Self::of(Code::Busy).retry_after_s(1)
    }

    /// The database failed; the cause is for the log.
    pub(crate) fn database(error: &store::Error) -> Self {
        tracing::warn!(%error, "the API cannot use the database");
        Self::of(Code::Database).retry_after_s(1)
    }

    /// An order was refused.
    pub(crate) fn refused(refusal: Refusal, call: Option<Box<Standing>>) -> Self {
        let code = match refusal {
            Refusal::NoCall => Code::NoSuchCall,
            Refusal::NotThere => Code::NotOnCall,
            Refusal::State => Code::WrongState,
            Refusal::Forbidden => Code::Forbidden,
            Refusal::Goal => Code::NoSuchTarget,
            Refusal::Limit => Code::Limit,
        };
        let mut problem = Self::of(code);
        // Of a call that is not there, the core cannot tell whether it ever was.
        if refusal != Refusal::NoCall {
            problem = problem.detail(refusal.to_string());
        }
        problem.0.call = call;
        problem
    }

    /// An order to a call that has ended.
    pub(crate) fn over(call: Standing) -> Self {
        let mut problem = Self::of(Code::CallOver);
        problem.0.call = Some(Box::new(call));
        problem
    }

    #[cfg(test)]
    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (retry_after, code) = (self.0.retry_after_s, self.0.code);
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if code == Code::Busy.as_str() || code == Code::Database.as_str() {
            response.extensions_mut().insert(NothingDone);
        }
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"tandem\"");
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The type of problem documents.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_the_code_that_the_core_gives_it() {
        for refusal in [
            Refusal::NoCall,
            Refusal::NotThere,
            Refusal::State,
            Refusal::Forbidden,
            Refusal::Goal,
            Refusal::Limit,
        ] {
            assert_eq!(Problem::refused(refusal, None).code(), refusal.code());
        }
    }

    #[test]
    fn a_code_stands_once_in_the_table_and_is_an_error() {
        for (index, code) in Code::ALL.iter().enumerate() {
            assert!(Code::ALL[..index].iter().all(|other| other.as_str() != code.as_str()));
            assert!((400..600).contains(&code.status()), "{}", code.as_str());
            assert_eq!(code.kind(), format!("/api/v1/problems/{}", code.as_str()));
        }
    }
}
