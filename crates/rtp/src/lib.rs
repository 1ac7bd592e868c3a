//! RTP and what is said about it, without IO (RFC 3550, RFC 3551, RFC 3611, RFC 4733, G.107): the
//! wire formats, a leg's outgoing stream, what a stream's reception tells, and the quality that
//! somebody hears.

pub mod quality;
pub mod reception;
