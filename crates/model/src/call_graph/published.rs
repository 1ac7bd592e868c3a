//! What the event stream of the API says of the log: every event that people and programs outside
//! can use, by name and as a JSON object. What is kept for explaining a call only
//! (`routing_decision`), and what only mends a row, is not published.

use serde::Serialize;
use serde_json::{Value, json};

use super::event::{CallEvent, Ended};

/// An event as the stream shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Name of the kind: [`CallEvent::kind`].
    pub kind: &'static str,
    /// A JSON object.
    pub data: String,
}

/// How an event is published; `None`: it is not.
pub fn published(event: &CallEvent) -> Option<Published> {
    let kind = event.kind();
    let data = match event {
        CallEvent::Decided(_)
        | CallEvent::StageTargeted { .. }
        | CallEvent::AttemptSettled { .. } => return None,
        CallEvent::Absorbed(absorbed) => object(&json!({
            "call": absorbed.call, "connection": absorbed.connection, "by": absorbed.by,
        })),
        CallEvent::AbsorbedInto(call) => object(&json!({ "call": call })),
        CallEvent::Ended(ended) => end(ended),
        CallEvent::Accepted | CallEvent::AnchorLeft | CallEvent::DataLost => "{}".to_owned(),
        CallEvent::Started(_)
        | CallEvent::IvrEntered { .. }
        | CallEvent::IvrExited { .. }
        | CallEvent::RoutingStarted { .. }
        | CallEvent::DialStarted { .. }
        | CallEvent::DialRinging { .. }
        | CallEvent::TrunkFailedOver { .. }
        | CallEvent::AttemptStarted { .. }
        | CallEvent::AttemptRinging { .. }
        | CallEvent::AttemptEnded { .. }
        | CallEvent::Answered { .. }
        | CallEvent::NoAnswer { .. }
        | CallEvent::BridgeEntered { .. }
        | CallEvent::BridgeLeft { .. }
        | CallEvent::Held { .. }
        | CallEvent::Resumed { .. }
        | CallEvent::ConnectionEnded { .. }
        | CallEvent::TransferStarted { .. }
        | CallEvent::TransferEnded { .. }
        | CallEvent::PartyLeft { .. }
        | CallEvent::RoleChanged { .. }
        | CallEvent::Muted { .. }
        | CallEvent::MediaTimedOut { .. }
        | CallEvent::DigitPressed { .. }
        | CallEvent::QualityRaised { .. }
        | CallEvent::QualityWorsened { .. }
        | CallEvent::QualityCleared { .. }
        | CallEvent::MenuSelected { .. }
        | CallEvent::MenuInvalid { .. }
        | CallEvent::MenuTimedOut { .. }
        | CallEvent::ScheduleMatched { .. }
        | CallEvent::QueueEntered { .. }
        | CallEvent::QueueLeft { .. } => fields(event, kind),
    };
    Some(Published { kind, data })
}

/// The fields of an event that is written as `{"<kind>":{…}}`.
fn fields(event: &CallEvent, kind: &str) -> String {
    let mut text = object(event);
    let before = kind.len() + r#"{"":"#.len();
    if text.len() <= before {
        return "{}".to_owned();
    }
    text.pop();
    text.split_off(before)
}

