//! How a call stands, as orders are answered.

use call::port::{PartyStanding, SearchStanding, StageName, Supervision};
use model::CallId;
use model::call_graph::event::{BridgeLeg, Party};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::openapi::schema::words;

/// What a call is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Standing {
    /// The call.
    call_id: String,
    /// Where it is.
    #[schema(value_type = StageWord)]
    state: &'static str,
    /// Who is on it, in the order in which they came.
    parties: Vec<PartyOnCall>,
    /// Who is being reached, in the order in which that began.
    searches: Vec<Search>,
    /// The slot in which it is parked.
    parked: Option<String>,
}

/// Somebody on a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PartyOnCall {
    /// How orders name its leg: `anchor` for who made the call, `c<seq>` for a Connection; null for
    /// a supervisor who takes no part.
    #[schema(pattern = "^(anchor|c[1-9][0-9]*)$")]
    leg: Option<String>,
    /// The user, if it is one.
    user: Option<String>,
    /// The number: a user's default number, or that of somebody outside; null where it is withheld.
    number: Option<String>,
    /// The record of somebody outside.
    record: Option<String>,
    /// Who has the same number hears each other; 1 is the call itself, a consultation has another.
    #[schema(minimum = 0)]
    bridge: u16,
    /// Whether he has put the others on hold.
    holds: bool,
    /// Whether his microphone is shut by order.
    muted: bool,
    /// How he supervises, if he does.
    #[schema(value_type = Option<SupervisionWord>)]
    supervises: Option<&'static str>,
}

/// Somebody is being reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Search {
    /// `seq` of the Connection that it opened; null for a device or a supervisor.
    #[schema(minimum = 1)]
    connection: Option<u16>,
    /// The user who ordered it; null: the call itself.
    by: Option<String>,
    /// The users whose telephones ring.
    ringing: Vec<String>,
}

/// The words of [`Standing::state`].
pub(crate) struct StageWord;

/// The words of [`PartyOnCall::supervises`].
pub(crate) struct SupervisionWord;

const STAGES: [StageName; 7] = [
    StageName::Routing,
    StageName::Waiting,
    StageName::Ringing,
    StageName::Voicemail,
    StageName::Talking,
    StageName::Parked,
    StageName::Ended,
];

impl utoipa::PartialSchema for StageWord {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        words("Where a call is", STAGES.map(StageName::as_str))
    }
}

impl ToSchema for StageWord {
    fn name() -> std::borrow::Cow<'static, str> {
        "CallStage".into()
    }
}

impl utoipa::PartialSchema for SupervisionWord {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let all = [Supervision::Listen, Supervision::Whisper, Supervision::Barge];
        words("How a supervisor is on a call", all.map(supervision))
    }
}

impl ToSchema for SupervisionWord {
    fn name() -> std::borrow::Cow<'static, str> {
        "Supervision".into()
    }
}

impl Standing {
    pub(crate) fn of(call: &CallId, standing: &call::port::Standing) -> Self {
        Self {
            call_id: call.to_string(),
            state: standing.stage.as_str(),
            parties: standing.parties.iter().map(PartyOnCall::of).collect(),
            searches: standing.searches.iter().map(Search::of).collect(),
            parked: standing.parked.as_deref().map(str::to_owned),
        }
    }

    /// Of a call that is over.
    pub(crate) fn ended(call: &CallId) -> Self {
        Self {
            call_id: call.to_string(),
            state: StageName::Ended.as_str(),
            parties: Vec::new(),
            searches: Vec::new(),
            parked: None,
        }
    }

    /// Whether a user is on the call, or is rung for it.
    pub(crate) fn names(&self, user: &str) -> bool {
        let on_it = self.parties.iter().any(|party| party.user.as_deref() == Some(user));
        on_it || self.searches.iter().any(|search| search.ringing.iter().any(|rung| rung == user))
    }

