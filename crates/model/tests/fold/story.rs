//! A call told event by event, as the engine records it.

use std::path::Path;
use std::sync::Arc;

use model::call_graph::event::{
    AttemptParty, BridgeLeg, CallEvent, Ended, Party, Recorded, Started, Target,
};
use model::call_graph::graph::Context;
use model::call_graph::words::{
    AttemptOutcome, CallOutcome, ConnectionKind, ConnectionOutcome, Direction, EndReason, EndedBy,
    LeaveReason, NoAnswerReason, ParticipantRole, TransferMode, TransferState,
};
use model::call_graph::{CallGraph, apply};
use model::directory::AcdStrategy;
use model::{CallId, E164, Millis};

/// When the reference scenarios begin.
pub(crate) const BEGINNING: &str = "2026-01-05T10:00:00.000Z";

pub(crate) struct Story {
    call: CallId,
    now: Millis,
    pub(crate) log: Vec<Recorded>,
}

/// What the tests' directory knows: users by their ids, Carl and Dora by their numbers.
pub(crate) fn party(who: &str) -> Party {
    if who.starts_with("u-") {
        let number = match who {
            "u-ana" => Some("+15550100001"),
            "u-ben" => Some("+15550100002"),
            "u-dan" => Some("+15550100004"),
            _ => None,
        };
        return Party::User { user: who.into(), number: number.map(number_of) };
    }
    let record = match who {
        "+15557770001" => Some("r-con-1".into()),
        "+15557770002" => Some("r-con-2".into()),
        _ => None,
    };
    let number = E164::parse(who).ok();
    let text = number.is_none().then(|| who.into());
    Party::External { number, record, text }
}

fn number_of(text: &str) -> E164 {
    E164::parse(text).expect("a number of this test")
}

/// Whom an id or a number names.
pub(crate) fn target(who: &str) -> Target {
    if who.starts_with("u-") {
        Target::User(who.into())
    } else if who.starts_with("g-") {
        Target::Group(who.into())
    } else {
        Target::External(who.into())
    }
}

fn leg(connection: u16) -> BridgeLeg {
    if connection == 0 { BridgeLeg::Anchor } else { BridgeLeg::Connection(connection) }
}

impl Story {
    pub(crate) fn new(call: &str) -> Self {
        let now = Millis::parse(BEGINNING).expect("a time");
        Self { call: call.into(), now, log: Vec::new() }
    }

    /// Seconds after the beginning of the reference scenarios.
    pub(crate) fn at(mut self, seconds: f64) -> Self {
        let beginning = Millis::parse(BEGINNING).expect("a time");
        #[expect(clippy::cast_possible_truncation, reason = "a few minutes")]
        let after = (seconds * 1000.0).round() as i64;
        self.now = Millis(beginning.0 + after);
        self
    }

    pub(crate) fn say(mut self, event: CallEvent) -> Self {
        let (call, at) = (self.call.clone(), self.now);
        self.log.push(Recorded { call, at, event });
        self
    }

    pub(crate) fn graph(&self) -> CallGraph {
        let mut graph = None;
        for event in &self.log {
            apply(&mut graph, event);
        }
        graph.expect("a call")
    }

    pub(crate) fn begins(
        self,
        direction: Direction,
        (caller, from): (&str, &str),
        (callee, to): (Option<&str>, &str),
        (number, owner): (Option<&str>, Option<&str>),
    ) -> Self {
        self.say(CallEvent::Started(Box::new(Started {
            direction,
            from_number: Some(from.into()),
            to_number: Some(to.into()),
            internal_number: number.map(Into::into),
            caller: party(caller),
            callee: callee.map(party),
            owner: owner.map(Into::into),
            trunk: None,
            node: Arc::from("tandem-1"),
            sip_call_id: None,
        })))
    }

    /// Carl calls Ana, who answers at five seconds.
    pub(crate) fn carl_talks_with_ana(self) -> Self {
        self.begins(
            Direction::Inbound,
            ("+15557770001", "+15557770001"),
            (Some("u-ana"), "+15550100001"),
            (Some("n-ana"), Some("u-ana")),
        )
        .at(0.1)
        .routing(1, ConnectionKind::Route, None, "u-ana")
        .rung(1, 1, "u-ana")
        .at(0.4)
        .rings(1, 1)
        .at(5.0)
        .say(CallEvent::Accepted)
        .answered(1, Some(1), "u-ana", ParticipantRole::Callee)
        .enters(0, 1)
        .enters(1, 1)
    }

    pub(crate) fn routing(
        self,
        connection: u16,
        kind: ConnectionKind,
        by: Option<&str>,
        who: &str,
    ) -> Self {
        let strategy =
            if who.starts_with("g-") { AcdStrategy::Simulring } else { AcdStrategy::Single };
        let (opened_by, target) = (by.map(Into::into), target(who));
        self.say(CallEvent::RoutingStarted {
            connection,
            kind,
            opened_by,
            ivr: None,
            target,
            strategy,
        })
    }

    pub(crate) fn dial(
        self,
        connection: u16,
        kind: ConnectionKind,
        by: Option<&str>,
        to: &str,
    ) -> Self {
        let (added_by, to) = (by.map(Into::into), to.into());
        self.say(CallEvent::DialStarted { connection, kind, added_by, to })
    }

    pub(crate) fn rung(self, connection: u16, attempt: u16, who: &str) -> Self {
        self.rung_in(connection, attempt, who, None, None)
    }

