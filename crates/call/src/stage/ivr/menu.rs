//! A menu asks its caller for a digit (F1). What it says ends at a digit where it may, and a digit
//! before that counts; elsewhere digits count from the end of what it says. It asks a limited
//! number of times, and waits a limited time for each answer and for each prompt, so every menu is
//! left.

use std::sync::Arc;
use std::time::Duration;

use model::IvrId;
use model::call_graph::event::CallEvent;
use model::call_graph::words::RoutingRule;
use model::directory::{Ivr, Menu};

use super::greeting::LONGEST;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::ivr::session;
use crate::port::{CallInput, Digit, Playlist};
use crate::routing::route::Route;
use crate::sound::ears::Purpose;
use crate::stage::{Stage, ivr};

/// The caller is in a menu.
#[derive(Debug)]
pub(crate) struct Asking {
    ivr: IvrId,
    /// The Connection, if earlier IVRs have opened it.
    route: Route,
    /// How often he was asked.
    asked: u8,
    turn: Turn,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    /// The menu speaks, at most so long.
    Menu(Duration),
    /// It is the caller's turn, up to then.
    Caller(Duration),
}

impl Asking {
    /// Asks for the first time.
    pub(crate) fn begin(ivr: &Ivr, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let turn = ask(ivr, None, basis, ctx);
        Stage::Menu(Self { ivr: ivr.id.clone(), route, asked: 1, turn })
    }

    pub(crate) fn deadline(&self) -> Duration {
        match self.turn {
            Turn::Menu(at) | Turn::Caller(at) => at,
        }
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match self.turn {
            Turn::Menu(_) => {
                basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
                self.listen(basis, ctx)
            }
            Turn::Caller(_) => {
                basis.decide(RoutingRule::Menu, self.ivr.as_str(), "nothing was pressed in time");
                basis.record(CallEvent::MenuTimedOut { ivr: self.ivr.clone() }, ctx);
                self.again(|menu| menu.timeout_prompt.as_ref(), basis, ctx)
            }
        }
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match (heard(input, basis, ctx), self.turn) {
            (Heard::Key(digit), Turn::Caller(_)) => self.pressed(digit, basis, ctx),
            (Heard::Key(digit), Turn::Menu(_)) if self.may_barge_in(basis) => {
                basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
                self.pressed(digit, basis, ctx)
            }
            (Heard::Over(Purpose::Greeting, _), Turn::Menu(_)) => self.listen(basis, ctx),
            (Heard::Gone, _) => ivr::gone(&self.ivr, &self.route, basis, ctx),
            (Heard::Released, _) => ivr::released(&self.ivr, &self.route, basis, ctx),
            (Heard::Key(_) | Heard::Over(..) | Heard::Silence | Heard::Nothing, _) => {
                Stage::Menu(self)
            }
        }
    }

    fn may_barge_in(&self, basis: &Basis) -> bool {
        basis.directory.ivr(&self.ivr).is_some_and(|ivr| ivr.menu.barge_in)
    }

    fn pressed(self, digit: Digit, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let directory = basis.directory.clone();
        let option = directory.ivr(&self.ivr).and_then(|ivr| ivr.options.get(&digit.sign()));
        let verdict = match option {
            Some(next) if session::exists(next, basis) => {
                return ivr::choose(&self.ivr, digit, next.clone(), self.route, basis, ctx);
            }
            Some(next) => format!("{} was pressed: there is no {next}", digit.sign()),
            None => format!("{} was pressed: no option", digit.sign()),
        };
        basis.decide(RoutingRule::Menu, self.ivr.as_str(), verdict);
        let event = CallEvent::MenuInvalid { ivr: self.ivr.clone(), digit: digit.sign() };
        basis.record(event, ctx);
        self.again(|menu| menu.invalid_prompt.as_ref(), basis, ctx)
    }

    /// The menu has spoken.
    fn listen(mut self, basis: &Basis, ctx: &Ctx<'_>) -> Stage {
        let timeout_ms = basis.directory.ivr(&self.ivr).map_or(0, |ivr| ivr.menu.timeout_ms);
        self.turn = callers_turn(timeout_ms, ctx);
        Stage::Menu(self)
    }

    /// Asks once more, after this prompt, unless he was asked often enough.
    fn again(
        mut self,
        why: impl FnOnce(&Menu) -> Option<&Arc<str>>,
        basis: &mut Basis,
        ctx: &mut Ctx<'_>,
    ) -> Stage {
        let directory = basis.directory.clone();
        match directory.ivr(&self.ivr) {
            Some(ivr) if self.asked < ivr.menu.max_tries => {
                self.asked += 1;
                self.turn = ask(ivr, why(&ivr.menu), basis, ctx);
                Stage::Menu(self)
            }
            ivr => {
                let verdict = format!("given up after try {}", self.asked);
                basis.decide(RoutingRule::Menu, self.ivr.as_str(), verdict);
                let default = ivr.and_then(|ivr| ivr.menu.default_ivr_id.as_ref());
                ivr::go_to(&self.ivr, default, self.route, basis, ctx)
            }
        }
    }
}

/// Says why the menu asks again, and its greeting; a menu without words listens at once.
fn ask(ivr: &Ivr, why: Option<&Arc<str>>, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Turn {
    let prompts = why.into_iter().chain(&ivr.greeting_prompt);
    let items: Vec<_> = prompts.map(|prompt| Playlist::named(prompt)).collect();
    if items.is_empty() {
        return callers_turn(ivr.menu.timeout_ms, ctx);
    }
    let (barge_in, language) = (ivr.menu.barge_in, ivr.language.clone());
    let list = Playlist { items, repeat: false, barge_in, language };
    basis.ears.play(basis.anchor.leg, Purpose::Greeting, list, ctx);
    Turn::Menu(ctx.now.mono.saturating_add(LONGEST))
}

fn callers_turn(timeout_ms: u64, ctx: &Ctx<'_>) -> Turn {
    Turn::Caller(ctx.now.mono.saturating_add(patience(timeout_ms)))
}

/// How long a caller is waited for: what is configured, within what lets time pass and every call
/// end.
pub(super) fn patience(configured_ms: u64) -> Duration {
    Duration::from_millis(configured_ms).clamp(Duration::from_millis(1), LONGEST)
}
