//! The search of one group for one caller who does not wait: its strategy is shown who may be
//! offered the call now, and every member that it looked at is explained (D37, D42).

use std::sync::Arc;
use std::time::Duration;

use acd::strategy::{Candidate, Field, SearchRules, Strategy, Turn, strategy};
use acd::{AgentState, AgentView, Place};
use model::call_graph::words::RoutingRule;
use model::directory::{AcdStrategy, Availability, Group, Queue};
use model::{CallId, GroupId, UserId};

use super::hunt::Plan;
use super::ringing::Ringing;
use crate::basis::Basis;
use crate::ctx::Ctx;

/// The most members of whom one step explains why they are passed over.
const EXPLAINED: usize = 24;

/// The most members of whom one step explains why they are rung: more than a call has legs, and no
/// search for each member of a group of thousands.
const RUNG: usize = 64;

/// A running search.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) group: GroupId,
    kind: AcdStrategy,
    strategy: Box<dyn Strategy>,
    /// Time between two steps of a progressive simulring.
    step: Duration,
    /// How often the strategy was asked: no lot is drawn twice from one seed.
    asked: u64,
    /// The lap whose members have been explained.
    explained: u16,
}

/// Why a member is passed over.
#[derive(Clone, Copy, Debug)]
enum Why {
    /// He declined this call.
    Declined,
    /// His state forbids it.
    State,
    /// Another call rings him.
    RingsElsewhere,
    /// Another search of this call rings him.
    RingsAlready,
    /// He has handed the call on to the group himself.
    HandedOn,
}

/// Who is passed over, and why.
type PassedOver<'a> = Vec<(&'a UserId, Why)>;

impl Search {
    pub(crate) fn new(
        group: GroupId,
        kind: AcdStrategy,
        max_rounds: Option<u32>,
        basis: &Basis,
        ctx: &Ctx<'_>,
    ) -> Self {
        // `single` names no way to search a group; the import refuses it.
        let kind = if kind == AcdStrategy::Single { AcdStrategy::Simulring } else { kind };
        let rules = rules(basis.directory.group(&group), max_rounds, ctx);
        let (strategy, step) = (strategy(kind, &rules), rules.step);
        Self { group, kind, strategy, step, asked: 0, explained: 0 }
    }

    /// Whether members are rung one after the other, each for the time of one attempt.
    pub(crate) fn is_one_by_one(&self) -> bool {
        match self.kind {
            AcdStrategy::Single | AcdStrategy::Simulring | AcdStrategy::ProgressiveSimulring => {
                false
            }
            AcdStrategy::RoundRobin
            | AcdStrategy::Sequential
            | AcdStrategy::LongestIdle
            | AcdStrategy::FewestCalls
            | AcdStrategy::LeastTalkTime
            | AcdStrategy::WeightedRandom
            | AcdStrategy::Skills => true,
        }
    }

    /// Whether an offer moves the cursor of the group (D42).
    pub(crate) fn moves_cursor(&self) -> bool {
        self.kind == AcdStrategy::RoundRobin
    }

    /// Number of the running lap (D38).
    pub(crate) fn round(&self) -> u16 {
        self.strategy.round()
    }

    /// When it has to be asked again although somebody rings.
    pub(crate) fn next_step(&self, now: Duration) -> Option<Duration> {
        let steps = self.kind == AcdStrategy::ProgressiveSimulring;
        steps.then(|| now.saturating_add(self.step))
    }

    /// Asks the strategy.
    pub(crate) fn turn(&mut self, ringing: &Ringing, basis: &mut Basis, ctx: &Ctx<'_>) -> Turn {
        let directory = basis.directory.clone();
        let Some(group) = directory.group(&self.group) else {
            return Turn::Over;
        };
        let (candidates, passed_over) = self.look(group, ringing, &basis.id, ctx);
        let last = ctx.floor.cursor(&self.group);
        let cursor = last.and_then(|last| group.members.iter().position(|user| user == last));
        self.asked += 1;
        let field = Field {
            now: ctx.now.mono,
            candidates: &candidates,
            members: group.members.len(),
            cursor,
            ringing: ringing.active().len(),
            needs: &[],
            random: seed(basis.id.as_str()).wrapping_add(self.asked),
        };
        let turn = self.strategy.turn(&field);
        self.explain(&turn, &candidates, passed_over, basis, ctx);
        turn
    }

