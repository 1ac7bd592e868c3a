//! What happened in a run, for whoever has to find out why it failed: messages, events and
//! actions, each with its virtual time. Nothing is formatted before somebody wants to read it.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use model::call_graph::Recorded;
use phone::PhoneEvent;

/// One line.
pub(crate) enum Line {
    /// A message left.
    Sent { from: String, to: String, bytes: Bytes, arrivals: Vec<Duration> },
    /// A phone tells something.
    Told(String, PhoneEvent),
    /// The switch kept an event.
    Recorded(Recorded),
    /// Somebody does something, or something is done to the switch.
    Done(String),
}

/// All lines of a run.
#[derive(Default)]
pub(crate) struct Ladder(Vec<(Duration, Line)>);

impl Ladder {
    pub(crate) fn push(&mut self, at: Duration, line: Line) {
        self.0.push((at, line));
    }

    /// Labels of what one sent to the other, in order.
    pub(crate) fn labels(&self, sender: &str, receiver: &str) -> Vec<String> {
        let sent = self.0.iter().filter_map(|(_, line)| match line {
            Line::Sent { from, to, bytes, .. } if from == sender && to == receiver => {
                Some(label(bytes))
            }
            Line::Sent { .. } | Line::Told(..) | Line::Recorded(_) | Line::Done(_) => None,
        });
        sent.collect()
    }

    /// Every message: when it left, who sent it, what it was, when it arrived.
    pub(crate) fn sent(&self) -> impl Iterator<Item = (Duration, &str, &Bytes, &[Duration])> {
        self.0.iter().filter_map(|(at, line)| match line {
            Line::Sent { from, bytes, arrivals, .. } => {
                Some((*at, from.as_str(), bytes, arrivals.as_slice()))
            }
            Line::Told(..) | Line::Recorded(_) | Line::Done(_) => None,
        })
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (at, line) in &self.0 {
            let at = at.as_secs_f64();
            // Writing into a String does not fail.
            let _ = match line {
                Line::Sent { from, to, bytes, arrivals } => {
                    let call: String = header(bytes, "Call-ID").chars().take(8).collect();
                    let cseq = header(bytes, "CSeq");
                    let label = label(bytes);
                    let fate = match arrivals.as_slice() {
                        [] => "  LOST".to_owned(),
                        [_] => String::new(),
                        more => format!("  x{}", more.len()),
                    };
                    writeln!(text, "{at:>9.3} {from:>8} > {to:<8} {label} ({cseq} {call}){fate}")
                }
                Line::Told(who, event) => writeln!(text, "{at:>9.3}     {who}: {event:?}"),
                Line::Recorded(recorded) => {
                    let call = recorded.call.as_str();
                    let call = &call[call.len().saturating_sub(4)..];
                    let mut event = format!("{:?}", recorded.event);
                    event.truncate(event.floor_char_boundary(160));
                    writeln!(text, "{at:>9.3}     record ..{call} {event}")
                }
                Line::Done(what) => writeln!(text, "{at:>9.3} --- {what}"),
            };
        }
        text
    }
}

/// `INVITE`, or `200 INVITE` for a response.
pub(crate) fn label(message: &[u8]) -> String {
    let first = message.split(|byte| *byte == b' ').next().unwrap_or_default();
    if first != b"SIP/2.0" {
        return String::from_utf8_lossy(first).into_owned();
    }
    let status = message.get(8..11).unwrap_or_default();
    let cseq = header(message, "CSeq");
    let method = cseq.split(' ').nth(1).unwrap_or_default();
    format!("{} {method}", String::from_utf8_lossy(status))
}

/// The value of a header line, written with its long name as both ends do here.
pub(crate) fn header(message: &[u8], name: &str) -> String {
    let lines = message.split(|byte| *byte == b'\n');
    for line in lines {
        if line.len() > name.len()
            && line[name.len()] == b':'
            && line[..name.len()].eq_ignore_ascii_case(name.as_bytes())
        {
            return String::from_utf8_lossy(&line[name.len() + 1..]).trim().to_owned();
        }
        if line == b"\r" {
            break;
        }
    }
    String::new()
}
