//! What both the sound thread and the prompt threads look at, for a moment each: the clips in
//! memory, of which requests they are the answer, what failed, and who waits.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Clip, ClipState, Ticket};

/// The most requests whose files are remembered.
const KNOWN_MAX: usize = 4_096;
/// The most failures that are remembered.
const FAILED_MAX: usize = 1_024;
/// How long a failure is remembered.
const FAILED_FOR: Duration = Duration::from_secs(5);
/// How old knowledge may become before its files are looked at again.
const FRESH_FOR: Duration = Duration::from_secs(2);

/// A request, in a form that can be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) what: What,
    pub(super) language: Arc<str>,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    File(Arc<str>),
    Music(Arc<str>),
    Text(Arc<str>),
    /// Not kept: neither its sound nor that it failed.
    Recorded(Arc<str>),
    /// What is said, written down.
    Say(String),
}

/// A sound in memory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ClipId {
    pub(super) path: PathBuf,
    /// Without the silence at both ends: a piece of something that is said.
    pub(super) is_trimmed: bool,
    pub(super) rate: u32,
}

/// Which version of a file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) modified: SystemTime,
    pub(super) length: u64,
}

/// A file, and whether it is a piece.
pub(super) type Source = (PathBuf, bool);

struct Stored {
    pcm: Arc<[i16]>,
    stamp: Stamp,
    used: u64,
}

/// The files of a request.
struct Known {
    sources: Vec<Source>,
    checked: Duration,
    used: u64,
}

/// What a request is answered with, besides the state.
pub(super) struct Answer {
    pub(super) state: ClipState,
    /// Its files are to be loaded, or looked at again.
    pub(super) is_work: bool,
}

pub(super) struct Shelf {
    clips: BTreeMap<ClipId, Stored>,
    /// When each clip was used, by that.
    by_use: BTreeMap<u64, ClipId>,
    bytes: usize,
    bytes_max: usize,
    known: BTreeMap<Wanted, Known>,
    failed: BTreeMap<Wanted, Duration>,
    waiting: BTreeMap<(Wanted, u32), Vec<Ticket>>,
    tickets: u64,
    /// Counts uses.
    clock: u64,
}

impl Shelf {
    pub(super) fn new(bytes_max: usize) -> Self {
        let (clips, by_use) = (BTreeMap::new(), BTreeMap::new());
        let (known, failed, waiting) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { clips, by_use, bytes: 0, bytes_max, known, failed, waiting, tickets: 0, clock: 0 }
    }

    /// What there is for a request. Whoever has to wait gets a ticket if there is `room` for one.
    pub(super) fn ask(&mut self, wanted: &Wanted, rate: u32, now: Duration, room: bool) -> Answer {
        let failed = Answer { state: ClipState::Failed, is_work: false };
        if let Some(until) = self.failed.get(wanted) {
            if now < *until {
                return failed;
            }
            self.failed.remove(wanted);
        }
        self.clock += 1;
        let clock = self.clock;
        if let Some(known) = self.known.get_mut(wanted) {
            known.used = clock;
            let is_old = now.saturating_sub(known.checked) > FRESH_FOR;
            let sources = known.sources.clone();
            if is_old {
                known.checked = now;
            }
            if let Some(clips) = self.take(&sources, rate) {
                return Answer { state: ClipState::Ready(clips), is_work: is_old };
            }
        }
        if !room {
            return failed;
        }
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        let waiting = self.waiting.entry((wanted.clone(), rate)).or_default();
        waiting.push(ticket);
        Answer { state: ClipState::Wait(ticket), is_work: waiting.len() == 1 }
    }

