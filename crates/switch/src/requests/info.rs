//! INFO in a dialog (RFC 6086 §2, legacy use): digits of telephones that send them out of band,
//! and the `Record` header with which a phone's button asks for a recording. Which digit it was
//! stands in no log.

use call::port::{CallInput, Digit, LegEvent, RecordingWish};
use model::Now;
use sip::message::{HeaderName, Request};
use sip::user_agent_core::{DialogId, ExtraHeader, ServerRequestId};

use crate::switch::Switch;

const RELAY: &str = "application/dtmf-relay";
const PLAIN: &str = "application/dtmf";

/// A digit that says nothing of its length, ms: the default of the relay's inventors.
const USUAL_MS: u16 = 160;
/// The shortest that is heard and the longest that is made, ms.
const SHORTEST_MS: u16 = 40;
const LONGEST_MS: u16 = 5_000;
/// Lines of a body that are looked at.
const LINES: usize = 16;

impl Switch {
    pub(crate) fn info(
        &mut self,
        now: Now,
        id: ServerRequestId,
        dialog: Option<DialogId>,
        request: &Request,
    ) {
        let (status, headers) = self.informed(dialog, request);
        self.ua.respond(now.mono, id, status, &headers, None, &mut self.ua_out);
    }

    fn informed(&mut self, dialog: Option<DialogId>, request: &Request) -> (u16, Vec<ExtraHeader>) {
        let Some(leg) = dialog.and_then(|dialog| self.legs.of_dialog(dialog)) else {
            return (481, Vec::new());
        };
        let headers = request.headers();
        if headers.contains(HeaderName::InfoPackage) {
            // RFC 6086 §4.2.2: none of them is known here.
            return (469, vec![(HeaderName::RecvInfo, String::new())]);
        }
        if let Some(wanted) = headers.text(HeaderName::Other("Record")) {
            let Some(wish) = wish(&wanted) else {
                return (400, Vec::new());
            };
            return match self.legs.get(leg) {
                Some(entry) if entry.user.is_some() => {
                    self.inbox.push_back((entry.call, CallInput::Record(wish)));
                    (200, Vec::new())
                }
                // Who calls from outside does not decide what is kept.
                Some(_) | None => (403, Vec::new()),
            };
        }
        if request.body().is_empty() {
            return (200, Vec::new());
        }
        let pressed = match headers.content_type().as_deref() {
            Some(RELAY) => relayed(request.body()),
            Some(PLAIN) => plain(request.body()),
            Some(_) | None => {
                let accept = (HeaderName::Accept, format!("{RELAY}, {PLAIN}"));
                return (415, vec![accept]);
            }
        };
        match pressed {
            Some(Pressed::Digit { digit, duration_ms }) => {
                self.tell(leg, LegEvent::InfoDigit { digit, duration_ms });
                (200, Vec::new())
            }
            Some(Pressed::Flash) => (200, Vec::new()),
            None => (400, Vec::new()),
        }
    }
}

fn wish(text: &str) -> Option<RecordingWish> {
    match text.trim().to_ascii_lowercase().as_str() {
        "on" => Some(RecordingWish::Start),
        "off" => Some(RecordingWish::Stop),
        "pause" => Some(RecordingWish::Pause),
        "resume" => Some(RecordingWish::Resume),
        _ => None,
    }
}

/// What a body says. Its `Debug` form does not say which digit.
#[derive(Debug, PartialEq, Eq)]
enum Pressed {
    Digit {
        digit: Digit,
        duration_ms: u16,
    },
    /// The hook, which has no use here.
    Flash,
}

/// `Signal=5` and `Duration=160`, each on a line.
fn relayed(body: &[u8]) -> Option<Pressed> {
    let text = std::str::from_utf8(body).ok()?;
    let (mut signal, mut duration_ms) = (None, None);
    for line in text.lines().take(LINES) {
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        if key.eq_ignore_ascii_case("Signal") {
            signal = signal.or(Some(value));
        } else if key.eq_ignore_ascii_case("Duration") {
            duration_ms = duration_ms.or(value.parse().ok());
        }
    }
    pressed(signal?, duration_ms)
}

/// The digit and nothing else; some write it as the relay does.
fn plain(body: &[u8]) -> Option<Pressed> {
    let text = std::str::from_utf8(body).ok()?;
    if text.contains('=') { relayed(body) } else { pressed(text.trim(), None) }
}

/// Keys by their signs, or by their numbers as events (RFC 4733 §3.2).
fn pressed(signal: &str, duration_ms: Option<u16>) -> Option<Pressed> {
    let sign = match signal {
        "10" => '*',
        "11" => '#',
        "12" => 'A',
        "13" => 'B',
        "14" => 'C',
        "15" => 'D',
        "16" | "!" => return Some(Pressed::Flash),
        _ => {
            let mut signs = signal.chars();
            signs.next().filter(|_| signs.next().is_none())?
        }
    };
    let duration_ms = duration_ms.unwrap_or(USUAL_MS).clamp(SHORTEST_MS, LONGEST_MS);
    Digit::new(sign).map(|digit| Pressed::Digit { digit, duration_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digit(sign: char, duration_ms: u16) -> Option<Pressed> {
        Digit::new(sign).map(|digit| Pressed::Digit { digit, duration_ms })
    }

    #[test]
    fn digits_are_read_as_telephones_write_them() {
        assert_eq!(relayed(b"Signal=5\r\nDuration=200\r\n"), digit('5', 200));
        assert_eq!(relayed(b"Signal= 5\nDuration= 200"), digit('5', 200));
        assert_eq!(relayed(b"signal=*"), digit('*', 160));
        assert_eq!(relayed(b"Signal=11\r\nDuration=x"), digit('#', 160));
        assert_eq!(relayed(b"Signal=d\r\nDuration=1"), digit('D', 40));
        assert_eq!(relayed(b"Duration=60000\r\nSignal=1"), digit('1', 5_000));
        assert_eq!(plain(b"7\r\n"), digit('7', 160));
        assert_eq!(plain(b"Signal=7"), digit('7', 160));
        assert_eq!(relayed(b"Signal=16"), Some(Pressed::Flash));
    }

    #[test]
    fn what_is_no_digit_is_none() {
        for body in [&b""[..], b"Signal=", b"Signal=17", b"Signal=55", b"5", b"\xff", b"Signal=E"] {
            assert_eq!(relayed(body), None);
        }
        assert_eq!(plain(b""), None);
        assert_eq!(plain(b"12345"), None);
        // Beyond the lines that are looked at.
        assert_eq!(relayed(format!("{}Signal=1", "x\n".repeat(LINES)).as_bytes()), None);
    }
}
