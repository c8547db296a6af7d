//! One report file between two readings: a phase, and what takes it to the next one.

use std::time::Duration;

use super::{Nature, Outcome, Stamp, Touch, same_looks};

/// A writer closed the file: nothing more comes, short of somebody opening it again.
const REST_AFTER_CLOSE: Duration = Duration::from_millis(100);
/// Nobody said that the file was closed: writers pause this long, but rarely longer.
const REST: Duration = Duration::from_millis(220);
/// On top of it for each megabyte: whoever writes much pauses longer (a full disk cache, a slow parse).
const REST_FOR_A_MEGABYTE: Duration = Duration::from_millis(2);
/// A text that does not show its end, on a system that does not tell who has it open.
const REST_UNTOLD: Duration = Duration::from_millis(1500);
/// Somebody has the file open and pauses; after this it is tried, for a text shows whether it is whole.
const OPEN_TOLD: Duration = Duration::from_secs(2);
/// The same where the text does not show it: `go test` may pause for as long as a package's tests take.
const OPEN_UNTOLD: Duration = Duration::from_secs(60);
/// A report that does not show its end may grow for so long after its last write.
const GROWS: Duration = Duration::from_secs(3);
/// After the end of a run of our own: for what the system has not told yet.
const REST_AFTER_RUN: Duration = Duration::from_millis(30);
/// A change is told to a person when it lasts: most are over sooner than one could read about them.
const TOLD_AFTER: Duration = Duration::from_millis(400);

#[derive(Debug)]
pub(super) struct File {
    pub(super) folder: usize,
    pub(super) phase: Phase,
    /// At the look before the reading that the shown report comes from.
    read: Option<Stamp>,
    pub(super) writer: Writer,
    /// The last thing that happened to it.
    pub(super) touched: Duration,
    /// The first thing that happened to it since it was read.
    unsettled: Option<Duration>,
    /// Nothing has happened to it since a run of our own ended: it is whole, whatever it looks like.
    whole: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    Unknown,
    Open,
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
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
pub(super) enum Stuck {
    Gone,
    Hollow,
    Open,
    Refused(String),
}

impl File {
    pub(super) fn new(folder: usize, read: Option<Stamp>) -> Self {
        Self {
            folder,
            phase: Phase::Quiet,
            read,
            writer: Writer::Unknown,
            touched: Duration::ZERO,
            unsettled: None,
            whole: false,
        }
    }

    pub(super) fn touch(&mut self, touch: Touch, stamp: Option<Stamp>, now: Duration) {
        let known = match self.phase {
            Phase::Quiet | Phase::Growing { .. } => self.read,
            // What is being read was looked at only just now.
            Phase::Reading { stamp, .. } => Some(stamp),
            // Only a look ends these.
            Phase::Moving { .. } | Phase::Ready { .. } | Phase::Stuck { .. } => None,
        };
        let is_late = match self.phase {
            // Word of what a run of our own wrote before it ended.
            Phase::Moving { stamp: before, .. } => self.whole && same_looks(stamp, before),
            Phase::Ready { stamp: before, .. } => self.whole && same_looks(stamp, Some(before)),
            _ => false,
        };
        let is_same = match (stamp, known) {
            (Some(stamp), Some(known)) => stamp.proves_same(known),
            (None, None) => self.phase == Phase::Quiet,
            _ => false,
        };
        if is_same || is_late {
            return;
        }
        self.writer = match touch {
            Touch::Written => Writer::Open,
            Touch::Closed => Writer::Closed,
            Touch::Other => Writer::Unknown,
        };
        self.touched = now;
        self.unsettled.get_or_insert(now);
        self.whole = false;
        self.phase = Phase::Moving {
            stamp,
            rest: self.rest(stamp),
        };
    }

