//! What happens to the server in the middle of calls: its store, its directory, its end, its
//! trunk, its registrations.

use std::time::Duration;

use phone::{Behaviour, Dial, EndCause, PhoneEvent};
use switch::Input;

use super::{
    ALICE, ANSWERS, BOB, CARRIER, ERIN, RINGS, attempts, calls, done, furnished, graphs, house, ms,
    outcome, rule, sent,
};
use crate::network::Fate;
use crate::setting::{self, OUTSIDE, ROUND_ROBIN, SIMULRING, Setting, number_of};

/// Nothing is acted on before it is durable, however long that takes; nothing else is lost by it.
#[test]
fn the_store_is_away() {
    let mut world = house([ANSWERS, ANSWERS, RINGS, RINGS]);
    world.store_away(ms(2_500));
    calls(&mut world, SIMULRING);
    world.run_for(ms(2_400));
    assert_eq!(sent(&world, "alice", "INVITE"), 0);
    world.run_for(ms(200));
    assert!(sent(&world, "alice", "INVITE") > 0);
    world.run_for(ms(20_000));
    assert_eq!(world.switch.live_calls(), 1);
    world.hang_up(CARRIER);
    done(&mut world);
    assert_eq!(outcome(graphs(&world)[0]), "answered by external");
}

/// A call that runs keeps the directory with which it began; the next one has the new one.
#[test]
fn a_new_directory_in_the_middle_of_a_hunt() {
    let mut world = house([RINGS; 4]);
    calls(&mut world, ROUND_ROBIN);
    world.run_for(ms(7_000));
    let directory = setting::directory(&world.setting, true);
    world.reload(directory);
    world.run_for(ms(60_000));
    calls(&mut world, SIMULRING);
    world.run_for(ms(60_000));
    done(&mut world);
    let [before, after] = graphs(&world)[..] else { panic!("two calls") };
    assert_eq!(before.attempts.len(), 4);
    let who = attempts(after);
    assert_eq!(who, ["bob no_answer 487", "carol no_answer 487", "dave no_answer 487"]);
}

/// Draining refuses new calls and lets the others go on; releasing ends them.
#[test]
fn drain_and_release_in_the_middle_of_calls() {
    let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
    calls(&mut world, &number_of(1));
    world.run_for(ms(3_000));
    world.stop(Input::Drain);
    calls(&mut world, &number_of(0));
    world.run_for(ms(1_000));
    assert_eq!(world.switch.live_calls(), 1);
    let refused =
        PhoneEvent::Ended { call: world.last_call(CARRIER), cause: EndCause::Rejected(503) };
    assert!(world.told(CARRIER).any(|event| *event == refused));
    world.stop(Input::Release);
    world.run_for(ms(1_000));
    assert_eq!(world.switch.live_calls(), 0);
    assert_eq!((sent(&world, "bob", "BYE"), sent(&world, "carrier", "BYE")), (1, 1));
    done(&mut world);
    assert_eq!(graphs(&world).len(), 1);
    assert_eq!(outcome(graphs(&world)[0]), "answered by system");
}

/// Release while phones ring: they stop, the caller is refused.
#[test]
fn release_in_the_middle_of_a_hunt() {
    let mut world = house([RINGS; 4]);
    calls(&mut world, SIMULRING);
    world.run_for(ms(3_000));
    world.stop(Input::Release);
    done(&mut world);
    assert_eq!((sent(&world, "alice", "CANCEL"), sent(&world, "carrier", "480 INVITE")), (1, 1));
}

