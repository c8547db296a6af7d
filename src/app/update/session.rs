//! The agent: what a person does with it, and what it does.

use crate::agent::{Decision, News, Phase};
use crate::app::effect::Effect;
use crate::app::input::Input;
use crate::app::keymap::Action;
use crate::app::layout::Panes;
use crate::app::prompt::PromptState;
use crate::app::source_pane::Goal;
use crate::app::{App, Focus, RunRow, Step};

impl App {
    pub(super) fn act_on_session(&mut self, action: Action, step: &mut Step) {
        match action {
            Action::Accept => self.answer(Decision::Accept, step),
            Action::AcceptForSession => self.answer(Decision::AcceptForSession, step),
            Action::Decline => self.answer(Decision::Decline, step),
            Action::Cancel => self.answer(Decision::Cancel, step),
            Action::Say => {
                self.focus_on(Focus::Session);
                self.session.saying.get_or_insert_with(Input::default);
            }
            Action::InterruptTurn => {
                let interrupted = self.interrupt(step);
                if !interrupted {
                    self.say("no turn is running");
                }
            }
            Action::Unqueue => self.unqueue(),
            Action::Earlier => self.shift_in_queue(true),
            Action::Later => self.shift_in_queue(false),
            Action::Dismiss => self.dismiss(),
            Action::GoOn => self.go_on(step),
            Action::Submit if self.dismissing.is_some() => self.submit_reason(),
            Action::Submit if self.prompt.is_open() => self.submit_prompt(step),
            Action::Submit => self.submit_message(step),
            Action::NewLine if self.prompt.is_open() => self.prompt.input_mut().new_line(),
            Action::NewLine => {
                if let Some(saying) = &mut self.session.saying {
                    saying.new_line();
                }
            }
            Action::Rewrite => self.rewrite_prompt(step),
            Action::CopyPrompt => {
                step.effects.push(Effect::Copy(self.prompt.input().text()));
                self.say("copied the prompt");
            }
            _ => {}
        }
    }

    /// `enter` in the prompt: now it is sent.
    pub(super) fn submit_prompt(&mut self, step: &mut Step) {
        if self.prompt.state() == PromptState::Writing {
            self.prompt.want();
            self.say("it is sent as soon as it is written \u{b7} esc stops that");
            return;
        }
        let Some(sent) = self.prompt.send() else {
            return;
        };
        self.picks.clear();
        self.recount_all_picks();
        self.send_gaps(sent.about, (sent.first, sent.text), step);
        self.session.to_end();
        self.focus_on(Focus::Session);
    }

    /// `enter` in a message: to the running turn, or as a turn of its own.
    fn submit_message(&mut self, step: &mut Step) {
        let Some(saying) = self.session.saying.take() else {
            return;
        };
        let text = saying.text();
        if text.trim().is_empty() {
            return;
        }
        let answer = if matches!(
            self.phase(),
            Phase::Working { .. }
                | Phase::WaitingForApproval { .. }
                | Phase::WaitingForNetwork { .. }
        ) {
            self.session.session.steer(text, self.now)
        } else {
            // A turn of its own changes the tree like any other: it is measured like any other.
            self.run.add_message(text);
            self.session.to_end();
            if self.run.stage().is_at_rest() {
                self.begin_run(step);
            } else {
                self.say("it is sent when the tree may be changed again");
            }
            return;
        };
        self.session_step(answer, step);
        self.session.to_end();
    }

    fn answer(&mut self, decision: Decision, step: &mut Step) {
        let Some(approval) = self.session.session.approvals().first() else {
            return;
        };
        let answer = self.session.session.answer(approval.id, decision);
        self.session_step(answer, step);
    }

