//! Recordings that are played (voice messages): read on a thread of their own, so that a long one
//! lets no prompt wait, anew each time, so that one that is deleted is not heard again, and kept
//! nowhere.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

use audio::{ogg, wav};
use call::port::Sound;
use tracing::warn;

use super::library::lock;
use super::loader::Work;
use super::shelf::Shelf;
use super::{Clip, Loaded};
use crate::clock;
use crate::record::existing;

/// The most that wait to be read.
const WAITING_MAX: usize = 256;

/// The handle on the thread. Dropping it waits for the one that is being read.
pub(super) struct Messages {
    line: Option<SyncSender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Messages {
    /// Starts the thread, for files below `folder`.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(super) fn start(
        folder: PathBuf,
        shelf: Arc<Mutex<Shelf>>,
        answers: SyncSender<Loaded>,
    ) -> io::Result<Self> {
        let (line, work) = sync_channel(WAITING_MAX);
        let thread = Builder::new()
            .name("media-messages".into())
            .spawn(move || read_all(&work, &folder, &shelf, &answers))?;
        Ok(Self { line: Some(line), thread: Some(thread) })
    }

    /// Has one read; `false`: too many wait.
    pub(super) fn read(&self, work: Work) -> bool {
        self.line.as_ref().is_some_and(|line| line.try_send(work).is_ok())
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.line = None;
        if let Some(thread) = self.thread.take() {
            // Its panic, if it had one, has been reported where it happened.
            let _ = thread.join();
        }
    }
}

fn read_all(
    line: &Receiver<Work>,
    folder: &Path,
    shelf: &Mutex<Shelf>,
    answers: &SyncSender<Loaded>,
) {
    for Work { wanted, sound, rate, .. } in line {
        let Sound::Recorded(name) = sound else { continue };
        let clips = match read(folder, &name, rate) {
            Ok(clip) => Some(vec![clip]),
            Err(why) => {
                warn!(%name, why, "a recording cannot be played");
                None
            }
        };
        for ticket in lock(shelf).answered(wanted, rate, None, clock::now()) {
            // There is room, and when nobody listens any more nobody waits.
            let _ = answers.try_send(Loaded { ticket, clips: clips.clone() });
        }
    }
}

fn read(folder: &Path, name: &str, rate: u32) -> Result<Clip, String> {
    let limits = wav::Limits::default();
    let path = existing(folder, name).map_err(|error| error.to_string())?;
    let length = fs::metadata(&path).map_err(|error| error.to_string())?.len();
    if length > limits.bytes as u64 {
        return Err(wav::ReadError::TooLarge(limits.bytes).to_string());
    }
    let bytes = fs::read(&path).map_err(|error| error.to_string())?;
    let sound = if path.extension().is_some_and(|extension| extension == "opus") {
        ogg::read(&bytes, rate, limits)
    } else {
        wav::Sound::read_sides(&bytes, limits)
    };
    drop(bytes);
    let sound = sound.map_err(|error| error.to_string())?;
    let sound = sound.at_rate(rate).map_err(|error| error.to_string())?;
    Ok(Clip { rate, pcm: sound.pcm.into() })
}
