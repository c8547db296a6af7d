//! The session on the screen: the conversation, where the window is on it, what is being typed.

use rustc_hash::FxHashSet;

use crate::agent::{EntryId, Session};

use super::doc::{self, DocLine};
use super::input::Input;

/// A row of the transcript: the entry, and the row in it; the last row of an entry is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub entry: EntryId,
    pub row: usize,
}

/// The conversation with its window.
#[derive(Debug)]
pub struct SessionPane {
    pub session: Session,
    /// The row of the cursor; `None` follows the end.
    cursor: Option<At>,
    /// The first row in the window, while there is a cursor.
    top: Option<At>,
    unfolded: FxHashSet<EntryId>,
    /// A message that is being written.
    pub saying: Option<Input>,
}

/// Cells for the labels at the left of the transcript.
pub const LABEL: u16 = 9;

impl SessionPane {
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self {
            session,
            cursor: None,
            top: None,
            unfolded: FxHashSet::default(),
            saying: None,
        }
    }

    #[must_use]
    pub fn cursor(&self) -> Option<At> {
        self.cursor
    }

    /// Whether anything was ever said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.session.transcript().entries().is_empty()
    }

    fn lines(&self, idx: usize, width: usize) -> Vec<DocLine> {
        let Some(entry) = self.session.transcript().entries().get(idx) else {
            return Vec::new();
        };
        let mut lines = doc::entry(entry, width, self.unfolded.contains(&entry.id));
        lines.push(DocLine::default());
        lines
    }

    fn id(&self, idx: usize) -> Option<EntryId> {
        Some(self.session.transcript().entries().get(idx)?.id)
    }

    fn idx(&self, id: EntryId) -> Option<usize> {
        let entries = self.session.transcript().entries();
        match entries.binary_search_by_key(&id, |entry| entry.id) {
            Ok(idx) => Some(idx),
            // It was dropped: the oldest that is kept stands for it.
            Err(idx) => (!entries.is_empty()).then(|| idx.min(entries.len() - 1)),
        }
    }

    fn n_entries(&self) -> usize {
        self.session.transcript().entries().len()
    }

    /// The rows in the window, from top to bottom.
    #[must_use]
    pub fn visible(&self, width: usize, height: usize) -> Vec<(At, DocLine)> {
        let mut rows: Vec<(At, DocLine)> = Vec::new();
        if let (Some(_), Some(top)) = (self.cursor, self.top) {
            let mut skip = top.row;
            let mut idx = self.idx(top.entry).unwrap_or(0);
            while rows.len() < height && idx < self.n_entries() {
                if let Some(entry) = self.id(idx) {
                    let lines = self.lines(idx, width).into_iter().enumerate().skip(skip);
                    rows.extend(lines.map(|(row, line)| (At { entry, row }, line)));
                }
                skip = 0;
                idx += 1;
            }
            rows.truncate(height);
        } else {
            // From the end upwards, and then in order.
            let mut from_end: Vec<Vec<(At, DocLine)>> = Vec::new();
            let mut n_rows = 0;
            for idx in (0..self.n_entries()).rev() {
                let Some(entry) = self.id(idx) else { break };
                let lines: Vec<_> = self
                    .lines(idx, width)
                    .into_iter()
                    .enumerate()
                    .map(|(row, line)| (At { entry, row }, line))
                    .collect();
                n_rows += lines.len();
                from_end.push(lines);
                // The empty row after the last entry needs no room.
                if n_rows > height {
                    break;
                }
            }
            rows.extend(from_end.into_iter().rev().flatten());
            rows.pop();
            let over = rows.len().saturating_sub(height);
            rows.drain(..over);
        }
        rows
    }

    /// The last row that says something.
    fn last(&self, width: usize) -> Option<At> {
        let idx = self.n_entries().checked_sub(1)?;
        Some(At {
            entry: self.id(idx)?,
            row: self.lines(idx, width).len().saturating_sub(2),
        })
    }

    /// The row so many rows from another one, or the first or last.
    fn step(&self, from: At, rows: isize, width: usize) -> At {
        let Some(mut idx) = self.idx(from.entry) else {
            return from;
        };
        let mut row = from.row.saturating_add_signed(rows);
        let mut above = if rows < 0 {
            rows.unsigned_abs().saturating_sub(from.row)
        } else {
            0
        };
        while above > 0 && idx > 0 {
            idx -= 1;
            let n = self.lines(idx, width).len();
            row = n.saturating_sub(above);
            above = above.saturating_sub(n);
        }
        loop {
            let n = self.lines(idx, width).len();
            if row < n || idx + 1 >= self.n_entries() {
                row = row.min(n.saturating_sub(1));
                break;
            }
            row -= n;
            idx += 1;
        }
        At {
            entry: self.id(idx).unwrap_or(from.entry),
            row,
        }
    }

    /// Moves the cursor; beyond the end it follows what comes.
    pub fn move_by(&mut self, rows: isize, width: usize, height: usize) {
        let Some(last) = self.last(width) else {
            return;
        };
        if self.cursor.is_none() {
            if rows >= 0 {
                return;
            }
            self.top = self.visible(width, height).first().map(|(at, _)| *at);
        }
        let to = self.step(self.cursor.unwrap_or(last), rows, width);
        let beyond = (to.entry, to.row) >= (last.entry, last.row);
        self.cursor = (!beyond).then_some(to);
        self.settle(width, height);
    }

    /// To the first row.
    pub fn to_top(&mut self, width: usize, height: usize) {
        self.cursor = self.id(0).map(|entry| At { entry, row: 0 });
        self.top = self.cursor;
        self.settle(width, height);
    }

    /// To the end, following what comes.
    pub fn to_end(&mut self) {
        self.cursor = None;
        self.top = None;
    }

    /// Unfolds the entry under the cursor, or folds it; without a cursor the last one that can be.
    pub fn toggle(&mut self, width: usize, height: usize) {
        let entry = match self.cursor {
            Some(at) => Some(at.entry),
            None => (0..self.n_entries()).rev().find_map(|idx| {
                let entry = self.session.transcript().entries().get(idx)?;
                let folded = doc::entry(entry, width, false).len();
                (folded != doc::entry(entry, width, true).len()).then_some(entry.id)
            }),
        };
        let Some(entry) = entry else { return };
        if self.cursor.is_none() {
            self.cursor = Some(At { entry, row: 0 });
            self.top = self.visible(width, height).first().map(|(at, _)| *at);
        }
        if !self.unfolded.remove(&entry) {
            self.unfolded.insert(entry);
        }
        // The row may be gone; its entry's first row is not.
        if let Some(at) = self.cursor {
            self.cursor = Some(self.step(
                At {
                    entry: at.entry,
                    row: 0,
                },
                0,
                width,
            ));
        }
        self.settle(width, height);
    }

    /// Brings the cursor into the window.
    pub fn settle(&mut self, width: usize, height: usize) {
        let Some(cursor) = self.cursor else {
            self.top = None;
            return;
        };
        let seen = self.visible(width, height);
        let top = match self.top {
            Some(top) if (top.entry, top.row) <= (cursor.entry, cursor.row) => {
                if seen.iter().any(|(at, _)| *at == cursor) {
                    top
                } else {
                    let rows = isize::try_from(height.saturating_sub(1)).unwrap_or(0);
                    self.step(cursor, -rows, width)
                }
            }
            _ => cursor,
        };
        self.top = Some(top);
    }
}
