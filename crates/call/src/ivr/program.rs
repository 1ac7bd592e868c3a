//! From the definition of an IVR to what it does with its caller: first whether it answers him and
//! what it says ([`entry`]), then, when he has heard that, what is done with him ([`program`]).

use std::time::Duration;

use model::IvrId;
use model::call_graph::event::Target;
use model::call_graph::words::RoutingRule;
use model::directory::{Accept, AcdStrategy, Ivr, IvrAction, IvrTarget, VoicemailBox};

use super::hours;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::port::Playlist;
use crate::routing::hunt::Plan;

/// How an IVR begins.
#[derive(Debug)]
pub(crate) struct Entry {
    /// It answers its caller.
    pub(crate) accept: bool,
    /// What he hears before anything else, if he was answered. Menus and directories say their
    /// greetings themselves, again and again.
    pub(crate) greeting: Option<Playlist>,
}

/// What an IVR does once it has greeted its caller.
#[derive(Debug)]
pub(crate) enum Program {
    /// Rings somebody, or lets the caller wait for somebody where the IVR has a queue.
    Route {
        /// Whom, and how.
        plan: Plan,
    },
    /// Asks for a digit.
    Menu,
    /// Takes a message.
    Voicemail {
        /// Where it is kept.
        mailbox: VoicemailBox,
    },
    /// Asks for a name.
    Spell,
    /// Does nothing with him (any more): he goes on.
    Lead {
        /// To this IVR; `None`, or one that is not there: to the next one.
        to: Option<IvrId>,
    },
}

/// How an IVR begins.
pub(crate) fn entry(ivr: &Ivr) -> Entry {
    let greeting = ivr.greeting_prompt.as_ref().map(|prompt| says(ivr, prompt));
    match ivr.action {
        // Who was not answered can press nothing and say nothing.
        IvrAction::Menu | IvrAction::PlayDirectory => Entry { accept: true, greeting: None },
        IvrAction::Voicemail => Entry { accept: true, greeting },
        IvrAction::CallTransfer | IvrAction::TimeRouting | IvrAction::PlayAndHangup => {
            let accept = match ivr.accept {
                Some(Accept::Entry) => true,
                Some(Accept::Answer) => false,
                None => greeting.is_some(),
            };
            Entry { accept, greeting }
        }
    }
}

/// A prompt of an IVR, in its language.
pub(crate) fn says(ivr: &Ivr, prompt: &str) -> Playlist {
    Playlist { language: ivr.language.clone(), ..Playlist::one(Playlist::named(prompt)) }
}

/// What it does now with the caller.
pub(crate) fn program(ivr: &Ivr, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Program {
    match ivr.action {
        IvrAction::CallTransfer => transfer(ivr, basis, ctx),
        IvrAction::Menu => Program::Menu,
        IvrAction::TimeRouting => Program::Lead { to: hours::decide(ivr, basis, ctx) },
        IvrAction::PlayAndHangup => Program::Lead { to: None },
        IvrAction::Voicemail => match &ivr.voicemail {
            Some(mailbox) => Program::Voicemail { mailbox: mailbox.clone() },
            None => {
                basis.decide(RoutingRule::Ivr, ivr.id.as_str(), "passed over: it has no mailbox");
                Program::Lead { to: None }
            }
        },
        IvrAction::PlayDirectory => Program::Spell,
    }
}

fn transfer(ivr: &Ivr, basis: &mut Basis, ctx: &Ctx<'_>) -> Program {
    let ring = &ctx.settings.ring;
    let (target, strategy, timeout) = match &ivr.target {
        Some(IvrTarget::User(user)) => (Target::User(user.clone()), AcdStrategy::Single, ring.user),
        Some(IvrTarget::RecordOwner) => (record_owner(basis), AcdStrategy::Single, ring.user),
        Some(IvrTarget::LastAgent) => match last_agent(basis, ctx) {
            Some(target) => (target, AcdStrategy::Single, ring.user),
            None => return Program::Lead { to: None },
        },
        Some(IvrTarget::External(number)) => {
            basis.decide(RoutingRule::Forward, number.clone(), "dialled, as its IVR says");
            (Target::External(number.clone()), AcdStrategy::Single, ring.user)
        }
        Some(IvrTarget::Group(id)) => {
            // The IVR's strategy beats the group's (D42).
            let of_group = basis.directory.group(id).map(|group| group.strategy);
            let strategy = ivr.strategy.or(of_group).unwrap_or(AcdStrategy::Simulring);
            (Target::Group(id.clone()), strategy, ring.stage)
        }
        None => {
            basis.decide(RoutingRule::Ivr, ivr.id.as_str(), "passed over: it has no target");
            return Program::Lead { to: None };
        }
    };
    Program::Route { plan: plan(ivr, target, strategy, timeout, ctx) }
}

/// Rings this target as the IVR says; `timeout`: for so long where it says nothing.
pub(crate) fn plan(
    ivr: &Ivr,
    target: Target,
    strategy: AcdStrategy,
    timeout: Duration,
    ctx: &Ctx<'_>,
) -> Plan {
    let millis = |configured: Option<u64>, default: Duration| {
        configured.map_or(default, Duration::from_millis)
    };
    Plan {
        ivr: Some(ivr.id.clone()),
        target,
        strategy,
        ring: millis(ivr.attempt_ring_ms, ctx.settings.ring.attempt),
        timeout: millis(ivr.no_answer_timeout_ms, timeout),
        max_rounds: ivr.max_rounds,
    }
}

/// The owner of the caller's record.
fn record_owner(basis: &mut Basis) -> Target {
    let Some(number) = basis.caller_number().cloned() else {
        basis.decide(RoutingRule::RecordOwner, "withheld", "nobody: the caller shows no number");
        return Target::RecordOwner(None);
    };
    let (owner, verdict) = match basis.record_of_caller() {
        None => (None, "nobody: no record has this number".to_owned()),
        Some(record) => match &record.owner {
            None => (None, format!("nobody: nobody owns {} ({})", record.id, record.display_name)),
            Some(owner) => {
                let verdict = format!("{owner}, who owns {} ({})", record.id, record.display_name);
                (Some(owner.clone()), verdict)
            }
        },
    };
    basis.decide(RoutingRule::RecordOwner, number.as_str(), verdict);
    Target::RecordOwner(owner)
}

/// The user with whom the caller talked last; in rows he is a user.
fn last_agent(basis: &mut Basis, ctx: &Ctx<'_>) -> Option<Target> {
    let Some(number) = basis.caller_number().cloned() else {
        basis.decide(RoutingRule::LastAgent, "withheld", "nobody: the caller shows no number");
        return None;
    };
    let last = ctx.floor.last_agent(&number);
    // Who left the house meanwhile is rung no more.
    let last = last.filter(|user| basis.directory.user(user).is_some()).cloned();
    let verdict = match &last {
        Some(user) => format!("{user}, who talked with him last"),
        None => "nobody: nobody has talked with him yet".to_owned(),
    };
    basis.decide(RoutingRule::LastAgent, number.as_str(), verdict);
    last.map(Target::User)
}
