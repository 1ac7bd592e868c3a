//! The fold of the log of calls that are handed on: transfers, conferences, consultations that
//! were calls of their own.

mod absorbed;
mod oracle;
mod parties;
mod story;
mod timeline;
