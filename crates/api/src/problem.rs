//! Errors as problem documents (RFC 9457); `code` is what programs branch on.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A problem document.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { kind: "about:blank", title, status: status.as_u16(), code, detail: None }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address")
    }

    pub(crate) fn method_not_allowed() -> Self {
        let title = "This address does not take this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title)
    }

    pub(crate) fn unauthorized() -> Self {
        let title = "Send the key of an administrator as Authorization: Bearer";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", title)
    }

    pub(crate) fn no_key() -> Self {
        let title = "No key is configured: set TANDEM_API_ADMIN_KEY and start again";
        Self::new(StatusCode::UNAUTHORIZED, "no_key_configured", title)
    }

    /// `what` is the name of a resource: "user", "voice message".
    pub(crate) fn no_such(what: &str) -> Self {
        let status = StatusCode::NOT_FOUND;
        Self { detail: Some(format!("There is no such {what}")), ..Self::of(status, "not_found") }
    }

    /// A body or a parameter that cannot be used.
    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { detail: Some(detail.into()), ..Self::of(status, "invalid") }
    }

    /// A body that cannot be read: it is too large, of another type, or none.
    pub(crate) fn unreadable(status: StatusCode, detail: String) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self { detail: Some(detail), ..Self::of(status, "too_large") }
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self { detail: Some(detail), ..Self::of(status, "media_type") }
            }
            _ => Self::invalid(detail),
        }
    }

    /// An address that cannot be read, e.g. because it is no UTF-8.
    pub(crate) fn bad_address() -> Self {
        let title = "This address cannot be read";
        Self::new(StatusCode::BAD_REQUEST, "bad_address", title)
    }

    pub(crate) fn core_busy() -> Self {
        let title = "The server is busy; try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", title)
    }

    pub(crate) fn database() -> Self {
        let title = "The database cannot be read now";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "database", title)
    }

    fn of(status: StatusCode, code: &'static str) -> Self {
        Self::new(status, code, status.canonical_reason().unwrap_or("Error"))
    }

    pub(crate) fn too_slow() -> Self {
        let title = "The answer took too long";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", title)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let content_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        response
    }
}
