//! The review: what a run left, decided file by file.

use std::time::Duration;

use crate::app::effect::{Effect, Timer};
use crate::app::keymap::Action;
use crate::app::layout::{Panes, ReviewParts};
use crate::app::review::{Commit, Left, Measuring, Now, ReviewEvent, ReviewWish};
use crate::app::{App, Focus, Overlay, Step};
use crate::coverage::Line;
use crate::triage::commit::message;
use crate::triage::review::{Decision, Fate, PieceId};

/// Timers that start a measurement; the newest alone counts.
const MEASURE: u64 = 1 << 32;
/// No other decision for so long: the person looks at the next file.
const REST: Duration = Duration::from_millis(1200);

impl App {
    /// Asks what there is to review.
    pub(super) fn look_at_review(step: &mut Step) {
        step.effects.push(Effect::Review(ReviewWish::Look));
    }

    /// `R`: the review, and back.
    pub(super) fn show_review(&mut self, step: &mut Step) {
        if self.focus.is_review() {
            self.focus_on(self.focus_before);
            return;
        }
        self.focus_on(Focus::Review);
        Self::look_at_review(step);
    }

    /// When an agent, or the examination of its work, comes to rest, there may be something to review.
    pub(super) fn follow_work(&mut self, step: &mut Step) {
        let works = self.is_worked_on();
        if self.worked && !works {
            Self::look_at_review(step);
        }
        self.worked = works;
    }

    pub(super) fn review_event(&mut self, event: ReviewEvent, step: &mut Step) {
        match event {
            ReviewEvent::Left(left) => self.review.take(left),
            ReviewEvent::Said { text, bad } => {
                if bad {
                    self.complain(text);
                } else {
                    self.say(text);
                }
            }
            ReviewEvent::Measuring(words) => {
                let since = match &self.review.measuring {
                    Measuring::Running { since, .. } => *since,
                    _ => self.now,
                };
                self.review.measuring = Measuring::Running { since, step: words };
            }
            ReviewEvent::Measured(outcome) => {
                // A decision that came meanwhile waits for a measurement of its own.
                if self.review.measuring == Measuring::Due {
                    return;
                }
                self.review.measuring = match outcome {
                    Ok(()) => Measuring::Idle,
                    Err(why) => Measuring::Failed(why),
                };
                if !self.in_focus {
                    let note = "the tests were measured again".to_owned();
                    step.effects.push(Effect::Notify(note));
                }
            }
        }
    }

    pub(super) fn act_on_review(&mut self, action: Action, step: &mut Step) {
        match action {
            Action::AcceptFile => self.decide(true, step),
            Action::RejectFile => self.decide(false, step),
            Action::AcceptAll => self.accept_all(step),
            Action::UndoDecision => self.undo_decision(step),
            Action::Commit => self.ask_for_commit(),
            _ => {}
        }
    }

    /// The run whose files may be decided about now.
    fn open_run(&mut self) -> Option<String> {
        if self.is_worked_on() {
            self.complain("an agent works in this tree: decide when the run rests");
            return None;
        }
        let left = self.review.left()?;
        if left.is_written {
            self.complain("the run still goes on: decide when it has ended");
            return None;
        }
        Some(left.run.clone())
    }

    fn decide(&mut self, wants_it: bool, step: &mut Step) {
        let Some(run) = self.open_run() else { return };
        let Some((piece, file)) = self.review.current() else {
            return;
        };
        if let Some(commit) = &piece.commit {
            let text = format!("it is committed as {commit}: git revert takes it back");
            self.complain(text);
            return;
        }
        // A kill may have come between a decision and the deed.
        let is_so = (file.now == Now::Without) != wants_it;
        let decided = piece.decision().map(Decision::wants_it);
        if decided == Some(wants_it) && is_so {
            let text = format!("it is {} already", piece.wish(wants_it).name());
            self.say(text);
            return;
        }
        if !wants_it && decided.is_none() && !piece.fate.is_in_tree() {
            self.say("it is not in the tree: there is nothing to reject");
            return;
        }
        let pieces = vec![piece.id.clone()];
        self.wish(
            ReviewWish::Decide {
                run,
                pieces,
                wants_it,
            },
            step,
        );
        self.review.to_next_open();
    }

    fn accept_all(&mut self, step: &mut Step) {
        let Some(run) = self.open_run() else { return };
        let kept = |fate| matches!(fate, Fate::Kept | Fate::Alongside);
        let pieces: Vec<PieceId> = self
            .review
            .left()
            .into_iter()
            .flat_map(Left::open)
            .filter(|piece| kept(piece.fate) && !piece.closes_nothing())
            .map(|piece| piece.id.clone())
            .collect();
        if pieces.is_empty() {
            self.say("nothing that was kept waits for a decision");
            return;
        }
        self.wish(
            ReviewWish::Decide {
                run,
                pieces,
                wants_it: true,
            },
            step,
        );
    }

