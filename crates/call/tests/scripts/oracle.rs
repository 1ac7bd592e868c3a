//! The reference scenarios, driven by leg events and orders at the oracle's times: the fold must be
//! the oracle's graph, row for row.
//!
//! The reference lets time pass where we have none yet (0.1 s until it rings, 3 s of greeting).
//! Such a silence is cut out of the oracle's time axis; every other distance must be exact.

use std::time::Duration;

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
    // S17 gives the transfer target 15 s.
    world.settings.transfer.user_ring = Duration::from_secs(15);
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

/// Ana answers Carl after 5 s; the orders of each scenario come after that.
fn handed_on(name: &str, silence: Silence, script: &str) {
    let beginning = "0.3 ana rings
         4.9 ana answers\n";
    let call = ["+15557770001", "+15550100001"];
    same_as_oracle(name, &[(0, 100), silence], call, &format!("{beginning}{script}"));
}

#[test]
fn s07_cold_transfer_to_a_user() {
    handed_on(
        "S07",
        (60_000, 60_100),
        "59.9 order ana transfer ben
         60.2 ben rings
         65.8 ben answers
         179.8 caller hangs up",
    );
}

#[test]
fn s07_cold_transfer_to_a_user_by_refer() {
    handed_on(
        "S07",
        (60_000, 60_100),
        "59.9 ana refers to ben
         59.95 ana hangs up
         60.2 ben rings
         65.8 ben answers
         179.8 caller hangs up",
    );
}

#[test]
fn s08_warm_transfer_completed() {
    handed_on(
        "S08",
        (60_000, 60_100),
        "59.9 order ana consult ben
         60.2 ben rings
         64.8 ben answers
         89.8 order ana complete
         199.8 ben hangs up",
    );
}

#[test]
fn s08_warm_transfer_completed_by_hanging_up() {
    handed_on(
        "S08",
        (60_000, 60_100),
        "59.9 order ana consult ben
         60.2 ben rings
         64.8 ben answers
         89.8 ana hangs up
         199.8 ben hangs up",
    );
}

#[test]
fn s09_warm_transfer_abandoned() {
    handed_on(
        "S09",
        (60_000, 60_100),
        "59.9 order ana consult ben
         60.2 ben rings
         64.8 ben answers
         79.8 order ana abandon
         139.8 caller hangs up",
    );
}

#[test]
fn s10_cold_transfer_to_a_group() {
    handed_on(
        "S10",
        (50_000, 50_100),
        "49.9 order boss for ana transfer g-supp
         50.2 dan rings
         50.3 eve rings
         50.4 cat rings
         57.8 eve answers
         169.8 caller hangs up",
    );
}

#[test]
fn s12_a_second_contact_is_added() {
    same_as_oracle(
        "S12",
        &[(0, 200)],
        ["ana", "+15557770001"],
        "9.8 +15557770001 answers
         39.8 order ana add +15557770002
         47.8 +15557770002 answers
         99.8 +15557770001 hangs up
         129.8 caller hangs up",
    );
}

#[test]
fn s16_cold_transfer_the_caller_hangs_up() {
    handed_on(
        "S16",
        (50_000, 50_100),
        "49.9 order ana transfer g-ovf
         50.2 dan rings
         50.3 eve rings
         69.8 caller hangs up",
    );
}

#[test]
fn s17_cold_transfer_returned() {
    handed_on(
        "S17",
        (50_000, 50_100),
        "49.9 order ana transfer ben
         50.2 ben rings
         65.2 ana rings
         67.8 ana answers
         99.8 caller hangs up",
    );
}

#[test]
fn s23_a_second_user_is_added() {
    same_as_oracle(
        "S23",
        &[(0, 200), (200, 3_000)],
        ["+15557770001", "+15550200001"],
        "0.3 ana rings
         0.4 ben rings
         0.5 cat rings
         6 ben answers
         6.1 ana settles 487
         57 order ben add dan
         57.3 dan rings
         63 dan answers
         117 ben hangs up
         147 caller hangs up",
    );
}

#[test]
fn s24_cold_transfer_outside() {
    handed_on(
        "S24",
        (30_000, 30_100),
        "29.9 order ana transfer +15557770002
         32.8 +15557770002 rings
         39.8 +15557770002 answers
         89.8 caller hangs up",
    );
}
