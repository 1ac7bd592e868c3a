//! RTCP of a leg (RFC 3550 §6, RFC 3611): our reports at randomised intervals, and what the far end
//! reports of us. It is read and made here and never forwarded.

use std::net::SocketAddr;
use std::time::Duration;

use rtp::quality::Source;
use rtp::quality::emodel::{self, CodecClass};
use rtp::quality::meter::{PeerMetrics, PeerReport};
use rtp::rtcp::{
    Composition, Compound, DlrrBlock, ExtendedReport, INTERVAL_MIN, NtpTime, ReportBlock,
    ReportBlocks, RtcpPacket, SenderInfo, VoipMetrics, XrBlock, report_interval, round_trip,
    write_compound,
};

use super::leg::{Feed, Leg, codec_class};
use super::{Forward, Notice, Place, Table};
use crate::random::Random;
use crate::relay::packet::Component;

/// What one direction of a telephone call takes, octets a second: 64 kbit/s and headers.
const SESSION_BANDWIDTH: u32 = 10_000;
/// Octets of a compound packet, UDP and IP included, before one was sent.
const FIRST_LEN: f32 = 150.0;
/// The share of a new packet in the average length (RFC 3550 §6.3.3).
const LEN_WEIGHT: f32 = 1.0 / 16.0;
/// UDP and IPv4.
const LOWER_HEADERS: f32 = 28.0;
/// The letters of a canonical name, 100 bits of which are random (RFC 7022 §4.2: 96 at least).
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const CNAME_LEN: usize = 20;
/// Received packets in a row that end a burst (RFC 3611 §4.7.2).
const GAP_THRESHOLD: u8 = 16;

/// When and as whom a leg reports, and what it has to answer.
#[derive(Debug)]
pub(super) struct Reporter {
    /// Our canonical name: random, and another one for each leg.
    cname: [u8; CNAME_LEN],
    /// When the next report is due; `None` before the far end's address is known.
    at: Option<Duration>,
    average_len: f32,
    /// Packets sent at the last report and at the one before.
    sent_before: [u64; 2],
    /// The far end's reference time: its source, the middle of its stamp, and when it came.
    reference: Option<(u32, u32, Duration)>,
    /// Packets of a hundred that the far end has not got of ours, to be told.
    lossy: Option<u8>,
    has_reported: bool,
}

impl Reporter {
    pub(super) fn new(random: &mut Random) -> Self {
        let cname = std::array::from_fn(|_| LETTERS[(random.next_u64() >> 59) as usize]);
        Self {
            cname,
            at: None,
            average_len: FIRST_LEN,
            sent_before: [0; 2],
            reference: None,
            lossy: None,
            has_reported: false,
        }
    }

    /// The far end's address is known.
    pub(super) fn begin(&mut self, now: Duration, random: &mut Random) {
        if self.at.is_none() {
            self.at = Some(now + self.interval(random));
        }
    }

    /// When the next report is due.
    pub(super) fn at(&self) -> Option<Duration> {
        self.at
    }

    fn cname(&self) -> &str {
        // It is made of letters.
        std::str::from_utf8(&self.cname).unwrap_or_default()
    }

    fn interval(&self, random: &mut Random) -> Duration {
        let (first, len) = (!self.has_reported, self.average_len as u32);
        report_interval(INTERVAL_MIN, first, SESSION_BANDWIDTH, len, random.next_unit())
    }

    fn reported(&mut self, now: Duration, len: usize, packets: u64, random: &mut Random) {
        self.has_reported = true;
        let len = len as f32 + LOWER_HEADERS;
        self.average_len += (len - self.average_len) * LEN_WEIGHT;
        self.sent_before = [packets, self.sent_before[0]];
        self.at = Some(now + self.interval(random));
    }
}

impl Table {
    /// Writes a leg's report if it is due.
    pub(super) fn report(
        &mut self,
        now: Duration,
        place: Place,
        out: &mut Vec<u8>,
    ) -> Option<Forward> {
        let ntp = self.ntp(now);
        let leg =
            self.legs[place].as_mut().filter(|l| l.reporter.at.is_some_and(|at| at <= now))?;
        let (component, to) = leg.transport.rtcp_way()?;
        leg.compose(now, ntp, None, out);
        let packets = leg.outgoing.sent().packets;
        leg.reporter.reported(now, out.len(), packets, &mut self.random);
        leg.counters.rtcp_sent += 1;
        self.counts.rtcp_sent += 1;
        Some(Forward { place, component, to })
    }

