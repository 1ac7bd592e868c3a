//! Each scenario alone: its exact telephony rows are stored, its exact conversation rows appear,
//! and no invariant is broken.

use serde_json::{Map, Value, json};

use super::support::{Book, Scenario, run, scenarios};

#[test]
fn every_scenario_makes_exactly_its_rows() {
    run(async {
        for scenario in scenarios() {
            let book = Book::new().await;
            let report = book.deliver(&scenario.graph).await;
            let expected = scenario.expect["conversations"].as_array().expect("a list");
            assert_eq!(report.result.as_str(), scenario.expect["result"], "{}", scenario.name);
            assert_eq!(report.conversations.len(), expected.len(), "{}", scenario.name);
            let rows = rows(&book).await;
            similar(scenario, &rows);
            book.assert_sound(&scenario.name).await;
        }
    });
}

fn similar(scenario: &Scenario, found: &[Value]) {
    let mut expected = scenario.expect["conversations"].clone();
    let expected = expected.as_array_mut().expect("a list");
    for conversation in expected.iter_mut() {
        let list = conversation["participants"].as_array_mut().expect("a list");
        list.sort_by_key(|row| row["participant_key"].to_string());
        times(&mut conversation["conversation"], &["first_interaction_at", "last_interaction_at"]);
        times(&mut conversation["event"], &["started_at", "ended_at"]);
    }
    assert_eq!(found, expected.as_slice(), "{}", scenario.name);
}

/// The oracle writes times as text, the database as milliseconds.
fn times(row: &mut Value, columns: &[&str]) {
    for column in columns {
        let text = row[column].as_str().expect("a time");
        row[*column] = json!(model::Millis::parse(text).expect("a time").0);
    }
}

/// The rows of every conversation as the oracle nests them, by segment.
async fn rows(book: &Book) -> Vec<Value> {
    const CONVERSATION: &[&str] = &[
        "external_key",
        "external_id",
        "internal_key",
        "internal_number_id",
        "internal_kind",
        "internal_user_id",
        "internal_group_id",
        "owner_user_id",
        "status",
        "origin",
        "first_interaction_at",
        "last_interaction_at",
        "event_count",
        "message_count",
    ];
    const PARTICIPANT: &[&str] = &["participant_key", "role", "phone_number", "is_primary"];
    const EVENT: &[&str] =
        &["call_id", "label", "segment", "started_at", "ended_at", "title", "agent_user_id"];
    let sql = "SELECT v.external_key, v.external_id, v.internal_key, v.internal_number_id, \
               v.internal_kind, v.internal_user_id, v.internal_group_id, v.owner_user_id, \
               v.status, v.origin, v.first_interaction_at, v.last_interaction_at, v.event_count, \
               v.message_count, v.id FROM conversation v \
               JOIN conversation_event e ON e.conversation_id = v.id ORDER BY e.segment";
    let mut all = Vec::new();
    for row in book.all(sql, None).await {
        let id = row.last().expect("an id");
        let sql = "SELECT participant_key, role, phone_number, is_primary \
                   FROM conversation_participant WHERE conversation_id = ? \
               ORDER BY participant_key";
        let participants: Vec<Value> = book
            .all(sql, Some(id))
            .await
            .iter()
            .map(|row| {
                let mut object = object(PARTICIPANT, row);
                object["is_primary"] = json!(object["is_primary"] == 1);
                object
            })
            .collect();
        let sql = "SELECT call_id, label, segment, started_at, ended_at, title, agent_user_id \
                   FROM conversation_event WHERE conversation_id = ?";
        let event = &book.all(sql, Some(id)).await[0];
        all.push(json!({
            "conversation": object(CONVERSATION, &row),
            "participants": participants,
            "event": object(EVENT, event),
        }));
    }
    all
}

fn object(columns: &[&str], row: &[String]) -> Value {
    let value = |text: &String| match text.parse::<i64>() {
        Ok(number) if !text.starts_with('+') => json!(number),
        Ok(_) | Err(_) if text == "–" => Value::Null,
        Ok(_) | Err(_) => json!(text),
    };
    let pairs = columns.iter().zip(row);
    let map: Map<_, _> = pairs.map(|(column, text)| ((*column).to_owned(), value(text))).collect();
    Value::Object(map)
}
