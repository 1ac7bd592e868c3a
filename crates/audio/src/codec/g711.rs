//! G.711 both ways by table, bit-exact to `ulaw_*` and `alaw_*` of ITU-T G.191 (16-bit samples).
//!
//! The tables take 21 KB together and are computed by the compiler.

/// Every µ-law code's sample.
static MU_SAMPLES: [i16; 256] = mu_samples();
/// Every A-law code's sample.
static A_SAMPLES: [i16; 256] = a_samples();
/// The µ-law code of each 14-bit sample, from the lowest: the law drops the two lowest bits.
static MU_CODES: [u8; 1 << 14] = mu_codes();
/// The A-law code of each 12-bit sample, from the lowest: the law drops the four lowest bits.
static A_CODES: [u8; 1 << 12] = a_codes();

/// Appends the samples of µ-law codes.
pub(crate) fn decode_mu(codes: &[u8], out: &mut Vec<i16>) {
    out.extend(codes.iter().map(|&code| MU_SAMPLES[usize::from(code)]));
}

/// Appends the samples of A-law codes.
pub(crate) fn decode_a(codes: &[u8], out: &mut Vec<i16>) {
    out.extend(codes.iter().map(|&code| A_SAMPLES[usize::from(code)]));
}

/// Appends the µ-law codes of samples.
pub(super) fn encode_mu(samples: &[i16], out: &mut Vec<u8>) {
    out.extend(samples.iter().map(|&sample| MU_CODES[usize::from(from_lowest(sample) >> 2)]));
}

/// Appends the A-law codes of samples.
pub(super) fn encode_a(samples: &[i16], out: &mut Vec<u8>) {
    out.extend(samples.iter().map(|&sample| A_CODES[usize::from(from_lowest(sample) >> 4)]));
}

/// The sample's place among all samples: −32768 is 0.
fn from_lowest(sample: i16) -> u16 {
    sample.cast_unsigned() ^ 0x8000
}

const fn mu_samples() -> [i16; 256] {
    let mut samples = [0; 256];
    let mut code = 0;
    while code < 256 {
        let inverted = !(code as i32);
        let exponent = (inverted >> 4) & 7;
        let step = 8 << exponent;
        let size = (0x80 << exponent) + step * (inverted & 15) + step / 2 - 4 * 33;
        samples[code] = if code < 0x80 { -size } else { size } as i16;
        code += 1;
    }
    samples
}

const fn a_samples() -> [i16; 256] {
    let mut samples = [0; 256];
    let mut code = 0;
    while code < 256 {
        let bits = (code as i32) ^ 0x55;
        let exponent = (bits >> 4) & 7;
        let mantissa = (bits & 15) << 4;
        let size = match exponent {
            0 => mantissa + 8,
            _ => (mantissa + 0x108) << (exponent - 1),
        };
        samples[code] = if code < 0x80 { -size } else { size } as i16;
        code += 1;
    }
    samples
}

const fn mu_codes() -> [u8; 1 << 14] {
    let mut codes = [0; 1 << 14];
    let mut index = 0;
    while index < codes.len() {
        let sample = index as i32 - (1 << 13);
        let size = if sample < 0 { !sample } else { sample } + 33;
        let size = if size > 0x1fff { 0x1fff } else { size };
        // 1 for sizes under 64, one more for each doubling.
        let segment = 32 - (size >> 6).leading_zeros() as i32 + 1;
        let code = ((8 - segment) << 4) | (15 - ((size >> segment) & 15));
        codes[index] = (if sample < 0 { code } else { code | 0x80 }) as u8;
        index += 1;
    }
    codes
}

const fn a_codes() -> [u8; 1 << 12] {
    let mut codes = [0; 1 << 12];
    let mut index = 0;
    while index < codes.len() {
        let sample = index as i32 - (1 << 11);
        let size = if sample < 0 { !sample } else { sample };
        // 0 for sizes under 32 (the first two segments share a step), then one for each doubling.
        let shift = 32 - (size >> 5).leading_zeros() as i32;
        // The leading one of the mantissa, bit 4, adds 1 to the exponent.
        let code = (size >> shift) + (shift << 4);
        codes[index] = (if sample < 0 { code } else { code | 0x80 } ^ 0x55) as u8;
        index += 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mu(sample: i16) -> u8 {
        MU_CODES[usize::from(from_lowest(sample) >> 2)]
    }

    fn a(sample: i16) -> u8 {
        A_CODES[usize::from(from_lowest(sample) >> 4)]
    }

    /// G.191's `ulaw_compress`, step by step.
    fn reference_mu(sample: i16) -> u8 {
        let absolute = (i32::from(if sample < 0 { !sample } else { sample }) >> 2) + 33;
        let absolute = absolute.min(0x1fff);
        let mut rest = absolute >> 6;
        let mut segment = 1;
        while rest != 0 {
            segment += 1;
            rest >>= 1;
        }
        let code = ((8 - segment) << 4) | (15 - ((absolute >> segment) & 15));
        (if sample >= 0 { code | 0x80 } else { code }) as u8
    }

    /// G.191's `alaw_compress`, step by step.
    fn reference_a(sample: i16) -> u8 {
        let mut bits = i32::from(if sample < 0 { !sample } else { sample }) >> 4;
        if bits > 15 {
            let mut exponent = 1;
            while bits > 31 {
                bits >>= 1;
                exponent += 1;
            }
            bits = bits - 16 + (exponent << 4);
        }
        ((if sample >= 0 { bits | 0x80 } else { bits }) ^ 0x55) as u8
    }

    #[test]
    fn every_sample_has_the_code_of_the_reference() {
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(mu(sample), reference_mu(sample), "µ {sample}");
            assert_eq!(a(sample), reference_a(sample), "A {sample}");
        }
    }

    #[test]
    fn known_values() {
        assert_eq!([mu(0), mu(-1), mu(i16::MAX), mu(i16::MIN)], [0xff, 0x7f, 0x80, 0x00]);
        assert_eq!([a(0), a(-1), a(i16::MAX), a(i16::MIN)], [0xd5, 0x55, 0xaa, 0x2a]);
        let mu = [0xff, 0x7f, 0x80, 0x00, 0x90, 0xa0, 0xd0, 0xf0].map(|c: usize| MU_SAMPLES[c]);
        assert_eq!(mu, [0, 0, 32124, -32124, 15996, 7932, 876, 120]);
        let a = [0xd5, 0x55, 0xaa, 0x2a, 0x80, 0x00, 0x81, 0x54].map(|c: usize| A_SAMPLES[c]);
        assert_eq!(a, [8, -8, 32256, -32256, 5504, -5504, 5248, -24]);
    }

    #[test]
    fn every_code_comes_back() {
        for code in 0..=u8::MAX {
            // µ-law has two zeros; the negative one comes back as the positive one.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(mu(MU_SAMPLES[usize::from(code)]), expected);
            assert_eq!(a(A_SAMPLES[usize::from(code)]), code);
        }
    }
}
