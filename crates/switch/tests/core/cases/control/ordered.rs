//! Orders that do not come by telephone: answered in their step, with how the call stands then.

use call::port::{Command, Devices, Goal, OrderId, Orderer, Refusal, StageName, Standing};
use model::{CallId, UserId};
use switch::Input;

use crate::house::{BOB, House, Sent, find};
use crate::phone::{ALICES, BOBS, all};

use super::{office, told};

type Answer = Result<(CallId, Standing), Refusal>;

impl House {
    /// Orders something; returns what the core sends, and the answer.
    pub(super) fn order(
        &mut self,
        call: &CallId,
        by: Orderer,
        command: Command,
    ) -> (Vec<Sent>, Answer) {
        let order = OrderId(u64::from(self.count()));
        let sent = self.give(Input::Order { order, call: call.clone(), by, command });
        (sent, self.answer_to(order))
    }

    fn answer_to(&mut self, order: OrderId) -> Answer {
        let [(id, answer)] = &self.answers[..] else { panic!("{:?}", self.answers) };
        assert_eq!(*id, order);
        let answer = answer.clone().map_err(|(refusal, _)| refusal);
        self.answers.clear();
        answer
    }

    /// How a call stands: told with whatever an operator orders of it, here nothing.
    pub(super) fn standing_of(&mut self, call: &CallId) -> Standing {
        let (_, answer) = self.order(call, Orderer::Operator, Command::StopPlay);
        answer.expect("it stands").1
    }

    fn first_call(&self) -> CallId {
        self.records.first().expect("a call").call.clone()
    }
}

fn alice() -> UserId {
    UserId::from("u-alice")
}

fn dialled(text: &str) -> Goal {
    Goal::Dialled(text.into())
}

