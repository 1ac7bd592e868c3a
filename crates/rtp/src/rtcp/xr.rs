//! XR (RFC 3611): the receiver's reference time (§4.4), the delay since it (§4.5), and the metrics
//! of voice over IP (§4.7). Blocks of other types, and those with a wrong length, are passed over.

use super::ntp::NtpTime;
use super::word;

const REFERENCE_TIME: u8 = 4;
const DLRR: u8 = 5;
const VOIP_METRICS: u8 = 7;

const BLOCK_HEADER_LEN: usize = 4;
const DLRR_LEN: usize = 12;
const VOIP_METRICS_LEN: usize = 32;
/// Blocks that are read of one packet, and reports of one DLRR block.
const BLOCKS_MAX: usize = 64;
/// A value that could not be had.
const UNAVAILABLE: u8 = 127;

/// XR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// What it reports.
    pub blocks: XrBlocks<'a>,
}

impl<'a> ExtendedReport<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let blocks = XrBlocks { octets: body.get(4..)?, left: BLOCKS_MAX };
        Some(Self { ssrc: word(body, 0)?, blocks })
    }
}

/// One block of an XR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XrBlock<'a> {
    /// When a receiver that sends nothing reported; it is answered with a DLRR.
    ReferenceTime(NtpTime),
    /// Answers to such times, each for one receiver.
    Dlrr(DlrrBlocks<'a>),
    /// How a call is heard.
    VoipMetrics(VoipMetrics),
    /// A block of another type, or of a wrong length: its type.
    Other(u8),
}

/// The blocks of an XR, 64 at most; they end where one is longer than the packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XrBlocks<'a> {
    octets: &'a [u8],
    left: usize,
}

impl<'a> Iterator for XrBlocks<'a> {
    type Item = XrBlock<'a>;

    fn next(&mut self) -> Option<XrBlock<'a>> {
        self.left = self.left.checked_sub(1)?;
        let &[kind, _, l0, l1, ..] = self.octets else {
            return None;
        };
        let len = BLOCK_HEADER_LEN + usize::from(u16::from_be_bytes([l0, l1])) * 4;
        let (block, rest) = self.octets.split_at_checked(len)?;
        self.octets = rest;
        Some(read_block(kind, &block[BLOCK_HEADER_LEN..]))
    }
}

fn read_block(kind: u8, body: &[u8]) -> XrBlock<'_> {
    match (kind, body.len()) {
        (REFERENCE_TIME, 8) => word(body, 0).zip(word(body, 4)).map(|(high, low)| {
            XrBlock::ReferenceTime(NtpTime(u64::from(high) << 32 | u64::from(low)))
        }),
        (DLRR, len) if len % DLRR_LEN == 0 => {
            Some(XrBlock::Dlrr(DlrrBlocks { octets: body, left: BLOCKS_MAX }))
        }
        (VOIP_METRICS, VOIP_METRICS_LEN) => VoipMetrics::read(body).map(XrBlock::VoipMetrics),
        _ => None,
    }
    .unwrap_or(XrBlock::Other(kind))
}

/// The answer to a receiver's reference time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DlrrBlock {
    /// The receiver.
    pub ssrc: u32,
    /// LRR: the middle 32 bits of its last reference time, or zero.
    pub last_receiver_report: u32,
    /// The time since that came, in units of 2^-16 s.
    pub delay_since_last: u32,
}

/// The answers of a DLRR block, 64 at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DlrrBlocks<'a> {
    octets: &'a [u8],
    left: usize,
}

impl Iterator for DlrrBlocks<'_> {
    type Item = DlrrBlock;

    fn next(&mut self) -> Option<DlrrBlock> {
        self.left = self.left.checked_sub(1)?;
        let (block, rest) = self.octets.split_at_checked(DLRR_LEN)?;
        self.octets = rest;
        Some(DlrrBlock {
            ssrc: word(block, 0)?,
            last_receiver_report: word(block, 4)?,
            delay_since_last: word(block, 8)?,
        })
    }
}

/// How the receiver hides losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Concealment {
    /// It does not say.
    #[default]
    Unspecified,
    /// Silence.
    Disabled,
    /// Better than standard.
    Enhanced,
    /// The last frame again, or the like.
    Standard,
}

/// What evens out the times of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JitterBuffer {
    /// It does not say.
    #[default]
    Unknown,
    /// A value that means nothing yet.
    Reserved,
    /// Of a fixed length.
    Fixed,
    /// Its length follows the jitter.
    Adaptive,
}

/// How a call is heard (RFC 3611 §4.7). `None`: the reporter does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoipMetrics {
    /// The source that is heard.
    pub ssrc: u32,
    /// Lost in the network, in 1/256 of what was expected.
    pub loss_rate: u8,
    /// Came too late or too early to be played, in 1/256 of what was expected.
    pub discard_rate: u8,
    /// Lost or discarded within bursts, in 1/256.
    pub burst_density: u8,
    /// Lost or discarded in the gaps between bursts, in 1/256.
    pub gap_density: u8,
    /// Mean length of a burst.
    pub burst_duration_ms: u16,
    /// Mean length of a gap.
    pub gap_duration_ms: u16,
    /// Between the RTP interfaces; zero if unknown.
    pub round_trip_delay_ms: u16,
    /// Within the reporter, both ways; zero if unknown.
    pub end_system_delay_ms: u16,
    /// Level of the voice while there is one, in dBm0.
    pub signal_level: Option<i8>,
    /// Level of the silence between, in dBm0.
    pub noise_level: Option<i8>,
    /// How weak the echo is, in dB.
    pub residual_echo_return_loss: Option<u8>,
    /// Received packets in a row that end a burst; 16 is usual.
    pub gap_threshold: u8,
    /// R of this RTP session, 0–100.
    pub r_factor: Option<u8>,
    /// R of what lies beyond the reporter, 0–100.
    pub external_r_factor: Option<u8>,
    /// Listening quality times ten, 10–50.
    pub mos_listening: Option<u8>,
    /// Conversational quality times ten, 10–50.
    pub mos_conversational: Option<u8>,
    /// How losses are hidden.
    pub concealment: Concealment,
    /// What evens out the times of arrival.
    pub jitter_buffer: JitterBuffer,
    /// How fast an adaptive buffer adapts, 0–15.
    pub jitter_buffer_rate: u8,
    /// Present nominal delay of the buffer.
    pub jitter_buffer_nominal_ms: u16,
    /// Present greatest delay of the buffer.
    pub jitter_buffer_max_ms: u16,
    /// The greatest delay that the buffer can ever have.
    pub jitter_buffer_abs_max_ms: u16,
}

