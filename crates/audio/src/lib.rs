//! Sound without IO: codecs, sample rates, what hides a lost packet, the jitter buffer, the mixer,
//! tones, digits in the band, and files of sound.

pub mod codec;
pub mod resample;
