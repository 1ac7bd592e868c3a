//! Tables, conversations and verdicts as they are printed.

use model::call_graph::graph::FinishedCallGraph;
use store::read::{EventView, ParticipantView};

use super::*;
use crate::demo::directory::DemoDirectory;

fn names() -> Names {
    Names::of(&DemoDirectory::read().expect("the directory that is built in").content)
}

/// A reference scenario.
fn scenario(text: &str) -> CallGraph {
    let mut scenario: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let graph: FinishedCallGraph =
        serde_json::from_value(scenario["graph"].take()).expect("a graph");
    graph.into_rows()
}

fn table(graph: &CallGraph) -> String {
    call_table(graph, &names()).print(Paint::new(false))
}

#[test]
fn a_call_that_went_on_to_another_ivr_shows_who_rang_where() {
    let graph = scenario(include_str!("../../../../../tests/data/oracle/S06.json"));
    insta::assert_snapshot!(table(&graph), @"
                                        start   ring answer    end  outcome
    inbound call                         0.00         30.00 100.00  answered, ended by external
    └ route to Overflow, simulring       3.00         30.00 100.00  answered, hangup external
      ├ Ana Agent (Sales)                3.00   3.30      –  23.00  no answer (487)
      ├ Ben Baker (Sales)                3.00   3.40      –  23.00  no answer (487)
      ├ Cat Cole (Sales)                 3.00   3.50      –  23.00  no answer (487)
      ├ Dan Diaz                        24.00  24.30  30.00  30.00  answered (200)
      └ Eve East                        24.00  24.40      –  30.00  answered elsewhere (487)
    ");
}

#[test]
fn a_call_without_attempts_has_no_branches() {
    let graph = scenario(include_str!("../../../../../tests/data/oracle/S11.json"));
    insta::assert_snapshot!(table(&graph), @"
                                        start   ring answer    end  outcome
    outbound call                        0.00         12.00  72.00  answered, ended by internal
    └ dial to Dora Contact, single       0.20         12.00  72.00  answered, hangup internal
    ");
}

#[test]
fn a_conversation_shows_people_and_what_happened() {
    let person = |name: &str, role: &str| ParticipantView {
        key: String::new(),
        role: role.into(),
        name: name.into(),
        phone: None,
    };
    let event = |label: &str, title: &str, at| EventView {
        call_id: None,
        label: label.into(),
        title: title.into(),
        started_at: Millis(at),
        ended_at: Millis(at + 61_230),
    };
    let view = ConversationView {
        id: "v".into(),
        external_key: "r:r-con-2".into(),
        internal_key: "n:+15550100002".into(),
        internal_name: "Ben Baker".into(),
        owner: Some("Ben Baker".into()),
        status: "open".into(),
        participants: vec![person("Dora Contact", "external"), person("Ben Baker", "member")],
        events: vec![
            event("missed_call", "Dora Contact called Ben Baker", 0),
            event("outbound_call", "Ben Baker called Dora Contact", 3_600_000),
        ],
    };
    let mut out = Vec::new();
    conversations(&mut out, &[view], &names(), Paint::new(false)).expect("memory");
    let text = String::from_utf8(out).expect("text");
    insta::assert_snapshot!(text, @"
    Conversations

      Dora Contact and Ben Baker – +15550100002, open, owned by Ben Baker
        with Dora Contact (external), Ben Baker (member)
        00:00:00 missed call   61.23 s  Dora Contact called Ben Baker
        01:00:00 outbound call 61.23 s  Ben Baker called Dora Contact
    ");
}

#[test]
fn what_differs_is_shown_with_what_was_stated() {
    let good =
        Compared { title: "Direct call", stated: 10, missing: Vec::new(), unexpected: Vec::new() };
    let bad = Compared {
        title: "Simulring",
        stated: 14,
        missing: vec!["attempt of Ana Agent: answered_elsewhere 487".into()],
        unexpected: vec!["attempt of Ana Agent: canceled 487".into()],
    };
    let checked = Checked { rules: 37, broken: vec![("C01 one open conversation".into(), 2)] };
    let mut out = Vec::new();
    let took = Duration::from_millis(11_240);
    let all = verdict(&mut out, &[good, bad], &checked, took, Paint::new(false));
    assert!(!all.expect("memory"));
    let text = String::from_utf8(out).expect("text");
    insta::assert_snapshot!(text, @"
    Verdict

      ✓ Direct call      as stated, 10 facts
      ✗ Simulring        differs
          stated attempt of Ana Agent: answered_elsewhere 487
          found  attempt of Ana Agent: canceled 487
      ✗ C01 one open conversation: broken by 2

    1 of 2 calls came out as stated, 36 of 37 invariants hold; 11.2 s.
    ");
}

#[test]
fn colours_are_for_terminals() {
    assert_eq!(Paint::new(false).good("fine"), "fine");
    assert_eq!(Paint::new(true).good("fine"), "\x1b[32mfine\x1b[0m");
}

#[test]
fn a_long_line_goes_on_below() {
    let line = "word ".repeat(25);
    let lines = wrapped(line.trim_end());
    let widths: Vec<usize> = lines.lines().map(|line| line.chars().count()).collect();
    assert_eq!(widths, [98, 35]);
    assert!(lines.lines().nth(1).is_some_and(|line| line.starts_with("      word")));
    assert_eq!(wrapped("  a b"), "      a b");
}
