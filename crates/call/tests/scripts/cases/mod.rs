//! The script tests, one file a subject.

mod adopting;
mod bridged;
mod direct;
mod hunts;
mod ivrs;
mod limits;
mod observed;
mod onward;
mod outbound;
mod personal;
mod queue;
mod recordings;
mod sounds;
mod strategies;
mod talk;
mod voicemail;
