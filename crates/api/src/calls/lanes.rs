//! `GET /calls/{id}/timeline` (model.md §4.7): a lane for each participant and for who was only
//! rung, with spans that never overlap.

use acd::statistics::Wallboard;
use model::UserId;
use model::call_graph::CallGraph;
use model::call_graph::timeline::{Lane, SpanKind};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::read::Rows as _;
use super::rows::AttemptDto;
use crate::openapi::schema::{ParticipantRole, Time, words};

/// A call as lanes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Timeline)]
pub(super) struct TimelineDto {
    call_id: String,
    from: Time,
    /// Null while the call runs.
    to: Option<Time>,
    /// The participants by `ordinal`, then who was only rung.
    lanes: Vec<LaneDto>,
}

/// What one party did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lane)]
struct LaneDto {
    /// `u:<user>`, `p:<number>`, or `a:<call>` for a number that was withheld.
    key: String,
    /// For people.
    name: String,
    /// Null: he was only rung.
    #[schema(value_type = Option<ParticipantRole>)]
    role: Option<&'static str>,
    user: Option<String>,
    number: Option<String>,
    record: Option<String>,
    spans: Vec<SpanDto>,
    /// How often, when and with what outcome he was rung.
    attempts: Vec<AttemptDto>,
}

/// What he did for a while.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Span)]
struct SpanDto {
    #[schema(value_type = SpanWord)]
    kind: &'static str,
    from: Time,
    /// Null: it lasts.
    to: Option<Time>,
}

/// The words of [`SpanDto::kind`].
struct SpanWord;

impl utoipa::PartialSchema for SpanWord {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        words("What somebody does", SpanKind::ALL.iter().map(|kind| kind.as_str()))
    }
}

impl ToSchema for SpanWord {
    fn name() -> std::borrow::Cow<'static, str> {
        "SpanKind".into()
    }
}

impl TimelineDto {
    pub(super) fn example() -> Value {
        json!({
            "call_id": "call-s08", "from": "2026-01-05T10:00:00.000Z",
            "to": "2026-01-05T10:02:30.000Z",
            "lanes": [{
                "key": "u:u-ana", "name": "Ana Agent", "role": "callee", "user": "u-ana",
                "number": "+15550100001", "record": null,
                "spans": [
                    {
                        "kind": "ringing", "from": "2026-01-05T10:00:00.100Z",
                        "to": "2026-01-05T10:00:05.000Z",
                    },
                    {
                        "kind": "talk", "from": "2026-01-05T10:00:05.000Z",
                        "to": "2026-01-05T10:01:00.000Z",
                    },
                ],
                "attempts": [AttemptDto::example()],
            }],
        })
    }
}

/// The lanes of a call; users have the names of the wallboard.
pub(super) fn timeline(graph: &CallGraph, board: &Wallboard) -> TimelineDto {
    let name_of = |user: &UserId| {
        let agent = board.agents.iter().find(|agent| agent.user == *user);
        agent.map_or_else(|| user.to_string(), |agent| agent.name.to_string())
    };
    let attempts = AttemptDto::rows(graph);
    let lane = |lane: Lane| {
        let name = lane.user.as_ref().map(name_of);
        let name = name.or_else(|| lane.number.as_deref().map(str::to_owned));
        LaneDto {
            name: name.unwrap_or_else(|| "withheld".to_owned()),
            key: lane.key.to_string(),
            role: lane.role.map(|role| role.as_str()),
            user: lane.user.map(|user| user.to_string()),
            number: lane.number.as_deref().map(str::to_owned),
            record: lane.record.map(|record| record.to_string()),
            spans: lane
                .spans
                .iter()
                .map(|span| SpanDto {
                    kind: span.kind.as_str(),
                    from: Time(span.from),
                    to: span.to.map(Time),
                })
                .collect(),
            attempts: lane.attempts.iter().filter_map(|&at| attempts.get(at).cloned()).collect(),
        }
    };
    TimelineDto {
        call_id: graph.call.id.to_string(),
        from: Time(graph.call.initiated_at),
        to: graph.call.ended_at.map(Time),
        lanes: model::call_graph::timeline::timeline(graph).into_iter().map(lane).collect(),
    }
}
