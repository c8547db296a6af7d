//! The lists of functions and of all gaps: filled as gaps are found, a piece at a time.

use crate::app::filter::Show;
use crate::app::gap_list::ListRow;
use crate::app::source_pane::Goal;
use crate::app::tree::Shape;
use crate::app::{App, Step, View};
use crate::coverage::FilePath;
use crate::gaps::{Gap, GapId};
use crate::triage::GapState;

use super::picking::is_pickable;

/// Files whose gaps are asked for at once: small enough that the first ones come soon.
const PIECE: usize = 200;

impl App {
    pub(super) fn set_view(&mut self, view: View, step: &mut Step) {
        let was_list = self.view.is_list();
        self.view = view;
        match view {
            View::Folders => self.tree.set_shape(Shape::Folders),
            View::Files => self.tree.set_shape(Shape::Flat),
            View::Functions | View::Gaps => {
                self.fill_list(step);
                if !was_list {
                    self.list_to_source();
                }
            }
        }
    }

    /// Brings the list up to date with the gaps that are known, and asks for those that are not.
    pub(super) fn fill_list(&mut self, step: &mut Step) {
        let Some(loaded) = self.loaded.clone().filter(|_| self.view.is_list()) else {
            return;
        };
        let shown = |path: &FilePath| self.show != Show::Picked || self.picks.of(path).is_some();
        let paths: Vec<&FilePath> = loaded
            .coverage
            .files
            .iter()
            .filter(|file| is_pickable(file) && shown(&file.path))
            .map(|file| &file.path)
            .collect();
        let unknown: Vec<FilePath> = paths
            .iter()
            .filter(|path| !self.known.contains_key(path))
            .take(PIECE)
            .map(|path| (*path).clone())
            .collect();
        let known: Vec<(&FilePath, &[Gap])> = paths
            .iter()
            .filter_map(|path| Some((*path, self.known.get(path)?.as_ref())))
            .collect();
        let awaited = paths.len() - known.len();
        // A list that was whole stays as it is until the new one is whole too: nothing jumps.
        let was_whole = self.list.awaited == 0 && !self.list.rows().is_empty();
        let ripe = if awaited == 0 {
            self.list.stale
        } else {
            !was_whole && self.list.has_grown(known.len())
        };
        if ripe {
            self.list.fill(&known);
        }
        if awaited == 0 || !was_whole {
            self.list.awaited = awaited;
        }
        self.choose_list();
        self.find_gaps(unknown, step);
    }

    /// Which of the gaps are listed, and in which order.
    pub(super) fn choose_list(&mut self) {
        let (picks, run, mine) = (&self.picks, &self.run, self.mine.as_deref());
        let show = self.show;
        let wants = move |path: &FilePath, gap: &Gap| match show {
            Show::All => true,
            Show::Open => run.state(path, gap.id).is_none_or(GapState::wants_closing),
            Show::Picked => picks.has(path, gap.id),
            Show::Mine => mine.is_some_and(|mine| mine.touches(path, gap.line, gap.end_line)),
        };
        let mut fits = self.filter.fitter();
        self.list.choose(
            self.tree.order(),
            self.view == View::Gaps,
            (show != Show::All).then_some(&wants),
            (!self.filter.query().is_empty()).then_some(&mut fits),
        );
    }

    /// Shows the gap under the list's cursor.
    pub(super) fn follow_list(&mut self, step: &mut Step) {
        let Some((path, gap, line)) = self.list.current().and_then(|row| {
            let gap = row.gap()?;
            Some((row.group().path.clone(), gap.id, gap.line))
        }) else {
            return;
        };
        if self.source.path() == Some(&path) && self.source.view().is_some() {
            self.source.to_gap(gap, line);
            return;
        }
        let file = self
            .tree
            .file_of_path(&path)
            .and_then(|idx| self.loaded.as_ref()?.coverage.files.get(idx))
            .cloned();
        if let Some(file) = file {
            self.show_source(file, Goal::Gap { gap, line }, step);
        }
    }

    /// `n` and `N` in the list: the next gap, or the next function where only these are listed.
    pub(super) fn step_list(&mut self, forward: bool, times: usize, step: &mut Step) {
        let with_gaps = self.view == View::Gaps;
        let rows = self.list.rows();
        let is_stop = |row: &ListRow| !with_gaps || matches!(row, ListRow::Gap { .. });
        let mut at = self.list.cursor();
        let mut wrapped = false;
        for _ in 0..times.min(rows.len()) {
            let next = if forward {
                let mut after = rows.iter().enumerate().skip(at + 1);
                after.find(|(_, row)| is_stop(row)).map(|(idx, _)| idx)
            } else {
                rows.get(..at)
                    .and_then(|rows| rows.iter().rposition(is_stop))
            };
            let next = next.or_else(|| {
                wrapped = true;
                if forward {
                    rows.iter().position(is_stop)
                } else {
                    rows.iter().rposition(is_stop)
                }
            });
            let Some(next) = next else { return };
            at = next;
        }
        self.list.move_to(at);
        self.follow_list(step);
        if wrapped {
            self.say("that was the last one: from the other end again");
        }
    }

    /// Puts the list's cursor on the gap that the source shows, if it is in the list.
    pub(super) fn list_to_source(&mut self) {
        let (Some(path), Some((_, gap))) = (self.source.path(), self.source.current_gap()) else {
            return;
        };
        let row = self.list.rows().iter().position(|row| {
            let group = row.group();
            &group.path == path
                && match row {
                    ListRow::Gap { .. } => row.gap().is_some_and(|own| own.id == gap.id),
                    ListRow::Function(group) => {
                        self.view == View::Functions && group.name == gap.function
                    }
                }
        });
        if let Some(row) = row {
            self.list.move_to(row);
        }
    }

    /// Picks the gap, or all gaps of the function, under the cursor.
    pub(super) fn pick_in_list(&mut self) {
        let Some(row) = self.list.current().cloned() else {
            return;
        };
        let path = row.group().path.clone();
        let ids: Vec<GapId> = match &row {
            ListRow::Function(group) => group.gaps.iter().map(|(gap, _)| gap.id).collect(),
            ListRow::Gap { .. } => row.gap().map(|gap| gap.id).into_iter().collect(),
        };
        if let Some(gaps) = self.known.get(&path) {
            self.picks.toggle_gaps(&path, &ids, gaps);
            self.recount_picks(&[path]);
        }
    }
}
