//! The document of RFC 3842: whether messages wait, which number to dial for them, how many are
//! new and old.

use call::Counts;

/// What is to be said of a mailbox. `account`: what a telephone dials to listen to it.
pub(super) fn write(account: &str, counts: Counts) -> String {
    let Counts { new, old } = counts;
    let waiting = if new > 0 { "yes" } else { "no" };
    let account: String = account.chars().filter(|c| !c.is_control()).collect();
    format!(
        "Messages-Waiting: {waiting}\r\n\
         Message-Account: {account}\r\n\
         Voice-Message: {new}/{old} (0/0)\r\n"
    )
}
