//! A stored graph against the oracle's: the same rows in the same order, ids mapped, times by
//! their order (model.md §8). A time that the oracle says is earlier may be equal in a run, for a
//! run is faster than the oracle's people; it may not be later. Times that are one in the oracle
//! are one in the run, because rows of one input carry one time (D40).

use std::collections::BTreeMap;

use serde_json::Value;

/// Every difference, as a line that names the place.
pub fn graphs(expected: &Value, stored: &Value) -> Vec<String> {
    let expected_id = expected["call_id"].as_str().unwrap_or_default();
    let stored_id = stored["call_id"].as_str().unwrap_or_default();
    let expected = renamed(expected, expected_id, "CALL");
    let stored = renamed(stored, stored_id, "CALL");
    let mut compared = Compared::default();
    for part in ["call", "connections", "attempts", "participants", "interactions"] {
        compared.values(part, &expected[part], &stored[part]);
    }
    compared.context(&expected["context"], &stored["context"]);
    compared.order();
    compared.differences
}

/// Takes out of a graph what an absorbed consultation adds to it (D34): the one interaction
/// `call_absorbed`; and the hold, which came before the consultation was dialled, takes its time,
/// as if one order had done both. What is wrong about them.
pub fn without_absorption(graph: &mut Value) -> Option<String> {
    let interactions = graph["interactions"].as_array_mut()?;
    let count = interactions.len();
    interactions.retain(|row| row["kind"] != "call_absorbed");
    let wrong = (interactions.len() + 1 != count).then(|| "one `call_absorbed`".to_owned());
    for index in 0..interactions.len() {
        interactions[index]["seq"] = (index + 1).into();
        let next = interactions.get(index + 1).map(|row| (row["kind"].clone(), row["at"].clone()));
        if let Some((kind, at)) = next
            && interactions[index]["kind"] == "hold"
            && kind == "transfer_started"
        {
            interactions[index]["at"] = at;
        }
    }
    wrong
}

/// The conversations of a call against the oracle's: ids aside, all rows are exact; times are
/// those of the stored graph at the places where the oracle's graph has the oracle's time.
pub fn conversations(expected: &Value, stored: &Value, graphs: (&Value, &Value)) -> Vec<String> {
    let (expected_graph, stored_graph) = graphs;
    let expected_id = expected_graph["call_id"].as_str().unwrap_or_default();
    let stored_id = stored_graph["call_id"].as_str().unwrap_or_default();
    let mut times = BTreeMap::new();
    pair_times(expected_graph, stored_graph, &mut times);
    let mut expected = renamed(expected, expected_id, "CALL");
    translate(&mut expected, &times);
    let mut stored = renamed(stored, stored_id, "CALL");
    for conversations in [&mut expected, &mut stored] {
        sort_participants(conversations);
    }
    let mut compared = Compared { times_exact: true, ..Compared::default() };
    compared.values("conversations", &expected, &stored);
    compared.differences
}

