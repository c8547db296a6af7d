//! Routing: each message to the part of the program that it concerns.

use std::time::Duration;

use super::effect::{Effect, RequestId};
use super::keymap::{Action, Meaning, normal};
use super::message::{Key, KeyCode, Message};
use super::source_pane::Goal;
use super::tree::NodeKind;
use super::{App, Focus, Layout, Size, Step};

impl App {
    /// What to do before the first message.
    pub fn start(&mut self) -> Vec<Effect> {
        self.load_request = self.next_request();
        vec![Effect::LoadReports {
            request: self.load_request,
        }]
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
            Message::Resize { columns, rows } => self.size = Size { columns, rows },
            Message::Reports { request, outcome } => {
                if request == RequestId::default() || request >= self.load_request {
                    match outcome {
                        Ok(loaded) => {
                            self.failure = None;
                            self.tree.reload(&loaded.coverage);
                            self.loaded = Some(loaded);
                            self.follow_tree(Goal::FirstGap, &mut step);
                        }
                        Err(failure) => self.failure = Some(failure),
                    }
                }
            }
            Message::Watch(state) => {
                step.redraw = self.watch != state;
                self.watch = state;
            }
            Message::Source {
                request, outcome, ..
            } => {
                step.redraw = self.source.take(request, outcome);
            }
            Message::Highlighted { path, lines, .. } => {
                step.redraw = self.source.colour(&path, lines.first, &lines.lines);
            }
            Message::EditorClosed(outcome) => {
                self.notice = outcome.err();
                self.reload(&mut step);
            }
            Message::Failed(why) => self.notice = Some(why),
            Message::Terminate(signal) => step.effects.push(Effect::Quit {
                status: 128 + signal,
            }),
            Message::Mouse(_)
            | Message::Paste(_)
            | Message::Focus(_)
            | Message::Agent(_)
            | Message::Tests(_)
            | Message::Gaps { .. }
            | Message::Prompt { .. }
            | Message::Timer { .. } => step.redraw = false,
        }
        self.settle(&mut step);
        step
    }

    /// Cursors into their windows, colours for what can be seen.
    fn settle(&mut self, step: &mut Step) {
        let height = self.pane_height();
        self.tree.settle(height);
        self.source.settle(height);
        if let Some(path) = self.source.path().cloned()
            && let Some((first, count)) = self.source.uncoloured(height)
        {
            let request = self.next_request();
            step.effects.push(Effect::Highlight {
                request,
                path,
                first,
                count,
            });
        }
    }

    fn key(&mut self, key: Key, step: &mut Step) {
        if self.pressed.is_empty()
            && let KeyCode::Char(digit) = key.code
            && let Some(digit) = digit.to_digit(10)
            && (digit != 0 || self.count.is_some())
            && !key.ctrl
            && !key.alt
        {
            let count = self.count.unwrap_or(0).saturating_mul(10);
            self.count = Some(count.saturating_add(digit as usize).min(9_999_999));
            return;
        }
        self.pressed.push(key);
        match self.keys.meaning(self.places(), &self.pressed) {
            Meaning::Prefix => {}
            Meaning::Nothing => {
                self.pressed.clear();
                self.count = None;
            }
            Meaning::Action(action) => {
                self.pressed.clear();
                let count = self.count.take();
                self.notice = None;
                self.act(action, count, step);
            }
        }
    }

    fn act(&mut self, action: Action, count: Option<usize>, step: &mut Step) {
        if self.help {
            match action {
                Action::Help | Action::Back | Action::Quit => self.help = false,
                Action::Interrupt => step.effects.push(Effect::Quit { status: 0 }),
                _ => {}
            }
            return;
        }
        let page = isize::try_from(self.pane_height()).unwrap_or(isize::MAX);
        let times = isize::try_from(count.unwrap_or(1)).unwrap_or(isize::MAX);
        match action {
            Action::Down => self.move_by(times, step),
            Action::Up => self.move_by(-times, step),
            Action::HalfPageDown => self.move_by((page / 2).max(1).saturating_mul(times), step),
            Action::HalfPageUp => self.move_by(-(page / 2).max(1).saturating_mul(times), step),
            Action::PageDown => self.move_by(page.saturating_mul(times), step),
            Action::PageUp => self.move_by(-page.saturating_mul(times), step),
            Action::Top => self.move_to(count.unwrap_or(1).saturating_sub(1), step),
            Action::Bottom => self.move_to(count.map_or(usize::MAX, |n| n.saturating_sub(1)), step),
            Action::Left => match self.focus {
                Focus::Tree => {
                    self.tree.step_out();
                    self.follow_tree(Goal::FirstGap, step);
                }
                Focus::Source if self.source.shift > 0 => {
                    self.source.shift = self.source.shift.saturating_sub(8);
                }
                Focus::Source => self.focus = Focus::Tree,
            },
            Action::Right => match self.focus {
                Focus::Tree => {
                    if self.tree.step_in() {
                        self.follow_tree(Goal::FirstGap, step);
                    } else {
                        self.focus = Focus::Source;
                    }
                }
                Focus::Source => self.source.shift = (self.source.shift + 8).min(100_000),
            },
            Action::Open => match self.focus {
                Focus::Tree => match self.tree.current().map(|(_, node)| &node.kind) {
                    Some(NodeKind::Folder { .. }) => self.tree.toggle(),
                    Some(NodeKind::File { .. }) => self.focus = Focus::Source,
                    None => {}
                },
                Focus::Source => {}
            },
            Action::NextPane | Action::PreviousPane => {
                self.focus = match self.focus {
                    Focus::Tree => Focus::Source,
                    Focus::Source => Focus::Tree,
                };
            }
            Action::NextGap => self.step_gap(true, step),
            Action::PreviousGap => self.step_gap(false, step),
            Action::FoldAll => {
                self.tree.fold_all(false);
                self.follow_tree(Goal::FirstGap, step);
            }
            Action::UnfoldAll => self.tree.fold_all(true),
            Action::Order => self.tree.set_order(self.tree.order().next()),
            Action::Reload => self.reload(step),
            Action::Help => self.help = true,
            Action::Back => {
                if self.focus == Focus::Source {
                    self.focus = Focus::Tree;
                }
            }
            Action::Edit => {
                if let Some(file) = self.source.file() {
                    step.effects.push(Effect::OpenEditor {
                        path: file.path.clone(),
                        line: crate::coverage::Line::from_index(self.source.cursor()),
                    });
                }
            }
            Action::Quit | Action::Interrupt => step.effects.push(Effect::Quit { status: 0 }),
            Action::Suspend => step.effects.push(Effect::Suspend),
        }
    }

    fn reload(&mut self, step: &mut Step) {
        self.load_request = self.next_request();
        step.effects.push(Effect::LoadReports {
            request: self.load_request,
        });
    }

    fn move_by(&mut self, rows: isize, step: &mut Step) {
        match self.focus {
            Focus::Tree => {
                self.tree.move_by(rows);
                self.follow_tree(Goal::FirstGap, step);
            }
            Focus::Source => self.source.move_by(rows),
        }
    }

    fn move_to(&mut self, row: usize, step: &mut Step) {
        match self.focus {
            Focus::Tree => {
                self.tree.move_to(row);
                self.follow_tree(Goal::FirstGap, step);
            }
            Focus::Source => self.source.move_to(row),
        }
    }

    /// The next gap in this file, else in the next file that has any.
    fn step_gap(&mut self, forward: bool, step: &mut Step) {
        if self.source.step_gap(forward) {
            return;
        }
        let Some(loaded) = self.loaded.clone() else {
            return;
        };
        let files = self.tree.files_in_order();
        let here = self
            .source
            .path()
            .and_then(|path| {
                files.iter().position(|&idx| {
                    loaded
                        .coverage
                        .files
                        .get(idx)
                        .is_some_and(|file| &file.path == path)
                })
            })
            .unwrap_or(0);
        let has_gaps = |idx: &&usize| {
            loaded.coverage.files.get(**idx).is_some_and(|file| {
                let totals = file.coverage.totals();
                [totals.branches, totals.lines, totals.functions]
                    .into_iter()
                    .flatten()
                    .any(|ratio| ratio.missed() > 0)
                    && file.source.is_readable()
            })
        };
        let (before, after) = (
            files.get(..here).unwrap_or(&[]),
            files.get(here + 1..).unwrap_or(&[]),
        );
        let next = if forward {
            after.iter().chain(before).find(has_gaps)
        } else {
            before.iter().rev().chain(after.iter().rev()).find(has_gaps)
        };
        if let Some(&idx) = next {
            self.tree.select_file(idx);
            let goal = if forward {
                Goal::FirstGap
            } else {
                Goal::LastGap
            };
            self.follow_tree(goal, step);
        }
    }

    /// Shows the file under the tree's cursor; a folder leaves the source as it is.
    fn follow_tree(&mut self, goal: Goal, step: &mut Step) {
        let Some(file) = self.tree.current_file().and_then(|idx| {
            self.loaded
                .as_ref()
                .and_then(|loaded| loaded.coverage.files.get(idx))
        }) else {
            return;
        };
        let file = file.clone();
        let path = file.path.clone();
        if self.source.path() == Some(&path)
            && self
                .source
                .file()
                .is_some_and(|old| std::sync::Arc::ptr_eq(&old.coverage, &file.coverage))
        {
            return;
        }
        let request = self.next_request();
        if self.source.show(file, request, goal) {
            step.effects.push(Effect::LoadSource { request, path });
        }
    }

    /// Where the panes are now.
    #[must_use]
    pub fn panes(&self) -> Option<super::Panes> {
        self.layout().map(|Layout { panes, .. }| panes)
    }
}
