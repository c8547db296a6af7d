//! Routing: each message, and each key, to the part of the program that it concerns.

mod explorer;
mod list;
mod mouse;
mod picking;
mod reports;
mod review;
mod running;
mod session;
mod settling;

use std::time::Duration;

use super::effect::{Effect, Timer};
use super::filter::Show;
use super::keymap::{Action, Meaning, normal};
use super::message::{Key, KeyCode, Message};
use super::settings::ThemeName;
use super::{App, Focus, Overlay, Question, Size, Step, View};

/// The timer that redraws times while something runs.
const TICK: Timer = Timer(1);

impl App {
    /// What to do before the first message.
    pub fn start(&mut self) -> Vec<Effect> {
        let mut step = Step::default();
        self.reload(&mut step);
        Self::look_at_review(&mut step);
        step.effects
    }

    /// Takes a message and tells what to do about it. `now` is the time since the program started: the
    /// core has no clock of its own.
    pub fn update(&mut self, message: Message, now: Duration) -> Step {
        self.now = now;
        let mut step = Step {
            effects: Vec::new(),
            redraw: true,
        };
        match message {
            Message::Key(key) => self.key(normal(key), &mut step),
            Message::Mouse(mouse) => step.redraw = self.mouse(mouse, &mut step),
            Message::Paste(text) => step.redraw = self.paste(&text, &mut step),
            Message::Resize { columns, rows } => self.size = Size { columns, rows },
            Message::Focus(in_focus) => {
                self.in_focus = in_focus;
                step.redraw = false;
            }
            Message::Background { is_light } => {
                step.redraw = is_light;
                if is_light {
                    self.settings.look.theme = ThemeName::Light;
                }
            }
            Message::Reports { request, outcome } => self.reports(request, outcome, &mut step),
            Message::Reading(reading) => {
                // What was read before stays on the screen until there is something new.
                step.redraw = self.loaded.is_none();
                self.reading = Some(reading);
            }
            Message::Watch(state) => {
                step.redraw = self.watch != state;
                self.watch = state;
            }
            Message::Source {
                request,
                path,
                outcome,
            } => step.redraw = self.source_came(request, &path, outcome, &mut step),
            Message::Gaps { request, files } => self.gaps_came(request, files, &mut step),
            Message::Files { request, found } => {
                step.redraw = self.files_came(request, found, &mut step);
            }
            Message::Mine { request, outcome } => self.mine_came(request, outcome, &mut step),
            Message::Highlighted { path, lines, .. } => {
                step.redraw = self.source.colour(&path, lines.first, &lines.lines);
            }
            Message::Prompt { request, text } => {
                step.redraw = request == self.prompt_request;
                if step.redraw {
                    self.prompt.take(&text);
                    if self.prompt.is_wanted() {
                        self.submit_prompt(&mut step);
                    }
                }
            }
            Message::Agent(incoming) => {
                let answer = self.session.session.handle(incoming, now);
                self.session_step(answer, &mut step);
            }
            Message::Run(news) => self.run_news(news, &mut step),
            Message::Tests(event) => self.tests_event(event, &mut step),
            Message::Review(event) => self.review_event(event, &mut step),
            Message::EditorClosed(outcome) => {
                if let Err(why) = outcome {
                    self.complain(why);
                }
                self.read_source_again(&mut step);
                if self.focus.is_review() {
                    Self::look_at_review(&mut step);
                }
            }
            Message::Failed(why) => self.complain(why),
            Message::Timer { timer } => {
                step.redraw = self.review_timer(timer, &mut step) || timer == TICK;
                self.ticking &= timer != TICK;
            }
            Message::Terminate(signal) => {
                step.effects.push(Effect::Quit {
                    status: 128 + signal,
                });
            }
        }
        self.settle(&mut step);
        self.follow_work(&mut step);
        step
    }

