//! Sections of the configuration that are read in a file of their own.

pub(super) mod acd;
pub(super) mod outside;
pub(super) mod ring;
pub(super) mod transfer;
