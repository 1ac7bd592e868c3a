//! A stranger who sends RTP to a call's ports: nobody hears him, he hears nobody, he is counted.

use std::net::{SocketAddr, UdpSocket};

use anyhow::{Context as _, ensure};
use audio::codec::CodecKind;
use e2e::host::Block;
use rtp::{Header, write_packet};

use crate::phone::Talker;
use crate::stage::{Setting, Stage, name, number};
use crate::voice::{Speech, Voice, tone};

const CALLER_HZ: f64 = 1_000.0;
const STRANGER_HZ: f64 = 2_000.0;
const FOUND_DBOV: f64 = -20.0;
const ABSENT_DBOV: f64 = -50.0;
const PACKETS: u16 = 100;

pub(crate) async fn nobody_hears_a_stranger() -> anyhow::Result<()> {
    let stage = Stage::set(Block(227), Setting { users: 2, ..Setting::default() })?;
    let mut calls = Vec::new();
    // Relayed and transcoded.
    for (index, kind) in [(1, CodecKind::Pcmu), (2, CodecKind::Pcma)] {
        let mut caller = stage.outside(index, Voice::of(CodecKind::Pcmu)).await?;
        let mut agent = stage.agent(index, &name(index), Voice::of(kind)).await?;
        caller.call("+15557770001", &number(index));
        agent.rings().await?;
        agent.answer().await?;
        caller.answered().await?;
        caller.say(&tone(CALLER_HZ, 1_000));
        agent.say(&tone(CALLER_HZ, 1_000));
        calls.push((caller, agent));
    }
    for (caller, agent) in &mut calls {
        // Both are known by now.
        caller.hears(10).await?;
        agent.hears(10).await?;
    }
    let stranger = UdpSocket::bind(SocketAddr::new(stage.host.block.agent(90), 7000))?;
    stranger.set_nonblocking(true)?;
    let speech = Speech::of(CodecKind::Pcmu, &tone(STRANGER_HZ, 1_000));
    let ports: Vec<SocketAddr> =
        calls.iter().flat_map(|(a, b)| [port(a), port(b)]).collect::<anyhow::Result<_>>()?;
    for sequence in 0..PACKETS {
        for port in &ports {
            let header = Header {
                payload_type: 0,
                marker: sequence == 0,
                sequence,
                timestamp: u32::from(sequence) * 160,
                ssrc: 0x0bad_cafe,
            };
            let mut packet = Vec::new();
            write_packet(&header, speech.frame(sequence.into()).unwrap_or_default(), &mut packet);
            stranger.send_to(&packet, port)?;
        }
        calls[0].0.speaks(20).await?;
    }
    let sent = f64::from(PACKETS) * ports.len() as f64;
    // Where his payload number is not even agreed on, he is not asked who he is.
    let unknown = stage.metric("tandem_rtp_unknown_payload_total", |_| true).await?;
    stage.metric("tandem_rtp_stray_total", |value| value >= sent - unknown).await?;
    let mut buffer = [0; 2_048];
    ensure!(stranger.recv_from(&mut buffer).is_err(), "he hears the call");
    for (caller, agent) in &mut calls {
        caller.hang_up();
        agent.ended().await?;
        for talker in [caller, agent] {
            let sound = talker.heard().all();
            let level = |hz| audio::score::tone_dbov(&sound, crate::voice::RATE, hz);
            let (own, strange) = (level(CALLER_HZ), level(STRANGER_HZ));
            ensure!(own > FOUND_DBOV && strange < ABSENT_DBOV, "{own:.1} and {strange:.1} dBov");
        }
    }
    stage.finished(2).await?;
    stage.finish().await
}

/// The server's port of a phone's call.
fn port(talker: &Talker) -> anyhow::Result<SocketAddr> {
    talker.seen().media.and_then(|media| media.remote).context("a port")
}