    /// Cursors into their windows, colours for what can be seen, a timer where time is shown.
    fn settle(&mut self, step: &mut Step) {
        let (width, _) = self.pane_size();
        let tree_height = self.tree_height();
        self.tree.settle(tree_height);
        self.list.settle(tree_height);
        let words = self.words().lines.len();
        let source_height = self.source_height();
        self.source.settle(source_height, words);
        if let Some(path) = self.source.path().cloned()
            && let Some((first, count)) = self.source.uncoloured(source_height)
        {
            let request = self.next_request();
            step.effects.push(Effect::Highlight {
                request,
                path,
                first,
                count,
            });
        }
        if self.focus == Focus::Session {
            self.session
                .settle(session_width(width), self.session_height());
        }
        self.settle_run();
        self.settle_review();
        self.keep(step);
        let busy = self.phase().is_busy()
            || self.tests.is_running()
            || self.run.stage().measuring().is_some();
        if !self.ticking && busy {
            self.ticking = true;
            step.effects.push(Effect::After {
                timer: TICK,
                delay: Duration::from_secs(1),
            });
        }
    }

    fn key(&mut self, key: Key, step: &mut Step) {
        if self.is_count(key) {
            return;
        }
        self.pressed.push(key);
        match self.keys.meaning(self.places(), &self.pressed) {
            Meaning::Prefix => {}
            Meaning::Nothing => {
                self.pressed.clear();
                self.count = None;
                self.type_key(key, step);
            }
            Meaning::Action(action) => {
                self.pressed.clear();
                let count = self.count.take();
                self.notice = None;
                self.act(action, count, step);
            }
        }
    }

    /// Digits before a key, where nothing is typed.
    fn is_count(&mut self, key: Key) -> bool {
        let KeyCode::Char(letter) = key.code else {
            return false;
        };
        let Some(digit) = letter.to_digit(10) else {
            return false;
        };
        let plain = self.pressed.is_empty() && !key.ctrl && !key.alt;
        let typing = self.filtering
            || self.prompt.is_open()
            || self.session.saying.is_some()
            || self.dismissing.is_some();
        if !plain || typing || self.question.is_some() || (digit == 0 && self.count.is_none()) {
            return false;
        }
        let count = self.count.unwrap_or(0).saturating_mul(10);
        self.count = Some(count.saturating_add(digit as usize).min(9_999_999));
        true
    }

    /// A key that means nothing: text, where text is typed.
    fn type_key(&mut self, key: Key, step: &mut Step) {
        if self.question.is_some() || self.overlay.is_some() {
            return;
        }
        if let Some(dismissing) = &mut self.dismissing {
            dismissing.reason.key(key);
        } else if self.prompt.is_open() {
            self.prompt.input_mut().key(key);
        } else if self.filtering {
            self.filter_key(key, step);
        } else if self.focus == Focus::Session
            && let Some(saying) = &mut self.session.saying
        {
            saying.key(key);
        }
    }

    /// Pasted text goes where text is typed. Whether it went anywhere.
    fn paste(&mut self, text: &str, step: &mut Step) -> bool {
        if self.question.is_some() || self.overlay.is_some() {
            return false;
        }
        if let Some(dismissing) = &mut self.dismissing {
            dismissing.reason.paste(text.lines().next().unwrap_or(""));
        } else if self.prompt.is_open() {
            self.prompt.input_mut().paste(text);
        } else if self.filtering {
            let line = text.lines().next().unwrap_or("");
            self.filter.input_mut().paste(line);
            self.filter_typed(step);
        } else if self.focus == Focus::Session
            && let Some(saying) = &mut self.session.saying
        {
            saying.paste(text);
        } else {
            return false;
        }
        true
    }

