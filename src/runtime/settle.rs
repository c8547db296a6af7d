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

use std::time::Duration;

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
    /// It appeared, vanished, or changed in a way that tells nothing about a writer.
    Other,
    /// Something may have happened and was not told: there was too much of it.
    Lost,
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

/// A writer closed the file: nothing more comes, short of somebody opening it again.
const REST_AFTER_CLOSE: Duration = Duration::from_millis(100);
/// Nobody said that the file was closed: writers pause this long, but rarely longer.
const REST: Duration = Duration::from_millis(220);
/// On top of it for each megabyte: whoever writes much pauses longer (a full disk cache, a slow parse).
const REST_FOR_A_MEGABYTE: Duration = Duration::from_millis(2);
/// A text that does not show its end, on a system that does not tell who has it open.
const REST_UNTOLD: Duration = Duration::from_millis(1500);
/// So long after the last write in a folder its other reports are waited for: a run that writes several
/// begins the next one at once.
const SIBLINGS: Duration = Duration::from_millis(250);
/// Somebody has the file open and pauses; after this it is tried, for a text shows whether it is whole.
const OPEN_TOLD: Duration = Duration::from_secs(2);
/// The same where the text does not show it: `go test` may pause for as long as a package's tests take.
const OPEN_UNTOLD: Duration = Duration::from_secs(60);
/// A report that does not show its end may grow for so long after its last write.
const GROWS: Duration = Duration::from_secs(3);
/// After the end of a run of our own: for what the system has not told yet.
const REST_AFTER_RUN: Duration = Duration::from_millis(30);
/// So long the files of a run of our own wait for each other.
const PATIENCE_AFTER_RUN: Duration = Duration::from_secs(1);
/// A change is told to a person when it lasts: most are over sooner than one could read about them.
const TOLD_AFTER: Duration = Duration::from_millis(400);

/// Several files, each in its folder.
#[derive(Debug, Default)]
pub struct Settle {
    files: Vec<File>,
    /// A run of our own goes on.
    held: bool,
    /// When it ended, while what it wrote was not read yet: nothing more is to come.
    ended: Option<Duration>,
}

