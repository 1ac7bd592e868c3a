//! The plans: frequencies, levels and cadences. Sources: ITU-T E.180 Supplement 2 (the countries'
//! own), ETSI TR 101 041-2 (Europe), GR-506 (United States); levels: E.180 §4 (about −10 dBm0 for
//! one frequency, −13 for each of two), Q.23 and Q.24 for digits.

use super::{Country, Tone};
use crate::dtmf::Digit;

/// A piece of a cadence: up to two frequencies, Hz (0 = none), each at `dbm0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) hz: [f32; 2],
    pub(super) dbm0: [f32; 2],
    /// 0: without end.
    pub(super) ms: u32,
}

/// Up to four segments, once or again and again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plan {
    pub(super) segments: [Segment; 4],
    pub(super) count: usize,
    pub(super) repeats: bool,
}

const ONE_DBM0: f32 = -10.0;
const TWO_DBM0: f32 = -13.0;
/// Q.24: the high frequency is sent 2 dB stronger than the low one.
const LOW_DBM0: f32 = -9.0;
const HIGH_DBM0: f32 = -7.0;
const DIGIT_MS_MIN: u16 = 40;

const SILENT: Segment = Segment { hz: [0.0; 2], dbm0: [0.0; 2], ms: 0 };

fn sound(hz: &[f32], ms: u32) -> Segment {
    let first = hz.first().copied().unwrap_or(0.0);
    let second = hz.get(1).copied().unwrap_or(0.0);
    let level = if second == 0.0 { ONE_DBM0 } else { TWO_DBM0 };
    Segment { hz: [first, second], dbm0: [level; 2], ms }
}

/// `cadence`: milliseconds of sound, of silence, of sound, …; one 0 is sound without end.
fn repeated(hz: &[f32], cadence: &[u32]) -> Plan {
    let mut segments = [SILENT; 4];
    for (at, (segment, &ms)) in segments.iter_mut().zip(cadence).enumerate() {
        *segment = if at % 2 == 0 { sound(hz, ms) } else { Segment { ms, ..SILENT } };
    }
    Plan { segments, count: cadence.len().min(4), repeats: true }
}

pub(super) fn plan(tone: Tone, country: Country) -> Plan {
    match tone {
        Tone::Dial => dial(country),
        Tone::Ringback => ringback(country),
        Tone::Busy => busy(country),
        Tone::Congestion => congestion(country),
        Tone::CallWaiting => call_waiting(country),
        Tone::Beep => Plan { repeats: false, ..repeated(&[1_400.0], &[400]) },
        Tone::RecordingWarning => repeated(&[1_400.0], &[400, 14_600]),
        Tone::SpecialInformation => Plan {
            segments: [
                sound(&[950.0], 330),
                sound(&[1_400.0], 330),
                sound(&[1_800.0], 330),
                Segment { ms: 1_000, ..SILENT },
            ],
            count: 4,
            repeats: false,
        },
        Tone::Digit { digit, on_ms, off_ms } => pressed(digit, on_ms, off_ms),
    }
}

fn dial(country: Country) -> Plan {
    match country {
        Country::Europe | Country::Germany => repeated(&[425.0], &[0]),
        Country::UnitedStates => repeated(&[350.0, 440.0], &[0]),
        Country::UnitedKingdom => repeated(&[350.0, 450.0], &[0]),
        Country::France => repeated(&[440.0], &[0]),
    }
}

fn ringback(country: Country) -> Plan {
    match country {
        Country::Europe | Country::Germany => repeated(&[425.0], &[1_000, 4_000]),
        Country::UnitedStates => repeated(&[440.0, 480.0], &[2_000, 4_000]),
        Country::UnitedKingdom => repeated(&[400.0, 450.0], &[400, 200, 400, 2_000]),
        Country::France => repeated(&[440.0], &[1_500, 3_500]),
    }
}

fn busy(country: Country) -> Plan {
    match country {
        Country::Europe => repeated(&[425.0], &[500, 500]),
        Country::UnitedStates => repeated(&[480.0, 620.0], &[500, 500]),
        Country::UnitedKingdom => repeated(&[400.0], &[375, 375]),
        Country::Germany => repeated(&[425.0], &[480, 480]),
        Country::France => repeated(&[440.0], &[500, 500]),
    }
}

fn congestion(country: Country) -> Plan {
    match country {
        Country::Europe => repeated(&[425.0], &[200, 200]),
        Country::UnitedStates => repeated(&[480.0, 620.0], &[250, 250]),
        Country::UnitedKingdom => repeated(&[400.0], &[400, 350, 225, 525]),
        Country::Germany => repeated(&[425.0], &[240, 240]),
        Country::France => repeated(&[440.0], &[250, 250]),
    }
}

fn call_waiting(country: Country) -> Plan {
    match country {
        Country::Europe => repeated(&[425.0], &[200, 600, 200, 3_000]),
        Country::UnitedStates => repeated(&[440.0], &[300, 9_700]),
        Country::UnitedKingdom => repeated(&[400.0], &[100, 3_000]),
        Country::Germany => repeated(&[425.0], &[200, 200, 200, 5_000]),
        Country::France => repeated(&[440.0], &[300, 10_000]),
    }
}

fn pressed(digit: Digit, on_ms: u16, off_ms: u16) -> Plan {
    let (low, high) = digit.frequencies();
    let on = Segment {
        hz: [low, high],
        dbm0: [LOW_DBM0, HIGH_DBM0],
        ms: u32::from(on_ms.max(DIGIT_MS_MIN)),
    };
    let off = Segment { ms: u32::from(off_ms.max(DIGIT_MS_MIN)), ..SILENT };
    Plan { segments: [on, off, SILENT, SILENT], count: 2, repeats: false }
}
