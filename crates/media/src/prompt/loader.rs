//! The prompt threads: one finds and reads files, others have texts spoken.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use audio::wav;
use call::port::Sound;
use tracing::warn;

use super::library::lock;
use super::say::{Fragment, fragments};
use super::shelf::{ClipId, Shelf, Source, Stamp, Wanted};
use super::speech::{SpeakError, Speech, TEXT_MAX, is_language};
use super::{Clip, Loaded, PromptConfig, files};
use crate::clock;

/// The most texts that wait to be spoken.
const TEXTS_MAX: usize = 256;
/// How long a text is not spoken again after a failure.
const SILENT_FOR: Duration = Duration::from_secs(5);
/// What is cut off the ends of a piece is quieter than this: −46 dB.
const QUIET: u16 = 164;
/// What is left of the silence at each end of a piece, ms.
const PAUSE_MS: u32 = 20;

/// What the loader is told.
pub(super) enum Message {
    /// Load what is wanted, or look whether it has changed.
    Load(Box<Work>),
    /// A text has been spoken, or cannot be.
    Spoken { place: PathBuf, is_there: bool },
    /// End.
    Stop,
}

/// Something to be loaded.
pub(super) struct Work {
    pub(super) wanted: Wanted,
    pub(super) sound: Sound,
    pub(super) rate: u32,
    /// A spoken text of it was broken and is spoken again: not a third time.
    pub(super) is_again: bool,
}

/// Why a file cannot be played.
struct Problem {
    why: String,
    /// It was a spoken text, and has been removed.
    is_removed: bool,
}

/// A text to be spoken.
struct Text {
    language: Arc<str>,
    text: Arc<str>,
    place: PathBuf,
}

/// What a request is made of.
enum Part {
    File(Source),
    /// A text, and the place of its sound.
    Spoken(Text, Source),
}

pub(super) struct Loader {
    config: PromptConfig,
    speech: Arc<Speech>,
    shelf: Arc<Mutex<Shelf>>,
    answers: SyncSender<Loaded>,
    /// To those that speak.
    texts: Option<SyncSender<Text>>,
    speakers: Vec<JoinHandle<()>>,
    /// What waits for texts, and the places of those.
    unspoken: Vec<(Work, BTreeSet<PathBuf>)>,
    /// Texts that are being spoken.
    speaking: BTreeSet<PathBuf>,
    /// Until when a text is not spoken again.
    silent: BTreeMap<PathBuf, Duration>,
}

impl Loader {
    pub(super) fn new(
        config: PromptConfig,
        speech: Arc<Speech>,
        shelf: Arc<Mutex<Shelf>>,
        answers: SyncSender<Loaded>,
    ) -> Self {
        Self {
            config,
            speech,
            shelf,
            answers,
            texts: None,
            speakers: Vec::new(),
            unspoken: Vec::new(),
            speaking: BTreeSet::new(),
            silent: BTreeMap::new(),
        }
    }

    /// Starts the threads that speak, each one text at a time.
    pub(super) fn start_speakers(
        &mut self,
        count: usize,
        done: &SyncSender<Message>,
    ) -> io::Result<()> {
        let (texts, queue) = sync_channel(TEXTS_MAX);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count {
            let (queue, speech, done) = (queue.clone(), self.speech.clone(), done.clone());
            let speaker = Builder::new()
                .name("media-speaker".into())
                .spawn(move || speak_all(&queue, &speech, &done))?;
            self.speakers.push(speaker);
        }
        self.texts = Some(texts);
        Ok(())
    }

    /// Works until it is told to stop.
    pub(super) fn run(mut self, messages: Receiver<Message>) {
        for message in &messages {
            match message {
                Message::Load(work) => self.load(*work),
                Message::Spoken { place, is_there } => self.spoken(&place, is_there),
                Message::Stop => break,
            }
        }
        // Without a line to the loader and a queue of texts they end, and running commands too.
        drop(messages);
        self.texts = None;
        for speaker in self.speakers {
            // Its panic, if it had one, has been reported where it happened.
            let _ = speaker.join();
        }
    }

