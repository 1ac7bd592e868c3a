//! What happened in a call, one sentence for each interaction and each change of quality, in the
//! order in which it happened. Names are those of the directory; an id that it does not know is
//! shown as it is.

use model::Millis;
use model::call_graph::CallGraph;
use model::call_graph::graph::{CallInteraction, QualityEvent};
use model::call_graph::words::{InteractionKind, QualityClear};

use super::names::Names;

/// One sentence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) at: Millis,
    pub(super) text: String,
}

/// The whole story.
pub(super) fn story(graph: &CallGraph, names: &Names) -> Vec<Sentence> {
    let told = graph
        .interactions
        .iter()
        .map(|row| Sentence { at: row.at, text: sentence(graph, row, names) });
    let quality = graph.quality_events.iter().flat_map(|row| bad_audio(graph, row, names));
    let mut sentences: Vec<Sentence> = told.chain(quality).collect();
    // Stable: what happened in one instant stays in the order of the log.
    sentences.sort_by_key(|sentence| sentence.at);
    sentences
}

fn sentence(graph: &CallGraph, row: &CallInteraction, names: &Names) -> String {
    let said = Said { graph, row, names };
    match row.kind {
        InteractionKind::CallStarted => {
            format!("{} call from {}", said.data("direction"), said.caller())
        }
        InteractionKind::IvrEntered => format!("enters {}", said.ivr()),
        InteractionKind::IvrExited => match row.data.get("next") {
            Some(_) => format!(
                "leaves {}: {}, on to {}",
                said.ivr(),
                said.words("reason"),
                said.data("next")
            ),
            None => format!("leaves {}: {}", said.ivr(), said.words("reason")),
        },
        InteractionKind::MenuSelected => {
            format!("presses {} in {}: on to {}", said.data("digit"), said.ivr(), said.data("next"))
        }
        InteractionKind::MenuInvalid => {
            format!("presses {} in {}: no option", said.data("digit"), said.ivr())
        }
        InteractionKind::MenuTimeout => format!("presses nothing in {}", said.ivr()),
        InteractionKind::ScheduleMatched => format!("{} says: {}", said.ivr(), said.data("rule")),
        InteractionKind::RoutingStarted if row.data.contains_key("added") => {
            format!("{} adds {}", said.user(), said.party("target"))
        }
        InteractionKind::RoutingStarted => {
            format!("{} is rung ({})", said.party("target"), said.words("strategy"))
        }
        InteractionKind::DialStarted if row.user_id.is_some() => {
            format!("{} adds {}", said.user(), said.party("to"))
        }
        InteractionKind::DialStarted => format!("{} is dialled", said.party("to")),
        InteractionKind::Answered => format!("{} answers", said.who()),
        InteractionKind::NoAnswer => format!("nobody answers: {}", said.words("reason")),
        InteractionKind::Hold => format!("{} puts {} on hold", said.user(), said.party("party")),
        InteractionKind::Resume => {
            format!("{} takes {} off hold", said.user(), said.party("party"))
        }
        InteractionKind::TransferStarted => {
            format!("{} transfers to {} ({})", said.user(), said.party("target"), said.data("mode"))
        }
        InteractionKind::TransferCompleted => {
            format!("the {} transfer of {} is complete", said.data("mode"), said.user())
        }
        InteractionKind::TransferAbandoned => format!("{} gives the transfer up", said.user()),
        InteractionKind::TransferReturned => format!("the call returns to {}", said.user()),
        InteractionKind::TransferUnanswered => {
            format!("nobody took the transfer of {}", said.user())
        }
        InteractionKind::ParticipantLeft => {
            format!("{} leaves: {}", said.who(), said.words("reason"))
        }
        InteractionKind::CallAbsorbed => {
            format!("call {} becomes part of this one", said.data("call_id"))
        }
        InteractionKind::Dtmf => format!("{} presses {}", said.who(), said.data("digit")),
        InteractionKind::TrunkFailover => format!(
            "{} gave {}: on to {}",
            said.data("from"),
            said.data("sip_status"),
            said.data("to")
        ),
        InteractionKind::MediaTimeout => format!("no audio came for {} s", said.data("seconds")),
        InteractionKind::DataLoss => "some of what happened here could not be kept".to_owned(),
        InteractionKind::CallEnded => format!("over, ended by {}", said.data("by")),
    }
}

/// Bad audio begins, and ends.
fn bad_audio(graph: &CallGraph, row: &QualityEvent, names: &Names) -> Vec<Sentence> {
    let metric = row.metric.as_str().replace('_', " ");
    let whose = names.leg(graph, row.connection_id.as_deref());
    let (worst, unit) = (row.worst_value, row.unit.as_str());
    let began = match &row.explanation {
        Some(explanation) => format!("{}: {explanation}", row.severity),
        None => format!("{} {metric} at {whose}, {worst:.1} {unit} at worst", row.severity),
    };
    let mut sentences = vec![Sentence { at: row.raised_at, text: began }];
    if let (Some(at), Some(QualityClear::Recovered)) = (row.cleared_at, row.clear_reason) {
        sentences.push(Sentence { at, text: format!("{metric} at {whose} is well again") });
    }
    sentences
}

struct Said<'a> {
    graph: &'a CallGraph,
    row: &'a CallInteraction,
    names: &'a Names,
}

impl Said<'_> {
    /// A value of `data` as it is.
    fn data(&self, key: &str) -> String {
        match self.row.data.get(key) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => "–".to_owned(),
        }
    }

    /// A word of `data`, for people.
    fn words(&self, key: &str) -> String {
        self.data(key).replace('_', " ")
    }

    /// An id, a number or `u:<user>` of `data`, by its name.
    fn party(&self, key: &str) -> String {
        self.names.of(&self.data(key))
    }

    fn user(&self) -> String {
        match &self.row.user_id {
            Some(user) => self.names.of(user.as_str()),
            None => "the other side".to_owned(),
        }
    }

    /// The user of the row, else the party that it names.
    fn who(&self) -> String {
        match (&self.row.user_id, self.row.data.get("party")) {
            (Some(_), _) => self.user(),
            (None, Some(_)) => self.party("party"),
            (None, None) => self.names.leg(self.graph, self.row.connection_id.as_deref()),
        }
    }

    fn ivr(&self) -> String {
        self.row.ivr_id.as_ref().map_or("an IVR", |ivr| ivr.as_str()).to_owned()
    }

    fn caller(&self) -> String {
        match (&self.row.user_id, &self.graph.call.from_number) {
            (Some(_), _) => self.user(),
            (None, Some(number)) => self.names.of(number),
            (None, None) => "a withheld number".to_owned(),
        }
    }
}