    /// Who may be offered the call, and who may not.
    fn look<'a>(
        &self,
        group: &'a Group,
        ringing: &Ringing,
        call: &CallId,
        ctx: &'a Ctx<'_>,
    ) -> (Vec<Candidate<'a>>, PassedOver<'a>) {
        let (mut candidates, mut passed_over) = (Vec::new(), Vec::new());
        for (position, user) in group.members.iter().enumerate() {
            if ringing.active().iter().any(|attempt| attempt.user() == Some(user)) {
                continue;
            }
            if ringing.is_handed_on_by(user) {
                // Free as he is by now, he is not rung for what he has just handed on.
                passed_over.push((user, Why::HandedOn));
            } else if ctx.floor.rings(user, call) {
                // Another search of this call has found him: nobody is rung for a call twice.
                passed_over.push((user, Why::RingsAlready));
            } else if ringing.has_declined(user) {
                passed_over.push((user, Why::Declined));
            } else if let Some(mut candidate) = ctx.floor.candidate(user, ctx.now) {
                candidate.position = position;
                candidate.weight = group.weights.get(user).copied().unwrap_or(1);
                if candidate.rings_elsewhere && self.is_one_by_one() {
                    passed_over.push((user, Why::RingsElsewhere));
                }
                candidates.push(candidate);
            } else {
                passed_over.push((user, Why::State));
            }
        }
        (candidates, passed_over)
    }

    fn explain(
        &mut self,
        turn: &Turn,
        candidates: &[Candidate<'_>],
        passed_over: PassedOver<'_>,
        basis: &mut Basis,
        ctx: &Ctx<'_>,
    ) {
        let (kind, round) = (self.kind, self.strategy.round());
        if self.explained < round {
            self.explained = round;
            let lap = if self.is_one_by_one() { format!(", lap {round}") } else { String::new() };
            let after = match ctx.floor.cursor(&self.group) {
                Some(last) if self.moves_cursor() => format!(", after {last}"),
                Some(_) | None => String::new(),
            };
            let verdict = format!("{kind}{lap}{after}");
            basis.decide(RoutingRule::Strategy, self.group.as_str(), verdict);
            for (user, why) in passed_over.into_iter().take(EXPLAINED) {
                let why: Arc<str> = match why {
                    Why::Declined => "declined".into(),
                    Why::State => state(&ctx.floor.agent(user)),
                    Why::RingsElsewhere => "another call rings".into(),
                    Why::RingsAlready => "this call rings already".into(),
                    Why::HandedOn => "has handed it on".into(),
                };
                basis.decide(RoutingRule::Member, user.as_str(), format!("passed over: {why}"));
            }
        }
        match turn {
            Turn::Offer(users) => {
                for user in users.iter().take(RUNG) {
                    let found = candidates.iter().find(|candidate| candidate.user == user);
                    let why = found.map_or_else(String::new, |found| self.why(found));
                    basis.decide(RoutingRule::Member, user.as_str(), format!("rung{why}"));
                }
            }
            Turn::Over => {
                let verdict = format!("{kind}: nobody is left to be offered the call");
                basis.decide(RoutingRule::Strategy, self.group.as_str(), verdict);
            }
            Turn::Rest(_) => {}
        }
    }

    /// What made the strategy choose a member.
    fn why(&self, chosen: &Candidate<'_>) -> String {
        match self.kind {
            AcdStrategy::LongestIdle => format!(": free for {} s", chosen.idle.as_secs()),
            AcdStrategy::FewestCalls => format!(": {} calls today", chosen.answered),
            AcdStrategy::LeastTalkTime => {
                format!(": talked for {} s today", chosen.talked.as_secs())
            }
            AcdStrategy::WeightedRandom => format!(": by lot, with weight {}", chosen.weight),
            AcdStrategy::RoundRobin => ": next in turn".to_owned(),
            AcdStrategy::Sequential => format!(": at position {}", chosen.position + 1),
            AcdStrategy::Single
            | AcdStrategy::Simulring
            | AcdStrategy::ProgressiveSimulring
            | AcdStrategy::Skills => String::new(),
        }
    }
}

