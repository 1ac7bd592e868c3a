//! Buffers of payloads that go round between two threads instead of being allocated.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Buffers that an end keeps before it gives some to the other.
const POOL: usize = 1_024;
/// What a new buffer has room for: 20 ms of any codec, 60 ms of most.
const BUFFER: usize = 512;

/// Buffers that go round between two threads.
#[derive(Debug)]
pub(crate) struct Buffers {
    pool: Vec<Vec<u8>>,
    give: SyncSender<Vec<u8>>,
    get: Receiver<Vec<u8>>,
}

impl Buffers {
    /// Those of two ends.
    pub(super) fn pair() -> (Self, Self) {
        let (there, back) = (sync_channel(POOL), sync_channel(POOL));
        let end = |give, get| Self { pool: Vec::new(), give, get };
        (end(there.0, back.1), end(back.0, there.1))
    }

    /// An empty buffer.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let pooled = self.pool.pop().or_else(|| self.get.try_recv().ok());
        pooled.unwrap_or_else(|| Vec::with_capacity(BUFFER))
    }

    /// Puts a buffer back whose content is no longer wanted.
    pub(crate) fn put(&mut self, mut buffer: Vec<u8>) {
        // One that has grown beyond what a codec needs, or holds nothing, is not worth keeping.
        if buffer.capacity() == 0 || buffer.capacity() > 8 * BUFFER {
            return;
        }
        buffer.clear();
        if self.pool.len() < POOL {
            self.pool.push(buffer);
        } else {
            // Both ends have enough: it is freed.
            let _ = self.give.try_send(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_end_has_too_many_of_comes_back() {
        let (mut own, mut others) = Buffers::pair();
        for _ in 0..POOL + 1 {
            others.put(Vec::with_capacity(100));
        }
        assert_eq!(own.take().capacity(), 100);
        assert_eq!(own.take().capacity(), BUFFER);
        assert_eq!(others.pool.len(), POOL);
        // Neither nothing nor too much is worth keeping, nor more than both have room for.
        own.put(Vec::new());
        own.put(Vec::with_capacity(100_000));
        assert_eq!(own.pool.len(), 0);
        for _ in 0..3 * POOL {
            others.put(Vec::with_capacity(100));
        }
        assert_eq!(others.pool.len(), POOL);
    }
}
