//! What phones that talk go through.

pub(crate) mod codecs;
pub(crate) mod digits;
pub(crate) mod intruder;
pub(crate) mod menus;
pub(crate) mod prompts;
pub(crate) mod quality;
pub(crate) mod queues;
pub(crate) mod recording;
pub(crate) mod voicemail;
