//! Reads what the writer has written: all pages up to one that is broken or cut off.

use super::{CLOCK, NO_POSITION, PAGE_HEADER, PRE_SKIP, is_stereo, read_page};
use crate::codec::{CodecKind, Decoder};
use crate::wav::{Limits, ReadError, Sound, is_silent};

/// Pages before the sound: identification and comment.
const HEADERS: usize = 2;

/// The sound of a file of [`Writer`](super::Writer) at `rate` (8,000, 16,000 or 48,000), its sides
/// mixed; the left one alone where the right one is silent.
///
/// # Errors
/// It is no such file, has nothing to hear, or passes a limit. A file that ends too early does
/// not: what is there is read.
pub fn read(file: &[u8], rate: u32, limits: Limits) -> Result<Sound, ReadError> {
    if file.len() > limits.bytes {
        return Err(ReadError::TooLarge(limits.bytes));
    }
    let (mut rest, mut page) = (file, Vec::new());
    let mut sides: Vec<Side> = Vec::new();
    let mut end = 0;
    let mut pages = 0_usize;
    // A slice gives no errors.
    while read_page(&mut rest, &mut page).unwrap_or(false) {
        pages += 1;
        if pages == 1 {
            let count = if is_stereo(&page).ok_or(ReadError::NotOpus)? { 2 } else { 1 };
            for _ in 0..count {
                sides.push(Side::new(rate)?);
            }
        }
        if pages <= HEADERS {
            continue;
        }
        let position = u64::from_le_bytes(std::array::from_fn(|at| page[6 + at]));
        end = if position == NO_POSITION { end } else { position };
        if end / CLOCK > u64::from(limits.seconds) {
            return Err(ReadError::TooLong(limits.seconds));
        }
        for packet in packets(&page) {
            decode(packet, &mut sides);
        }
    }
    if pages == 0 {
        return Err(ReadError::NotOpus);
    }
    let samples = |ticks: u64| usize::try_from(ticks * u64::from(rate) / CLOCK).unwrap_or(0);
    for Side { pcm, .. } in &mut sides {
        pcm.truncate(samples(end));
        pcm.drain(..samples(PRE_SKIP.into()).min(pcm.len()));
    }
    let pcm = match sides.as_mut_slice() {
        [left] => std::mem::take(&mut left.pcm),
        [left, right] if is_silent(&right.pcm) => std::mem::take(&mut left.pcm),
        [left, right] => {
            let both = left.pcm.iter().zip(&right.pcm);
            // The mean of two numbers of 16 bits has 16 bits.
            both.map(|(&l, &r)| ((i32::from(l) + i32::from(r)) / 2) as i16).collect()
        }
        _ => Vec::new(),
    };
    if pcm.is_empty() { Err(ReadError::NoSound) } else { Ok(Sound { rate, pcm }) }
}

struct Side {
    decoder: Decoder,
    rate: u32,
    pcm: Vec<i16>,
}

impl Side {
    fn new(rate: u32) -> Result<Self, ReadError> {
        Ok(Self { decoder: Decoder::new(CodecKind::Opus, rate)?, rate, pcm: Vec::new() })
    }

    /// A packet of 20 ms; where it is none its time is filled.
    fn decode(&mut self, packet: &[u8]) {
        if self.decoder.decode(packet, &mut self.pcm).is_err() {
            self.decoder.conceal(self.rate as usize / 50, &mut self.pcm);
        }
    }
}

/// A packet of all sides.
fn decode(packet: &[u8], sides: &mut [Side]) {
    match sides {
        [left, right] => {
            let (first, second) = undelimit(packet).unwrap_or_default();
            left.decode(&first);
            right.decode(second);
        }
        [only] => only.decode(packet),
        _ => {}
    }
}

/// The first stream's packet, from the framing that says its length (RFC 6716 appendix B), and
/// the rest.
fn undelimit(packet: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (&toc, rest) = packet.split_first()?;
    let (&low, rest) = rest.split_first()?;
    let (length, rest) = match low {
        ..252 => (usize::from(low), rest),
        252.. => {
            let (&high, rest) = rest.split_first()?;
            (usize::from(low) + 4 * usize::from(high), rest)
        }
    };
    let (frame, rest) = rest.split_at_checked(length)?;
    Some(([&[toc], frame].concat(), rest))
}

