//! Sound without IO: codecs, sample rates, what hides a lost packet, the jitter buffer, the mixer,
//! tones, digits in the band, and files of sound.

pub mod codec;
pub mod dtmf;
pub mod jitter_buffer;
pub mod level;
pub mod mixer;
pub mod ogg;
pub mod resample;
pub mod score;
pub mod tone;
pub mod wav;
