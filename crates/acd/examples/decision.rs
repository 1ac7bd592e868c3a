//! What one decision costs: a table of nanoseconds by strategy and number of agents, while 200
//! callers wait. `freed`: an agent hangs up, until he is offered the first caller. `arrived`: a
//! caller arrives, until he is offered to somebody; all agents are free and the 200 wait for a
//! skill that nobody has. `cargo run --release -p acd --example decision`.

#![allow(clippy::print_stdout, reason = "it prints a table")]
#![allow(clippy::disallowed_methods, reason = "it measures")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acd::strategy::SearchRules;
use acd::{AgentDefaults, Floor, Offer, Place, RingEnd};
use model::call_graph::words::QueueExit;
use model::directory::{AcdStrategy, Directory, Group, SkillNeed, User};
use model::{CallId, GroupId, Millis, Now, UserId};

const AGENTS: [usize; 4] = [10, 100, 1_000, 10_000];
const WAITING: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    println!("ns for each decision, median and 99 %, {WAITING} callers wait");
    println!("{:<22} {:>8} {:>22} {:>22}", "strategy", "agents", "freed", "arrived");
    for strategy in AcdStrategy::ALL {
        for agents in AGENTS {
            let rounds = (2_000_000 / agents).clamp(400, 5_000);
            let freed = freed(*strategy, agents, rounds)?;
            let arrived = arrived(*strategy, agents, rounds)?;
            println!("{:<22} {agents:>8} {freed} {arrived}", strategy.as_str());
        }
    }
    Ok(())
}

/// An agent hangs up and gets the first who waits.
fn freed(strategy: AcdStrategy, agents: usize, rounds: usize) -> Result<Spent, Box<dyn Error>> {
    let mut bench = Bench::new(agents);
    for index in 0..agents {
        let (user, call) = (bench.users[index].clone(), bench.mint());
        bench.floor.take(&user, &call, Some(&bench.group), bench.now);
        bench.on.insert(user, call);
    }
    for _ in 0..WAITING {
        bench.wait(strategy, Vec::new())?;
        bench.offers();
    }
    let mut spent = Spent::default();
    for round in 0..rounds {
        let user = bench.users[(round * 7) % agents].clone();
        let call = bench.on.remove(&user).ok_or("nobody is free")?;
        bench.pass();
        let before = Instant::now();
        bench.floor.free(&user, &call, bench.now);
        let offers = bench.offers();
        spent.0.push(before.elapsed().as_nanos());
        let [Offer { members, .. }] = &offers[..] else {
            return Err(format!("{strategy}: {offers:?}").into());
        };
        assert_eq!(members.len(), 1);
        let caller = bench.caller(&offers[0]);
        bench.floor.take(&user, &caller, Some(&bench.group), bench.now);
        bench.floor.leave(&caller, QueueExit::Answered, bench.now);
        bench.on.insert(user, caller);
        bench.wait(strategy, Vec::new())?;
        bench.offers();
    }
    spent.0.sort_unstable();
    Ok(spent)
}

/// A caller arrives and gets whoever is the right one.
fn arrived(strategy: AcdStrategy, agents: usize, rounds: usize) -> Result<Spent, Box<dyn Error>> {
    let mut bench = Bench::new(agents);
    let welsh = SkillNeed { skill: "welsh".into(), level: 9, relax_every_ms: 0, at_least: 0 };
    for _ in 0..WAITING {
        bench.wait(strategy, vec![welsh.clone()])?;
    }
    bench.offers();
    let mut spent = Spent::default();
    for _ in 0..rounds {
        bench.pass();
        let skill = SkillNeed { skill: "spanish".into(), level: 1, relax_every_ms: 0, at_least: 0 };
        let skills = if strategy == AcdStrategy::Skills { vec![skill] } else { Vec::new() };
        let before = Instant::now();
        bench.wait(strategy, skills)?;
        let offers = bench.offers();
        spent.0.push(before.elapsed().as_nanos());
        let [Offer { members, .. }] = &offers[..] else {
            return Err(format!("{strategy}: {offers:?}").into());
        };
        let caller = bench.caller(&offers[0]);
        let (winner, _) = members.first().ok_or("nobody")?;
        for (user, _) in members {
            let how = if user == winner { RingEnd::Answered } else { RingEnd::Stopped };
            bench.floor.stop_ringing(user, &caller, how, bench.now);
        }
        bench.floor.take(winner, &caller, Some(&bench.group), bench.now);
        bench.floor.leave(&caller, QueueExit::Answered, bench.now);
        bench.pass();
        bench.floor.free(winner, &caller, bench.now);
        bench.offers();
    }
    spent.0.sort_unstable();
    Ok(spent)
}

/// Times in ns, sorted at the end.
#[derive(Default)]
struct Spent(Vec<u128>);

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |hundredths: usize| self.0.get(self.0.len() * hundredths / 100).copied();
        write!(f, "{:>11}{:>11}", at(50).unwrap_or(0), at(99).unwrap_or(0))
    }
}

struct Bench {
    floor: Floor,
    users: Vec<UserId>,
    group: GroupId,
    on: BTreeMap<UserId, CallId>,
    now: Now,
    last: u64,
}

impl Bench {
    fn new(agents: usize) -> Self {
        let mut directory = Directory::new();
        let users: Vec<_> =
            (0..agents).map(|number| UserId::from(format!("user-{number:05}"))).collect();
        for (number, id) in users.iter().enumerate() {
            let name: Arc<str> = id.as_str().into();
            let mut user = User::named(id.clone(), name.clone(), name);
            let level = u8::try_from(1 + number % 10).unwrap_or(1);
            user.skills.insert("spanish".into(), level);
            directory.add_user(user);
        }
        let group = GroupId::from("support");
        directory.add_group(Group::of(group.clone(), "Support".into(), users.clone()));
        let now = Now { mono: Duration::from_secs(1), wall: Millis(1_700_006_401_000) };
        let mut floor = Floor::seeded(1);
        floor.set_people(&Arc::new(directory), &AgentDefaults::default(), now);
        for user in &users {
            floor.set_registered(user, true, now);
        }
        floor.changes();
        Self { floor, users, group, on: BTreeMap::new(), now, last: 0 }
    }

    fn mint(&mut self) -> CallId {
        self.last += 1;
        CallId::from(format!("0197a3c4-7d10-7000-8000-{:012}", self.last))
    }

    fn pass(&mut self) {
        self.floor.changes();
        let millis = Duration::from_millis(3);
        self.now = Now { mono: self.now.mono + millis, wall: self.now.wall.plus(millis) };
    }

    fn wait(
        &mut self,
        strategy: AcdStrategy,
        skills: Vec<SkillNeed>,
    ) -> Result<(), Box<dyn Error>> {
        let call = self.mint();
        self.floor.wait(
            Place {
                call,
                group: self.group.clone(),
                also: Vec::new(),
                strategy,
                rules: SearchRules::default(),
                priority: 0,
                skills,
                ring_at_most: 49,
                max_size: 1_000,
            },
            self.now,
        )?;
        Ok(())
    }

    fn offers(&mut self) -> Vec<Offer> {
        let mut offers = Vec::new();
        while let Some(offer) = black_box(self.floor.dispatch(self.now)) {
            offers.push(offer);
        }
        offers
    }

    fn caller(&self, offer: &Offer) -> CallId {
        match &offer.to {
            acd::Turned::Caller(call) | acd::Turned::Callback { place: call, .. } => call.clone(),
        }
    }
}
