//! What becomes of packets, in virtual time and without sockets.

use proptest::prelude::*;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(60);
const A: LegId = LegId(1);
const B: LegId = LegId(2);
const C: LegId = LegId(3);

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

/// The far end of a leg: RTP at a thousand times its number, RTCP next to it.
fn remote(leg: LegId) -> RemoteMedia {
    let rtp = at(leg.0 as u16 * 1000);
    RemoteMedia { rtp, rtcp: at(rtp.port() + 1), rtcp_mux: false }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Three legs at the places of their numbers, with known far ends.
fn table() -> Table {
    let mut table = Table::new(4, TIMEOUT);
    for leg in [A, B, C] {
        let place = leg.0 as usize;
        assert!(table.open(Duration::ZERO, place, leg, PortPair { rtp: 2 * leg.0 as u16 }));
        table.remote(leg, remote(leg));
    }
    table
}

const RTP: [u8; 12] = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const RTCP: [u8; 8] = [0x80, 200, 0, 1, 0, 0, 0, 0];

impl Table {
    /// RTP from a leg's far end; where it goes.
    fn rtp(&mut self, now: Duration, leg: LegId) -> Option<SocketAddr> {
        let source = remote(leg).rtp;
        let forward = self.receive(now, leg.0 as usize, Component::Rtp, source, &RTP);
        forward.map(|forward| forward.to)
    }

    fn rtcp(&mut self, leg: LegId) -> Option<Forward> {
        let source = remote(leg).rtcp;
        self.receive(Duration::ZERO, leg.0 as usize, Component::Rtcp, source, &RTCP)
    }

    /// Who hears whom: the legs that hear A, B and C.
    fn heard(&mut self) -> [Option<u64>; 3] {
        self.heard_at(Duration::ZERO)
    }

    fn heard_at(&mut self, now: Duration) -> [Option<u64>; 3] {
        [A, B, C].map(|leg| self.rtp(now, leg).map(|to| u64::from(to.port()) / 1000))
    }

    fn silences(&mut self, now: Duration) -> Vec<(LegId, Duration)> {
        let mut silences = Vec::new();
        self.timed_out(now, |leg, after| silences.push((leg, after)));
        silences
    }

    fn counters(&self, leg: LegId) -> LegCounters {
        self.report().into_iter().find(|report| report.leg == leg).unwrap().counters
    }
}

#[test]
fn a_bridge_forwards_both_ways_and_rtcp_beside_it() {
    let mut table = table();
    table.bridge(Duration::ZERO, A, B);
    assert_eq!(table.heard(), [Some(2), Some(1), None]);
    let rtcp = Forward { place: 2, component: Component::Rtcp, to: at(2001) };
    assert_eq!(table.rtcp(A), Some(rtcp));
    let counters = table.counters(A);
    assert_eq!((counters.rtp_received, counters.rtp_bytes_received), (1, 12));
    assert_eq!((counters.rtp_sent, counters.rtcp_received, counters.rtcp_sent), (1, 1, 0));
    assert_eq!(table.counters(C).unheard, 1);
    table.unbridge(B, A);
    assert_eq!(table.heard(), [None, None, None]);
}

#[test]
fn early_media_goes_one_way() {
    let mut table = table();
    table.listen(B, A);
    assert_eq!(table.heard(), [None, Some(1), None]);
    // The other one answered: the first is heard no more.
    table.bridge(Duration::ZERO, A, C);
    assert_eq!(table.heard(), [Some(3), None, Some(1)]);
    // What has been replaced cannot be undone again.
    table.unbridge(A, B);
    assert_eq!(table.heard(), [Some(3), None, Some(1)]);
}

#[test]
fn a_leg_that_ends_leaves_its_partner_in_silence() {
    let mut table = table();
    table.bridge(Duration::ZERO, A, B);
    let report = table.close(B).unwrap();
    assert_eq!((report.leg, report.ports), (B, PortPair { rtp: 4 }));
    assert_eq!(table.heard(), [None, None, None]);
    assert_eq!(table.counts.unclaimed, 1);
    // The next leg on these ports is nobody's partner and knows no address.
    assert!(table.open(Duration::ZERO, 2, LegId(9), PortPair { rtp: 4 }));
    assert_eq!(table.heard(), [None, None, None]);
    assert_eq!(table.counters(LegId(9)).stray, 1);
}

#[test]
fn nobody_takes_a_place_or_a_name_twice() {
    let mut table = table();
    assert!(!table.open(Duration::ZERO, 1, LegId(9), PortPair { rtp: 2 }));
    assert!(!table.open(Duration::ZERO, 0, A, PortPair { rtp: 0 }));
    assert_eq!(table.close(LegId(9)), None);
}

/// "RTP bleed": a stranger's packets neither reach anybody nor move the stream to him.
#[test]
fn strangers_are_dropped_and_counted() {
    let mut table = table();
    table.bridge(Duration::ZERO, A, B);
    assert_eq!(table.heard(), [Some(2), Some(1), None]);
    for _ in 0..3 {
        assert_eq!(table.receive(Duration::ZERO, 1, Component::Rtp, at(6666), &RTP), None);
    }
    assert_eq!(table.rtp(Duration::ZERO, B), Some(at(1000)));
    assert_eq!((table.counters(A).stray, table.counts.stray), (3, 3));
}

/// Behind a NAT, packets go back to where they came from.
#[test]
fn a_far_end_behind_a_nat_is_found() {
    let mut table = table();
    table.bridge(Duration::ZERO, A, B);
    assert_eq!(table.rtp(Duration::ZERO, B), Some(at(1000)));
    table.receive(Duration::ZERO, 1, Component::Rtp, at(40_000), &RTP).unwrap();
    assert_eq!(table.rtp(Duration::ZERO, B), Some(at(40_000)));
    // RTCP has its own mapping.
    assert_eq!(table.rtcp(B).unwrap().to, at(1001));
}

/// RFC 5761: one side shares its port, the other one does not.
#[test]
fn a_shared_port_meets_two_ports() {
    let mut table = table();
    table.remote(A, RemoteMedia { rtcp: at(1000), rtcp_mux: true, ..remote(A) });
    table.bridge(Duration::ZERO, A, B);
    let to_b = table.receive(Duration::ZERO, 1, Component::Rtp, at(1000), &RTCP);
    assert_eq!(to_b, Some(Forward { place: 2, component: Component::Rtcp, to: at(2001) }));
    let to_a = Forward { place: 1, component: Component::Rtp, to: at(1000) };
    assert_eq!(table.rtcp(B), Some(to_a));
    assert_eq!(table.heard(), [Some(2), Some(1), None]);
}

#[test]
fn holding_stops_packets_and_the_timeout() {
    let mut table = table();
    table.bridge(Duration::ZERO, A, B);
    table.direct(seconds(1), A, Direction { send: false, receive: false });
    assert_eq!(table.heard(), [None, None, None]);
    assert_eq!(table.silences(seconds(500)), []);
    table.direct(seconds(500), A, Direction { send: false, receive: true });
    assert_eq!(table.heard_at(seconds(500)), [Some(2), None, None]);
    assert_eq!(table.silences(seconds(900)), []);
    table.direct(seconds(900), A, Direction::BOTH);
    assert_eq!(table.heard_at(seconds(900)), [Some(2), Some(1), None]);
    assert_eq!(table.silences(seconds(959)), []);
    assert_eq!(table.silences(seconds(960)), [(A, seconds(60))]);
}

#[test]
fn silence_is_reported_once_when_neither_side_is_heard() {
    let mut table = table();
    table.bridge(seconds(10), A, B);
    assert_eq!(table.next_deadline(), Some(seconds(70)));
    table.rtp(seconds(50), B);
    assert_eq!(table.silences(seconds(70)), []);
    assert_eq!(table.next_deadline(), Some(seconds(110)));
    assert_eq!(table.silences(seconds(111)), [(A, seconds(61))]);
    assert_eq!(table.next_deadline(), None);
    assert_eq!(table.silences(seconds(300)), []);
    assert_eq!(table.counts.timeouts, 1);
    // A new silence counts anew, but somebody has to start the clock.
    table.rtp(seconds(301), A);
    table.bridge(seconds(302), A, B);
    assert_eq!(table.silences(seconds(362)), [(A, seconds(60))]);
}

/// A caller who hears no one yet, and early media, may be silent for as long as they like.
#[test]
fn only_conversations_time_out() {
    let mut table = table();
    table.listen(B, A);
    table.direct(Duration::ZERO, A, Direction::BOTH);
    assert_eq!(table.silences(seconds(1000)), []);
    table.bridge(seconds(1000), A, B);
    table.close(B);
    assert_eq!(table.silences(seconds(2000)), []);
}

/// What the core may say, in any order.
#[derive(Debug, Clone)]
enum Step {
    Open(u64),
    Close(u64),
    Remote(u64),
    Direct(u64, bool, bool),
    Listen(u64, u64),
    Bridge(u64, u64),
    Unbridge(u64, u64),
    Packet(u64, u16),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let leg = || 0..5_u64;
    prop_oneof![
        leg().prop_map(Step::Open),
        leg().prop_map(Step::Close),
        leg().prop_map(Step::Remote),
        (leg(), any::<bool>(), any::<bool>()).prop_map(|(leg, s, r)| Step::Direct(leg, s, r)),
        (leg(), leg()).prop_map(|(a, b)| Step::Listen(a, b)),
        (leg(), leg()).prop_map(|(a, b)| Step::Bridge(a, b)),
        (leg(), leg()).prop_map(|(a, b)| Step::Unbridge(a, b)),
        (leg(), 0..3_u16).prop_map(|(leg, source)| Step::Packet(leg, source)),
        (0..100_u64).prop_map(Step::Wait),
    ]
}

/// Each leg is heard by one at most, and both ends know it.
fn check(table: &Table) -> Result<(), TestCaseError> {
    for (place, leg) in table.legs.iter().enumerate() {
        let Some(leg) = leg else { continue };
        prop_assert_eq!(table.places.get(&leg.id), Some(&place));
        if let Some(listener) = leg.heard_by {
            prop_assert_eq!(table.legs[listener].as_ref().unwrap().hears, Some(place));
        }
        if let Some(speaker) = leg.hears {
            prop_assert_eq!(table.legs[speaker].as_ref().unwrap().heard_by, Some(place));
        }
    }
    prop_assert_eq!(table.legs.iter().flatten().count(), table.places.len());
    Ok(())
}

proptest! {
    #[test]
    fn any_order_of_commands_keeps_the_table_sound(
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let mut table = Table::new(5, TIMEOUT);
        let mut now = Duration::ZERO;
        for step in steps {
            match step {
                Step::Open(leg) => {
                    table.open(now, leg as usize, LegId(leg), PortPair { rtp: 2 * leg as u16 });
                }
                Step::Close(leg) => {
                    table.close(LegId(leg));
                }
                Step::Remote(leg) => table.remote(LegId(leg), remote(LegId(leg))),
                Step::Direct(leg, send, receive) => {
                    table.direct(now, LegId(leg), Direction { send, receive });
                }
                Step::Listen(a, b) => table.listen(LegId(a), LegId(b)),
                Step::Bridge(a, b) => table.bridge(now, LegId(a), LegId(b)),
                Step::Unbridge(a, b) => table.unbridge(LegId(a), LegId(b)),
                Step::Packet(leg, source) => {
                    let place = leg as usize;
                    table.receive(now, place, Component::Rtp, at(5000 + source), &RTP);
                }
                Step::Wait(seconds) => {
                    now += Duration::from_secs(seconds);
                    table.timed_out(now, |_, after| assert!(after >= TIMEOUT));
                }
            }
            check(&table)?;
        }
        let open: Vec<LegId> = table.places.keys().copied().collect();
        for leg in open {
            prop_assert!(table.close(leg).is_some());
        }
        prop_assert!(table.legs.iter().all(Option::is_none));
    }
}
