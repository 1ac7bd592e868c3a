//! Calls of the reference, drawn.

use std::path::Path;

use model::call_graph::{CallGraph, FinishedCallGraph};
use model::directory::Directory;

use super::*;
use crate::directory_file;
use crate::document::Notation;

fn oracle(name: &str) -> CallGraph {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/oracle");
    let text = std::fs::read(path.join(format!("{name}.json"))).expect("a scenario");
    let mut scenario: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let graph: FinishedCallGraph =
        serde_json::from_value(scenario["graph"].take()).expect("a graph");
    graph.into_rows()
}

fn directory() -> Directory {
    let text = include_str!("../../../../../config/directory.toml");
    let read = directory_file::parse("directory.toml", text, Notation::Toml).expect("a directory");
    let mut directory = Directory::default();
    read.content.add_to(&mut directory);
    directory
}

fn drawn(graph: &CallGraph, now: Millis) -> String {
    let mut out = Vec::new();
    draw(graph, &Names::new(&directory(), graph), &TimeZone::UTC, now, &mut out).expect("memory");
    String::from_utf8(out).expect("text")
}

#[test]
fn a_warm_transfer_shows_the_hold_the_consultation_and_who_took_over() {
    insta::assert_snapshot!(drawn(&oracle("S08"), Millis(0)));
}

#[test]
fn a_cold_transfer_to_a_group_shows_who_was_rung_and_who_answered() {
    insta::assert_snapshot!(drawn(&oracle("S10"), Millis(0)));
}

#[test]
fn bad_audio_stands_below_the_lanes() {
    insta::assert_snapshot!(drawn(&oracle("S01"), Millis(0)));
}

#[test]
fn a_call_that_runs_is_drawn_up_to_now() {
    let mut graph = oracle("S01");
    graph.call.ended_at = None;
    graph.call.outcome = None;
    graph.call.state = model::call_graph::words::CallState::InProgress;
    graph.call.anchor_left_at = None;
    graph.connections[0].ended_at = None;
    graph.participants.iter_mut().for_each(|row| row.left_at = None);
    graph.interactions.pop();
    let now = graph.call.initiated_at.plus(Duration::from_secs(40));
    insta::assert_snapshot!(drawn(&graph, now));
}
