//! When a report may be read: a state machine without a clock, a file or a thread.
//!
//! No coverage tool replaces its report in one step. Most open it truncated and write for a while
//! (coverage.py leaves it empty for a minute), Vitest deletes the whole folder first, `go test` writes
//! one line at the start of the run and the rest as packages end. So a change means nothing by itself:
//! a file is looked at when nothing has happened to it for a moment, and read when what lies there can
//! be a whole report. Until then the report that was read last stays.
//!
//! A JSON or XML text proves its own end. LCOV records and Go's blocks do not ([`Nature::Untold`]): any
//! prefix of them reads like a whole. There only the writer closing the file, else stillness, can tell,
//! and the report is marked for a while as one that may still grow.
//!
//! Reports in one folder are written by one run, one after the other (a summary and its detail): they
//! are read together, when the last of them is ready. Of a run that this program started itself it
//! knows the end, and nothing is read before.

mod file;

use std::time::Duration;

use self::file::{File, Phase, Stuck, Writer};

/// What a look at a file told. Equal stamps mean that nothing was written in between, unless `fresh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// In bytes.
    pub size: u64,
    /// Since 1970, as the file system says it.
    pub modified: Duration,
    /// 0 where the system has none.
    pub inode: u64,
    /// Written so shortly before the look that a later write may carry the same time: most file systems
    /// count it in steps of some milliseconds.
    pub fresh: bool,
}

impl Stamp {
    /// Whether the file is provably the same as at the other look.
    fn proves_same(self, other: Self) -> bool {
        !self.fresh && !other.fresh && self == other
    }

    pub(super) fn looks_same(self, other: Self) -> bool {
        (self.size, self.modified, self.inode) == (other.size, other.modified, other.inode)
    }
}

fn same_looks(stamp: Option<Stamp>, before: Option<Stamp>) -> bool {
    match (stamp, before) {
        (Some(stamp), Some(before)) => stamp.looks_same(before),
        (None, None) => true,
        _ => false,
    }
}

/// What is in a file, as far as its beginning tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    Missing,
    /// Nothing yet: no byte, or only the first line of a Go profile.
    Hollow,
    /// A text whose end shows when it is parsed.
    Told,
    /// LCOV or a Go profile: where it ends cannot be seen.
    Untold,
}

/// What happened to a file, as the system reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Bytes were written, by somebody who will tell when it is closed.
    Written,
    /// Somebody who could write closed it, or a whole file was moved here.
    Closed,
    /// It appeared or vanished, or something happened that tells nothing about a writer.
    Other,
}

/// What became of the reading of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Read,
    /// It is no whole report: why, in words.
    Refused(String),
    /// It changed while it was being read.
    Moved,
}

/// What the world is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Look at a file, and tell with [`Settle::seen`].
    Look(usize),
    /// Read these files, all together, and tell with [`Settle::answer`] for each.
    Read(Vec<usize>),
}

/// What a person may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Current,
    /// A tool is writing the file, or left it in a state that cannot be read.
    Rewriting {
        file: usize,
        why: String,
    },
    MayGrow {
        file: usize,
    },
}

/// So long after the last write in a folder its other reports are waited for: a run that writes several
/// begins the next one at once.
const SIBLINGS: Duration = Duration::from_millis(250);
/// So long the files of a run of our own wait for each other.
const PATIENCE_AFTER_RUN: Duration = Duration::from_secs(1);

/// Several files, each in its folder.
#[derive(Debug, Default)]
pub struct Settle {
    files: Vec<File>,
    /// So many runs of our own go on.
    held: u32,
    /// One of them was to be read when the last has ended.
    owed: bool,
    /// When it ended, while what it wrote was not read yet: nothing more is to come.
    ended: Option<Duration>,
}

impl Settle {
    /// The files by the number of their folder. What is there now counts as read: whoever starts
    /// watching reads first, or says with [`Settle::touch`] what was not read.
    #[must_use]
    pub fn new(folders: impl IntoIterator<Item = (usize, Option<Stamp>)>) -> Self {
        let files = folders
            .into_iter()
            .map(|(folder, read)| File::new(folder, read));
        Self {
            files: files.collect(),
            held: 0,
            owed: false,
            ended: None,
        }
    }

    /// Something happened to a file, and it looks like this now.
    pub fn touch(&mut self, file: usize, touch: Touch, stamp: Option<Stamp>, now: Duration) {
        if let Some(file) = self.files.get_mut(file) {
            file.touch(touch, stamp, now);
        }
    }

    /// The answer to [`Wish::Look`].
    pub fn seen(&mut self, file: usize, nature: Nature, stamp: Option<Stamp>, now: Duration) {
        if let Some(file) = self.files.get_mut(file) {
            file.seen(nature, stamp, now);
        }
    }

    /// The answer to [`Wish::Read`], for each file of it.
    pub fn answer(&mut self, file: usize, outcome: Outcome, now: Duration) {
        if let Some(file) = self.files.get_mut(file) {
            file.answer(outcome, now);
        }
    }

