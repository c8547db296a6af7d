//! How far a reading is: counted by the threads that parse, asked by whoever tells the person.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::app::message::Reading;

/// Counts of the reading that runs, or of the last one.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicU64,
    total: AtomicU64,
    files: AtomicUsize,
}

impl Progress {
    /// A reading of so many bytes begins.
    pub(super) fn begin(&self, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.files.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// So many bytes more were parsed.
    pub(super) fn add(&self, bytes: usize) {
        self.done.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// A report was parsed to its end, and names so many files.
    pub(super) fn parsed(&self, files: usize) {
        self.files.fetch_add(files, Ordering::Relaxed);
    }

    /// How far it is.
    #[must_use]
    pub fn now(&self) -> Reading {
        let total = self.total.load(Ordering::Relaxed);
        Reading {
            done: self.done.load(Ordering::Relaxed).min(total),
            total,
            files: self.files.load(Ordering::Relaxed),
        }
    }
}
