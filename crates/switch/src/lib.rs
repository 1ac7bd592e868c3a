//! The composed brain.
