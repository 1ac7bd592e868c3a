//! Orders in scripts: `order WHO WHAT`. Who is a user, or `boss`, an operator; a member of a call
//! is a user (`ana`), or a leg by its name in the rows: `anchor`, `c2`. A goal is a user, a group
//! (`g-supp`), an IVR (`ivr-…`) or a number outside.

use std::fmt::Write as _;
use std::sync::Arc;

use call::port::{
    Adoption, CallInput, Command, Devices, Goal, Member, OrderId, Orderer, Supervision,
};
use model::call_graph::event::BridgeLeg;
use model::{E164, GroupId, IvrId, TrunkId, UserId};

use crate::world::{World, seconds};

fn user(name: &str) -> UserId {
    UserId::from(format!("u-{name}"))
}

fn member(name: &str) -> Member {
    match name.strip_prefix('c').and_then(|seq| seq.parse().ok()) {
        Some(seq) => Member::Leg(BridgeLeg::Connection(seq)),
        None if name == "anchor" => Member::Leg(BridgeLeg::Anchor),
        None => Member::User(user(name)),
    }
}

impl World {
    /// Another call becomes part of this one: `completed by ana`, `completed by ana on LEG`,
    /// `joined by ana`, `picked up by cat at ana`, `fetched by cat`, `for ana instead of LEG`,
    /// `with dan listening to ana` (whispering, barging).
    pub(crate) fn takes(&mut self, into: usize, from: usize, words: &[&str]) {
        let leg = |name: &str| {
            let of_other = name.strip_prefix(&format!("{}.", self.calls[from].name));
            match of_other {
                Some(name) => self.calls[from].legs[name],
                None => self.calls[into].legs[name],
            }
        };
        let adoption = match words {
            ["completed", "by", who] => {
                Adoption::Consultation { user: user(who), complete: true, referred: None }
            }
            ["completed", "by", who, "on", on] => {
                let referred = Some(leg(on));
                Adoption::Consultation { user: user(who), complete: true, referred }
            }
            ["joined", "by", who] => {
                Adoption::Consultation { user: user(who), complete: false, referred: None }
            }
            ["picked", "up", "by", who, "at", of] => {
                Adoption::Pickup { user: user(who), of: user(of) }
            }
            ["fetched", "by", who] => Adoption::Retrieval { user: user(who) },
            ["for", who, "instead", "of", old] => {
                Adoption::Replacement { user: user(who), replaced: leg(old) }
            }
            ["with", by, how, "to" | "on" | "at", of] => {
                let how = match *how {
                    "listening" => Supervision::Listen,
                    "whispering" => Supervision::Whisper,
                    _ => Supervision::Barge,
                };
                Adoption::Supervisor { by: user(by), of: user(of), how }
            }
            _ => panic!("what is {words:?}?"),
        };
        if let Err(refusal) = self.adopt(into, from, adoption) {
            let at = seconds(self.now);
            let _ = writeln!(self.log, "{at:<6} not taken: {refusal}");
        }
    }

    /// Whom a name means.
    pub(crate) fn goal(&self, to: &str) -> Goal {
        if let Some(user) = self.directory.user_by_sip_username(to) {
            return Goal::User(user.id.clone());
        }
        match to {
            to if to.starts_with("g-") => Goal::Group(GroupId::from(to)),
            to if to.starts_with("ivr-") => Goal::Ivr(IvrId::from(to)),
            to if to.starts_with("u-") => Goal::User(UserId::from(to)),
            to => Goal::Outside {
                number: E164::parse(to).ok(),
                dialled: Arc::from(to),
                trunk: TrunkId::from("carrier-a"),
            },
        }
    }

    /// An order.
    pub(crate) fn order(&mut self, call: usize, who: &str, words: &[&str]) {
        let orderer = match who {
            "boss" => Orderer::Operator,
            name => Orderer::User(user(name)),
        };
        let command = self.command(who, words);
        let order = OrderId(self.answers.len() as u64);
        self.input(call, CallInput::Order(order, orderer, command));
        assert_eq!(self.answers.len() as u64, order.0 + 1, "an order without an answer");
    }

    fn command(&self, who: &str, words: &[&str]) -> Command {
        // What the boss orders is for somebody: `order boss for ana hold`.
        let (who, words) = match words {
            ["for", name, rest @ ..] => (*name, rest),
            _ => (who, words),
        };
        let user = user(who);
        match words {
            ["answer"] => Command::Answer { user },
            ["hang", "up"] => Command::HangUp,
            ["remove", name] => Command::Remove { member: member(name) },
            ["hold"] => Command::Hold { user },
            ["resume"] => Command::Resume { user },
            ["transfer", to] => Command::Transfer { user, to: self.goal(to) },
            ["consult", to] => Command::Consult { user, to: self.goal(to) },
            ["complete"] => Command::Complete { user },
            ["abandon"] => Command::Abandon { user },
            ["swap"] => Command::Swap { user },
            ["merge"] => Command::Merge { user },
            ["add", to] => Command::Add { user, to: self.goal(to) },
            ["mute", name] => Command::Mute { member: member(name), muted: true },
            ["unmute", name] => Command::Mute { member: member(name), muted: false },
            ["digits", name, digits] => {
                Command::SendDigits { member: member(name), digits: Arc::from(*digits) }
            }
            ["play", "all", sound] => Command::Play { member: None, sound: Arc::from(*sound) },
            ["play", name, sound] => {
                Command::Play { member: Some(member(name)), sound: Arc::from(*sound) }
            }
            ["stop", "play"] => Command::StopPlay,
            ["park"] => Command::Park { user, slot: "".into() },
            ["park", slot] => Command::Park { user, slot: Arc::from(*slot) },
            ["move"] => Command::Move { user, device: Devices::All },
            ["move", device] => Command::Move { user, device: Devices::Only(Arc::from(*device)) },
            ["supervise", of, how] => Command::Supervise {
                by: user,
                of: UserId::from(format!("u-{of}")),
                how: match *how {
                    "listen" => Supervision::Listen,
                    "whisper" => Supervision::Whisper,
                    _ => Supervision::Barge,
                },
            },
            _ => panic!("what is {words:?}?"),
        }
    }
}
