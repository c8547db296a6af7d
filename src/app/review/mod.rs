//! The review of what a run left: its files one after the other, with what speaks for each and against it.
//!
//! What the files hold, and what the record says, the runtime finds out; here is what is shown of it, what
//! the person points at, and what is asked before it is done. Nothing here changes a file.

mod diff;
mod page;

use std::sync::Arc;
use std::time::Duration;

use crate::triage::record::RunResult;
use crate::triage::review::{Decision, Fate, Piece, PieceId, Review};

pub use diff::{Diff, Row, Sign};
pub use page::page;

/// What to ask of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewWish {
    /// Find the newest run with something to decide, else the newest that left anything.
    Look,
    /// Decide about files of a run: whether the agent's work is wanted in the tree.
    Decide {
        run: String,
        pieces: Vec<PieceId>,
        wants_it: bool,
    },
    /// Take the last decision about a file back.
    Undo { run: String, piece: PieceId },
    /// Run the whole suite, and read its report.
    Measure { run: String, sandboxed: bool },
    Commit {
        run: String,
        paths: Vec<String>,
        message: String,
    },
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum ReviewEvent {
    /// What there is to review now; `None`: no run of this project left anything.
    Left(Option<Arc<Left>>),
    /// Words about what was done, or why it was not.
    Said { text: String, bad: bool },
    /// A step of a measurement has begun.
    Measuring(String),
    /// It is over; `Err` says why there are no new figures.
    Measured(Result<(), String>),
}

/// What a run left, and what the disk has of it.
#[derive(Debug)]
pub struct Left {
    pub run: String,
    /// When it began, local: `22 Nov 14:34`.
    pub clock: String,
    pub review: Review,
    pub result: RunResult,
    /// For each piece of the review, in its order.
    pub files: Vec<OnDisk>,
    /// A program writes the record right now.
    pub is_written: bool,
    /// The folder of the patches and texts that the record names.
    pub folder: String,
}

/// How a file is now.
#[derive(Clone, Debug)]
pub struct OnDisk {
    pub now: Now,
    /// It is in the last commit just so.
    pub is_committed: bool,
    pub diff: Arc<Diff>,
}

/// What the tree has of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Now {
    With,
    Without,
    /// Neither: somebody wrote it since, or took it away.
    Other,
}

impl Left {
    /// Files in the tree that wait for the person. What the person committed, or took away, does not.
    pub fn open(&self) -> impl Iterator<Item = &Piece> {
        self.review
            .pieces
            .iter()
            .zip(&self.files)
            .filter(|(piece, file)| {
                piece.is_open() && file.now != Now::Without && !file.is_committed
            })
            .map(|(piece, _)| piece)
    }

    /// What was accepted and is in no commit yet.
    pub fn accepted(&self) -> impl Iterator<Item = (&Piece, &OnDisk)> {
        self.review
            .pieces
            .iter()
            .zip(&self.files)
            .filter(|(piece, file)| {
                piece.decision().is_some_and(Decision::wants_it)
                    && piece.commit.is_none()
                    && file.now != Now::Without
                    && !file.is_committed
            })
    }
}

/// Whether the figures are of the tree as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Measuring {
    #[default]
    Idle,
    /// A decision was taken; once no other follows, the suite runs.
    Due,
    Running {
        since: Duration,
        step: String,
    },
    Failed(String),
}

/// A commit that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    pub run: String,
    pub paths: Vec<String>,
    /// Those of them that hold more than the agent's work.
    pub edited: Vec<String>,
    pub message: String,
}

/// The review on the screen.
#[derive(Debug, Default)]
pub struct ReviewPane {
    left: Option<Arc<Left>>,
    /// It was looked for, and the answer has come.
    pub is_known: bool,
    cursor: usize,
    scroll: usize,
    /// The first row of the page that is shown, and the cells that are left out at the left of its code.
    pub top: usize,
    pub shift: usize,
    pub measuring: Measuring,
    pub commit: Option<Commit>,
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListRow {
    Heading(Fate),
    /// Its place among the pieces.
    Piece(usize),
    Blank,
}

impl ReviewPane {
    #[must_use]
    pub fn left(&self) -> Option<&Left> {
        self.left.as_deref()
    }

