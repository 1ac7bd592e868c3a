//! The E-model: a score from loss, jitter and delay (G.107, G.107.1, G.107.2, G.113).
//!
//! One scale for all codecs. The narrow-band rating has R = 93.2 for a clean G.711 call and a score
//! of 4.41; its wideband and fullband extensions go on upwards to 129 and 148 and leave narrow-band
//! calls where they are. How a codec sounds under loss is rated on its own scale with the formula
//! of its own Recommendation; what of that lies above 93.2 is compressed into 93.2 to 100, the rest
//! of the narrow-band scale. So a clean G.722 or Opus call scores above a clean G.711 one (4.48 and
//! 4.49), and loss that takes the gain of bandwidth away leaves it equal. MOS-CQEW and MOS-CQEF of
//! the Recommendations' annexes put G.722 below G.711 instead, since each band is its own 4.5
//! there. Delay is then taken off on the narrow-band scale: a conversation suffers alike.

use super::meter::PACKET_MS;

/// A codec as the E-model sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodecClass {
    /// G.711 whose listener conceals loss (G.711 Appendix I), as phones of today do.
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

/// Rating of a narrow-band call with the default values of G.107 §7.7.
pub const R_NARROW: f64 = 93.2;
/// The jitter buffer of a listener of whom nothing is known: the nominal of common phones, and
/// that of RFC 6035's example.
const USUAL_BUFFER_MS: f64 = 40.0;
/// A jitter buffer that adapts holds about twice the jitter, up to this.
const MOST_BUFFER_MS: f64 = 200.0;

/// What of a codec the formulas need.
struct Codec {
    /// Rating of the band without any codec, R0 - Is.
    top: f64,
    /// What a total loss would take off.
    ceiling: f64,
    /// Equipment impairment factor.
    ie: f64,
    /// Packet-loss robustness factor.
    bpl: f64,
    /// Delay of the encoder beyond its frame.
    lookahead_ms: f64,
}

impl CodecClass {
    /// G.113 Appendix I for narrow band; Appendix IV for G.722's Ie,WB. For Opus, which G.113 does
    /// not rate, Ie,FB and Bpl as rtpengine uses them with G.107.2. A Bpl of 4.3, that of a codec
    /// without concealment, also stands in for G.722's: rather too low a score than too high.
    fn figures(self) -> Codec {
        let narrow =
            |ie, bpl, lookahead_ms| Codec { top: R_NARROW, ceiling: 95.0, ie, bpl, lookahead_ms };
        match self {
            Self::G711 => narrow(0.0, 25.1, 0.0),
            Self::G711Bare => narrow(0.0, 4.3, 0.0),
            Self::G729 => narrow(11.0, 19.0, 5.0),
            Self::G722 => {
                Codec { top: 129.0, ceiling: 95.0, ie: 13.0, bpl: 4.3, lookahead_ms: 1.5 }
            }
            Self::Opus => {
                Codec { top: 148.0, ceiling: 132.0, ie: 10.2, bpl: 4.3, lookahead_ms: 6.5 }
            }
        }
    }
}

/// The score of a conversation over `codec`.
///
/// `burst_ratio` is G.107's BurstR (1: by chance). The delay from mouth to ear is half of `rtt_ms`,
/// the jitter buffer, one packet of 20 ms and the codec's look-ahead. Where the sound is not
/// decoded by us, `jitter_buffer_ms` is `None` and the listener's is estimated: twice the jitter,
/// at least 40 ms and at most 200. Figures that are not finite or negative count as 0.
pub fn mos(
    codec: CodecClass,
    loss_percent: f64,
    burst_ratio: f64,
    rtt_ms: Option<f64>,
    jitter_ms: f64,
    jitter_buffer_ms: Option<f64>,
) -> Score {
    let estimate = (2.0 * sane(jitter_ms)).clamp(USUAL_BUFFER_MS, MOST_BUFFER_MS);
    let delay_ms = sane(rtt_ms.unwrap_or(0.0)) / 2.0
        + jitter_buffer_ms.map_or(estimate, sane)
        + PACKET_MS
        + codec.figures().lookahead_ms;
    let listening = narrowed(codec, listening_rating(codec, loss_percent, burst_ratio));
    let r = (listening - delay_impairment(delay_ms)).clamp(0.0, 100.0);
    Score { r, mos: mos_of_rating(r) }
}

