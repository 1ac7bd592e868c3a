//! How calls come to be: somebody dials, the API or a callback has a call made, one becomes part of
//! another.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use acd::Callback;
use call::port::{
    Adoption, Arrival, CallInput, Caller, Code, Control, Destination, Devices, Goal, LegId, Refusal,
};
use call::{Call, CallBack, Ctx, Originate};
use model::directory::MailboxId;
use model::{CallId, E164, GroupId, IvrId, NumberId, TrunkId, UserId};

use super::{LegState, Live, World, now, seconds};

impl World {
    pub(crate) fn arrive(&mut self, name: &str, id: &str, from: &str, to: &str) {
        let leg = self.legs.mint();
        let arrival = self.arrival(leg, from, to);
        let index = self.calls.len();
        self.states.insert(leg, (index, LegState::Ringing));
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now: now(self.now),
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.legs,
            settings: &self.settings,
            out: &mut out,
        };
        let call = Call::arrive(CallId::from(id), arrival, &mut ctx);
        self.calls.push(Live {
            legs: BTreeMap::from([("caller".to_owned(), leg)]),
            names: BTreeMap::from([(leg, "caller".to_owned())]),
            named: Vec::new(),
            events: Vec::new(),
            ..Live::new(name, call)
        });
        self.carry_out(index, out);
        self.calm();
    }

    /// A call is made for a user by order.
    pub(crate) fn originate(&mut self, name: &str, user: UserId, to: Goal) {
        let caller_id = self.directory.default_number_of_user(&user).map(|it| it.id.clone());
        let (devices, node) = (Devices::All, Arc::from("test"));
        let order = Originate { user, devices, to, caller_id, node };
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now: now(self.now),
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.legs,
            settings: &self.settings,
            out: &mut out,
        };
        let id = CallId::from(format!("call-{}", name.to_lowercase()));
        let call = match Call::originate(id, order, &mut ctx) {
            Ok(call) => call,
            Err(refusal) => {
                let _ = writeln!(self.log, "{:<6} refused: {refusal}", seconds(self.now));
                assert!(out.is_empty());
                return;
            }
        };
        let index = self.calls.len();
        self.calls.push(Live::new(name, call));
        self.carry_out(index, out);
        self.calm();
    }

    /// Somebody is called back, as the switch would do it.
    pub(super) fn call_back(
        &mut self,
        place: CallId,
        callback: Callback,
        user: UserId,
        group: GroupId,
    ) {
        let (trunk, node) = (TrunkId::from("carrier-a"), "test".into());
        let back = CallBack { place, callback, user, group, trunk, node };
        let index = self.calls.len();
        let name = format!("back{index}");
        let mut out = Vec::new();
        let mut ctx = Ctx {
            now: now(self.now),
            directory: &self.directory,
            floor: &mut self.floor,
            mailboxes: &mut self.mailboxes,
            legs: &mut self.legs,
            settings: &self.settings,
            out: &mut out,
        };
        let call = Call::call_back(CallId::from(format!("call-{name}")), back, &mut ctx);
        self.calls.push(Live::new(&name, call));
        self.depth += 1;
        self.carry_out(index, out);
        self.depth -= 1;
    }

    /// A call becomes part of another one, as the switch would do it.
    pub(crate) fn adopt(
        &mut self,
        into: usize,
        from: usize,
        adoption: Adoption,
    ) -> Result<(), Refusal> {
        let (survivor, given) = (&self.calls[into].call, &self.calls[from].call);
        given.may_become_part_of(survivor, &adoption, &self.settings)?;
        let survivor = self.calls[into].call.id().clone();
        let mut given = None;
        self.calls[from].absorbed = true;
        self.depth += 1;
        self.step(from, |call, ctx| given = call.give_up(&survivor, ctx));
        let given = given.expect("it has said that it can be given up");
        for leg in &given.legs {
            let (index, _) = self.states.get_mut(leg).expect("a leg that exists");
            assert_eq!(std::mem::replace(index, into), from);
        }
        let of_that = |(call, state): &&(usize, LegState)| {
            *call == from && matches!(state, LegState::Ringing | LegState::Up)
        };
        assert_eq!(self.states.values().find(of_that), None, "a leg is left behind\n{}", self.log);
        let (name, names) = (self.calls[from].name.clone(), self.calls[from].names.clone());
        for (leg, party) in names {
            let party = if party == "caller" { format!("{name}.caller") } else { party };
            let live = &mut self.calls[into];
            let taken = live.legs.contains_key(&party);
            let party = if taken { format!("{name}.{party}") } else { party };
            live.legs.insert(party.clone(), leg);
            live.names.insert(leg, party);
        }
        let stays = given.legs.clone();
        self.input(into, CallInput::Adopt(adoption, Box::new(given)));
        let live = &self.calls[into];
        let known: Vec<LegId> = live.call.legs().collect();
        for leg in stays {
            let up = matches!(self.states[&leg].1, LegState::Ringing | LegState::Up);
            assert!(!up || known.contains(&leg), "{leg:?} is nobody's\n{}", self.log);
        }
        self.depth -= 1;
        self.calm();
        Ok(())
    }

    /// Whether whoever has this leg has dialled it himself.
    pub(crate) fn is_called_by(&self, leg: LegId) -> bool {
        let names = self.calls.iter().filter_map(|live| live.names.get(&leg));
        names.into_iter().any(|name| name.ends_with("caller"))
    }

    /// Who dials what, as the switch would have looked it up. A caller may name a Caller ID:
    /// `cat/+15550200001`.
    fn arrival(&self, leg: LegId, from: &str, to: &str) -> Arrival {
        let (from, caller_id) = from.split_once('/').map_or((from, None), |(a, b)| (a, Some(b)));
        let user_from = self.directory.user_by_sip_username(from);
        let user_to = self.directory.user_by_sip_username(to);
        let ours = E164::parse(to).ok().and_then(|number| self.directory.number_by_e164(&number));
        let (caller, mut shown) = match user_from {
            Some(user) => (Caller::User(user.id.clone()), Some(Arc::from(from))),
            None => {
                let number = E164::parse(from).ok();
                let withheld = from == "anonymous";
                let text = (number.is_none() && !withheld).then(|| Arc::from(from));
                let caller = Caller::External {
                    trunk: TrunkId::from("carrier-a"),
                    number,
                    text,
                    display_name: None,
                };
                (caller, (!withheld).then(|| Arc::from(from)))
            }
        };
        let code = user_from.and_then(|user| code(&user.id, to));
        let destination = match (user_from, user_to, ours) {
            _ if code.is_some() => Destination::Code(code.expect("a code")),
            (None, _, Some(number)) => Destination::Number(number.id.clone()),
            (None, _, None) => Destination::Unknown,
            (Some(_), Some(user), _) => Destination::User(user.id.clone()),
            (Some(_), None, Some(number)) => Destination::Group(number.id.clone()),
            (Some(user), None, None) => {
                let id: NumberId = match caller_id {
                    Some(number) => {
                        let number = E164::parse(number).expect("a Caller ID");
                        self.directory.number_by_e164(&number).expect("ours").id.clone()
                    }
                    None => {
                        let number = self.directory.default_number_of_user(&user.id);
                        number.expect("a default number").id.clone()
                    }
                };
                shown = self.directory.number(&id).map(|number| Arc::from(number.e164.as_str()));
                Destination::Outside {
                    number: E164::parse(to).ok(),
                    dialled: Arc::from(to),
                    caller_id: id,
                    trunk: TrunkId::from("carrier-a"),
                }
            }
        };
        Arrival {
            leg,
            caller,
            destination,
            from_number: shown,
            to_number: Some(Arc::from(to)),
            sip_call_id: Arc::from("a@test"),
            node: Arc::from("test"),
        }
    }
}

/// What a user's code means in scripts.
fn code(user: &UserId, dialled: &str) -> Option<Code> {
    Some(match dialled.split_once('/').unwrap_or((dialled, "")) {
        ("*10", _) => Code::Toggle,
        ("*11", _) => Code::Available,
        ("*12", reason) => Code::Away(reason.into()),
        ("*97", "") => Code::Voicemail(MailboxId::User(user.clone())),
        ("*97", owner) if owner.starts_with("u-") => {
            Code::Voicemail(MailboxId::User(UserId::from(owner)))
        }
        ("*20", "") => Code::Control(Control::PickUpGroup),
        ("*20", of) => Code::Control(Control::PickUp(UserId::from(format!("u-{of}")))),
        ("*22", _) => Code::Control(Control::Move),
        ("*30", _) => Code::Control(Control::Conference),
        ("*71", slot) => Code::Control(Control::Retrieve(slot.into())),
        ("*97", group) => Code::Voicemail(MailboxId::Group(GroupId::from(group))),
        _ => Code::Ivr(IvrId::from(dialled.strip_prefix("ivr:")?)),
    })
}
