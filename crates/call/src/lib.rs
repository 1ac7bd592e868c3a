//! The call engine.
