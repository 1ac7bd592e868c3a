//! Reading is compared with `hound`, written by hand where `hound` cannot, and spoilt a million
//! times; a writer is killed after every write and in the middle of it.

use std::io::{self, Cursor, Seek, SeekFrom, Write};

use proptest::prelude::*;

use super::*;

const ALL: Limits = Limits { bytes: 1 << 20, seconds: 60 };

/// A file with these chunks.
fn file(kind: &[u8; 4], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WAVE".to_vec();
    for (id, chunk) in chunks {
        body.extend_from_slice(*id);
        body.extend((chunk.len() as u32).to_le_bytes());
        body.extend_from_slice(chunk);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    let mut file = kind.to_vec();
    file.extend((body.len() as u32).to_le_bytes());
    file.extend(body);
    file
}

fn format(tag: u16, channels: u16, rate: u32, width: u16, bits: u16) -> Vec<u8> {
    let mut chunk = Vec::new();
    chunk.extend(tag.to_le_bytes());
    chunk.extend(channels.to_le_bytes());
    chunk.extend(rate.to_le_bytes());
    chunk.extend((rate * u32::from(width * channels)).to_le_bytes());
    chunk.extend((width * channels).to_le_bytes());
    chunk.extend(bits.to_le_bytes());
    chunk
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// What `hound` writes for these samples of `bits` bits.
fn by_hound(channels: u16, rate: u32, bits: u16, samples: &[i32]) -> Vec<u8> {
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format };
    let mut out = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut out, spec).unwrap();
    samples.iter().for_each(|&sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    out.into_inner()
}

fn sine(hertz: f64, rate: u32, seconds: f64) -> Vec<i16> {
    let count = (f64::from(rate) * seconds) as u32;
    let step = hertz * std::f64::consts::TAU / f64::from(rate);
    (0..count).map(|at| ((f64::from(at) * step).sin() * 12_000.0) as i16).collect()
}

#[test]
fn what_hound_writes_is_read_alike() {
    for rate in RATES {
        for bits in [8_u16, 16, 24, 32] {
            let samples: Vec<i32> =
                [-128, -1, 0, 1, 127].iter().map(|&high: &i32| high << (bits - 8)).collect();
            let sound = Sound::read(&by_hound(1, rate, bits, &samples), ALL).unwrap();
            let expected = [-32_768, -256, 0, 256, 32_512];
            assert_eq!((sound.rate, sound.pcm.as_slice()), (rate, expected.as_slice()), "{bits}");
        }
    }
}

#[test]
fn channels_are_mixed() {
    let sound = Sound::read(&by_hound(2, 8_000, 16, &[100, 300, -5, -7, 32_767, 32_767]), ALL);
    assert_eq!(sound.unwrap().pcm, [200, -6, 32_767]);
    let sound = Sound::read(&by_hound(4, 8_000, 16, &[4, 8, 12, 16]), ALL);
    assert_eq!(sound.unwrap().pcm, [10]);
}

#[test]
fn both_laws_and_both_floats_are_read() {
    let read = |tag, width, bits, data: &[u8]| {
        let format = format(tag, 1, 8_000, width, bits);
        Sound::read(&file(b"RIFF", &[(b"fmt ", &format), (b"data", data)]), ALL).unwrap().pcm
    };
    // The first and the middle codes of each law are its extremes (ITU-T G.711 tables 1 and 2).
    assert_eq!(read(7, 1, 8, &[0x00, 0x80, 0xff, 0x7f]), [-32_124, 32_124, 0, 0]);
    assert_eq!(read(6, 1, 8, &[0x2a, 0xaa, 0xd5, 0x55]), [-32_256, 32_256, 8, -8]);
    let floats = [0.5_f32, -1.0, 1.0, 7.0, f32::NAN];
    let expected = [16_384, -32_768, 32_767, 32_767, 0];
    let data: Vec<u8> = floats.iter().flat_map(|one| one.to_le_bytes()).collect();
    assert_eq!(read(3, 4, 32, &data), expected);
    let data: Vec<u8> = floats.iter().flat_map(|&one| f64::from(one).to_le_bytes()).collect();
    assert_eq!(read(3, 8, 64, &data), expected);
}

#[test]
fn an_extensible_format_names_its_coding_in_its_guid() {
    let mut chunk = format(0xfffe, 1, 16_000, 4, 24);
    chunk.extend([22, 0, 24, 0, 4, 0, 0, 0, 1, 0]);
    chunk.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    // 24 bits lie in the highest of four bytes.
    let data = [0, 1, 0x34, 0x12, 0, 0xff, 0xff, 0xff];
    let sound = Sound::read(&file(b"RIFF", &[(b"fmt ", &chunk), (b"data", &data)]), ALL).unwrap();
    assert_eq!(sound.pcm, [0x1234, -1]);
}

#[test]
fn other_chunks_of_odd_length_are_passed() {
    let format = format(1, 1, 8_000, 2, 16);
    let data = bytes(&[1, 2, 3]);
    let chunks: [(&[u8; 4], &[u8]); 5] =
        [(b"LIST", b"odd"), (b"fmt ", &format), (b"cue ", b"x"), (b"data", &data), (b"id3 ", b"y")];
    assert_eq!(Sound::read(&file(b"RIFF", &chunks), ALL).unwrap().pcm, [1, 2, 3]);
}

#[test]
fn a_large_file_tells_its_size_apart() {
    let format = format(1, 1, 8_000, 2, 16);
    let mut sizes = vec![0; 28];
    sizes[8] = 4;
    let data = bytes(&[1, 2, 3]);
    let chunks: [(&[u8; 4], &[u8]); 3] = [(b"ds64", &sizes), (b"fmt ", &format), (b"data", &data)];
    let mut wide = file(b"RF64", &chunks);
    let at = wide.len() - data.len() - 4;
    wide[at..at + 4].fill(0xff);
    assert_eq!(Sound::read(&wide, ALL).unwrap().pcm, [1, 2]);
}

#[test]
fn wrong_sizes_and_cut_files_are_read_as_far_as_they_go() {
    let whole = by_hound(1, 8_000, 16, &[1, 2, 3]);
    for said in [0, 5_000_000, u32::MAX] {
        let mut wrong = whole.clone();
        wrong[4..8].copy_from_slice(&said.to_le_bytes());
        wrong[40..44].copy_from_slice(&said.to_le_bytes());
        assert_eq!(Sound::read(&wrong, ALL).unwrap().pcm, [1, 2, 3], "{said}");
    }
    assert_eq!(Sound::read(&whole[..whole.len() - 1], ALL).unwrap().pcm, [1, 2]);
    for length in 0..=45 {
        assert!(Sound::read(&whole[..length], ALL).is_err(), "{length}");
    }
}

#[test]
fn a_cut_file_is_known() {
    let whole = by_hound(1, 8_000, 16, &[1, 2, 3]);
    assert!(!is_cut_off(&whole));
    assert!(!is_cut_off(&[&whole, b"more".as_slice()].concat()));
    assert!(is_cut_off(&whole[..whole.len() - 2]));
    let mut stream = whole;
    stream[4..8].copy_from_slice(&0x7fff_f024_u32.to_le_bytes());
    assert!(!is_cut_off(&stream));
    assert!(!is_cut_off(b""));
}

#[test]
fn what_is_not_read() {
    let read = |format: &[u8], data: &[u8]| {
        Sound::read(&file(b"RIFF", &[(b"fmt ", format), (b"data", data)]), ALL).map(drop)
    };
    let coding = |tag, bits| Err(ReadError::Coding { tag, bits });
    assert_eq!(read(&format(2, 1, 8_000, 1, 4), &[0; 8]), coding(2, 4));
    assert_eq!(read(&format(0x55, 1, 8_000, 1, 0), &[0; 8]), coding(0x55, 0));
    assert_eq!(read(&format(1, 0, 8_000, 2, 16), &[0; 8]), Err(ReadError::Channels(0)));
    assert_eq!(read(&format(1, 9, 8_000, 2, 16), &[0; 8]), Err(ReadError::Channels(9)));
    let rate = ReadError::Rate(UnsupportedRate(8_001));
    assert_eq!(read(&format(1, 1, 8_001, 2, 16), &[0; 8]), Err(rate));
    assert_eq!(read(&format(1, 1, 8_000, 2, 16), &[]), Err(ReadError::NoSound));
    assert_eq!(read(&[0; 15], &[0; 8]), Err(ReadError::NoSound));
    let plain = format(1, 1, 8_000, 2, 16);
    let empty = file(b"RIFF", &[(b"fmt ", &plain), (b"data", b""), (b"LIST", b"words")]);
    assert_eq!(Sound::read(&empty, ALL), Err(ReadError::NoSound));
    assert_eq!(Sound::read(b"ID3\x04 and so on", ALL), Err(ReadError::NotWave));
    assert_eq!(Sound::read(&file(b"RIFF", &[(b"data", &[0; 8])]), ALL), Err(ReadError::NoSound));
    let many: Vec<(&[u8; 4], &[u8])> = vec![(b"junk", b""); CHUNKS_MAX + 1];
    assert_eq!(Sound::read(&file(b"RIFF", &many), ALL), Err(ReadError::NoSound));
}

#[test]
fn limits_hold() {
    let second = by_hound(1, 8_000, 16, &[7; 8_000]);
    let limits = |bytes, seconds| Limits { bytes, seconds };
    assert!(Sound::read(&second, limits(16_044, 1)).is_ok());
    assert_eq!(Sound::read(&second, limits(16_043, 1)), Err(ReadError::TooLarge(16_043)));
    let longer = by_hound(1, 8_000, 16, &[7; 8_001]);
    assert_eq!(Sound::read(&longer, limits(1 << 20, 1)), Err(ReadError::TooLong(1)));
}

#[test]
fn another_rate_moves_nothing() {
    for from in RATES {
        for to in [8_000, 16_000, 48_000] {
            let sound = Sound { rate: from, pcm: sine(437.0, from, 0.5) };
            let length = sound.pcm.len() as u64 * u64::from(to) / u64::from(from);
            let made = sound.at_rate(to).unwrap();
            assert_eq!((made.rate, made.pcm.len() as u64), (to, length), "{from} to {to}");
            let middle = to as usize / 10..to as usize * 4 / 10;
            let expected = sine(437.0, to, 0.5);
            let worst = middle.map(|at| (made.pcm[at] - expected[at]).unsigned_abs()).max();
            // Half a sample of the new rate, which is as near as whole samples come.
            let step = 12_000.0 * 437.0 * std::f64::consts::TAU / f64::from(to) * 0.6 + 150.0;
            assert!(f64::from(worst.unwrap()) < step, "{from} to {to}: {worst:?} of {step}");
        }
    }
}

/// A million files that are nearly right; the seed of each is its number.
#[test]
fn no_bytes_make_it_panic() {
    let plain = format(1, 2, 8_000, 2, 16);
    let law = format(7, 1, 8_000, 1, 8);
    let sound = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    let sizes = [0; 28];
    let files = [
        file(b"RIFF", &[(b"fmt ", &plain), (b"data", &sound)]),
        file(b"RIFF", &[(b"LIST", b"abc"), (b"fmt ", &law), (b"data", &sound)]),
        file(b"RF64", &[(b"ds64", &sizes), (b"fmt ", &plain), (b"data", &sound)]),
    ];
    let mut state = 1_u64;
    let mut random = move || {
        // Xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut read = 0;
    let mut scratch = Vec::new();
    for turn in 0..1_000_000 {
        scratch.clear();
        scratch.extend_from_slice(&files[turn % files.len()]);
        for _ in 0..random() % 4 + 1 {
            let at = random() as usize % scratch.len();
            scratch[at] = match random() % 3 {
                0 => 0,
                1 => 0xff,
                _ => random() as u8,
            };
        }
        let cut = random() as usize % (scratch.len() * 4);
        scratch.truncate(cut.max(1));
        read += usize::from(Sound::read(&scratch, ALL).is_ok());
    }
    assert!(read > 100_000, "{read}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Sound::read(&bytes, ALL);
        let _ = repair(&mut Cursor::new(bytes));
    }
}

/// Keeps every write, so that the file of a writer killed at any moment can be made.
#[derive(Default)]
struct Journal {
    writes: Vec<(usize, Vec<u8>)>,
    at: usize,
    end: usize,
}

impl Journal {
    /// The file after so many whole writes and a part of the next.
    fn file(&self, whole: usize, part: usize) -> Vec<u8> {
        let mut file = Vec::new();
        for (index, (at, bytes)) in self.writes.iter().take(whole + 1).enumerate() {
            let bytes = if index < whole { bytes } else { &bytes[..part.min(bytes.len())] };
            file.resize(file.len().max(at + bytes.len()), 0);
            file[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        file
    }
}

impl Write for &mut Journal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writes.push((self.at, bytes.to_vec()));
        self.at += bytes.len();
        self.end = self.end.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for &mut Journal {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = match to {
            SeekFrom::Start(at) => at as usize,
            SeekFrom::Current(by) => (self.at as i64 + by) as usize,
            SeekFrom::End(by) => (self.end as i64 + by) as usize,
        };
        Ok(self.at as u64)
    }
}

#[test]
fn a_writer_killed_at_any_moment_leaves_a_file_that_plays() {
    let mut journal = Journal::default();
    let mut writer = Writer::new(&mut journal, 8_000).unwrap();
    for second in 0..3_i16 {
        for block in 0..3_i16 {
            let sample = second * 10 + block;
            writer.write(&[sample, -sample].repeat(100)).unwrap();
        }
        writer.checkpoint().unwrap();
    }
    writer.finish().unwrap();
    let begun = 1;
    for whole in begun..=journal.writes.len() {
        for part in [0, 1, 2, 3, 77] {
            let killed = journal.file(whole, part);
            let plays = hound::WavReader::new(Cursor::new(&killed));
            let samples: Vec<i16> = plays.unwrap().samples().map(Result::unwrap).collect();
            let mut repaired = Cursor::new(killed);
            let outcome = repair(&mut repaired).unwrap();
            let mut repaired = repaired.into_inner();
            assert!(outcome.bytes + 3 >= repaired.len() as u64);
            repaired.truncate(outcome.bytes as usize);
            let mut reader = hound::WavReader::new(Cursor::new(&repaired)).unwrap();
            assert_eq!(u64::from(reader.duration()) / 8, outcome.duration_ms);
            let all: Vec<i16> = reader.samples().map(Result::unwrap).collect();
            assert!(all.starts_with(&samples) && all.len().is_multiple_of(2));
            assert_eq!(u32::from_le_bytes(repaired[4..8].try_into().unwrap()) + 8, {
                repaired.len() as u32
            });
            for (at, pair) in all.chunks(2).enumerate() {
                let expected = (at / 300 * 10 + at % 300 / 100) as i16;
                assert_eq!(pair, [expected, -expected]);
            }
        }
    }
}

#[test]
fn one_channel_is_written_and_repaired() {
    let mut out = Cursor::new(Vec::new());
    let mut writer = Writer::mono(&mut out, 8_000).unwrap();
    writer.write(&[7; 4_001]).unwrap();
    writer.checkpoint().unwrap();
    drop(writer);
    let mut file = out.into_inner();
    assert_eq!(Sound::read(&file, ALL).unwrap().pcm, [7; 4_001]);
    file.truncate(file.len() - 3);
    let repaired = repair(&mut Cursor::new(&mut file)).unwrap();
    assert_eq!((repaired.bytes, repaired.duration_ms), (44 + 2 * 3_999, 499));
}

#[test]
fn a_silent_right_side_does_not_make_the_left_one_quieter() {
    for (right, expected) in [(0, 1_000), (-63, 1_000), (64, 532), (1_000, 1_000)] {
        let mut out = Cursor::new(Vec::new());
        let mut writer = Writer::new(&mut out, 8_000).unwrap();
        writer.write(&[1_000, right].repeat(100)).unwrap();
        writer.finish().unwrap();
        let sound = Sound::read_sides(&out.into_inner(), ALL).unwrap();
        assert_eq!(sound.pcm, [expected; 100], "{right}");
    }
}

#[test]
fn a_missing_right_sample_is_silent() {
    let mut out = Cursor::new(Vec::new());
    let mut writer = Writer::new(&mut out, 16_000).unwrap();
    writer.write(&[5, 6, 7]).unwrap();
    writer.finish().unwrap();
    let mut reader = hound::WavReader::new(Cursor::new(out.into_inner())).unwrap();
    assert_eq!(reader.samples().map(Result::unwrap).collect::<Vec<i16>>(), [5, 6, 7, 0]);
}

#[test]
fn a_file_of_somebody_else_is_not_repaired() {
    for other in [by_hound(3, 8_000, 16, &[1; 21]), b"OggS".repeat(20), Vec::new()] {
        let mut file = Cursor::new(other.clone());
        assert_eq!(repair(&mut file).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(file.into_inner(), other);
    }
}
