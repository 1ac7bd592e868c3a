//! A million datagrams of noise, at both ports of legs in every state: nothing panics, and nothing
//! that is not RTP leaves.

use super::*;
use crate::random::Random;

/// Noise, the more of it the less it looks like RTP.
fn noise(random: &mut Random, template: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let bits = random.next_u32();
    match bits & 3 {
        // Anything.
        0 => {
            for _ in 0..bits >> 24 {
                out.push(random.next_u32() as u8);
            }
        }
        // Something like it, with some octets changed, and cut.
        1 | 2 => {
            out.extend_from_slice(template);
            for _ in 0..(bits >> 8) % 6 {
                let place = random.next_u32() as usize % out.len();
                out[place] = random.next_u32() as u8;
            }
            let len = random.next_u32() as usize % (template.len() + 40);
            out.truncate(len);
        }
        // A header that promises much.
        _ => {
            out.extend_from_slice(&[0x80 | bits as u8 & 0x3f, (bits >> 8) as u8]);
            for _ in 0..bits >> 26 {
                out.push(random.next_u32() as u8);
            }
        }
    }
}

fn flood(component: Component) {
    let mut rig = Rig::new();
    let list = [
        format(0, Encoding::Pcmu, 8000),
        format(101, Encoding::TelephoneEvent, 8000),
        format(13, Encoding::ComfortNoise, 8000),
    ];
    rig.tell(MediaCommand::Formats { leg: A, formats: formats(&list) });
    rig.tell(MediaCommand::Formats { leg: B, formats: formats(&list) });
    rig.bridge(A, B);
    let mut random = Random::new(7);
    let mut datagram = Vec::new();
    let mut report = Vec::new();
    rtp::rtcp::write_compound(&rtp::rtcp::Composition::new(1, "somebody"), &mut report);
    let packet = rig.next_rtp(A);
    let template = match component {
        Component::Rtp => packet,
        Component::Rtcp => report,
    };
    for n in 0..500_000_u32 {
        noise(&mut random, &template, &mut datagram);
        rig.now += Duration::from_micros(200);
        let leg = [A, B, C, LegId(4)][n as usize % 4];
        let source = if n % 5 == 0 { at(6666) } else { remote(leg).rtp };
        if let Some((_, sent)) = rig.receive(leg, component, source, &datagram) {
            assert!(Packet::parse(&sent).is_ok());
        }
        if n % 1000 == 0 {
            rig.pass(rig.now);
            rig.events();
            rig.sent.clear();
            let mux = RemoteMedia { rtcp_mux: n % 2000 == 0, ..remote(A) };
            rig.tell(MediaCommand::Remote { leg: A, remote: mux });
        }
    }
    let counts = rig.table.counts;
    let dropped = counts.invalid
        + counts.stray
        + counts.unknown_payload
        + counts.unclaimed
        + counts.duplicate
        + counts.unproven
        + counts.unheard;
    assert!(dropped > 400_000, "{counts:?}");
    assert!(rig.table.legs.iter().flatten().count() == 3);
    for leg in [A, B, C] {
        rig.tell(MediaCommand::Close { leg });
    }
    assert_eq!(rig.table.next_deadline(), None);
}

#[test]
fn half_a_million_datagrams_at_rtp_ports() {
    flood(Component::Rtp);
}

#[test]
fn half_a_million_datagrams_at_rtcp_ports() {
    flood(Component::Rtcp);
}
