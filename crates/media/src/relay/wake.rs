//! Wakes the relay thread when something is in its channel: one system call for many commands.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{Errno, read, write};

/// A bell that is rung at most once until it is heard.
#[derive(Debug)]
pub(crate) struct Wake {
    bell: OwnedFd,
    rung: AtomicBool,
}

impl Wake {
    pub(crate) fn new() -> Result<Self, Errno> {
        let bell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?;
        Ok(Self { bell, rung: AtomicBool::new(false) })
    }

    /// To be called after the channel got something.
    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // It can only fail by being full, and then it rings already.
            let _ = write(&self.bell, &1_u64.to_ne_bytes());
        }
    }

    /// To be called before the channel is emptied: whoever fills it later rings again, and whoever
    /// found the bell rung had filled it before.
    pub(crate) fn hear(&self) {
        let _ = read(&self.bell, &mut [0_u8; 8]);
        self.rung.swap(false, Ordering::AcqRel);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
