//! What the view tells of the reference scenarios.

use model::call_graph::graph::FinishedCallGraph;

use super::*;
use crate::demo::directory::DemoDirectory;

fn scenario(text: &str) -> CallGraph {
    let mut scenario: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let graph: FinishedCallGraph =
        serde_json::from_value(scenario["graph"].take()).expect("a graph");
    graph.into_rows()
}

fn told(shown: &mut Shown, graph: &CallGraph) -> String {
    let names = Names::of(&DemoDirectory::read().expect("the built-in one").content);
    let mut changes = shown.changes(None, graph, &names);
    changes.sort();
    let begin = graph.call.initiated_at;
    let line = |change: &Change| format!("{:>6} {}", seconds(begin, change.at), change.text);
    changes.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_round_robin_is_told_in_order() {
    let graph = scenario(include_str!("../../../../../tests/data/oracle/S04.json"));
    insta::assert_snapshot!(told(&mut Shown::default(), &graph), @"
     0.00 Dora Contact (+15557770002) calls Support (+15550200003)
     0.20 enters ivr-supp
     2.00 rings Support one after another
     2.30   Dan Diaz rings
    17.00   Dan Diaz does not answer
    17.30   Eve East rings
    20.00   Eve East declines
    20.30   Cat Cole rings
    24.50 Cat Cole answers
    90.00 ends after 90.00 s, answered: the caller hung up
    ");
}

#[test]
fn who_does_not_answer_is_told_before_the_next_ivr() {
    let graph = scenario(include_str!("../../../../../tests/data/oracle/S06.json"));
    insta::assert_snapshot!(told(&mut Shown::default(), &graph), @"
      0.00 Carl Contact (+15557770001) calls Sales (+15550200005)
      0.20 enters ivr-s1
      3.00 rings everybody in Sales at once
      3.30   Ana Agent rings
      3.40   Ben Baker rings
      3.50   Cat Cole rings
     23.00   Ana Agent does not answer
     23.00   Ben Baker does not answer
     23.00   Cat Cole does not answer
     23.00 nobody answers in time
     23.00 goes on to the next IVR
     23.00 enters ivr-s2
     24.00 rings everybody in Overflow at once
     24.30   Dan Diaz rings
     24.40   Eve East rings
     30.00 Dan Diaz answers
     30.00   Eve East stops ringing: answered elsewhere
    100.00 ends after 100.00 s, answered: the caller hung up
    ");
}

#[test]
fn nothing_is_told_twice() {
    let whole = scenario(include_str!("../../../../../tests/data/oracle/S02.json"));
    let mut begun = whole.clone();
    begun.interactions.truncate(2);
    begun.call.state = CallState::Ringing;
    for attempt in &mut begun.attempts {
        (attempt.ended_at, attempt.outcome) = (None, None);
    }
    let mut shown = Shown::default();
    let first = told(&mut shown, &begun);
    let second = told(&mut shown, &whole);
    insta::assert_snapshot!(format!("{first}\n--\n{second}"), @"
      0.00 +15557770003 calls Ana Agent (+15550100001)
      0.10 looks for Ana Agent
      0.40   Ana Agent rings
    --
     20.00 the caller gives up
     20.00   Ana Agent stops ringing
     20.00 ends after 20.00 s, missed: the caller hung up
    ");
    assert_eq!(told(&mut shown, &whole), "");
}

#[test]
fn a_bad_moment_is_told_when_it_begins_and_when_it_ends() {
    use model::call_graph::graph::QualityEvent;
    use model::call_graph::words::{
        QualityClear, QualityMetric, QualitySeverity, QualitySource, QualityStream, QualityUnit,
    };

    let mut graph = scenario(include_str!("../../../../../tests/data/oracle/S01.json"));
    let at = |ms| Millis(graph.call.initiated_at.0 + ms);
    let mut event = QualityEvent {
        id: "q".into(),
        call_id: graph.call.id.clone(),
        connection_id: graph.connections.first().map(|row| row.id.clone()),
        stream: QualityStream::Sent,
        metric: QualityMetric::Mos,
        severity: QualitySeverity::Warning,
        threshold: 3.5,
        worst_value: 3.0,
        unit: QualityUnit::Score,
        raised_at: at(20_000),
        cleared_at: None,
        clear_reason: None,
        source: QualitySource::Rtcp,
        explanation: None,
    };
    graph.call.state = CallState::InProgress;
    graph.quality_events = vec![event.clone()];
    let mut shown = Shown::default();
    let first = told(&mut shown, &graph);
    assert!(first.contains(" 20.00   MOS to Ana Agent is bad"), "{first}");
    (event.cleared_at, event.clear_reason) = (Some(at(30_000)), Some(QualityClear::LegEnded));
    graph.quality_events = vec![event];
    assert_eq!(told(&mut shown, &graph), " 30.00   MOS to Ana Agent is no longer bad: leg ended");
}
