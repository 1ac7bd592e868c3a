//! What the configuration says about prompts.

use std::path::PathBuf;

/// Where prompts come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptConfig {
    /// WAV files: `<folder>/<language>/<name>.wav`, else `<folder>/<name>.wav`.
    pub folder: PathBuf,
    /// Music on hold: files, and folders of files that are played in the order of their names.
    pub music_folder: PathBuf,
    /// Where spoken texts are kept.
    pub cache_folder: PathBuf,
    /// The language when none is asked for (BCP 47).
    pub language: String,
    /// The voice that fills `{voice}` of the command; empty: the language does.
    pub voice: String,
    /// The command that speaks a text, without a shell: its arguments with `{text}`, `{language}`,
    /// `{voice}` and `{out}`, the WAV file to be written. Empty: no text can be spoken.
    pub command: Vec<String>,
    /// How long the command may take, s.
    pub command_timeout_s: u64,
    /// How many texts are spoken at once, 1–16.
    pub speakers: usize,
    /// How much sound is kept in memory, bytes.
    pub memory_bytes: usize,
    /// How much of spoken texts is kept on the disk, bytes.
    pub cache_bytes: u64,
}

impl Default for PromptConfig {
    fn default() -> Self {
        let command = ["espeak-ng", "-v", "{language}", "-w", "{out}", "--", "{text}"];
        Self {
            folder: "prompts".into(),
            music_folder: "music".into(),
            cache_folder: "var/prompts-cache".into(),
            language: "en".into(),
            voice: String::new(),
            command: command.map(String::from).to_vec(),
            command_timeout_s: 10,
            speakers: 2,
            memory_bytes: 256 << 20,
            cache_bytes: 1 << 30,
        }
    }
}
