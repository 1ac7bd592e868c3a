//! Who is rung for somebody on a call: for a Connection of his own, or without one.

pub(super) mod errands;
mod search;
mod searches;

pub(crate) use self::search::{Dial, Purpose, Reach, Search};
pub(super) use self::search::{Failed, Stop, dialled};