    /// Writes the last report of a leg and its farewell, if it has said anything (RFC 3550 §6.3.7).
    pub(super) fn farewell(
        &mut self,
        now: Duration,
        place: Place,
        out: &mut Vec<u8>,
    ) -> Option<Forward> {
        let ntp = self.ntp(now);
        let leg = self.legs[place].as_mut()?;
        let has_spoken = leg.reporter.has_reported || leg.outgoing.sent().packets > 0;
        let (component, to) = leg.transport.rtcp_way().filter(|_| has_spoken)?;
        leg.compose(now, ntp, Some(""), out);
        leg.counters.rtcp_sent += 1;
        self.counts.rtcp_sent += 1;
        Some(Forward { place, component, to })
    }

    /// Reads what a far end reports.
    pub(super) fn receive_rtcp(
        &mut self,
        now: Duration,
        place: Place,
        component: Component,
        source: SocketAddr,
        datagram: &[u8],
    ) {
        let Ok(compound) = Compound::parse(datagram) else {
            self.counts.rtcp_invalid += 1;
            return self.count_invalid(place);
        };
        let ntp = self.ntp(now);
        let carried_ms = self.carried_jitter_ms(place);
        let Some(leg) = self.legs[place].as_mut() else { return };
        leg.meter.carried_jitter(carried_ms);
        // A compound packet begins with a report, which begins with its source.
        let ssrc = datagram.get(4..8).and_then(|word| word.try_into().ok());
        let ssrc = ssrc.map(u32::from_be_bytes).unwrap_or_default();
        if !leg.transport.accepts(now, component, source, ssrc) {
            return self.count_stray(place);
        }
        leg.counters.rtcp_received += 1;
        self.counts.rtcp_received += 1;
        self.counts.received += 1;
        for packet in compound.packets() {
            match packet {
                Ok(RtcpPacket::SenderReport(report)) => {
                    leg.reception.sender_report(now, report.info.ntp.middle());
                    leg.read_blocks(now, ntp, report.reports, &mut self.episodes);
                }
                Ok(RtcpPacket::ReceiverReport(report)) => {
                    leg.read_blocks(now, ntp, report.reports, &mut self.episodes);
                }
                Ok(RtcpPacket::ExtendedReport(report)) => {
                    leg.read_extended(now, ntp, report, &mut self.episodes);
                }
                Ok(
                    RtcpPacket::SourceDescription(_)
                    // Who has left says so by SIP.
                    | RtcpPacket::Goodbye(_)
                    | RtcpPacket::Other(_),
                ) => {}
                Err(_) => self.counts.rtcp_invalid += 1,
            }
        }
        let leg_is_fed = matches!(leg.feed, Feed::Sound);
        if let Some(percent) = leg.reporter.lossy.take().filter(|_| leg_is_fed) {
            self.notices.push(Notice::Lossy(leg.id, percent));
        }
        self.tell_episodes(now, place);
        self.arm(now, place);
    }

    /// How unevenly came what is relayed to a leg.
    fn carried_jitter_ms(&self, place: Place) -> f64 {
        let leg = self.legs[place].as_ref();
        let Some(Feed::Leg { from, .. }) = leg.map(|leg| &leg.feed) else { return 0.0 };
        self.legs[*from].as_ref().map_or(0.0, |from| from.reception.jitter_ms())
    }
}

impl Leg {
    fn read_blocks(
        &mut self,
        now: Duration,
        ntp: NtpTime,
        blocks: ReportBlocks<'_>,
        episodes: &mut Vec<rtp::quality::Episode>,
    ) {
        let ours = self.outgoing.ssrc();
        for block in blocks.filter(|block| block.ssrc == ours) {
            let trip = round_trip(ntp.middle(), block.last_sender_report, block.delay_since_last);
            let report = PeerReport {
                fraction_lost: block.fraction_lost,
                cumulative_lost: block.cumulative_lost,
                extended_highest: block.highest_sequence,
                jitter: block.jitter,
                round_trip_ms: trip.map(ms),
            };
            self.meter.peer_report(now, &report, episodes);
            self.reporter.lossy = Some((u16::from(block.fraction_lost) * 100 / 256) as u8);
        }
    }

    fn read_extended(
        &mut self,
        now: Duration,
        ntp: NtpTime,
        report: ExtendedReport<'_>,
        episodes: &mut Vec<rtp::quality::Episode>,
    ) {
        let ours = self.outgoing.ssrc();
        for block in report.blocks {
            match block {
                XrBlock::ReferenceTime(time) => {
                    self.reporter.reference = Some((report.ssrc, time.middle(), now));
                }
                XrBlock::Dlrr(blocks) => {
                    for block in blocks.filter(|block| block.ssrc == ours) {
                        let (last, delay) = (block.last_receiver_report, block.delay_since_last);
                        if let Some(trip) = round_trip(ntp.middle(), last, delay) {
                            self.meter.round_trip(now, ms(trip), Source::RtcpXr, episodes);
                        }
                    }
                }
                XrBlock::VoipMetrics(metrics) if metrics.ssrc == ours => {
                    self.meter.peer_metrics(now, &peer_metrics(&metrics), episodes);
                }
                XrBlock::VoipMetrics(_) | XrBlock::Other(_) => {}
            }
        }
    }

