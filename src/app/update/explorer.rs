//! Moving about: the tree, the source, the gaps.

use std::sync::Arc;

use crate::app::effect::{Effect, RequestId};
use crate::app::filter::{AT_ONCE, Found, Mine, Show};
use crate::app::keymap::Action;
use crate::app::message::Key;
use crate::app::source_pane::Goal;
use crate::app::tree::NodeKind;
use crate::app::{App, Focus, Step};
use crate::coverage::{FilePath, Line};
use crate::gaps::Gap;

use super::picking::is_pickable;
use super::session_width;

impl App {
    /// Moves in the pane that has the keys.
    pub(super) fn go(&mut self, action: Action, count: Option<usize>, step: &mut Step) {
        let page = match self.focus {
            Focus::Tree => self.tree_height(),
            Focus::Source => self.source_height(),
            Focus::Tests | Focus::Session | Focus::Run | Focus::Review | Focus::ReviewPage => {
                self.pane_height()
            }
        };
        let page = isize::try_from(page).unwrap_or(isize::MAX);
        let half = (page / 2).max(1);
        let times = isize::try_from(count.unwrap_or(1)).unwrap_or(isize::MAX);
        match action {
            Action::Down => self.move_by(times, step),
            Action::Up => self.move_by(-times, step),
            Action::HalfPageDown => self.move_by(half.saturating_mul(times), step),
            Action::HalfPageUp => self.move_by(-half.saturating_mul(times), step),
            Action::PageDown => self.move_by(page.saturating_mul(times), step),
            Action::PageUp => self.move_by(-page.saturating_mul(times), step),
            Action::Top => self.move_to(count.unwrap_or(1).saturating_sub(1), step),
            Action::Bottom => {
                self.move_to(count.map_or(usize::MAX, |n| n.saturating_sub(1)), step);
            }
            Action::Left => self.go_left(step),
            Action::Right => self.go_right(step),
            _ => {}
        }
    }

    fn go_left(&mut self, step: &mut Step) {
        match self.focus {
            Focus::Tree if self.view.is_list() => {}
            Focus::Tree => {
                self.tree.step_out();
                self.follow_tree(step);
            }
            Focus::Source if self.source.shift > 0 => {
                self.source.shift = self.source.shift.saturating_sub(8);
            }
            Focus::Source | Focus::Tests => self.focus_on(Focus::Tree),
            Focus::Session => self.focus_on(Focus::Run),
            Focus::ReviewPage if self.review.shift > 0 => {
                self.review.shift = self.review.shift.saturating_sub(8);
            }
            Focus::ReviewPage => self.focus_on(Focus::Review),
            Focus::Run | Focus::Review => {}
        }
    }

    fn go_right(&mut self, step: &mut Step) {
        match self.focus {
            Focus::Tree if self.view.is_list() => self.focus_right(),
            Focus::Tree => {
                if self.tree.step_in() {
                    self.follow_tree(step);
                } else {
                    self.focus_right();
                }
            }
            Focus::Source => self.source.shift = (self.source.shift + 8).min(100_000),
            Focus::Run => self.focus_on(Focus::Session),
            Focus::Review => self.focus_on(Focus::ReviewPage),
            Focus::ReviewPage => self.review.shift = (self.review.shift + 8).min(100_000),
            Focus::Tests | Focus::Session => {}
        }
    }

    fn focus_right(&mut self) {
        self.focus_on(if self.tests_shown {
            Focus::Tests
        } else {
            Focus::Source
        });
    }

    /// `enter`.
    pub(super) fn open(&mut self, step: &mut Step) {
        match self.focus {
            Focus::Tree if self.view.is_list() => {
                self.tests_shown = false;
                self.focus_on(Focus::Source);
            }
            Focus::Tree => match self.tree.current().map(|(_, node)| &node.kind) {
                Some(NodeKind::Folder) => self.tree.toggle(),
                Some(NodeKind::File { .. }) => {
                    self.tests_shown = false;
                    self.focus_on(Focus::Source);
                }
                None => {}
            },
            Focus::Session => {
                let (width, _) = self.pane_size();
                let height = self.session_height();
                self.session.toggle(session_width(width), height);
            }
            Focus::Run => self.open_run_gap(step),
            Focus::Review => self.focus_on(Focus::ReviewPage),
            Focus::ReviewPage => self.focus_on(Focus::Review),
            Focus::Source | Focus::Tests => {}
        }
    }

