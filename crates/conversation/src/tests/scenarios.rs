//! Each scenario of the oracle, delivered alone: the exact rows it expects.

use serde_json::{Value, json};

use super::book::Book;
use super::oracle::Scenario;
use super::{Checked, equal};
use crate::*;

pub(super) fn check(scenario: &Scenario) -> Checked {
    let mut book = Book::new();
    let result = book.deliver(&scenario.graph);
    equal("result", result.as_str(), scenario.expect["result"].as_str().expect("a result"))?;
    book.state()?;
    let mut found: Vec<Value> = book.threads.values().map(rows).collect();
    found.sort_by_key(|row| row["event"]["segment"].as_u64());
    let mut expected = scenario.expect["conversations"].clone();
    for conversation in expected.as_array_mut().expect("a list") {
        sort_participants(&mut conversation["participants"]);
    }
    equal("conversations", Value::from(found), expected)
}

fn sort_participants(list: &mut Value) {
    let list = list.as_array_mut().expect("a list");
    list.sort_by_key(|row| row["participant_key"].to_string());
}

/// The rows as the oracle writes them.
fn rows(thread: &Thread) -> Value {
    let it = &thread.conversation;
    let (kind, user, group) = match &it.identity {
        Identity::User(user) => ("user", Some(user), None),
        Identity::Group(group) => ("group", None, Some(group)),
    };
    let participant = |row: &Participant| {
        let role = match row.who {
            Who::External(_) => "external",
            Who::User(_) => "member",
            Who::Group(_) => "audience",
        };
        json!({
            "participant_key": row.key, "role": role,
            "phone_number": row.phone, "is_primary": row.is_primary,
        })
    };
    let event = &thread.events[0];
    let EventOf::Call(call) = &event.of else { panic!("a call's event") };
    let mut participants = it.participants.iter().map(participant).collect();
    sort_participants(&mut participants);
    json!({
        "conversation": {
            "external_key": it.external_key, "external_id": it.external_id,
            "internal_key": it.internal_key, "internal_number_id": it.internal_number_id,
            "internal_kind": kind, "internal_user_id": user, "internal_group_id": group,
            "owner_user_id": it.owner,
            "status": if it.status == Status::Open { "open" } else { "closed" },
            "origin": it.origin,
            "first_interaction_at": it.first_interaction_at,
            "last_interaction_at": it.last_interaction_at,
            "event_count": it.event_count, "message_count": it.message_count,
        },
        "participants": participants,
        "event": {
            "call_id": call, "label": event.label, "segment": event.segment,
            "started_at": event.started_at, "ended_at": event.ended_at,
            "title": event.title(),
            "agent_user_id": event.share.agent.as_ref().map(|agent| &agent.user),
        },
    })
}
