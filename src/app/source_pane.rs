//! The source pane: which text, which line, which gap.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::coverage::{CoveredFile, FilePath, Line, SourceState};
use crate::gaps::{Gap, GapId};
use crate::highlight::StyledSpan;

use super::effect::RequestId;
use super::marks::Gutter;
use super::message::SourceView;

/// Lines are coloured in pieces of so many.
pub const PIECE: usize = 64;

/// The text of one file with its cursor.
#[derive(Debug, Default)]
pub struct SourcePane {
    file: Option<CoveredFile>,
    text: Text,
    /// The request whose answer is waited for.
    request: RequestId,
    /// The line of the cursor, 0-based.
    cursor: usize,
    /// The first line in the window, 0-based.
    scroll: usize,
    /// Columns scrolled to the right.
    pub shift: usize,
    /// Which of the gaps is the current one.
    gap: Option<usize>,
    colours: FxHashMap<usize, Vec<Vec<StyledSpan>>>,
    asked: Vec<usize>,
    goal: Goal,
    gutter: Gutter,
    /// Rows of words under the line of the cursor.
    words: usize,
}

/// What is known of the text.
#[derive(Debug, Default)]
pub enum Text {
    /// No file is selected.
    #[default]
    None,
    /// It was asked for.
    Loading,
    Ready(Arc<SourceView>),
    /// There is none to show, and why.
    Absent(String),
}

/// Where the cursor goes when the text comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// The first gap, or the first line.
    #[default]
    FirstGap,
    LastGap,
    /// Stay: the same file is read again.
    Stay,
    /// This gap; where it is none any more, the line it was at.
    Gap {
        gap: GapId,
        line: Line,
    },
}

impl SourcePane {
    #[must_use]
    pub fn file(&self) -> Option<&CoveredFile> {
        self.file.as_ref()
    }

    #[must_use]
    pub fn path(&self) -> Option<&FilePath> {
        self.file.as_ref().map(|file| &file.path)
    }

    #[must_use]
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The text, where there is one.
    #[must_use]
    pub fn view(&self) -> Option<&Arc<SourceView>> {
        match &self.text {
            Text::Ready(view) => Some(view),
            Text::None | Text::Loading | Text::Absent(_) => None,
        }
    }

    /// Where the cursor goes when the text comes.
    #[must_use]
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// The line of the cursor, 0-based.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    #[must_use]
    pub fn scroll(&self) -> usize {
        self.scroll
    }

    /// The number of the current gap among the file's gaps, 0-based, and the gap.
    #[must_use]
    pub fn current_gap(&self) -> Option<(usize, &Gap)> {
        let idx = self.gap?;
        Some((idx, self.view()?.gaps.get(idx)?))
    }

    /// The colours of a line, if they have come.
    #[must_use]
    pub fn colours(&self, line_idx: usize) -> Option<&[StyledSpan]> {
        self.colours
            .get(&(line_idx / PIECE))?
            .get(line_idx % PIECE)
            .map(Vec::as_slice)
    }

    /// The report's line for a line of the text; they differ only where the source changed since.
    #[must_use]
    pub fn report_line(&self, line_idx: usize) -> Option<Line> {
        match &self.view()?.report_lines {
            Some(lines) => lines.get(line_idx).copied().flatten(),
            None => Some(Line::from_index(line_idx)),
        }
    }

    /// The widths of the columns beside the text.
    #[must_use]
    pub fn gutter(&self) -> Gutter {
        self.gutter
    }

    /// Cells before the text of a line: the bar, the number, the hits, the dots.
    #[must_use]
    pub fn text_column(&self, area: super::layout::Area) -> usize {
        let columns = GutterColumns::of(self, area);
        1 + columns.number + 1 + columns.hits + columns.dots + 1
    }

    /// How far the text of the cursor's line is indented, in cells.
    #[must_use]
    pub fn indent(&self) -> usize {
        let Some(line) = self.view().and_then(|view| view.lines.get(self.cursor)) else {
            return 0;
        };
        super::text::glyphs(line, false)
            .take_while(|glyph| {
                matches!(
                    glyph.sign,
                    super::text::Sign::Tab | super::text::Sign::Text(" ")
                )
            })
            .map(|glyph| glyph.width)
            .sum::<usize>()
            .saturating_sub(self.shift)
            .min(24)
    }

    /// The line at a row of the window, 0-based; `None` for words under a line, and below the text.
    #[must_use]
    pub fn line_at(&self, row: usize) -> Option<usize> {
        let at = self.scroll + row;
        let line = if at <= self.cursor {
            at
        } else {
            at.checked_sub(self.words)
                .filter(|&line| line > self.cursor)?
        };
        (line < self.n_lines()).then_some(line)
    }

