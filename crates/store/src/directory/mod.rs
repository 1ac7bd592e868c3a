//! The directory in the database: loaded as the snapshot that routing reads (`load`), filled
//! from a directory file (`import`), which is checked first and without a database
//! ([`validate`]).

mod children;
mod credentials;
mod entities;
mod extras;
mod import;
mod load;
mod settings;
mod validate;

pub(crate) use import::import;
pub use import::{Change, ChangeKind, ImportMode, ImportReport};
pub(crate) use load::load;
pub use validate::{DirectoryProblem, Severity, validate};

#[cfg(test)]
mod tests;
