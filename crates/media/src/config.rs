//! What the section `[media]` of the configuration says, once it has been validated.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::time::Duration;

use call::port::PortPair;
use rtp::quality::Thresholds;

use crate::prompt::PromptConfig;
use crate::record::RecordConfig;
use crate::relay::Settings;
use crate::sound::SoundConfig;
use crate::{clock, random};

/// How media is relayed, played, recorded and measured.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaConfig {
    /// The address that RTP and RTCP sockets are bound to. It must be one address, not a wildcard:
    /// a packet's answer has to leave from where the packet arrived.
    pub address: IpAddr,
    /// The ports, `first-last`: even ones for RTP, each with the next one for RTCP.
    pub ports: PortRange,
    /// Port pairs that are bound ahead of need and known to the core: the most legs that may open
    /// before the core hears from media again.
    pub stock: usize,
    /// How long a leg's ports rest before another leg may have them, so that late packets of the
    /// old one are not heard by the new one. Milliseconds.
    pub rest_ms: u64,
    /// How long both sides of a conversation may be silent before it is reported. Seconds.
    pub timeout_s: u64,
    /// The differentiated services code point of packets sent; 46 is Expedited Forwarding
    /// (RFC 3246, RFC 4594 §4.1), 0 leaves them alone.
    pub dscp: u8,
    /// Where sources, sequences and timestamps come from; `None`: the system, so that nobody can
    /// guess them (RFC 3550 §5.1).
    pub seed: Option<u64>,
    /// When audio is bad (model §4.6).
    pub quality: Thresholds,
    /// How sound is decoded, mixed and played.
    pub sound: SoundConfig,
    /// Where prompts come from.
    pub prompts: PromptConfig,
    /// Where recordings go.
    pub recording: RecordConfig,
}

/// The shortest sample.
const SHORTEST_SAMPLE: Duration = Duration::from_millis(1);

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            address: Ipv4Addr::LOCALHOST.into(),
            ports: PortRange { first: 20000, last: 29999 },
            stock: 128,
            rest_ms: 2000,
            timeout_s: 60,
            dscp: 46,
            seed: None,
            quality: Thresholds::default(),
            sound: SoundConfig::default(),
            prompts: PromptConfig::default(),
            recording: RecordConfig::default(),
        }
    }
}

impl MediaConfig {
    /// How long ports rest.
    pub(crate) fn rest(&self) -> Duration {
        Duration::from_millis(self.rest_ms)
    }

    /// What holds for all legs.
    pub(crate) fn table(&self) -> Settings {
        let epoch_us = clock::epoch_us();
        // A system without random numbers has a clock at least.
        let seed = self.seed.or_else(random::system_seed).unwrap_or(epoch_us);
        Settings {
            timeout: Duration::from_secs(self.timeout_s),
            // A sample of nothing would be due for ever.
            thresholds: Thresholds {
                sample: self.quality.sample.max(SHORTEST_SAMPLE),
                ..self.quality
            },
            local: self.address,
            epoch_us,
            seed,
        }
    }
}

/// A range of ports, both ends included. A range without a whole pair can be written down, but no
/// relay starts with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange {
    /// The first port; not 0, which means "any port" to a socket.
    pub first: u16,
    /// The last port.
    pub last: u16,
}

/// Why a text is no range of port pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PortRangeError {
    /// Not two port numbers with a hyphen between them.
    #[error("ports are written as first-last, for example 20000-29999")]
    Form,
    /// No even port with its odd neighbour lies in it.
    #[error("the range holds no even port with the odd one after it")]
    Empty,
}

impl PortRange {
    /// The pairs that lie in the range.
    pub(crate) fn pairs(self) -> impl ExactSizeIterator<Item = PortPair> + Clone {
        (0..self.count()).map(move |index| self.pair(index))
    }

    /// How many pairs there are.
    pub fn count(self) -> usize {
        usize::from(self.last / 2 + self.last % 2).saturating_sub(self.base())
    }

    /// The place of a pair in the range, if it lies there.
    pub(crate) fn index(self, pair: PortPair) -> Option<usize> {
        let index = usize::from(pair.rtp / 2).checked_sub(self.base())?;
        (pair.rtp.is_multiple_of(2) && index < self.count()).then_some(index)
    }

    fn pair(self, index: usize) -> PortPair {
        // Below `count()`, so within the range: it fits.
        PortPair { rtp: u16::try_from((self.base() + index) * 2).unwrap_or(u16::MAX - 1) }
    }

    /// Half of the first even port.
    fn base(self) -> usize {
        usize::from(self.first).div_ceil(2)
    }
}

impl FromStr for PortRange {
    type Err = PortRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').ok_or(PortRangeError::Form)?;
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_| PortRangeError::Form);
        let range = Self { first: port(first)?, last: port(last)? };
        if range.first == 0 || range.count() == 0 {
            return Err(PortRangeError::Empty);
        }
        Ok(range)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Result<Vec<u16>, PortRangeError> {
        text.parse().map(|range: PortRange| range.pairs().map(|pair| pair.rtp).collect())
    }

    #[test]
    fn only_whole_pairs_count() {
        assert_eq!(pairs("20000-20003"), Ok(vec![20000, 20002]));
        assert_eq!(pairs("20001-20004"), Ok(vec![20002]));
        assert_eq!(pairs("65534-65535"), Ok(vec![65534]));
        assert_eq!("20000-29999".parse::<PortRange>().unwrap().count(), 5000);
    }

    #[test]
    fn what_is_no_range() {
        for text in ["", "20000", "a-b", "1-70000", "-1-5"] {
            assert_eq!(pairs(text), Err(PortRangeError::Form), "{text}");
        }
        for text in ["20000-20000", "20001-20002", "30000-20000", "0-10"] {
            assert_eq!(pairs(text), Err(PortRangeError::Empty), "{text}");
        }
    }

    #[test]
    fn every_pair_knows_its_place() {
        let range: PortRange = "20001-20020".parse().unwrap();
        for (index, pair) in range.pairs().enumerate() {
            assert_eq!(range.index(pair), Some(index));
        }
        for rtp in [20000, 20001, 20003, 20020, 0, 65534] {
            assert_eq!(range.index(PortPair { rtp }), None, "{rtp}");
        }
    }
}