    /// Files that wait for the person.
    #[must_use]
    pub fn n_open(&self) -> usize {
        self.left.as_ref().map_or(0, |left| left.open().count())
    }

    /// The piece under the cursor, and what the disk has of it.
    #[must_use]
    pub fn current(&self) -> Option<(&Piece, &OnDisk)> {
        let left = self.left.as_ref()?;
        left.review
            .pieces
            .get(self.cursor)
            .zip(left.files.get(self.cursor))
    }

    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    #[must_use]
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// Takes what is there now; the cursor stays on its file.
    pub fn take(&mut self, left: Option<Arc<Left>>) {
        let was = self.current().map(|(piece, _)| piece.id.clone());
        let same_run = self.left.as_ref().map(|old| &old.run) == left.as_ref().map(|new| &new.run);
        self.left = left;
        self.is_known = true;
        let pieces = self
            .left
            .as_ref()
            .map_or(&[][..], |left| left.review.pieces.as_slice());
        let at = was.and_then(|was| pieces.iter().position(|piece| piece.id == was));
        if !same_run || at.is_none() {
            self.top = 0;
            self.shift = 0;
        }
        self.cursor = at.unwrap_or(if same_run { self.cursor } else { 0 });
        self.cursor = self.cursor.min(pieces.len().saturating_sub(1));
    }

    /// The rows of the list: what became of them as headings.
    #[must_use]
    pub fn rows(&self) -> Vec<ListRow> {
        let pieces = self
            .left
            .as_ref()
            .map_or(&[][..], |left| left.review.pieces.as_slice());
        let mut rows = Vec::new();
        let mut fate = None;
        for (idx, piece) in pieces.iter().enumerate() {
            if fate != Some(piece.fate) {
                if fate.is_some() {
                    rows.push(ListRow::Blank);
                }
                rows.push(ListRow::Heading(piece.fate));
                fate = Some(piece.fate);
            }
            rows.push(ListRow::Piece(idx));
        }
        rows
    }

    /// Moves the cursor by files.
    pub fn move_by(&mut self, files: isize) {
        self.move_to(self.cursor.saturating_add_signed(files));
    }

    pub fn move_to(&mut self, idx: usize) {
        let last = self
            .left
            .as_ref()
            .map_or(0, |left| left.review.pieces.len().saturating_sub(1));
        let idx = idx.min(last);
        if idx != self.cursor {
            self.cursor = idx;
            self.top = 0;
            self.shift = 0;
        }
    }

    /// The next file that waits, below the cursor and then from the top; the cursor stays where none does.
    pub fn to_next_open(&mut self) {
        let Some(left) = &self.left else { return };
        let open: Vec<usize> = left
            .open()
            .filter_map(|open| {
                left.review
                    .pieces
                    .iter()
                    .position(|piece| piece.id == open.id)
            })
            .collect();
        let next = open
            .iter()
            .find(|idx| **idx > self.cursor)
            .or(open.first())
            .copied();
        if let Some(next) = next {
            self.move_to(next);
        }
    }

    /// The rows of the page of the file under the cursor: what is known of it, then its diff.
    #[must_use]
    pub fn n_rows(&self, width: usize) -> usize {
        self.current().map_or(0, |(piece, file)| {
            page(self.left.as_deref(), piece, file, width).len() + file.diff.rows.len()
        })
    }

    /// Keeps the cursor in a list of so many rows, and the page within its end.
    pub fn settle(&mut self, list: usize, width: usize, height: usize) {
        let rows = self.rows();
        let at = rows
            .iter()
            .position(|row| *row == ListRow::Piece(self.cursor))
            .unwrap_or(0);
        self.scroll = crate::app::window(self.scroll, at, rows.len(), list);
        // The heading above the first file belongs to it.
        if self.scroll == 1 {
            self.scroll = 0;
        }
        self.top = self.top.min(self.n_rows(width).saturating_sub(height));
    }
}