    fn move_by(&mut self, rows: isize, step: &mut Step) {
        let (width, height) = self.pane_size();
        match self.focus {
            Focus::Tree if self.view.is_list() => {
                self.list.move_by(rows);
                self.follow_list(step);
            }
            Focus::Tree => {
                self.tree.move_by(rows);
                self.follow_tree(step);
            }
            Focus::Source => self.source.move_by(rows),
            Focus::Tests => {
                let top = self.tests.top(height).saturating_add_signed(rows);
                self.tests.scroll_to(top, height);
            }
            Focus::Session => {
                let height = self.session_height();
                self.session.move_by(rows, session_width(width), height);
            }
            Focus::Run => self.move_in_run(rows),
            Focus::Review => self.review.move_by(rows),
            Focus::ReviewPage => self.move_page(rows),
        }
    }

    fn move_to(&mut self, row: usize, step: &mut Step) {
        let (width, height) = self.pane_size();
        match self.focus {
            Focus::Tree if self.view.is_list() => {
                self.list.move_to(row);
                self.follow_list(step);
            }
            Focus::Tree => {
                self.tree.move_to(row);
                self.follow_tree(step);
            }
            Focus::Source => self.source.move_to(row),
            Focus::Tests => self.tests.scroll_to(row, height),
            Focus::Session if row == 0 => {
                let height = self.session_height();
                self.session.to_top(session_width(width), height);
            }
            Focus::Session => self.session.to_end(),
            Focus::Run => {
                self.run_cursor = 0;
                self.move_in_run(isize::try_from(row).unwrap_or(isize::MAX));
            }
            Focus::Review => self.review.move_to(row),
            Focus::ReviewPage => self.review.top = row,
        }
    }

    /// Shows the file under the tree's cursor; on a folder the source stays as it is.
    pub(super) fn follow_tree(&mut self, step: &mut Step) {
        if self.view.is_list() {
            self.follow_list(step);
            return;
        }
        self.follow_tree_to(true, step);
    }

    /// The first of the gaps of a file that lie on lines that the person changed, or the last.
    fn first_mine(&self, path: &FilePath, first: bool) -> Option<&Gap> {
        let mine = self.mine.as_ref()?;
        let mut gaps = self.known.get(path)?.iter();
        let is_mine = |gap: &&Gap| mine.touches(path, gap.line, gap.end_line);
        if first {
            gaps.find(is_mine)
        } else {
            gaps.rfind(is_mine)
        }
    }

    /// Shows the file under the tree's cursor, at its first gap or its last.
    fn follow_tree_to(&mut self, first: bool, step: &mut Step) {
        let file = self
            .tree
            .current_file()
            .and_then(|idx| self.loaded.as_ref()?.coverage.files.get(idx))
            .cloned();
        let Some(file) = file else { return };
        let same = self.source.file().is_some_and(|old| {
            old.path == file.path && std::sync::Arc::ptr_eq(&old.coverage, &file.coverage)
        });
        if !same {
            let mine = match self.show {
                Show::Mine => self.first_mine(&file.path, first),
                Show::All | Show::Open | Show::Picked => None,
            };
            let goal = match mine {
                Some(gap) => Goal::Gap {
                    gap: gap.id,
                    line: gap.line,
                },
                None if first => Goal::FirstGap,
                None => Goal::LastGap,
            };
            self.show_source(file, goal, step);
        }
    }

    /// `n` and `N`: the next gap in this file, else in the next file that has any; in a list of gaps the next
    /// one there.
    pub(super) fn step_gaps(&mut self, forward: bool, count: Option<usize>, step: &mut Step) {
        if self.focus == Focus::Tree && self.view.is_list() {
            self.step_list(forward, count.unwrap_or(1), step);
            return;
        }
        self.tests_shown &= self.focus != Focus::Source;
        for _ in 0..count.unwrap_or(1).min(10_000) {
            if !self.step_gap(forward) {
                self.step_file(forward, step);
                return;
            }
        }
        // The tree keeps up, also where a folder is under its cursor.
        if let Some(idx) = self.source_idx()
            && self.tree.current_file() != Some(idx)
        {
            self.tree.select_file(idx);
        }
        if self.view.is_list() {
            self.list_to_source();
        }
    }

    /// The next gap of the shown file that is one of those that are shown.
    fn step_gap(&mut self, forward: bool) -> bool {
        let mine = self.mine.clone().filter(|_| self.show == Show::Mine);
        let path = self.source.path().cloned();
        self.source.step_gap(forward, &|gap| match (&mine, &path) {
            (Some(mine), Some(path)) => mine.touches(path, gap.line, gap.end_line),
            _ => true,
        })
    }

    /// The place of the shown file among the coverage's files.
    pub(super) fn source_idx(&self) -> Option<usize> {
        self.tree.file_of_path(self.source.path()?)
    }

