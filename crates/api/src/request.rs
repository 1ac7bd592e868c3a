//! Reading what a request brings: a body and a query. What cannot be used is refused with the name
//! of the field, what is wrong with it, and what to do about it.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use model::nearest;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::{Code, Problem};
use crate::router::BODY;

/// The longest text that is dialled, names somebody or names a sound, characters.
const LONGEST: usize = 128;

/// A JSON body; an empty one is an object without fields.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = is_json(&request);
        let bytes = bytes(request).await?;
        if bytes.is_empty() {
            return parse(b"{}").map(Self);
        }
        if !is_json {
            return Err(Problem::of(Code::MediaType));
        }
        parse(&bytes).map(Self)
    }
}

/// The whole body, if it is no larger than it may be.
pub(crate) async fn bytes(request: Request) -> Result<Bytes, Problem> {
    // A body that breaks off finds nobody who reads the answer.
    to_bytes(request.into_body(), BODY).await.map_err(|_| Problem::of(Code::TooLarge))
}

fn is_json(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Serde would take a list for an object, too.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::of(Code::Invalid)
            .detail("the body is no JSON object")
            .remedy("send one JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_syntax() || error.is_eof() {
            return Problem::of(Code::Invalid)
                .detail(format!("the body is no JSON: {error}"))
                .remedy("send one JSON object");
        }
        refused(&path, &message(&error), is_text_at(bytes, &path))
    })?;
    reader.end().map_err(|error| {
        Problem::of(Code::Invalid)
            .detail(format!("the body is more than one JSON value: {error}"))
            .remedy("send one JSON object")
    })?;
    Ok(value)
}

/// What serde says, without where in the text: the field is named.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

/// Whether a text stands there: then a word that is not known is a value, and else a name.
fn is_text_at(bytes: &[u8], path: &str) -> bool {
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return false };
    path.split('.').all(|name| {
        value = value[name].take();
        !value.is_null()
    }) && value.is_string()
}

/// A problem of what serde says of the value at this path (`.` is the whole), which is a text or
/// something else.
fn refused(path: &str, message: &str, is_text: bool) -> Problem {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let below = |name: &str| {
        if path == "." || path.is_empty() || path == name || path.ends_with(&format!(".{name}")) {
            if path.ends_with(name) { path.to_owned() } else { name.to_owned() }
        } else {
            format!("{path}.{name}")
        }
    };
    match (message, quoted.as_slice()) {
        (message, [name, ..]) if message.starts_with("missing field") => {
            Problem::field(below(name), "is missing").remedy(format!("add `{name}`"))
        }
        (message, [name, known @ ..])
            if message.starts_with("unknown field") || message.starts_with("unknown variant") =>
        {
            let remedy = match (nearest(name, known.iter().copied()), known) {
                (Some(meant), _) => format!("did you mean `{meant}`?"),
                (None, []) => "leave it out".to_owned(),
                (None, known) => format!("use one of {}", known.join(", ")),
            };
            if is_text && message.starts_with("unknown variant") {
                return Problem::field(path, format!("`{name}` is not known")).remedy(remedy);
            }
            Problem::field(below(name), "is not known here").remedy(remedy)
        }
        _ if path == "." || path.is_empty() => {
            Problem::of(Code::Invalid).detail(message).remedy("send one JSON object")
        }
        _ => Problem::field(path, message).remedy("see /api/v1/openapi.json for what it may be"),
    }
}

/// The query of an address.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match Query::<T>::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => {
                let text = error.body_text();
                let text = text.rsplit("query string: ").next().unwrap_or_default();
                // What axum tells begins with the parameter, if it is about one.
                match text.split_once(": ") {
                    Some((name, message)) if !name.contains(' ') => {
                        Err(refused(name, message, false))
                    }
                    Some(_) | None => Err(refused("", text, false)),
                }
            }
        }
    }
}

/// One line of text that is not empty.
pub(crate) fn line<'a>(field: &str, text: &'a str) -> Result<&'a str, Problem> {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.chars().any(char::is_control) {
        return Err(Problem::field(field, "is not one line of text").remedy("write something"));
    }
    if trimmed.chars().count() > LONGEST {
        let what = format!("is longer than {LONGEST} characters");
        return Err(Problem::field(field, what).remedy("shorten it"));
    }
    Ok(trimmed)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    struct Order {
        user: String,
        to: To,
        #[serde(default)]
        slots: Vec<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only whether it can be read is looked at")]
    enum To {
        User(String),
        Group(String),
    }

    #[test]
    fn what_cannot_be_read_is_told_by_its_field_with_a_remedy() {
        let told = |body: &str| {
            let problem = parse::<Order>(body.as_bytes()).expect_err("it cannot be read");
            let problem = serde_json::to_value(problem).expect("JSON");
            ["field", "detail", "remedy"].map(|key| problem[key].as_str().unwrap_or("-").to_owned())
        };
        let text = [
            r#"{"user": "u"}"#,
            r#"{"user": 5, "to": {"user": "u"}}"#,
            r#"{"usr": "u", "to": {"user": "u"}}"#,
            r#"{"user": "u", "to": {"usr": "u"}}"#,
            r#"{"user": "u", "to": {"group": []}}"#,
            r#"{"user": "u", "to": {"user": "u", "group": "g"}}"#,
            r#"{"user": "u", "to": {"user": "u"}, "slots": [1, 300]}"#,
            r#"{"user": "u", "#,
            r#"["u"]"#,
            r#"{"user": "u", "to": {"user": "u"}} x"#,
        ]
        .map(|body| told(body).join(" | "))
        .join("\n");
        insta::assert_snapshot!(text);
    }
}
