//! Who hears whom, exactly; and that nobody hears a click.

use super::*;

const RATE: u32 = 8_000;
const FRAME: usize = 160;

fn room(ids: impl IntoIterator<Item = u32>) -> Mixer {
    let mut mixer = Mixer::new(MixerConfig::new(RATE));
    for id in ids {
        mixer.join(MemberId(id), Part::default()).unwrap();
    }
    mixer
}

/// Noise of its own for each member and tick, quiet enough that eight fit.
fn voice(id: u32, tick: u32) -> Vec<i16> {
    let mut state = u64::from(id) << 32 | u64::from(tick) << 1 | 1;
    (0..FRAME)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 40) as i16) / 10
        })
        .collect()
}

fn mixed(mixer: &mut Mixer, id: u32) -> Vec<i16> {
    let mut out = Vec::new();
    mixer.mix_for(MemberId(id), &mut out);
    assert_eq!(out.len(), mixer.frame());
    out
}

fn sum(of: &[u32], tick: u32) -> Vec<i16> {
    let mut sum = vec![0; FRAME];
    for &id in of {
        for (sum, sample) in sum.iter_mut().zip(voice(id, tick)) {
            *sum += sample;
        }
    }
    sum
}

/// Ticks in which the members contribute their voices.
fn speak(mixer: &mut Mixer, ids: &[u32], ticks: std::ops::Range<u32>) {
    for tick in ticks {
        for &id in ids {
            mixer.contribute(MemberId(id), &voice(id, tick));
        }
        mixer.tick();
        for &id in ids {
            mixed(mixer, id);
        }
    }
}

#[test]
fn each_of_n_hears_exactly_the_others() {
    for n in [2, 3, 8] {
        let ids: Vec<u32> = (1..=n).collect();
        let mut mixer = room(ids.clone());
        for tick in 0..10 {
            speak(&mut mixer, &ids, tick..tick + 1);
            for &id in &ids {
                let others: Vec<_> = ids.iter().copied().filter(|&other| other != id).collect();
                if tick > 0 {
                    assert_eq!(mixed(&mut mixer, id), sum(&others, tick), "{id} of {n}");
                }
            }
        }
    }
}

#[test]
fn no_one_hears_itself() {
    let mut mixer = room([1, 2, 3]);
    for tick in 0..5 {
        mixer.contribute(MemberId(1), &voice(1, tick));
        mixer.tick();
        assert_eq!(mixed(&mut mixer, 1), [0; FRAME]);
    }
}

#[test]
fn a_whisper_is_heard_by_the_one() {
    let mut mixer = room([1, 2]);
    let supervisor = Part { hears: true, speaks: Speaks::Only(MemberId(2)) };
    mixer.join(MemberId(9), supervisor).unwrap();
    speak(&mut mixer, &[1, 2, 9], 0..3);
    assert_eq!(mixed(&mut mixer, 1), sum(&[2], 2));
    assert_eq!(mixed(&mut mixer, 2), sum(&[1, 9], 2));
    assert_eq!(mixed(&mut mixer, 9), sum(&[1, 2], 2));

    // To the other one: for 5 ms both hear a part, then only the one.
    mixer.set_part(MemberId(9), Part { hears: true, speaks: Speaks::Only(MemberId(1)) });
    speak(&mut mixer, &[1, 2, 9], 3..4);
    assert_ne!(mixed(&mut mixer, 2), sum(&[1], 3));
    speak(&mut mixer, &[1, 2, 9], 4..5);
    assert_eq!(mixed(&mut mixer, 1), sum(&[2, 9], 4));
    assert_eq!(mixed(&mut mixer, 2), sum(&[1], 4));

    // Barge, then listen.
    mixer.set_part(MemberId(9), Part::default());
    speak(&mut mixer, &[1, 2, 9], 5..7);
    assert_eq!(mixed(&mut mixer, 1), sum(&[2, 9], 6));
    assert_eq!(mixed(&mut mixer, 2), sum(&[1, 9], 6));
    mixer.set_part(MemberId(9), Part { hears: true, speaks: Speaks::Nobody });
    speak(&mut mixer, &[1, 2, 9], 7..9);
    assert_eq!(mixed(&mut mixer, 2), sum(&[1], 8));
    assert_eq!(mixed(&mut mixer, 9), sum(&[1, 2], 8));
}

