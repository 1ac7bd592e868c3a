//! The script tests, one file a subject.

mod bridged;
mod direct;
mod hunts;
mod ivrs;
mod limits;
mod observed;
mod outbound;
mod personal;
mod queue;
mod recordings;
mod sounds;
mod strategies;
mod voicemail;
