//! IVRs: what a definition means ([`program`]) and a caller's way through them ([`session`]).

pub(crate) mod program;
pub(crate) mod session;
