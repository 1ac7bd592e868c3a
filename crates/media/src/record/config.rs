//! What the configuration says about recordings.

use std::path::PathBuf;

/// Where recordings go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordConfig {
    /// The recordings folder.
    pub folder: PathBuf,
    /// A recording begins only when this much of the disk is free, MiB.
    pub min_free_mb: u64,
}

impl Default for RecordConfig {
    fn default() -> Self {
        Self { folder: "var/recordings".into(), min_free_mb: 100 }
    }
}
