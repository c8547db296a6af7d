//! The gaps that were sent to the agent, and what the reports say became of them.
//!
//! It never believes the agent: only a report moves a gap to closed, and only the end of a turn without
//! such a report leaves it open.

use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::agent::TurnStatus;
use crate::coverage::FilePath;
use crate::gaps::{Delta, Gap, GapId};
use crate::triage::GapState;

/// One gap that was sent.
#[derive(Clone, Debug)]
pub struct RunGap {
    pub path: FilePath,
    /// As it was when it was sent.
    pub gap: Gap,
    pub state: GapState,
    /// Arms of it that a later report counts as taken.
    pub arms_taken: u32,
    /// Why it is not simply open, in words: it left the report untaken.
    pub note: Option<String>,
    /// Turns that were spent on it.
    rounds: u32,
}

/// All gaps of this run, by file, in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Run {
    gaps: Vec<RunGap>,
    /// When the first prompt was sent.
    started: Option<Duration>,
    /// Gaps whose turn is over and whose fate the next report tells.
    waiting: FxHashSet<GapId>,
    /// A report came since the last turn began.
    reported: bool,
    /// Files of which the newest report has not been heard yet.
    due: FxHashSet<FilePath>,
}

/// How many gaps are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub closed: usize,
    pub still_open: usize,
    /// Queued, or being worked on.
    pub to_go: usize,
    pub arms_closed: u32,
}

impl Run {
    #[must_use]
    pub fn gaps(&self) -> &[RunGap] {
        &self.gaps
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gaps.is_empty()
    }

    /// When the first prompt was sent, since the program started.
    #[must_use]
    pub fn started(&self) -> Option<Duration> {
        self.started
    }

    /// The state of a gap, where it was sent.
    #[must_use]
    pub fn state(&self, path: &FilePath, gap: GapId) -> Option<&GapState> {
        self.gaps
            .iter()
            .find(|own| own.gap.id == gap && &own.path == path)
            .map(|own| &own.state)
    }

    /// The files that were sent.
    pub fn paths(&self) -> impl Iterator<Item = &FilePath> {
        self.gaps
            .chunk_by(|a, b| a.path == b.path)
            .filter_map(|gaps| gaps.first().map(|gap| &gap.path))
    }

    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for own in &self.gaps {
            tally.arms_closed += own.arms_taken;
            match own.state {
                GapState::Closed => tally.closed += 1,
                GapState::Queued | GapState::Working => tally.to_go += 1,
                GapState::Open
                | GapState::StillOpen { .. }
                | GapState::Regressed
                | GapState::Untestable { .. }
                | GapState::Dismissed { .. } => tally.still_open += 1,
            }
        }
        tally
    }

    /// Gaps go into the queue.
    pub fn send(&mut self, gaps: Vec<(FilePath, Gap)>, now: Duration) {
        self.started.get_or_insert(now);
        for (path, gap) in gaps {
            let known = self
                .gaps
                .iter_mut()
                .find(|own| own.gap.id == gap.id && own.path == path);
            if let Some(own) = known {
                own.state = GapState::Queued;
                own.note = None;
            } else {
                self.gaps.push(RunGap {
                    path,
                    gap,
                    state: GapState::Queued,
                    arms_taken: 0,
                    note: None,
                    rounds: 0,
                });
            }
        }
        self.gaps
            .sort_by(|a, b| (&a.path, a.gap.line).cmp(&(&b.path, b.gap.line)));
    }

    /// A turn on these began.
    pub fn turn_started(&mut self, about: &[GapId]) {
        self.reported = false;
        for own in self.of(about) {
            if own.state != GapState::Closed {
                own.state = GapState::Working;
            }
        }
    }

    /// A turn on these is over. What a report written meanwhile still has is still open; without such a
    /// report nobody knows yet, and the next one will tell.
    pub fn turn_ended(&mut self, about: &[GapId], status: TurnStatus) {
        let reported = self.reported;
        let mut waiting = Vec::new();
        for own in self.of(about) {
            own.rounds += 1;
            if own.state != GapState::Working {
                continue;
            }
            if reported {
                own.state = GapState::StillOpen { rounds: own.rounds };
            } else {
                own.state = GapState::Open;
                if status == TurnStatus::Completed {
                    own.note = Some("no report since".to_owned());
                }
                waiting.push(own.gap.id);
            }
        }
        self.waiting.extend(waiting);
    }

    /// What was queued is not sent after all.
    pub fn unqueue(&mut self, about: &[GapId]) {
        for own in self.of(about) {
            if own.state == GapState::Queued {
                own.state = GapState::Open;
            }
        }
    }

    /// A new report came; what it says of each file is told by [`Self::report`].
    pub fn report_came(&mut self) {
        self.reported = true;
        self.due = self.paths().cloned().collect();
    }

    /// The gaps that a file has in the newest report; `since_start` names the arms that were taken since this
    /// program's first one. Told again without a new report, it changes nothing.
    pub fn report(&mut self, path: &FilePath, gaps: &[Gap], since_start: Option<&Delta>) {
        if !self.due.remove(path) {
            return;
        }
        let now: FxHashMap<GapId, &Gap> = gaps.iter().map(|gap| (gap.id, gap)).collect();
        let mut taken: FxHashMap<GapId, u32> = FxHashMap::default();
        let mut vanished: FxHashMap<GapId, &str> = FxHashMap::default();
        if let Some(delta) = since_start {
            for arm in delta.taken.iter().filter(|arm| &arm.file == path) {
                *taken.entry(arm.gap).or_default() += 1;
            }
            for (arm, why) in delta.vanished.iter().filter(|(arm, _)| &arm.file == path) {
                vanished.insert(arm.gap, why);
            }
        }
        for own in self.gaps.iter_mut().filter(|own| &own.path == path) {
            let waited = self.waiting.remove(&own.gap.id);
            own.note = None;
            if let Some(still) = now.get(&own.gap.id) {
                own.arms_taken = own.gap.arms_untaken.saturating_sub(still.arms_untaken);
                if own.state == GapState::Closed {
                    own.state = GapState::Regressed;
                } else if waited {
                    own.state = GapState::StillOpen { rounds: own.rounds };
                }
            } else if let Some(why) = vanished.get(&own.gap.id) {
                // It is not closed: nothing took it, it only cannot be seen any more.
                own.note = Some((*why).to_owned());
                own.arms_taken = 0;
                if own.state == GapState::Closed || waited {
                    own.state = GapState::Regressed;
                }
            } else {
                // A run of lines or a function has no arms: that it is no gap any more is all there is to know.
                own.arms_taken = taken
                    .get(&own.gap.id)
                    .copied()
                    .unwrap_or(own.gap.arms_untaken);
                own.state = GapState::Closed;
            }
        }
    }

    /// Whether a turn is over of which no report has told what it brought.
    #[must_use]
    pub fn wants_report(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn of<'a>(&'a mut self, about: &'a [GapId]) -> impl Iterator<Item = &'a mut RunGap> {
        self.gaps
            .iter_mut()
            .filter(|own| about.contains(&own.gap.id))
    }
}
