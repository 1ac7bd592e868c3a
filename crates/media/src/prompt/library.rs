//! The handle of the sound thread on all prompts.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use call::port::Sound;

use super::loader::{Loader, Message, Work};
use super::recorded::Messages;
use super::shelf::{Shelf, Wanted, What};
use super::speech::Speech;
use super::{ClipState, Loaded, PromptConfig, PromptKey};
use crate::clock;

/// The most answers that are waited for.
const TICKETS_MAX: usize = 8_192;
/// The most messages on their way to the loader.
const WORK_MAX: usize = 8_192;
/// The most threads that speak.
const SPEAKERS_MAX: usize = 16;

/// Gives sounds that are in memory and has the others loaded. Dropping it ends what it started.
pub(crate) struct Library {
    shelf: Arc<Mutex<Shelf>>,
    work: SyncSender<Message>,
    messages: Messages,
    outstanding: Arc<AtomicUsize>,
    speech: Arc<Speech>,
    language: Arc<str>,
    loader: Option<JoinHandle<()>>,
}

/// The answers that were waited for.
pub(crate) struct Answers {
    loaded: Receiver<Loaded>,
    outstanding: Arc<AtomicUsize>,
}

impl Library {
    /// Starts the prompt threads: one that reads files, one that reads the recordings of a folder,
    /// and those that speak.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(config: PromptConfig, recordings: PathBuf) -> io::Result<(Self, Answers)> {
        let speech = Arc::new(Speech::new(&config));
        let shelf = Arc::new(Mutex::new(Shelf::new(config.memory_bytes)));
        // Answers have room: tickets that are out are counted.
        let (answer, loaded) = sync_channel(TICKETS_MAX);
        let (work, jobs) = sync_channel(WORK_MAX);
        let language = Arc::from(config.language.as_str());
        let messages = Messages::start(recordings, shelf.clone(), answer.clone())?;
        let speakers = config.speakers.clamp(1, SPEAKERS_MAX);
        let mut loader = Loader::new(config, speech.clone(), shelf.clone(), answer);
        loader.start_speakers(speakers, &work)?;
        let loader = Builder::new()
            .name("media-prompts".into())
            .spawn(move || loader.run(jobs))
            .inspect_err(|_| speech.stop())?;
        let outstanding = Arc::new(AtomicUsize::new(0));
        let answers = Answers { loaded, outstanding: outstanding.clone() };
        let loader = Some(loader);
        let library = Self { shelf, work, messages, outstanding, speech, language, loader };
        Ok((library, answers))
    }

    /// Asks for a sound at a rate (8,000, 16,000 or 48,000). Never waits but for a moment of
    /// another's look at the shelf.
    pub(crate) fn request(&self, key: &PromptKey, rate: u32) -> ClipState {
        let Some(what) = what(&key.sound) else { return ClipState::Failed };
        let mut language = key.language.as_ref().unwrap_or(&self.language).clone();
        if language.contains('_') {
            // As POSIX writes it, and as no folder is called.
            language = language.replace('_', "-").into();
        }
        let wanted = Wanted { what, language };
        let has_room = self.outstanding.load(Ordering::Relaxed) < TICKETS_MAX;
        let answer = lock(&self.shelf).ask(&wanted, rate, clock::now(), has_room);
        if let ClipState::Wait(_) = answer.state {
            self.outstanding.fetch_add(1, Ordering::Relaxed);
        }
        if answer.is_work {
            let sound = key.sound.clone();
            let work = Work { wanted: wanted.clone(), sound, rate, is_again: false };
            let is_sent = match work.wanted.what {
                What::Recorded(_) => self.messages.read(work),
                What::File(_) | What::Music(_) | What::Text(_) | What::Say(_) => {
                    self.work.try_send(Message::Load(Box::new(work))).is_ok()
                }
            };
            if let (false, ClipState::Wait(_)) = (is_sent, &answer.state) {
                // Nobody else waits for it: the first one sends the work.
                let waited = lock(&self.shelf).answered(wanted, rate, None, clock::now());
                self.outstanding.fetch_sub(waited.len(), Ordering::Relaxed);
                return ClipState::Failed;
            }
        }
        answer.state
    }
}

/// What can be loaded; tones and silence cannot.
fn what(sound: &Sound) -> Option<What> {
    match sound {
        Sound::File(name) => Some(What::File(name.clone())),
        Sound::Music(name) => Some(What::Music(name.clone())),
        Sound::Text(text) => Some(What::Text(text.clone())),
        Sound::Recorded(name) => Some(What::Recorded(name.clone())),
        Sound::Say(spoken) => Some(What::Say(format!("{spoken:?}"))),
        Sound::Tone(_) | Sound::Silence { .. } => None,
    }
}

/// Looks at the shelf. A thread that panicked there left it whole: nothing in it is done by halves
/// that another could see.
pub(super) fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Library {
    fn drop(&mut self) {
        self.speech.stop();
        // A loader that has ended needs no telling.
        let _ = self.work.send(Message::Stop);
        if let Some(loader) = self.loader.take() {
            // Its panic, if it had one, has been reported where it happened.
            let _ = loader.join();
        }
    }
}

impl Answers {
    /// The next answer, if there is one now.
    pub(crate) fn next(&self) -> Option<Loaded> {
        let loaded = self.loaded.try_recv().ok()?;
        self.outstanding.fetch_sub(1, Ordering::Relaxed);
        Some(loaded)
    }
}

#[cfg(test)]
impl Answers {
    /// The next answer.
    pub(super) fn wait(&self) -> Loaded {
        let loaded = self.loaded.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
        self.outstanding.fetch_sub(1, Ordering::Relaxed);
        loaded
    }
}
