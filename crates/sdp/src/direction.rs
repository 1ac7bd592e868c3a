//! The direction of a stream (RFC 3264 §5.1, §6.1; RFC 8866 §6.7), and what answers it.

use std::fmt;

/// Which way packets may flow, as seen by the party that wrote the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways; what a description without an attribute means.
    #[default]
    SendRecv,
    /// The writer sends and does not listen: hold.
    SendOnly,
    /// The writer listens and does not send.
    RecvOnly,
    /// Neither: hold without music.
    Inactive,
}

impl Direction {
    /// The direction whose attribute is `name`, if it is one.
    pub fn from_attribute(name: &str) -> Option<Self> {
        match name {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }

    /// The name of the attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// Whether the writer sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer listens.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// Whether the writer has put the other party on hold (RFC 3264 §8.4): it does not listen.
    pub fn holds(self) -> bool {
        !self.receives()
    }

    /// The direction made of its two halves.
    pub fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// The same stream seen from the other end.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// The answer to an offer with this direction from a party that would like `wish`: never more
    /// than the offer lets it (RFC 3264 §6.1).
    #[must_use]
    pub fn answer(self, wish: Self) -> Self {
        Self::new(self.receives() && wish.sends(), self.sends() && wish.receives())
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{self, *};

    /// RFC 3264 §6.1, the whole table.
    #[test]
    fn an_answer_never_exceeds_the_offer() {
        let all = [SendRecv, SendOnly, RecvOnly, Inactive];
        let row = |offer: Direction| all.map(|wish| offer.answer(wish));
        assert_eq!(row(SendRecv), [SendRecv, SendOnly, RecvOnly, Inactive]);
        assert_eq!(row(SendOnly), [RecvOnly, Inactive, RecvOnly, Inactive]);
        assert_eq!(row(RecvOnly), [SendOnly, SendOnly, Inactive, Inactive]);
        assert_eq!(row(Inactive), [Inactive; 4]);
    }

    #[test]
    fn reversing_twice_changes_nothing() {
        for direction in [SendRecv, SendOnly, RecvOnly, Inactive] {
            assert_eq!(direction.reversed().reversed(), direction);
            assert_eq!(Direction::from_attribute(direction.as_str()), Some(direction));
        }
    }
}
