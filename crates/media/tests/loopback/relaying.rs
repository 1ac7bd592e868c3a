//! Calls that are relayed, and what becomes of their ports.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::sync_channel;

use call::port::{Direction, LegId, MediaCommand, MediaEvent, PortPair, RemoteMedia};
use media::{MediaConfig, MediaError, MediaPlane, PortRange};

use crate::rig::*;

fn a_call_is_relayed(config: MediaConfig) {
    let mut rig = Rig::start(config);
    let (alice, bob) = (Peer::new(&rig.config), Peer::new(&rig.config));
    let (to_a, to_b) = (rig.open_for(A, &alice), rig.open_for(B, &bob));
    rig.tell(MediaCommand::Bridge { a: A, b: B });
    rig.settle();
    for mark in 0..50 {
        alice.rtp.send_to(&rtp(mark), rig.address(to_a.rtp)).unwrap();
        assert_eq!(hear(&bob.rtp), (sound(mark), rig.address(to_b.rtp)));
        bob.rtp.send_to(&rtp(mark), rig.address(to_b.rtp)).unwrap();
        assert_eq!(hear(&alice.rtp), (sound(mark), rig.address(to_a.rtp)));
    }
    alice.rtcp.send_to(&rtcp(), rig.address(to_a.rtp + 1)).unwrap();
    assert!((0..100_000).any(|_| rig.counters(A).rtcp_received == 1));
    let counters = rig.counters(A);
    assert_eq!((counters.rtp_received, counters.rtp_sent), (50, 50));
    assert_eq!((counters.rtp_bytes_received, counters.rtcp_received), (50 * 172, 1));
    assert_eq!(rig.plane.totals().forwarded(), 100);
    // The farewell has our reports, and nothing of the other side's.
    rig.tell(MediaCommand::Close { leg: B });
    let (report, from) = receive(&bob.rtcp);
    assert_eq!(from, rig.address(to_b.rtp + 1));
    let report = rtp::rtcp::Compound::parse(&report).unwrap();
    assert!(report.packets().all(|packet| packet.is_ok()));
}

#[test]
fn a_call_is_relayed_over_ipv4() {
    a_call_is_relayed(config("18000-18019"));
}

#[test]
fn a_call_is_relayed_over_ipv6() {
    let address = Ipv6Addr::LOCALHOST.into();
    if UdpSocket::bind((address, 0)).is_ok() {
        a_call_is_relayed(MediaConfig { address, ..config("18020-18039") });
    }
}

/// The wrong address in the description, as behind a NAT, and a stranger who comes too late.
#[test]
fn latching_finds_the_peer_and_locks() {
    let mut rig = Rig::start(config("18040-18059"));
    let (alice, bob, stranger) =
        (Peer::new(&rig.config), Peer::new(&rig.config), Peer::new(&rig.config));
    let (to_a, to_b) = (rig.open(A), rig.open_for(B, &bob));
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let remote = RemoteMedia { rtp: nowhere, rtcp: nowhere, rtcp_mux: false };
    rig.tell(MediaCommand::Remote { leg: A, remote });
    rig.tell(MediaCommand::Bridge { a: A, b: B });
    rig.settle();
    alice.rtp.send_to(&rtp(1), rig.address(to_a.rtp)).unwrap();
    assert_eq!(hear(&bob.rtp).0, sound(1));
    bob.rtp.send_to(&rtp(2), rig.address(to_b.rtp)).unwrap();
    assert_eq!(hear(&alice.rtp).0, sound(2));
    stranger.rtp.send_to(&rtp(66), rig.address(to_a.rtp)).unwrap();
    alice.rtp.send_to(&rtp(3), rig.address(to_a.rtp)).unwrap();
    assert_eq!(hear(&bob.rtp).0, sound(3));
    bob.rtp.send_to(&rtp(4), rig.address(to_b.rtp)).unwrap();
    assert_eq!(hear(&alice.rtp).0, sound(4));
    assert!(is_empty(&stranger.rtp));
    assert_eq!(rig.counters(A).stray, 1);
}

