//! Whether the last 32 ms are a digit: Q.24's limits on level, twist and frequency, and what tells
//! tones from voices (nothing else is there, and no second harmonic).

use super::Digit;
use super::spectrum::Spectrum;
use crate::tone::peak_of_dbm0;

/// The weakest frequency, dBm0. (Q.24 has −25 … −36, by country.)
const LEVEL_DBM0: f32 = -38.0;
/// The low frequency may be stronger by 8 dB and the high one by 4 dB; 1 dB is for measuring.
const LOW_STRONGER: f32 = 7.9;
const HIGH_STRONGER: f32 = 3.2;
/// Between 1.5 %, which is to be accepted, and 3.5 %, which is not.
const DEVIATION: f32 = 0.025;
/// The share of the power that the two frequencies have together.
const SHARE: f32 = 0.80;
/// The best of a group is stronger than each other by 8 dB.
const OTHERS: f32 = 0.16;
/// The second harmonics are weaker than their frequency by 10 dB.
const HARMONIC: f32 = 0.1;
/// Nearer than this to the other tone, a harmonic cannot be told from it.
const HARMONIC_CLEAR_HZ: f32 = 100.0;

const ROWS: usize = 0;
const COLUMNS: usize = 4;
const HARMONICS: usize = 8;

/// The digit that the last window holds.
pub(super) fn digit(spectrum: &Spectrum) -> Option<Digit> {
    let total = spectrum.power();
    let peak = peak_of_dbm0(LEVEL_DBM0);
    let weakest = peak * peak / 2.0;
    if total < weakest {
        return None;
    }
    let powers = spectrum.powers();
    let row = strongest(&powers, ROWS)?;
    let column = strongest(&powers, COLUMNS)?;
    // Cheap and coarse: half of the share even if the window weakens both.
    if powers[row] + powers[column] < total * SHARE / 4.0 {
        return None;
    }
    let low = power(spectrum, &powers, row)?;
    let high = power(spectrum, &powers, column)?;
    let stands = low.min(high) >= weakest
        && low + high >= total * SHARE
        && low <= high * LOW_STRONGER
        && high <= low * HIGH_STRONGER
        && harmonic_is_weak(spectrum, &powers, row, column, low)
        && harmonic_is_weak(spectrum, &powers, column, row, high);
    // Lanes are below eight.
    stands.then(|| Digit::at((row - ROWS) as u8, (column - COLUMNS) as u8))
}

/// The strongest of a group's four, when it stands out.
fn strongest(powers: &[f32], group: usize) -> Option<usize> {
    let mut best = group;
    for lane in group..group + 4 {
        if powers[lane] > powers[best] {
            best = lane;
        }
    }
    let limit = powers[best] * OTHERS;
    (group..group + 4).all(|lane| lane == best || powers[lane] <= limit).then_some(best)
}

/// The power of the sine near a lane's frequency, when it is near enough.
fn power(spectrum: &Spectrum, powers: &[f32], lane: usize) -> Option<f32> {
    let deviation = spectrum.deviation(lane);
    (deviation.abs() <= DEVIATION).then(|| powers[lane] / spectrum.weakening(lane, deviation))
}

fn harmonic_is_weak(s: &Spectrum, powers: &[f32], lane: usize, other: usize, power: f32) -> bool {
    let harmonic = HARMONICS + lane;
    s.distance_hz(harmonic, other) < HARMONIC_CLEAR_HZ || powers[harmonic] <= power * HARMONIC
}
