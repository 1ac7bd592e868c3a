//! What peers write, what we make of it, and what they get back.

mod answers;
mod hold;
mod negotiation;
mod offers;
mod properties;
mod text;

use crate::{AudioOffer, LocalMedia, SessionDescription};

/// Joins lines as they stand in a message body.
fn body(lines: &[&str]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\r\n"]).flatten().copied().collect()
}

/// A description from what follows its first three lines.
fn description(lines: &[&str]) -> SessionDescription {
    let head = ["v=0", "o=alice 2890844526 2890844526 IN IP4 192.0.2.10", "s=-"];
    SessionDescription::parse(&body(&[&head, lines].concat())).unwrap()
}

/// An offer of one audio stream at 192.0.2.10:49170 with what follows the `t=` line.
fn offer(lines: &[&str]) -> AudioOffer {
    let head = ["c=IN IP4 192.0.2.10", "t=0 0"];
    AudioOffer::read(&description(&[&head, lines].concat())).unwrap()
}

/// Our end: 198.51.100.1, ports 20000 and 20001.
fn local() -> LocalMedia {
    LocalMedia::new("198.51.100.1".parse().unwrap(), 20000, 20001, 7)
}

/// A body as a snapshot shows it.
fn shown(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).unwrap().replace("\r\n", "\n")
}
