//! The order among SRV records (RFC 2782, "Usage rules"): by priority, and among equals at random
//! in proportion to their weights.

use super::SrvRecord;

/// A sequence of numbers that follows from its seed (splitmix64).
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Draw {
    /// The sequence of one lookup.
    pub(super) const fn new(seed: u64, lookup: u64) -> Self {
        Self(seed ^ lookup.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    /// A number from 0 to `most`.
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        // The bias is below 2^-32 for sums of weights, which are below 2^32.
        mixed % (most + 1)
    }
}

/// The records in the order in which they are to be tried.
pub(super) fn in_order(mut records: Vec<SrvRecord>, draw: &mut Draw) -> Vec<SrvRecord> {
    // Records of weight 0 come first, so that they have a small chance of being drawn.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(first) = records.first() {
        let priority = first.priority;
        let equals = records.iter().take_while(|record| record.priority == priority).count();
        let chosen = choose(&records[..equals], draw);
        ordered.push(records.remove(chosen));
    }
    ordered
}

fn choose(equals: &[SrvRecord], draw: &mut Draw) -> usize {
    let total = equals.iter().map(|record| u64::from(record.weight)).sum();
    let drawn = draw.up_to(total);
    let mut sum = 0;
    let reaches = |record: &SrvRecord| {
        sum += u64::from(record.weight);
        sum >= drawn
    };
    equals.iter().position(reaches).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(target: &str, priority: u16, weight: u16) -> SrvRecord {
        SrvRecord { priority, weight, port: 5060, target: target.into() }
    }

    #[test]
    fn priority_goes_before_weight() {
        let records = vec![record("c", 20, 100), record("a", 10, 0), record("b", 15, 1)];
        for lookup in 0..20 {
            let ordered = in_order(records.clone(), &mut Draw::new(1, lookup));
            let targets: String = ordered.into_iter().map(|record| record.target).collect();
            assert_eq!(targets, "abc");
        }
    }

    #[test]
    fn equals_are_drawn_in_proportion_to_their_weights() {
        let records = vec![record("a", 1, 10), record("b", 1, 30), record("c", 1, 60)];
        let mut first = std::collections::BTreeMap::new();
        for lookup in 0..10_000 {
            let ordered = in_order(records.clone(), &mut Draw::new(7, lookup));
            assert_eq!(ordered.len(), 3);
            *first.entry(ordered[0].target.clone()).or_insert(0) += 1;
        }
        assert!((800..1_300).contains(&first["a"]), "{first:?}");
        assert!((2_700..3_300).contains(&first["b"]), "{first:?}");
        assert!((5_600..6_400).contains(&first["c"]), "{first:?}");
    }

    #[test]
    fn one_seed_gives_one_order() {
        let records: Vec<_> = (0..5).map(|n| record(&n.to_string(), 1, n)).collect();
        let ordered = |seed| in_order(records.clone(), &mut Draw::new(seed, 3));
        assert_eq!(ordered(9), ordered(9));
        assert!((0..20).any(|seed| ordered(seed) != ordered(9)));
    }
}