#[test]
fn an_order_reaches_whoever_would_be_reached_by_dialling() {
    let mut house = office();
    let (caller, _) = house.talking();
    let call = house.first_call();
    let to = dialled("bob");
    let order = Command::Transfer { user: alice(), to };
    let (sent, answer) = house.order(&call, Orderer::Operator, order);
    insta::assert_snapshot!(told(&sent), @"
    INVITE bob
    BYE alice
    ");
    let (id, standing) = answer.expect("it is obeyed");
    assert_eq!((id, standing.searches.len()), (call.clone(), 1));
    // She has left; whoever is not on the call orders nothing for himself.
    let order = Command::Transfer { user: alice(), to: dialled("carol") };
    let (_, answer) = house.order(&call, Orderer::User(alice()), order);
    assert!(answer.is_err(), "{answer:?}");
    let (bob, _) = house.pick_up(BOBS, &find(&sent, "INVITE "));
    house.ends(&[&bob, &caller]);
}

#[test]
fn an_order_that_leads_nowhere_changes_nothing() {
    let mut house = office();
    let (caller, alices) = house.talking();
    let call = house.first_call();
    let order = |house: &mut House, to: &str| {
        let order = Command::Consult { user: alice(), to: dialled(to) };
        house.order(&call, Orderer::Operator, order).1.map(|_| ())
    };
    assert_eq!(order(&mut house, "nobody"), Err(Refusal::Goal));
    assert_eq!(order(&mut house, "*7071"), Err(Refusal::Goal));
    assert_eq!(order(&mut house, ""), Err(Refusal::Goal));
    let gone = CallId::from("gone");
    let (_, answer) = house.order(&gone, Orderer::Operator, Command::HangUp);
    assert_eq!(answer.map(|_| ()), Err(Refusal::NoCall));
    let park = |slot: &str| Command::Park { user: alice(), slot: slot.into() };
    let (_, answer) = house.order(&call, Orderer::Operator, park("99"));
    assert_eq!(answer.map(|_| ()), Err(Refusal::State), "there is no such slot");
    house.ends(&[&alices, &caller]);
}

#[test]
fn a_call_that_is_over_has_ended_when_the_order_is_answered() {
    let mut house = office();
    house.talking();
    let call = house.first_call();
    let (sent, answer) = house.order(&call, Orderer::Operator, Command::HangUp);
    insta::assert_snapshot!(told(&sent), @"
    BYE alice
    BYE trunk
    ");
    assert!(answer.is_ok());
    let (_, answer) = house.order(&call, Orderer::Operator, Command::HangUp);
    assert_eq!(answer.map(|_| ()), Err(Refusal::NoCall));
    house.ends(&[]);
}

#[test]
fn a_call_is_parked_in_the_first_slot_that_is_free() {
    let mut house = office();
    let (one, _) = house.talking();
    let call = house.first_call();
    let park = Command::Park { user: alice(), slot: "".into() };
    let (sent, answer) = house.order(&call, Orderer::User(alice()), park.clone());
    assert_eq!(told(&all(&sent, "BYE ")), "BYE alice");
    let (_, standing) = answer.expect("it is parked");
    assert_eq!(standing.parked.as_deref(), Some("71"));
    assert_eq!(standing.stage, StageName::Parked);
    house.receive(ALICES.at, find(&sent, "BYE ").response("200 OK", "", "", ""));
    let (two, _) = house.talking();
    let second = house.records.last().expect("a call").call.clone();
    let (_, answer) = house.order(&second, Orderer::User(alice()), park);
    assert_eq!(answer.expect("it is parked").1.parked.as_deref(), Some("72"));
    house.ends(&[&one, &two]);
}

#[test]
fn a_call_is_made_for_a_user() {
    let mut house = office();
    let order = OrderId(7);
    let make = |to: &str, user: &str| Input::Originate {
        order,
        user: UserId::from(user),
        devices: Devices::All,
        to: to.into(),
        caller_id: None,
    };
    let sent = house.give(make("bob", "u-alice"));
    let (call, standing) = house.answer_to(order).expect("it is made");
    assert_eq!(standing.stage, StageName::Ringing);
    insta::assert_snapshot!(told(&sent), @"INVITE alice");
    let (alices, sent) = house.pick_up(ALICES, &find(&sent, "INVITE "));
    insta::assert_snapshot!(told(&sent), @"
    ACK alice
    INVITE bob
    ");
    let (bobs, sent) = house.pick_up(BOBS, &find(&sent, "INVITE "));
    insta::assert_snapshot!(told(&sent), @"ACK bob");
    assert_eq!(house.standing_of(&call).parties.len(), 2);
    house.ends(&[&alices, &bobs]);
    // Nobody there, nobody to be called, and a number that he may not show.
    let mut refused = |to: &str, user: &str, shown: Option<&str>| {
        let Input::Originate { order, user, devices, to, .. } = make(to, user) else {
            panic!("it is one")
        };
        let caller_id = shown.map(|it| model::E164::parse(it).expect("a number"));
        house.give(Input::Originate { order, user, devices, to, caller_id });
        house.answer_to(order).map(|_| ()).expect_err("it is refused")
    };
    assert_eq!(refused("bob", "u-nobody", None), Refusal::NotThere);
    assert_eq!(refused("nobody", "u-alice", None), Refusal::Goal);
    assert_eq!(refused("*70", "u-alice", None), Refusal::Goal);
    let outside = "+4917012345678";
    assert_eq!(refused(outside, "u-alice", Some("+493012345679")), Refusal::Forbidden);
    house.give(Input::Drain);
    let sent = house.give(make("bob", "u-alice"));
    assert!(all(&sent, "INVITE ").is_empty());
    assert_eq!(house.answer_to(order).map(|_| ()), Err(Refusal::Limit));
}

#[test]
fn a_telephone_that_rings_is_told_to_answer() {
    let mut house = office();
    let (_, sent) = house.call("+493012345679", crate::phone::MEDIA);
    let ring = find(&sent, "INVITE ");
    let call = house.first_call();
    let bob = UserId::from("u-bob");
    let answer = Command::Answer { user: bob.clone() };
    // It has said nothing yet, so there is no dialog to say it in.
    let (sent, ok) = house.order(&call, Orderer::User(bob.clone()), answer.clone());
    assert!(ok.is_ok() && all(&sent, "NOTIFY ").is_empty());
    let contact = format!("Contact: <sip:bob@{BOB}>\r\n");
    house.receive(BOB, ring.response("180 Ringing", &contact, "", ""));
    let (sent, ok) = house.order(&call, Orderer::User(bob), answer);
    assert!(ok.is_ok());
    insta::assert_snapshot!(told(&sent), @"NOTIFY bob talk terminated");
    let notify = find(&sent, "NOTIFY ");
    house.receive(BOB, notify.response("200 OK", "", "", ""));
    let (bobs, _) = house.pick_up(BOBS, &ring);
    let carol = Command::Answer { user: UserId::from("u-carol") };
    let (_, ok) = house.order(&call, Orderer::Operator, carol);
    assert!(ok.is_err());
    house.ends(&[&bobs]);
}
