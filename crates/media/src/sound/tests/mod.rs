//! The studio in virtual time.
