//! A consultation that a plain telephone made as a call of its own (D34).

use std::fmt::Write as _;

use model::call_graph::event::{Absorbed, CallEvent, Recorded};
use model::call_graph::graph::CallGraph;
use model::call_graph::words::{
    AttemptOutcome, CallState, ConnectionKind, ConnectionOutcome, Direction, EndReason, EndedBy,
    LeaveReason, NoAnswerReason, ParticipantRole, TransferMode, TransferState,
};
use model::call_graph::{apply, check::check_emission};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::story::{Story, context, scenario};

const CARL: &str = "+15557770001";
const DORA: &str = "+15557770002";

/// Ana's second call: she rings Ben at 60 seconds, he answers at 65.
fn ana_rings_ben() -> Story {
    Story::new("call-y")
        .at(60.0)
        .begins(
            Direction::Internal,
            ("u-ana", "ana"),
            (Some("u-ben"), "ben"),
            (None, Some("u-ana")),
        )
        .at(60.1)
        .routing(1, ConnectionKind::Route, None, "u-ben")
        .rung(1, 1, "u-ben")
        .at(60.4)
        .rings(1, 1)
}

fn ben_answers(story: Story) -> Story {
    story
        .at(65.0)
        .say(CallEvent::Accepted)
        .answered(1, Some(1), "u-ben", ParticipantRole::Callee)
        .enters(0, 1)
        .enters(1, 1)
}

fn absorbed(other: Story, kind: ConnectionKind) -> CallEvent {
    CallEvent::Absorbed(Box::new(Absorbed {
        call: "call-y".into(),
        connection: Some(2),
        kind,
        by: "u-ana".into(),
        log: other.log,
    }))
}

fn carl_waits() -> Story {
    Story::new("call-x").carl_talks_with_ana().at(60.0).leaves(1, 1).held("u-ana", CARL)
}

fn completes(story: Story) -> Story {
    story
        .transfer_ended(Some(2), "u-ana", TransferMode::Warm, TransferState::Completed)
        .ends(1, EndReason::Transferred)
        .left(Some(1), "u-ana", LeaveReason::Transferred)
        .plays(2, ParticipantRole::TransferTarget)
        .enters(2, 1)
        .resumed("u-ben", CARL)
}

fn log(graph: &CallGraph) -> String {
    let begin = graph.call.initiated_at.0;
    let mut text = String::new();
    for row in &graph.interactions {
        #[expect(clippy::cast_precision_loss, reason = "a few minutes")]
        let at = (row.at.0 - begin) as f64 / 1000.0;
        let connection = row.connection_id.as_deref().and_then(|id| id.rsplit('-').next());
        let user = row.user_id.as_ref().map_or("", |user| user.as_str());
        let data = Value::Object(row.data.clone());
        writeln!(text, "{at} {} {} {user} {data}", row.kind, connection.unwrap_or(""))
            .expect("text");
    }
    text
}

#[test]
fn the_rows_are_those_of_s08_and_call_absorbed() {
    let wanted = scenario("S08");
    let other = ben_answers(ana_rings_ben());
    let story = carl_waits().at(90.0).say(absorbed(other, ConnectionKind::Consult));
    let graph = completes(story)
        .at(200.0)
        .ends(2, EndReason::HangupInternal)
        .over(EndedBy::Internal, "u-ana", context())
        .graph();
    check_emission(&graph.finished()).expect("a graph as this server emits it");
    let found = serde_json::to_value(graph.finished()).expect("JSON").to_string();
    let mut found: Value =
        serde_json::from_str(&found.replace("call-x", "call-s08")).expect("JSON");
    let said = found["interactions"].as_array_mut().expect("a list");
    let absorbed = said.iter().position(|row| row["kind"] == "call_absorbed").expect("a row");
    assert_eq!(said.remove(absorbed)["data"], json!({"call_id": "call-y"}));
    for (row, seq) in said.iter_mut().zip(1..) {
        row["seq"] = json!(seq);
    }
    assert_eq!(found, wanted);
}

#[test]
fn a_consultation_that_still_rings_goes_on_as_this_call_s() {
    let story = carl_waits().at(62.0).say(absorbed(ana_rings_ben(), ConnectionKind::Consult));
    let graph = story
        .ends(1, EndReason::Transferred)
        .left(Some(1), "u-ana", LeaveReason::Transferred)
        .at(66.0)
        .answered(2, Some(1), "u-ben", ParticipantRole::TransferTarget)
        .transfer_ended(Some(2), "u-ana", TransferMode::Cold, TransferState::Completed)
        .enters(2, 1)
        .resumed("u-ben", CARL)
        .at(80.0)
        .ends(2, EndReason::HangupInternal)
        .over(EndedBy::Internal, "u-ana", context())
        .graph();
    check_emission(&graph.finished()).expect("a graph as this server emits it");
    insta::assert_snapshot!(log(&graph));
    assert_eq!(graph.participants[2].role, ParticipantRole::TransferTarget);
}

