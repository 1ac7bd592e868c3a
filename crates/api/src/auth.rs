//! Who may use the resources: whoever sends the administrator's key. The key itself is not kept,
//! only its SHA-256, and comparing takes the same time whatever was sent.

use std::fmt;

use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::problem::Problem;
use crate::routes::Api;

/// The hash of the administrator's key.
#[derive(Clone)]
pub struct AdminKey([u8; 32]);

impl AdminKey {
    /// Of a key, without white space around it; `None`: it is shorter than 16 characters and could
    /// be guessed, or has others than the visible ones of ASCII and could not be sent.
    pub fn new(key: &str) -> Option<Self> {
        let key = key.trim();
        let can_be_sent = key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        (key.len() >= 16 && can_be_sent).then(|| Self(hash(key)))
    }

    fn is(&self, sent: &str) -> bool {
        self.0.ct_eq(&hash(sent)).into()
    }
}

impl fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKey(…)")
    }
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// Lets requests with the administrator's key through.
pub(crate) async fn administrator(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Response {
    let Some(key) = &api.admin_key else {
        return Problem::no_key().into_response();
    };
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    if sent.is_some_and(|sent| key.is(sent)) {
        return next.run(request).await;
    }
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"tandem\"")];
    (challenge, Problem::unauthorized()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_is_the_key_and_a_short_one_is_none() {
        let key = AdminKey::new("correct horse battery").expect("long enough");
        assert!(key.is("correct horse battery"));
        assert!(!key.is("correct horse batterz") && !key.is(""));
        assert!(AdminKey::new("short").is_none());
        assert!(AdminKey::new("   short           ").is_none());
        assert!(AdminKey::new("correct horse batterÿ").is_none());
        // As a file of the environment ends.
        assert!(
            AdminKey::new("correct horse battery\n").expect("a key").is("correct horse battery")
        );
        assert_eq!(format!("{key:?}"), "AdminKey(…)");
    }
}
