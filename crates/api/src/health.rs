//! Whether the server takes calls: `/readyz` is 200 only while every listener is bound, the
//! database takes writes and the server is not draining.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use utoipa::ToSchema;

/// The flags; all false until the server sets them.
#[derive(Debug, Default)]
pub struct Health {
    listeners_bound: AtomicBool,
    database_writable: AtomicBool,
    draining: AtomicBool,
}

/// What the flags say at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether new calls are taken.
    pub ready: bool,
    /// Whether every listener is bound.
    pub listeners_bound: bool,
    /// Whether the last write to the database succeeded.
    pub database_writable: bool,
    /// Whether the server waits for its last calls.
    pub draining: bool,
}

impl Health {
    /// Says that every listener is bound, or one no longer.
    pub fn set_listeners_bound(&self, bound: bool) {
        self.listeners_bound.store(bound, Ordering::Relaxed);
    }

    /// Says whether the database takes writes.
    pub fn set_database_writable(&self, writable: bool) {
        self.database_writable.store(writable, Ordering::Relaxed);
    }

    /// Says that the server waits for its last calls.
    pub fn set_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// What the flags say.
    pub fn readiness(&self) -> Readiness {
        let listeners_bound = self.listeners_bound.load(Ordering::Relaxed);
        let database_writable = self.database_writable.load(Ordering::Relaxed);
        let draining = self.draining.load(Ordering::Relaxed);
        Readiness {
            ready: listeners_bound && database_writable && !draining,
            listeners_bound,
            database_writable,
            draining,
        }
    }
}
