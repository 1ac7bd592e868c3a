//! Files are played by a reader and a decoder of others (RFC 7845), cut anywhere, and repaired.

use std::io::Cursor;

use ::ogg::PacketReader;
use opus_rs::multistream::{ChannelMappingTable, MultistreamDecoder};
use proptest::prelude::*;

use super::*;

fn sine(hertz: f64, rate: u32, frames: u32) -> impl Iterator<Item = i16> {
    let step = hertz * std::f64::consts::TAU / f64::from(rate);
    (0..frames).map(move |at| ((f64::from(at) * step).sin() * 8_000.0) as i16)
}

/// Left and right in turn.
fn tones(left: f64, right: f64, rate: u32, frames: u32) -> Vec<i16> {
    sine(left, rate, frames).zip(sine(right, rate, frames)).flat_map(|(l, r)| [l, r]).collect()
}

fn written(rate: u32, sound: &[i16], block: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, rate, 7, &EncoderSettings::default()).unwrap();
    sound.chunks(block * 2).for_each(|block| writer.write(block).unwrap());
    writer.finish().unwrap();
    out
}

/// The sound of a file at 48 kHz, left and right, read by the `ogg` crate and a decoder of many
/// streams: neither is ours.
fn played(file: &[u8]) -> [Vec<f32>; 2] {
    let mut reader = PacketReader::new(Cursor::new(file));
    let head = reader.read_packet_expected().unwrap();
    assert!(head.first_in_stream() && head.data.starts_with(b"OpusHead\x01\x02"));
    let skip = usize::from(u16::from_le_bytes([head.data[10], head.data[11]]));
    let table = ChannelMappingTable::parse(head.data[18], 2, &head.data[19..]).unwrap();
    let mut decoder = MultistreamDecoder::new(48_000, table).unwrap();
    let tags = reader.read_packet_expected().unwrap();
    assert!(tags.data.starts_with(b"OpusTags"));
    let mut sound = [Vec::new(), Vec::new()];
    let mut position = 0;
    while let Ok(Some(packet)) = reader.read_packet() {
        let mut pcm = vec![0.0; 960 * 2];
        assert_eq!(decoder.decode(&packet.data, 960, &mut pcm).unwrap(), 960);
        pcm.chunks(2).for_each(|frame| {
            sound[0].push(frame[0]);
            sound[1].push(frame[1]);
        });
        position = packet.absgp_page();
        if packet.last_in_stream() {
            break;
        }
    }
    for channel in &mut sound {
        channel.truncate(position as usize);
        channel.drain(..skip.min(channel.len()));
    }
    sound
}

/// How strong a tone is, 1 = full scale (Goertzel).
fn level(sound: &[f32], hertz: f64) -> f64 {
    let step = hertz * std::f64::consts::TAU / 48_000.0;
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, &sample) in sound.iter().enumerate() {
        real += f64::from(sample) * (step * at as f64).cos();
        imaginary += f64::from(sample) * (step * at as f64).sin();
    }
    f64::hypot(real, imaginary) * 2.0 / sound.len() as f64
}

#[test]
fn each_side_is_heard_on_its_side_only() {
    for rate in [8_000, 16_000, 48_000] {
        let [left, right] = played(&written(rate, &tones(440.0, 1_000.0, rate, rate * 2), 160));
        assert_eq!((left.len(), right.len()), (96_000, 96_000));
        let (left, right) = (&left[9_600..86_400], &right[9_600..86_400]);
        for (sound, own, other) in [(left, 440.0, 1_000.0), (right, 1_000.0, 440.0)] {
            assert!((0.15..0.3).contains(&level(sound, own)), "{rate}: {}", level(sound, own));
            assert!(level(sound, other) < 0.002, "{rate}: {}", level(sound, other));
        }
    }
}

#[test]
fn sound_of_any_length_in_blocks_of_any_length_keeps_its_length() {
    for (frames, block) in [(1, 1), (319, 7), (320, 320), (321, 321), (16_000, 333), (40_001, 160)]
    {
        let [left, right] = played(&written(16_000, &tones(300.0, 300.0, 16_000, frames), block));
        assert_eq!((left.len(), right.len()), (frames as usize * 3, frames as usize * 3));
    }
    assert_eq!(played(&written(16_000, &[], 1))[0].len(), 0);
}

#[test]
fn what_a_decoder_makes_first_is_skipped() {
    for rate in [8_000, 16_000, 48_000] {
        // A burst in the middle of silence.
        let mut sound = vec![0; rate as usize * 2];
        let at = rate as usize / 2;
        let burst = tones(700.0, 700.0, rate, rate / 10);
        sound[at * 2..at * 2 + burst.len()].copy_from_slice(&burst);
        let [left, _] = played(&written(rate, &sound, 160));
        let energy = |from: usize, to: usize| -> f64 {
            left[from..to].iter().map(|&sample| f64::from(sample).powi(2)).sum()
        };
        // The centre of the burst's energy is where it was, within 1.5 ms.
        let total = energy(0, left.len());
        let centre: f64 = left
            .iter()
            .enumerate()
            .map(|(at, &sample)| at as f64 * f64::from(sample).powi(2))
            .sum::<f64>()
            / total;
        let late = centre - 24_000.0 - 2_400.0;
        assert!(late.abs() < 72.0, "{rate}: late by {late} of 48,000 a second");
    }
}

