//! One member's sound of a tick: filled up where it was short, faded where it begins and ends.

use super::Fade;

/// A voice. Ticks without sound cost nothing.
#[derive(Debug)]
pub(super) struct Voice {
    fade_length: usize,
    sound: Vec<i16>,
    /// Sound came in this tick, in the last one.
    came: bool,
    was: bool,
    /// Sound of this tick is in `sound`: its own or what fades.
    sounds: bool,
    last: i16,
    loudness: u64,
    all: Fade,
    /// `sound` faded, in ticks in which that is something else.
    faded: Vec<i16>,
}

impl Voice {
    pub(super) fn new(frame: usize, fade_length: usize) -> Self {
        Self {
            fade_length,
            sound: vec![0; frame],
            came: false,
            was: false,
            sounds: false,
            last: 0,
            loudness: 0,
            all: Fade::default(),
            faded: vec![0; frame],
        }
    }

    pub(super) fn take(&mut self, sound: &[i16]) {
        let length = sound.len().min(self.sound.len());
        self.sound[..length].copy_from_slice(&sound[..length]);
        if length < self.sound.len() {
            let last = length.checked_sub(1).map_or(self.last, |at| self.sound[at]);
            fall(last, &mut self.sound[length..], self.fade_length);
        }
        self.came = true;
    }

    /// Its member has left: what came for the next tick is not heard.
    pub(super) fn withdraw(&mut self) {
        self.came = false;
    }

    /// Begins a tick with what came.
    pub(super) fn shape(&mut self) {
        if self.came {
            if !self.was {
                Fade { from: 0, to: 1 }.apply_in_place(&mut self.sound, self.fade_length);
            }
            self.sounds = true;
            self.last = self.sound.last().copied().unwrap_or(0);
            self.measure();
        } else if self.was && self.last != 0 {
            fall(self.last, &mut self.sound, self.fade_length);
            self.sounds = true;
            self.last = 0;
        } else {
            self.sounds = false;
            self.loudness = 0;
        }
        self.was = std::mem::take(&mut self.came);
    }

    /// Decides whether all hear it.
    pub(super) fn fade_to_all(&mut self, open: bool) {
        let was_shut = self.all.to == 0;
        // What begins to sound is faded already.
        self.all.aim(open, self.fade_length);
        if self.sounds && self.all.from != self.all.to {
            self.all.apply(&self.sound, &mut self.faded, self.fade_length);
        } else if !self.sounds && was_shut {
            self.all.from = self.all.to;
        }
    }

    /// Whether all heard it in the last tick.
    pub(super) fn is_open(&self) -> bool {
        self.all.to != 0
    }

    /// What all others hear of it in this tick.
    pub(super) fn to_all(&self) -> Option<&[i16]> {
        if !self.sounds || self.all.is_shut() {
            None
        } else if self.all.from == self.all.to {
            Some(&self.sound)
        } else {
            Some(&self.faded)
        }
    }

    /// Its sound in this tick.
    pub(super) fn sound(&self) -> Option<&[i16]> {
        self.sounds.then_some(self.sound.as_slice())
    }

    /// Whether there is sound of it in this tick or to fade in the next.
    pub(super) fn sounds(&self) -> bool {
        self.sounds || self.came
    }

    /// Its energy, which falls slowly: words have gaps.
    pub(super) fn loudness(&self) -> u64 {
        self.loudness
    }

    fn measure(&mut self) {
        let energy: u64 = self.sound.iter().map(|&s| u64::from(s.unsigned_abs()).pow(2)).sum();
        let falling = self.loudness - self.loudness / 16;
        self.loudness = (energy / self.sound.len() as u64).max(falling);
    }
}

/// From a sample to silence: sound that ended without warning.
fn fall(last: i16, out: &mut [i16], length: usize) {
    for (at, sample) in out.iter_mut().enumerate() {
        let gain = length.saturating_sub(at + 1) as i32;
        *sample = (i32::from(last) * gain / length as i32) as i16;
    }
}
