//! The script tests, one file a subject.

mod bridged;
mod direct;
mod hunts;
mod ivrs;
mod limits;
mod observed;
mod outbound;
mod recordings;
mod sounds;
mod voicemail;
