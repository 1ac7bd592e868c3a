//! The PIN of a mailbox: what was typed of it, which nothing shows, and whether it is right. The
//! directory has only its hash, so that no file and no table has a PIN; the comparison takes the
//! same time whatever was typed.

use std::fmt;

use model::directory::MailboxId;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::Owner;
use crate::port::Digit;

/// Digits that are kept of what is typed; a longer PIN is wrong.
pub(crate) const LONGEST: usize = 16;

/// What was typed so far.
#[derive(Default)]
pub(crate) struct Typed {
    signs: String,
    too_long: bool,
}

impl Typed {
    pub(crate) fn push(&mut self, digit: Digit) {
        if self.signs.len() < LONGEST {
            self.signs.push(digit.sign());
        } else {
            self.too_long = true;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.signs.is_empty()
    }

    /// Whether it is the PIN of this mailbox, whose hash is SHA-256 of `<owner id>:<PIN>` in hex.
    pub(crate) fn is_pin_of(&self, mailbox: &MailboxId, pin_sha256: &str) -> bool {
        let mut hash = Sha256::new();
        hash.update(Owner::id(mailbox).as_bytes());
        hash.update(b":");
        hash.update(self.signs.as_bytes());
        let typed = hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            for nibble in [byte >> 4, byte & 15] {
                hex.extend(char::from_digit(u32::from(nibble), 16));
            }
            hex
        });
        let right = typed.as_bytes().ct_eq(pin_sha256.to_ascii_lowercase().as_bytes());
        bool::from(right) && !self.too_long && !self.is_empty()
    }
}

/// Shows nothing of what was typed, not even how much.
impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(•)")
    }
}

#[cfg(test)]
mod tests {
    use model::{GroupId, UserId};

    use super::*;

    /// SHA-256 of `u-ana:4711`.
    const ANA: &str = "46cfd219c8809b6f397ceeb5b952f3f48bc04abdd32a80ecde723e5fefff6bba";

    fn typed(signs: &str) -> Typed {
        let mut typed = Typed::default();
        signs.chars().filter_map(Digit::new).for_each(|digit| typed.push(digit));
        typed
    }

    #[test]
    fn only_the_whole_pin_of_this_owner_is_right() {
        let ana = MailboxId::User(UserId::from("u-ana"));
        assert!(typed("4711").is_pin_of(&ana, ANA));
        assert!(typed("4711").is_pin_of(&ana, &ANA.to_uppercase()));
        for wrong in ["", "471", "47110", "4712", "1174"] {
            assert!(!typed(wrong).is_pin_of(&ana, ANA), "{wrong}");
        }
        assert!(!typed("4711").is_pin_of(&MailboxId::Group(GroupId::from("u-ben")), ANA));
        assert!(!typed("4711").is_pin_of(&ana, "no hash"));
    }

    #[test]
    fn a_pin_is_as_long_as_it_may_be_and_no_longer() {
        let ana = MailboxId::User(UserId::from("u-ana"));
        // SHA-256 of `u-ana:1234567890123456`.
        let hash = "a4426a60db2bf50969e5092a3edf8fdadc0e4c8f9e41e74b1e5307ee0d8ec09f";
        assert!(typed("1234567890123456").is_pin_of(&ana, hash));
        assert!(!typed("12345678901234567").is_pin_of(&ana, hash));
    }

    #[test]
    fn nothing_shows_what_was_typed() {
        assert_eq!(format!("{:?}", typed("4711")), "Typed(•)");
    }
}
