//! IVRs: what a definition means ([`program`]), a caller's way through them ([`session`]), what
//! schedules say ([`hours`]), what callers press ([`keys`], [`input`]) and spell ([`names`]).

pub(crate) mod hours;
pub(crate) mod input;
pub(crate) mod keys;
pub(crate) mod names;
pub(crate) mod program;
pub(crate) mod session;
mod settings;

pub use self::settings::IvrSettings;
