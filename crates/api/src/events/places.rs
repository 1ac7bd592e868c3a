//! How many event streams may be open: in all, and of one key.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::problem::{Code, Problem};

/// Streams in all; each holds a connection of the listener, of which there are more.
const PLACES: usize = 64;

/// Streams of one key.
const OF_ONE_KEY: usize = 16;

/// Open streams by key.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: Mutex<BTreeMap<Arc<str>, usize>>,
}

/// A stream's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    streams: Arc<Streams>,
    key: Arc<str>,
}

impl Streams {
    /// Takes a place.
    pub(super) fn enter(self: &Arc<Self>, key: &Arc<str>) -> Result<Place, Problem> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = open.values().sum();
        let own = open.get(key).copied().unwrap_or(0);
        if all >= PLACES || own >= OF_ONE_KEY {
            let detail = if own >= OF_ONE_KEY {
                format!("this key has {OF_ONE_KEY}")
            } else {
                format!("there are {PLACES}")
            };
            return Err(Problem::of(Code::TooManyStreams).detail(detail).retry_after_s(5));
        }
        open.insert(key.clone(), own + 1);
        Ok(Place { streams: self.clone(), key: key.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_in_all_and_for_a_key_and_come_back() {
        let streams = Arc::new(Streams::default());
        let mut places = Vec::new();
        for key in ["a", "b", "c", "d"] {
            for _ in 0..OF_ONE_KEY {
                places.push(streams.enter(&Arc::from(key)).expect("a place"));
            }
            let refused = streams.enter(&Arc::from(key)).expect_err("no place");
            assert_eq!(refused.code(), "too_many_streams");
        }
        assert_eq!(places.len(), PLACES);
        assert!(streams.enter(&Arc::from("e")).is_err());
        places.pop();
        drop(streams.enter(&Arc::from("e")).expect("a place"));
        places.clear();
        assert!(streams.open.lock().expect("nobody panicked").is_empty());
    }
}