    fn load(&mut self, work: Work) {
        let parts = match self.parts(&work) {
            Ok(parts) => parts,
            Err(why) => return self.fail(work, &why),
        };
        let mut sources = Vec::with_capacity(parts.len());
        let mut missing = BTreeSet::new();
        for part in parts {
            match part {
                Part::File(source) => sources.push(source),
                Part::Spoken(text, source) => {
                    if !source.0.is_file() {
                        missing.insert(source.0.clone());
                        if let Err(why) = self.want(text) {
                            return self.fail(work, why);
                        }
                    }
                    sources.push(source);
                }
            }
        }
        if !missing.is_empty() {
            self.unspoken.push((work, missing));
            return;
        }
        match self.clips(&work, sources) {
            Ok((clips, sources)) => self.answer(work, Some((clips, sources))),
            Err(problem) if problem.is_removed && !work.is_again => {
                self.load(Work { is_again: true, ..work });
            }
            Err(problem) => self.fail(work, &problem.why),
        }
    }

    /// What a request is made of.
    fn parts(&self, work: &Work) -> Result<Vec<Part>, String> {
        let language = &work.wanted.language;
        if !is_language(language) {
            return Err("the language is no tag".into());
        }
        let parts: Vec<Part> = match &work.sound {
            Sound::File(name) => files::prompt(&self.config.folder, language, name)
                .map(|path| Part::File((path, false)))
                .into_iter()
                .collect(),
            Sound::Music(name) => files::music(&self.config.music_folder, name)
                .into_iter()
                .map(|path| Part::File((path, false)))
                .collect(),
            Sound::Text(text) => vec![self.text(language, text.clone(), false)],
            Sound::Say(spoken) => fragments(spoken, language)
                .into_iter()
                .map(|fragment| self.fragment(language, fragment))
                .collect(),
            // Recordings have a thread of their own.
            Sound::Recorded(_) | Sound::Tone(_) | Sound::Silence { .. } => Vec::new(),
        };
        if parts.is_empty() { Err("there is no such file".into()) } else { Ok(parts) }
    }

    /// A piece of what is said: the file of somebody's own set, else a text.
    fn fragment(&self, language: &Arc<str>, fragment: Fragment) -> Part {
        match fragment {
            Fragment::Text(text) => self.text(language, text.into(), false),
            Fragment::Clip { name, text } => {
                let own = format!("{name}.wav");
                match files::of_language(&self.config.folder, language, &own) {
                    Some(path) => Part::File((path, false)),
                    None => self.text(language, text.into(), true),
                }
            }
        }
    }

    fn text(&self, language: &Arc<str>, text: Arc<str>, is_piece: bool) -> Part {
        let place = self.speech.place(language, &text);
        let source = (place.clone(), is_piece);
        Part::Spoken(Text { language: language.clone(), text, place }, source)
    }