    /// The lines that a row of a map of `height` rows stands for.
    #[must_use]
    pub fn map_lines(&self, row: usize, height: usize) -> std::ops::Range<usize> {
        let n = self.n_lines();
        if n <= height {
            return row..row + 1;
        }
        let first = row * n / height.max(1);
        first..((row + 1) * n / height.max(1)).max(first + 1)
    }

    /// Goes to what a row of the map stands for: its first gap, else its first line.
    pub fn to_minimap(&mut self, row: usize, height: usize) {
        let lines = self.map_lines(row, height);
        let gap = self.view().and_then(|view| {
            view.gaps
                .iter()
                .position(|gap| lines.contains(&gap.line.index()))
        });
        match gap {
            Some(idx) => self.select_gap(idx),
            None => self.move_to(lines.start),
        }
    }

    fn n_lines(&self) -> usize {
        self.view().map_or(0, |view| view.lines.len())
    }

    /// Shows a file; its text will come as the answer to `request`. Whether to ask for it.
    pub fn show(&mut self, file: CoveredFile, request: RequestId, goal: Goal) -> bool {
        let same = self.path() == Some(&file.path);
        self.goal = if same && goal == Goal::FirstGap {
            Goal::Stay
        } else {
            goal
        };
        self.request = request;
        let readable = file.source.is_readable();
        let absent = absence(&file.source);
        self.gutter = Gutter::of(&file.coverage);
        self.file = Some(file);
        if let Some(why) = absent {
            self.text = Text::Absent(why);
            self.forget();
        } else if !same || self.view().is_none() {
            self.text = Text::Loading;
            self.forget();
        }
        readable
    }

