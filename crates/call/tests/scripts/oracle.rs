//! The reference scenarios that need no transfer, driven by leg events at the
//! oracle's times: the fold must be the oracle's graph, row for row.
//!
//! The reference lets time pass where we have none yet (0.1 s until it rings, 3 s of greeting).
//! Such a silence is cut out of the oracle's time axis; every other distance must be exact.

use model::Millis;
use model::call_graph::FinishedCallGraph;
use serde_json::Value;

use crate::directory::{directory, oracle};
use crate::script::play;
use crate::world::{BEGINNING, World};

/// A silence of the reference: from, to, in milliseconds after the call began.
type Silence = (i64, i64);

fn same_as_oracle(name: &str, silences: &[Silence], call: [&str; 2], script: &str) {
    same_as_oracle_in("", name, silences, call, script);
}

/// The same where IVRs say something: `additions` to the directory.
fn same_as_oracle_in(
    additions: &str,
    name: &str,
    silences: &[Silence],
    call: [&str; 2],
    script: &str,
) {
    let document: Value = serde_json::from_str(&oracle(&format!("{name}.json"))).expect("JSON");
    let mut wanted = document["graph"].clone();
    cut(&mut wanted, silences);
    let mut world = World::new(directory(additions));
    play(&mut world, "registered ana ben cat dan eve own mia max");
    world.arrive("A", &format!("call-{}", name.to_lowercase()), call[0], call[1]);
    play(&mut world, script);
    let live = &world.calls[0];
    assert!(live.finished, "{}", world.log);
    let graph = live.graph.as_ref().expect("a graph");
    let found: FinishedCallGraph = graph.finished();
    let mut found = serde_json::to_value(found).expect("JSON");
    // What media measures is not the engine's.
    wanted["quality_events"] = found["quality_events"].clone();
    // A comparison of contexts ignores what one of them names beyond the other (D46).
    for list in ["users", "groups"] {
        let named = found["context"][list].clone();
        let extras = wanted["context"][list].as_object_mut().expect("a map");
        extras.retain(|id, _| named.get(id).is_some());
    }
    for graph in [&mut wanted, &mut found] {
        sort_sets(graph);
    }
    assert_eq!(
        serde_json::to_string_pretty(&found).expect("JSON"),
        serde_json::to_string_pretty(&wanted).expect("JSON"),
        "{}",
        world.log
    );
}

