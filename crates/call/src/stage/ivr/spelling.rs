//! A caller spells the name of whom he wants to talk to on the keys of his telephone (F6). `#`, or
//! waiting, ends the typing; so do three letters that only one name begins with. One name: that
//! user is rung. Several: they are read out, and a digit chooses. `*` starts again. He is asked a
//! limited number of times, waited for and spoken to for a limited time, so every directory is
//! left.

use std::time::Duration;

use model::call_graph::event::Target;
use model::call_graph::words::RoutingRule;
use model::directory::{AcdStrategy, Ivr, User};
use model::{IvrId, UserId};

use super::greeting::LONGEST;
use super::menu::patience;
use crate::basis::Basis;
use crate::ctx::Ctx;
use crate::ivr::input::{Heard, heard};
use crate::ivr::{names, program};
use crate::port::{CallInput, Digit, Playlist, Sound, Spoken};
use crate::routing::route::Route;
use crate::sound::ears::Purpose;
use crate::sound::voice::{Voice, text};
use crate::stage::{Stage, ivr};

/// So many letters are enough if they leave one name.
const ENOUGH: usize = 3;

/// More are not read.
const LONGEST_NAME: usize = 32;

/// The most names that are read out: there is one key for each.
const CHOICES: usize = 9;

/// The caller is in a directory.
#[derive(Debug)]
pub(crate) struct Spelling {
    ivr: IvrId,
    /// The Connection, if earlier IVRs have opened it.
    route: Route,
    /// How often he was asked.
    asked: u8,
    /// What he has typed since.
    typed: String,
    turn: Turn,
    /// The end of this turn, whatever happens.
    until: Duration,
}

#[derive(Debug)]
enum Turn {
    /// He is asked for a name.
    Asked,
    /// He types.
    Types,
    /// He hears the names.
    Hears(Vec<UserId>),
    /// He chooses one.
    Chooses(Vec<UserId>),
    /// He hears to whom he is connected.
    Connects(UserId),
}

impl Spelling {
    /// Asks for the first time.
    pub(crate) fn begin(ivr: &Ivr, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let (ivr, typed, until) = (ivr.id.clone(), String::new(), ctx.now.mono);
        Self { ivr, route, asked: 0, typed, turn: Turn::Asked, until }.ask(None, basis, ctx)
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.until
    }

    pub(crate) fn timeout(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match self.turn {
            Turn::Asked | Turn::Hears(_) | Turn::Connects(_) => {
                basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
                self.spoken(basis, ctx)
            }
            Turn::Types if self.typed.is_empty() => {
                let verdict = "no letter was typed in time";
                basis.decide(RoutingRule::Menu, self.ivr.as_str(), verdict);
                self.ask(None, basis, ctx)
            }
            Turn::Types => self.look(basis, ctx),
            Turn::Chooses(_) => {
                basis.decide(RoutingRule::Menu, self.ivr.as_str(), "no name was chosen in time");
                self.ask(None, basis, ctx)
            }
        }
    }

    pub(crate) fn handle(self, input: CallInput, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match heard(input, basis, ctx) {
            Heard::Key(digit) => self.pressed(digit, basis, ctx),
            Heard::Over(Purpose::Greeting, _) => self.spoken(basis, ctx),
            Heard::Gone => ivr::gone(&self.ivr, &self.route, basis, ctx),
            Heard::Released => ivr::released(&self.ivr, &self.route, basis, ctx),
            Heard::Over(..) | Heard::Silence | Heard::Nothing => Stage::Spelling(self),
        }
    }

    fn pressed(mut self, digit: Digit, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        match (&self.turn, digit.sign()) {
            // A key too many must not stop that he is connected.
            (Turn::Connects(_), _) => Stage::Spelling(self),
            (Turn::Asked | Turn::Types | Turn::Hears(_) | Turn::Chooses(_), '*') => {
                let verdict = "* was pressed: asked again";
                basis.decide(RoutingRule::Menu, self.ivr.as_str(), verdict);
                self.ask(None, basis, ctx)
            }
            (Turn::Asked | Turn::Types, '#') if !self.typed.is_empty() => self.look(basis, ctx),
            (Turn::Asked | Turn::Types, key @ '0'..='9') => {
                self.typed.push(key);
                self.typing(basis, ctx)
            }
            (Turn::Hears(users) | Turn::Chooses(users), key) => {
                let place = key.to_digit(10).and_then(|place| usize::try_from(place).ok());
                let chosen = place.and_then(|place| users.get(place.checked_sub(1)?)).cloned();
                match chosen {
                    Some(user) => {
                        let verdict = format!("{key} was pressed: {user}");
                        basis.decide(RoutingRule::Menu, self.ivr.as_str(), verdict);
                        self.connect(user, basis, ctx)
                    }
                    None => Stage::Spelling(self),
                }
            }
            (Turn::Asked | Turn::Types, _) => Stage::Spelling(self),
        }
    }

    /// One more letter was typed.
    fn typing(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
        let letters = self.typed.len();
        let found = if letters < ENOUGH { Vec::new() } else { self.found(basis) };
        if found.len() == 1 || letters >= LONGEST_NAME {
            return self.look(basis, ctx);
        }
        self.turn = Turn::Types;
        self.wait(basis, ctx)
    }

    /// What was said is over.
    fn spoken(mut self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        self.turn = match self.turn {
            Turn::Asked | Turn::Types => Turn::Types,
            Turn::Hears(users) | Turn::Chooses(users) => Turn::Chooses(users),
            Turn::Connects(user) => return ring(&self.ivr, user, self.route, basis, ctx),
        };
        self.wait(basis, ctx)
    }

