//! Whatever a log says, the spans of a lane never overlap and lie in the call (model.md §4.7).

use model::call_graph::event::CallEvent;
use model::call_graph::graph::CallGraph;
use model::call_graph::timeline::{Lane, SpanKind, timeline};
use model::call_graph::words::{
    AttemptOutcome, ConnectionKind, EndReason, EndedBy, IvrExit, LeaveReason, NoAnswerReason,
    ParticipantRole, TransferMode, TransferState,
};
use proptest::prelude::*;

use crate::story::{Story, context};

const PARTIES: [&str; 5] = ["u-ana", "u-ben", "u-dan", "+15557770001", "+15557770002"];
const KINDS: [ConnectionKind; 5] = [
    ConnectionKind::Route,
    ConnectionKind::Consult,
    ConnectionKind::Transfer,
    ConnectionKind::Add,
    ConnectionKind::Recall,
];

/// One thing that may happen, sensible or not.
fn step(story: Story, what: u8, connection: u16, who: usize, kind: usize) -> Story {
    let (who, by) = (PARTIES[who], PARTIES[who % 3]);
    match what {
        0 => story.routing(connection, KINDS[kind], Some(by), who),
        1 => story.rung(connection, 1, who),
        2 => story.answered(connection, Some(1), who, ParticipantRole::Added),
        3 => story.stops(connection, 1, AttemptOutcome::NoAnswer, 487),
        4 => story.unanswered(connection, NoAnswerReason::Timeout),
        5 => story.ends(connection, EndReason::HangupInternal),
        6 => story.held(by, who),
        7 => story.resumed(by, who),
        8 => story.transfers(by, TransferMode::Warm, who),
        9 => {
            story.transfer_ended(Some(connection), by, TransferMode::Warm, TransferState::Completed)
        }
        10 => story.left(Some(connection), who, LeaveReason::Hangup),
        11 => story.say(CallEvent::AnchorLeft),
        12 => story.dial(connection, ConnectionKind::Add, Some(by), who),
        13 => story.say(CallEvent::IvrEntered {
            ivr: "ivr-sales".into(),
            group: None,
            record_owner: None,
            missed_call_owner: None,
        }),
        14 => story.say(CallEvent::IvrExited {
            ivr: "ivr-sales".into(),
            reason: IvrExit::Answered,
            next: None,
        }),
        _ => story.say(CallEvent::Accepted),
    }
}

pub(crate) fn holds(graph: &CallGraph) -> Result<(), String> {
    let (begin, end) = (graph.call.initiated_at, graph.call.ended_at);
    for Lane { key, spans, .. } in timeline(graph) {
        for span in &spans {
            let ordered = span.to.is_none_or(|to| span.from < to) && span.from >= begin;
            let inside = end.is_none_or(|end| span.to.is_some_and(|to| to <= end));
            if !ordered || !inside {
                return Err(format!("{key}: {span:?} is not in the call"));
            }
        }
        for pair in spans.windows(2) {
            if pair[0].to.is_none_or(|to| to > pair[1].from) {
                return Err(format!("{key}: {pair:?} overlap"));
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn spans_never_overlap_and_lie_in_the_call(
        steps in prop::collection::vec(
            (0..16_u8, 1..4_u16, 0..5_usize, 0..5_usize, 0..9_u8),
            0..60,
        ),
        over in any::<bool>(),
    ) {
        let mut story = Story::new("call-x").carl_talks_with_ana();
        let mut at = 5.0;
        for (what, connection, who, kind, later) in steps {
            at += f64::from(later);
            story = step(story.at(at), what, connection, who, kind);
        }
        if over {
            story = story.over(EndedBy::External, "u-ana", context());
        }
        let checked = holds(&story.graph());
        prop_assert!(checked.is_ok(), "{checked:?}");
    }
}

#[test]
fn what_lasts_has_no_end() {
    let story = Story::new("call-x").carl_talks_with_ana().ana_consults_ben();
    let kinds: Vec<_> = timeline(&story.graph())
        .iter()
        .filter_map(|lane| lane.spans.last().map(|span| (span.kind, span.to)))
        .collect();
    let lasts = |kind| (kind, None);
    assert_eq!(kinds, [SpanKind::Hold, SpanKind::Consult, SpanKind::Consult].map(lasts));
}

#[test]
fn a_parked_party_waits_and_one_who_is_swapped_back_talks() {
    let graph = Story::new("call-x")
        .carl_talks_with_ana()
        .ana_consults_ben()
        .at(70.0)
        .held("u-ana", "u:u-ben")
        .resumed("u-ana", "+15557770001")
        .graph();
    let last = |graph: &CallGraph| -> Vec<&'static str> {
        let lanes = timeline(graph);
        let last = lanes.iter().filter_map(|lane| lane.spans.last());
        last.filter(|span| span.to.is_none()).map(|span| span.kind.as_str()).collect()
    };
    assert_eq!(last(&graph), ["talk", "talk", "hold"]);
    let parked =
        Story::new("call-x").carl_talks_with_ana().at(70.0).hands_on(1, "u-ana", "park:71");
    assert_eq!(last(&parked.graph()), ["transfer_wait"]);
}
