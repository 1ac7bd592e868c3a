//! The vocabulary suffices for every reference scenario in which a call is handed on: told as the
//! engine tells it, the fold is the oracle's graph, field for field.

use model::call_graph::CallEvent;
use model::call_graph::check::check_emission;
use model::call_graph::graph::Context;
use model::call_graph::words::{
    AttemptOutcome, ConnectionKind, ConnectionOutcome, Direction, EndReason, EndedBy, IvrExit,
    LeaveReason, NoAnswerReason, ParticipantRole, TransferMode, TransferState,
};

use crate::story::{Story, scenario};

fn same(name: &str, tell: impl FnOnce(Story, Context) -> Story) {
    let wanted = scenario(name);
    let context: Context = serde_json::from_value(wanted["context"].clone()).expect("a context");
    let story = tell(Story::new(&format!("call-{}", name.to_lowercase())), context);
    let found = story.graph().finished();
    check_emission(&found).expect("a graph as this server emits it");
    let found = serde_json::to_value(&found).expect("JSON");
    for part in wanted.as_object().expect("an object").keys() {
        let (found, wanted) = (&found[part], &wanted[part]);
        let text = |value| serde_json::to_string_pretty(value).expect("JSON");
        assert!(found == wanted, "{name} {part}: {}\nwanted {}", text(found), text(wanted));
    }
}

#[test]
fn s07_cold_transfer_to_a_user() {
    same("S07", |story, context| {
        story
            .carl_talks_with_ana()
            .at(60.0)
            .hands_on(1, "u-ana", "u-ben")
            .at(60.1)
            .routing(2, ConnectionKind::Transfer, Some("u-ana"), "u-ben")
            .rung(2, 1, "u-ben")
            .at(60.4)
            .rings(2, 1)
            .at(66.0)
            .taken_over(2, 1, "u-ben", "u-ana")
            .at(180.0)
            .ends(2, EndReason::HangupExternal)
            .over(EndedBy::External, "u-ana", context)
    });
}

#[test]
fn s08_warm_transfer_completed() {
    same("S08", |story, context| {
        story
            .carl_talks_with_ana()
            .ana_consults_ben()
            .at(90.0)
            .transfer_ended(Some(2), "u-ana", TransferMode::Warm, TransferState::Completed)
            .leaves(1, 2)
            .ends(1, EndReason::Transferred)
            .left(Some(1), "u-ana", LeaveReason::Transferred)
            .plays(2, ParticipantRole::TransferTarget)
            .leaves(2, 2)
            .enters(2, 1)
            .resumed("u-ben", "+15557770001")
            .at(200.0)
            .ends(2, EndReason::HangupInternal)
            .over(EndedBy::Internal, "u-ana", context)
    });
}

#[test]
fn s09_warm_transfer_abandoned() {
    same("S09", |story, context| {
        story
            .carl_talks_with_ana()
            .ana_consults_ben()
            .at(80.0)
            .transfer_ended(Some(2), "u-ana", TransferMode::Warm, TransferState::Abandoned)
            .leaves(2, 2)
            .ends(2, EndReason::Abandoned)
            .left(Some(2), "u-ben", LeaveReason::Abandoned)
            .leaves(1, 2)
            .enters(1, 1)
            .resumed("u-ana", "+15557770001")
            .at(140.0)
            .ends(1, EndReason::HangupExternal)
            .over(EndedBy::External, "u-ana", context)
    });
}

#[test]
fn s10_cold_transfer_to_a_group() {
    same("S10", |story, context| {
        let group = Some("g-supp");
        story
            .carl_talks_with_ana()
            .at(50.0)
            .hands_on(1, "u-ana", "g-supp")
            .at(50.1)
            .routing(2, ConnectionKind::Transfer, Some("u-ana"), "g-supp")
            .rung_in(2, 1, "u-dan", None, group)
            .rung_in(2, 2, "u-eve", None, group)
            .rung_in(2, 3, "u-cat", None, group)
            .at(50.4)
            .rings(2, 1)
            .at(50.5)
            .rings(2, 2)
            .at(50.6)
            .rings(2, 3)
            .at(58.0)
            .taken_over(2, 2, "u-eve", "u-ana")
            .stops(2, 1, AttemptOutcome::AnsweredElsewhere, 487)
            .stops(2, 3, AttemptOutcome::AnsweredElsewhere, 487)
            .at(170.0)
            .ends(2, EndReason::HangupExternal)
            .over(EndedBy::External, "u-ana", context)
    });
}

#[test]
fn s12_a_second_contact_is_added_and_the_first_leaves() {
    same("S12", |story, context| {
        let (carl, dora) = ("+15557770001", "+15557770002");
        story
            .begins(
                Direction::Outbound,
                ("u-ana", "+15550100001"),
                (Some(carl), carl),
                (Some("n-ana"), Some("u-ana")),
            )
            .at(0.2)
            .dial(1, ConnectionKind::Dial, None, carl)
            .at(10.0)
            .say(CallEvent::Accepted)
            .answered(1, None, carl, ParticipantRole::Callee)
            .enters(0, 1)
            .enters(1, 1)
            .at(40.0)
            .dial(2, ConnectionKind::Add, Some("u-ana"), dora)
            .at(48.0)
            .answered(2, None, dora, ParticipantRole::Added)
            .enters(2, 1)
            .at(100.0)
            .leaves(1, 1)
            .ends(1, EndReason::HangupExternal)
            .left(Some(1), carl, LeaveReason::Hangup)
            .at(130.0)
            .ends(2, EndReason::HangupInternal)
            .over(EndedBy::Internal, "u-ana", context)
    });
}

