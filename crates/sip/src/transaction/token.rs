//! Tags, branches and Call-IDs of our own: 64 pseudo-random bits as sixteen hexadecimal digits.
//!
//! Guarantees that tokens follow from the seed, that those seen do not tell those to come, and
//! that a token of ours which a peer sends back is a number again: the small key of a table.

use std::fmt;

use super::fingerprint::FingerprintKey;

/// A token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Token(pub(crate) u64);

impl Token {
    /// Reads a token as we write it; anything else is none of ours.
    pub(crate) fn parse(text: &str) -> Option<Token> {
        if text.len() != 16 {
            return None;
        }
        let mut number = 0;
        for byte in text.bytes() {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                _ => return None,
            };
            number = (number << 4) | u64::from(digit);
        }
        Some(Token(number))
    }

    /// The sixteen digits.
    pub(crate) fn digits(self) -> [u8; 16] {
        let mut digits = [0; 16];
        for (place, digit) in digits.iter_mut().enumerate() {
            let nibble = (self.0 >> (60 - 4 * place)) & 0xf;
            *digit = b"0123456789abcdef"[nibble as usize];
        }
        digits
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The source of all tokens and random numbers of a core.
pub(crate) struct Tokens {
    key: FingerprintKey,
    counter: u64,
}

impl Tokens {
    /// The same seed gives the same tokens.
    pub(crate) fn new(seed: u64) -> Tokens {
        Tokens { key: FingerprintKey::new(seed, 1), counter: 0 }
    }

    /// The next token.
    pub(crate) fn token(&mut self) -> Token {
        Token(self.number())
    }

    /// A number from 0 up to, not including, `bound` (which is not 0).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    fn number(&mut self) -> u64 {
        self.counter += 1;
        self.key.number(self.counter)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The key is a secret: who knows it can name our dialogs.
        f.debug_struct("Tokens").field("counter", &self.counter).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nothing_else_does() {
        let mut tokens = Tokens::new(1);
        for _ in 0..100 {
            let token = tokens.token();
            assert_eq!(Token::parse(&token.to_string()), Some(token));
            assert_eq!(token.digits(), token.to_string().as_bytes());
        }
        for foreign in
            ["", "0123456789abcde", "0123456789ABCDEF", "0123456789abcdefg", "+123456789abcdef"]
        {
            assert_eq!(Token::parse(foreign), None, "{foreign}");
        }
    }
}
