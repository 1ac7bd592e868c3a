//! The eight frequencies and their second harmonics, over the last 25 ms.
//!
//! Goertzel's question (how much of this frequency is in here?) is asked of slices of 2.5 ms; the
//! slices' answers, weighted by Hann's window and turned to a common phase, are summed to windows
//! of ten slices. So every 2.5 ms there is a new window at the price of one slice, and the phase
//! that a frequency has moved on in three slices tells how far it is from its place.

use super::{COLUMNS_HZ, ROWS_HZ};

/// Slices a second.
const SLICES_A_SECOND: u32 = 400;
/// Slices of a window.
const WINDOW: usize = 10;
/// Slices between the two windows that are compared.
const LAG: usize = 3;
const KEPT: usize = WINDOW + LAG;
/// Room for slices: they move to the front when it is full, which is seldom.
const ROOM: usize = 4 * KEPT;
/// Rows, columns, and the second harmonics of both.
const LANES: usize = 16;
/// The sum of the weights of a window.
const WEIGHTS: f32 = WINDOW as f32 / 2.0;
/// A slice with less energy a sample than this (−55 dBm0) counts as silent and is not looked into.
const SILENT: f32 = 1_600.0;

/// A complex number for each frequency.
#[derive(Debug, Clone, Copy)]
struct Lanes {
    re: [f32; LANES],
    im: [f32; LANES],
}

const ZERO: Lanes = Lanes { re: [0.0; LANES], im: [0.0; LANES] };

#[derive(Debug, Clone, Copy)]
struct Slice {
    lanes: Lanes,
    energy: f32,
}

/// The spectrum so far.
#[derive(Debug, Clone)]
pub(super) struct Spectrum {
    hz: [f32; LANES],
    /// cos and −sin, a sample of a slice each.
    waves: Vec<Lanes>,
    /// Weights and turns, a slice of a window each.
    turns: [Lanes; WINDOW],
    hann: [f32; WINDOW],
    /// The last [`KEPT`] begin at `first`.
    slices: [Slice; ROOM],
    first: usize,
    pending: Vec<i16>,
}

impl Spectrum {
    pub(super) fn new(rate: u32) -> Self {
        let length = (rate / SLICES_A_SECOND).max(1) as usize;
        let mut hz = [0.0; LANES];
        for at in 0..4 {
            hz[at] = ROWS_HZ[at];
            hz[4 + at] = COLUMNS_HZ[at];
            hz[8 + at] = 2.0 * ROWS_HZ[at];
            hz[12 + at] = 2.0 * COLUMNS_HZ[at];
        }
        let turn = |at: usize, lane: usize| {
            std::f64::consts::TAU * f64::from(hz[lane]) * at as f64 / f64::from(rate)
        };
        let wave = |at: usize, weight: f32| Lanes {
            re: std::array::from_fn(|lane| turn(at, lane).cos() as f32 * weight),
            im: std::array::from_fn(|lane| -turn(at, lane).sin() as f32 * weight),
        };
        let hann = std::array::from_fn(|slice| {
            let turn = std::f32::consts::PI * (slice as f32 + 0.5) / WINDOW as f32;
            turn.sin().powi(2)
        });
        Self {
            hz,
            waves: (0..length).map(|at| wave(at, 1.0)).collect(),
            turns: std::array::from_fn(|slice| wave(slice * length, hann[slice])),
            hann,
            slices: [Slice { lanes: ZERO, energy: 0.0 }; ROOM],
            first: 0,
            pending: Vec::with_capacity(length),
        }
    }

    pub(super) fn clear(&mut self) {
        self.slices = [Slice { lanes: ZERO, energy: 0.0 }; ROOM];
        self.first = 0;
        self.pending.clear();
    }