#[test]
fn a_consultation_with_a_number_outside_gets_an_attempt() {
    let other = Story::new("call-y")
        .at(60.0)
        .begins(
            Direction::Outbound,
            ("u-ana", "+15550100001"),
            (Some(DORA), DORA),
            (Some("n-ana"), Some("u-ana")),
        )
        .at(60.2)
        .dial(1, ConnectionKind::Dial, None, DORA)
        .at(61.0)
        .say(CallEvent::DialRinging { connection: 1 });
    // The telephone hangs up its first call's line and we hear of the hold a little later.
    let story = Story::new("call-x").carl_talks_with_ana().at(60.05).held("u-ana", CARL);
    let graph = story
        .at(63.0)
        .say(absorbed(other, ConnectionKind::Consult))
        .at(64.0)
        .answered(2, None, DORA, ParticipantRole::Consulted)
        .at(70.0)
        .transfer_ended(Some(2), "u-ana", TransferMode::Warm, TransferState::Abandoned)
        .ends(2, EndReason::Abandoned)
        .left(Some(2), DORA, LeaveReason::Abandoned)
        .resumed("u-ana", CARL)
        .at(80.0)
        .ends(1, EndReason::HangupExternal)
        .over(EndedBy::External, "u-ana", context())
        .graph();
    check_emission(&graph.finished()).expect("a graph as this server emits it");
    insta::assert_snapshot!(log(&graph));
    let attempt = &graph.attempts[1];
    assert_eq!((attempt.number.as_deref(), attempt.seq), (Some(DORA), 1));
    assert_eq!(attempt.ringing_at.map(|at| at.0 - graph.call.initiated_at.0), Some(61_000));
    assert_eq!(attempt.outcome, Some(AttemptOutcome::Answered));
}

#[test]
fn who_was_called_by_the_other_has_consulted_him() {
    let other = Story::new("call-y")
        .at(60.0)
        .begins(
            Direction::Internal,
            ("u-ben", "ben"),
            (Some("u-ana"), "ana"),
            (None, Some("u-ben")),
        )
        .routing(1, ConnectionKind::Route, None, "u-ana")
        .rung(1, 1, "u-ana")
        .at(62.0)
        .say(CallEvent::Accepted)
        .answered(1, Some(1), "u-ana", ParticipantRole::Callee);
    let story = carl_waits().at(70.0).say(absorbed(other, ConnectionKind::Consult));
    let graph = completes(story)
        .at(80.0)
        .ends(2, EndReason::HangupInternal)
        .over(EndedBy::Internal, "u-ana", context())
        .graph();
    check_emission(&graph.finished()).expect("a graph as this server emits it");
    insta::assert_snapshot!(log(&graph));
}

#[test]
fn a_call_that_is_merged_adds_its_party_with_all_that_was_said() {
    let other = ben_answers(ana_rings_ben())
        .at(66.0)
        .held("u-ana", "u:u-ben")
        .at(67.0)
        .say(CallEvent::DigitPressed {
            user: Some("u-ana".into()),
            party: "u:u-ana".into(),
            digit: '5',
        })
        .at(68.0)
        .resumed("u-ana", "u:u-ben");
    let graph = carl_waits()
        .at(70.0)
        .say(absorbed(other, ConnectionKind::Add))
        .enters(2, 1)
        .enters(1, 1)
        .resumed("u-ana", CARL)
        .at(80.0)
        .ends(2, EndReason::HangupExternal)
        .ends(1, EndReason::HangupExternal)
        .over(EndedBy::External, "u-ana", context())
        .graph();
    check_emission(&graph.finished()).expect("a graph as this server emits it");
    insta::assert_snapshot!(log(&graph));
    assert_eq!(graph.participants[2].role, ParticipantRole::Added);
}

#[test]
fn an_absorbed_call_has_no_rows_and_changes_no_more() {
    let other = ben_answers(ana_rings_ben()).at(90.0).say(CallEvent::AbsorbedInto("call-x".into()));
    let mut graph = Some(other.graph());
    let call = graph.clone().expect("a call");
    assert_eq!(call.call.state, CallState::Absorbed);
    assert_eq!(call.call.absorbed_into_call_id, Some("call-x".into()));
    assert!(call.interactions.is_empty() && call.connections.is_empty());
    assert!(call.participants.is_empty() && call.attempts.is_empty());
    let late = Story::new("call-y").at(91.0).say(CallEvent::DataLost).log.remove(0);
    let changes = apply(&mut graph, &late);
    assert_eq!((changes, graph), (model::call_graph::Changes::default(), Some(call)));
}

