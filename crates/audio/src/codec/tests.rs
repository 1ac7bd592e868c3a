//! Tests of the codecs together.
