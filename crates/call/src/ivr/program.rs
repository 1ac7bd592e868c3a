//! From the definition of an IVR to what it does with its caller. An action that is not built yet
//! does nothing: the caller goes on to the next IVR (interface.md).

use std::sync::Arc;
use std::time::Duration;

use model::E164;
use model::call_graph::event::Target;
use model::directory::{Accept, AcdStrategy, Directory, Ivr, IvrAction, IvrTarget};

use crate::limits::RingTimes;
use crate::routing::hunt::Plan;

/// What an IVR does.
#[derive(Debug)]
pub(crate) enum Program {
    /// Routes its caller.
    Route {
        /// Answers him first.
        accept_on_entry: bool,
        /// Says something to him, if he was answered.
        greeting: Option<Greeting>,
        /// To whom.
        plan: Plan,
    },
    /// Nothing.
    Pass,
}

/// What an IVR says to who enters.
#[derive(Debug)]
pub(crate) struct Greeting {
    /// A file, or a text that is spoken.
    pub(crate) prompt: Arc<str>,
    pub(crate) language: Option<Arc<str>>,
}

/// Reads a definition for the caller with this number.
pub(crate) fn program(
    ivr: &Ivr,
    caller: Option<&E164>,
    directory: &Directory,
    ring: &RingTimes,
) -> Program {
    let target = match (ivr.action, &ivr.target) {
        (IvrAction::CallTransfer, Some(target)) => target,
        (IvrAction::CallTransfer, None)
        | (
            IvrAction::Menu
            | IvrAction::TimeRouting
            | IvrAction::PlayAndHangup
            | IvrAction::Voicemail
            | IvrAction::PlayDirectory,
            _,
        ) => {
            return Program::Pass;
        }
    };
    let millis = |configured: Option<u64>, default: Duration| {
        configured.map_or(default, Duration::from_millis)
    };
    let (target, strategy, timeout) = match target {
        IvrTarget::User(user) => (Target::User(user.clone()), AcdStrategy::Single, ring.user),
        IvrTarget::RecordOwner => {
            let record = caller.and_then(|number| directory.record_of(number));
            let owner = record.and_then(|record| record.owner.clone());
            (Target::RecordOwner(owner), AcdStrategy::Single, ring.user)
        }
        // Until it is known with whom the caller talked last, nobody can be rung.
        IvrTarget::LastAgent => return Program::Pass,
        IvrTarget::External(number) => {
            let target = Target::External(number.clone());
            (target, AcdStrategy::Single, ring.user)
        }
        IvrTarget::Group(id) => {
            // The IVR's strategy beats the group's (D42).
            let of_group = directory.group(id).map(|group| group.strategy);
            let strategy = ivr.strategy.or(of_group).unwrap_or(AcdStrategy::Simulring);
            (Target::Group(id.clone()), strategy, ring.stage)
        }
    };
    // It plays nothing but a greeting, so only that makes it answer by itself.
    let accept_on_entry = match ivr.accept {
        Some(Accept::Entry) => true,
        Some(Accept::Answer) => false,
        None => ivr.greeting_prompt.is_some(),
    };
    Program::Route {
        accept_on_entry,
        greeting: ivr
            .greeting_prompt
            .clone()
            .map(|prompt| Greeting { prompt, language: ivr.language.clone() }),
        plan: Plan {
            ivr: Some(ivr.id.clone()),
            target,
            strategy,
            ring: millis(ivr.attempt_ring_ms, ring.attempt),
            timeout: millis(ivr.no_answer_timeout_ms, timeout),
            max_rounds: ivr.max_rounds,
        },
    }
}