    /// A run of our own begins: nothing is read before its end, nor before that of any other.
    pub fn hold(&mut self) {
        self.held += 1;
        self.ended = None;
    }

    /// A run has ended, and whatever it wrote is whole; the stamps are those of all files.
    pub fn release(&mut self, stamps: impl IntoIterator<Item = Option<Stamp>>, now: Duration) {
        self.owed = true;
        self.end_run(stamps, now);
    }

    /// A run has ended that was none of the whole suite, and the reports were put back: as they lie there
    /// now they count as read.
    pub fn forget(&mut self, stamps: impl IntoIterator<Item = Option<Stamp>>, now: Duration) {
        self.end_run(stamps, now);
    }

    fn end_run(&mut self, stamps: impl IntoIterator<Item = Option<Stamp>>, now: Duration) {
        self.held = self.held.saturating_sub(1);
        if self.held > 0 {
            return;
        }
        let owed = std::mem::take(&mut self.owed);
        self.ended = owed.then_some(now);
        for (file, stamp) in self.files.iter_mut().zip(stamps) {
            if owed {
                file.left_by_run(stamp, now);
            } else {
                file.take_as_read(stamp);
            }
        }
    }

    /// Somebody else has read the file as it is now.
    pub fn known(&mut self, file: usize, stamp: Stamp) {
        if let Some(file) = self.files.get_mut(file)
            && !matches!(file.phase, Phase::Reading { .. })
        {
            file.take_as_read(Some(stamp));
        }
    }

    /// Whether a run of our own goes on, and what happens to the files is its business.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held > 0
    }

    /// When [`Settle::wake`] has something to do next; `None` while nothing goes on.
    #[must_use]
    pub fn due(&self, now: Duration) -> Option<Duration> {
        if self.is_held() {
            return None;
        }
        let acts = self.files.iter().filter_map(|file| match file.phase {
            Phase::Ready { .. } => self.readable_at(file.folder),
            _ => file.acts_at(),
        });
        let tells = self.files.iter().filter_map(File::told_at);
        acts.chain(tells.filter(|at| *at > now)).min()
    }

    /// What there is to do now. Answer every look before the next call.
    pub fn wake(&mut self, now: Duration) -> Vec<Wish> {
        if self.is_held() {
            return Vec::new();
        }
        let looks: Vec<Wish> = self
            .files
            .iter_mut()
            .enumerate()
            .filter_map(|(idx, file)| file.act(now).then_some(Wish::Look(idx)))
            .collect();
        if !looks.is_empty() {
            return looks;
        }
        let readable: Vec<usize> = self
            .files
            .iter()
            .enumerate()
            .filter(|(_, file)| matches!(file.phase, Phase::Ready { .. }))
            .filter(|(_, file)| self.readable_at(file.folder).is_some_and(|at| now >= at))
            .map(|(idx, _)| idx)
            .collect();
        for idx in &readable {
            if let Some(file) = self.files.get_mut(*idx)
                && let Phase::Ready { stamp, nature } = file.phase
            {
                file.phase = Phase::Reading { stamp, nature };
            }
        }
        if !readable.is_empty() || !self.is_anything_moving() {
            self.ended = None;
        }
        if readable.is_empty() {
            Vec::new()
        } else {
            vec![Wish::Read(readable)]
        }
    }

    /// What to tell: the worst of all files.
    #[must_use]
    pub fn state(&self, now: Duration) -> State {
        let rewriting = self.files.iter().enumerate().find_map(|(idx, file)| {
            let why = file.trouble(now)?;
            Some(State::Rewriting { file: idx, why })
        });
        let growing = || {
            self.files
                .iter()
                .position(|file| matches!(file.phase, Phase::Growing { .. }))
                .map(|file| State::MayGrow { file })
        };
        rewriting.or_else(growing).unwrap_or(State::Current)
    }

    /// When the ready files of a folder may be read: not while a sibling is being written, and not as
    /// long as one that has not moved yet may follow.
    fn readable_at(&self, folder: usize) -> Option<Duration> {
        let mut latest = Duration::ZERO;
        let mut may_follow = false;
        for file in self.files.iter().filter(|file| file.folder == folder) {
            match &file.phase {
                Phase::Ready { .. } => latest = latest.max(file.touched),
                Phase::Moving { .. }
                | Phase::Reading { .. }
                | Phase::Stuck {
                    why: Stuck::Open, ..
                } => return None,
                Phase::Stuck {
                    why: Stuck::Hollow, ..
                } if file.writer == Writer::Open => return None,
                Phase::Quiet | Phase::Growing { .. } | Phase::Stuck { .. } => {
                    may_follow = true;
                }
            }
        }
        match self.ended {
            // All that the run wrote is read at once; but somebody else may write on and on.
            Some(end) if self.is_anything_moving() => Some(end + PATIENCE_AFTER_RUN),
            None if may_follow => Some(latest + SIBLINGS),
            Some(_) | None => Some(latest),
        }
    }

    fn is_anything_moving(&self) -> bool {
        let moving = |file: &File| matches!(file.phase, Phase::Moving { .. });
        self.files.iter().any(moving)
    }
}

#[cfg(test)]
mod tests;
