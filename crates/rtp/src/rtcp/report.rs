//! SR and RR (RFC 3550 §6.4): the sender's clock and counts, and a block for each source received.

use super::ntp::NtpTime;
use super::word;

pub(super) const BLOCK_LEN: usize = 24;
const SENDER_INFO_LEN: usize = 20;
const LOST_MAX: i32 = 0x7f_ffff;
const LOST_MIN: i32 = -0x80_0000;

/// SR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// Its clock and counts.
    pub info: SenderInfo,
    /// What it receives.
    pub reports: ReportBlocks<'a>,
}

impl<'a> SenderReport<'a> {
    pub(super) fn read(count: usize, body: &'a [u8]) -> Option<Self> {
        let ssrc = word(body, 0)?;
        let info = SenderInfo::read(body.get(4..)?)?;
        let reports = ReportBlocks::read(count, body.get(4 + SENDER_INFO_LEN..)?)?;
        Some(Self { ssrc, info, reports })
    }
}

/// RR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// What it receives.
    pub reports: ReportBlocks<'a>,
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn read(count: usize, body: &'a [u8]) -> Option<Self> {
        let ssrc = word(body, 0)?;
        let reports = ReportBlocks::read(count, body.get(4..)?)?;
        Some(Self { ssrc, reports })
    }
}

/// The sender's part of an SR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall-clock time of the report.
    pub ntp: NtpTime,
    /// The same moment in the stream's timestamps.
    pub rtp_timestamp: u32,
    /// Packets sent since the source began.
    pub packets: u32,
    /// Octets of payload in them.
    pub octets: u32,
}

impl SenderInfo {
    fn read(octets: &[u8]) -> Option<Self> {
        let high = u64::from(word(octets, 0)?);
        let low = u64::from(word(octets, 4)?);
        Some(Self {
            ntp: NtpTime(high << 32 | low),
            rtp_timestamp: word(octets, 8)?,
            packets: word(octets, 12)?,
            octets: word(octets, 16)?,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.ntp.0.to_be_bytes());
        for word in [self.rtp_timestamp, self.packets, self.octets] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
}

/// What somebody receives of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: u32,
    /// Lost since the last report, in 1/256 of what was expected.
    pub fraction_lost: u8,
    /// Lost since the beginning, −8388608 to 8388607; duplicates make it less.
    pub cumulative_lost: i32,
    /// The highest sequence number, with its cycles in the high 16 bits.
    pub highest_sequence: u32,
    /// Interarrival jitter in units of the timestamp.
    pub jitter: u32,
    /// LSR: the middle 32 bits of the last SR of the source, or zero.
    pub last_sender_report: u32,
    /// DLSR: the time since that SR came, in units of 2^-16 s.
    pub delay_since_last: u32,
}

/// The number of lost packets as far as 24 bits hold it.
#[must_use]
pub fn clamp_cumulative_lost(lost: i64) -> i32 {
    // The range is within an i32.
    lost.clamp(i64::from(LOST_MIN), i64::from(LOST_MAX)) as i32
}

impl ReportBlock {
    fn read(octets: &[u8]) -> Option<Self> {
        let loss = word(octets, 4)?;
        Some(Self {
            ssrc: word(octets, 0)?,
            fraction_lost: (loss >> 24) as u8,
            // The 24 bits are a signed number.
            cumulative_lost: (loss << 8) as i32 >> 8,
            highest_sequence: word(octets, 8)?,
            jitter: word(octets, 12)?,
            last_sender_report: word(octets, 16)?,
            delay_since_last: word(octets, 20)?,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let lost = self.cumulative_lost.clamp(LOST_MIN, LOST_MAX) as u32 & 0xff_ffff;
        for word in [
            self.ssrc,
            u32::from(self.fraction_lost) << 24 | lost,
            self.highest_sequence,
            self.jitter,
            self.last_sender_report,
            self.delay_since_last,
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
}

/// The blocks of a report, 31 at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportBlocks<'a> {
    octets: &'a [u8],
}

impl<'a> ReportBlocks<'a> {
    /// Extensions of a profile may follow the blocks.
    fn read(count: usize, octets: &'a [u8]) -> Option<Self> {
        Some(Self { octets: octets.get(..count * BLOCK_LEN)? })
    }
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.octets.split_at_checked(BLOCK_LEN)?;
        self.octets = rest;
        ReportBlock::read(block)
    }
}
