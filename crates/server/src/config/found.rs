//! Values while they are read: each keeps where it came from, so that a complaint found later,
//! between two of them, still names file, line and key.

use std::sync::Arc;

use crate::document::Place;

/// What a value is and what to write instead: the answer of the parsers of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) cause: String,
    pub(super) remedy: String,
}

impl Complaint {
    pub(super) fn new(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { cause: cause.into(), remedy: remedy.into() }
    }
}

/// Where a value came from, for complaints that are found later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) source: Arc<str>,
    pub(super) at: Option<Place>,
    pub(super) key: String,
}

/// A value and its origin.
#[derive(Clone, Debug)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) origin: Origin,
}

impl<T> Found<T> {
    pub(super) fn map<U>(self, value: impl FnOnce(T) -> U) -> Found<U> {
        Found { value: value(self.value), origin: self.origin }
    }
}