#[derive(Debug)]
struct File {
    folder: usize,
    phase: Phase,
    /// At the look before the reading that the shown report comes from.
    read: Option<Stamp>,
    writer: Writer,
    /// The last thing that happened to it.
    touched: Duration,
    /// The first thing that happened to it since it was read.
    unsettled: Option<Duration>,
    /// Nothing has happened to it since a run of our own ended: it is whole, whatever it looks like.
    whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Unknown,
    Open,
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// What was read is what is there.
    Quiet,
    /// Something happens to it; it is looked at after a rest.
    Moving {
        stamp: Option<Stamp>,
        rest: Duration,
    },
    /// It can be read as soon as its siblings can.
    Ready {
        stamp: Stamp,
        nature: Nature,
    },
    Reading {
        stamp: Stamp,
        nature: Nature,
    },
    /// Nothing goes on before something happens, or before `until`.
    Stuck {
        why: Stuck,
        until: Option<Duration>,
    },
    /// It was read, and may grow until then.
    Growing {
        until: Duration,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stuck {
    Gone,
    Hollow,
    Open,
    Refused(String),
}

impl Settle {
    /// The files by the number of their folder. What is there now counts as read: whoever starts
    /// watching reads first, or says with [`Settle::touch`] what was not read.
    #[must_use]
    pub fn new(folders: impl IntoIterator<Item = (usize, Option<Stamp>)>) -> Self {
        let files = folders.into_iter().map(|(folder, read)| File {
            folder,
            phase: Phase::Quiet,
            read,
            writer: Writer::Unknown,
            touched: Duration::ZERO,
            unsettled: None,
            whole: false,
        });
        Self {
            files: files.collect(),
            held: false,
            ended: None,
        }
    }

    /// Something happened to a file, and it looks like this now.
    pub fn touch(&mut self, file: usize, touch: Touch, stamp: Option<Stamp>, now: Duration) {
        let Some(file) = self.files.get_mut(file) else {
            return;
        };
        file.writer = match touch {
            Touch::Written => Writer::Open,
            Touch::Closed => Writer::Closed,
            Touch::Other if stamp.is_none() => Writer::Unknown,
            Touch::Other => file.writer,
            Touch::Lost => Writer::Unknown,
        };
        let known = match file.phase {
            Phase::Quiet | Phase::Growing { .. } => file.read,
            // What is being read was looked at only just now.
            Phase::Reading { stamp, .. } => Some(stamp),
            // Only a look ends these.
            Phase::Moving { .. } | Phase::Ready { .. } | Phase::Stuck { .. } => None,
        };
        let is_late = match file.phase {
            // Word of what a run of our own wrote before it ended.
            Phase::Moving { stamp: before, .. } => file.whole && same_looks(stamp, before),
            Phase::Ready { stamp: before, .. } => file.whole && same_looks(stamp, Some(before)),
            _ => false,
        };
        let is_same = match (stamp, known) {
            (Some(stamp), Some(known)) => stamp.proves_same(known),
            (None, None) => file.phase == Phase::Quiet,
            _ => false,
        };
        if is_same || is_late {
            return;
        }
        file.touched = now;
        file.unsettled.get_or_insert(now);
        file.whole = false;
        file.phase = Phase::Moving {
            stamp,
            rest: file.rest(stamp),
        };
    }

    /// The answer to [`Wish::Look`].
    pub fn seen(&mut self, file: usize, nature: Nature, stamp: Option<Stamp>, now: Duration) {
        let Some(file) = self.files.get_mut(file) else {
            return;
        };
        let Phase::Moving {
            stamp: before,
            rest,
        } = file.phase
        else {
            return;
        };
        if !same_looks(stamp, before) {
            // Nobody told, and yet it changed.
            file.touched = now;
            file.whole = false;
            file.phase = Phase::Moving {
                stamp,
                rest: file.rest(stamp),
            };
            return;
        }
        let stuck = |why, until| Phase::Stuck { why, until };
        let phase = match (nature, stamp) {
            (Nature::Missing, _) | (_, None) => stuck(Stuck::Gone, None),
            (_, Some(stamp)) if file.read.is_some_and(|read| stamp.proves_same(read)) => {
                Phase::Quiet
            }
            (Nature::Hollow, _) => stuck(Stuck::Hollow, None),
            (_, Some(stamp)) if file.whole => Phase::Ready { stamp, nature },
            (Nature::Told, Some(_)) if file.writer == Writer::Open => {
                stuck(Stuck::Open, Some(file.touched + OPEN_TOLD))
            }
            (Nature::Untold, Some(_)) if file.writer == Writer::Open => {
                stuck(Stuck::Open, Some(file.touched + OPEN_UNTOLD))
            }
            (Nature::Untold, Some(stamp))
                if file.writer == Writer::Unknown && rest < REST_UNTOLD =>
            {
                Phase::Moving {
                    stamp: Some(stamp),
                    rest: REST_UNTOLD,
                }
            }
            (_, Some(stamp)) => Phase::Ready { stamp, nature },
        };
        file.come_to(phase);
    }

    /// The answer to [`Wish::Read`], for each file of it.
    pub fn answer(&mut self, file: usize, outcome: Outcome, now: Duration) {
        let Some(file) = self.files.get_mut(file) else {
            return;
        };
        let Phase::Reading { stamp, nature } = file.phase else {
            // It moves again; what was read does not matter any more.
            return;
        };
        let phase = match outcome {
            Outcome::Read => {
                file.read = Some(stamp);
                let until = file.touched + GROWS;
                if nature == Nature::Untold && !file.whole && now < until {
                    Phase::Growing { until }
                } else {
                    Phase::Quiet
                }
            }
            Outcome::Refused(why) => Phase::Stuck {
                why: Stuck::Refused(why),
                until: None,
            },
            Outcome::Moved => {
                file.touched = now;
                Phase::Moving {
                    stamp: None,
                    rest: file.rest(Some(stamp)),
                }
            }
        };
        file.come_to(phase);
    }

    /// A run of our own begins: nothing is read before its end.
    pub fn hold(&mut self) {
        self.held = true;
        self.ended = None;
    }

    /// The run has ended, and whatever it wrote is whole; the stamps are those of all files.
    pub fn release(&mut self, stamps: impl IntoIterator<Item = Option<Stamp>>, now: Duration) {
        self.held = false;
        self.ended = Some(now);
        for (file, stamp) in self.files.iter_mut().zip(stamps) {
            if matches!(file.phase, Phase::Reading { .. }) {
                continue;
            }
            file.touched = now;
            file.unsettled = Some(now);
            file.whole = true;
            file.phase = Phase::Moving {
                stamp,
                rest: REST_AFTER_RUN,
            };
        }
    }

    /// What was written since [`Settle::hold`] is none of ours, and was put back: as it lies there now it
    /// counts as read.
    pub fn forget(&mut self, stamps: impl IntoIterator<Item = Option<Stamp>>) {
        self.held = false;
        for (file, stamp) in self.files.iter_mut().zip(stamps) {
            file.come_to(Phase::Quiet);
            file.read = stamp;
        }
    }

    /// Somebody else has read the file as it is now.
    pub fn known(&mut self, file: usize, stamp: Stamp) {
        if let Some(file) = self.files.get_mut(file)
            && !matches!(file.phase, Phase::Reading { .. })
        {
            file.come_to(Phase::Quiet);
            file.read = Some(stamp);
        }
    }

    /// Whether a run of our own goes on, and what happens to the files is its business.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// When [`Settle::wake`] has something to do next; `None` while nothing goes on.
    #[must_use]
    pub fn due(&self, now: Duration) -> Option<Duration> {
        if self.held {
            return None;
        }
        let acts = self.files.iter().filter_map(|file| match &file.phase {
            Phase::Moving { rest, .. } => Some(file.touched + *rest),
            Phase::Ready { .. } => self.readable_at(file.folder),
            Phase::Stuck { until, .. } => *until,
            Phase::Growing { until } => Some(*until),
            Phase::Quiet | Phase::Reading { .. } => None,
        });
        let tells = self.files.iter().filter_map(File::told_at);
        acts.chain(tells.filter(|at| *at > now)).min()
    }

    /// What there is to do now. Answer every look before the next call.
    pub fn wake(&mut self, now: Duration) -> Vec<Wish> {
        if self.held {
            return Vec::new();
        }
        let mut looks = Vec::new();
        for (idx, file) in self.files.iter_mut().enumerate() {
            match &file.phase {
                Phase::Moving { rest, .. } if now >= file.touched + *rest => {
                    looks.push(Wish::Look(idx));
                }
                Phase::Stuck {
                    until: Some(until), ..
                } if now >= *until => {
                    // The writer keeps it open and does nothing: it is read as what may grow.
                    file.writer = Writer::Closed;
                    file.phase = Phase::Moving {
                        stamp: None,
                        rest: Duration::ZERO,
                    };
                    looks.push(Wish::Look(idx));
                }
                Phase::Growing { until } if now >= *until => file.come_to(Phase::Quiet),
                _ => {}
            }
        }
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
            let why = match &file.phase {
                Phase::Quiet | Phase::Growing { .. } => return None,
                Phase::Stuck {
                    why: Stuck::Refused(why),
                    ..
                } => why.clone(),
                _ if file.told_at().is_none_or(|at| now < at) => return None,
                Phase::Stuck {
                    why: Stuck::Gone, ..
                } => "it was deleted; tools that do so write it again when they end".to_owned(),
                Phase::Stuck {
                    why: Stuck::Hollow, ..
                } => "it is empty; tools that do so fill it when they end".to_owned(),
                _ => "a tool is writing it".to_owned(),
            };
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

impl File {
    fn come_to(&mut self, phase: Phase) {
        if matches!(phase, Phase::Quiet | Phase::Growing { .. }) {
            self.unsettled = None;
        }
        self.phase = phase;
    }

    /// When it is told that something happens to the file, if that is not over by then.
    fn told_at(&self) -> Option<Duration> {
        Some(self.unsettled? + TOLD_AFTER)
    }

    fn rest(&self, stamp: Option<Stamp>) -> Duration {
        if self.writer == Writer::Closed {
            return REST_AFTER_CLOSE;
        }
        let megabytes = stamp.map_or(0, |stamp| stamp.size >> 20);
        let more = REST_FOR_A_MEGABYTE * u32::try_from(megabytes.min(500)).unwrap_or(500);
        REST + more
    }
}

#[cfg(test)]
mod tests;
