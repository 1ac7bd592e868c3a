//! Digest. In the making.
