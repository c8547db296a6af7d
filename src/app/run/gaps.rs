//! The gaps that were sent, with their states.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::coverage::FilePath;
use crate::gaps::{Delta, Gap, GapId};
use crate::triage::{Campaign, GapState};

/// One gap that was sent.
#[derive(Clone, Debug)]
pub struct RunGap {
    pub path: FilePath,
    /// As it was when it was sent.
    pub gap: Gap,
    pub state: GapState,
    /// Arms of it that a measurement of ours counts as taken.
    pub arms_taken: u32,
    /// What else there is to say, in words: it left the report untaken, the agent's own run took it.
    pub note: Option<String>,
}

/// All gaps that were sent since the program started, by file, in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct RunGaps {
    gaps: Vec<RunGap>,
    /// Files of which the newest report has not been heard yet.
    due: FxHashSet<FilePath>,
}

impl RunGaps {
    #[must_use]
    pub fn all(&self) -> &[RunGap] {
        &self.gaps
    }

    #[must_use]
    pub fn find(&self, gap: GapId) -> Option<&RunGap> {
        self.gaps.iter().find(|own| own.gap.id == gap)
    }

    /// The files that were sent.
    pub fn paths(&self) -> impl Iterator<Item = &FilePath> {
        self.gaps
            .chunk_by(|a, b| a.path == b.path)
            .filter_map(|gaps| gaps.first().map(|gap| &gap.path))
    }

    /// Gaps go into the queue.
    pub(super) fn add(&mut self, gaps: Vec<(FilePath, Gap)>) {
        for (path, gap) in gaps {
            let known = self
                .gaps
                .iter_mut()
                .find(|own| own.gap.id == gap.id && own.path == path);
            if let Some(own) = known {
                own.note = None;
                own.gap = gap;
                own.arms_taken = 0;
            } else {
                self.gaps.push(RunGap {
                    path,
                    gap,
                    state: GapState::Queued,
                    arms_taken: 0,
                    note: None,
                });
            }
        }
        self.gaps
            .sort_by(|a, b| (&a.path, a.gap.line).cmp(&(&b.path, b.gap.line)));
    }

    /// Takes over what the campaign says. Returns the gaps whose state is another now.
    pub(super) fn follow(&mut self, campaign: &Campaign) -> Vec<GapId> {
        let states: FxHashMap<GapId, &GapState> = campaign.states().collect();
        let mut changed = Vec::new();
        for own in &mut self.gaps {
            if let Some(state) = states.get(&own.gap.id)
                && own.state != **state
            {
                own.state = (*state).clone();
                changed.push(own.gap.id);
            }
        }
        changed
    }

    pub(super) fn set(&mut self, gap: GapId, state: &GapState) {
        for own in self.gaps.iter_mut().filter(|own| own.gap.id == gap) {
            own.state.clone_from(state);
        }
    }

    /// A measurement of ours was about these: `arms` counts the arms of a gap that it took.
    pub(super) fn measured(&mut self, about: &[GapId], arms: impl Fn(GapId) -> u32) {
        for own in &mut self.gaps {
            if !about.contains(&own.gap.id) {
                continue;
            }
            own.note = None;
            // A run of lines or a function has no arms: that it is no gap any more is all there is to know.
            own.arms_taken = if own.state == GapState::Closed {
                own.gap.arms_untaken
            } else {
                own.arms_taken
                    .saturating_add(arms(own.gap.id))
                    .min(own.gap.arms_untaken)
            };
        }
    }

    /// A new report came; what it says of each file is told by [`Self::report`].
    pub(super) fn report_came(&mut self) {
        self.due = self.paths().cloned().collect();
    }

    /// The gaps that a file has in the newest report; `since_start` names the arms that were taken since this
    /// program's first one. Told again without a new report, it changes nothing.
    ///
    /// While an agent works, or its work is measured, a report is anybody's: it may come from a run of the
    /// agent, on a tree that does not stay. Then it is only noted. Returns the gaps whose state is another now.
    pub(super) fn report(
        &mut self,
        path: &FilePath,
        gaps: &[Gap],
        since_start: Option<&Delta>,
        is_at_work: bool,
    ) -> Vec<GapId> {
        let mut changed = Vec::new();
        if !self.due.remove(path) {
            return changed;
        }
        let now: FxHashMap<GapId, &Gap> = gaps.iter().map(|gap| (gap.id, gap)).collect();
        let mut vanished: FxHashMap<GapId, &str> = FxHashMap::default();
        if let Some(delta) = since_start {
            for (arm, why) in delta.vanished.iter().filter(|(arm, _)| &arm.file == path) {
                vanished.insert(arm.gap, why);
            }
        }
        for own in self.gaps.iter_mut().filter(|own| &own.path == path) {
            let still = now.get(&own.gap.id);
            let left = still.map_or(0, |gap| gap.arms_untaken);
            let fewer = own.gap.arms_untaken.saturating_sub(left);
            let gone_untaken = still.is_none().then(|| vanished.get(&own.gap.id)).flatten();
            if is_at_work {
                if own.state == GapState::Working {
                    own.note = match gone_untaken {
                        Some(why) => Some((*why).to_owned()),
                        None if still.is_none() => Some("taken, to be measured".to_owned()),
                        None if fewer > 0 => Some(format!(
                            "{fewer} of {}, to be measured",
                            own.gap.arms_untaken
                        )),
                        None => None,
                    };
                }
                continue;
            }
            let before = own.state.clone();
            own.note = None;
            if still.is_some() {
                own.arms_taken = fewer;
                if own.state == GapState::Closed {
                    own.state = GapState::Regressed;
                }
            } else if let Some(why) = gone_untaken {
                // It is not closed: nothing took it, it only cannot be seen any more.
                own.note = Some((*why).to_owned());
                own.arms_taken = 0;
                if own.state == GapState::Closed {
                    own.state = GapState::Regressed;
                }
            } else if !matches!(own.state, GapState::Dismissed { .. }) {
                own.arms_taken = own.gap.arms_untaken;
                own.state = GapState::Closed;
            }
            if own.state != before {
                changed.push(own.gap.id);
            }
        }
        changed
    }
}