    fn step_file(&mut self, forward: bool, step: &mut Step) {
        let Some(loaded) = self.loaded.clone() else {
            return;
        };
        let has_gaps = |idx: usize| {
            let file = loaded.coverage.files.get(idx);
            file.is_some_and(|file| {
                is_pickable(file)
                    && (self.show != Show::Mine || self.first_mine(&file.path, forward).is_some())
            })
        };
        let here = self.source_idx();
        let from = here.and_then(|idx| self.tree.node_of_file(idx));
        let Some((idx, wrapped)) = self.tree.next_file(from, forward, &has_gaps) else {
            self.say("no gap is left that could be shown");
            return;
        };
        if Some(idx) == here {
            let end = self.source.view().map_or(0, |view| view.lines.len());
            self.source.move_to(if forward { 0 } else { end });
            let gap = self.source.current_gap();
            if gap.is_none_or(|(_, gap)| !self.is_shown_gap(gap)) {
                self.step_gap(forward);
            }
        } else {
            self.tree.select_file(idx);
            self.follow_tree_to(forward, step);
        }
        if self.view.is_list() {
            self.list_to_source();
        }
        if wrapped {
            self.say(if forward {
                "that was the last gap: from the top again"
            } else {
                "that was the first gap: from the bottom again"
            });
        }
    }

    pub(super) fn next_order(&mut self) {
        self.tree.set_order(self.tree.order().next());
        if self.view.is_list() {
            self.choose_list();
        }
    }

    pub(super) fn next_show(&mut self, step: &mut Step) {
        let next = match self.show.next() {
            Show::Picked if self.picks.is_empty() => Show::Mine,
            next => next,
        };
        self.show_only(next, step);
    }

    pub(super) fn show_only(&mut self, show: Show, step: &mut Step) {
        self.show = show;
        if show == Show::Mine {
            self.find_mine(step);
        }
        self.shown_changed(step);
    }

    /// Asks for the lines that the person changed: they may have changed more since.
    pub(super) fn find_mine(&mut self, step: &mut Step) {
        self.mine_request = self.next_request();
        step.effects.push(Effect::FindMine {
            request: self.mine_request,
        });
    }

    pub(super) fn mine_came(
        &mut self,
        request: RequestId,
        outcome: Result<Arc<Mine>, String>,
        step: &mut Step,
    ) {
        if request != self.mine_request {
            step.redraw = false;
            return;
        }
        match outcome {
            Ok(mine) => self.mine = Some(mine),
            Err(why) => {
                self.complain(why);
                if self.show == Show::Mine {
                    self.show = Show::All;
                }
            }
        }
        self.shown_changed(step);
        self.seek_shown_gap();
    }

    /// Goes to the first gap that is shown, unless the cursor is on one.
    pub(super) fn seek_shown_gap(&mut self) {
        let gap = self.source.current_gap();
        if self.show == Show::Mine && gap.is_none_or(|(_, gap)| !self.is_shown_gap(gap)) {
            self.source.move_to(0);
            if self
                .source
                .current_gap()
                .is_none_or(|(_, gap)| !self.is_shown_gap(gap))
            {
                self.step_gap(true);
            }
        }
    }

    /// Other files are to be shown, or other lines are the person's.
    fn shown_changed(&mut self, step: &mut Step) {
        self.apply_filter();
        self.fill_list(step);
        if let Some(mine) = self.mine.clone().filter(|_| self.show == Show::Mine)
            && let Some(loaded) = self.loaded.clone()
        {
            // Which files have a gap on these lines is told by their gaps alone.
            let files = loaded.coverage.files.iter();
            let files = files.filter(|file| mine.has(&file.path) && is_pickable(file));
            let paths = files.map(|file| file.path.clone()).collect();
            self.find_gaps(paths, step);
        }
        self.follow_tree(step);
    }

    /// Whether a gap of the shown file is one of those that are shown.
    fn is_shown_gap(&self, gap: &Gap) -> bool {
        match (self.show, &self.mine, self.source.path()) {
            (Show::Mine, Some(mine), Some(path)) => mine.touches(path, gap.line, gap.end_line),
            _ => true,
        }
    }

    pub(super) fn filter_key(&mut self, key: Key, step: &mut Step) {
        use crate::app::message::KeyCode;
        match key.code {
            // Typing goes on in the list: the first enter only leaves the input.
            KeyCode::Enter | KeyCode::Tab => {
                self.filtering = false;
                self.follow_tree(step);
            }
            KeyCode::Down => self.move_by(1, step),
            KeyCode::Up => self.move_by(-1, step),
            _ => {
                self.filter.input_mut().key(key);
                self.filter_typed(step);
            }
        }
    }

