//! Texts become sound: by a command, without a shell, and once: what it made is kept under the
//! hash of what was spoken and how.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use audio::wav;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::PromptConfig;
use crate::clock;

/// The longest text, characters.
pub(super) const TEXT_MAX: usize = 2_000;
/// The largest file that a command may make, bytes: half an hour at 16 kHz.
const OUTPUT_MAX: u64 = 64 << 20;
/// No text is spoken with less of the disk free, bytes.
const FREE_MIN: u64 = 16 << 20;
/// How often a running command is looked at, ms.
const LOOK_MS: i64 = 50;
/// What is shown of what a command complains about, bytes.
const COMPLAINT_MAX: u64 = 300;
/// How files begin that are being made.
const UNFINISHED: &str = "making-";

/// Why a text was not spoken.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpeakError {
    /// No command is configured.
    #[error("no command is configured that speaks texts")]
    NoCommand,
    /// The command cannot be started.
    #[error("{program} cannot be started: {cause}")]
    Start {
        /// The first word of the command.
        program: String,
        /// Why.
        cause: io::Error,
    },
    /// It is empty or has more than [`TEXT_MAX`] characters.
    #[error("the text is empty or longer than {TEXT_MAX} characters")]
    Length,
    /// The language is no tag.
    #[error("there is no language {0:?}")]
    Language(String),
    /// The command took too long.
    #[error("{program} took longer than {seconds} s")]
    Timeout {
        /// The first word of the command.
        program: String,
        /// The limit.
        seconds: u64,
    },
    /// It made more than it may.
    #[error("{0} made more than {OUTPUT_MAX} bytes")]
    TooLarge(String),
    /// It failed.
    #[error("{program} failed ({status}): {complaint}")]
    Failed {
        /// The first word of the command.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote about that.
        complaint: String,
    },
    /// What it made is no sound.
    #[error("{program} made no sound: {cause}")]
    NoSound {
        /// The first word of the command.
        program: String,
        /// Why it is none.
        cause: wav::ReadError,
    },
    /// What it made has no end: the disk is full.
    #[error("{0} did not write its file to the end; is the disk full?")]
    CutOff(String),
    /// The server stops.
    #[error("the server stops")]
    Stopping,
    /// The cache cannot be written.
    #[error("spoken texts cannot be kept: {0}")]
    Cache(#[from] io::Error),
}

/// What speaks texts.
#[derive(Debug)]
pub(super) struct Speech {
    command: Vec<String>,
    voice: String,
    folder: PathBuf,
    timeout: Duration,
    cache_bytes: u64,
    /// Files that were begun, which names the next one.
    made: AtomicU64,
    stopping: AtomicBool,
}

impl Speech {
    /// Looks whether the command is there, and tidies up what was left unfinished.
    pub(super) fn new(config: &PromptConfig) -> Self {
        let speech = Self {
            command: config.command.clone(),
            voice: config.voice.clone(),
            folder: config.cache_folder.clone(),
            timeout: Duration::from_secs(config.command_timeout_s),
            cache_bytes: config.cache_bytes,
            made: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
        };
        match speech.command.first() {
            None => info!("texts are not spoken: no command is configured"),
            Some(program) if is_there(program) => info!(program, "texts are spoken"),
            Some(program) => {
                warn!(program, "texts cannot be spoken: the program is not installed");
            }
        }
        speech.tidy();
        speech
    }

