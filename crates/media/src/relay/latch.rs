//! Symmetric RTP that locks (RFC 4961, RFC 7362 §3.2): behind a NAT, a peer's packets come from
//! another address than its session description says, and answers must go back there.
//!
//! Invariants:
//! * nothing latches before a session description named an address;
//! * the first valid source after a description is the only one until the next description, so that
//!   nobody else can join or take over a stream;
//! * but the signalled address wins, once, over another one that latched less than [`PROBATION`]
//!   before, whatever is repeated meanwhile: whoever guesses the port and is quick does not keep
//!   the stream;
//! * a repeated description (a refreshed session) does not let a stranger in: besides the source
//!   that is there, only the same stream (its SSRC, as after a NAT's rebinding) may latch, or
//!   anything once that source has been silent for [`SILENCE`];
//! * while a repeated description has not latched anew, packets go on to where they went.

use std::net::SocketAddr;
use std::time::Duration;

/// How long the signalled address may displace another one that was first.
pub(crate) const PROBATION: Duration = Duration::from_secs(5);
/// How long a source is silent before, after a repeated description, another stream may replace it.
pub(crate) const SILENCE: Duration = Duration::from_secs(2);

/// One address of a far end: what was signalled, and what turned out to be true.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Latch {
    signalled: Option<SocketAddr>,
    target: Option<SocketAddr>,
    state: State,
    /// The stream that comes from the target.
    ssrc: u32,
    /// When the target was last heard.
    heard_at: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Any valid source may latch.
    #[default]
    Open,
    /// Somebody is there; a repeated description lets him move. Until then he is on probation, if
    /// he was.
    Loose(Option<Duration>),
    /// Somebody other than was signalled is there; the signalled one may displace him until then.
    OnProbation(Duration),
    /// Somebody is there to stay.
    Locked,
}

impl Latch {
    /// A session description says where the far end receives.
    pub(crate) fn signal(&mut self, address: SocketAddr) {
        // A refreshed session repeats its address; the NAT's one is still the best we know.
        if self.signalled != Some(address) {
            self.signalled = Some(address);
            self.target = Some(address);
            self.state = State::Open;
        } else {
            self.state = match self.state {
                State::Open => State::Open,
                State::Loose(probation) => State::Loose(probation),
                State::OnProbation(until) => State::Loose(Some(until)),
                State::Locked => State::Loose(None),
            };
        }
    }

    /// Whether a valid packet of the stream `ssrc` from `source` counts.
    pub(crate) fn accepts(&mut self, now: Duration, source: SocketAddr, ssrc: u32) -> bool {
        let is_target = self.target == Some(source);
        let accepted = match self.state {
            State::Locked => is_target,
            State::Open => self.signalled.is_some(),
            State::Loose(probation) => {
                is_target
                    || self.ssrc == ssrc
                    || now.saturating_sub(self.heard_at) > SILENCE
                    || probation.is_some_and(|until| self.displaces(now, source, until))
            }
            State::OnProbation(until) => is_target || self.displaces(now, source, until),
        };
        if accepted {
            self.heard_at = now;
            self.ssrc = ssrc;
            if !is_target || matches!(self.state, State::Open | State::Loose(_)) {
                self.latch(now, source);
            }
        }
        accepted
    }

    /// Where to send.
    pub(crate) fn target(&self) -> Option<SocketAddr> {
        self.target
    }

    /// What the description said.
    pub(crate) fn signalled(&self) -> Option<SocketAddr> {
        self.signalled
    }

