//! Opus (RFC 6716) in mono, on `opus-rs`.

use super::{DecodeError, EncodeError, EncoderSettings, MAX_FRAME_MS};

/// The longest packet that the encoder is allowed to make, in bytes (60 ms at 510 kb/s is more;
/// nothing that fits a telephone call is).
const MAX_PACKET: usize = 1_275;

/// The frame of a packet (RFC 6716 §3): what is in it, without decoding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    /// The table-of-contents byte.
    toc: u8,
    /// Frames in the packet.
    frames: u32,
    /// The first frame's bytes, and with codes 0 and 1 those of the other; empty when the header
    /// of a packet of several frames does not tell at once.
    first: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads the header of a packet.
    pub(super) fn parse(payload: &'a [u8]) -> Option<Self> {
        let (&toc, rest) = payload.split_first()?;
        let (frames, first) = match toc & 3 {
            0 => (1, rest),
            1 | 2 => (2, skip_length(toc & 3 == 2, rest)),
            _ => {
                let (&count, rest) = rest.split_first()?;
                (u32::from(count & 0x3f), if count & 0x40 == 0 { rest } else { &[] })
            }
        };
        (frames > 0).then_some(Self { toc, frames, first })
    }

    /// How long it is at a sample rate, in samples.
    pub(super) fn samples(self, rate: u32) -> u32 {
        let frame = match self.toc >> 3 {
            config @ 16..32 => (rate / 400) << (config & 3),
            config @ 12..16 => (rate / 100) << (config & 1),
            config if config & 3 == 3 => rate * 60 / 1_000,
            config => (rate / 100) << (config & 3),
        };
        frame * self.frames
    }

    /// Whether it brings the frame before it along (RFC 6716 §4.2.3, the LBRR flag).
    fn has_fec(self) -> bool {
        let config = self.toc >> 3;
        // CELT has none, and the header of several frames of SILK is not worth more code: nobody
        // sends them.
        if config >= 16 || !matches!(self.toc & 3, 0) {
            return false;
        }
        // One voice-activity flag for each 20 ms comes first, then the flag.
        let flags_before = match config {
            12..16 => 1,
            silk => (silk & 3).max(1),
        };
        self.first.first().is_some_and(|&flags| flags >> (7 - flags_before) & 1 == 1)
    }
}

/// Leaves out the length of the first of two frames, when there is one.
fn skip_length(has_length: bool, bytes: &[u8]) -> &[u8] {
    let skipped = match bytes.first() {
        Some(252..) if has_length => 2,
        Some(_) if has_length => 1,
        Some(_) | None => 0,
    };
    bytes.get(skipped..).unwrap_or(&[])
}

/// The receiving side of one stream.
pub(super) struct OpusDecoder {
    inner: opus_rs::OpusDecoder,
    rate: u32,
    sound: Vec<f32>,
}

impl OpusDecoder {
    /// `rate` is 8000, 16000 or 48000.
    pub(super) fn new(rate: u32) -> Self {
        let inner = opus_rs::OpusDecoder::new(rate.cast_signed(), 1)
            .expect("the rate was checked, and one channel is allowed");
        let most = (rate / 1_000 * MAX_FRAME_MS) as usize;
        Self { inner, rate, sound: vec![0.0; most] }
    }

    /// Appends the sound of a packet.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> Result<(), DecodeError> {
        let packet = Packet::parse(payload).ok_or(DecodeError::Malformed)?;
        let samples = packet.samples(self.rate) as usize;
        let sound = self.sound.get_mut(..samples).ok_or(DecodeError::TooLong)?;
        let written =
            self.inner.decode(payload, samples, sound).map_err(|_| DecodeError::Malformed)?;
        append(&sound[..written.min(samples)], out);
        Ok(())
    }

    /// Appends what probably came after the last packet.
    pub(super) fn conceal(&mut self, samples: usize, out: &mut Vec<i16>) {
        self.without_packet(samples, out, |inner, whole, sound| inner.decode(&[], whole, sound));
    }

    /// Appends the frame before `next`, when `next` has it.
    pub(super) fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<i16>) -> bool {
        if !Packet::parse(next).is_some_and(Packet::has_fec) {
            return false;
        }
        self.without_packet(samples, out, |inner, whole, sound| {
            inner.decode_fec(next, whole, sound)
        });
        true
    }

    /// Appends `samples` of what `make` gives in units of 2.5 ms, and silence where it fails.
    fn without_packet(
        &mut self,
        samples: usize,
        out: &mut Vec<i16>,
        mut make: impl FnMut(
            &mut opus_rs::OpusDecoder,
            usize,
            &mut [f32],
        ) -> Result<usize, &'static str>,
    ) {
        let unit = self.rate as usize / 400;
        let end = out.len() + samples;
        while out.len() < end {
            let left = end - out.len();
            let whole = left.next_multiple_of(unit).min(self.sound.len());
            let sound = &mut self.sound[..whole];
            let written = make(&mut self.inner, whole, sound).unwrap_or(0).min(left);
            append(&sound[..written], out);
            if written == 0 {
                out.resize(end, 0);
            }
        }
    }
}

/// Appends sound of ±1.0 as 16-bit samples.
fn append(sound: &[f32], out: &mut Vec<i16>) {
    // A cast of a float saturates.
    out.extend(sound.iter().map(|&sample| (sample * 32_768.0).round_ties_even() as i16));
}

/// The sending side of one stream.
pub(super) struct OpusEncoder {
    inner: opus_rs::OpusEncoder,
}

impl OpusEncoder {
    /// `rate` is 8000, 16000 or 48000.
    pub(super) fn new(rate: u32, settings: &EncoderSettings) -> Self {
        let mut inner =
            opus_rs::OpusEncoder::new(rate.cast_signed(), 1, opus_rs::Application::Voip)
                .expect("the rate was checked, and one channel is allowed");
        inner.bitrate_bps = settings.bitrate_bps.clamp(6_000, 510_000).cast_signed();
        inner.complexity = i32::from(settings.complexity.min(10));
        inner.use_cbr = settings.constant_bitrate;
        inner.use_inband_fec = settings.inband_fec;
        inner.packet_loss_perc = i32::from(settings.expected_loss_percent.min(100));
        Self { inner }
    }

    /// Appends the packet of one frame of 10, 20, 40 or 60 ms.
    pub(super) fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        out.resize(start + MAX_PACKET, 0);
        let written = self.inner.encode_i16(samples, samples.len(), &mut out[start..]);
        out.truncate(start + written.unwrap_or(0));
        written.map(drop).map_err(|_| EncodeError::FrameLength)
    }

    pub(super) fn set_expected_loss(&mut self, percent: u8) {
        self.inner.packet_loss_perc = i32::from(percent.min(100));
    }
}