    /// Hears up to the end of a slice; then the answer is what it did not take. `None`: no slice
    /// was filled, and all is taken.
    pub(super) fn hear<'a>(&mut self, sound: &'a [i16]) -> Option<&'a [i16]> {
        let length = self.waves.len();
        let wanted = length - self.pending.len();
        if sound.len() < wanted {
            self.pending.extend_from_slice(sound);
            return None;
        }
        let (taken, rest) = sound.split_at(wanted);
        let slice = if self.pending.is_empty() {
            self.slice(taken)
        } else {
            self.pending.extend_from_slice(taken);
            let slice = self.slice(&self.pending);
            self.pending.clear();
            slice
        };
        self.first += 1;
        if self.first + KEPT > ROOM {
            self.slices.copy_within(self.first.., 0);
            self.first = 0;
        }
        self.slices[self.first + KEPT - 1] = slice;
        Some(rest)
    }

    fn slice(&self, sound: &[i16]) -> Slice {
        let energy = sound.iter().map(|&s| f32::from(s) * f32::from(s)).sum::<f32>();
        let mut lanes = ZERO;
        if energy < SILENT * sound.len() as f32 {
            return Slice { lanes, energy };
        }
        for (&sample, wave) in sound.iter().zip(&self.waves) {
            let sample = f32::from(sample);
            for lane in 0..LANES {
                lanes.re[lane] += sample * wave.re[lane];
                lanes.im[lane] += sample * wave.im[lane];
            }
        }
        Slice { lanes, energy }
    }

    /// The mean power of all sound in the window (samples squared).
    pub(super) fn power(&self) -> f32 {
        let energy: f32 = self
            .window(LAG)
            .iter()
            .zip(self.hann)
            .map(|(slice, weight)| slice.energy * weight)
            .sum();
        energy / (self.waves.len() as f32 * WEIGHTS)
    }

    /// The power of a sine at each lane's frequency; lanes: 0–3 rows, 4–7 columns, 8–15 their
    /// second harmonics.
    pub(super) fn powers(&self) -> [f32; LANES] {
        let mut sum = ZERO;
        for (slice, turn) in self.window(LAG).iter().zip(&self.turns) {
            for lane in 0..LANES {
                sum.re[lane] +=
                    slice.lanes.re[lane] * turn.re[lane] - slice.lanes.im[lane] * turn.im[lane];
                sum.im[lane] +=
                    slice.lanes.re[lane] * turn.im[lane] + slice.lanes.im[lane] * turn.re[lane];
            }
        }
        let full = self.waves.len() as f32 * WEIGHTS;
        std::array::from_fn(|lane| {
            2.0 * (sum.re[lane] * sum.re[lane] + sum.im[lane] * sum.im[lane]) / (full * full)
        })
    }

    /// How far the sine near a lane's frequency is from it, as a share of it.
    pub(super) fn deviation(&self, lane: usize) -> f32 {
        let now = self.window_at(lane, LAG);
        let before = self.window_at(lane, 0);
        let moved =
            (now.1 * before.0 - now.0 * before.1).atan2(now.0 * before.0 + now.1 * before.1);
        let seconds = LAG as f32 / SLICES_A_SECOND as f32;
        let expected = std::f32::consts::TAU * self.hz[lane] * seconds;
        let turn = std::f32::consts::TAU;
        let difference = moved - expected;
        let difference = difference - (difference / turn).round() * turn;
        difference / turn / seconds / self.hz[lane]
    }

    /// By how much the window weakens the power of a sine so far off a lane's frequency.
    pub(super) fn weakening(&self, lane: usize, deviation: f32) -> f32 {
        let seconds = WINDOW as f32 / SLICES_A_SECOND as f32;
        let bins = (deviation * self.hz[lane] * seconds).abs();
        if bins < 0.01 {
            return 1.0;
        }
        let denominator = 1.0 - bins * bins;
        if denominator.abs() < 0.01 {
            return 0.25;
        }
        let turn = std::f32::consts::PI * bins;
        (turn.sin() / turn / denominator).powi(2)
    }

    /// Two frequencies' distance in Hz.
    pub(super) fn distance_hz(&self, lane: usize, other: usize) -> f32 {
        (self.hz[lane] - self.hz[other]).abs()
    }

    /// The window that begins at a slice.
    fn window(&self, slice: usize) -> &[Slice] {
        let begin = self.first + slice;
        &self.slices[begin..begin + WINDOW]
    }

    /// The window that begins at a slice, for one lane.
    fn window_at(&self, lane: usize, first: usize) -> (f32, f32) {
        let mut sum = (0.0, 0.0);
        for (slice, turn) in self.window(first).iter().zip(&self.turns) {
            let (re, im) = (slice.lanes.re[lane], slice.lanes.im[lane]);
            sum.0 += re * turn.re[lane] - im * turn.im[lane];
            sum.1 += re * turn.im[lane] + im * turn.re[lane];
        }
        sum
    }
}