    fn undo_decision(&mut self, step: &mut Step) {
        let Some(run) = self.open_run() else { return };
        let Some((piece, _)) = self.review.current() else {
            return;
        };
        if let Some(commit) = &piece.commit {
            let text = format!("it is committed as {commit}: git revert takes it back");
            self.complain(text);
        } else if piece.decisions.is_empty() {
            self.say("nothing was decided about this file yet");
        } else {
            let piece = piece.id.clone();
            self.wish(ReviewWish::Undo { run, piece }, step);
        }
    }

    /// Sends a wish that changes the tree; the report is of another tree then.
    fn wish(&mut self, wish: ReviewWish, step: &mut Step) {
        if self.tests.is_running() {
            step.effects.push(Effect::StopTests);
        }
        step.effects.push(Effect::Review(wish));
        self.review.measuring = Measuring::Due;
        self.measure_soon(step);
    }

    /// `r` in the review: its figures are those of the record, so that is where they go.
    pub(super) fn measure_review(&mut self, step: &mut Step) {
        if self.tests.is_running() || self.is_worked_on() || self.review.left().is_none() {
            self.run_tests(step);
        } else {
            self.measure(step);
        }
    }

    fn measure_soon(&mut self, step: &mut Step) {
        self.review_timer += 1;
        step.effects.push(Effect::After {
            timer: Timer(MEASURE + self.review_timer),
            delay: REST,
        });
    }

    /// A timer of the review, or of somebody else. Whether it was one of ours.
    pub(super) fn review_timer(&mut self, timer: Timer, step: &mut Step) -> bool {
        if timer.0 < MEASURE {
            return false;
        }
        let newest = timer.0 == MEASURE + self.review_timer;
        if !newest || self.review.measuring != Measuring::Due {
            return true;
        }
        // Two runs of the suite would write one report; and an agent's own turn is measured anyway.
        if self.tests.is_running() || self.is_worked_on() {
            self.measure_soon(step);
            return true;
        }
        self.measure(step);
        true
    }

    fn measure(&mut self, step: &mut Step) {
        let Some(left) = self.review.left() else {
            return;
        };
        let wish = ReviewWish::Measure {
            run: left.run.clone(),
            sandboxed: left.open().next().is_some(),
        };
        self.review.measuring = Measuring::Running {
            since: self.now,
            step: "measuring again".to_owned(),
        };
        step.effects.push(Effect::Review(wish));
    }

    /// `c`: what would be committed, to be read over first.
    fn ask_for_commit(&mut self) {
        let Some(run) = self.open_run() else { return };
        if matches!(
            self.review.measuring,
            Measuring::Due | Measuring::Running { .. }
        ) {
            self.complain("the tests are measured again: commit when their figures are there");
            return;
        }
        let Some(left) = self.review.left() else {
            return;
        };
        let mut paths = Vec::new();
        let mut edited = Vec::new();
        for (piece, file) in left.accepted() {
            paths.push(piece.id.path.clone());
            if file.now == Now::Other {
                edited.push(piece.id.path.clone());
            }
        }
        paths.dedup();
        if paths.is_empty() {
            self.complain("nothing is accepted that is not committed yet");
            return;
        }
        let mut result = left.result.clone();
        if left.review.is_stale {
            // Figures of another tree are no figures of this commit.
            result.coverage_after = None;
        }
        let message = message(&result, &left.review.measure, &paths);
        self.review.commit = Some(Commit {
            run,
            paths,
            edited,
            message,
        });
        self.overlay = Some(Overlay::Commit { scroll: 0 });
    }

    /// The answer to it.
    pub(super) fn answer_commit(&mut self, yes: bool, step: &mut Step) {
        self.overlay = None;
        let asked = self.review.commit.take();
        if let Some(commit) = asked.filter(|_| yes) {
            step.effects.push(Effect::Review(ReviewWish::Commit {
                run: commit.run,
                paths: commit.paths,
                message: commit.message,
            }));
        }
    }

    /// The rows of the list, the width of the page, and its rows.
    pub(super) fn review_sizes(&self) -> (usize, usize, usize) {
        let Some(panes) = self.panes() else {
            return (0, 0, 0);
        };
        let (list, page) = match panes {
            Panes::One(area) => (area, area),
            Panes::Two { left, right, .. } => (left, right),
        };
        (
            usize::from(ReviewParts::of(list).list.height),
            usize::from(page.width.saturating_sub(2)),
            usize::from(page.height.saturating_sub(1)),
        )
    }

    pub(super) fn settle_review(&mut self) {
        if self.focus.is_review() {
            let (list, width, height) = self.review_sizes();
            self.review.settle(list, width, height);
        }
    }

    pub(super) fn move_page(&mut self, rows: isize) {
        self.review.top = self.review.top.saturating_add_signed(rows);
    }

    /// `e`: the file under the cursor in the person's editor.
    pub(super) fn edit_reviewed(&mut self, step: &mut Step) {
        let Some((piece, file)) = self.review.current() else {
            return;
        };
        let path = crate::coverage::FilePath::new(&piece.id.path);
        if file.now == Now::Without && piece.is_new() {
            self.complain("it is not in the tree");
            return;
        }
        step.effects.push(Effect::OpenEditor {
            path,
            line: Line::from_index(0),
        });
    }
}
