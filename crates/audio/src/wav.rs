//! WAV files: read whatever people record prompts with, and write 16-bit sound so that a killed
//! writer leaves a file that plays.
//!
//! Read here: PCM of 8, 16, 24 and 32 bits, floats of 32 and 64, µ-law and A-law, in RIFF and
//! RF64 (EBU Tech 3306), with one to eight channels that are mixed into one. A file may be cut
//! off, may say no or a wrong size, and may have chunks of any kind and odd length before its
//! sound. `hound` reads none of these but plain PCM and floats (neither the laws, RF64, the pad
//! byte of an odd chunk, sizes of a stream nor a cut file), so reading is our own and `hound` is
//! what its tests compare it with. Writing and its checkpoints are `hound`'s.

mod writer;

pub use writer::{DATA_BYTES_MAX, HEADER_BYTES, Repaired, Writer, repair};

use crate::codec::g711;
use crate::resample::{RATES, Resampler, UnsupportedRate};

/// The most chunks that are passed on the way to the sound.
const CHUNKS_MAX: usize = 256;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, bytes.
    pub bytes: usize,
    /// The longest sound, seconds.
    pub seconds: u32,
}

impl Default for Limits {
    /// Half an hour, and 256 MiB.
    fn default() -> Self {
        Self { bytes: 256 << 20, seconds: 30 * 60 }
    }
}

/// Why a file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is larger than the limit.
    #[error("the file is larger than {0} bytes")]
    TooLarge(usize),
    /// Its sound is longer than the limit.
    #[error("the sound is longer than {0} s")]
    TooLong(u32),
    /// It does not begin as a WAV file does.
    #[error("this is no WAV file")]
    NotWave,
    /// It does not begin as an Opus file of ours does.
    #[error("this is no Opus file of this server")]
    NotOpus,
    /// It has no sound, or does not say before it how it is coded.
    #[error("the file has no sound")]
    NoSound,
    /// Its coding is none of those that are read: the format tag and the bits of a sample.
    #[error("sound coded as format {tag} with {bits} bits is not supported")]
    Coding {
        /// `wFormatTag`.
        tag: u16,
        /// `wBitsPerSample`.
        bits: u16,
    },
    /// It has no channel, or more than eight.
    #[error("sound of {0} channels is not supported")]
    Channels(u16),
    /// Its sample rate is none of [`RATES`].
    #[error(transparent)]
    Rate(#[from] UnsupportedRate),
}

/// Sound of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Samples a second, one of [`RATES`].
    pub rate: u32,
    /// The samples.
    pub pcm: Vec<i16>,
}

impl Sound {
    /// The sound of a WAV file, its channels mixed.
    ///
    /// # Errors
    /// It is no WAV file, has nothing to hear, or passes a limit. A file that ends too early does
    /// not: what is there is read.
    pub fn read(file: &[u8], limits: Limits) -> Result<Self, ReadError> {
        if file.len() > limits.bytes {
            return Err(ReadError::TooLarge(limits.bytes));
        }
        let (layout, data) = find_sound(file)?;
        let frames = data.len() / layout.frame_bytes();
        if frames == 0 {
            return Err(ReadError::NoSound);
        }
        if frames as u64 > u64::from(limits.seconds) * u64::from(layout.rate) {
            return Err(ReadError::TooLong(limits.seconds));
        }
        let data = &data[..frames * layout.frame_bytes()];
        Ok(Self { rate: layout.rate, pcm: layout.samples(data) })
    }

    /// As [`read`](Self::read) of a recording with a side on each of two channels: the left one
    /// alone where the right one is silent, not half as loud.
    ///
    /// # Errors
    /// As of [`read`](Self::read).
    pub fn read_sides(file: &[u8], limits: Limits) -> Result<Self, ReadError> {
        let both = Self::read(file, limits)?;
        let (layout, data) = find_sound(file)?;
        let side = |side| Layout { side: Some(side), ..layout }.samples(data);
        if layout.channels != 2 || !is_silent(&side(1)) {
            return Ok(both);
        }
        Ok(Self { pcm: side(0), ..both })
    }

