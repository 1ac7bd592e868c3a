//! Digest authentication on both sides (RFC 3261 section 22, RFC 7616, RFC 8760).
//!
//! Server: nonces carry their own proof and age, each use must count up, an unknown user costs
//! the same as a known one. Client: credentials are never given to a realm they are not for.

mod client;
mod digest;
mod header;
mod server;
#[cfg(test)]
mod tests;

pub use client::{Credentials, Secret, answer, choose};
pub use digest::{Algorithm, Ha1, ha1};
pub use header::{Authorization, Challenge};
pub use server::{Authenticator, AuthenticatorConfig, Side, Verdict};
