//! Calls that are handed on, as the engine records them: transfers that are completed, come back or
//! go to a slot, and a consultation that was a call of its own (D34).

use model::call_graph::Recorded;
use model::call_graph::event::{Absorbed, BridgeLeg, CallEvent, Party, Target};
use model::call_graph::words::{
    AttemptOutcome, CallOutcome, ConnectionKind, ConnectionOutcome, Direction, EndReason,
    LeaveReason, NoAnswerReason, ParticipantRole, TransferMode, TransferState,
};
use model::directory::AcdStrategy;

use super::scripts::{Script, attempt, bridged, carl, ended, ringing, routing, started, user};

const CARL: &str = "+15557770001";

fn answered(connection: u16, by: Party, role: ParticipantRole) -> CallEvent {
    CallEvent::Answered { connection, attempt: Some(1), by, role }
}

fn over(connection: u16, reason: EndReason) -> CallEvent {
    let outcome = ConnectionOutcome::NoAnswer;
    CallEvent::ConnectionEnded { connection, outcome, reason, sip_status: Some(480), q850: None }
}

fn opened(connection: u16, kind: ConnectionKind, by: Option<&str>, who: &str) -> [CallEvent; 2] {
    let routing = CallEvent::RoutingStarted {
        connection,
        kind,
        opened_by: by.map(Into::into),
        ivr: None,
        target: Target::User(who.into()),
        strategy: AcdStrategy::Single,
    };
    [routing, attempt(connection, 1, who, false)]
}

fn transfer(mode: TransferMode, target: &str) -> CallEvent {
    CallEvent::TransferStarted { by: "u-ana".into(), mode, target: target.into() }
}

fn came_to(connection: Option<u16>, mode: TransferMode, state: TransferState) -> CallEvent {
    CallEvent::TransferEnded { connection, by: "u-ana".into(), mode, state }
}

fn ana_leaves() -> Vec<CallEvent> {
    let who = user("u-ana");
    vec![
        CallEvent::BridgeLeft { leg: BridgeLeg::Connection(1), bridge: 1 },
        over(1, EndReason::Transferred),
        CallEvent::PartyLeft { connection: Some(1), who, reason: LeaveReason::Transferred },
    ]
}

/// Carl talks with Ana from the fifth second on.
fn carl_talks_with_ana(call: &str, start: i64) -> Script {
    let callee = ParticipantRole::Callee;
    let mut answer = vec![CallEvent::Accepted, answered(1, user("u-ana"), callee)];
    answer.extend(bridged());
    let ringing_ana = vec![
        routing(1, Target::User("u-ana".into()), AcdStrategy::Single),
        attempt(1, 1, "u-ana", false),
    ];
    Script::new(call, start)
        .at(0, vec![started(Direction::Inbound, carl(), Some(user("u-ana")))])
        .at(100, ringing_ana)
        .at(400, vec![ringing(1)])
        .at(5_000, answer)
}

fn end(script: Script, connection: u16) -> Vec<Vec<Recorded>> {
    script
        .at(
            200_000,
            vec![
                over(connection, EndReason::HangupInternal),
                CallEvent::AnchorLeft,
                ended(CallOutcome::Answered, "u-ana", None),
            ],
        )
        .inputs()
}

fn hold() -> CallEvent {
    CallEvent::Held { by: Some("u-ana".into()), party: CARL.into() }
}

fn completed() -> Vec<CallEvent> {
    let role = ParticipantRole::TransferTarget;
    let mut events = vec![came_to(Some(2), TransferMode::Warm, TransferState::Completed)];
    events.extend(ana_leaves());
    events.extend([
        CallEvent::RoleChanged { connection: 2, role },
        CallEvent::BridgeEntered { leg: BridgeLeg::Connection(2), bridge: 1 },
        CallEvent::Resumed { by: Some("u-ben".into()), party: CARL.into() },
    ]);
    events
}

/// Ana consults Ben, and hands Carl on to him.
pub(crate) fn warm(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    let script = carl_talks_with_ana(call, start)
        .at(60_000, vec![hold(), transfer(TransferMode::Warm, "u-ben")])
        .at(60_100, opened(2, ConnectionKind::Consult, Some("u-ana"), "u-ben").into())
        .at(60_400, vec![CallEvent::AttemptRinging { connection: 2, attempt: 1 }])
        .at(65_000, vec![answered(2, user("u-ben"), ParticipantRole::Consulted)])
        .at(90_000, completed());
    end(script, 2)
}

/// Ana hands Carl on to Ben, who does not answer: he comes back.
pub(crate) fn returned(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    let mut handed_on = vec![transfer(TransferMode::Cold, "u-ben")];
    handed_on.extend(ana_leaves());
    let (outcome, sip_status) = (AttemptOutcome::NoAnswer, Some(487));
    let mut back = vec![
        CallEvent::AttemptEnded { connection: 2, attempt: 1, outcome, sip_status },
        CallEvent::NoAnswer { connection: 2, reason: NoAnswerReason::Timeout },
        came_to(Some(2), TransferMode::Cold, TransferState::Returned),
        over(2, EndReason::NotAnswered),
    ];
    back.extend(opened(3, ConnectionKind::Recall, None, "u-ana"));
    let script = carl_talks_with_ana(call, start)
        .at(50_000, handed_on)
        .at(50_100, opened(2, ConnectionKind::Transfer, Some("u-ana"), "u-ben").into())
        .at(65_100, back)
        .at(68_000, vec![answered(3, user("u-ana"), ParticipantRole::Callee)]);
    end(script, 3)
}

/// Ana parks Carl, Ben fetches him.
pub(crate) fn parked(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    let mut handed_on = vec![transfer(TransferMode::Cold, "park:71")];
    handed_on.extend(ana_leaves());
    let mut fetched = opened(2, ConnectionKind::Transfer, Some("u-ana"), "u-ben").to_vec();
    fetched.push(answered(2, user("u-ben"), ParticipantRole::TransferTarget));
    fetched.push(came_to(Some(2), TransferMode::Cold, TransferState::Completed));
    let script = carl_talks_with_ana(call, start).at(50_000, handed_on).at(80_000, fetched);
    end(script, 2)
}

/// Ana puts Carl on hold, calls Ben on her second line (`<call>-2`), and joins the two.
pub(crate) fn absorbed(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    let second = format!("{call}-2");
    let callee = ParticipantRole::Callee;
    let other = Script::new(&second, start)
        .at(60_100, vec![started(Direction::Internal, user("u-ana"), Some(user("u-ben")))])
        .at(60_200, opened(1, ConnectionKind::Route, None, "u-ben").into())
        .at(60_400, vec![ringing(1)])
        .at(65_000, vec![CallEvent::Accepted, answered(1, user("u-ben"), callee)])
        .inputs();
    let joined = CallEvent::Absorbed(Box::new(Absorbed {
        call: second.as_str().into(),
        connection: Some(2),
        kind: ConnectionKind::Consult,
        by: "u-ana".into(),
        log: other.iter().flatten().cloned().collect(),
    }));
    let mut joining = vec![joined];
    joining.extend(completed());
    let first = carl_talks_with_ana(call, start).at(60_000, vec![hold()]).at(90_000, joining);
    let into = Script::new(&second, start).at(90_000, vec![CallEvent::AbsorbedInto(call.into())]);
    let mut inputs = end(first, 2);
    // Both calls' events of one input are recorded together.
    if let Some(joining) = inputs.iter_mut().rev().nth(1) {
        joining.extend(into.inputs().concat());
    }
    inputs.extend(other);
    inputs.sort_by_key(|input| input.first().map(|event| event.at));
    inputs
}