#[test]
fn s16_cold_transfer_to_a_group_unanswered() {
    same("S16", |story, context| {
        let group = Some("g-ovf");
        story
            .carl_talks_with_ana()
            .at(50.0)
            .hands_on(1, "u-ana", "g-ovf")
            .at(50.1)
            .routing(2, ConnectionKind::Transfer, Some("u-ana"), "g-ovf")
            .rung_in(2, 1, "u-dan", None, group)
            .rung_in(2, 2, "u-eve", None, group)
            .at(50.4)
            .rings(2, 1)
            .at(50.5)
            .rings(2, 2)
            .at(70.0)
            .stops(2, 1, AttemptOutcome::CallerHangup, 487)
            .stops(2, 2, AttemptOutcome::CallerHangup, 487)
            .unanswered(2, NoAnswerReason::CallerHangup)
            .transfer_ended(Some(2), "u-ana", TransferMode::Cold, TransferState::Unanswered)
            .fails(2, ConnectionOutcome::Canceled, EndReason::NotAnswered, Some(487))
            .over(EndedBy::External, "u-ana", context)
    });
}

#[test]
fn s17_cold_transfer_returned_to_the_transferor() {
    same("S17", |story, context| {
        story
            .carl_talks_with_ana()
            .at(50.0)
            .hands_on(1, "u-ana", "u-ben")
            .at(50.1)
            .routing(2, ConnectionKind::Transfer, Some("u-ana"), "u-ben")
            .rung(2, 1, "u-ben")
            .at(50.4)
            .rings(2, 1)
            .at(65.1)
            .stops(2, 1, AttemptOutcome::NoAnswer, 487)
            .unanswered(2, NoAnswerReason::Timeout)
            .transfer_ended(Some(2), "u-ana", TransferMode::Cold, TransferState::Returned)
            .fails(2, ConnectionOutcome::NoAnswer, EndReason::NotAnswered, Some(480))
            .routing(3, ConnectionKind::Recall, None, "u-ana")
            .rung(3, 1, "u-ana")
            .at(65.4)
            .rings(3, 1)
            .at(68.0)
            .answered(3, Some(1), "u-ana", ParticipantRole::Callee)
            .enters(3, 1)
            .at(100.0)
            .ends(3, EndReason::HangupExternal)
            .over(EndedBy::External, "u-ana", context)
    });
}

#[test]
fn s23_a_user_is_added_and_the_first_leaves() {
    same("S23", |story, context| {
        let (ivr, group) = (Some("ivr-sales"), Some("g-sales"));
        let entered = CallEvent::IvrEntered {
            ivr: "ivr-sales".into(),
            group: Some("g-sales".into()),
            record_owner: Some("u-own".into()),
            missed_call_owner: Some("u-mia".into()),
        };
        let (reason, next) = (IvrExit::Answered, None);
        let exited = CallEvent::IvrExited { ivr: "ivr-sales".into(), reason, next };
        let mut routing = Story::new("").routing(1, ConnectionKind::Route, None, "g-sales");
        let mut routing = routing.log.remove(0).event;
        if let CallEvent::RoutingStarted { ivr, .. } = &mut routing {
            *ivr = Some("ivr-sales".into());
        }
        story
            .begins(
                Direction::Inbound,
                ("+15557770001", "+15557770001"),
                (None, "+15550200001"),
                (Some("n-sales"), None),
            )
            .at(0.2)
            .say(CallEvent::Accepted)
            .say(entered)
            .at(3.0)
            .say(routing)
            .rung_in(1, 1, "u-ana", ivr, group)
            .rung_in(1, 2, "u-ben", ivr, group)
            .rung_in(1, 3, "u-cat", ivr, group)
            .at(3.3)
            .rings(1, 1)
            .at(3.4)
            .rings(1, 2)
            .at(3.5)
            .rings(1, 3)
            .at(9.0)
            .answered(1, Some(2), "u-ben", ParticipantRole::Callee)
            .stops(1, 1, AttemptOutcome::AnsweredElsewhere, 487)
            .stops(1, 3, AttemptOutcome::AnsweredElsewhere, 487)
            .enters(0, 1)
            .enters(1, 1)
            .say(exited)
            .at(60.0)
            .routing(2, ConnectionKind::Add, Some("u-ben"), "u-dan")
            .rung(2, 1, "u-dan")
            .at(60.3)
            .rings(2, 1)
            .at(66.0)
            .answered(2, Some(1), "u-dan", ParticipantRole::Added)
            .enters(2, 1)
            .at(120.0)
            .leaves(1, 1)
            .ends(1, EndReason::HangupInternal)
            .left(Some(1), "u-ben", LeaveReason::Hangup)
            .at(150.0)
            .ends(2, EndReason::HangupExternal)
            .over(EndedBy::External, "u-own", context)
    });
}

#[test]
fn s24_cold_transfer_to_a_number_outside() {
    same("S24", |story, context| {
        let dora = "+15557770002";
        story
            .carl_talks_with_ana()
            .at(30.0)
            .hands_on(1, "u-ana", dora)
            .at(30.1)
            .routing(2, ConnectionKind::Transfer, Some("u-ana"), dora)
            .rung(2, 1, dora)
            .at(33.0)
            .rings(2, 1)
            .at(40.0)
            .taken_over(2, 1, dora, "u-ana")
            .at(90.0)
            .ends(2, EndReason::HangupExternal)
            .over(EndedBy::External, "u-ana", context)
    });
}