    /// No file.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn forget(&mut self) {
        self.cursor = 0;
        self.scroll = 0;
        self.shift = 0;
        self.gap = None;
        self.colours.clear();
        self.asked.clear();
    }

    /// The text came. Whether it was the one that is waited for.
    pub fn take(&mut self, request: RequestId, outcome: Result<Arc<SourceView>, String>) -> bool {
        if request != self.request {
            return false;
        }
        match outcome {
            Err(why) => {
                self.text = Text::Absent(why);
                self.forget();
            }
            Ok(view) => {
                let unchanged = self.view().is_some_and(|old| old.lines == view.lines);
                if !unchanged {
                    self.colours.clear();
                    self.asked.clear();
                }
                let n_gaps = view.gaps.len();
                self.text = Text::Ready(view);
                match self.goal {
                    Goal::FirstGap => self.select_gap(0),
                    Goal::LastGap => self.select_gap(n_gaps.saturating_sub(1)),
                    Goal::Stay => self.stay(),
                    Goal::Gap { gap, line } => self.to_gap(gap, line),
                }
                self.goal = Goal::Stay;
            }
        }
        true
    }

    /// Goes to a gap; where it is none any more, to the line it was at.
    pub fn to_gap(&mut self, gap: GapId, line: Line) {
        match self.gap_at(gap) {
            Some(idx) => self.select_gap(idx),
            None => self.move_to(line.index()),
        }
    }

    fn gap_at(&self, id: GapId) -> Option<usize> {
        self.view()?.gaps.iter().position(|gap| gap.id == id)
    }

    /// The same file came again: the cursor stays on its line.
    fn stay(&mut self) {
        self.move_to(self.cursor);
    }

    /// Colours came for lines from `first` on.
    pub fn colour(&mut self, path: &FilePath, first: Line, lines: &[Vec<StyledSpan>]) -> bool {
        if self.path() != Some(path) {
            return false;
        }
        for (at, piece) in lines.chunks(PIECE).enumerate() {
            self.colours
                .insert(first.index() / PIECE + at, piece.to_vec());
        }
        true
    }

    /// The piece of lines that the window shows and nobody asked to colour yet, `(first, count)`.
    pub fn uncoloured(&mut self, height: usize) -> Option<(Line, u32)> {
        let n_lines = self.n_lines();
        if n_lines == 0 {
            return None;
        }
        let last = (self.scroll + height).min(n_lines - 1) / PIECE;
        let missing =
            |piece: &usize| !self.colours.contains_key(piece) && !self.asked.contains(piece);
        let first = (self.scroll / PIECE..=last).find(missing)?;
        let last = (first..=last).rev().find(missing)?;
        self.asked.extend(first..=last);
        let count = (last + 1 - first) * PIECE;
        Some((Line::from_index(first * PIECE), u32::try_from(count).ok()?))
    }

    /// Puts the cursor on a line, 0-based; the gap of that line becomes the current one.
    pub fn move_to(&mut self, line_idx: usize) {
        self.cursor = line_idx.min(self.n_lines().saturating_sub(1));
        let line = Line::from_index(self.cursor);
        self.gap = self
            .view()
            .and_then(|view| view.gaps.iter().position(|gap| gap.line == line));
    }

    pub fn move_by(&mut self, lines: isize) {
        self.move_to(self.cursor.saturating_add_signed(lines));
    }

    /// Puts the cursor on a gap.
    pub fn select_gap(&mut self, idx: usize) {
        let Some(line) = self
            .view()
            .and_then(|view| view.gaps.get(idx))
            .map(|gap| gap.line)
        else {
            return;
        };
        self.cursor = line.index().min(self.n_lines().saturating_sub(1));
        self.gap = Some(idx);
    }

    /// Goes to the next (or previous) gap of this file that is wanted. Whether there was one.
    pub fn step_gap(&mut self, forward: bool, wanted: &dyn Fn(&Gap) -> bool) -> bool {
        let Some(view) = self.view() else {
            return false;
        };
        let line = Line::from_index(self.cursor);
        // The gaps after this place, or those before it.
        let place = match (self.gap, forward) {
            (Some(idx), true) => idx + 1,
            (Some(idx), false) => idx,
            (None, true) => view.gaps.partition_point(|gap| gap.line <= line),
            (None, false) => view.gaps.partition_point(|gap| gap.line < line),
        };
        let next = if forward {
            let mut after = view.gaps.iter().enumerate().skip(place);
            after.find(|(_, gap)| wanted(gap)).map(|(idx, _)| idx)
        } else {
            let before = view.gaps.get(..place).unwrap_or(&[]);
            before.iter().rposition(wanted)
        };
        if let Some(idx) = next {
            self.select_gap(idx);
        }
        next.is_some()
    }

    /// Moves the window without the cursor, as far as the cursor stays in it.
    pub fn scroll_by(&mut self, lines: isize, height: usize) {
        let most = self.n_lines().saturating_sub(height);
        self.scroll = self.scroll.saturating_add_signed(lines).min(most);
        let margin = (height / 5).min(3);
        let first = if self.scroll == 0 {
            0
        } else {
            self.scroll + margin
        };
        let last = self.scroll + height.saturating_sub(1);
        let last = if self.scroll == most {
            last
        } else {
            last.saturating_sub(margin)
        };
        let within = self.cursor.clamp(first.min(last), last);
        if within != self.cursor {
            self.move_to(within);
        }
    }

    /// Brings the cursor, and the words under its line, into a window of `height` rows.
    pub fn settle(&mut self, height: usize, words: usize) {
        self.words = words.min(height.saturating_sub(1));
        let len = self.n_lines() + self.words;
        // What is below the cursor first, then the cursor itself: it matters more.
        self.scroll = super::window(self.scroll, self.cursor + self.words, len, height);
        let margin = (height / 5).min(3);
        self.scroll = self.scroll.min(self.cursor.saturating_sub(margin));
    }
}

/// How wide the columns before the text are, in cells; 0 for one that is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GutterColumns {
    pub number: usize,
    /// With a space before it.
    pub hits: usize,
    /// With a space before it.
    pub dots: usize,
}

impl GutterColumns {
    /// Where there is little room the hit counts go first: the dots say more.
    #[must_use]
    pub fn of(source: &SourcePane, area: super::layout::Area) -> Self {
        let number = (source.n_lines().max(1).ilog10() as usize + 1).max(3);
        let gutter = source.gutter;
        let hits = if area.width >= 64 && gutter.hits > 0 {
            usize::from(gutter.hits) + 1
        } else {
            0
        };
        let dots = match gutter.dots {
            0 => 0,
            dots => usize::from(dots).max(2) + 1,
        };
        Self { number, hits, dots }
    }
}

/// Why a source cannot be shown, and what to do about it.
fn absence(source: &SourceState) -> Option<String> {
    match source {
        SourceState::Found | SourceState::Changed => None,
        SourceState::Missing => Some("the source was not found in this project".into()),
        SourceState::Ambiguous(candidates) => Some(format!(
            "several files fit, so none is opened: {}",
            candidates
                .iter()
                .map(FilePath::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        )),
        SourceState::Outside => {
            Some("the source lies outside the project and is not opened".into())
        }
    }
}
