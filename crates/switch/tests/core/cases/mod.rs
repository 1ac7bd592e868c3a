//! The tests, one file a subject.

mod info;
mod media;
mod negotiation;
mod publish;
