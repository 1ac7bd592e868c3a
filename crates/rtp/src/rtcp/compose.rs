//! Our compound packet: SR or RR, then SDES with our canonical name, XR, and BYE at the end
//! (RFC 3550 §6.1). All of it is in words, so that nothing needs padding.

use super::ntp::NtpTime;
use super::report::{ReportBlock, SenderInfo};
use super::xr::{self, DlrrBlock, VoipMetrics};
use super::{
    EXTENDED_REPORT, GOODBYE, HEADER_LEN, RECEIVER_REPORT, SENDER_REPORT, SOURCE_DESCRIPTION,
    VERSION, source,
};

/// Report blocks that are written; those that follow are left out.
pub const REPORTS_MAX: usize = 31;
/// Octets of a canonical name or of a reason that are written.
pub const CNAME_LEN_MAX: usize = 255;

/// What to tell a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Composition<'a> {
    /// Our source.
    pub ssrc: u32,
    /// Our clock and counts if anything has been sent since the report before the last: SR; else
    /// RR.
    pub sender: Option<SenderInfo>,
    /// What we receive, [`REPORTS_MAX`] at most.
    pub reports: &'a [ReportBlock],
    /// Our canonical name, the same for all of a call's legs or random, [`CNAME_LEN_MAX`] octets.
    pub cname: &'a str,
    /// How we hear, in XR.
    pub voip_metrics: Option<VoipMetrics>,
    /// When we report, in XR, if we send nothing and would know the round trip.
    pub reference_time: Option<NtpTime>,
    /// Answers to peers' reference times, in XR.
    pub dlrr: &'a [DlrrBlock],
    /// We leave, for this reason; it may be empty.
    pub goodbye: Option<&'a str>,
}

impl<'a> Composition<'a> {
    /// An RR without reports, to be filled.
    #[must_use]
    pub fn new(ssrc: u32, cname: &'a str) -> Self {
        Self {
            ssrc,
            sender: None,
            reports: &[],
            cname,
            voip_metrics: None,
            reference_time: None,
            dlrr: &[],
            goodbye: None,
        }
    }
}

/// Appends the compound packet to `out`.
pub fn write_compound(composition: &Composition<'_>, out: &mut Vec<u8>) {
    let ssrc = composition.ssrc;
    let reports = &composition.reports[..composition.reports.len().min(REPORTS_MAX)];
    let kind = if composition.sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
    write_packet(kind, reports.len(), out, |out| {
        out.extend_from_slice(&ssrc.to_be_bytes());
        if let Some(info) = &composition.sender {
            info.write(out);
        }
        for report in reports {
            report.write(out);
        }
    });
    write_packet(SOURCE_DESCRIPTION, 1, out, |out| {
        source::write_chunk(ssrc, cut(composition.cname), out);
    });
    write_extended(composition, out);
    if let Some(reason) = composition.goodbye {
        write_packet(GOODBYE, 1, out, |out| source::write_goodbye(ssrc, cut(reason), out));
    }
}

fn write_extended(composition: &Composition<'_>, out: &mut Vec<u8>) {
    let Composition { voip_metrics, reference_time, dlrr, .. } = composition;
    if voip_metrics.is_none() && reference_time.is_none() && dlrr.is_empty() {
        return;
    }
    write_packet(EXTENDED_REPORT, 0, out, |out| {
        out.extend_from_slice(&composition.ssrc.to_be_bytes());
        if let Some(time) = reference_time {
            xr::write_reference_time(*time, out);
        }
        if !dlrr.is_empty() {
            xr::write_dlrr(dlrr, out);
        }
        if let Some(metrics) = voip_metrics {
            xr::write_voip_metrics(metrics, out);
        }
    });
}

/// As much of `text` as fits, in whole characters.
fn cut(text: &str) -> &[u8] {
    let mut len = text.len().min(CNAME_LEN_MAX);
    while !text.is_char_boundary(len) {
        len -= 1;
    }
    &text.as_bytes()[..len]
}

/// Appends a packet whose body `fill` appends, in whole words.
fn write_packet(kind: u8, count: usize, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    // A count is at most 31, five bits.
    out.extend_from_slice(&[VERSION << 6 | count as u8, kind, 0, 0]);
    fill(out);
    // The longest, an XR with 64 answers, has some 200 words.
    let words = ((out.len() - start - HEADER_LEN) / 4) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}
