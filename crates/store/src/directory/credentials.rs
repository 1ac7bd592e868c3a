//! H(A1) of a SIP user (RFC 7616 §3.4.2): the only form in which a password is kept.

use md5::{Digest, Md5};
use model::directory::source::UserEntry;
use sha2::Sha256;

/// Both hashes of one user, in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ha1 {
    pub(super) md5: String,
    pub(super) sha256: String,
}

/// What the entry gives; `None` when the user has no password and cannot register.
pub(super) fn ha1(user: &UserEntry, realm: &str) -> Option<Ha1> {
    if let Some(given) = &user.sip_ha1 {
        let (md5, sha256) = (given.md5.to_ascii_lowercase(), given.sha256.to_ascii_lowercase());
        return Some(Ha1 { md5, sha256 });
    }
    let password = user.sip_password.as_ref()?;
    let text = format!("{}:{realm}:{password}", user.sip_username);
    Some(Ha1 { md5: hex(&Md5::digest(&text)), sha256: hex(&Sha256::digest(&text)) })
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_are_those_of_rfc_7616_section_3_9_1() {
        let user = r#"{"id": "u", "display_name": "M", "sip_username": "Mufasa",
            "sip_password": "Circle of Life"}"#;
        let user: UserEntry = serde_json::from_str(user).expect("a user");
        let ha1 = ha1(&user, "http-auth@example.org").expect("a password is given");
        assert_eq!(ha1.md5, "3d78807defe7de2157e2b0b6573a855f");
        assert_eq!(ha1.sha256, "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232");
    }
}
