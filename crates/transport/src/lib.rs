//! Moves SIP messages between sockets and the core.
