//! Orders at a screen (`Input::Order`): any command, for any user, at any time. Whatever the answer
//! is, there is one, in the same step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use call::port::{
    Command, Devices, Goal, Member, OrderId, Orderer, RecordingWish, Refusal, StageName, Standing,
    Supervision,
};
use model::call_graph::CallGraph;
use model::call_graph::event::BridgeLeg;
use model::{CallId, GroupId, IvrId, UserId};
use switch::Input;

use crate::random::Random;
use crate::setting::{OUTSIDE, SIMULRING, USERS, number_of};
use crate::world::World;

/// Orders that were given, and their answers.
#[derive(Default)]
pub(crate) struct Answers {
    given: u64,
    /// Those that wait for theirs, and what they are.
    pub(crate) open: BTreeMap<OrderId, String>,
    /// `ok` or the code of the refusal, of each kind of order.
    pub(crate) counted: BTreeMap<String, u64>,
    /// Who has ordered a hold: he may be apart from a conference of which he is a party, and no
    /// row says so.
    pub(crate) holders: BTreeSet<Arc<str>>,
    /// Whose telephones were to ring without a row.
    pub(crate) rung: BTreeSet<UserId>,
    /// Of the last order.
    pub(crate) last: Option<Result<(CallId, Standing), Refusal>>,
}

impl Answers {
    fn give(&mut self, kind: &str) -> OrderId {
        self.given += 1;
        self.last = None;
        let order = OrderId(self.given);
        self.open.insert(order, kind.to_owned());
        order
    }

    /// An answer has come; what is wrong with that.
    pub(crate) fn take(
        &mut self,
        order: OrderId,
        answer: Result<(CallId, Standing), Refusal>,
    ) -> Option<String> {
        let word = answer.as_ref().map_or_else(|refusal| refusal.code(), |_| "ok");
        let Some(kind) = self.open.remove(&order) else {
            return Some(format!("{order:?} is answered, which waits for no answer"));
        };
        *self.counted.entry(format!("order {kind} {word}")).or_default() += 1;
        self.last = Some(answer);
        None
    }
}

impl World {
    /// Gives an order; returns whether it was obeyed.
    pub(crate) fn order(&mut self, call: &CallId, by: Orderer, command: Command) -> bool {
        let text = format!("{command:?}");
        let kind = text.split([' ', '(']).next().unwrap_or_default().to_lowercase();
        self.note(|_| format!("order {text} by {by:?} on {call}"));
        if let Command::Hold { user } = &command {
            self.answers.holders.insert(user.as_str().into());
        }
        if let Command::Supervise { by: who, .. } | Command::Move { user: who, .. } = &command {
            // A telephone rings of which no row speaks.
            self.answers.rung.insert(who.clone());
            self.supervised = true;
        }
        let order = self.answers.give(&kind);
        self.input(Input::Order { order, call: call.clone(), by, command });
        self.answered_at_once()
    }

    fn answered_at_once(&mut self) -> bool {
        // With a slow store the answer, which follows what it records, comes later.
        if self.answers.last.is_none() && !self.store_was_away {
            self.faults.push(format!("no answer: {:?}", self.answers.open));
        }
        let obeyed = match &self.answers.last {
            Some(Ok((call, standing))) => {
                let said = standing.parties.iter().filter_map(|party| {
                    Some(match party.leg? {
                        BridgeLeg::Anchor => None,
                        BridgeLeg::Connection(seq) => Some(seq),
                    })
                });
                let said: BTreeSet<_> = said.collect();
                let rows: BTreeSet<_> = self.store.bridges.of(call).into_keys().collect();
                let talks = standing.stage == StageName::Talking && !self.store_was_away;
                // What fails at once comes after the answer, and may end the call.
                if talks && said != rows && !rows.is_empty() {
                    let at = self.now;
                    self.faults.push(format!("{at:?}: {call} says {said:?}, its rows {rows:?}"));
                }
                true
            }
            Some(Err(_)) | None => false,
        };
        self.note(|world| format!("answer {:?}", world.answers.last));
        obeyed
    }

    /// A call that runs.
    fn a_call(&self, random: &mut Random) -> Option<CallGraph> {
        let graphs = self.store.graphs.values();
        let live: Vec<_> = graphs.filter(|graph| !graph.call.state.is_over()).collect();
        if live.is_empty() {
            return None;
        }
        Some((*random.pick(&live)).clone())
    }

    /// Somebody orders something, and often what belongs after it.
    pub(crate) fn order_something(&mut self, random: &mut Random) {
        let Some(graph) = self.a_call(random) else { return };
        let call = graph.call.id.clone();
        let users = users(&graph);
        let user = if users.is_empty() || random.chance(50) {
            UserId::from(*random.pick(&USERS))
        } else {
            random.pick(&users).clone()
        };
        let by = match random.below(8) {
            0 => Orderer::Operator,
            1 if random.chance(300) => Orderer::User(UserId::from(*random.pick(&USERS))),
            _ => Orderer::User(user.clone()),
        };
        let command = command(&graph, &user, random);
        let follows: &[u32] = if let Command::Consult { .. } = command {
            &[0, 0, 1, 2, 3, 3]
        } else if let Command::Add { .. } = command {
            &[4, 4, 5]
        } else if let Command::Hold { .. } = command {
            &[6]
        } else if let Command::Park { .. } = command {
            &[7]
        } else {
            &[]
        };
        let obeyed = self.order(&call, by, command);
        if !obeyed || follows.is_empty() {
            return;
        }
        let next = *random.pick(follows);
        let after = random.time(0, 9_000);
        let mut random = Random::new(random.number());
        self.at(self.now + after, move |world| world.follow(&call, user, next, &mut random));
    }

