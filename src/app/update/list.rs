//! The lists of functions and of all gaps: filled as gaps are found, a piece at a time.

use crate::app::filter::Show;
use crate::app::gap_list::ListRow;
use crate::app::source_pane::Goal;
use crate::app::tree::Shape;
use crate::app::{App, Step, View};
use crate::coverage::FilePath;
use crate::gaps::{Gap, GapId};

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
        if awaited == 0 || !was_whole {
            let mut fits = self.filter.fitter();
            let with_gaps = self.view == View::Gaps;
            self.list.fill(&known, with_gaps, &mut fits);
            self.list.awaited = awaited;
        }
        self.find_gaps(unknown, step);
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
