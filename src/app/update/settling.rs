//! What a person settles about single gaps: the queue, dismissals, and what is kept for the next start.

use crate::app::effect::Effect;
use crate::app::input::Input;
use crate::app::picks::Picked;
use crate::app::work::{GapNote, Kept, Remembered, RunWish};
use crate::app::{App, Dismissing, Focus, Step};
use crate::coverage::FilePath;
use crate::gaps::{Gap, GapId};
use crate::triage::GapState;

impl App {
    fn run_gap(&self) -> Option<(FilePath, Gap)> {
        let own = self.run.gaps().get(self.run_cursor)?;
        Some((own.path.clone(), own.gap.clone()))
    }

    /// `x` beside the session: out of the queue; a gap that does not wait there is dismissed.
    pub(super) fn unqueue(&mut self) {
        let Some((_, gap)) = self.run_gap() else {
            return;
        };
        if self.run.take_out(gap.id) {
            self.say("taken out of the queue");
        } else {
            self.dismiss();
        }
    }

    pub(super) fn shift_in_queue(&mut self, earlier: bool) {
        let Some((_, gap)) = self.run_gap() else {
            return;
        };
        if self.run.place_in_queue(gap.id).is_none() {
            self.say("it does not wait in the queue");
        } else if !self.run.shift(gap.id, earlier) {
            self.say(if earlier {
                "it is the first in the queue"
            } else {
                "it is the last in the queue"
            });
        }
    }

    /// `space` beside the session: the gap is to be sent again.
    pub(super) fn pick_run_gap(&mut self) {
        let Some((path, gap)) = self.run_gap() else {
            return;
        };
        let Some(gaps) = self.known.get(&path) else {
            return;
        };
        if !gaps.iter().any(|now| now.id == gap.id) {
            self.say("the report does not have it as a gap any more");
            return;
        }
        self.picks.toggle_gap(&path, gap.id, gaps);
        self.recount_picks(std::slice::from_ref(&path));
        self.say(if self.picks.has(&path, gap.id) {
            "picked, to be sent again: s"
        } else {
            "put back"
        });
    }

    /// `x`: the gap needs no test, and why; one that was dismissed is open again.
    pub(super) fn dismiss(&mut self) {
        let found = match self.focus {
            Focus::Run => self.run_gap(),
            Focus::Tree if !self.view.is_list() => None,
            Focus::Tree
            | Focus::Source
            | Focus::Tests
            | Focus::Session
            | Focus::Review
            | Focus::ReviewPage => self
                .source
                .path()
                .cloned()
                .zip(self.source.current_gap().map(|(_, gap)| gap.clone())),
        };
        let Some((path, gap)) = found else {
            self.say("no gap here: n goes to the next one");
            return;
        };
        let reason = match self.run.state(&path, gap.id) {
            Some(GapState::Dismissed { .. }) => {
                self.settle_gap(&path, &gap, GapState::Open);
                self.say("it is open again");
                return;
            }
            Some(GapState::Working) => {
                self.say("the agent works on it right now");
                return;
            }
            // The agent's reason, to be accepted as it is or put into better words.
            Some(GapState::Untestable { reason }) => reason.clone(),
            _ => String::new(),
        };
        let mut reason = Input::new(reason.lines().next().unwrap_or(""));
        reason.to_end();
        self.dismissing = Some(Dismissing { path, gap, reason });
    }

    /// `enter` after the reason.
    pub(super) fn submit_reason(&mut self) {
        let Some(dismissing) = self.dismissing.take() else {
            return;
        };
        let reason = dismissing.reason.text().trim().to_owned();
        if reason.is_empty() {
            self.say("without a reason nobody knows later why: it stays open");
            return;
        }
        self.settle_gap(
            &dismissing.path,
            &dismissing.gap,
            GapState::Dismissed { reason },
        );
        if self.picks.has(&dismissing.path, dismissing.gap.id)
            && let Some(gaps) = self.known.get(&dismissing.path)
        {
            self.picks
                .toggle_gap(&dismissing.path, dismissing.gap.id, gaps);
            self.recount_picks(std::slice::from_ref(&dismissing.path));
        }
        self.say("dismissed \u{b7} x takes it back");
    }

    fn settle_gap(&mut self, path: &FilePath, gap: &Gap, state: GapState) {
        self.run.settle(gap.id, state.clone());
        self.settled.push(GapNote {
            gap: gap.id,
            file: path.clone(),
            line: gap.line,
            says: gap.says.clone(),
            state,
        });
    }

    /// What was picked and dismissed when the program was left.
    pub(super) fn remembered(&mut self, remembered: Remembered, step: &mut Step) {
        self.run.remember(remembered.states);
        self.remembered = remembered.picks;
        if self.loaded.is_some() {
            self.restore_picks();
            let paths = self.picks.files().map(|(path, _)| path.clone()).collect();
            self.recount_all_picks();
            self.find_gaps(paths, step);
        }
    }

    /// Puts the remembered picks in place, unless a person has picked meanwhile. Files that no report has any
    /// more are forgotten.
    pub(super) fn restore_picks(&mut self) {
        let mut picks = std::mem::take(&mut self.remembered);
        let Some(loaded) = &self.loaded else { return };
        if picks.is_empty() || !self.picks.is_empty() {
            return;
        }
        picks.retain(|(path, _)| loaded.coverage.file(path).is_some());
        self.picks.restore(picks);
        self.kept_picks = self.picks.revision();
    }

    /// Asks for what changed to be kept.
    pub(super) fn keep(&mut self, step: &mut Step) {
        if self.kept_picks == self.picks.revision() && self.settled.is_empty() {
            return;
        }
        self.kept_picks = self.picks.revision();
        let picks = self
            .picks
            .files()
            .map(|(path, picked)| {
                let gaps: Vec<GapId> = match picked {
                    Picked::Whole => Vec::new(),
                    Picked::Gaps(gaps) => gaps.iter().copied().collect(),
                };
                (path.clone(), gaps)
            })
            .collect();
        let settled = std::mem::take(&mut self.settled);
        if !settled.is_empty() {
            step.effects
                .push(Effect::Run(RunWish::Note(settled.clone())));
        }
        step.effects.push(Effect::Run(RunWish::Keep(Box::new(Kept {
            picks,
            settled,
        }))));
    }
}