    fn act(&mut self, action: Action, count: Option<usize>, step: &mut Step) {
        if self.overlay.is_some() && self.act_on_overlay(action, count, step) {
            return;
        }
        match action {
            Action::Down
            | Action::Up
            | Action::Left
            | Action::Right
            | Action::Top
            | Action::Bottom
            | Action::HalfPageDown
            | Action::HalfPageUp
            | Action::PageDown
            | Action::PageUp => self.go(action, count, step),
            Action::Open => self.open(step),
            Action::NextPane => self.next_pane(true, step),
            Action::PreviousPane => self.next_pane(false, step),
            Action::Back => self.back(step),
            Action::NextGap => self.step_gaps(true, count, step),
            Action::PreviousGap => self.step_gaps(false, count, step),
            Action::Pick => self.pick(step),
            Action::UndoPick => self.undo_pick(step),
            Action::UnpickAll => self.unpick_all(),
            Action::Send => self.write_prompt(step),
            Action::FoldAll => {
                self.tree.fold_all(false);
                self.follow_tree(step);
            }
            Action::UnfoldAll => self.tree.fold_all(true),
            Action::View => self.set_view(self.view.next(), step),
            Action::ViewFolders => self.set_view(View::Folders, step),
            Action::ViewFiles => self.set_view(View::Files, step),
            Action::ViewFunctions => self.set_view(View::Functions, step),
            Action::ViewGaps => self.set_view(View::Gaps, step),
            Action::Order => self.next_order(),
            Action::Show => self.next_show(step),
            Action::ShowMine => self.show_only(
                if self.show == Show::Mine {
                    Show::All
                } else {
                    Show::Mine
                },
                step,
            ),
            Action::Filter => {
                self.filtering = true;
                self.focus_on(Focus::Tree);
                self.filter.input_mut().to_end();
            }
            Action::RunTests if self.focus.is_review() => self.measure_review(step),
            Action::RunTests => self.run_tests(step),
            Action::ShowTests => self.show_tests(),
            Action::ShowSession => self.show_session(),
            Action::ShowReview => self.show_review(step),
            Action::AcceptFile
            | Action::RejectFile
            | Action::UndoDecision
            | Action::AcceptAll
            | Action::Commit => self.act_on_review(action, step),
            Action::Edit if self.focus.is_review() => self.edit_reviewed(step),
            Action::Edit => self.edit(step),
            Action::CopyPlace => self.copy_place(step),
            Action::CopySource => self.copy_source(step),
            Action::Changes => self.overlay = Some(Overlay::Changes { scroll: 0 }),
            Action::Warnings => self.overlay = Some(Overlay::Warnings { scroll: 0 }),
            Action::Reload => self.reload(step),
            Action::Help => self.overlay = Some(Overlay::Help { scroll: 0 }),
            Action::Accept
            | Action::AcceptForSession
            | Action::Decline
            | Action::Cancel
            | Action::Say
            | Action::InterruptTurn
            | Action::Unqueue
            | Action::Earlier
            | Action::Later
            | Action::Dismiss
            | Action::GoOn
            | Action::Submit
            | Action::NewLine
            | Action::Rewrite
            | Action::CopyPrompt => self.act_on_session(action, step),
            Action::Yes => match self.question.take() {
                Some(Question::Quit) => self.leave(step),
                Some(Question::Unsandboxed) => self.go_unsandboxed(step),
                None => {}
            },
            Action::No => self.question = None,
            Action::Quit => {
                if self.phase().is_busy() || self.run.stage().measuring().is_some() {
                    self.question = Some(Question::Quit);
                } else {
                    self.leave(step);
                }
            }
            Action::Interrupt => {
                if !self.interrupt(step) {
                    self.leave(step);
                }
            }
            Action::Suspend => step.effects.push(Effect::Suspend),
        }
    }

    /// What a key means while the help or the warnings lie over everything. Whether it was for them.
    fn act_on_overlay(&mut self, action: Action, count: Option<usize>, step: &mut Step) -> bool {
        if matches!(self.overlay, Some(Overlay::Commit { .. }))
            && matches!(
                action,
                Action::Yes | Action::No | Action::Back | Action::Quit | Action::Open
            )
        {
            self.answer_commit(action == Action::Yes, step);
            return true;
        }
        let page = self.pane_height();
        let most = self.overlay_rows().saturating_sub(1);
        let Some(
            Overlay::Help { scroll }
            | Overlay::Warnings { scroll }
            | Overlay::Changes { scroll }
            | Overlay::Commit { scroll },
        ) = &mut self.overlay
        else {
            return false;
        };
        let n = count.unwrap_or(1);
        *scroll = match action {
            Action::Down => scroll.saturating_add(n),
            Action::Up => scroll.saturating_sub(n),
            Action::HalfPageDown => scroll.saturating_add(page / 2),
            Action::HalfPageUp => scroll.saturating_sub(page / 2),
            Action::PageDown => scroll.saturating_add(page),
            Action::PageUp => scroll.saturating_sub(page),
            Action::Top => 0,
            Action::Bottom => usize::MAX,
            Action::Interrupt | Action::Suspend => return false,
            Action::Help
            | Action::Changes
            | Action::Warnings
            | Action::Back
            | Action::Quit
            | Action::Open => {
                self.overlay = None;
                return true;
            }
            _ => return true,
        };
        // The view alone knows how long the text is at this width; more than this it never is.
        *scroll = (*scroll).min(most);
        true
    }