/// Ends what is open as an engine does when the caller hangs up.
fn closed(graph: CallGraph, at: model::Millis) -> CallGraph {
    let call = graph.call.id.clone();
    let mut events = Vec::new();
    let open = graph.connections.iter().filter(|row| row.ended_at.is_none());
    for row in open {
        let (connection, answered) = (row.seq, row.answered_at.is_some());
        let rung = graph.attempts.iter().filter(|other| other.connection_id == row.id);
        let named = graph.interactions.iter().rev().find(|said| {
            said.connection_id.as_ref() == Some(&row.id) && !said.kind.as_str().starts_with("tran")
        });
        for attempt in rung.filter(|attempt| attempt.ended_at.is_none() && !answered) {
            events.push(CallEvent::AttemptEnded {
                connection,
                attempt: attempt.seq,
                outcome: AttemptOutcome::CallerHangup,
                sip_status: Some(487),
            });
        }
        if !answered && named.is_some_and(|said| said.kind.as_str() != "no_answer") {
            let reason = NoAnswerReason::CallerHangup;
            events.push(CallEvent::NoAnswer { connection, reason });
        }
        if row.kind == ConnectionKind::Consult {
            let state = if answered { TransferState::Abandoned } else { TransferState::Unanswered };
            let (connection, by) = (Some(connection), "u-ana".into());
            events.push(CallEvent::TransferEnded {
                connection,
                by,
                mode: TransferMode::Warm,
                state,
            });
        }
        events.push(CallEvent::ConnectionEnded {
            connection,
            outcome: ConnectionOutcome::Canceled,
            reason: EndReason::HangupExternal,
            sip_status: Some(487),
            q850: None,
        });
    }
    let end = Story::new("").over(EndedBy::External, "u-ana", context());
    events.extend(end.log.into_iter().map(|recorded| recorded.event));
    let mut graph = Some(graph);
    for event in events {
        apply(&mut graph, &Recorded { call: call.clone(), at, event });
    }
    graph.expect("a call")
}

/// The logs that are cut: to a user, to a number outside, from the other, with music and digits.
fn others() -> Vec<Vec<Recorded>> {
    let whole = |story: Story| {
        let story = story.at(100.0).leaves(1, 1).ends(1, EndReason::HangupInternal);
        story.over(EndedBy::Internal, "u-ana", context()).log
    };
    let outside = Story::new("call-y")
        .at(60.0)
        .begins(Direction::Outbound, ("u-ana", "ana"), (Some(DORA), DORA), (Some("n-ana"), None))
        .dial(1, ConnectionKind::Dial, None, DORA)
        .at(61.0)
        .say(CallEvent::DialRinging { connection: 1 })
        .at(64.0)
        .say(CallEvent::Accepted)
        .answered(1, None, DORA, ParticipantRole::Callee);
    let unanswered = ana_rings_ben()
        .at(80.0)
        .stops(1, 1, AttemptOutcome::Busy, 486)
        .unanswered(1, NoAnswerReason::Busy)
        .fails(1, ConnectionOutcome::Busy, EndReason::NotAnswered, Some(486));
    let called = Story::new("call-y")
        .at(50.0)
        .begins(Direction::Internal, ("u-ben", "ben"), (Some("u-ana"), "ana"), (None, None))
        .routing(1, ConnectionKind::Route, None, "u-ana")
        .rung(1, 1, "u-ana")
        .at(62.0)
        .say(CallEvent::Accepted)
        .answered(1, Some(1), "u-ana", ParticipantRole::Callee);
    let with_hold = ben_answers(ana_rings_ben()).at(70.0).held("u-ana", "u:u-ben");
    let with_hold = with_hold.at(72.0).resumed("u-ana", "u:u-ben");
    vec![whole(with_hold), whole(outside), unanswered.log, whole(called)]
}

proptest! {
    #[test]
    fn any_beginning_of_a_consultation_gives_a_graph_that_holds(
        which in 0..4_usize,
        cut in 1..24_usize,
        later in 0..40_000_i64,
        skew in -70_000..70_000_i64,
        add in any::<bool>(),
    ) {
        let mut log = others().swap_remove(which);
        log.truncate(cut);
        for recorded in &mut log {
            recorded.at.0 += skew;
        }
        let kind = if add { ConnectionKind::Add } else { ConnectionKind::Consult };
        let story = carl_waits();
        let at = model::Millis(story.log.last().expect("an event").at.0 + later);
        let event = CallEvent::Absorbed(Box::new(Absorbed {
            call: "call-y".into(),
            connection: Some(2),
            kind,
            by: "u-ana".into(),
            log,
        }));
        let mut graph = Some(story.graph());
        let changes = apply(&mut graph, &Recorded { call: "call-x".into(), at, event });
        prop_assert!(changes.rewritten);
        let drawn = crate::timeline::holds(graph.as_ref().expect("a call"));
        prop_assert!(drawn.is_ok(), "{drawn:?}");
        let end = model::Millis(at.0 + 1_000);
        let graph = closed(graph.expect("a call"), end);
        let checked = check_emission(&graph.finished());
        prop_assert!(checked.is_ok(), "{:?}\n{}", checked, log_of(&graph));
    }
}

fn log_of(graph: &CallGraph) -> String {
    format!("{}{:#?}{:#?}", log(graph), graph.connections, graph.attempts)
}
