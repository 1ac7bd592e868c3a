//! §8.1: random calls from a small grammar (who answers, who is added, who leaves, transfers that
//! succeed, come back or are not answered). While the call is made up, the conversations that it
//! must end up in are noted down, by following who is on the line; the rules must find the same
//! from the finished rows.

use std::collections::{BTreeMap, BTreeSet};

use model::call_graph::check::check;
use model::call_graph::words::{
    AttemptOutcome, ConnectionKind, ConnectionOutcome, EndReason, InteractionKind, ParticipantRole,
    TransferState,
};
use model::call_graph::{FinishedCallGraph, graph as rows};
use model::directory::{AcdStrategy, TargetKind};
use model::{GroupId, Millis, UserId};
use proptest::prelude::*;

use super::book::{Book, carl};
use super::oracle::graph;

const USERS: [&str; 6] = ["u-ana", "u-ben", "u-cat", "u-dan", "u-eve", "u-max"];

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// The only user transfers cold to a user, or to a group of which that user answers.
    Cold { to: usize, group: bool, gap_ms: i64 },
    /// The same, and nobody answers: the call comes back, or the caller gives up.
    Unanswered { to: usize, group: bool, returns: bool },
    /// A user is added.
    Add(usize),
    /// Somebody leaves while others stay.
    Leave(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let user = 0..USERS.len();
    let step = prop_oneof![
        3 => (user.clone(), any::<bool>(), prop_oneof![Just(0), 1..9_000i64])
            .prop_map(|(to, group, gap_ms)| Step::Cold { to, group, gap_ms }),
        1 => (user.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(to, group, returns)| Step::Unanswered { to, group, returns }),
        2 => user.clone().prop_map(Step::Add),
        2 => user.prop_map(Step::Leave),
    ];
    prop::collection::vec(step, 0..7)
}

/// Internal key → users, of what the call must end up in.
type Expected = BTreeMap<String, BTreeSet<String>>;

/// A call while it is made up.
struct Tale {
    graph: FinishedCallGraph,
    now: i64,
    /// Users on the line, with the place of their connection.
    line: BTreeMap<&'static str, usize>,
    /// Key of the conversation that the line belongs to.
    key: String,
    expected: Expected,
}

impl Tale {
    /// An inbound call to ana's number, which she answers.
    fn begin(call: &str, caller: &str) -> Self {
        let mut graph = graph("S01");
        let text = serde_json::to_string(&graph).expect("JSON");
        let text = text.replace("call-s01", call).replace("+15557770001", caller);
        graph.clone_from(&serde_json::from_str(&text).expect("a graph"));
        graph.connections.clear();
        graph.attempts.clear();
        graph.participants.truncate(1);
        graph.interactions.truncate(1);
        graph.quality_events.clear();
        let now = graph.call.initiated_at.0;
        let key = "n:+15550100001".to_owned();
        let expected = BTreeMap::from([(key.clone(), BTreeSet::new())]);
        let mut tale = Self { graph, now, line: BTreeMap::new(), key, expected };
        tale.connect(ConnectionKind::Route, 0, None, Some(5_000));
        tale
    }

    fn at(&self) -> Millis {
        Millis(self.now)
    }

    /// Opens a connection to a user or group; `rings_ms`: until the user answers, if he does.
    fn connect(
        &mut self,
        kind: ConnectionKind,
        to: usize,
        group: Option<&str>,
        rings_ms: Option<i64>,
    ) {
        let user = USERS[to];
        let opened_at = self.at();
        let answered_at = rings_ms.map(|ms| Millis(self.now + ms));
        self.now += rings_ms.unwrap_or(3_000);
        let seq = u16::try_from(self.graph.connections.len() + 1).expect("few");
        let id: std::sync::Arc<str> = format!("{}-c{seq}", self.graph.call_id).into();
        let opener = match kind {
            ConnectionKind::Route | ConnectionKind::Recall => None,
            ConnectionKind::Dial
            | ConnectionKind::Add
            | ConnectionKind::Consult
            | ConnectionKind::Transfer => Some(UserId::from("u-ana")),
        };
        let answered = answered_at.is_some();
        self.graph.connections.push(rows::Connection {
            id: id.clone(),
            call_id: self.graph.call_id.clone(),
            seq,
            kind,
            opened_by_user_id: opener,
            target_kind: if group.is_some() { TargetKind::Group } else { TargetKind::User },
            target_user_id: group.is_none().then(|| UserId::from(user)),
            target_group_id: group.map(GroupId::from),
            target_number: None,
            strategy: AcdStrategy::Single,
            opened_at,
            answered_at,
            bridged_at: answered_at,
            ended_at: Some(self.at()),
            outcome: Some(if answered {
                ConnectionOutcome::Answered
            } else {
                ConnectionOutcome::NoAnswer
            }),
            answered_user_id: answered.then(|| UserId::from(user)),
            transfer_state: (kind == ConnectionKind::Transfer).then_some(TransferState::Completed),
            end_reason: Some(EndReason::CallEnded),
            sip_status: Some(200),
            q850: None,
        });
        self.attempt(&id, user, group, opened_at, answered);
        self.log(InteractionKind::RoutingStarted, opened_at);
        let end = if answered { InteractionKind::Answered } else { InteractionKind::NoAnswer };
        self.log(end, self.at());
        if answered {
            self.line.insert(user, usize::from(seq) - 1);
            self.expected.entry(self.key.clone()).or_default().insert(user.to_owned());
            self.join(user);
        }
    }