    fn follow(&mut self, call: &CallId, user: UserId, what: u32, random: &mut Random) {
        let by = Orderer::User(user.clone());
        let command = match what {
            0 => Command::Complete { user },
            1 => Command::Abandon { user },
            2 => Command::Swap { user },
            3 => Command::Merge { user },
            4 => Command::Remove { member: Member::User(user) },
            5 => Command::Mute { member: Member::User(user), muted: true },
            6 => Command::Resume { user },
            _ => Command::HangUp,
        };
        if matches!(command, Command::HangUp) {
            let fetcher = 2 + random.below(USERS.len() as u64) as usize;
            return self.code(fetcher, "*7171");
        }
        let obeyed = self.order(call, by.clone(), command.clone());
        if obeyed && let Command::Merge { user } | Command::Swap { user } = command {
            let last = match random.below(3) {
                0 => Command::Remove { member: Member::User(user) },
                1 => Command::Complete { user },
                _ => Command::Abandon { user },
            };
            let (call, after) = (call.clone(), random.time(0, 6_000));
            self.at(self.now + after, move |world| {
                world.order(&call, by, last);
            });
        }
    }

    /// A call is ordered, and now and then ended while it is being made.
    pub(crate) fn originate(&mut self, random: &mut Random, to: &str) {
        let user = UserId::from(*random.pick(&USERS));
        self.note(|_| format!("order a call of {user} to {to}"));
        let order = self.answers.give("originate");
        self.answers.rung.insert(user.clone());
        let to = to.into();
        let devices = Devices::All;
        self.input(Input::Originate { order, user: user.clone(), devices, to, caller_id: None });
        self.answered_at_once();
        let Some(Ok((call, _))) = self.answers.last.clone() else { return };
        let longest = if random.chance(500) { 4_000 } else { 30_000 };
        let after = random.time(0, longest);
        self.at(self.now + after, move |world| {
            world.order(&call, Orderer::User(user), Command::HangUp);
        });
    }
}

/// Who is on a call by its rows.
fn users(graph: &CallGraph) -> Vec<UserId> {
    let anchor = graph.call.anchor_user_id.as_ref();
    let anchor = anchor.filter(|_| graph.call.anchor_left_at.is_none());
    let open = graph.connections.iter().filter(|row| row.ended_at.is_none());
    anchor
        .into_iter()
        .chain(open.filter_map(|row| row.answered_user_id.as_ref()))
        .cloned()
        .collect()
}

fn goal(random: &mut Random) -> Goal {
    let user = random.below(USERS.len() as u64) as usize;
    match random.below(8) {
        0 => Goal::Group(GroupId::from("sales")),
        1 => Goal::Dialled(SIMULRING.into()),
        2 | 3 => Goal::Dialled(OUTSIDE.into()),
        4 => Goal::Dialled(number_of(user).into()),
        5 if random.chance(400) => Goal::Ivr(IvrId::from("ivr-simulring")),
        6 if random.chance(200) => Goal::Dialled("nobody".into()),
        _ => Goal::User(UserId::from(USERS[user])),
    }
}

fn member(graph: &CallGraph, user: &UserId, random: &mut Random) -> Member {
    let connections = graph.connections.len() as u64;
    match random.below(3) {
        0 => Member::Leg(BridgeLeg::Anchor),
        1 if connections > 0 => {
            Member::Leg(BridgeLeg::Connection(1 + random.below(connections) as u16))
        }
        _ => Member::User(user.clone()),
    }
}

fn command(graph: &CallGraph, user: &UserId, random: &mut Random) -> Command {
    let user = user.clone();
    match random.below(32) {
        0 => Command::Answer { user: UserId::from(*random.pick(&USERS)) },
        1 => Command::HangUp,
        2 | 3 => Command::Remove { member: member(graph, &user, random) },
        4 | 5 => Command::Hold { user },
        6 => Command::Resume { user },
        7..=10 => Command::Transfer { user, to: goal(random) },
        11..=15 => Command::Consult { user, to: goal(random) },
        16 => Command::Complete { user },
        17 => Command::Abandon { user },
        18 => Command::Swap { user },
        19 => Command::Merge { user },
        20..=23 => Command::Add { user, to: goal(random) },
        24 => Command::Mute { member: member(graph, &user, random), muted: random.chance(600) },
        25 => Command::SendDigits { member: member(graph, &user, random), digits: "12#".into() },
        26 => Command::Play { member: None, sound: "tone:beep".into() },
        27 => Command::StopPlay,
        28 => {
            let wishes = [
                RecordingWish::Start,
                RecordingWish::Pause,
                RecordingWish::Resume,
                RecordingWish::Stop,
            ];
            Command::Record(*random.pick(&wishes))
        }
        29 => Command::Park { user, slot: (*random.pick(&["", "71"])).into() },
        30 => Command::Move { user, device: Devices::All },
        _ => Command::Supervise {
            by: UserId::from(*random.pick(&USERS)),
            of: user,
            how: *random.pick(&[Supervision::Listen, Supervision::Whisper, Supervision::Barge]),
        },
    }
}
