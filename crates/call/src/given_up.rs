//! A call that becomes part of another one (D34, D48): its legs, what rings for it, and everything
//! that was recorded of it. It is over where it was in the step in which it is given up, and the
//! call that has said that it takes it goes on with it in the same step.

use model::CallId;
use model::call_graph::Recorded;

use crate::leg::{Anchor, Far};
use crate::port::LegId;
use crate::routing::hunt::Hunt;

/// What is left of the call.
#[derive(Debug)]
pub struct GivenUp {
    /// The call.
    pub call: CallId,
    /// Its legs, all of which belong to the other call from now on.
    pub legs: Vec<LegId>,
    #[expect(dead_code, reason = "read once calls adopt legs")]
    pub(crate) anchor: Anchor,
    #[expect(dead_code, reason = "read once calls adopt legs")]
    pub(crate) reached: Reached,
    #[expect(dead_code, reason = "read once calls adopt legs")]
    pub(crate) log: Vec<Recorded>,
}

/// How far it has got in reaching somebody.
#[derive(Debug)]
#[expect(dead_code, reason = "made once calls are given up")]
pub(crate) enum Reached {
    /// Nobody was looked for: a dialled code.
    Nobody,
    /// Users ring.
    Ringing(Hunt),
    /// A number outside rings.
    Dialling {
        /// Its leg.
        leg: LegId,
        /// It alerts.
        rang: bool,
    },
    /// Somebody answered, and they talk.
    Talking(Far),
}