    /// The sound at another rate, neither earlier nor later than before.
    ///
    /// # Errors
    /// The rate is none of [`RATES`].
    pub fn at_rate(self, rate: u32) -> Result<Self, UnsupportedRate> {
        if rate == self.rate {
            return Ok(self);
        }
        let mut resampler = Resampler::new(self.rate, rate)?;
        let late = resampler.delay().round() as usize;
        let length = self.pcm.len() as u64 * u64::from(rate) / u64::from(self.rate);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut pcm = Vec::with_capacity(length + late + rate as usize / 10);
        resampler.process(&self.pcm, &mut pcm);
        let silence = [0; 480];
        while pcm.len() < length + late {
            resampler.process(&silence, &mut pcm);
        }
        pcm.truncate(length + late);
        pcm.drain(..late);
        Ok(Self { rate, pcm })
    }

    /// How long it is, ms.
    pub fn duration_ms(&self) -> u64 {
        self.pcm.len() as u64 * 1_000 / u64::from(self.rate)
    }
}

/// Whether nothing is to be heard but the zero of a codec: below −54 dB.
pub(crate) fn is_silent(pcm: &[i16]) -> bool {
    pcm.iter().all(|sample| sample.unsigned_abs() < 64)
}

/// Whether a file says that it is longer than it is: its writer did not come to the end. Sizes that
/// writers of streams put there say nothing.
pub fn is_cut_off(file: &[u8]) -> bool {
    /// What `espeak-ng` and others write before they know.
    const STREAM: u32 = 0x7fff_0000;
    let is_riff = file.starts_with(b"RIFF");
    let said = u32_at(file, 4).filter(|&said| is_riff && said < STREAM);
    said.is_some_and(|said| file.len() as u64 + 1 < u64::from(said) + 8)
}

/// How samples are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// 8 bits without a sign.
    Unsigned8,
    /// 16 bits and more, of which the highest 16 are taken.
    Signed,
    Float32,
    Float64,
    Mulaw,
    Alaw,
}

/// What a `fmt ` chunk says.
#[derive(Debug, Clone, Copy)]
struct Layout {
    coding: Coding,
    rate: u32,
    channels: usize,
    /// Bytes of a sample, 1–8.
    width: usize,
    /// The channel that is read; `None`: the mean of all.
    side: Option<usize>,
}

/// Passes the chunks up to the sound.
fn find_sound(file: &[u8]) -> Result<(Layout, &[u8]), ReadError> {
    let is_wide = file.starts_with(b"RF64");
    if !(is_wide || file.starts_with(b"RIFF")) || file.get(8..12) != Some(b"WAVE") {
        return Err(ReadError::NotWave);
    }
    let is_consistent = u32_at(file, 4).is_some_and(|said| said as usize + 8 >= file.len());
    let mut layout = None;
    let mut wide_length = None;
    let mut rest = &file[12..];
    for _ in 0..CHUNKS_MAX {
        let Some((head, body)) = rest.split_at_checked(8) else { break };
        let said = u32_at(head, 4).unwrap_or(0);
        let length = usize::try_from(said).unwrap_or(usize::MAX);
        let inside = &body[..length.min(body.len())];
        match &head[..4] {
            b"ds64" => wide_length = u32_at(inside, 8).zip(u32_at(inside, 12)),
            b"fmt " => layout = Some(Layout::read(inside)?),
            b"data" => {
                let layout = layout.ok_or(ReadError::NoSound)?;
                let length = match (said, wide_length) {
                    // A size of a stream, or of a file whose writer was killed.
                    (0, _) if !is_consistent => body.len(),
                    (u32::MAX, None) => body.len(),
                    (u32::MAX, Some((low, high))) if is_wide => {
                        let wide = u64::from(high) << 32 | u64::from(low);
                        usize::try_from(wide).unwrap_or(usize::MAX)
                    }
                    _ => length,
                };
                return Ok((layout, &body[..length.min(body.len())]));
            }
            _ => {}
        }
        // A chunk of odd length is followed by a byte that is not counted.
        rest = body.get(length.saturating_add(length % 2)..).unwrap_or(&[]);
    }
    Err(ReadError::NoSound)
}

