//! The tests, one file a subject.

mod codes;
mod control;
mod dispatch;
mod diverted;
mod info;
mod media;
mod negotiation;
mod publish;
mod watching;
mod watching_random;
