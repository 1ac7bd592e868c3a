//! A softphone without IO.