/// What the codec and the loss leave of the rating, on the codec's own scale (up to 93.2, 129 or
/// 148): R0 - Is - Ie,eff (G.107 §7.5, G.107.1 §7.5, G.107.2 §7.5).
pub fn listening_rating(codec: CodecClass, loss_percent: f64, burst_ratio: f64) -> f64 {
    let Codec { top, ceiling, ie, bpl, .. } = codec.figures();
    let loss = sane(loss_percent).min(100.0);
    let burst = sane(burst_ratio).max(1.0);
    top - (ie + (ceiling - ie) * loss / (loss / burst + bpl))
}

/// A rating of the codec's own scale on the narrow-band one.
fn narrowed(codec: CodecClass, rating: f64) -> f64 {
    let top = codec.figures().top;
    if rating <= R_NARROW || top <= R_NARROW {
        return rating;
    }
    R_NARROW + (rating - R_NARROW) / (top - R_NARROW) * (100.0 - R_NARROW)
}

/// The score that a rating stands for (G.107 Annex B).
pub fn mos_of_rating(r: f64) -> f64 {
    if r <= 0.0 {
        return 1.0;
    }
    if r >= 100.0 {
        return 4.5;
    }
    // Below 6.5 the polynomial dips under 1.
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

/// Id: talker echo, listener echo and pure delay (G.107 §7.4), for a one-way delay in ms and the
/// default values: TELR 65 dB, WEPL 110 dB, mT 100 ms, sT 1. It is 0 without delay, for what the
/// defaults cost there is in the 93.2 already.
pub fn delay_impairment(one_way_ms: f64) -> f64 {
    let t = sane(one_way_ms);
    talker_echo(t) + (listener_echo(2.0 * t) - listener_echo(0.0)) + pure_delay(t)
}

/// R0 with the default values; so is Roe, since SLR = RLR + 6 balances the 15 dB there.
const R0: f64 = 94.77;

/// Idte (G.107 equations 7-20 to 7-23).
fn talker_echo(t: f64) -> f64 {
    // Below 1 ms echo is sidetone.
    if t < 1.0 {
        return 0.0;
    }
    let terv =
        65.0 - 40.0 * ((1.0 + t / 10.0) / (1.0 + t / 150.0)).log10() + 6.0 * (-0.3 * t * t).exp();
    let re = 80.0 + 2.5 * (terv - 14.0);
    let half = (R0 - re) / 2.0;
    (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-t).exp())
}

/// Idle (G.107 equations 7-25 and 7-26), for a round trip.
fn listener_echo(tr: f64) -> f64 {
    let rle = 10.5 * (110.0 + 7.0) * (tr + 1.0).powf(-0.25);
    let half = (R0 - rle) / 2.0;
    half + (half * half + 169.0).sqrt()
}

/// Idd (G.107 equations 7-27 and 7-28).
fn pure_delay(t: f64) -> f64 {
    if t <= 100.0 {
        return 0.0;
    }
    let x = (t / 100.0).log2();
    let root = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
}