#[test]
fn nothing_passes_during_hold_and_early_media_passes_one_way() {
    let mut rig = Rig::start(config("18060-18079"));
    let (alice, bob) = (Peer::new(&rig.config), Peer::new(&rig.config));
    let (to_a, to_b) = (rig.open_for(A, &alice), rig.open_for(B, &bob));
    let send = |from: &Peer, mark: u8, to: PortPair| {
        from.rtp.send_to(&rtp(mark), rig.address(to.rtp)).unwrap();
    };
    rig.tell(MediaCommand::Listen { from: B, to: A });
    rig.settle();
    send(&alice, 1, to_a);
    send(&bob, 2, to_b);
    assert_eq!(hear(&alice.rtp).0, sound(2));
    rig.tell(MediaCommand::Bridge { a: A, b: B });
    rig.tell(MediaCommand::Direct { leg: A, direction: Direction { send: false, receive: false } });
    rig.settle();
    send(&alice, 3, to_a);
    send(&bob, 4, to_b);
    // Its own turn of the relay comes after the packets that were there before.
    let unheard = || rig.counters(A).unheard + rig.counters(B).unheard;
    assert!((0..100_000).any(|_| unheard() == 3));
    rig.tell(MediaCommand::Direct { leg: A, direction: Direction::BOTH });
    rig.settle();
    send(&alice, 5, to_a);
    send(&bob, 6, to_b);
    assert_eq!(hear(&bob.rtp).0, sound(5));
    assert_eq!(hear(&alice.rtp).0, sound(6));
}

#[test]
fn a_silent_conversation_is_reported() {
    let mut rig = Rig::start(MediaConfig { timeout_s: 0, ..config("18080-18099") });
    let (alice, bob) = (Peer::new(&rig.config), Peer::new(&rig.config));
    rig.open_for(A, &alice);
    rig.open_for(B, &bob);
    rig.tell(MediaCommand::Bridge { a: A, b: B });
    loop {
        let event = rig.event();
        if let MediaEvent::TimedOut { leg, .. } = event {
            break assert_eq!(leg, A);
        }
        assert!(matches!(event, MediaEvent::Stock(_)), "{event:?}");
    }
    assert_eq!(rig.plane.totals().timeouts(), 1);
}

/// What reaches a port between two legs is not heard by the second one.
#[test]
fn late_packets_do_not_reach_the_next_leg() {
    let mut rig = Rig::start(config("18100-18101"));
    let old = Peer::new(&rig.config);
    let ports = rig.open_for(A, &old);
    rig.settle();
    rig.tell(MediaCommand::Close { leg: A });
    rig.settle();
    old.rtp.send_to(&rtp(1), rig.address(ports.rtp)).unwrap();
    assert_eq!(rig.open(B), ports);
    let report = rig.counters(B);
    assert_eq!((report.rtp_received, report.stray), (0, 0));
    assert_eq!(rig.plane.totals().unclaimed(), 1);
}

#[test]
fn an_exhausted_pool_says_so_and_recovers() {
    let mut rig = Rig::start(config("18110-18115"));
    assert_eq!(rig.stock.len(), 3);
    for leg in 0..3 {
        rig.open(LegId(leg));
    }
    rig.settle();
    let totals = rig.plane.totals();
    assert_eq!((totals.legs(), totals.ports_stocked(), totals.exhausted()), (3, 0, 1));
    rig.tell(MediaCommand::Close { leg: LegId(1) });
    rig.open(LegId(4));
    rig.settle();
    assert_eq!(totals.legs(), 3);
}