    fn attempt(
        &mut self,
        connection: &std::sync::Arc<str>,
        user: &str,
        group: Option<&str>,
        started_at: Millis,
        answered: bool,
    ) {
        self.graph.attempts.push(rows::ConnectionAttempt {
            id: format!("{connection}-a1").into(),
            call_id: self.graph.call_id.clone(),
            connection_id: connection.clone(),
            seq: 1,
            stage: 1,
            round: 1,
            user_id: Some(UserId::from(user)),
            number: None,
            ivr_id: None,
            group_id: group.map(GroupId::from),
            started_at,
            ringing_at: None,
            ended_at: Some(self.at()),
            outcome: Some(if answered {
                AttemptOutcome::Answered
            } else {
                AttemptOutcome::NoAnswer
            }),
            sip_status: None,
            sip_call_id: None,
        });
    }

    fn join(&mut self, user: &str) {
        let key = format!("u:{user}");
        if let Some(row) =
            self.graph.participants.iter_mut().find(|row| *row.participant_key == *key)
        {
            row.left_at = None;
            return;
        }
        let ordinal = u16::try_from(self.graph.participants.len() + 1).expect("few");
        self.graph.participants.push(rows::CallParticipant {
            id: format!("{}-p{ordinal}", self.graph.call_id).into(),
            call_id: self.graph.call_id.clone(),
            participant_key: key.into(),
            kind: model::call_graph::words::ParticipantKind::User,
            role: ParticipantRole::Callee,
            ordinal,
            user_id: Some(UserId::from(user)),
            phone_number: None,
            record_id: None,
            joined_at: Some(self.at()),
            left_at: None,
        });
    }

    fn leave(&mut self, user: &str) {
        if let Some(connection) = self.line.remove(user) {
            self.graph.connections[connection].ended_at = Some(Millis(self.now));
        }
        let key = format!("u:{user}");
        let row = self.graph.participants.iter_mut().find(|row| *row.participant_key == *key);
        row.expect("who was on the line").left_at = Some(Millis(self.now));
    }

    fn log(&mut self, kind: InteractionKind, at: Millis) {
        self.graph.interactions.push(rows::CallInteraction {
            call_id: self.graph.call_id.clone(),
            seq: u32::try_from(self.graph.interactions.len() + 1).expect("few"),
            at,
            kind,
            connection_id: None,
            ivr_id: None,
            user_id: None,
            data: serde_json::Map::new(),
        });
    }

    /// Whether the call goes on.
    fn goes_on(&mut self, step: &Step) -> bool {
        self.now += 10_000;
        match *step {
            Step::Add(user) if !self.line.contains_key(USERS[user]) => {
                self.connect(ConnectionKind::Add, user, None, Some(4_000));
            }
            Step::Leave(user) if self.line.len() > 1 && self.line.contains_key(USERS[user]) => {
                self.leave(USERS[user]);
            }
            Step::Cold { to, group, gap_ms }
                if self.is_alone() && !self.line.contains_key(USERS[to]) =>
            {
                self.everybody_leaves();
                self.key = key_of(to, group);
                self.connect(ConnectionKind::Transfer, to, group_of(to, group), Some(gap_ms));
            }
            Step::Unanswered { to, group, returns } if self.is_alone() => {
                let back = self.line.keys().next().copied().expect("one is there");
                let back = USERS.iter().position(|user| *user == back).expect("a user");
                self.everybody_leaves();
                self.connect(ConnectionKind::Transfer, to, group_of(to, group), None);
                let state =
                    if returns { TransferState::Returned } else { TransferState::Unanswered };
                self.graph.connections.last_mut().expect("just opened").transfer_state =
                    Some(state);
                if returns {
                    self.connect(ConnectionKind::Recall, back, None, Some(2_000));
                    return true;
                }
                let owner = if group { owner_of(to) } else { Some(USERS[to]) };
                let users = self.expected.entry(key_of(to, group)).or_default();
                users.extend(owner.map(str::to_owned));
                return false;
            }
            Step::Add(_) | Step::Leave(_) | Step::Cold { .. } | Step::Unanswered { .. } => {}
        }
        true
    }

