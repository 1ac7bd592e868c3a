//! All at once, and the one user who is no group: one offer, then nothing more (D37, D41).

use super::{Field, Strategy, Turn};

/// Rings the first candidate, once, whoever else rings that user (call waiting).
#[derive(Debug, Default)]
pub(super) struct Single {
    done: bool,
}

impl Strategy for Single {
    fn turn(&mut self, field: &Field<'_>) -> Turn {
        match field.candidates.first() {
            Some(candidate) if !std::mem::replace(&mut self.done, true) => {
                Turn::Offer(vec![candidate.user.clone()])
            }
            Some(_) | None => {
                self.done = true;
                Turn::Over
            }
        }
    }
}

/// Rings all candidates at once; the first answer wins.
#[derive(Debug, Default)]
pub(super) struct Simulring {
    done: bool,
}

impl Strategy for Simulring {
    fn turn(&mut self, field: &Field<'_>) -> Turn {
        if std::mem::replace(&mut self.done, true) || field.candidates.is_empty() {
            return Turn::Over;
        }
        Turn::Offer(field.candidates.iter().map(|candidate| candidate.user.clone()).collect())
    }
}