    /// Interrupts a running turn. Whether there was one to interrupt: a second time is taken as impatience.
    pub(super) fn interrupt(&mut self, step: &mut Step) -> bool {
        match self.phase() {
            Phase::Starting { .. }
            | Phase::Working { .. }
            | Phase::WaitingForApproval { .. }
            | Phase::WaitingForNetwork { .. } => {
                let answer = self.session.session.interrupt(self.now);
                self.session_step(answer, step);
                true
            }
            Phase::Off | Phase::Idle | Phase::Failed(_) => self.stop_measuring(step),
            Phase::Interrupting { .. } | Phase::Stopping => false,
        }
    }

    /// Carries out what the session wants, and hears what happened.
    pub(super) fn session_step(&mut self, answer: crate::agent::Step, step: &mut Step) {
        step.effects
            .extend(answer.outgoing.into_iter().map(Effect::Agent));
        for news in answer.news {
            match news {
                News::TurnStarted { .. } | News::Stopped => {}
                News::TurnEnded { status, answer, .. } => self.turn_ended(status, answer, step),
                News::ApprovalWanted(_) => self.ring("codex asks for your permission", step),
                News::Failed(failure) => {
                    self.ring("codex does not go on", step);
                    self.complain(failure.says);
                }
            }
        }
        self.give_up_lost_turn(step);
    }

    pub(super) fn ring(&self, text: &str, step: &mut Step) {
        if !self.in_focus {
            step.effects.push(Effect::Notify(text.to_owned()));
        }
    }

    /// The session's screen, and back.
    pub(super) fn show_session(&mut self) {
        if self.focus.is_session() {
            self.focus_on(self.focus_before);
        } else if self.has_session() {
            self.focus_on(Focus::Session);
        } else {
            self.say("no session yet: pick gaps with space, then s");
        }
    }

    /// Rows that the transcript has: the title, a question and a message take theirs.
    pub(super) fn session_height(&self) -> usize {
        self.panes().map_or(0, |panes| {
            let area = match panes {
                Panes::One(area) => area,
                Panes::Two { right, .. } => right,
            };
            usize::from(self.session_parts(area).transcript.height)
        })
    }

    pub(super) fn move_in_run(&mut self, rows: isize) {
        let last = self.run.gaps().len().saturating_sub(1);
        self.run_cursor = self.run_cursor.saturating_add_signed(rows).min(last);
    }

    pub(super) fn settle_run(&mut self) {
        if self.run.is_empty() {
            return;
        }
        self.run_cursor = self.run_cursor.min(self.run.gaps().len() - 1);
        let Some(panes) = self.panes() else { return };
        let area = match panes {
            Panes::One(area) => area,
            Panes::Two { left, .. } => left,
        };
        let rows = self.run_list();
        let height = usize::from(self.run_parts(area).list.height);
        let at = rows
            .iter()
            .position(|row| *row == RunRow::Gap(self.run_cursor))
            .unwrap_or(0);
        self.run_scroll = crate::app::window(self.run_scroll, at, rows.len(), height);
    }

    /// The gap at a row of the run's list.
    pub(super) fn run_gap_at(&self, row: usize) -> Option<usize> {
        match self.run_list().get(row)? {
            RunRow::Gap(idx) => Some(*idx),
            RunRow::File(_) | RunRow::Blank => None,
        }
    }

    /// `enter` on a gap of the run: the explorer shows it.
    pub(super) fn open_run_gap(&mut self, step: &mut Step) {
        let Some(own) = self.run.gaps().get(self.run_cursor) else {
            return;
        };
        let (path, line, gap) = (own.path.clone(), own.gap.line, own.gap.id);
        let Some(idx) = self.tree.file_of_path(&path) else {
            self.say("the report does not have this file any more");
            return;
        };
        self.tests_shown = false;
        self.tree.select_file(idx);
        let file = self
            .loaded
            .as_ref()
            .and_then(|loaded| loaded.coverage.files.get(idx))
            .cloned();
        if let Some(file) = file {
            self.show_source(file, Goal::Gap { gap, line }, step);
        }
        self.focus_on(Focus::Source);
    }
}
