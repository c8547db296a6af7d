//! The mouse: a click puts the cursor there, a second one opens; the wheel scrolls what it is over.

use crate::app::layout::{Area, AsideParts, Panes, ReviewParts};
use crate::app::message::{Mouse, MouseKind};
use crate::app::review::ListRow;
use crate::app::{App, Focus, Overlay, Step};

use super::session_width;

/// Rows that one notch of the wheel moves.
const NOTCH: isize = 3;

impl App {
    /// Whether anything changed.
    pub(super) fn mouse(&mut self, mouse: Mouse, step: &mut Step) -> bool {
        let Some(panes) = self.panes() else {
            return false;
        };
        if self.prompt.is_open() || self.question.is_some() {
            return self.wheel_in_prompt(mouse);
        }
        let most = self.overlay_rows().saturating_sub(1);
        if let Some(
            Overlay::Help { scroll }
            | Overlay::Warnings { scroll }
            | Overlay::Changes { scroll }
            | Overlay::Commit { scroll },
        ) = &mut self.overlay
        {
            match mouse.kind {
                MouseKind::ScrollUp => *scroll = scroll.saturating_sub(3),
                MouseKind::ScrollDown => *scroll = scroll.saturating_add(3).min(most),
                // A click is no answer.
                MouseKind::Press if matches!(self.overlay, Some(Overlay::Commit { .. })) => {}
                MouseKind::Press => self.overlay = None,
                MouseKind::Drag | MouseKind::Release => return false,
            }
            return true;
        }
        let (column, row) = (mouse.column, mouse.row);
        if self.dragging {
            match mouse.kind {
                MouseKind::Drag => {
                    let whole = panes.whole();
                    self.divider = Some(column.saturating_sub(whole.x));
                }
                _ => self.dragging = false,
            }
            return true;
        }
        if let Some(layout) = self.layout().filter(|it| it.aside.contains(column, row)) {
            return mouse.kind == MouseKind::Press && self.click_aside(layout.aside, row);
        }
        let (focus, area) = match panes {
            Panes::One(area) => (self.focus, area),
            Panes::Two {
                left,
                divider,
                right,
            } => {
                if divider.contains(column, row) {
                    self.dragging = mouse.kind == MouseKind::Press;
                    return false;
                }
                let session = self.focus.is_session();
                if self.focus.is_review() {
                    if left.contains(column, row) {
                        (Focus::Review, left)
                    } else {
                        (Focus::ReviewPage, right)
                    }
                } else if left.contains(column, row) {
                    (if session { Focus::Run } else { Focus::Tree }, left)
                } else if session {
                    (Focus::Session, right)
                } else if self.tests_shown {
                    (Focus::Tests, right)
                } else {
                    (Focus::Source, right)
                }
            }
        };
        if !area.contains(column, row) {
            return false;
        }
        match mouse.kind {
            MouseKind::ScrollUp => self.wheel(focus, -NOTCH, area),
            MouseKind::ScrollDown => self.wheel(focus, NOTCH, area),
            MouseKind::Press => self.click(focus, area, column, row, step),
            MouseKind::Drag | MouseKind::Release => return false,
        }
        true
    }

    /// A gap in the third pane: the source goes there.
    fn click_aside(&mut self, area: Area, row: u16) -> bool {
        let list = AsideParts::of(area, self.history.points().len()).list;
        let Some(row) = row.checked_sub(list.y).filter(|row| *row < list.height) else {
            return false;
        };
        let (first, _) = self.aside_window();
        let idx = first + usize::from(row);
        let n = self.source.view().map_or(0, |view| view.gaps.len());
        if idx >= n {
            return false;
        }
        self.source.select_gap(idx);
        self.tests_shown = false;
        self.focus_on(Focus::Source);
        true
    }

    fn wheel_in_prompt(&mut self, mouse: Mouse) -> bool {
        match mouse.kind {
            MouseKind::ScrollUp if self.prompt.is_open() => {
                self.prompt.input_mut().move_lines(-NOTCH);
            }
            MouseKind::ScrollDown if self.prompt.is_open() => {
                self.prompt.input_mut().move_lines(NOTCH);
            }
            _ => return false,
        }
        true
    }

    fn wheel(&mut self, focus: Focus, rows: isize, area: Area) {
        let height = usize::from(area.height.saturating_sub(1));
        match focus {
            Focus::Tree => {
                let height = self.tree_height();
                self.list.scroll_by(rows, height);
                self.tree.scroll_by(rows, height);
            }
            Focus::Source => {
                let height = self.source_height();
                self.source.scroll_by(rows, height);
            }
            Focus::Tests => {
                let top = self.tests.top(height).saturating_add_signed(rows);
                self.tests.scroll_to(top, height);
            }
            Focus::Session => {
                let width = session_width(usize::from(area.width));
                let height = self.session_height();
                self.session.move_by(rows, width, height);
            }
            Focus::Run => self.move_in_run(rows),
            Focus::Review => self.review.move_by(rows.signum()),
            Focus::ReviewPage => self.move_page(rows),
        }
    }

    fn click(&mut self, focus: Focus, area: Area, column: u16, row: u16, step: &mut Step) {
        let had_focus = self.focus == focus;
        self.notice = None;
        self.focus_on(focus);
        let Some(row) = (row - area.y).checked_sub(1).map(usize::from) else {
            return;
        };
        match focus {
            Focus::Tree => {
                if row >= self.tree_height() {
                    return;
                }
                if self.view.is_list() {
                    let again = had_focus && self.list.scroll() + row == self.list.cursor();
                    self.list.move_to(self.list.scroll() + row);
                    self.follow_list(step);
                    if again {
                        self.open(step);
                    }
                    return;
                }
                let at = self.tree.scroll() + row;
                let Some(&idx) = self.tree.rows().get(at) else {
                    return;
                };
                let again = had_focus && at == self.tree.cursor();
                self.tree.move_to(at);
                self.follow_tree(step);
                if !self.is_file(idx) {
                    self.tree.toggle();
                } else if again {
                    self.open(step);
                }
            }
            Focus::Source => {
                let height = self.source_height();
                let above = usize::from(area.height.saturating_sub(1)).saturating_sub(height);
                let Some(row) = row.checked_sub(above) else {
                    return;
                };
                if column + 1 >= area.x + area.width {
                    self.source.to_minimap(row, height);
                } else if let Some(line) = self.source.line_at(row) {
                    self.source.move_to(line);
                }
            }
            Focus::Run => {
                let list = self.run_parts(area).list;
                let row = (row + usize::from(area.y) + 1).checked_sub(usize::from(list.y));
                if let Some(row) = row
                    && let Some(gap) = self.run_gap_at(self.run_scroll + row)
                {
                    let again = had_focus && gap == self.run_cursor;
                    self.run_cursor = gap;
                    if again {
                        self.open(step);
                    }
                }
            }
            Focus::Review => {
                let list = ReviewParts::of(area).list;
                let row = (row + usize::from(area.y) + 1).checked_sub(usize::from(list.y));
                let rows = self.review.rows();
                if let Some(row) = row
                    && let Some(ListRow::Piece(idx)) = rows.get(self.review.scroll() + row)
                {
                    let again = had_focus && *idx == self.review.cursor();
                    self.review.move_to(*idx);
                    if again {
                        self.open(step);
                    }
                }
            }
            Focus::Tests | Focus::Session | Focus::ReviewPage => {}
        }
    }
}
