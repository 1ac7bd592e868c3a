//! Many legs, and noise: everything comes back, and nothing stops.

use std::fs;
use std::net::SocketAddr;

use call::port::{LegId, MediaCommand};
use media::MediaConfig;

use crate::rig::*;

/// What of this process is in memory, KiB.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn ports_and_memory_come_back_after_ten_thousand_legs() {
    let mut rig = Rig::start(MediaConfig { rest_ms: 1, ..config("18200-18299") });
    let (alice, bob) = (Peer::new(&rig.config), Peer::new(&rig.config));
    let call = |rig: &mut Rig, n: u64| {
        let (a, b) = (LegId(2 * n), LegId(2 * n + 1));
        let to_a = rig.open_for(a, &alice);
        rig.open_for(b, &bob);
        rig.tell(MediaCommand::Bridge { a, b });
        if n.is_multiple_of(100) {
            rig.settle();
            alice.rtp.send_to(&rtp(n as u8), rig.address(to_a.rtp)).unwrap();
            hear(&bob.rtp);
        }
        rig.tell(MediaCommand::Close { leg: a });
        rig.tell(MediaCommand::Close { leg: b });
    };
    for n in 0..500 {
        call(&mut rig, n);
    }
    rig.settle();
    let before = resident_kib();
    for n in 500..5500 {
        call(&mut rig, n);
    }
    assert_eq!(rig.settle(), []);
    let totals = rig.plane.totals();
    assert_eq!((totals.legs(), totals.legs_closed()), (0, 11_000));
    let back = || {
        rig.settle();
        totals.ports_free() + totals.ports_stocked() == 50
    };
    assert!((0..100_000).any(|_| back()));
    let grown = resident_kib().saturating_sub(before);
    assert!(grown < 4096, "{grown} KiB more");
}

/// Every kind of noise at both ports of a call that goes on.
#[test]
fn noise_stops_nobody() {
    let mut rig = Rig::start(config("18300-18319"));
    let (alice, bob, stranger) =
        (Peer::new(&rig.config), Peer::new(&rig.config), Peer::new(&rig.config));
    let (to_a, to_b) = (rig.open_for(A, &alice), rig.open_for(B, &bob));
    rig.tell(MediaCommand::Bridge { a: A, b: B });
    rig.settle();
    alice.rtp.send_to(&rtp(1), rig.address(to_a.rtp)).unwrap();
    assert_eq!(hear(&bob.rtp).0, sound(1));
    bob.rtp.send_to(&rtp(1), rig.address(to_b.rtp)).unwrap();
    assert_eq!(hear(&alice.rtp).0, sound(1));
    let mut random = 7_u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize
    };
    let totals = rig.plane.totals();
    let seen = || totals.invalid() + totals.stray();
    for burst in 0..100 {
        let before = seen();
        for _ in 0..50 {
            let mut datagram = vec![0; next() % 300];
            datagram.fill_with(|| next() as u8);
            if let [first, ..] = &mut datagram[..] {
                // Half of it passes for RTP or RTCP at first.
                *first = if burst % 2 == 0 { 0x80 | *first & 0x3f } else { *first };
            }
            let port = to_b.rtp + (next() % 2) as u16;
            let to: SocketAddr = rig.address(port);
            stranger.rtp.send_to(&datagram, to).unwrap();
        }
        // All of it has been looked at before the next comes: the sockets' room is limited.
        assert!((0..100_000).any(|_| {
            rig.settle();
            seen() >= before + 50
        }));
    }
    bob.rtp.send_to(&rtp(2), rig.address(to_b.rtp)).unwrap();
    assert_eq!(hear(&alice.rtp).0, sound(2));
}