    pub(crate) fn example() -> Value {
        json!({
            "call_id": "019f1c1c-7a10-7000-8000-000000000003",
            "state": "talking",
            "parties": [
                {
                    "leg": "anchor", "user": null, "number": "+15557770001",
                    "record": "r-con-1", "bridge": 1, "holds": false, "muted": false,
                    "supervises": null,
                },
                {
                    "leg": "c1", "user": "u-ana", "number": "+15550100001", "record": null,
                    "bridge": 2, "holds": true, "muted": false, "supervises": null,
                },
            ],
            "searches": [{"connection": 2, "by": "u-ana", "ringing": ["u-ben"]}],
            "parked": null,
        })
    }
}

impl PartyOnCall {
    fn of(party: &PartyStanding) -> Self {
        let (user, number, record) = match &party.who {
            Party::User { user, number } => {
                (Some(user.to_string()), number.as_ref().map(ToString::to_string), None)
            }
            Party::External { number, record, text } => {
                let number = number.as_ref().map(ToString::to_string);
                let shown = number.or_else(|| text.as_deref().map(str::to_owned));
                (None, shown, record.as_ref().map(ToString::to_string))
            }
        };
        let leg = party.leg.map(|leg| match leg {
            BridgeLeg::Anchor => "anchor".to_owned(),
            BridgeLeg::Connection(seq) => format!("c{seq}"),
        });
        Self {
            leg,
            user,
            number,
            record,
            bridge: party.bridge,
            holds: party.holds,
            muted: party.muted,
            supervises: party.supervises.map(supervision),
        }
    }
}

impl Search {
    fn of(search: &SearchStanding) -> Self {
        Self {
            connection: search.connection,
            by: search.by.as_ref().map(ToString::to_string),
            ringing: search.ringing.iter().map(ToString::to_string).collect(),
        }
    }
}

fn supervision(how: Supervision) -> &'static str {
    match how {
        Supervision::Listen => "listen",
        Supervision::Whisper => "whisper",
        Supervision::Barge => "barge",
    }
}

/// The leg that an order names.
pub(super) fn leg(text: &str) -> Option<BridgeLeg> {
    if text == "anchor" {
        return Some(BridgeLeg::Anchor);
    }
    let seq = text.strip_prefix('c').filter(|seq| !seq.starts_with(['+', '0']))?;
    seq.parse().ok().map(BridgeLeg::Connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_read_as_it_is_written() {
        assert_eq!(leg("anchor"), Some(BridgeLeg::Anchor));
        assert_eq!(leg("c12"), Some(BridgeLeg::Connection(12)));
        for wrong in ["", "c", "c0", "c+1", "c99999", "Anchor", "2", "c 1"] {
            assert_eq!(leg(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_standing_has_the_fields_of_its_example() {
        let standing = call::port::Standing {
            stage: StageName::Talking,
            parties: vec![
                PartyStanding {
                    leg: Some(BridgeLeg::Anchor),
                    who: Party::External {
                        number: Some(model::E164::parse("+15557770001").expect("a number")),
                        record: Some("r-con-1".into()),
                        text: None,
                    },
                    bridge: 1,
                    holds: false,
                    muted: false,
                    supervises: None,
                },
                PartyStanding {
                    leg: Some(BridgeLeg::Connection(1)),
                    who: Party::User {
                        user: "u-ana".into(),
                        number: Some(model::E164::parse("+15550100001").expect("a number")),
                    },
                    bridge: 2,
                    holds: true,
                    muted: false,
                    supervises: None,
                },
            ],
            searches: vec![SearchStanding {
                connection: Some(2),
                by: Some("u-ana".into()),
                ringing: vec!["u-ben".into()],
            }],
            parked: None,
        };
        let call = CallId::from("019f1c1c-7a10-7000-8000-000000000003");
        let told = serde_json::to_value(Standing::of(&call, &standing)).expect("JSON");
        assert_eq!(told, Standing::example());
    }
}
