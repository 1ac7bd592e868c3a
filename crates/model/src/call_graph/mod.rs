//! The call graph: an append-only log of events ([`event`]) and the rows that are its fold
//! ([`mod@apply`]). The tables of the database and the hand-off document are views of that fold, so
//! they cannot disagree (R007, R014–R021, R130).

pub mod apply;
pub mod check;
pub mod event;
pub mod graph;
pub mod published;
pub mod timeline;
pub mod words;

pub use apply::{Changes, apply};
pub use event::{CallEvent, Recorded};
pub use graph::{CallGraph, FinishedCallGraph};