/// The rules by which a group is searched.
pub(crate) fn rules(group: Option<&Group>, max_rounds: Option<u32>, ctx: &Ctx<'_>) -> SearchRules {
    let (own, settings) = (group.map(|group| &group.rules), &ctx.settings.acd);
    SearchRules {
        max_rounds,
        lap_gap: ctx.settings.ring.lap,
        step_members: own.and_then(|own| own.step_members).unwrap_or(settings.step_members),
        step: own.and_then(|own| own.step_ms).map_or(settings.step, Duration::from_millis),
    }
}

/// Explains who of a group cannot take a caller who begins to wait for it.
pub(crate) fn explain(group: &Group, kind: AcdStrategy, basis: &mut Basis, ctx: &Ctx<'_>) {
    basis.decide(RoutingRule::Strategy, group.id.as_str(), kind.as_str());
    let passed_over = group.members.iter().filter_map(|user| {
        let agent = ctx.floor.agent(user);
        (agent.state != AgentState::Available).then(|| (user, state(&agent)))
    });
    for (user, why) in passed_over.take(EXPLAINED) {
        basis.decide(RoutingRule::Member, user.as_str(), format!("passed over: {why}"));
    }
}

/// Whether nothing is to be said of an agent.
pub(crate) fn is_free(agent: &AgentView) -> bool {
    agent.state == AgentState::Available
}

/// The place of a caller who begins to wait for a group.
pub(crate) fn place(
    group: &GroupId,
    queue: &Queue,
    plan: &Plan,
    basis: &Basis,
    ctx: &Ctx<'_>,
) -> Place {
    let also = queue.also_groups.iter();
    let of_record = basis.record_of_caller().map_or(0, |record| record.priority);
    Place {
        call: basis.id.clone(),
        group: group.clone(),
        also: also
            .map(|also| (also.group_id.clone(), Duration::from_millis(also.after_ms)))
            .collect(),
        strategy: plan.strategy,
        rules: rules(basis.directory.group(group), plan.max_rounds, ctx),
        priority: i32::from(queue.priority) + i32::from(of_record),
        skills: queue.skills.clone(),
        // One leg is the caller's.
        ring_at_most: ctx.settings.limits.legs_per_call.saturating_sub(1),
        max_size: queue.max_size,
    }
}

/// Why an agent may not be offered a call, for people.
pub(crate) fn state(agent: &AgentView) -> Arc<str> {
    let chosen = |word: &str| match &agent.reason {
        Some(reason) => format!("{word}: {reason}").into(),
        None => word.into(),
    };
    match (agent.state, agent.availability) {
        (AgentState::OnCall, _) => "on a call".into(),
        (_, Availability::Offline) => chosen("offline"),
        (_, Availability::Busy) => chosen("busy"),
        (_, Availability::Away) | (AgentState::Away, Availability::Available) => chosen("away"),
        (AgentState::Offline, Availability::Available) => "not registered".into(),
        (AgentState::Unreachable, Availability::Available) => {
            "unreachable: the telephone answers nothing".into()
        }
        (AgentState::WrapUp, Availability::Available) => "wrapping up".into(),
        (AgentState::Ringing, Availability::Available) => "another call rings".into(),
        (AgentState::Available, Availability::Available) => "free".into(),
    }
}

/// A number that differs from call to call, from the call's id (FNV-1a).
fn seed(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