/// The first address of the trunk refuses with 503, or nobody is there: the second one is tried.
#[test]
fn a_trunk_fails_over() {
    let first = ["sip:198.51.100.1", "sip:198.51.100.99", "sip:198.51.100.99;transport=tcp"];
    for first in first {
        let mut setting = Setting::new(7);
        setting.outbound = vec![first.to_owned(), "sip:198.51.100.2".to_owned()];
        let mut world = furnished(setting, [RINGS; 4]);
        let refuses = Behaviour::Decline(503, Duration::ZERO);
        world.peers[CARRIER].phone.set_behaviour(refuses);
        world.dial(ALICE, Dial::number(OUTSIDE));
        world.run_for(Duration::from_secs(40));
        assert_eq!(world.switch.live_calls(), 1, "{first}");
        assert_eq!(world.switch.counters().trunk_failovers, 1, "{first}");
        world.hang_up(ALICE);
        done(&mut world);
        assert_eq!(outcome(graphs(&world)[0]), "answered by internal");
    }
}

/// All addresses of the trunk refuse: the call fails, once.
#[test]
fn a_trunk_that_is_down() {
    let mut world = house([RINGS; 4]);
    for carrier in [CARRIER, CARRIER + 1] {
        let refuses = Behaviour::Decline(503, Duration::ZERO);
        world.peers[carrier].phone.set_behaviour(refuses);
    }
    world.dial(ALICE, Dial::number(OUTSIDE));
    world.run_for(ms(5_000));
    assert_eq!(world.switch.live_calls(), 0);
    done(&mut world);
    assert_eq!(outcome(graphs(&world)[0]), "failed by external");
}

/// The binding over which a phone is rung expires while it rings: it can still answer, and is not
/// rung again.
#[test]
fn a_registration_expires_while_it_rings() {
    let slow = Behaviour::AnswerAfter(ms(10_000));
    let mut world = house([RINGS, slow, RINGS, RINGS]);
    rule(&mut world, "REGISTER", BOB, Fate::Lost);
    // Registered for 60 s at second 1.
    world.run_until(Duration::from_secs(55));
    calls(&mut world, &number_of(1));
    world.run_until(Duration::from_secs(70));
    assert_eq!(world.switch.live_calls(), 1);
    world.hang_up(CARRIER);
    world.run_for(ms(1_000));
    calls(&mut world, &number_of(1));
    world.run_for(ms(1_000));
    done(&mut world);
    let [first, second] = graphs(&world)[..] else { panic!("two calls") };
    assert_eq!(attempts(first), ["bob answered 200"]);
    assert_eq!(attempts(second), ["bob unavailable 480"]);
    assert_eq!(sent(&world, "bob", "INVITE"), 1);
}

/// The process dies while one call talks and another rings. The new one knows neither; what was
/// recorded of them is closed, and the phones find out by themselves.
#[test]
fn killed_in_the_middle_of_calls() {
    let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
    calls(&mut world, &number_of(1));
    world.run_for(ms(3_000));
    world.dial(ERIN, Dial::number("alice"));
    world.run_for(ms(1_000));
    world.kill();
    world.run_for(ms(1_000));
    world.hang_up(BOB);
    world.hang_up(CARRIER);
    world.run_for(ms(1_000));
    assert_eq!((sent(&world, "bob", "481 BYE"), sent(&world, "carrier", "481 BYE")), (1, 1));
    // The registrations outlived it.
    calls(&mut world, &number_of(1));
    world.run_for(ms(3_000));
    assert_eq!(world.switch.live_calls(), 1);
    done(&mut world);
    let [talked, rang, after] = graphs(&world)[..] else { panic!("three calls") };
    assert_eq!(outcome(talked), "answered by system");
    assert_eq!(outcome(rang), "failed by system");
    assert_eq!(outcome(after), "answered by external");
}

/// What a verdict is worth: a run that is stopped in the middle of a call has faults of each kind.
#[test]
fn what_is_left_over_is_seen() {
    let mut world = house([RINGS, ANSWERS, RINGS, RINGS]);
    calls(&mut world, &number_of(1));
    world.run_for(ms(1_025));
    let faults = crate::verdict::faults(&world, 0).join("\n");
    for what in ["not calm", "in stock", "open in media", "finished 0 times", "carrier keeps"] {
        assert!(faults.contains(what), "{what}: {faults}");
    }
}
