//! `GET /calls`: newest first, narrowed by filters, a page at a time. A cursor is the place after
//! the last call of a page; calls that begin meanwhile do not move it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use model::call_graph::words::{CallOutcome, Direction};
use model::text_enum::UnknownWord;
use model::{Millis, NumberId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::read::{CallCursor, CallFilter};
use utoipa::{IntoParams, ToSchema};

use super::rows::CallDto;
use crate::auth::Caller;
use crate::openapi::{Route, schema};
use crate::problem::{Code, Problem};
use crate::request::Asked;
use crate::router::Api;

/// The longest page, and the usual one.
const LONGEST_PAGE: u32 = 500;
const PAGE: u32 = 50;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/calls", "listCalls", list)
            .says(
                "calls",
                "Calls, newest first",
                "A user's key lists the calls in which its user took part or was rung.",
            )
            .query::<Wanted>()
            .answers::<PageDto>(
                200,
                "A page of them",
                json!({"items": [CallDto::example()], "next_cursor": null}),
            )
            .may_refuse(&[Code::Forbidden]),
    ]
}

/// Which calls are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only calls that began then or later: RFC 3339 in UTC with milliseconds, or UTC milliseconds.
    #[param(example = "2026-01-05T00:00:00.000Z", pattern = "^([0-9]{1,15}|[0-9T:.-]+Z)$")]
    from: Option<String>,
    /// Only calls that began before.
    #[param(example = "2026-01-06T00:00:00.000Z", pattern = "^([0-9]{1,15}|[0-9T:.-]+Z)$")]
    to: Option<String>,
    /// Only calls in which this user took part or was rung.
    user_id: Option<String>,
    /// Only calls to or from this number of ours, by its id.
    number_id: Option<String>,
    /// Only calls from or to this number.
    number: Option<String>,
    #[param(value_type = Option<schema::Direction>)]
    direction: Option<String>,
    #[param(value_type = Option<schema::CallOutcome>)]
    outcome: Option<String>,
    /// `true`: only calls that run; `false`: only those that are over.
    live: Option<bool>,
    /// `next_cursor` of the page before.
    #[param(pattern = "^([0-9a-f]{2}){3,}$")]
    cursor: Option<String>,
    /// How many at most.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
}

/// A page of calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallPage)]
struct PageDto {
    /// Newest first.
    items: Vec<CallDto>,
    /// To be given as `cursor` for the next page; null: this is the last.
    next_cursor: Option<String>,
}

async fn list(
    State(api): State<Api>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Problem> {
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(Problem::field("limit", format!("is not from 1 to {LONGEST_PAGE}"))
            .remedy("ask for fewer, and for the next page with `cursor`"));
    }
    let after = wanted.cursor.as_deref().map(cursor).transpose()?;
    let filter = filter(&caller, &wanted)?;
    let page = api.database.calls(&filter, after.as_ref(), limit).await;
    let page = page.map_err(|error| Problem::database(&error))?;
    let next_cursor = page.next.as_ref().map(opaque);
    let link = next_cursor.as_deref().and_then(|cursor| next_page(&wanted, limit, cursor));
    let items = page.calls.iter().map(CallDto::of).collect();
    let mut response = Json(PageDto { items, next_cursor }).into_response();
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn filter(caller: &Caller, wanted: &Wanted) -> Result<CallFilter, Problem> {
    if let Some(user) = &wanted.user_id {
        caller.may_act_for(user)?;
    }
    let time = |name, text: &Option<String>| text.as_deref().map(|text| time(name, text));
    Ok(CallFilter {
        from: time("from", &wanted.from).transpose()?,
        to: time("to", &wanted.to).transpose()?,
        user: wanted.user_id.as_deref().map(UserId::from).or_else(|| caller.user.clone()),
        number: wanted.number_id.as_deref().map(NumberId::from),
        party: wanted.number.clone(),
        direction: word::<Direction>("direction", wanted.direction.as_deref())?,
        outcome: word::<CallOutcome>("outcome", wanted.outcome.as_deref())?,
        live: wanted.live,
    })
}

fn time(name: &'static str, text: &str) -> Result<Millis, Problem> {
    let millis = text.parse().ok().map(Millis);
    millis.or_else(|| Millis::parse(text).ok()).ok_or_else(|| {
        Problem::field(name, "is no time")
            .remedy("write it as 2026-01-05T10:00:00.000Z, or as milliseconds since 1970 in UTC")
    })
}

fn word<T: std::str::FromStr<Err = UnknownWord>>(
    name: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, Problem> {
    let read = text.map(str::parse::<T>).transpose();
    read.map_err(|error| {
        Problem::field(name, &error).remedy(format!("use one of {}", error.expected))
    })
}

/// The place of a page as text that tells nothing: base 16.
fn opaque(cursor: &CallCursor) -> String {
    cursor.to_string().bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn cursor(text: &str) -> Result<CallCursor, Problem> {
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect();
    let cursor = bytes.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
    cursor.ok_or_else(|| {
        Problem::field("cursor", "is none that was given").remedy("use `next_cursor` as it came")
    })
}

/// RFC 8288: where the next page is.
fn next_page(wanted: &Wanted, limit: u32, cursor: &str) -> Option<HeaderValue> {
    use std::fmt::Write as _;
    let mut query = format!("limit={limit}");
    let live = wanted.live.map(|live| live.to_string());
    let parameters = [
        ("from", &wanted.from),
        ("to", &wanted.to),
        ("user_id", &wanted.user_id),
        ("number_id", &wanted.number_id),
        ("number", &wanted.number),
        ("direction", &wanted.direction),
        ("outcome", &wanted.outcome),
        ("live", &live),
    ];
    for (name, value) in parameters {
        let Some(value) = value else { continue };
        let _ = write!(query, "&{name}=");
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                query.push(byte.into());
            } else {
                let _ = write!(query, "%{byte:02X}");
            }
        }
    }
    HeaderValue::from_str(&format!("</api/v1/calls?{query}&cursor={cursor}>; rel=\"next\"")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_others_are_refused() {
        let place = CallCursor { initiated_at: Millis(1_767_607_200_000), id: "call-ü".into() };
        let text = opaque(&place);
        let read = cursor(&text).expect("a cursor");
        assert_eq!((read.initiated_at, read.id), (place.initiated_at, place.id));
        for wrong in ["", "0", "zz", "ff", "313233", "+1"] {
            assert_eq!(cursor(wrong).err().map(|problem| problem.code()), Some("invalid"));
        }
    }
}