fn object(value: &impl Serialize) -> String {
    // A key of ours is a text and a number of ours is finite; should that ever fail, the event is
    // told without its fields.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

fn end(ended: &Ended) -> String {
    let document: Value = json!({
        "by": ended.by,
        "outcome": ended.outcome,
        "owner": ended.owner,
        "missed_call_owner": ended.missed_call_owner,
        "missed_call_owner_group": ended.missed_call_owner_group,
        "sip_status": ended.sip_status,
        "q850": ended.q850,
    });
    object(&document)
}

impl CallEvent {
    /// The name of its kind, as in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Started(_) => "started",
            Self::Accepted => "accepted",
            Self::IvrEntered { .. } => "ivr_entered",
            Self::IvrExited { .. } => "ivr_exited",
            Self::RoutingStarted { .. } => "routing_started",
            Self::StageTargeted { .. } => "stage_targeted",
            Self::DialStarted { .. } => "dial_started",
            Self::DialRinging { .. } => "dial_ringing",
            Self::TrunkFailedOver { .. } => "trunk_failed_over",
            Self::AttemptStarted { .. } => "attempt_started",
            Self::AttemptRinging { .. } => "attempt_ringing",
            Self::AttemptEnded { .. } => "attempt_ended",
            Self::AttemptSettled { .. } => "attempt_settled",
            Self::Answered { .. } => "answered",
            Self::NoAnswer { .. } => "no_answer",
            Self::BridgeEntered { .. } => "bridge_entered",
            Self::BridgeLeft { .. } => "bridge_left",
            Self::Held { .. } => "held",
            Self::Resumed { .. } => "resumed",
            Self::ConnectionEnded { .. } => "connection_ended",
            Self::AnchorLeft => "anchor_left",
            Self::TransferStarted { .. } => "transfer_started",
            Self::TransferEnded { .. } => "transfer_ended",
            Self::PartyLeft { .. } => "party_left",
            Self::RoleChanged { .. } => "role_changed",
            Self::Muted { .. } => "muted",
            Self::Absorbed(_) => "absorbed",
            Self::AbsorbedInto(_) => "absorbed_into",
            Self::MediaTimedOut { .. } => "media_timed_out",
            Self::DigitPressed { .. } => "digit_pressed",
            Self::QualityRaised { .. } => "quality_raised",
            Self::QualityWorsened { .. } => "quality_worsened",
            Self::QualityCleared { .. } => "quality_cleared",
            Self::MenuSelected { .. } => "menu_selected",
            Self::MenuInvalid { .. } => "menu_invalid",
            Self::MenuTimedOut { .. } => "menu_timed_out",
            Self::ScheduleMatched { .. } => "schedule_matched",
            Self::QueueEntered { .. } => "queue_entered",
            Self::QueueLeft { .. } => "queue_left",
            Self::Decided(_) => "decided",
            Self::DataLost => "data_lost",
            Self::Ended(_) => "ended",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call_graph::event::{Absorbed, BridgeLeg, Decision, Target};
    use crate::call_graph::graph::Context;
    use crate::call_graph::words::{CallOutcome, ConnectionKind, EndedBy, RoutingRule};
    use crate::directory::AcdStrategy;

    fn shown(event: &CallEvent) -> String {
        let Some(Published { kind, data }) = published(event) else {
            return "not published".to_owned();
        };
        let object: Value = serde_json::from_str(&data).expect("JSON");
        assert!(object.is_object(), "{data}");
        let named = serde_json::to_value(event).expect("JSON");
        let named = named
            .as_str()
            .map(str::to_owned)
            .or_else(|| named.as_object().and_then(|fields| fields.keys().next().cloned()));
        assert_eq!(named.as_deref(), Some(kind), "the name is that of the log");
        format!("{kind} {data}")
    }

    #[test]
    fn an_event_is_its_name_and_an_object() {
        insta::assert_snapshot!(shown(&CallEvent::Accepted), @"accepted {}");
        let held = CallEvent::Held { by: None, party: "u:u-ana".into() };
        insta::assert_snapshot!(shown(&held), @r#"held {"by":null,"party":"u:u-ana"}"#);
        let muted = CallEvent::Muted { leg: BridgeLeg::Connection(2), muted: true };
        insta::assert_snapshot!(shown(&muted), @r#"muted {"leg":{"connection":2},"muted":true}"#);
        let into = CallEvent::AbsorbedInto("call-x".into());
        insta::assert_snapshot!(shown(&into), @r#"absorbed_into {"call":"call-x"}"#);
    }

    #[test]
    fn neither_another_log_nor_the_directory_is_published() {
        let absorbed = CallEvent::Absorbed(Box::new(Absorbed {
            call: "call-y".into(),
            connection: Some(2),
            kind: ConnectionKind::Consult,
            by: "u-ana".into(),
            log: Vec::new(),
        }));
        let text = shown(&absorbed);
        insta::assert_snapshot!(text, @r#"absorbed {"by":"u-ana","call":"call-y","connection":2}"#);
        let ended = CallEvent::Ended(Box::new(Ended {
            by: EndedBy::System,
            outcome: CallOutcome::Answered,
            owner: None,
            missed_call_owner: None,
            missed_call_owner_group: None,
            sip_status: None,
            q850: None,
            context: Context::default(),
        }));
        assert!(!shown(&ended).contains("context"));
        let decision = Decision { rule: RoutingRule::Menu, subject: "".into(), verdict: "".into() };
        let mended = CallEvent::StageTargeted {
            connection: 1,
            target: Target::RecordOwner(None),
            strategy: AcdStrategy::Single,
        };
        for event in [CallEvent::Decided(vec![decision]), mended] {
            assert_eq!(shown(&event), "not published");
        }
    }
}