fn renamed(value: &Value, id: &str, to: &str) -> Value {
    match value {
        Value::String(text) if !id.is_empty() => Value::String(text.replace(id, to)),
        Value::Array(items) => items.iter().map(|item| renamed(item, id, to)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, field)| (key.clone(), renamed(field, id, to))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The participants of a conversation are a set.
fn sort_participants(conversations: &mut Value) {
    for conversation in conversations.as_array_mut().into_iter().flatten() {
        if let Some(rows) = conversation["participants"].as_array_mut() {
            rows.sort_by_key(|row| row["participant_key"].to_string());
        }
    }
}

fn is_time(text: &str) -> bool {
    text.len() == 24 && text.ends_with('Z') && text.as_bytes()[10] == b'T'
}

fn pair_times(expected: &Value, stored: &Value, times: &mut BTreeMap<String, String>) {
    match (expected, stored) {
        (Value::String(one), Value::String(other)) if is_time(one) && is_time(other) => {
            times.entry(one.clone()).or_insert_with(|| other.clone());
        }
        (Value::Array(ones), Value::Array(others)) => {
            for (one, other) in ones.iter().zip(others) {
                pair_times(one, other, times);
            }
        }
        (Value::Object(ones), Value::Object(others)) => {
            for (key, one) in ones {
                if let Some(other) = others.get(key) {
                    pair_times(one, other, times);
                }
            }
        }
        (_, _) => {}
    }
}

fn translate(value: &mut Value, times: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(translated) = times.get(text) {
                *text = translated.clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| translate(item, times)),
        Value::Object(fields) => fields.values_mut().for_each(|field| translate(field, times)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[derive(Default)]
struct Compared {
    times_exact: bool,
    differences: Vec<String>,
    /// Place, the oracle's time, the run's.
    times: Vec<(String, String, String)>,
}

impl Compared {
    fn values(&mut self, place: &str, expected: &Value, stored: &Value) {
        match (expected, stored) {
            (Value::String(one), Value::String(other))
                if is_time(one) && is_time(other) && !self.times_exact =>
            {
                self.times.push((place.to_owned(), one.clone(), other.clone()));
            }
            (Value::Array(ones), Value::Array(others)) => {
                if ones.len() != others.len() {
                    let line = format!("{place}: {} rows, {} stored", ones.len(), others.len());
                    self.differences.push(line);
                }
                for (index, (one, other)) in ones.iter().zip(others).enumerate() {
                    self.values(&format!("{place}[{index}]"), one, other);
                }
            }
            (Value::Object(ones), Value::Object(others)) => {
                for key in ones.keys().chain(others.keys().filter(|key| !ones.contains_key(*key))) {
                    let place = format!("{place}.{key}");
                    match (ones.get(key), others.get(key)) {
                        (Some(one), Some(other)) => self.values(&place, one, other),
                        (one, other) => {
                            self.differences.push(format!("{place}: {one:?}, stored {other:?}"));
                        }
                    }
                }
            }
            (one, other) => {
                if one != other {
                    self.differences.push(format!("{place}: {one}, stored {other}"));
                }
            }
        }
    }

    /// Extras of the context are ignored (D46): the oracle lists everybody, the run whom it names.
    fn context(&mut self, expected: &Value, stored: &Value) {
        for part in ["internal_number", "ivr_visits"] {
            self.values(&format!("context.{part}"), &expected[part], &stored[part]);
        }
        for part in ["users", "groups"] {
            for (id, entry) in stored[part].as_object().into_iter().flatten() {
                self.values(&format!("context.{part}.{id}"), &expected[part][id], entry);
            }
        }
    }

    fn order(&mut self) {
        let mut lines = Vec::new();
        for (index, (place, one, stored_one)) in self.times.iter().enumerate() {
            for (other_place, other, stored_other) in &self.times[index + 1..] {
                let wrong = match one.cmp(other) {
                    std::cmp::Ordering::Less => stored_one > stored_other,
                    std::cmp::Ordering::Equal => stored_one != stored_other,
                    std::cmp::Ordering::Greater => stored_one < stored_other,
                };
                if wrong {
                    lines.push(format!(
                        "{place} and {other_place}: {one} and {other}, \
                         stored {stored_one} and {stored_other}"
                    ));
                }
            }
        }
        self.differences.extend(lines);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn graph(id: &str, answered: &str, ended: &str) -> Value {
        json!({"call_id": id, "call": {"id": id, "answered_at": answered, "ended_at": ended},
            "connections": [], "attempts": [], "participants": [], "interactions": [],
            "context": {"internal_number": null, "ivr_visits": [], "users": {}, "groups": {}}})
    }

    const EARLY: &str = "2026-01-05T10:00:00.000Z";
    const LATE: &str = "2026-01-05T10:00:06.000Z";

    #[test]
    fn a_tie_is_allowed_and_a_turned_order_is_not() {
        let expected = graph("call-s01", EARLY, LATE);
        assert!(graphs(&expected, &graph("other", EARLY, EARLY)).is_empty());
        assert_eq!(graphs(&expected, &graph("other", LATE, EARLY)).len(), 1);
    }

    #[test]
    fn what_is_one_time_stays_one_time() {
        let expected = graph("call-s01", EARLY, EARLY);
        assert_eq!(graphs(&expected, &graph("other", EARLY, LATE)).len(), 1);
    }

    #[test]
    fn a_missing_row_and_another_value_are_seen() {
        let mut expected = graph("call-s01", EARLY, LATE);
        expected["call"]["outcome"] = "answered".into();
        let mut stored = graph("other", EARLY, LATE);
        stored["call"]["outcome"] = "missed".into();
        stored["attempts"] = json!([{}]);
        assert_eq!(graphs(&expected, &stored).len(), 2);
    }
}