    /// He has typed what he wanted to.
    fn look(self, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
        let mut found = self.found(basis);
        let (typed, count) = (&self.typed, found.len());
        let verdict = match found.first() {
            None => format!("{typed} was typed: nobody's name"),
            Some(user) if count == 1 => format!("{typed} was typed: {user}"),
            Some(_) => format!("{typed} was typed: {count} names begin so"),
        };
        basis.decide(RoutingRule::Menu, self.ivr.as_str(), verdict);
        match found.pop() {
            None => {
                let why = self.voice(basis, ctx).texts().nobody_of_that_name;
                self.ask(Some(why), basis, ctx)
            }
            Some(user) if found.is_empty() => self.connect(user, basis, ctx),
            Some(last) => {
                found.push(last);
                self.offer(found, basis, ctx)
            }
        }
    }

    /// Reads the names out.
    fn offer(mut self, mut users: Vec<UserId>, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        users.truncate(CHOICES);
        let voice = self.voice(basis, ctx);
        let [before, between] = voice.texts().choice;
        let mut items: Vec<Sound> = Vec::new();
        for (place, user) in users.iter().enumerate() {
            let digit = Spoken::Digits((place + 1).to_string().into());
            items.extend([text(before), name(user, basis), text(between), Sound::Say(digit)]);
        }
        items.push(text(voice.texts().spell_again));
        self.turn = Turn::Hears(users);
        self.say(voice.asks(items), basis, ctx)
    }

    fn connect(mut self, user: UserId, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let voice = self.voice(basis, ctx);
        let list = voice.says(vec![text(voice.texts().connecting_to), name(&user, basis)]);
        self.turn = Turn::Connects(user);
        self.say(list, basis, ctx)
    }

    /// Asks for a name, after this text, unless he was asked often enough.
    fn ask(mut self, why: Option<&'static str>, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        let directory = basis.directory.clone();
        let definition = directory.ivr(&self.ivr);
        let Some(ivr) = definition.filter(|ivr| self.asked < ivr.spelling.loops.max(1)) else {
            let verdict = format!("given up after try {}", self.asked);
            basis.decide(RoutingRule::Menu, self.ivr.as_str(), verdict);
            basis.ears.stop(basis.anchor.leg, Purpose::Greeting, ctx);
            return ivr::go_on(&self.ivr, self.route, basis, ctx);
        };
        self.asked += 1;
        self.typed.clear();
        self.turn = Turn::Asked;
        let voice = self.voice(basis, ctx);
        let why = why.map(text).into_iter();
        let list = match &ivr.greeting_prompt {
            Some(prompt) => {
                let items = why.chain([Playlist::named(prompt)]).collect();
                Playlist { barge_in: true, items, ..program::says(ivr, prompt) }
            }
            None => voice.asks(why.chain([text(voice.texts().spell_a_name)]).collect()),
        };
        self.say(list, basis, ctx)
    }

    fn say(mut self, list: Playlist, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
        basis.ears.play(basis.anchor.leg, Purpose::Greeting, list, ctx);
        self.until = ctx.now.mono.saturating_add(LONGEST);
        Stage::Spelling(self)
    }

    fn voice(&self, basis: &Basis, ctx: &Ctx<'_>) -> Voice {
        let ivr = basis.directory.ivr(&self.ivr);
        Voice::new(ivr.and_then(|ivr| ivr.language.as_ref()), ctx)
    }

    /// It is the caller's turn.
    fn wait(mut self, basis: &Basis, ctx: &Ctx<'_>) -> Stage {
        let wait_ms = basis.directory.ivr(&self.ivr).map_or(0, |ivr| ivr.spelling.wait_ms);
        self.until = ctx.now.mono.saturating_add(patience(wait_ms));
        Stage::Spelling(self)
    }

    /// Who can be meant by what was typed, by name.
    fn found(&self, basis: &Basis) -> Vec<UserId> {
        let directory = &basis.directory;
        let group = directory.ivr(&self.ivr).and_then(|ivr| ivr.spelling.group_id.as_ref());
        let mut found: Vec<&User> = match group {
            Some(group) => {
                let members = directory.group(group).map_or(&[][..], |group| &group.members);
                members.iter().filter_map(|member| directory.user(member)).collect()
            }
            None => directory.users().collect(),
        };
        found.retain(|user| names::is_spelt(&user.display_name, &self.typed));
        found.sort_by(|a, b| (&a.display_name, &a.id).cmp(&(&b.display_name, &b.id)));
        found.into_iter().map(|user| user.id.clone()).collect()
    }
}

/// Rings the user who was spelt, as a call transfer would.
fn ring(ivr: &IvrId, user: UserId, route: Route, basis: &mut Basis, ctx: &mut Ctx<'_>) -> Stage {
    let directory = basis.directory.clone();
    let Some(definition) = directory.ivr(ivr) else {
        return ivr::go_on(ivr, route, basis, ctx);
    };
    let (target, timeout) = (Target::User(user), ctx.settings.ring.user);
    let plan = program::plan(definition, target, AcdStrategy::Single, timeout, ctx);
    ivr::route(ivr, plan, route, basis, ctx)
}

/// A user's name, spoken.
fn name(user: &UserId, basis: &Basis) -> Sound {
    let name = basis.directory.user(user).map(|user| user.display_name.clone());
    Sound::Text(name.unwrap_or_else(|| user.as_str().into()))
}