    /// Our compound packet.
    fn compose(&mut self, now: Duration, ntp: NtpTime, goodbye: Option<&str>, out: &mut Vec<u8>) {
        let sent = self.outgoing.sent();
        let timestamp = self.outgoing.timestamp_at(now);
        let is_sender = sent.packets > self.reporter.sent_before[1];
        // The counts wrap (RFC 3550 §6.4.1).
        let sender = timestamp.filter(|_| is_sender).map(|rtp_timestamp| SenderInfo {
            ntp,
            rtp_timestamp,
            packets: sent.packets as u32,
            octets: sent.octets as u32,
        });
        let block = self.reception.report_block(now).map(|values| ReportBlock {
            ssrc: values.ssrc,
            fraction_lost: values.fraction_lost,
            cumulative_lost: values.cumulative_lost,
            highest_sequence: values.extended_highest,
            jitter: values.jitter,
            last_sender_report: values.lsr,
            delay_since_last: values.dlsr,
        });
        let answer = self.reporter.reference.take().map(|(ssrc, last_receiver_report, at)| {
            let delay_since_last = ntp_units(now.saturating_sub(at));
            DlrrBlock { ssrc, last_receiver_report, delay_since_last }
        });
        let voip_metrics = block.as_ref().map(|block| self.metrics(now, block.ssrc));
        let composition = Composition {
            sender,
            reports: block.as_slice(),
            voip_metrics,
            reference_time: sender.is_none().then_some(ntp),
            dlrr: answer.as_slice(),
            goodbye,
            ..Composition::new(self.outgoing.ssrc(), self.reporter.cname())
        };
        write_compound(&composition, out);
    }

    /// How we hear the far end, over the whole call (RFC 3611 §4.7).
    fn metrics(&self, now: Duration, ssrc: u32) -> VoipMetrics {
        let totals = self.reception.totals();
        let expected = totals.expected.max(1) as f64;
        let (lost, discarded) = (totals.lost as f64 / expected, totals.discarded as f64 / expected);
        let trip_ms = self.meter.round_trip_ms(now);
        let codec = self.current.and_then(|payload| self.received.encoding(payload));
        let codec = codec.map_or(CodecClass::G711, codec_class);
        let percent = (lost + discarded) * 100.0;
        let jitter = totals.jitter_avg_ms.unwrap_or_default();
        let score = |trip| emodel::mos(codec, percent, 1.0, trip, jitter, None);
        let (listening, conversational) = (score(None), score(trip_ms));
        VoipMetrics {
            ssrc,
            loss_rate: share(lost),
            discard_rate: share(discarded),
            burst_density: share(totals.burst.burst_density),
            gap_density: share(totals.burst.gap_density),
            burst_duration_ms: totals.burst.burst_ms as u16,
            gap_duration_ms: totals.burst.gap_ms as u16,
            round_trip_delay_ms: trip_ms.unwrap_or_default() as u16,
            gap_threshold: GAP_THRESHOLD,
            r_factor: Some(conversational.r as u8),
            mos_listening: Some((listening.mos * 10.0) as u8),
            mos_conversational: Some((conversational.mos * 10.0) as u8),
            ..VoipMetrics::default()
        }
    }
}

fn peer_metrics(metrics: &VoipMetrics) -> PeerMetrics {
    let part = |value: u8| Some(f64::from(value) / 256.0);
    let known = |ms: u16| Some(f64::from(ms)).filter(|ms| *ms > 0.0);
    PeerMetrics {
        discard_rate: part(metrics.discard_rate),
        burst_density: part(metrics.burst_density),
        gap_density: part(metrics.gap_density),
        burst_ms: Some(metrics.burst_duration_ms.into()),
        gap_ms: Some(metrics.gap_duration_ms.into()),
        round_trip_ms: known(metrics.round_trip_delay_ms),
        end_system_delay_ms: known(metrics.end_system_delay_ms),
        jitter_buffer_ms: known(metrics.jitter_buffer_nominal_ms),
        mos_cq: metrics.mos_conversational.map(|tenths| f64::from(tenths) / 10.0),
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// In 256ths; a float becomes the nearest number that fits.
fn share(part: f64) -> u8 {
    (part * 256.0) as u8
}

/// In units of 2^-16 s.
fn ntp_units(duration: Duration) -> u32 {
    u32::try_from((duration.as_micros() << 16) / 1_000_000).unwrap_or(u32::MAX)
}