    pub(super) fn filter_typed(&mut self, step: &mut Step) {
        if self.filter.typed() {
            self.find_files(step);
        }
    }

    /// Finds out which files fit the filter: at once, or, where they are many, elsewhere.
    pub(super) fn find_files(&mut self, step: &mut Step) {
        let Some(loaded) = self.loaded.clone() else {
            return;
        };
        self.filter_request = self.next_request();
        let query = self.filter.query();
        if query.is_empty() {
            self.filter.take(None);
        } else if loaded.coverage.files.len() <= AT_ONCE {
            self.filter
                .take(Some(Arc::new(Found::of(query, &loaded.coverage))));
        } else {
            step.effects.push(Effect::FindFiles {
                request: self.filter_request,
                query: query.to_owned(),
            });
            return;
        }
        self.filtered(step);
    }

    /// The files that fit the filter were found. Whether they are still wanted.
    pub(super) fn files_came(
        &mut self,
        request: RequestId,
        found: Arc<Found>,
        step: &mut Step,
    ) -> bool {
        if request != self.filter_request {
            return false;
        }
        self.filter.take(Some(found));
        self.filtered(step);
        true
    }

    fn filtered(&mut self, step: &mut Step) {
        self.apply_filter();
        self.fill_list(step);
        // A new report moves nobody.
        if self.filtering
            && let Some(best) = self.filter.best()
        {
            self.tree.select_file(best);
        }
        self.follow_tree(step);
    }

    pub(super) fn clear_filter(&mut self, step: &mut Step) {
        self.filtering = false;
        self.filter.input_mut().clear();
        self.filter_typed(step);
    }

    /// Shows the files that pass the filter.
    pub(super) fn apply_filter(&mut self) {
        let Some(loaded) = self.loaded.clone() else {
            return;
        };
        if self.filter.query().is_empty() && self.show == Show::All {
            self.tree.set_shown(None);
            return;
        }
        let (filter, picks, show) = (&self.filter, &self.picks, self.show);
        let mine = self.mine.as_deref();
        let keep = |idx: usize| {
            filter.fits(idx)
                && loaded
                    .coverage
                    .files
                    .get(idx)
                    .is_some_and(|file| match show {
                        Show::All => true,
                        Show::Open => is_pickable(file),
                        Show::Picked => picks.of(&file.path).is_some(),
                        // Until it is known what is theirs, all stays as it is.
                        Show::Mine => mine.is_none_or(|mine| mine.has(&file.path)),
                    })
        };
        self.tree.set_shown(Some(&keep));
    }

    pub(super) fn edit(&mut self, step: &mut Step) {
        let Some(file) = self.source.file() else {
            self.say("no file is selected");
            return;
        };
        if !file.source.is_readable() {
            self.say("its source cannot be read");
            return;
        }
        step.effects.push(Effect::OpenEditor {
            path: file.path.clone(),
            line: Line::from_index(self.source.cursor()),
        });
    }

    /// `y`: what names the place under the cursor.
    pub(super) fn copy_place(&mut self, step: &mut Step) {
        let text = match self.focus {
            Focus::Tree if !self.view.is_list() => self
                .tree
                .current()
                .map(|(_, node)| node.path.as_str().to_owned()),
            Focus::Review | Focus::ReviewPage => self
                .review
                .current()
                .map(|(piece, _)| piece.id.path.clone()),
            Focus::Tree | Focus::Source | Focus::Tests | Focus::Session | Focus::Run => {
                self.source.path().map(|path| {
                    format!(
                        "{}:{}",
                        path.as_str(),
                        Line::from_index(self.source.cursor())
                    )
                })
            }
        };
        if let Some(text) = text {
            self.say(format!("copied {text}"));
            step.effects.push(Effect::Copy(text));
        }
    }

    /// `Y`: the source of the current gap, or of the line.
    pub(super) fn copy_source(&mut self, step: &mut Step) {
        let Some(view) = self.source.view() else {
            return;
        };
        let (first, last) = match self.source.current_gap() {
            Some((_, gap)) => (gap.line.index(), gap.end_line.index()),
            None => (self.source.cursor(), self.source.cursor()),
        };
        let last = last.max(first).min(view.lines.len().saturating_sub(1));
        let Some(lines) = view.lines.get(first..=last) else {
            return;
        };
        let text = lines.join("\n");
        let n = lines.len();
        self.say(format!("copied {}", crate::app::doc::count(n, "line")));
        step.effects.push(Effect::Copy(text));
    }
}