    pub(crate) fn rung_in(
        self,
        connection: u16,
        attempt: u16,
        who: &str,
        ivr: Option<&str>,
        group: Option<&str>,
    ) -> Self {
        let party = if who.starts_with("u-") {
            AttemptParty::User(who.into())
        } else {
            AttemptParty::Number(who.into())
        };
        let (ivr, group) = (ivr.map(Into::into), group.map(Into::into));
        self.say(CallEvent::AttemptStarted {
            connection,
            attempt,
            stage: 1,
            round: 1,
            party,
            ivr,
            group,
            sip_call_id: None,
        })
    }

    pub(crate) fn rings(self, connection: u16, attempt: u16) -> Self {
        self.say(CallEvent::AttemptRinging { connection, attempt })
    }

    pub(crate) fn stops(
        self,
        connection: u16,
        attempt: u16,
        outcome: AttemptOutcome,
        status: u16,
    ) -> Self {
        let sip_status = Some(status);
        self.say(CallEvent::AttemptEnded { connection, attempt, outcome, sip_status })
    }

    pub(crate) fn answered(
        self,
        connection: u16,
        attempt: Option<u16>,
        who: &str,
        role: ParticipantRole,
    ) -> Self {
        self.say(CallEvent::Answered { connection, attempt, by: party(who), role })
    }

    pub(crate) fn unanswered(self, connection: u16, reason: NoAnswerReason) -> Self {
        self.say(CallEvent::NoAnswer { connection, reason })
    }

    /// Connection 0 is the anchor.
    pub(crate) fn enters(self, connection: u16, bridge: u16) -> Self {
        self.say(CallEvent::BridgeEntered { leg: leg(connection), bridge })
    }

    pub(crate) fn leaves(self, connection: u16, bridge: u16) -> Self {
        self.say(CallEvent::BridgeLeft { leg: leg(connection), bridge })
    }

    pub(crate) fn ends(self, connection: u16, reason: EndReason) -> Self {
        self.fails(connection, ConnectionOutcome::Answered, reason, None)
    }

    pub(crate) fn fails(
        self,
        connection: u16,
        outcome: ConnectionOutcome,
        reason: EndReason,
        sip_status: Option<u16>,
    ) -> Self {
        let q850 = None;
        self.say(CallEvent::ConnectionEnded { connection, outcome, reason, sip_status, q850 })
    }

    pub(crate) fn held(self, by: &str, party: &str) -> Self {
        self.say(CallEvent::Held { by: Some(by.into()), party: party.into() })
    }

    pub(crate) fn resumed(self, by: &str, party: &str) -> Self {
        self.say(CallEvent::Resumed { by: Some(by.into()), party: party.into() })
    }

    pub(crate) fn transfers(self, by: &str, mode: TransferMode, target: &str) -> Self {
        self.say(CallEvent::TransferStarted { by: by.into(), mode, target: target.into() })
    }

    pub(crate) fn transfer_ended(
        self,
        connection: Option<u16>,
        by: &str,
        mode: TransferMode,
        state: TransferState,
    ) -> Self {
        self.say(CallEvent::TransferEnded { connection, by: by.into(), mode, state })
    }

    pub(crate) fn left(self, connection: Option<u16>, who: &str, reason: LeaveReason) -> Self {
        self.say(CallEvent::PartyLeft { connection, who: party(who), reason })
    }

    pub(crate) fn plays(self, connection: u16, role: ParticipantRole) -> Self {
        self.say(CallEvent::RoleChanged { connection, role })
    }

    /// The order of a cold transfer's beginning, on the transferor's Connection.
    pub(crate) fn hands_on(self, connection: u16, by: &str, to: &str) -> Self {
        self.transfers(by, TransferMode::Cold, to)
            .leaves(connection, 1)
            .ends(connection, EndReason::Transferred)
            .left(Some(connection), by, LeaveReason::Transferred)
    }

    /// The answer to a cold transfer.
    pub(crate) fn taken_over(self, connection: u16, attempt: u16, who: &str, by: &str) -> Self {
        self.answered(connection, Some(attempt), who, ParticipantRole::TransferTarget)
            .transfer_ended(Some(connection), by, TransferMode::Cold, TransferState::Completed)
            .enters(connection, 1)
    }

    /// Ana puts Carl on hold and rings Ben, who answers at 65 seconds.
    pub(crate) fn ana_consults_ben(self) -> Self {
        self.at(60.0)
            .leaves(1, 1)
            .held("u-ana", "+15557770001")
            .transfers("u-ana", TransferMode::Warm, "u-ben")
            .at(60.1)
            .routing(2, ConnectionKind::Consult, Some("u-ana"), "u-ben")
            .rung(2, 1, "u-ben")
            .at(60.4)
            .rings(2, 1)
            .at(65.0)
            .answered(2, Some(1), "u-ben", ParticipantRole::Consulted)
            .enters(1, 2)
            .enters(2, 2)
    }

    pub(crate) fn over(self, by: EndedBy, owner: &str, context: Context) -> Self {
        self.say(CallEvent::AnchorLeft).say(CallEvent::Ended(Box::new(Ended {
            by,
            outcome: CallOutcome::Answered,
            owner: Some(owner.into()),
            missed_call_owner: None,
            missed_call_owner_group: None,
            sip_status: None,
            q850: None,
            context,
        })))
    }
}

/// The `graph` of a reference scenario.
pub(crate) fn scenario(name: &str) -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/oracle");
    let text = std::fs::read(path.join(format!("{name}.json"))).expect("a scenario");
    let mut scenario: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    scenario["graph"].take()
}

/// What is known of the directory in a call to Ana's number.
pub(crate) fn context() -> Context {
    serde_json::from_value(scenario("S08")["context"].clone()).expect("a context")
}
