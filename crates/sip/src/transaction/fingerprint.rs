//! Keyed 128-bit fingerprints (SipHash-2-4 with 128-bit output) of what peers send.
//!
//! Guarantees that table keys made from a peer's bytes are small, and that a peer who does not
//! know the seed cannot make two of them collide. Also the source of every random-looking token:
//! the function is pseudo-random, so tokens that were seen do not tell those to come.

/// A secret key of the hash.
#[derive(Clone, Copy)]
pub(crate) struct FingerprintKey {
    k0: u64,
    k1: u64,
}

impl FingerprintKey {
    /// Two keys with the same seed and purpose are equal.
    pub(crate) fn new(seed: u64, purpose: u64) -> FingerprintKey {
        // Golden-ratio constants only keep the two halves apart; all entropy is the seed's.
        FingerprintKey {
            k0: seed ^ 0x9e37_79b9_7f4a_7c15,
            k1: seed.rotate_left(32) ^ purpose.wrapping_mul(0xbf58_476d_1ce4_e5b9),
        }
    }

    /// The fingerprint of a sequence of parts; part borders count.
    pub(crate) fn of(&self, parts: &[&[u8]]) -> u128 {
        let mut hash = State::new(self);
        for part in parts {
            hash.write(part);
            hash.write(&(part.len() as u32).to_le_bytes());
        }
        hash.finish()
    }

    /// The `counter`-th pseudo-random number of this key.
    pub(crate) fn number(&self, counter: u64) -> u64 {
        let mut hash = State::new(self);
        hash.write(&counter.to_le_bytes());
        hash.finish() as u64
    }
}

struct State {
    v: [u64; 4],
    tail: u64,
    length: usize,
}

impl State {
    fn new(key: &FingerprintKey) -> State {
        State {
            v: [
                key.k0 ^ 0x736f_6d65_7073_6575,
                key.k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
                key.k0 ^ 0x6c79_6765_6e65_7261,
                key.k1 ^ 0x7465_6462_7974_6573,
            ],
            tail: 0,
            length: 0,
        }
    }

    fn write(&mut self, mut bytes: &[u8]) {
        let used = self.length % 8;
        self.length += bytes.len();
        if used != 0 {
            let take = bytes.len().min(8 - used);
            self.tail |= little_endian(&bytes[..take]) << (8 * used);
            bytes = &bytes[take..];
            if used + take < 8 {
                return;
            }
            self.block(self.tail);
            self.tail = 0;
        }
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.block(little_endian(word));
        }
        self.tail = little_endian(words.remainder());
    }

    fn block(&mut self, word: u64) {
        self.v[3] ^= word;
        self.rounds(2);
        self.v[0] ^= word;
    }

    fn finish(mut self) -> u128 {
        self.block(self.tail | ((self.length as u64) << 56));
        self.v[2] ^= 0xee;
        self.rounds(4);
        let low = self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3];
        self.v[1] ^= 0xdd;
        self.rounds(4);
        let high = self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3];
        u128::from(low) | (u128::from(high) << 64)
    }

    fn rounds(&mut self, count: usize) {
        let [mut a, mut b, mut c, mut d] = self.v;
        for _ in 0..count {
            a = a.wrapping_add(b);
            b = b.rotate_left(13) ^ a;
            a = a.rotate_left(32);
            c = c.wrapping_add(d);
            d = d.rotate_left(16) ^ c;
            a = a.wrapping_add(d);
            d = d.rotate_left(21) ^ a;
            c = c.wrapping_add(b);
            b = b.rotate_left(17) ^ c;
            c = c.rotate_left(32);
        }
        self.v = [a, b, c, d];
    }
}

fn little_endian(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_reference_vector() {
        // vectors_sip128 of the reference implementation: key 00..0f, empty input and one byte.
        let key = FingerprintKey {
            k0: u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7]),
            k1: u64::from_le_bytes([8, 9, 10, 11, 12, 13, 14, 15]),
        };
        let empty = State::new(&key).finish();
        assert_eq!(
            empty.to_le_bytes(),
            [
                0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55,
                0x02, 0x93
            ]
        );
        let mut one = State::new(&key);
        one.write(&[0]);
        assert_eq!(
            one.finish().to_le_bytes(),
            [
                0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b, 0x22,
                0xfc, 0x45
            ]
        );
    }

    #[test]
    fn borders_of_parts_and_of_words_count() {
        let key = FingerprintKey::new(7, 0);
        assert_ne!(key.of(&[b"ab", b"c"]), key.of(&[b"a", b"bc"]));
        let mut whole = State::new(&key);
        whole.write(b"0123456789abcdefghij");
        let mut pieces = State::new(&key);
        for byte in b"0123456789abcdefghij" {
            pieces.write(&[*byte]);
        }
        assert_eq!(whole.finish(), pieces.finish());
    }
}
