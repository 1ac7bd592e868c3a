//! One stream, many feeds.
