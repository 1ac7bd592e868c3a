//! Raises and clears that do not flap (model §4.6).