impl VoipMetrics {
    fn read(octets: &[u8]) -> Option<Self> {
        let octets: &[u8; VOIP_METRICS_LEN] = octets.try_into().ok()?;
        let ms = |place: usize| u16::from_be_bytes([octets[place], octets[place + 1]]);
        let known = |place: usize| Some(octets[place]).filter(|&value| value != UNAVAILABLE);
        let level = |place: usize| known(place).map(|value| value as i8);
        let config = octets[24];
        Some(Self {
            ssrc: word(octets, 0)?,
            loss_rate: octets[4],
            discard_rate: octets[5],
            burst_density: octets[6],
            gap_density: octets[7],
            burst_duration_ms: ms(8),
            gap_duration_ms: ms(10),
            round_trip_delay_ms: ms(12),
            end_system_delay_ms: ms(14),
            signal_level: level(16),
            noise_level: level(17),
            residual_echo_return_loss: known(18),
            gap_threshold: octets[19],
            r_factor: known(20),
            external_r_factor: known(21),
            mos_listening: known(22),
            mos_conversational: known(23),
            concealment: match config >> 6 {
                0 => Concealment::Unspecified,
                1 => Concealment::Disabled,
                2 => Concealment::Enhanced,
                _ => Concealment::Standard,
            },
            jitter_buffer: match config >> 4 & 3 {
                0 => JitterBuffer::Unknown,
                1 => JitterBuffer::Reserved,
                2 => JitterBuffer::Fixed,
                _ => JitterBuffer::Adaptive,
            },
            jitter_buffer_rate: config & 0x0f,
            jitter_buffer_nominal_ms: ms(26),
            jitter_buffer_max_ms: ms(28),
            jitter_buffer_abs_max_ms: ms(30),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&[
            self.loss_rate,
            self.discard_rate,
            self.burst_density,
            self.gap_density,
        ]);
        for ms in [
            self.burst_duration_ms,
            self.gap_duration_ms,
            self.round_trip_delay_ms,
            self.end_system_delay_ms,
        ] {
            out.extend_from_slice(&ms.to_be_bytes());
        }
        let level = |level: Option<i8>| level.map_or(UNAVAILABLE, |level| level as u8);
        let known = |value: Option<u8>| value.unwrap_or(UNAVAILABLE);
        out.extend_from_slice(&[
            level(self.signal_level),
            level(self.noise_level),
            known(self.residual_echo_return_loss),
            self.gap_threshold,
            known(self.r_factor),
            known(self.external_r_factor),
            known(self.mos_listening),
            known(self.mos_conversational),
            self.config(),
            0,
        ]);
        for ms in [
            self.jitter_buffer_nominal_ms,
            self.jitter_buffer_max_ms,
            self.jitter_buffer_abs_max_ms,
        ] {
            out.extend_from_slice(&ms.to_be_bytes());
        }
    }

    fn config(&self) -> u8 {
        let concealment = match self.concealment {
            Concealment::Unspecified => 0,
            Concealment::Disabled => 1,
            Concealment::Enhanced => 2,
            Concealment::Standard => 3,
        };
        let jitter_buffer = match self.jitter_buffer {
            JitterBuffer::Unknown => 0,
            JitterBuffer::Reserved => 1,
            JitterBuffer::Fixed => 2,
            JitterBuffer::Adaptive => 3,
        };
        concealment << 6 | jitter_buffer << 4 | self.jitter_buffer_rate & 0x0f
    }
}

/// Appends a block of type 7.
pub(super) fn write_voip_metrics(metrics: &VoipMetrics, out: &mut Vec<u8>) {
    write_block_header(VOIP_METRICS, VOIP_METRICS_LEN, out);
    metrics.write(out);
}

/// Appends a block of type 4.
pub(super) fn write_reference_time(time: NtpTime, out: &mut Vec<u8>) {
    write_block_header(REFERENCE_TIME, 8, out);
    out.extend_from_slice(&time.0.to_be_bytes());
}

/// Appends a block of type 5 with as many answers as are read of one.
pub(super) fn write_dlrr(blocks: &[DlrrBlock], out: &mut Vec<u8>) {
    let blocks = &blocks[..blocks.len().min(BLOCKS_MAX)];
    write_block_header(DLRR, blocks.len() * DLRR_LEN, out);
    for block in blocks {
        for word in [block.ssrc, block.last_receiver_report, block.delay_since_last] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
}

fn write_block_header(kind: u8, len: usize, out: &mut Vec<u8>) {
    // The longest block has 64 answers of three words.
    let words = (len / 4) as u16;
    out.extend_from_slice(&[kind, 0]);
    out.extend_from_slice(&words.to_be_bytes());
}
