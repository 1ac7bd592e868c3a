//! Calls as the engine records them: each script is a list of inputs, each input a list of events
//! with one time (D40).

use std::sync::Arc;

use model::call_graph::event::{
    AttemptParty, BridgeLeg, CallEvent, Decision, Ended, Party, Recorded, Started, Target,
};
use model::call_graph::graph::Context;
use model::call_graph::words::{
    AttemptOutcome, CallOutcome, ConnectionKind, ConnectionOutcome, Direction, EndReason, EndedBy,
    IvrExit, NoAnswerReason, ParticipantRole, QualityMetric, QualitySeverity, QualitySource,
    QualityStream, QueueExit, RoutingRule,
};
use model::directory::AcdStrategy;
use model::{CallId, E164, Millis, UserId};

use super::{NODE, T0, handed_on};

pub(crate) struct Script {
    call: CallId,
    start: i64,
    inputs: Vec<Vec<Recorded>>,
}

impl Script {
    pub(crate) fn new(call: &str, start: i64) -> Self {
        Self { call: call.into(), start, inputs: Vec::new() }
    }

    pub(crate) fn at(mut self, after_ms: i64, events: Vec<CallEvent>) -> Self {
        let at = Millis(T0 + self.start + after_ms);
        let call = &self.call;
        let input = events.into_iter().map(|event| Recorded { call: call.clone(), at, event });
        let input = input.collect();
        self.inputs.push(input);
        self
    }

    pub(crate) fn inputs(self) -> Vec<Vec<Recorded>> {
        self.inputs
    }
}

pub(crate) fn user(id: &str) -> Party {
    let number = match id {
        "u-ana" => Some("+15550100001"),
        "u-ben" => Some("+15550100002"),
        _ => None,
    };
    Party::User { user: id.into(), number: number.map(number_of) }
}

pub(crate) fn carl() -> Party {
    Party::External {
        number: Some(number_of("+15557770001")),
        record: Some("r-con-1".into()),
        text: None,
    }
}

fn number_of(text: &str) -> E164 {
    E164::parse(text).expect("a number of this test")
}

pub(crate) fn started(direction: Direction, caller: Party, callee: Option<Party>) -> CallEvent {
    let (from, to, number) = match direction {
        Direction::Inbound => ("+15557770001", "+15550100001", Some("n-ana")),
        Direction::Outbound => ("+15550100001", "+15557770001", Some("n-ana")),
        Direction::Internal => ("ana", "ben", None),
    };
    let owner = match (&caller, &callee) {
        (Party::User { user, .. }, _) | (_, Some(Party::User { user, .. })) => Some(user.clone()),
        (Party::External { .. }, Some(Party::External { .. }) | None) => None,
    };
    CallEvent::Started(Box::new(Started {
        direction,
        from_number: Some(from.into()),
        to_number: Some(to.into()),
        internal_number: number.map(Into::into),
        caller,
        callee,
        owner,
        trunk: Some("carrier-a".into()),
        node: Arc::from(NODE),
        sip_call_id: Some("abc@198.51.100.7".into()),
    }))
}

/// A call to the number of g-sales.
pub(crate) fn started_sales() -> CallEvent {
    let mut started = started(Direction::Inbound, carl(), None);
    if let CallEvent::Started(started) = &mut started {
        started.to_number = Some("+15550200001".into());
        started.internal_number = Some("n-sales".into());
    }
    started
}

pub(crate) fn routing(connection: u16, target: Target, strategy: AcdStrategy) -> CallEvent {
    let ivr = matches!(target, Target::Group(_)).then(|| "ivr-sales".into());
    CallEvent::RoutingStarted {
        connection,
        kind: ConnectionKind::Route,
        opened_by: None,
        ivr,
        target,
        strategy,
    }
}

pub(crate) fn attempt(connection: u16, attempt: u16, who: &str, in_group: bool) -> CallEvent {
    CallEvent::AttemptStarted {
        connection,
        attempt,
        stage: 1,
        round: 1,
        party: AttemptParty::User(who.into()),
        ivr: in_group.then(|| "ivr-sales".into()),
        group: in_group.then(|| "g-sales".into()),
        sip_call_id: Some(format!("leg-{attempt}").into()),
    }
}

pub(crate) fn attempt_ended(attempt: u16, outcome: AttemptOutcome, status: u16) -> CallEvent {
    CallEvent::AttemptEnded { connection: 1, attempt, outcome, sip_status: Some(status) }
}

pub(crate) fn ringing(attempt: u16) -> CallEvent {
    CallEvent::AttemptRinging { connection: 1, attempt }
}

pub(crate) fn answered(attempt: Option<u16>, by: Party) -> CallEvent {
    CallEvent::Answered { connection: 1, attempt, by, role: ParticipantRole::Callee }
}

pub(crate) fn bridged() -> Vec<CallEvent> {
    vec![
        CallEvent::BridgeEntered { leg: BridgeLeg::Anchor, bridge: 1 },
        CallEvent::BridgeEntered { leg: BridgeLeg::Connection(1), bridge: 1 },
    ]
}

