//! The script tests, one file a subject.

mod announcements;
mod bridged;
mod direct;
mod hours;
mod hunts;
mod ivrs;
mod limits;
mod menus;
mod observed;
mod outbound;
mod recordings;
mod sounds;
mod spellings;
mod voicemail;