#[test]
fn a_page_holds_a_second_at_most() {
    let file = written(16_000, &tones(440.0, 1_000.0, 16_000, 16_000 * 5), 320);
    let mut reader = PacketReader::new(Cursor::new(&file));
    let mut pages = std::collections::BTreeMap::new();
    while let Some(packet) = reader.read_packet().unwrap() {
        *pages.entry(packet.absgp_page()).or_insert(0) += 1;
    }
    assert!(pages.values().all(|&packets| packets <= 50), "{pages:?}");
    assert!(pages.len() >= 6, "{pages:?}");
}

#[test]
fn large_packets_share_a_page_as_far_as_it_goes() {
    let mut pages = Pages::new(1);
    let mut out = Vec::new();
    for packet in (0..100).map(|at| vec![at; 2_550 + usize::from(at)]) {
        if !pages.has_room(packet.len()) {
            pages.end(if out.is_empty() { FIRST_PAGE } else { 0 }, &mut out).unwrap();
        }
        pages.add(&packet, PACKET);
    }
    pages.end(LAST_PAGE, &mut out).unwrap();
    let mut reader = PacketReader::new(Cursor::new(&out));
    for at in 0..100 {
        let packet = reader.read_packet_expected().unwrap();
        assert_eq!(packet.data, vec![at; 2_550 + usize::from(at)]);
    }
    assert!(reader.read_packet().unwrap().is_none());
}

#[test]
fn lengths_of_frames_are_said_in_one_or_two_bytes() {
    for length in [0, 1, 251, 252, 253, 255, 256, 1_000, 1_274] {
        let mut packet = vec![0x48];
        packet.extend(std::iter::repeat_n(9, length));
        let mut framed = Vec::new();
        delimit(&packet, &mut framed).unwrap();
        let said = match framed[1] {
            short @ ..252 => usize::from(short),
            low => usize::from(low) + 4 * usize::from(framed[2]),
        };
        assert_eq!(said, length);
        assert_eq!(framed.len(), length + if length < 252 { 2 } else { 3 });
    }
    assert!(delimit(&[0x4b, 2], &mut Vec::new()).is_err());
    assert!(delimit(&[], &mut Vec::new()).is_err());
}

#[test]
fn a_writer_killed_at_any_moment_leaves_a_file_that_plays() {
    let file = written(8_000, &tones(440.0, 1_000.0, 8_000, 8_000 * 3), 160);
    let mut lengths = Vec::new();
    for end in (0..=file.len()).step_by(23).chain([file.len()]) {
        let mut killed = Cursor::new(file[..end].to_vec());
        match repair(&mut killed) {
            Ok(repaired) => {
                if lengths.last() == Some(&repaired.duration_ms) {
                    continue;
                }
                let mut rest = killed.into_inner();
                rest.truncate(repaired.bytes as usize);
                let sound = played(&rest);
                assert_eq!(sound[0].len() as u64 / 48, repaired.duration_ms);
                lengths.push(repaired.duration_ms);
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidData);
                // The header pages are the first thing that is written.
                assert!(end < 150, "{end}");
            }
        }
    }
    assert_eq!(lengths, [0, 993, 1_993, 2_993, 3_000]);
}

#[test]
fn a_checkpoint_makes_everything_heard_before() {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, 16_000, 1, &EncoderSettings::default()).unwrap();
    writer.write(&tones(440.0, 440.0, 16_000, 16_000 / 2)).unwrap();
    writer.checkpoint().unwrap();
    drop(writer);
    assert_eq!(repair(&mut Cursor::new(&mut out)).unwrap().duration_ms, 493);
}

#[test]
fn a_repaired_file_is_not_changed_again() {
    let file = written(16_000, &tones(440.0, 1_000.0, 16_000, 16_000), 320);
    let mut again = Cursor::new(file.clone());
    let repaired = repair(&mut again).unwrap();
    assert_eq!((repaired.bytes, repaired.duration_ms), (file.len() as u64, 1_000));
    assert_eq!(again.into_inner(), file);
}

#[test]
fn other_rates_are_refused() {
    let refused = Writer::new(Vec::new(), 44_100, 1, &EncoderSettings::default());
    assert_eq!(refused.err().unwrap().kind(), ErrorKind::Unsupported);
}

proptest! {
    #[test]
    fn no_bytes_make_a_repair_panic(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        static FILE: std::sync::LazyLock<Vec<u8>> =
            std::sync::LazyLock::new(|| written(8_000, &tones(440.0, 1_000.0, 8_000, 16_000), 160));
        let mut file = FILE.clone();
        for (at, value) in flips {
            let at = at.index(file.len());
            file[at] = value;
        }
        let _ = repair(&mut Cursor::new(file));
    }
}
