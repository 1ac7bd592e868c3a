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

#[test]
fn what_a_caller_calls_himself_does_not_reach_the_terminal_as_a_command() {
    let mut graph = oracle("S01");
    let text = "\u{1b}]0;owned\u{7}\n\u{9b}2J";
    graph.call.from_number = Some(text.into());
    graph.participants[0].phone_number = None;
    graph.interactions[0].data.insert("from".into(), text.into());
    let told = drawn(&graph, Millis(0));
    assert!(told.chars().all(|it| it == '\n' || !it.is_control()), "{told:?}");
    let mut out = Vec::new();
    let list = List { limit: 1, live: false, json: false };
    list.print(&[graph.call], &TimeZone::UTC, &mut out).expect("memory");
    let told = String::from_utf8(out).expect("text");
    assert_eq!(told.lines().count(), 1, "{told:?}");
    assert!(told.trim_end().chars().all(|it| !it.is_control()), "{told:?}");
}

#[test]
fn a_call_of_no_time_and_one_of_days_are_as_wide_as_any() {
    for (length, last) in [(0, "0.0 s"), (1, "0.0 s"), (400_000_000, "111:06:40")] {
        let mut graph = oracle("S02");
        let from = graph.call.initiated_at;
        let end = from.plus(Duration::from_millis(length));
        let clamp = |at: Millis| at.clamp(from, end);
        graph.call.ended_at = Some(end);
        for row in &mut graph.connections {
            row.opened_at = clamp(row.opened_at);
            row.ended_at = Some(end);
        }
        for row in &mut graph.attempts {
            row.started_at = clamp(row.started_at);
            row.ringing_at = row.ringing_at.map(clamp);
            row.ended_at = Some(end);
        }
        graph.interactions.iter_mut().for_each(|row| row.at = clamp(row.at));
        let told = drawn(&graph, Millis(0));
        assert!(told.lines().any(|line| line.ends_with(last)), "{told}");
        let lanes: Vec<&str> = told.lines().filter(|line| line.contains('│')).collect();
        assert!(!lanes.is_empty(), "{told}");
        for lane in lanes {
            let drawn = lane.split('│').nth(1).map(|cells| cells.chars().count());
            assert_eq!(drawn, Some(60), "{told}");
        }
    }
}

#[test]
fn a_call_that_became_part_of_another_says_of_which() {
    let mut graph = oracle("S19");
    graph.call.absorbed_into_call_id = Some("call-s08".into());
    graph.call.outcome = None;
    graph.call.ended_by = None;
    let told = drawn(&graph, Millis(0));
    assert!(told.lines().next().is_some_and(|it| it.ends_with("part of call-s08")), "{told}");
}