pub(crate) fn connection_ended(outcome: ConnectionOutcome, reason: EndReason) -> CallEvent {
    CallEvent::ConnectionEnded {
        connection: 1,
        outcome,
        reason,
        sip_status: Some(487),
        q850: Some(16),
    }
}

pub(crate) fn ended(outcome: CallOutcome, owner: &str, missed: Option<&str>) -> CallEvent {
    CallEvent::Ended(Box::new(Ended {
        by: EndedBy::External,
        outcome,
        owner: Some(UserId::from(owner)),
        missed_call_owner: missed.map(UserId::from),
        missed_call_owner_group: None,
        sip_status: None,
        q850: Some(16),
        context: Context::default(),
    }))
}

fn enter_sales() -> CallEvent {
    CallEvent::IvrEntered {
        ivr: "ivr-sales".into(),
        group: Some("g-sales".into()),
        record_owner: Some("u-own".into()),
        missed_call_owner: Some("u-mia".into()),
    }
}

fn exit_sales(reason: IvrExit) -> CallEvent {
    CallEvent::IvrExited { ivr: "ivr-sales".into(), reason, next: None }
}

fn jitter(connection: Option<u16>) -> CallEvent {
    CallEvent::QualityRaised {
        connection,
        stream: QualityStream::Received,
        metric: QualityMetric::Jitter,
        severity: QualitySeverity::Warning,
        threshold: 30.0,
        worst: 41.5,
        source: QualitySource::LocalRtp,
        explanation: "the voice of the caller came in jerks".into(),
    }
}

fn jitter_over(connection: Option<u16>) -> CallEvent {
    CallEvent::QualityCleared {
        connection,
        stream: QualityStream::Received,
        metric: QualityMetric::Jitter,
        worst: 44.5,
        explanation: "the voice of the caller came in jerks".into(),
    }
}

/// Carl calls Ana, who answers.
pub(crate) fn direct(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    let mut answer = vec![CallEvent::Accepted, answered(Some(1), user("u-ana"))];
    answer.extend(bridged());
    Script::new(call, start)
        .at(0, vec![started(Direction::Inbound, carl(), Some(user("u-ana")))])
        .at(
            100,
            vec![
                routing(1, Target::User("u-ana".into()), AcdStrategy::Single),
                attempt(1, 1, "u-ana", false),
            ],
        )
        .at(400, vec![ringing(1)])
        .at(6_000, answer)
        .at(7_000, vec![jitter(None), jitter(Some(1))])
        .at(8_000, vec![jitter_over(Some(1))])
        .at(9_000, vec![CallEvent::Held { by: Some("u-ana".into()), party: "+15557770001".into() }])
        .at(
            12_000,
            vec![CallEvent::Resumed { by: Some("u-ana".into()), party: "+15557770001".into() }],
        )
        .at(
            66_000,
            vec![
                connection_ended(ConnectionOutcome::Answered, EndReason::HangupExternal),
                CallEvent::AnchorLeft,
                ended(CallOutcome::Answered, "u-ana", None),
            ],
        )
        .inputs()
}

/// Carl calls the group; three phones ring, Ben answers.
pub(crate) fn simulring(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    let mut answer = vec![answered(Some(2), user("u-ben"))];
    answer.extend([1, 3].map(|who| attempt_ended(who, AttemptOutcome::AnsweredElsewhere, 487)));
    answer.extend(bridged());
    answer.push(exit_sales(IvrExit::Answered));
    Script::new(call, start)
        .at(0, vec![started_sales()])
        .at(200, vec![CallEvent::Accepted, enter_sales()])
        .at(
            3_000,
            vec![
                routing(1, Target::Group("g-sales".into()), AcdStrategy::Simulring),
                attempt(1, 1, "u-ana", true),
                attempt(1, 2, "u-ben", true),
                attempt(1, 3, "u-cat", true),
            ],
        )
        .at(3_300, vec![ringing(1)])
        .at(3_400, vec![ringing(2)])
        .at(9_000, answer)
        .at(9_100, vec![CallEvent::AttemptSettled { connection: 1, attempt: 3, sip_status: 200 }])
        .at(
            60_000,
            vec![
                connection_ended(ConnectionOutcome::Answered, EndReason::HangupInternal),
                CallEvent::AnchorLeft,
                ended(CallOutcome::Answered, "u-own", None),
            ],
        )
        .inputs()
}

/// Carl calls the group and gives up while three phones ring.
pub(crate) fn missed(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    let mut gone: Vec<CallEvent> =
        [1, 2].map(|who| attempt_ended(who, AttemptOutcome::CallerHangup, 487)).into();
    gone.extend([
        CallEvent::NoAnswer { connection: 1, reason: NoAnswerReason::CallerHangup },
        exit_sales(IvrExit::CallerHangup),
        connection_ended(ConnectionOutcome::Canceled, EndReason::NotAnswered),
        CallEvent::AnchorLeft,
        ended(CallOutcome::Missed, "u-own", Some("u-mia")),
    ]);
    Script::new(call, start)
        .at(0, vec![started_sales()])
        .at(200, vec![CallEvent::Accepted, enter_sales()])
        .at(
            3_000,
            vec![
                routing(1, Target::Group("g-sales".into()), AcdStrategy::Simulring),
                attempt(1, 1, "u-ana", true),
                attempt(1, 2, "u-ben", true),
            ],
        )
        .at(3_300, vec![ringing(1), ringing(2)])
        .at(25_000, gone)
        .inputs()
}