impl Layout {
    fn read(chunk: &[u8]) -> Result<Self, ReadError> {
        let word =
            |at: usize| chunk.get(at..at + 2).map(|two| u16::from_le_bytes([two[0], two[1]]));
        let (Some(mut tag), Some(channels), Some(rate), Some(align), Some(bits)) =
            (word(0), word(2), u32_at(chunk, 4), word(12), word(14))
        else {
            return Err(ReadError::NoSound);
        };
        // WAVE_FORMAT_EXTENSIBLE: the tag is at the beginning of the sub-format's GUID.
        if tag == 0xfffe {
            tag = word(24).ok_or(ReadError::Coding { tag, bits })?;
        }
        let coding = match (tag, bits) {
            (1, 1..=8) => Coding::Unsigned8,
            (1, 9..=32) => Coding::Signed,
            (3, 32) => Coding::Float32,
            (3, 64) => Coding::Float64,
            (6, 8) => Coding::Alaw,
            (7, 8) => Coding::Mulaw,
            _ => return Err(ReadError::Coding { tag, bits }),
        };
        if !(1..=8).contains(&channels) {
            return Err(ReadError::Channels(channels));
        }
        if !RATES.contains(&rate) {
            return Err(UnsupportedRate(rate).into());
        }
        // A sample may lie in more bytes than it has bits; it is in the highest of them.
        let least = bits.div_ceil(8);
        let said = if align % channels == 0 { align / channels } else { least };
        let is_integer = coding == Coding::Signed;
        let width = if is_integer && (least..=4).contains(&said) { said } else { least };
        Ok(Self { coding, rate, channels: channels.into(), width: width.into(), side: None })
    }

    fn frame_bytes(&self) -> usize {
        self.channels * self.width
    }

    /// The samples of whole frames.
    fn samples(&self, data: &[u8]) -> Vec<i16> {
        match self.coding {
            Coding::Unsigned8 => self.mix(data, |one| (i16::from(one[0]) - 128) << 8),
            Coding::Signed => {
                let high = self.width - 2;
                self.mix(data, |one| i16::from_le_bytes([one[high], one[high + 1]]))
            }
            Coding::Float32 => self.mix(data, |one| {
                let four = [one[0], one[1], one[2], one[3]];
                from_float(f64::from(f32::from_le_bytes(four)))
            }),
            Coding::Float64 => self.mix(data, |one| {
                let [a, b, c, d, e, f, g, h] = std::array::from_fn(|at| one[at]);
                from_float(f64::from_le_bytes([a, b, c, d, e, f, g, h]))
            }),
            Coding::Mulaw => self.mix_codes(data, g711::decode_mu),
            Coding::Alaw => self.mix_codes(data, g711::decode_a),
        }
    }

    /// The same for codes of G.711.
    fn mix_codes(&self, data: &[u8], decode: fn(&[u8], &mut Vec<i16>)) -> Vec<i16> {
        let every: [u8; 256] = std::array::from_fn(|code| code as u8);
        let mut table = Vec::with_capacity(every.len());
        decode(&every, &mut table);
        // Every code has a sample.
        self.mix(data, |one| table.get(usize::from(one[0])).copied().unwrap_or(0))
    }

    /// The mean of all channels of each frame, or one of them.
    fn mix(&self, data: &[u8], sample: impl Fn(&[u8]) -> i16) -> Vec<i16> {
        if let Some(side) = self.side.filter(|side| *side < self.channels) {
            let at = side * self.width;
            let frames = data.chunks_exact(self.frame_bytes());
            return frames.map(|frame| sample(&frame[at..at + self.width])).collect();
        }
        let channels = i32::try_from(self.channels).unwrap_or(1);
        data.chunks_exact(self.frame_bytes())
            .map(|frame| {
                let sum: i32 =
                    frame.chunks_exact(self.width).map(|one| i32::from(sample(one))).sum();
                // The mean of 16-bit numbers has 16 bits.
                (sum / channels) as i16
            })
            .collect()
    }
}

/// A sample of ±1.0; what is louder is clipped, and what is no number is silent.
fn from_float(sample: f64) -> i16 {
    // A cast of a float saturates, and makes 0 of NaN.
    (sample * 32_768.0).round() as i16
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

#[cfg(test)]
mod tests;