/// Makes the oracle's greetings and routing take no time.
fn cut(value: &mut Value, silences: &[Silence]) {
    match value {
        Value::String(text) => {
            if let Ok(at) = Millis::parse(text) {
                let beginning = Millis::parse(BEGINNING).expect("a time").0;
                let since = at.0 - beginning;
                let cut: i64 =
                    silences.iter().map(|(from, to)| since.clamp(*from, *to) - from).sum();
                *text = Millis(at.0 - cut).to_string();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| cut(item, silences)),
        Value::Object(fields) => fields.values_mut().for_each(|field| cut(field, silences)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// JSON objects have no order; serde keeps that of the struct or of the file.
fn sort_sets(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(sort_sets),
        Value::Object(fields) => {
            let mut sorted: Vec<_> = std::mem::take(fields).into_iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            sorted.iter_mut().for_each(|(_, field)| sort_sets(field));
            fields.extend(sorted);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn s01_answered_inbound_direct_to_a_user() {
    same_as_oracle(
        "S01",
        &[(0, 100)],
        ["+15557770001", "+15550100001"],
        "0.3 ana rings
         5.9 ana answers
         65.9 caller hangs up",
    );
}

#[test]
fn s02_missed_inbound_direct_the_caller_gives_up() {
    same_as_oracle(
        "S02",
        &[(0, 100)],
        ["+15557770003", "+15550100001"],
        "0.3 ana rings
         19.9 caller cancels",
    );
}

#[test]
fn s02b_missed_inbound_direct_the_ring_timer_runs_out() {
    same_as_oracle(
        "S02B",
        &[(0, 100)],
        ["+15557770001", "+15550100002"],
        "0.3 ben rings
         100 pass",
    );
}

#[test]
fn s03_simulring_the_second_member_answers() {
    same_as_oracle(
        "S03",
        &[(0, 3_000)],
        ["+15557770001", "+15550200001"],
        "0.3 ana rings
         0.4 ben rings
         0.5 cat rings
         6 ben answers
         6.1 ana settles 487
         6.1 cat settles 487
         126 ben hangs up",
    );
}

#[test]
fn s04_round_robin_the_third_attempt_answers() {
    same_as_oracle(
        "S04",
        &[(0, 2_000)],
        ["+15557770002", "+15550200003"],
        "0.3 dan rings
         15.3 eve rings
         18 eve fails 603
         18.3 cat rings
         22.5 cat answers
         88 caller hangs up",
    );
}

#[test]
fn s05_simulring_nobody_answers_and_the_caller_hangs_up() {
    same_as_oracle(
        "S05",
        &[(0, 3_000)],
        ["+15557770003", "+15550200001"],
        "0.3 ana rings
         0.4 ben rings
         0.5 cat rings
         22 caller hangs up",
    );
}

#[test]
fn s06_the_ivr_times_out_and_the_next_one_answers() {
    same_as_oracle(
        "S06",
        &[(0, 3_000), (23_000, 24_000)],
        ["+15557770001", "+15550200005"],
        "0.3 ana rings
         0.4 ben rings
         0.5 cat rings
         20.3 dan rings
         20.4 eve rings
         26 dan answers
         96 caller hangs up",
    );
}

#[test]
fn s11_outbound_answered() {
    same_as_oracle(
        "S11",
        &[(0, 200)],
        ["ana", "+15557770002"],
        "2 +15557770002 rings
         11.8 +15557770002 answers
         71.8 caller hangs up",
    );
}

#[test]
fn s13_outbound_with_a_group_caller_id_not_answered() {
    same_as_oracle(
        "S13",
        &[(0, 200)],
        ["cat/+15550200001", "+15557770003"],
        "2 +15557770003 rings
         29.8 +15557770003 fails 480",
    );
}

/// The menu asks, and the IVR behind it greets.
const SPEAKING: &str = r#"{"ivrs": [
    {"id": "ivr-menu", "action": "menu", "greeting_prompt": "menu.wav",
      "record_owner_user_id": "u-own", "missed_call_owner_user_id": "u-mia",
      "options": {"1": "ivr-sales", "2": "ivr-supp"}, "accept": "entry"},
    {"id": "ivr-supp", "action": "call_transfer", "greeting_prompt": "support.wav",
      "target_kind": "group", "target_group_id": "g-supp", "acd_strategy": "round_robin",
      "attempt_ring_ms": 15000, "no_answer_timeout_ms": 90000,
      "record_owner_user_id": "u-own", "missed_call_owner_user_id": "u-mia",
      "accept": "entry"}]
}"#;

#[test]
fn s14_the_caller_hangs_up_in_the_menu() {
    same_as_oracle_in(
        SPEAKING,
        "S14",
        &[(0, 200)],
        ["+15557770001", "+15550200002"],
        "5 caller heard
         7.8 caller hangs up",
    );
}

#[test]
fn s15_a_menu_option_leads_to_another_group() {
    same_as_oracle_in(
        SPEAKING,
        "S15",
        &[(0, 200)],
        ["+15557770002", "+15550200002"],
        "5.8 caller presses 2
         6.8 caller heard
         7.1 dan rings
         11.8 dan answers
         59.8 caller hangs up",
    );
}

#[test]
fn s19_internal_call() {
    same_as_oracle(
        "S19",
        &[(0, 100)],
        ["ana", "ben"],
        "0.3 ben rings
         3.9 ben answers
         29.9 caller hangs up",
    );
}
