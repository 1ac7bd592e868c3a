//! Where closed recordings go.

use std::io;
use std::path::Path;

/// Takes closed recordings. This is where a store of objects (S3) comes in: its `keep` hands the
/// file to an upload of its own and returns; an upload that fails is tried again from the local
/// file, which stays until its retention is over.
pub trait Vault: Send {
    /// Takes a closed file. Called on the disk thread, which writes all recordings: it must not
    /// wait for a network.
    ///
    /// `name` is the file's below the recordings folder, with `/` between folders, as the database
    /// has it: the key of an object.
    ///
    /// # Errors
    /// It cannot be taken; logged, and the local file stays.
    fn keep(&mut self, local: &Path, name: &str) -> io::Result<()>;
}

/// The recordings folder itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalVault;

impl Vault for LocalVault {
    fn keep(&mut self, _local: &Path, _name: &str) -> io::Result<()> {
        Ok(())
    }
}
