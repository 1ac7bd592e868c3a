//! What a datagram is, by its first bytes (RFC 3550 §5.1, §6.4, appendix A; RFC 5761 §4).

/// The two things that are relayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sound.
    Rtp,
    /// Reports about it.
    Rtcp,
}

/// The port of a pair that a datagram came to or leaves from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Component {
    /// The even one.
    Rtp,
    /// The odd one.
    Rtcp,
}

impl Component {
    /// A port of a pair as one number, for epoll to carry.
    pub(crate) fn encode(self, place: usize) -> u64 {
        let bit = match self {
            Self::Rtp => 0,
            Self::Rtcp => 1,
        };
        (place as u64) << 1 | bit
    }

    /// The inverse of [`Component::encode`]; a place is below 2^15, so nothing is lost.
    pub(crate) fn decode(number: u64) -> (usize, Self) {
        let component = if number & 1 == 0 { Self::Rtp } else { Self::Rtcp };
        ((number >> 1) as usize, component)
    }
}

/// The fixed header of RTP.
const RTP_HEADER: usize = 12;
/// Header and one SSRC.
const RTCP_HEADER: usize = 8;

/// What `datagram` is, if it is valid where it came. On a shared port the second byte tells:
/// RTCP packet types lie between 192 and 223 (RFC 5761 §4).
pub(crate) fn classify(datagram: &[u8], component: Component, rtcp_mux: bool) -> Option<Kind> {
    let &[first, second, ..] = datagram else {
        return None;
    };
    if first >> 6 != 2 {
        return None;
    }
    let looks_like_rtcp = matches!(second, 192..=223);
    let kind = match component {
        Component::Rtp if rtcp_mux && looks_like_rtcp => Kind::Rtcp,
        Component::Rtp => Kind::Rtp,
        Component::Rtcp if looks_like_rtcp => Kind::Rtcp,
        Component::Rtcp => return None,
    };
    let least = match kind {
        Kind::Rtp => RTP_HEADER,
        Kind::Rtcp => RTCP_HEADER,
    };
    (datagram.len() >= least).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(first: u8, second: u8, len: usize) -> Vec<u8> {
        let mut datagram = vec![0; len];
        datagram[..2].copy_from_slice(&[first, second]);
        datagram
    }

    #[test]
    fn rtp_and_rtcp_are_told_apart() {
        let rtp = datagram(0x80, 0, 12);
        let marked = datagram(0x90, 0x80 | 72, 160);
        let rtcp = datagram(0x81, 200, 8);
        assert_eq!(classify(&rtp, Component::Rtp, false), Some(Kind::Rtp));
        assert_eq!(classify(&rtp, Component::Rtp, true), Some(Kind::Rtp));
        assert_eq!(classify(&rtcp, Component::Rtcp, false), Some(Kind::Rtcp));
        assert_eq!(classify(&datagram(0x81, 200, 12), Component::Rtp, true), Some(Kind::Rtcp));
        // Without a shared port every number is RTP's own, and the odd port takes RTCP only.
        assert_eq!(classify(&marked, Component::Rtp, false), Some(Kind::Rtp));
        assert_eq!(classify(&rtp, Component::Rtcp, false), None);
    }

    #[test]
    fn everything_else_is_dropped() {
        for bad in [
            vec![],
            vec![0x80],
            vec![0; 4],
            datagram(0x80, 0, 11),
            datagram(0x40, 0, 172),
            // STUN, DTLS and keep-alives of zeros.
            datagram(0x00, 0x01, 20),
            datagram(0x16, 0xfe, 100),
            datagram(0x00, 0x00, 12),
        ] {
            assert_eq!(classify(&bad, Component::Rtp, false), None, "{bad:?}");
            assert_eq!(classify(&bad, Component::Rtcp, false), None, "{bad:?}");
        }
        assert_eq!(classify(&datagram(0x80, 200, 7), Component::Rtp, true), None);
    }
}