    /// Notes the answer to a request; whoever waited for it.
    pub(super) fn answered(
        &mut self,
        wanted: Wanted,
        rate: u32,
        sources: Option<Vec<Source>>,
        now: Duration,
    ) -> Vec<Ticket> {
        let tickets = self.waiting.remove(&(wanted.clone(), rate)).unwrap_or_default();
        self.clock += 1;
        match sources {
            Some(sources) => {
                if self.known.len() >= KNOWN_MAX && !self.known.contains_key(&wanted) {
                    self.forget_oldest();
                }
                self.known.insert(wanted, Known { sources, checked: now, used: self.clock });
            }
            None if matches!(wanted.what, What::Recorded(_)) => {}
            None => {
                self.known.remove(&wanted);
                self.failed.retain(|_, until| now < *until);
                if self.failed.len() < FAILED_MAX {
                    self.failed.insert(wanted, now + FAILED_FOR);
                }
            }
        }
        tickets
    }

    /// A clip, if it is that version of its file.
    pub(super) fn clip(&mut self, id: &ClipId, stamp: Stamp) -> Option<Clip> {
        self.clips.get(id).filter(|stored| stored.stamp == stamp)?;
        self.touch(id)
    }

    /// Keeps a clip in the place of older ones, which are handed out: whoever frees large pieces
    /// of memory should not keep others from looking meanwhile.
    pub(super) fn put(&mut self, id: ClipId, pcm: Arc<[i16]>, stamp: Stamp) -> Vec<Arc<[i16]>> {
        let mut gone: Vec<Arc<[i16]>> = self.remove(&id).into_iter().collect();
        self.clock += 1;
        self.bytes += size_of_val(&*pcm);
        self.by_use.insert(self.clock, id.clone());
        self.clips.insert(id.clone(), Stored { pcm, stamp, used: self.clock });
        while self.bytes > self.bytes_max
            && let Some((_, oldest)) = self.by_use.first_key_value()
            && *oldest != id
        {
            let oldest = oldest.clone();
            gone.extend(self.remove(&oldest));
        }
        gone
    }

    /// The clips of all sources, if all are there.
    fn take(&mut self, sources: &[Source], rate: u32) -> Option<Vec<Clip>> {
        let id = |(path, is_trimmed): &Source| ClipId {
            path: path.clone(),
            is_trimmed: *is_trimmed,
            rate,
        };
        sources.iter().map(|source| self.touch(&id(source))).collect()
    }

    fn touch(&mut self, id: &ClipId) -> Option<Clip> {
        let stored = self.clips.get_mut(id)?;
        self.clock += 1;
        if let Some(id) = self.by_use.remove(&stored.used) {
            self.by_use.insert(self.clock, id);
        }
        stored.used = self.clock;
        Some(Clip { rate: id.rate, pcm: stored.pcm.clone() })
    }

    fn remove(&mut self, id: &ClipId) -> Option<Arc<[i16]>> {
        let stored = self.clips.remove(id)?;
        self.by_use.remove(&stored.used);
        self.bytes -= size_of_val(&*stored.pcm);
        Some(stored.pcm)
    }