#[test]
fn mute_and_hold() {
    let mut mixer = room([1, 2, 3]);
    mixer.set_part(MemberId(1), Part { hears: true, speaks: Speaks::Nobody });
    mixer.set_part(MemberId(2), Part { hears: false, speaks: Speaks::All });
    speak(&mut mixer, &[1, 2, 3], 0..3);
    assert_eq!(mixed(&mut mixer, 1), sum(&[2, 3], 2));
    assert_eq!(mixed(&mut mixer, 3), sum(&[2], 2));
    let mut out = Vec::new();
    assert!(!mixer.mix_for(MemberId(2), &mut out));
    assert_eq!(out, [0; FRAME]);
}

#[test]
fn who_is_muted_leaves_unheard() {
    let mut mixer = room([1, 2]);
    mixer.set_part(MemberId(1), Part { hears: true, speaks: Speaks::Nobody });
    speak(&mut mixer, &[1], 0..5);
    mixer.leave(MemberId(1));
    for _ in 0..3 {
        mixer.tick();
        assert_eq!(mixed(&mut mixer, 2), [0; FRAME]);
    }
    assert!(mixer.members.len() == 1, "who left is forgotten");
}

#[test]
fn the_room_has_a_limit() {
    let mut mixer = room(0..64);
    assert_eq!(mixer.join(MemberId(3), Part::default()), Err(JoinError::Here));
    assert_eq!(mixer.join(MemberId(64), Part::default()), Err(JoinError::Full));
    mixer.leave(MemberId(3));
    assert_eq!(mixer.join(MemberId(64), Part::default()), Ok(()));
    assert_eq!(mixer.len(), 64);
    assert_eq!(mixer.part(MemberId(3)), None);
    let config = MixerConfig { members_max: 2, ..MixerConfig::new(RATE) };
    let mut mixer = Mixer::new(config);
    assert_eq!(mixer.join(MemberId(1), Part::default()), Ok(()));
    assert_eq!(mixer.join(MemberId(2), Part::default()), Ok(()));
    assert_eq!(mixer.join(MemberId(3), Part::default()), Err(JoinError::Full));
}

fn sine(hz: f64, peak: f64, from: usize) -> Vec<i16> {
    (from..from + FRAME)
        .map(|at| {
            let turn = std::f64::consts::TAU * hz * at as f64 / f64::from(RATE);
            (turn.sin() * peak).round() as i16
        })
        .collect()
}

/// The largest step between neighbours.
fn step_max(sound: &[i16]) -> i32 {
    sound.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap_or(0)
}

#[test]
fn whoever_comes_goes_or_is_muted_makes_no_click() {
    let mut mixer = room([1, 2]);
    let mut heard = Vec::new();
    let mut out = Vec::new();
    // 400 Hz at half scale moves by 5 100 a sample at most; a cut at its peak would be 16 000.
    for tick in 0..100 {
        match tick {
            10 => mixer.join(MemberId(3), Part::default()).unwrap(),
            20 => mixer.leave(MemberId(3)),
            30 => mixer.set_part(MemberId(1), Part { hears: true, speaks: Speaks::Nobody }),
            40 => mixer.set_part(MemberId(1), Part::default()),
            50 => mixer.set_part(MemberId(2), Part { hears: false, speaks: Speaks::All }),
            60 => mixer.set_part(MemberId(2), Part::default()),
            _ => {}
        }
        // Now and then nothing comes, and once only half a frame. The phase is at a peak there.
        if tick % 7 != 6 {
            let sound = sine(400.0, 16_000.0, tick * FRAME + 5);
            mixer.contribute(MemberId(1), if tick == 75 { &sound[..77] } else { &sound });
        }
        mixer.contribute(MemberId(3), &sine(433.0, 8_000.0, tick * FRAME));
        mixer.tick();
        mixer.mix_for(MemberId(2), &mut out);
        heard.extend_from_slice(&out);
    }
    assert!(step_max(&heard) < 8_000, "{}", step_max(&heard));
}