    /// Where packets come from, once some have come.
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        self.target.filter(|_| self.state != State::Open)
    }

    /// Whether `source` is who was signalled, in time to displace who is on probation.
    fn displaces(&self, now: Duration, source: SocketAddr, until: Duration) -> bool {
        self.signalled == Some(source) && now <= until
    }

    fn latch(&mut self, now: Duration, source: SocketAddr) {
        self.target = Some(source);
        let is_guess = self.signalled != Some(source);
        self.state = match self.state {
            State::Open if is_guess => State::OnProbation(now + PROBATION),
            State::Loose(Some(until)) if is_guess => State::OnProbation(until),
            State::Open | State::Loose(_) | State::OnProbation(_) | State::Locked => State::Locked,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stream of the far end, and a stranger's.
    const OURS: u32 = 1;
    const OTHER: u32 = 2;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Signalled at 1.
    fn latch() -> Latch {
        let mut latch = Latch::default();
        latch.signal(at(1));
        latch
    }

    #[test]
    fn nothing_latches_before_a_description() {
        let mut latch = Latch::default();
        assert!(!latch.accepts(ms(0), at(1), OURS));
        assert_eq!((latch.target(), latch.source()), (None, None));
    }

    #[test]
    fn the_first_source_wins_and_stays() {
        let mut latch = latch();
        assert_eq!((latch.target(), latch.source()), (Some(at(1)), None));
        assert!(latch.accepts(ms(0), at(2), OURS));
        assert_eq!(latch.source(), Some(at(2)));
        assert!(!latch.accepts(ms(1), at(3), OURS));
        // The NAT's address is not on probation for ever.
        assert!(!latch.accepts(PROBATION + ms(1), at(1), OURS));
        assert!(latch.accepts(ms(9000), at(2), OURS));
    }

    #[test]
    fn the_signalled_address_displaces_a_quicker_one_once() {
        let mut latch = latch();
        assert!(latch.accepts(ms(0), at(66), OTHER));
        assert!(!latch.accepts(ms(10), at(67), OTHER));
        assert!(latch.accepts(PROBATION, at(1), OURS));
        assert_eq!(latch.target(), Some(at(1)));
        assert!(!latch.accepts(PROBATION + ms(1), at(66), OTHER));
        assert!(!latch.accepts(PROBATION + ms(1), at(66), OURS));
    }

    #[test]
    fn the_signalled_address_is_displaced_by_nobody() {
        let mut latch = latch();
        assert!(latch.accepts(ms(0), at(1), OURS));
        assert!(!latch.accepts(ms(1), at(2), OURS));
        assert_eq!(latch.target(), Some(at(1)));
    }

    #[test]
    fn a_repeated_description_does_not_end_probation() {
        let mut latch = latch();
        assert!(latch.accepts(ms(0), at(66), OTHER));
        latch.signal(at(1));
        assert!(latch.accepts(ms(20), at(66), OTHER));
        assert!(latch.accepts(ms(30), at(1), OURS));
        assert_eq!(latch.target(), Some(at(1)));
        assert!(!latch.accepts(ms(40), at(66), OTHER));
    }

    #[test]
    fn a_new_description_latches_anew() {
        let mut latch = latch();
        assert!(latch.accepts(ms(0), at(2), OURS));
        latch.signal(at(5));
        assert_eq!(latch.target(), Some(at(5)));
        assert!(latch.accepts(ms(1), at(6), OTHER));
        assert!(!latch.accepts(ms(2), at(2), OURS));
    }

    #[test]
    fn a_repeated_description_leaves_no_gap_and_lets_no_stranger_in() {
        let mut latch = latch();
        assert!(latch.accepts(ms(0), at(2), OURS));
        latch.signal(at(1));
        assert_eq!(latch.target(), Some(at(2)));
        assert!(!latch.accepts(ms(1), at(66), OTHER));
        // The NAT has bound the same stream anew.
        assert!(latch.accepts(ms(2), at(3), OURS));
        assert!(!latch.accepts(ms(3), at(2), OURS));
        // Somebody else has taken the call over, with the address of before.
        latch.signal(at(1));
        assert!(!latch.accepts(SILENCE + ms(2), at(4), OTHER));
        assert!(latch.accepts(SILENCE + ms(3), at(4), OTHER));
    }
}
