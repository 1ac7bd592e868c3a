//! The wire format as others see it: reading, writing, framing, torture, and `rsip` as oracle.

#![expect(clippy::unwrap_used, reason = "what a test cannot unwrap has failed")]

mod framing;
mod limits;
mod oracle;
mod properties;
mod rfc_files;
mod torture;
mod verdict;
mod writing;
