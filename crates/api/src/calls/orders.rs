//! `POST /calls` and `POST /calls/{id}/<order>`: what is ordered goes to the core as it is, and the
//! core's answer comes back: how the call stands now, or why the order was refused.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use call::port::{Orderer, Refusal};
use model::{CallId, E164};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::commands::{self as c, Order};
use super::may_read;
use super::names::devices;
use super::standing::Standing;
use crate::auth::Caller;
use crate::core_link::{CoreCommand, OrderAnswer};
use crate::openapi::Route;
use crate::openapi::schema::Line;
use crate::problem::{Code, Problem};
use crate::request::{Body, line};
use crate::router::Api;

/// Why an order may be refused.
const REFUSALS: [Code; 7] = [
    Code::Forbidden,
    Code::NoSuchCall,
    Code::CallOver,
    Code::NotOnCall,
    Code::WrongState,
    Code::NoSuchTarget,
    Code::Limit,
];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/v1/calls", "originate", originate)
            .says(
                "orders",
                "A call is made for a user",
                "His telephone rings first; when it is answered, whom he wishes is called.",
            )
            .body::<Origination>(true, json!({"user": "u-ana", "to": "+15557770001"}))
            .answers::<Standing>(201, "How the new call stands", Standing::example())
            .may_refuse(&[Code::Forbidden, Code::NotOnCall, Code::WrongState])
            .may_refuse(&[Code::NoSuchTarget, Code::Limit]),
        order::<c::Answer>("/api/v1/calls/{id}/answer"),
        order::<c::HangUp>("/api/v1/calls/{id}/hang-up"),
        order::<c::Hold>("/api/v1/calls/{id}/hold"),
        order::<c::Resume>("/api/v1/calls/{id}/resume"),
        order::<c::Transfer>("/api/v1/calls/{id}/transfer"),
        order::<c::Consult>("/api/v1/calls/{id}/consult"),
        order::<c::Complete>("/api/v1/calls/{id}/complete"),
        order::<c::Abandon>("/api/v1/calls/{id}/abandon"),
        order::<c::Swap>("/api/v1/calls/{id}/swap"),
        order::<c::Merge>("/api/v1/calls/{id}/merge"),
        order::<c::Add>("/api/v1/calls/{id}/add"),
        order::<c::Remove>("/api/v1/calls/{id}/remove"),
        order::<c::Mute>("/api/v1/calls/{id}/mute"),
        order::<c::Unmute>("/api/v1/calls/{id}/unmute"),
        order::<c::Digits>("/api/v1/calls/{id}/digits"),
        order::<c::Play>("/api/v1/calls/{id}/play"),
        order::<c::StopPlay>("/api/v1/calls/{id}/stop-play"),
        order::<c::Record>("/api/v1/calls/{id}/record"),
        order::<c::Park>("/api/v1/calls/{id}/park"),
        order::<c::Move>("/api/v1/calls/{id}/move"),
        order::<c::Supervise>("/api/v1/calls/{id}/supervise"),
    ]
}

fn order<T: Order>(path: &'static str) -> Route {
    debug_assert!(path.ends_with(T::NAME));
    Route::post(path, T::ID, carry_out::<T>)
        .says("orders", T::SUMMARY, T::DESCRIPTION)
        .body::<T>(!T::BARE, T::example())
        .answers::<Standing>(200, "How the call stands now", Standing::example())
        .may_refuse(&REFUSALS)
}

fn orderer(caller: &Caller) -> Orderer {
    caller.user.clone().map_or(Orderer::Operator, Orderer::User)
}

async fn carry_out<T: Order>(
    State(api): State<Api>,
    caller: Caller,
    Path(id): Path<String>,
    Body(order): Body<T>,
) -> Result<Json<Standing>, Problem> {
    let call = CallId::from(&*id);
    let command = order.command(&caller)?;
    let (reply, answer) = oneshot::channel();
    let by = orderer(&caller);
    let order = CoreCommand::Order { call: call.clone(), by, command, reply };
    match api.core.tell(order, answer).await? {
        Ok((call, standing)) => Ok(Json(Standing::of(&call, &standing))),
        Err((refusal, standing)) => Err(refused(&api, &caller, &call, refusal, standing).await),
    }
}

/// Who may not order is not told how the call stands, and a call that has ended is another thing
/// than one that never was.
async fn refused(
    api: &Api,
    caller: &Caller,
    call: &CallId,
    refusal: Refusal,
    standing: Option<Box<call::port::Standing>>,
) -> Problem {
    match refusal {
        Refusal::Forbidden => Problem::refused(refusal, None),
        Refusal::NoCall => {
            let known = match may_read(api, caller, call).await {
                Ok(()) => api.database.call_graph(call).await.is_ok_and(|graph| graph.is_some()),
                Err(_) => false,
            };
            if known {
                Problem::over(Standing::ended(call))
            } else {
                Problem::refused(refusal, None)
            }
        }
        Refusal::NotThere | Refusal::State | Refusal::Goal | Refusal::Limit => {
            let standing = standing.map(|standing| Standing::of(call, &standing));
            let told = match standing {
                Some(standing) if is_his(api, caller, call, &standing).await => Some(standing),
                Some(_) | None => None,
            };
            Problem::refused(refusal, told.map(Box::new))
        }
    }
}

/// Whether a call is told to this key. Who has just come is in no row yet.
async fn is_his(api: &Api, caller: &Caller, call: &CallId, standing: &Standing) -> bool {
    let now = caller.user.as_ref().is_none_or(|user| standing.names(user.as_str()));
    now || may_read(api, caller, call).await.is_ok()
}

/// A call that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Origination {
    /// For whom; with a user's key he himself where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<Line>)]
    user: Option<String>,
    /// Whom he calls, as he would dial: a number, or a user's name.
    #[schema(value_type = Line)]
    to: String,
    /// On which of his devices; all where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<Line>)]
    device: Option<String>,
    /// The number that is shown: one of his, or of a group of his; his default number where it is
    /// left out.
    #[serde(default)]
    #[schema(pattern = "^\\+[1-9][0-9]{4,14}$")]
    caller_id: Option<String>,
}

async fn originate(
    State(api): State<Api>,
    caller: Caller,
    Body(wanted): Body<Origination>,
) -> Result<Response, Problem> {
    let user = caller.acting("user", wanted.user.as_deref())?;
    let to = Arc::from(line("to", &wanted.to)?);
    let devices = devices(wanted.device.as_deref())?;
    let caller_id = match wanted.caller_id.as_deref().map(E164::parse) {
        Some(Err(error)) => {
            return Err(Problem::field("caller_id", error)
                .remedy("write it as +15550100001, or leave it out for the default number"));
        }
        Some(Ok(number)) => Some(number),
        None => None,
    };
    let (reply, answer) = oneshot::channel();
    let command = CoreCommand::Originate { user, devices, to, caller_id, reply };
    let answer: OrderAnswer = api.core.tell(command, answer).await?;
    let (call, standing) = answer.map_err(|(refusal, _)| match refusal {
        // There was no call to begin with: nobody of this name can make one.
        Refusal::NoCall => Problem::refused(Refusal::NotThere, None),
        Refusal::NotThere
        | Refusal::State
        | Refusal::Forbidden
        | Refusal::Goal
        | Refusal::Limit => Problem::refused(refusal, None),
    })?;
    let mut response = (StatusCode::CREATED, Json(Standing::of(&call, &standing))).into_response();
    if let Ok(location) = HeaderValue::from_str(&format!("/api/v1/calls/{call}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