/// Everything that is not the wanted frequencies, in dB below them.
fn distortion_db(sound: &[i16], hz: &[f64]) -> f64 {
    let n = sound.len() as f64;
    let energy: f64 = sound.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / n;
    let wanted: f64 = hz
        .iter()
        .map(|hz| {
            let (mut re, mut im) = (0.0, 0.0);
            for (at, &sample) in sound.iter().enumerate() {
                let turn = std::f64::consts::TAU * hz * at as f64 / f64::from(RATE);
                re += f64::from(sample) * turn.cos();
                im += f64::from(sample) * turn.sin();
            }
            2.0 * (re * re + im * im) / (n * n)
        })
        .sum();
    10.0 * (wanted / (energy - wanted).max(1e-9)).log10()
}

#[test]
fn loud_voices_are_turned_down_and_not_distorted() {
    let mut mixer = room([1, 2, 3, 4]);
    let hz = [300.0, 500.0, 1_100.0];
    let mut heard = Vec::new();
    let mut out = Vec::new();
    for tick in 0..250 {
        for (id, hz) in (1..).zip(hz) {
            mixer.contribute(MemberId(id), &sine(hz, 30_000.0, tick * FRAME));
        }
        mixer.tick();
        mixer.mix_for(MemberId(4), &mut out);
        heard.extend_from_slice(&out);
    }
    assert!(heard.iter().all(|s| s.unsigned_abs() <= 32_767));
    assert!(step_max(&heard) < 30_000, "{}", step_max(&heard));
    let steady = &heard[heard.len() - 8_000..];
    let distortion = distortion_db(steady, &hz);
    assert!(distortion > 60.0, "{distortion} dB");
    let peak = steady.iter().map(|s| s.unsigned_abs()).max().unwrap();
    assert!(peak > 30_000, "no more than needed: {peak}");
}

#[test]
fn the_gain_returns_after_a_shout() {
    let mut mixer = room([1, 2, 3]);
    let mut peaks = Vec::new();
    let mut out = Vec::new();
    for tick in 0..60 {
        let peak = if tick < 10 { 30_000.0 } else { 8_000.0 };
        for id in [1, 2] {
            mixer.contribute(MemberId(id), &sine(500.0, peak, tick * FRAME));
        }
        mixer.tick();
        mixer.mix_for(MemberId(3), &mut out);
        peaks.push(out.iter().map(|s| s.unsigned_abs()).max().unwrap());
    }
    assert!(peaks[..10].iter().all(|&peak| peak <= 32_767), "{peaks:?}");
    assert!(peaks[10] < 10_000 && peaks[59] == 16_000, "{peaks:?}");
    assert!(peaks[10..].is_sorted(), "{peaks:?}");
}

#[test]
fn of_many_voices_the_loudest_are_heard() {
    let mut mixer = room(0..20);
    let mut out = Vec::new();
    for tick in 0..4_u32 {
        for id in 0..20 {
            let peak = if id < 8 { 3_000.0 } else { 500.0 };
            mixer.contribute(MemberId(id), &sine(500.0, peak, tick as usize * FRAME));
        }
        mixer.tick();
        mixer.mix_for(MemberId(19), &mut out);
    }
    let peak = out.iter().map(|s| s.unsigned_abs()).max().unwrap();
    assert_eq!(peak, 24_000);
    // A loud one hears the seven others, none in its place.
    mixer.mix_for(MemberId(0), &mut out);
    assert_eq!(out.iter().map(|s| s.unsigned_abs()).max().unwrap(), 21_000);
}

#[test]
fn any_sound_stays_within_full_scale() {
    let mut mixer = room(0..9);
    let mut out = Vec::new();
    for tick in 0..50_usize {
        for id in 0..8 {
            let square =
                if (tick / (id as usize + 1)).is_multiple_of(2) { i16::MAX } else { i16::MIN };
            mixer.contribute(MemberId(id), &[square; FRAME]);
        }
        mixer.tick();
        mixer.mix_for(MemberId(8), &mut out);
        assert!(out.iter().all(|&s| s >= -32_767));
    }
}
