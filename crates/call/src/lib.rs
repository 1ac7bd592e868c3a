//! The call engine. *call decides, switch translates and owns, server moves bytes.* It knows legs,
//! attempts, bridges and agents; no SIP, no SDP, no sockets, no clock of its own.

pub mod port;