    fn is_alone(&self) -> bool {
        self.line.len() == 1
    }

    fn everybody_leaves(&mut self) {
        for user in self.line.keys().copied().collect::<Vec<_>>() {
            self.leave(user);
        }
    }

    fn end(mut self) -> (FinishedCallGraph, Expected) {
        self.now += 10_000;
        self.everybody_leaves();
        let at = self.at();
        self.log(InteractionKind::CallEnded, at);
        let graph = &mut self.graph;
        graph.participants[0].left_at = Some(at);
        let answered = graph.connections[0].answered_at;
        graph.call.answered_at = answered;
        graph.call.ended_at = Some(at);
        graph.call.anchor_left_at = Some(at);
        (self.graph, self.expected)
    }
}

/// The group that a user answers for: cat's, eve's and max's have no number of their own or a
/// default one, so that both kinds of key occur.
fn group_of(user: usize, group: bool) -> Option<&'static str> {
    const GROUPS: [&str; 6] = ["g-sales", "g-sales", "g-supp", "g-supp", "g-ovf", "g-ovf"];
    group.then(|| GROUPS[user])
}

fn key_of(user: usize, group: bool) -> String {
    let key = match (group_of(user, group), USERS[user]) {
        (Some("g-sales"), _) => "n:+15550200001",
        (Some("g-supp"), _) => "n:+15550200003",
        (Some(_), _) => "g:g-ovf",
        (None, "u-ana") => "n:+15550100001",
        (None, "u-ben") => "n:+15550100002",
        (None, "u-dan") => "n:+15550100004",
        (None, user) => return format!("u:{user}"),
    };
    key.to_owned()
}

fn owner_of(user: usize) -> Option<&'static str> {
    match group_of(user, true) {
        Some("g-supp") => Some("u-mia"),
        Some("g-ovf") => Some("u-max"),
        Some(_) | None => None,
    }
}

fn told(call: &str, caller: &str, steps: &[Step]) -> (FinishedCallGraph, Expected) {
    let mut tale = Tale::begin(call, caller);
    for step in steps {
        if !tale.goes_on(step) {
            break;
        }
    }
    tale.end()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_user_is_in_exactly_the_conversations_of_his_clusters(steps in steps()) {
        let (graph, expected) = told("call-r", "+15557770001", &steps);
        if let Err(violations) = check(&graph) {
            prop_assert!(false, "{violations:?}");
        }
        let mut book = Book::new();
        book.deliver(&graph);
        book.state().map_err(TestCaseError::fail)?;
        let found: Expected = book
            .threads
            .values()
            .map(|thread| {
                let share = &thread.events[0].share;
                let users = share.members.iter().map(|member| member.user.to_string());
                (thread.conversation.internal_key.to_string(), users.collect())
            })
            .collect();
        prop_assert_eq!(found, expected);
        // The parts lie in the call, and are numbered by their begin.
        let mut events: Vec<_> = book.threads.values().map(|thread| &thread.events[0]).collect();
        events.sort_by_key(|event| event.segment);
        for event in &events {
            prop_assert!(graph.call.initiated_at <= event.started_at);
            prop_assert!(Some(event.ended_at) <= graph.call.ended_at);
        }
        prop_assert!(events.is_sorted_by_key(|event| event.started_at));
    }

    #[test]
    fn random_calls_in_any_order_make_the_same_conversations(
        calls in prop::collection::vec((0..3usize, steps()), 1..6),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        lookup_at in any::<prop::sample::Index>(),
    ) {
        const CALLERS: [&str; 3] = ["+15557770001", "+15557770002", "+15557770003"];
        let calls: Vec<_> = calls
            .iter()
            .enumerate()
            .map(|(n, (caller, steps))| told(&format!("call-{n}"), CALLERS[*caller], steps).0)
            .collect();
        let mut straight = Book::new();
        straight.resolve("+15557770003", &carl());
        for call in &calls {
            straight.deliver(call);
        }
        let mut other = Book::new();
        let mut deliveries: Vec<_> = order.iter().map(|index| index.get(&calls)).collect();
        deliveries.extend(calls.iter().rev());
        let lookup_at = lookup_at.index(deliveries.len());
        for (step, call) in deliveries.into_iter().enumerate() {
            if step == lookup_at {
                other.resolve("+15557770003", &carl());
            }
            other.deliver(call);
        }
        let expected = straight.state().map_err(TestCaseError::fail)?;
        prop_assert_eq!(other.state().map_err(TestCaseError::fail)?, expected);
    }
}
