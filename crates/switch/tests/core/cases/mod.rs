//! The tests, one file a subject.

mod codes;
mod dispatch;
mod info;
mod media;
mod negotiation;
mod publish;
mod watching;
mod watching_random;
