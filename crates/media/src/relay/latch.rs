//! Symmetric RTP that locks (RFC 4961, RFC 7362 §3.2): behind a NAT, a peer's packets come from
//! another address than its session description says, and answers must go back there.
//!
//! Invariants:
//! * nothing latches before a session description named an address;
//! * the first source after a description is the only one until the next description, so that
//!   nobody else can join or take over a stream;
//! * while a repeated description has not latched anew, packets go on to where they went.

use std::net::SocketAddr;

/// One address of a far end: what was signalled, and what turned out to be true.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Latch {
    signalled: Option<SocketAddr>,
    target: Option<SocketAddr>,
    locked: bool,
}

impl Latch {
    /// A session description says where the far end receives.
    pub(crate) fn signal(&mut self, address: SocketAddr) {
        // A refreshed session repeats its address; the NAT's one is still the best we know.
        if self.signalled != Some(address) {
            self.signalled = Some(address);
            self.target = Some(address);
        }
        self.locked = false;
    }

    /// Whether a valid packet from `source` counts; the first one decides.
    pub(crate) fn accepts(&mut self, source: SocketAddr) -> bool {
        if self.locked {
            return self.target == Some(source);
        }
        if self.signalled.is_none() {
            return false;
        }
        self.target = Some(source);
        self.locked = true;
        true
    }

    /// Where to send.
    pub(crate) fn target(&self) -> Option<SocketAddr> {
        self.target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn nothing_latches_before_a_description() {
        let mut latch = Latch::default();
        assert!(!latch.accepts(at(1)));
        assert_eq!(latch.target(), None);
    }

    #[test]
    fn the_first_source_wins_and_stays() {
        let mut latch = Latch::default();
        latch.signal(at(1));
        assert_eq!(latch.target(), Some(at(1)));
        assert!(latch.accepts(at(2)));
        assert_eq!(latch.target(), Some(at(2)));
        assert!(!latch.accepts(at(3)));
        assert!(!latch.accepts(at(1)));
        assert!(latch.accepts(at(2)));
    }

    #[test]
    fn a_new_description_latches_anew() {
        let mut latch = Latch::default();
        latch.signal(at(1));
        assert!(latch.accepts(at(2)));
        latch.signal(at(5));
        assert_eq!(latch.target(), Some(at(5)));
        assert!(latch.accepts(at(6)));
        assert!(!latch.accepts(at(2)));
    }

    #[test]
    fn a_repeated_description_leaves_no_gap() {
        let mut latch = Latch::default();
        latch.signal(at(1));
        assert!(latch.accepts(at(2)));
        latch.signal(at(1));
        assert_eq!(latch.target(), Some(at(2)));
        assert!(latch.accepts(at(3)));
        assert!(!latch.accepts(at(2)));
    }
}