/// A peer's figure may be anything.
fn sane(value: f64) -> f64 {
    if value.is_finite() { value.max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [CodecClass; 5] = [
        CodecClass::G711,
        CodecClass::G711Bare,
        CodecClass::G722,
        CodecClass::Opus,
        CodecClass::G729,
    ];

    fn near(left: f64, right: f64, by: f64) {
        assert!((left - right).abs() <= by, "{left} is not {right} ± {by}");
    }

    /// G.107 Annex B, Table B.1, and the default of 93.2.
    #[test]
    fn ratings_have_the_scores_of_the_recommendation() {
        for (r, mos) in [(93.2, 4.41), (90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10)] {
            near(mos_of_rating(r), mos, 0.01);
        }
        near(mos_of_rating(50.0), 2.58, 0.006);
        assert_eq!((mos_of_rating(-20.0), mos_of_rating(3.0)), (1.0, 1.0));
        assert_eq!((mos_of_rating(100.0), mos_of_rating(140.0)), (4.5, 4.5));
    }

    /// G.113 Appendix I with G.107's Ie,eff, by hand.
    #[test]
    fn loss_costs_what_the_formula_says() {
        near(listening_rating(CodecClass::G711, 0.0, 1.0), 93.2, 1e-9);
        near(listening_rating(CodecClass::G711Bare, 1.0, 1.0), 93.2 - 95.0 / 5.3, 1e-9);
        near(listening_rating(CodecClass::G711, 5.0, 1.0), 93.2 - 475.0 / 30.1, 1e-9);
        near(listening_rating(CodecClass::G729, 0.0, 1.0), 82.2, 1e-9);
        near(listening_rating(CodecClass::G729, 2.0, 1.0), 82.2 - 84.0 * 2.0 / 21.0, 1e-9);
        // Bursts: Ppl / BurstR + Bpl.
        near(listening_rating(CodecClass::G711, 5.0, 2.0), 93.2 - 475.0 / 27.6, 1e-9);
    }

    /// The usual simplification of G.107's Id for its default values (Cole and Rosenbluth, 2001).
    #[test]
    fn delay_costs_what_the_simplified_formula_says_within_its_error() {
        assert_eq!(delay_impairment(0.0), 0.0);
        for t in [25.0, 50.0, 100.0, 150.0, 177.0, 200.0, 250.0, 300.0] {
            let beyond: f64 = t - 177.3;
            near(delay_impairment(t), 0.024 * t + 0.11 * beyond.max(0.0), 0.9);
        }
    }

    /// rtpengine's mos_calc_fb, with its MOS-CQEF scale of R / 1.48 (integers rounded there).
    #[test]
    fn opus_under_loss_is_rated_as_rtpengine_does() {
        for loss in [0.0, 1.0, 3.0, 10.0] {
            let theirs = 148.0 - (10.2 + (132.0 - 10.2) * (loss / (loss + 4.3)));
            near(listening_rating(CodecClass::Opus, loss, 1.0), theirs, 1e-9);
        }
    }

    #[test]
    fn a_wider_band_is_never_worse_when_clean() {
        let clean = |codec| mos(codec, 0.0, 1.0, Some(40.0), 1.0, None).mos;
        let narrow = clean(CodecClass::G711);
        assert!(clean(CodecClass::G722) > narrow);
        assert!(clean(CodecClass::Opus) > narrow);
        assert!(clean(CodecClass::G729) < narrow);
        near(narrowed(CodecClass::G722, 116.0), 97.53, 0.01);
        near(mos_of_rating(narrowed(CodecClass::Opus, 137.8)), 4.49, 0.005);
    }

    #[test]
    fn the_ends_of_a_call_have_plausible_scores() {
        let g711 = |loss, rtt, jitter| mos(CodecClass::G711, loss, 1.0, rtt, jitter, None).mos;
        near(g711(0.0, None, 0.0), 4.38, 0.02);
        near(g711(8.0, None, 0.0), 3.53, 0.02);
        near(g711(0.0, Some(600.0), 0.0), 3.38, 0.05);
        near(g711(0.0, None, 60.0), 4.33, 0.03);
        near(mos(CodecClass::G711Bare, 8.0, 1.0, None, 0.0, None).mos, 1.6, 0.1);
        let known = mos(CodecClass::G711, 0.0, 1.0, None, 60.0, Some(20.0));
        assert!(known.mos > g711(0.0, None, 60.0), "a known jitter buffer is not estimated");
    }

    #[test]
    fn nonsense_in_is_a_score_out() {
        let worst = mos(CodecClass::Opus, 1e9, f64::NAN, Some(f64::INFINITY), -5.0, Some(-1.0));
        assert!((1.0..=4.5).contains(&worst.mos));
    }

    proptest! {
        /// More of any trouble never scores better.
        #[test]
        fn trouble_never_helps(
            codec in 0_usize..5,
            loss in 0.0..100.0_f64,
            rtt in 0.0..3000.0_f64,
            jitter in 0.0..500.0_f64,
            burst in 1.0..10.0_f64,
            more in 0.0..50.0_f64,
        ) {
            let score = |loss, burst, rtt, jitter| {
                mos(ALL[codec], loss, burst, Some(rtt), jitter, None).mos + 1e-9
            };
            let base = mos(ALL[codec], loss, burst, Some(rtt), jitter, None).mos;
            prop_assert!((1.0..=4.5).contains(&base));
            prop_assert!(base >= score(loss + more, burst, rtt, jitter) - 2e-9);
            prop_assert!(base >= score(loss, burst + more, rtt, jitter) - 2e-9);
            prop_assert!(base >= score(loss, burst, rtt + more, jitter) - 2e-9);
            prop_assert!(base >= score(loss, burst, rtt, jitter + more) - 2e-9);
        }
    }
}