/// The packets of a page. None goes over the end of its page.
fn packets(page: &[u8]) -> Vec<&[u8]> {
    let segments = usize::from(page[PAGE_HEADER - 1]);
    // A page that was read has its table and its body.
    let (table, mut body) = page[PAGE_HEADER..].split_at(segments);
    let mut packets = Vec::new();
    let mut length = 0;
    for &segment in table {
        length += usize::from(segment);
        if segment < 255 {
            let (packet, rest) = body.split_at(length);
            packets.push(packet);
            (body, length) = (rest, 0);
        }
    }
    packets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Writer;
    use super::*;
    use crate::codec::EncoderSettings;

    const LIMITS: Limits = Limits { bytes: 1 << 20, seconds: 60 };

    fn sine(hertz: f64, rate: u32, at: usize) -> i16 {
        let angle = hertz * std::f64::consts::TAU * at as f64 / f64::from(rate);
        (angle.sin() * 8_000.0) as i16
    }

    /// A second of 440 Hz, and of another tone on the right.
    fn written(rate: u32, right: Option<f64>) -> Vec<u8> {
        let mut out = Vec::new();
        let settings = EncoderSettings::default();
        let mut writer = match right {
            Some(_) => Writer::new(&mut out, rate, 1, &settings).unwrap(),
            None => Writer::mono(&mut out, rate, 1, &settings).unwrap(),
        };
        let samples = (0..rate as usize).flat_map(|at| {
            let left = sine(440.0, rate, at);
            std::iter::once(left).chain(right.map(|hertz| sine(hertz, rate, at)))
        });
        writer.write(&samples.collect::<Vec<i16>>()).unwrap();
        writer.finish().unwrap();
        out
    }

    /// How strong a tone is, 1 = as it was written.
    fn strength(pcm: &[i16], rate: u32, hertz: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (at, &sample) in pcm.iter().enumerate() {
            let angle = hertz * std::f64::consts::TAU * at as f64 / f64::from(rate);
            re += f64::from(sample) * angle.cos();
            im += f64::from(sample) * angle.sin();
        }
        f64::hypot(re, im) * 2.0 / pcm.len() as f64 / 8_000.0
    }

    #[test]
    fn what_was_written_is_read() {
        for (right, own, other) in
            [(None, 1.0, 0.0), (Some(0.0), 1.0, 0.0), (Some(900.0), 0.5, 0.5)]
        {
            for rate in [8_000, 16_000, 48_000] {
                let sound = read(&written(16_000, right), rate, LIMITS).unwrap();
                assert_eq!((sound.rate, sound.pcm.len()), (rate, rate as usize));
                let middle = &sound.pcm[rate as usize / 5..rate as usize * 4 / 5];
                let found = [440.0, 900.0].map(|hertz| strength(middle, rate, hertz));
                assert!((found[0] - own).abs() < 0.1, "{right:?} {rate}: {found:?}");
                assert!((found[1] - other).abs() < 0.1, "{right:?} {rate}: {found:?}");
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_off_is_read_so_far() {
        let file = written(16_000, None);
        let whole = read(&file, 16_000, LIMITS).unwrap().pcm.len();
        let cut = read(&file[..file.len() - 1], 16_000, LIMITS).unwrap().pcm.len();
        assert!((1..whole).contains(&cut), "{cut}");
        assert_eq!(read(&file[..100], 16_000, LIMITS), Err(ReadError::NoSound));
        assert_eq!(read(b"RIFF", 16_000, LIMITS), Err(ReadError::NotOpus));
        let small = Limits { bytes: 100, ..LIMITS };
        assert_eq!(read(&file, 16_000, small), Err(ReadError::TooLarge(100)));
        let short = Limits { seconds: 0, ..LIMITS };
        assert_eq!(read(&file, 16_000, short), Err(ReadError::TooLong(0)));
    }

    #[test]
    fn a_killed_writer_of_one_channel_leaves_a_file_that_plays() {
        let file = written(8_000, None);
        let mut killed = std::io::Cursor::new(file[..file.len() - 1].to_vec());
        let repaired = super::super::repair(&mut killed).unwrap();
        let mut rest = killed.into_inner();
        rest.truncate(repaired.bytes as usize);
        let read = read(&rest, 8_000, LIMITS).unwrap();
        assert_eq!(read.duration_ms(), repaired.duration_ms);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
            is_sealed: bool,
        ) {
            static FILE: std::sync::LazyLock<Vec<u8>> =
                std::sync::LazyLock::new(|| written(8_000, Some(900.0)));
            let mut file = FILE.clone();
            for (at, value) in flips {
                let at = at.index(file.len());
                file[at] = value;
            }
            if is_sealed {
                let (mut rest, mut sealed) = (file.as_slice(), Vec::new());
                while let Some(segments) = rest.get(26).map(|&count| usize::from(count)) {
                    let table = rest.get(27..27 + segments).unwrap_or(&[]);
                    let body: usize = table.iter().map(|&length| usize::from(length)).sum();
                    let length = (27 + segments + body).min(rest.len());
                    let mut page = rest[..length].to_vec();
                    super::super::seal(&mut page);
                    sealed.extend(page);
                    rest = &rest[length..];
                }
                file = sealed;
            }
            let _ = read(&file, 16_000, LIMITS);
        }
    }
}
