//! The SIP of RFC 3261, without IO.