    /// At most so many rows of text lie in the overlay.
    fn overlay_rows(&self) -> usize {
        match self.overlay {
            None => 0,
            Some(Overlay::Help { .. }) => super::keymap::TABLE.len() + 12,
            Some(Overlay::Changes { .. }) => {
                self.since_start().map_or(1, |delta| {
                    delta.taken.len() + delta.lost.len() + delta.vanished.len() + 8
                }) + self.run.found().n_rows()
            }
            Some(Overlay::Commit { .. }) => self.review.commit.as_ref().map_or(1, |commit| {
                commit.message.lines().count() * 4 + commit.paths.len() + commit.edited.len() + 12
            }),
            Some(Overlay::Warnings { .. }) => self
                .loaded
                .as_ref()
                .map_or(1, |loaded| loaded.coverage.warnings.len() * 3 + 2),
        }
    }

    /// Leaves whatever is open, the innermost first.
    fn back(&mut self, step: &mut Step) {
        if self.dismissing.take().is_some() {
        } else if self.prompt.is_open() {
            self.prompt.close();
        } else if self.filtering {
            self.clear_filter(step);
        } else if self.focus == Focus::Session && self.session.saying.take().is_some() {
        } else if self.focus == Focus::ReviewPage {
            self.focus_on(Focus::Review);
        } else if self.focus.is_session() || self.focus.is_review() {
            self.focus_on(self.focus_before);
        } else if self.tests_shown {
            self.show_tests();
        } else if self.focus == Focus::Source {
            self.focus_on(Focus::Tree);
        } else if !self.filter.query().is_empty() {
            self.clear_filter(step);
        } else if self.count.take().is_some() || !self.pressed.is_empty() {
            self.pressed.clear();
        }
    }

    /// Gives the keys to a pane.
    fn focus_on(&mut self, focus: Focus) {
        if !self.focus.is_session() && !self.focus.is_review() {
            self.focus_before = self.focus;
        }
        self.focus = focus;
    }

    fn next_pane(&mut self, forward: bool, step: &mut Step) {
        let mut ring = vec![Focus::Tree];
        ring.push(if self.tests_shown {
            Focus::Tests
        } else {
            Focus::Source
        });
        if self.focus.is_review() {
            ring = vec![Focus::Review, Focus::ReviewPage];
        } else if self.has_session() {
            ring.push(Focus::Run);
            ring.push(Focus::Session);
        }
        let at = ring
            .iter()
            .position(|focus| *focus == self.focus)
            .unwrap_or(0);
        let next = if forward { at + 1 } else { at + ring.len() - 1 } % ring.len();
        if let Some(focus) = ring.get(next) {
            self.focus_on(*focus);
        }
        self.settle(step);
    }

    /// Whether there is anything to see on the session's screen.
    #[must_use]
    pub fn has_session(&self) -> bool {
        !self.session.is_empty() || !self.run.is_empty() || self.phase().is_busy()
    }

    fn leave(&mut self, step: &mut Step) {
        let answer = self.session.session.stop(self.now);
        self.session_step(answer, step);
        step.effects.push(Effect::Quit { status: 0 });
    }
}

/// The cells of a session pane that its text has.
fn session_width(pane: usize) -> usize {
    pane.saturating_sub(usize::from(super::session_pane::LABEL) + 2)
}
