//! What the configuration says about recordings.

use std::path::PathBuf;

/// Where recordings go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordConfig {
    /// The recordings folder; made when the first recording begins.
    pub folder: PathBuf,
    /// A recording begins only when this much of the disk is free, bytes.
    pub min_free_bytes: u64,
    /// The most sound that is lost when a server is killed, ms; 100–10,000.
    pub checkpoint_ms: u64,
    /// For how long a recording waits for a disk that does not answer before its sound is dropped,
    /// and how much may be dropped before the recording is given up, s.
    pub patience_s: u32,
    /// Of recordings in Opus: bits a second of each side.
    pub opus_bitrate_bps: u32,
    /// Of recordings in Opus: 0 (quick) to 10 (good). At 3 a core encodes about a hundred
    /// recordings.
    pub opus_complexity: u8,
}

impl Default for RecordConfig {
    fn default() -> Self {
        Self {
            folder: "var/recordings".into(),
            min_free_bytes: 100 << 20,
            checkpoint_ms: 1_000,
            patience_s: 5,
            opus_bitrate_bps: 24_000,
            opus_complexity: 3,
        }
    }
}
