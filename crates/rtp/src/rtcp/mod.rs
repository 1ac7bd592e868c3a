//! RTCP: what a peer reports of us and tells of itself, and what we tell it (RFC 3550 §6,
//! RFC 3611). A compound packet is checked as a whole before anything of it is read (RFC 3550 A.2);
//! its packets are then read one by one without allocation, and one that is broken spoils no other.

mod compose;
mod interval;
mod ntp;
mod report;
mod source;
#[cfg(test)]
mod tests;
mod xr;

pub use compose::{CNAME_LEN_MAX, Composition, REPORTS_MAX, write_compound};
pub use interval::{INTERVAL_MIN, report_interval};
pub use ntp::{NtpTime, RTT_MAX, round_trip};
pub use report::{
    ReceiverReport, ReportBlock, ReportBlocks, SenderInfo, SenderReport, clamp_cumulative_lost,
};
pub use source::{Goodbye, SourceDescription};
pub use xr::{
    Concealment, DlrrBlock, DlrrBlocks, ExtendedReport, JitterBuffer, VoipMetrics, XrBlock,
    XrBlocks,
};

use crate::packet::RTCP_LEN_MIN;

/// Packets that are read of one compound packet; those that follow are left alone.
pub const PACKETS_MAX: usize = 32;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const EXTENDED_REPORT: u8 = 207;

const HEADER_LEN: usize = 4;
const VERSION: u8 = 2;
const PADDING: u8 = 0x20;
/// The low five bits of a header's first octet: how many reports or sources follow.
const COUNT: u8 = 0x1f;

/// What is wrong with a datagram that should be RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtcpError {
    /// Shorter than any RTCP packet.
    #[error("{0} octets are shorter than an RTCP packet")]
    Short(usize),
    /// One of the packets is not version 2.
    #[error("RTCP version {0} is not 2")]
    Version(u8),
    /// A compound packet begins with a sender or receiver report without padding.
    #[error("the first packet is type {0}, not an unpadded report")]
    First(u8),
    /// The packets' lengths do not add up to the datagram's.
    #[error("the lengths do not add up to the datagram's")]
    Length,
    /// Padding that is not in the last packet, not in words, or longer than its packet.
    #[error("the padding is wrong")]
    Padding,
    /// A packet has less in it than its count says.
    #[error("a packet of type {0} is shorter than what it says it holds")]
    Body(u8),
}

/// A compound packet whose headers are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compound<'a> {
    datagram: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Checks the headers of all packets in a datagram (RFC 3550 A.2).
    ///
    /// # Errors
    /// [`RtcpError`], where anything but a packet's body is wrong.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, RtcpError> {
        if datagram.len() < RTCP_LEN_MIN {
            return Err(RtcpError::Short(datagram.len()));
        }
        let mut rest = datagram;
        while !rest.is_empty() {
            let (raw, after) = split(rest)?;
            let first = rest.len() == datagram.len();
            if first && (raw.padded || !matches!(raw.kind, SENDER_REPORT | RECEIVER_REPORT)) {
                return Err(RtcpError::First(raw.kind));
            }
            if raw.padded && !after.is_empty() {
                return Err(RtcpError::Padding);
            }
            rest = after;
        }
        Ok(Self { datagram })
    }

    /// Its packets in order, [`PACKETS_MAX`] at most; an error stands for a packet whose body is
    /// wrong and says nothing of the others.
    pub fn packets(&self) -> impl Iterator<Item = Result<RtcpPacket<'a>, RtcpError>> + use<'a> {
        let mut rest = self.datagram;
        std::iter::from_fn(move || {
            // Every split has succeeded in `parse`.
            let (raw, after) = split(rest).ok()?;
            rest = after;
            Some(RtcpPacket::read(&raw))
        })
        .take(PACKETS_MAX)
    }
}

/// One packet of a compound packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RtcpPacket<'a> {
    /// SR: the sender's clock and counts, and what it receives.
    SenderReport(SenderReport<'a>),
    /// RR: what somebody receives who sends nothing.
    ReceiverReport(ReceiverReport<'a>),
    /// SDES: who a source is.
    SourceDescription(SourceDescription<'a>),
    /// BYE: sources that leave.
    Goodbye(Goodbye<'a>),
    /// XR: more about what somebody receives.
    ExtendedReport(ExtendedReport<'a>),
    /// APP, feedback, and whatever else there is: its packet type.
    Other(u8),
}

impl<'a> RtcpPacket<'a> {
    fn read(raw: &Raw<'a>) -> Result<Self, RtcpError> {
        let packet = match raw.kind {
            SENDER_REPORT => SenderReport::read(raw.count, raw.body).map(Self::SenderReport),
            RECEIVER_REPORT => ReceiverReport::read(raw.count, raw.body).map(Self::ReceiverReport),
            SOURCE_DESCRIPTION => {
                SourceDescription::read(raw.count, raw.body).map(Self::SourceDescription)
            }
            GOODBYE => Goodbye::read(raw.count, raw.body).map(Self::Goodbye),
            EXTENDED_REPORT => ExtendedReport::read(raw.body).map(Self::ExtendedReport),
            other => Some(Self::Other(other)),
        };
        packet.ok_or(RtcpError::Body(raw.kind))
    }
}

/// One packet by its header.
struct Raw<'a> {
    kind: u8,
    count: usize,
    padded: bool,
    /// What follows the header's first word, without padding.
    body: &'a [u8],
}

/// The first packet of `rest`, and what follows it.
fn split(rest: &[u8]) -> Result<(Raw<'_>, &[u8]), RtcpError> {
    let &[first, kind, l0, l1, ..] = rest else {
        return Err(RtcpError::Length);
    };
    if first >> 6 != VERSION {
        return Err(RtcpError::Version(first >> 6));
    }
    let len = HEADER_LEN + usize::from(u16::from_be_bytes([l0, l1])) * 4;
    let (packet, after) = rest.split_at_checked(len).ok_or(RtcpError::Length)?;
    let mut body = &packet[HEADER_LEN..];
    let padded = first & PADDING != 0;
    if padded {
        let padding = body.last().map_or(0, |&octets| usize::from(octets));
        if padding == 0 || padding % 4 != 0 || padding > body.len() {
            return Err(RtcpError::Padding);
        }
        body = &body[..body.len() - padding];
    }
    Ok((Raw { kind, count: usize::from(first & COUNT), padded, body }, after))
}

/// The 32 bits at `place`.
fn word(octets: &[u8], place: usize) -> Option<u32> {
    octets.get(place..)?.first_chunk().map(|&word| u32::from_be_bytes(word))
}