    /// Has a text spoken, unless it is being spoken or could not be a moment ago.
    fn want(&mut self, text: Text) -> Result<(), &'static str> {
        let now = clock::now();
        self.silent.retain(|_, until| now < *until);
        if self.silent.contains_key(&text.place) {
            return Err("it could not be spoken a moment ago");
        }
        if self.speaking.contains(&text.place) {
            return Ok(());
        }
        let Some(texts) = &self.texts else { return Err("nothing speaks texts") };
        let place = text.place.clone();
        match texts.try_send(text) {
            Ok(()) => {
                self.speaking.insert(place);
                Ok(())
            }
            Err(TrySendError::Full(_)) => Err("too many texts wait to be spoken"),
            Err(TrySendError::Disconnected(_)) => Err("nothing speaks texts"),
        }
    }

    /// Goes on with what waited for a text.
    fn spoken(&mut self, place: &Path, is_there: bool) {
        self.speaking.remove(place);
        if !is_there && self.silent.len() < TEXTS_MAX {
            self.silent.insert(place.to_owned(), clock::now() + SILENT_FOR);
        }
        for (work, mut missing) in std::mem::take(&mut self.unspoken) {
            let waited = missing.remove(place);
            if waited && !is_there {
                self.fail(work, "a text of it cannot be spoken");
            } else if waited && missing.is_empty() {
                self.load(work);
            } else {
                self.unspoken.push((work, missing));
            }
        }
    }

    /// The clips of all files, from the shelf or the disk, and the files they are of. Of several
    /// files those that cannot be read are passed over, but not of something that is said.
    fn clips(
        &self,
        work: &Work,
        sources: Vec<Source>,
    ) -> Result<(Vec<Clip>, Vec<Source>), Problem> {
        let is_music = matches!(work.sound, Sound::Music(_));
        let (mut clips, mut used) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        let mut last = None;
        for source in sources {
            match self.clip(&source, work.rate) {
                Ok(clip) => {
                    bytes += size_of_val(&*clip.pcm);
                    if is_music && bytes > self.config.memory_bytes && !clips.is_empty() {
                        let first = source.0.display();
                        warn!(%first, "music is left out: it is more than fits in memory");
                        break;
                    }
                    clips.push(clip);
                    used.push(source);
                }
                Err(problem) if is_music => {
                    warn!(why = problem.why, "a file of music cannot be played");
                    last = Some(problem);
                }
                Err(problem) => return Err(problem),
            }
        }
        match last {
            Some(problem) if clips.is_empty() => Err(problem),
            Some(_) | None => Ok((clips, used)),
        }
    }

    fn clip(&self, (path, is_trimmed): &Source, rate: u32) -> Result<Clip, Problem> {
        let limits = wav::Limits::default();
        let problem =
            |why: String| Problem { why: format!("{}: {why}", path.display()), is_removed: false };
        let unread = |error: io::Error| problem(error.to_string());
        let file = fs::metadata(path).map_err(unread)?;
        let stamp = Stamp { modified: file.modified().map_err(unread)?, length: file.len() };
        let id = ClipId { path: path.clone(), is_trimmed: *is_trimmed, rate };
        if let Some(clip) = lock(&self.shelf).clip(&id, stamp) {
            return Ok(clip);
        }
        if file.len() > limits.bytes as u64 {
            return Err(problem(wav::ReadError::TooLarge(limits.bytes).to_string()));
        }
        let bytes = fs::read(path).map_err(unread)?;
        let sound = wav::Sound::read(&bytes, limits).map_err(|error| Problem {
            is_removed: self.remove_broken(path),
            ..problem(error.to_string())
        })?;
        drop(bytes);
        let sound = if *is_trimmed { trimmed(sound) } else { sound };
        let sound = sound.at_rate(rate).map_err(|error| problem(error.to_string()))?;
        let pcm: Arc<[i16]> = sound.pcm.into();
        let gone = lock(&self.shelf).put(id, pcm.clone(), stamp);
        // Freed here, where nobody waits for it.
        drop(gone);
        Ok(Clip { rate, pcm })
    }

    /// A spoken text that cannot be read, as after a power cut, is removed; whether it was one.
    fn remove_broken(&self, path: &Path) -> bool {
        path.starts_with(&self.config.cache_folder) && fs::remove_file(path).is_ok()
    }

    fn fail(&self, work: Work, why: &str) {
        let name = match &work.sound {
            Sound::File(name) | Sound::Music(name) | Sound::Recorded(name) => name.to_string(),
            // Greetings and directories say the names of people.
            Sound::Text(text) => format!("a text of {} characters", text.chars().count()),
            // Digits that are said are nobody's business.
            Sound::Say(_) | Sound::Tone(_) | Sound::Silence { .. } => "what is said".into(),
        };
        let language = &*work.wanted.language;
        warn!(name, language, why, "a prompt cannot be played");
        self.answer(work, None);
    }

    fn answer(&self, work: Work, found: Option<(Vec<Clip>, Vec<Source>)>) {
        let (clips, sources) = found.unzip();
        let tickets = lock(&self.shelf).answered(work.wanted, work.rate, sources, clock::now());
        for ticket in tickets {
            // There is room, and when nobody listens any more nobody waits.
            let _ = self.answers.try_send(Loaded { ticket, clips: clips.clone() });
        }
    }
}

/// Speaks one text after the other until there is no queue any more.
fn speak_all(queue: &Mutex<Receiver<Text>>, speech: &Speech, done: &SyncSender<Message>) {
    loop {
        // Nobody panics while he holds it.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Text { language, text, place }) = next else { return };
        let spoken = speech.speak(&language, &text);
        let is_there = spoken.is_ok();
        match spoken {
            Ok(()) | Err(SpeakError::Stopping) => {}
            Err(error) => {
                // It may say the name of somebody, or what a caller typed.
                let characters = text.chars().count();
                warn!(characters, %language, %error, limit = TEXT_MAX, "a text cannot be spoken");
            }
        }
        if done.send(Message::Spoken { place, is_there }).is_err() {
            return;
        }
    }
}

/// The sound without the silence before and after it, but for a little.
fn trimmed(mut sound: wav::Sound) -> wav::Sound {
    let pause = (sound.rate * PAUSE_MS / 1_000) as usize;
    let is_loud = |sample: &i16| sample.unsigned_abs() >= QUIET;
    let (first, last) = (sound.pcm.iter().position(is_loud), sound.pcm.iter().rposition(is_loud));
    if let (Some(first), Some(last)) = (first, last) {
        sound.pcm.truncate((last + pause).min(sound.pcm.len()));
        sound.pcm.drain(..first.saturating_sub(pause));
    }
    sound
}