    /// Ends running commands; nothing is spoken from now on.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Where the sound of a text is kept, whether it is there or not.
    pub(super) fn place(&self, language: &str, text: &str) -> PathBuf {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            // Lengths, so that no two lists of parts give the same bytes.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        add(language);
        add(&self.voice);
        add(text);
        self.command.iter().for_each(|word| add(word));
        let name: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name + ".wav")
    }

    /// Has a text spoken into its [place](Self::place). Takes as long as the command.
    pub(super) fn speak(&self, language: &str, text: &str) -> Result<(), SpeakError> {
        let length = text.chars().count();
        if length > TEXT_MAX || text.trim().is_empty() {
            return Err(SpeakError::Length);
        }
        if !is_language(language) {
            return Err(SpeakError::Language(language.to_owned()));
        }
        let Some(program) = self.command.first() else { return Err(SpeakError::NoCommand) };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let disk = rustix::fs::statvfs(&self.folder).map_err(io::Error::from)?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < FREE_MIN {
            return Err(io::Error::from(ErrorKind::StorageFull).into());
        }
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let out = self.folder.join(format!("{UNFINISHED}{}-{number}.wav", std::process::id()));
        let complaints = out.with_extension("err");
        let spoken = self
            .run(program, language, text, &out, &complaints)
            .and_then(|()| check(program, &out))
            .and_then(|()| Ok(fs::rename(&out, self.place(language, text))?));
        remove(&complaints);
        if spoken.is_err() {
            remove(&out);
        } else if number % 256 == 255 {
            self.tidy();
        }
        spoken
    }

    fn run(
        &self,
        program: &str,
        language: &str,
        text: &str,
        out: &Path,
        complaints: &Path,
    ) -> Result<(), SpeakError> {
        // A text is never taken for an option.
        let text = if text.starts_with('-') { format!(" {text}") } else { text.to_owned() };
        // A text has no NUL, which no argument can have.
        let text = text.replace('\0', " ");
        let out_text = out.to_string_lossy();
        let voice = if self.voice.is_empty() { language } else { &self.voice };
        let values = [
            ("{text}", &*text),
            ("{language}", language),
            ("{voice}", voice),
            ("{out}", &out_text),
        ];
        let mut command = Command::new(program);
        command.args(self.command[1..].iter().map(|word| fill(word, &values)));
        // It sees none of our secrets, and its children end with it.
        command.env_clear().envs(
            ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR"]
                .into_iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        );
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(complaints)?);
        let start = |cause| SpeakError::Start { program: program.to_owned(), cause };
        let mut child = command.spawn().map_err(start)?;
        let watched = self.watch(program, &mut child, out, complaints);
        if watched.is_err() {
            end(&mut child);
        }
        let status = watched?;
        if status.success() {
            return Ok(());
        }
        let complaint = beginning(complaints);
        Err(SpeakError::Failed { program: program.to_owned(), status, complaint })
    }

    /// Waits for the command as long as it may take.
    fn watch(
        &self,
        program: &str,
        child: &mut Child,
        out: &Path,
        complaints: &Path,
    ) -> Result<ExitStatus, SpeakError> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::from(ErrorKind::NotFound))?;
        let handle = pidfd_open(pid, PidfdFlags::empty()).map_err(io::Error::from)?;
        let end = clock::now() + self.timeout;
        let look = Timespec { tv_sec: 0, tv_nsec: LOOK_MS * 1_000_000 };
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
            if size(out) > OUTPUT_MAX || size(complaints) > OUTPUT_MAX {
                return Err(SpeakError::TooLarge(program.to_owned()));
            }
            if self.stopping.load(Ordering::Relaxed) {
                return Err(SpeakError::Stopping);
            }
            if clock::now() >= end {
                let seconds = self.timeout.as_secs();
                return Err(SpeakError::Timeout { program: program.to_owned(), seconds });
            }
            let mut wait = [PollFd::new(&handle, PollFlags::IN)];
            match poll(&mut wait, Some(&look)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(io::Error::from(errno).into()),
            }
        }
    }

    /// Removes what was left unfinished, and the oldest when there is too much.
    fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let mut files = Vec::new();
        for entry in entries.filter_map(io::Result::ok) {
            let (path, name) = (entry.path(), entry.file_name());
            let is_ours = name.to_string_lossy().starts_with(UNFINISHED);
            let made = self.made.load(Ordering::Relaxed);
            // Later, others may be at work on theirs.
            if is_ours && made == 0 {
                remove(&path);
            } else if !is_ours
                && let Ok(file) = entry.metadata()
                && let Ok(modified) = file.modified()
            {
                files.push((modified, file.len(), path));
            }
        }
        files.sort();
        let mut sum: u64 = files.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in files {
            if sum <= self.cache_bytes {
                break;
            }
            remove(&path);
            sum -= length;
        }
    }
}

/// A word of the command with its placeholders filled, each once: what is filled in is not looked
/// at again.
fn fill(word: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        filled.push_str(before);
        let found = values.iter().find(|(name, _)| from.starts_with(name));
        let (value, length) = found.map_or(("{", 1), |(name, value)| (*value, name.len()));
        filled.push_str(value);
        rest = &from[length..];
    }
    filled + rest
}

/// Whether a text can be a language's tag (BCP 47), of which paths and arguments are made.
pub(super) fn is_language(tag: &str) -> bool {
    tag.len() <= 35
        && tag.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && tag.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign))
}

/// Whether a program can be found.
fn is_there(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether the whole of a sound has been written.
fn check(program: &str, out: &Path) -> Result<(), SpeakError> {
    let program = || program.to_owned();
    if !out.is_file() {
        return Err(SpeakError::NoSound { program: program(), cause: wav::ReadError::NoSound });
    }
    let file = fs::read(out)?;
    if wav::is_cut_off(&file) {
        return Err(SpeakError::CutOff(program()));
    }
    wav::Sound::read(&file, wav::Limits::default())
        .map_err(|cause| SpeakError::NoSound { program: program(), cause })?;
    Ok(File::open(out)?.sync_all()?)
}

/// Ends a command and its children.
fn end(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // The group is gone when all have ended by themselves.
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let _ = child.kill();
    if let Err(error) = child.wait() {
        warn!(%error, "a command that speaks texts does not end");
    }
}

/// The beginning of a file, as text.
fn beginning(path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        let _ = file.take(COMPLAINT_MAX).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        warn!(path = %path.display(), %error, "a file of the prompts' cache cannot be removed");
    }
}

#[cfg(test)]
mod tests;
