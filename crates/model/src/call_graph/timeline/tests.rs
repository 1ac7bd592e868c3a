//! The timelines of the reference scenarios.

use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::call_graph::FinishedCallGraph;

fn oracle(name: &str) -> CallGraph {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/oracle");
    let text = std::fs::read(path.join(format!("{name}.json"))).expect("a scenario");
    let mut scenario: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let graph: FinishedCallGraph =
        serde_json::from_value(scenario["graph"].take()).expect("a graph");
    graph.into_rows()
}

fn shown(graph: &CallGraph) -> String {
    let begin = graph.call.initiated_at.0;
    let mut text = String::new();
    for lane in timeline(graph) {
        let role = lane.role.map_or("rung", ParticipantRole::as_str);
        write!(text, "{} {role}:", lane.key).expect("a line");
        for span in lane.spans {
            let seconds = |at: Millis| (at.0 - begin) as f64 / 1000.0;
            let to = span.to.map_or("…".to_owned(), |to| seconds(to).to_string());
            write!(text, " {} {}–{to}", span.kind, seconds(span.from)).expect("a span");
        }
        text.push('\n');
    }
    text
}

fn all(names: &[&str]) -> String {
    let mut text = String::new();
    for name in names {
        write!(text, "{name}\n{}", shown(&oracle(name))).expect("a scenario");
    }
    text
}

#[test]
fn scenarios_of_routing_as_lanes() {
    insta::assert_snapshot!(all(&["S01", "S02", "S02B", "S04", "S06", "S13", "S14", "S19"]));
}

#[test]
fn scenarios_of_transfers_and_conferences_as_lanes() {
    insta::assert_snapshot!(all(&["S07", "S08", "S09", "S10", "S12", "S16", "S17", "S23", "S24"]));
}