    pub(super) fn seen(&mut self, nature: Nature, stamp: Option<Stamp>, now: Duration) {
        let Phase::Moving {
            stamp: before,
            rest,
        } = self.phase
        else {
            return;
        };
        if !same_looks(stamp, before) {
            // Nobody told, and yet it changed.
            self.touched = now;
            self.whole = false;
            self.phase = Phase::Moving {
                stamp,
                rest: self.rest(stamp),
            };
            return;
        }
        let stuck = |why, until| Phase::Stuck { why, until };
        let phase = match (nature, stamp) {
            (Nature::Missing, _) | (_, None) => stuck(Stuck::Gone, None),
            (_, Some(stamp)) if self.read.is_some_and(|read| stamp.proves_same(read)) => {
                Phase::Quiet
            }
            (Nature::Hollow, _) => stuck(Stuck::Hollow, None),
            (_, Some(stamp)) if self.whole => Phase::Ready { stamp, nature },
            (Nature::Told, Some(_)) if self.writer == Writer::Open => {
                stuck(Stuck::Open, Some(self.touched + OPEN_TOLD))
            }
            (Nature::Untold, Some(_)) if self.writer == Writer::Open => {
                stuck(Stuck::Open, Some(self.touched + OPEN_UNTOLD))
            }
            (Nature::Untold, Some(stamp))
                if self.writer == Writer::Unknown && rest < REST_UNTOLD =>
            {
                Phase::Moving {
                    stamp: Some(stamp),
                    rest: REST_UNTOLD,
                }
            }
            (_, Some(stamp)) => Phase::Ready { stamp, nature },
        };
        self.come_to(phase);
    }

    pub(super) fn answer(&mut self, outcome: Outcome, now: Duration) {
        let Phase::Reading { stamp, nature } = self.phase else {
            // It moves again; what was read does not matter any more.
            return;
        };
        let phase = match outcome {
            Outcome::Read => {
                self.read = Some(stamp);
                let until = self.touched + GROWS;
                if nature == Nature::Untold && !self.whole && now < until {
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
                self.touched = now;
                Phase::Moving {
                    stamp: None,
                    rest: self.rest(Some(stamp)),
                }
            }
        };
        self.come_to(phase);
    }

    /// A run of our own has ended and left it like this.
    pub(super) fn left_by_run(&mut self, stamp: Option<Stamp>, now: Duration) {
        if matches!(self.phase, Phase::Reading { .. }) {
            return;
        }
        self.touched = now;
        self.unsettled = Some(now);
        self.whole = true;
        self.phase = Phase::Moving {
            stamp,
            rest: REST_AFTER_RUN,
        };
    }

    /// As it is now it counts as read.
    pub(super) fn take_as_read(&mut self, stamp: Option<Stamp>) {
        self.come_to(Phase::Quiet);
        self.read = stamp;
    }

    /// When [`File::act`] has something to do.
    pub(super) fn acts_at(&self) -> Option<Duration> {
        match self.phase {
            Phase::Moving { rest, .. } => Some(self.touched + rest),
            Phase::Stuck { until, .. } => until,
            Phase::Growing { until } => Some(until),
            Phase::Quiet | Phase::Ready { .. } | Phase::Reading { .. } => None,
        }
    }

    /// Does what is due; whether it is to be looked at.
    pub(super) fn act(&mut self, now: Duration) -> bool {
        if self.acts_at().is_none_or(|at| now < at) {
            return false;
        }
        match self.phase {
            Phase::Growing { .. } => {
                self.come_to(Phase::Quiet);
                false
            }
            Phase::Stuck { .. } => {
                // The writer keeps it open and does nothing: it is read as what may grow.
                self.writer = Writer::Closed;
                self.phase = Phase::Moving {
                    stamp: None,
                    rest: Duration::ZERO,
                };
                true
            }
            _ => true,
        }
    }

    /// Why it is not what was read, for a person, when that has lasted.
    pub(super) fn trouble(&self, now: Duration) -> Option<String> {
        let why = match &self.phase {
            Phase::Quiet | Phase::Growing { .. } => return None,
            Phase::Stuck {
                why: Stuck::Refused(why),
                ..
            } => why,
            _ if self.told_at().is_none_or(|at| now < at) => return None,
            Phase::Stuck {
                why: Stuck::Gone, ..
            } => "it was deleted; tools that do so write it again when they end",
            Phase::Stuck {
                why: Stuck::Hollow, ..
            } => "it is empty; tools that do so fill it when they end",
            _ => "a tool is writing it",
        };
        Some(why.to_owned())
    }

    fn come_to(&mut self, phase: Phase) {
        if matches!(phase, Phase::Quiet | Phase::Growing { .. }) {
            self.unsettled = None;
        }
        self.phase = phase;
    }

    /// When it is told that something happens to the file, if that is not over by then.
    pub(super) fn told_at(&self) -> Option<Duration> {
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