    fn forget_oldest(&mut self) {
        let oldest = self.known.iter().min_by_key(|(_, known)| known.used);
        if let Some(oldest) = oldest.map(|(wanted, _)| wanted.clone()) {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(100);
    const STAMP: Stamp = Stamp { modified: SystemTime::UNIX_EPOCH, length: 1 };

    fn wanted(name: &str) -> Wanted {
        Wanted { what: What::File(name.into()), language: "en".into() }
    }

    fn id(name: &str, rate: u32) -> ClipId {
        ClipId { path: name.into(), is_trimmed: false, rate }
    }

    fn filled(bytes_max: usize, names: &[&str]) -> Shelf {
        let mut shelf = Shelf::new(bytes_max);
        for name in names {
            shelf.put(id(name, 8_000), vec![0; 100].into(), STAMP);
            shelf.answered(wanted(name), 8_000, Some(vec![(name.into(), false)]), NOW);
        }
        shelf
    }

    fn is_ready(shelf: &mut Shelf, name: &str) -> bool {
        matches!(shelf.ask(&wanted(name), 8_000, NOW, true).state, ClipState::Ready(_))
    }

    #[test]
    fn the_one_that_was_used_longest_ago_goes_first() {
        let mut shelf = filled(600, &["a", "b", "c"]);
        assert!(is_ready(&mut shelf, "a"));
        let gone = shelf.put(id("d", 8_000), vec![0; 100].into(), STAMP);
        assert_eq!(gone.len(), 1);
        let ready = ["a", "b", "c"].map(|name| is_ready(&mut shelf, name));
        assert_eq!(ready, [true, false, true]);
        assert_eq!((shelf.bytes, shelf.clips.len(), shelf.by_use.len()), (600, 3, 3));
        // One that is too large by itself takes all the place, and goes with the next.
        shelf.put(id("e", 8_000), vec![0; 1_000].into(), STAMP);
        assert_eq!((shelf.bytes, shelf.clips.len()), (2_000, 1));
        shelf.put(id("f", 8_000), vec![0; 10].into(), STAMP);
        assert_eq!((shelf.bytes, shelf.clips.len()), (20, 1));
        // Another version takes the place of the one before.
        shelf.put(id("f", 8_000), vec![0; 20].into(), STAMP);
        assert_eq!((shelf.bytes, shelf.clips.len()), (40, 1));
    }

    #[test]
    fn each_rate_is_a_clip_of_its_own() {
        let mut shelf = filled(600, &["a"]);
        assert!(is_ready(&mut shelf, "a"));
        assert!(shelf.ask(&wanted("a"), 16_000, NOW, true).is_work);
    }

    #[test]
    fn who_asks_for_the_same_waits_for_the_same() {
        let mut shelf = Shelf::new(600);
        let first = shelf.ask(&wanted("a"), 8_000, NOW, true);
        let second = shelf.ask(&wanted("a"), 8_000, NOW, true);
        assert_eq!((first.state, first.is_work), (ClipState::Wait(Ticket(0)), true));
        assert_eq!((second.state, second.is_work), (ClipState::Wait(Ticket(1)), false));
        assert_eq!(shelf.ask(&wanted("a"), 8_000, NOW, false).state, ClipState::Failed);
        let waited = shelf.answered(wanted("a"), 8_000, None, NOW);
        assert_eq!(waited, [Ticket(0), Ticket(1)]);
    }

    #[test]
    fn a_failure_is_remembered_for_some_seconds() {
        let mut shelf = Shelf::new(600);
        shelf.answered(wanted("a"), 8_000, None, NOW);
        let soon = shelf.ask(&wanted("a"), 8_000, NOW + FAILED_FOR / 2, true);
        assert_eq!((soon.state, soon.is_work), (ClipState::Failed, false));
        assert!(shelf.ask(&wanted("a"), 8_000, NOW + FAILED_FOR, true).is_work);
        for number in 0..2 * FAILED_MAX {
            shelf.answered(wanted(&number.to_string()), 8_000, None, NOW);
        }
        assert_eq!(shelf.failed.len(), FAILED_MAX);
    }

    #[test]
    fn what_is_known_is_looked_at_again_now_and_then() {
        let mut shelf = filled(600, &["a"]);
        let mut ask = |after| shelf.ask(&wanted("a"), 8_000, NOW + after, true).is_work;
        assert!(!ask(FRESH_FOR));
        assert!(ask(FRESH_FOR * 2));
        assert!(!ask(FRESH_FOR * 2));
    }

    #[test]
    fn knowledge_has_a_limit() {
        let mut shelf = Shelf::new(600);
        for number in 0..KNOWN_MAX + 10 {
            shelf.answered(wanted(&number.to_string()), 8_000, Some(Vec::new()), NOW);
        }
        assert_eq!(shelf.known.len(), KNOWN_MAX);
        assert!(shelf.known.contains_key(&wanted(&(KNOWN_MAX + 9).to_string())));
        assert!(!shelf.known.contains_key(&wanted("0")));
    }
}
