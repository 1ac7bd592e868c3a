//! G.722 at 64 kb/s (ITU-T G.722 mode 1): one byte is two samples of 16 kHz.
//!
//! The algorithm is `audio-codec`'s. Its constructors take the same two flags in opposite orders
//! (`with_options(rate, eight_k, packed)` and `with_options(rate, packed, eight_k)`), so only
//! `new`, which sets neither, is used.

use audio_codec::{Decoder as _, Encoder as _, g722};

/// The receiving side of one stream.
pub(super) struct G722Decoder(g722::G722Decoder);

impl G722Decoder {
    pub(super) fn new() -> Self {
        Self(g722::G722Decoder::new())
    }

    /// Appends two samples for each byte.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        let start = out.len();
        out.resize(start + 2 * payload.len(), 0);
        // It can only say that the buffer is too small, and it is not.
        let written = self.0.decode_into(payload, &mut out[start..]).unwrap_or(0);
        out.truncate(start + written);
    }
}

/// The sending side of one stream.
pub(super) struct G722Encoder(g722::G722Encoder);

impl G722Encoder {
    pub(super) fn new() -> Self {
        Self(g722::G722Encoder::new())
    }

    /// Appends a byte for every two samples; there must be an even number of them.
    pub(super) fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + samples.len().div_ceil(2), 0);
        // It can only say that the buffer is too small, and it is not.
        let written = self.0.encode_into(samples, &mut out[start..]).unwrap_or(0);
        out.truncate(start + written);
    }
}
