//! Message framing on streams (RFC 3261 section 18.3). In the making.
