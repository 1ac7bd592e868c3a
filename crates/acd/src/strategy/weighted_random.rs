//! By lot, in proportion to the weights of those who are left in the lap. Where a member stands in
//! the group changes nothing. Weight 0 means: only when nobody with a weight is left.

use super::laps::Choose;
use super::{Candidate, Field};

#[derive(Debug)]
pub(super) struct WeightedRandom;

impl Choose for WeightedRandom {
    fn choose<'c>(
        &self,
        left: &[&'c Candidate<'c>],
        field: &Field<'_>,
    ) -> Option<&'c Candidate<'c>> {
        let sum: u64 = left.iter().map(|candidate| u64::from(candidate.weight)).sum();
        // Nobody has a weight: all have the same.
        let weight = |candidate: &Candidate<'_>| {
            if sum == 0 { 1 } else { u64::from(candidate.weight) }
        };
        let all = if sum == 0 { u64::try_from(left.len()).unwrap_or(u64::MAX) } else { sum };
        let mut ticket = below(field.random, all);
        left.iter().copied().find(|candidate| {
            let weight = weight(candidate);
            let drawn = ticket < weight;
            ticket = ticket.saturating_sub(weight);
            drawn
        })
    }
}

/// A number below `limit`, each as likely as the other within 2^-32 for the limits that groups
/// have; 0 for the limit 0. The bits are mixed first (the finalizer of SplitMix64), so seeds that
/// differ in their low bits only are as good as others.
fn below(random: u64, limit: u64) -> u64 {
    let mut bits = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    // The product of two 64-bit numbers, shifted by 64, fits 64 bits.
    u64::try_from((u128::from(bits) * u128::from(limit)) >> 64).unwrap_or(0)
}
