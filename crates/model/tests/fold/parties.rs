//! Who takes part, however often he leaves and comes back.

use model::call_graph::CallGraph;
use model::call_graph::check::check_emission;
use model::call_graph::words::ConnectionOutcome;
use model::call_graph::words::{
    ConnectionKind, Direction, EndReason, EndedBy, LeaveReason, NoAnswerReason, ParticipantRole,
    TransferMode, TransferState,
};

use crate::story::{Story, context};

/// Participants as `role key [joined, left]`, in seconds.
fn who(graph: &CallGraph) -> String {
    check_emission(&graph.finished()).expect("a graph as this server emits it");
    let begin = graph.call.initiated_at.0;
    let seconds = |at: Option<model::Millis>| at.map_or(-1, |at| (at.0 - begin) / 1000);
    let line = |row: &model::call_graph::graph::CallParticipant| {
        let (joined, left) = (seconds(row.joined_at), seconds(row.left_at));
        format!("{} {} [{joined}, {left}]", row.role, row.participant_key)
    };
    graph.participants.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_consulted_number_outside_becomes_the_transfer_target() {
    let dora = "+15557770002";
    let graph = Story::new("call-x")
        .carl_talks_with_ana()
        .at(60.0)
        .held("u-ana", "+15557770001")
        .transfers("u-ana", TransferMode::Warm, dora)
        .routing(2, ConnectionKind::Consult, Some("u-ana"), dora)
        .rung(2, 1, dora)
        .at(65.0)
        .answered(2, Some(1), dora, ParticipantRole::Consulted)
        .at(90.0)
        .transfer_ended(Some(2), "u-ana", TransferMode::Warm, TransferState::Completed)
        .ends(1, EndReason::Transferred)
        .left(Some(1), "u-ana", LeaveReason::Transferred)
        .plays(2, ParticipantRole::TransferTarget)
        .enters(2, 1)
        .at(100.0)
        .ends(2, EndReason::HangupExternal)
        .over(EndedBy::External, "u-ana", context())
        .graph();
    insta::assert_snapshot!(who(&graph), @"
    caller p:+15557770001 [5, 100]
    callee u:u-ana [5, 90]
    transfer_target p:+15557770002 [65, 100]
    ");
}

#[test]
fn an_anchor_who_transferred_and_is_called_back_is_there_again() {
    let (carl, ben) = ("+15557770001", "u-ben");
    let graph = Story::new("call-x")
        .begins(
            Direction::Outbound,
            ("u-ana", "+15550100001"),
            (Some(carl), carl),
            (Some("n-ana"), Some("u-ana")),
        )
        .dial(1, ConnectionKind::Dial, None, carl)
        .at(5.0)
        .say(model::call_graph::CallEvent::Accepted)
        .answered(1, None, carl, ParticipantRole::Callee)
        .enters(0, 1)
        .enters(1, 1)
        .at(20.0)
        .transfers("u-ana", TransferMode::Cold, ben)
        .leaves(0, 1)
        .say(model::call_graph::CallEvent::AnchorLeft)
        .left(None, "u-ana", LeaveReason::Transferred)
        .routing(2, ConnectionKind::Transfer, Some("u-ana"), ben)
        .rung(2, 1, ben)
        .at(30.0)
        .stops(2, 1, model::call_graph::words::AttemptOutcome::NoAnswer, 487)
        .unanswered(2, NoAnswerReason::Timeout)
        .transfer_ended(Some(2), "u-ana", TransferMode::Cold, TransferState::Returned)
        .fails(2, ConnectionOutcome::NoAnswer, EndReason::NotAnswered, Some(480))
        .routing(3, ConnectionKind::Recall, None, "u-ana")
        .rung(3, 1, "u-ana")
        .at(35.0)
        .answered(3, Some(1), "u-ana", ParticipantRole::Callee)
        .enters(3, 1)
        .at(60.0)
        .ends(3, EndReason::HangupInternal)
        .ends(1, EndReason::HangupInternal)
        .over(EndedBy::Internal, "u-ana", context())
        .graph();
    insta::assert_snapshot!(who(&graph), @"
    caller u:u-ana [5, 60]
    callee p:+15557770001 [5, 60]
    ");
    let left = graph.call.anchor_left_at.expect("a time");
    assert_eq!(left.0 - graph.call.initiated_at.0, 20_000, "the anchor leg left then");
}

#[test]
fn a_number_that_a_user_forwards_to_leaves_with_its_connection() {
    let dora = "+15557770002";
    let graph = Story::new("call-x")
        .carl_talks_with_ana()
        .at(20.0)
        .routing(2, ConnectionKind::Add, Some("u-ana"), "u-ben")
        .rung(2, 1, "u-ben")
        .at(25.0)
        .stops(2, 1, model::call_graph::words::AttemptOutcome::Forwarded, 487)
        .rung(2, 2, dora)
        .at(30.0)
        .answered(2, Some(2), dora, ParticipantRole::Added)
        .enters(2, 1)
        .at(40.0)
        .leaves(2, 1)
        .ends(2, EndReason::HangupExternal)
        .left(Some(2), dora, LeaveReason::Hangup)
        .at(60.0)
        .ends(1, EndReason::HangupExternal)
        .over(EndedBy::External, "u-ana", context())
        .graph();
    insta::assert_snapshot!(who(&graph), @"
    caller p:+15557770001 [5, 60]
    callee u:u-ana [5, 60]
    added p:+15557770002 [30, 40]
    ");
}

#[test]
fn a_slot_or_an_ivr_that_the_party_leaves_by_himself_has_no_connection() {
    let graph = Story::new("call-x")
        .carl_talks_with_ana()
        .at(20.0)
        .hands_on(1, "u-ana", "park:71")
        .at(60.0)
        .transfer_ended(None, "u-ana", TransferMode::Cold, TransferState::Unanswered)
        .over(EndedBy::External, "u-ana", context())
        .graph();
    insta::assert_snapshot!(who(&graph), @"
    caller p:+15557770001 [5, 60]
    callee u:u-ana [5, 20]
    ");
}
