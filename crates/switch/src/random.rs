//! The core's source of numbers that nobody should guess twice: SplitMix64 over a seed that the
//! shell draws from the system (RFC-free; Steele, Lea and Flood 2014). The same seed gives the
//! same numbers.

/// A stream of numbers.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_le_bytes()[..chunk.len()]);
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything() {
        let (mut one, mut same, mut other) = (Random::new(7), Random::new(7), Random::new(8));
        let bytes: [u8; 10] = one.bytes();
        assert_eq!(bytes, same.bytes());
        assert_ne!(bytes, other.bytes());
        assert_ne!(one.number(), one.number());
    }
}