/// Legs come and go in any order, some ports come back unused: in the end all are where they were.
#[test]
fn ports_never_leak_over_random_calls() {
    let mut rig = Rig::start(MediaConfig { stock: 4, rest_ms: 1, ..config("18160-18199") });
    let mut open = Vec::new();
    let mut random = 1_u64;
    for leg in 0..400 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        match random >> 61 {
            0..4 if open.len() < 12 => {
                rig.open(LegId(leg));
                open.push(LegId(leg));
            }
            0..7 if !open.is_empty() => {
                let index = (random >> 32) as usize % open.len();
                rig.tell(MediaCommand::Close { leg: open.swap_remove(index) });
            }
            _ => {
                while rig.stock.is_empty() {
                    rig.await_stock();
                }
                let unused = rig.stock.remove(0);
                rig.tell(MediaCommand::Return(unused));
            }
        }
    }
    for leg in open {
        rig.tell(MediaCommand::Close { leg });
    }
    let totals = rig.plane.totals();
    let whole = || {
        assert_eq!(rig.settle(), []);
        assert_eq!(totals.ports_free() + totals.ports_stocked() + totals.ports_resting(), 20);
        totals.ports_resting() == 0
    };
    assert!((0..100_000).any(|_| whole()));
    assert_eq!(totals.legs(), 0);
}

/// Another program has one of the ports: the pair is passed over, and no other is lost with it.
#[test]
fn ports_of_others_are_passed_over() {
    let other = UdpSocket::bind("127.0.0.1:18123").unwrap();
    let rig = Rig::start(config("18120-18125"));
    let pairs: Vec<u16> = rig.stock.iter().map(|pair| pair.rtp).collect();
    assert_eq!(pairs, [18120, 18124]);
    drop(other);
}

/// Others have the beginning of the range, more of it than one turn asks: the start looks further.
#[test]
fn a_range_whose_beginning_is_taken_still_starts() {
    let others = [18160, 18162, 18164].map(|port| UdpSocket::bind(("127.0.0.1", port)).unwrap());
    let rig = Rig::start(MediaConfig { stock: 1, ..config("18160-18169") });
    let pairs: Vec<u16> = rig.stock.iter().map(|pair| pair.rtp).collect();
    assert_eq!(pairs, [18166]);
    drop(others);
}

#[test]
fn a_wrong_address_is_an_error_at_the_start() {
    let config = MediaConfig { address: [192, 0, 2, 1].into(), ..config("18130-18131") };
    let error = MediaPlane::start(config, |_| Ok(())).unwrap_err();
    assert!(matches!(error, MediaError::Bind { .. }), "{error}");
}

#[test]
fn a_range_without_a_pair_is_an_error_at_the_start() {
    let ports = PortRange { first: 18131, last: 18132 };
    let config = MediaConfig { ports, ..MediaConfig::default() };
    let error = MediaPlane::start(config, |_| Ok(())).unwrap_err();
    assert!(matches!(error, MediaError::Bind { .. }), "{error}");
}

/// Commands that make no sense (they crossed the leg's end, or are wrong) change nothing.
#[test]
fn commands_about_unknown_legs_and_ports_are_ignored() {
    let mut rig = Rig::start(config("18140-18143"));
    let ports = rig.open(A);
    for wrong in [ports, PortPair { rtp: 18142 + 2 }, PortPair { rtp: 1 }, PortPair { rtp: 18141 }]
    {
        rig.tell(MediaCommand::Open { leg: B, ports: wrong });
        rig.tell(MediaCommand::Return(wrong));
    }
    rig.tell(MediaCommand::Open { leg: A, ports: PortPair { rtp: 18142 } });
    rig.tell(MediaCommand::Bridge { a: A, b: A });
    rig.tell(MediaCommand::Unbridge { a: A, b: B });
    rig.tell(MediaCommand::Close { leg: B });
    let legs: Vec<LegId> = rig.settle().iter().map(|report| report.leg).collect();
    assert_eq!(legs, [A]);
}

/// A core that has no room keeps nothing from happening, and gets everything later.
#[test]
fn events_wait_for_a_busy_core() {
    let (sender, events) = sync_channel(1);
    let mut refused = 0;
    let sink = move |event| {
        refused += 1;
        if refused < 4 { Err(event) } else { sender.try_send(event).map_err(|_| unreachable!()) }
    };
    let plane = MediaPlane::start(config("18150-18159"), sink).unwrap();
    let event = events.recv_timeout(LIMIT).unwrap();
    assert!(matches!(event, MediaEvent::Stock(pairs) if pairs.len() == 5));
    drop(plane);
}