/// Ana calls Carl, who answers.
pub(crate) fn outbound(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    let mut answer = vec![CallEvent::Accepted, answered(None, carl())];
    answer.extend(bridged());
    Script::new(call, start)
        .at(0, vec![started(Direction::Outbound, user("u-ana"), Some(carl()))])
        .at(
            100,
            vec![CallEvent::DialStarted {
                connection: 1,
                kind: ConnectionKind::Dial,
                added_by: None,
                to: "+15557770001".into(),
            }],
        )
        .at(900, vec![CallEvent::DialRinging { connection: 1 }])
        .at(8_000, answer)
        .at(
            50_000,
            vec![
                connection_ended(ConnectionOutcome::Answered, EndReason::HangupExternal),
                CallEvent::AnchorLeft,
                ended(CallOutcome::Answered, "u-ana", None),
            ],
        )
        .inputs()
}

/// Ana calls Ben inside; his phone is not registered.
pub(crate) fn internal(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    Script::new(call, start)
        .at(0, vec![started(Direction::Internal, user("u-ana"), Some(user("u-ben")))])
        .at(
            100,
            vec![
                routing(1, Target::User("u-ben".into()), AcdStrategy::Single),
                attempt(1, 1, "u-ben", false),
                attempt_ended(1, AttemptOutcome::Unavailable, 480),
                CallEvent::NoAnswer { connection: 1, reason: NoAnswerReason::Unavailable },
                connection_ended(ConnectionOutcome::Unavailable, EndReason::NotAnswered),
                CallEvent::AnchorLeft,
                ended(CallOutcome::NoAnswer, "u-ana", None),
            ],
        )
        .inputs()
}

/// Carl waits for the group; Ana does not answer, then Ben does.
pub(crate) fn waiting(call: &str, start: i64) -> Vec<Vec<Recorded>> {
    let mut answer = vec![
        answered(Some(2), user("u-ben")),
        CallEvent::QueueLeft { connection: 1, exit: QueueExit::Answered },
    ];
    answer.extend(bridged());
    answer.push(exit_sales(IvrExit::Answered));
    Script::new(call, start)
        .at(0, vec![started_sales(), decided(RoutingRule::Number, "+15550200001", "of g-sales")])
        .at(
            200,
            vec![
                CallEvent::Accepted,
                enter_sales(),
                routing(1, Target::Group("g-sales".into()), AcdStrategy::LongestIdle),
                CallEvent::QueueEntered {
                    connection: 1,
                    ivr: Some("ivr-sales".into()),
                    group: "g-sales".into(),
                    priority: -1,
                    position: 3,
                },
                decided(RoutingRule::Queue, "g-sales", "waits as the third"),
            ],
        )
        .at(3_000, vec![attempt(1, 1, "u-ana", true)])
        .at(3_300, vec![ringing(1)])
        .at(
            20_000,
            vec![
                attempt_ended(1, AttemptOutcome::NoAnswer, 408),
                decided(RoutingRule::Member, "u-ana", "rung for 17 s: no answer"),
            ],
        )
        .at(21_000, vec![attempt(1, 2, "u-ben", true)])
        .at(25_000, answer)
        .at(
            60_000,
            vec![
                connection_ended(ConnectionOutcome::Answered, EndReason::HangupInternal),
                CallEvent::AnchorLeft,
                ended(CallOutcome::Answered, "u-own", None),
            ],
        )
        .inputs()
}

fn decided(rule: RoutingRule, subject: &str, verdict: &str) -> CallEvent {
    let decision = Decision { rule, subject: subject.into(), verdict: verdict.into() };
    CallEvent::Decided(vec![decision])
}

/// Every script, under names that begin with `prefix`.
pub(crate) fn all(prefix: &str) -> Vec<Vec<Vec<Recorded>>> {
    let scripts = [
        direct,
        simulring,
        missed,
        outbound,
        internal,
        waiting,
        handed_on::warm,
        handed_on::returned,
        handed_on::parked,
    ];
    (0..).zip(scripts).map(|(n, script)| script(&format!("{prefix}{n}"), n * 700)).collect()
}

/// The scripts, and two calls that become one, mixed by time, as a server sees them.
pub(crate) fn mixed(prefix: &str) -> Vec<Vec<Recorded>> {
    let mut inputs: Vec<Vec<Recorded>> = all(prefix).into_iter().flatten().collect();
    inputs.extend(handed_on::absorbed(&format!("{prefix}x"), 300));
    inputs.sort_by_key(|input| input.first().map(|event| event.at));
    inputs
}
