//! One source file's coverage, stored compactly: a report of 100 MB must fit in about its own size.
//!
//! What is stored is never seen from outside: lines and decisions are views, made when asked for. Each
//! kind of number has a list of its own, so that one that no report tells costs nothing.

use std::ops::Range;

use super::branch::{Arm, Arms, Branch, Construct, Outcome};
use super::pack::{HitList, Ints};
use super::{Column, ColumnUnit, Hits, Line, Position, Ratio, Span, Totals};

/// A named piece of code that can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// As the report writes it; an anonymous one keeps the tool's placeholder.
    pub name: Box<str>,
    /// From its first line; where the report has no end, `end` equals `start`.
    pub span: Span,
    pub hits: Hits,
}

/// What a report knows of one source file. Made by [`FileBuilder`]; never changed afterwards.
///
/// Lines are ascending and unique; branches and functions are ordered by where they start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCoverage {
    reported: Box<str>,
    module: Option<Box<str>>,
    columns: ColumnUnit,
    totals: Totals,
    lines: Ints,
    line_hits: HitList,
    branches: BranchRows,
    arms: ArmRows,
    functions: Box<[Function]>,
}

/// Decisions, a list for each of their parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct BranchRows {
    spans: SpanRows,
    /// The construct's number, its place among [`CONSTRUCTS`].
    constructs: Ints,
    /// How many arms are listed up to and with this decision.
    arm_ends: Ints,
    /// Of decisions whose arms are only counted; 0 of 0 for all others.
    covered: Ints,
    total: Ints,
}

/// Arms of all decisions, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ArmRows {
    hits: HitList,
    /// What kind of outcome: see [`ArmRows::outcome`].
    kinds: Ints,
    /// A line, or the place of a text.
    numbers: Ints,
    /// One more than the 0-based column, 0 for none.
    columns: Ints,
    texts: Box<[Box<str>]>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct SpanRows {
    lines: Ints,
    /// One more than the 0-based column, 0 for none.
    columns: Ints,
    /// How many lines below its start a span ends.
    heights: Ints,
    end_columns: Ints,
}

/// In the order of the type, whose numbers are stored.
const CONSTRUCTS: [Construct; 11] = [
    Construct::Unknown,
    Construct::If,
    Construct::Conditional,
    Construct::Logical,
    Construct::Switch,
    Construct::DefaultArgument,
    Construct::Block,
    Construct::Loop,
    Construct::Case,
    Construct::Match,
    Construct::Try,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BranchRow {
    pub(super) span: Span,
    pub(super) construct: Construct,
}

impl FileCoverage {
    /// Starts a file under the path that the report writes.
    #[must_use]
    pub fn builder(reported: &str) -> FileBuilder {
        let mut builder = FileBuilder::default();
        builder.start(reported);
        builder
    }

    /// The path as the report wrote it, whatever machine that was on.
    #[must_use]
    pub fn reported(&self) -> &str {
        &self.reported
    }

    /// The module the report puts the file in (`JaCoCo` group or report name), to tell twins apart.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        self.module.as_deref()
    }

    #[must_use]
    pub fn column_unit(&self) -> ColumnUnit {
        self.columns
    }

    /// The tool's own figures for this file.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The same file under other figures: for reports whose figures are known only at their end.
    #[must_use]
    pub fn with_totals(mut self, totals: Totals) -> Self {
        self.totals = totals;
        self
    }

    /// Every executable line with its hits, ascending.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = (Line, Hits)> + Clone + '_ {
        (0..self.lines.len()).map(|idx| {
            (
                line_of(self.lines.small(idx)),
                self.line_hits.get(idx).unwrap_or_default(),
            )
        })
    }

    /// How many executable lines stand above a line.
    #[must_use]
    pub fn n_lines_before(&self, line: Line) -> usize {
        self.lines.n_below(line.get().into())
    }

    /// The hits of a line, `None` where the line is not executable.
    #[must_use]
    pub fn line(&self, line: Line) -> Option<Hits> {
        let idx = self.lines.search(line.get().into())?;
        self.line_hits.get(idx)
    }

    /// Every decision, in the order of the text.
    pub fn branches(&self) -> impl ExactSizeIterator<Item = Branch<'_>> + Clone + '_ {
        (0..self.branches.len()).map(|idx| Branch { file: self, idx })
    }

    /// The decision at a place among [`Self::branches`].
    #[must_use]
    pub fn branch(&self, idx: usize) -> Option<Branch<'_>> {
        (idx < self.branches.len()).then_some(Branch { file: self, idx })
    }

    /// Every function, in the order of the text.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    pub(super) fn branch_row(&self, idx: usize) -> Option<BranchRow> {
        let construct = self.branches.constructs.get(idx)?;
        Some(BranchRow {
            span: self.branches.spans.get(idx),
            construct: usize::try_from(construct)
                .ok()
                .and_then(|at| CONSTRUCTS.get(at).copied())
                .unwrap_or_default(),
        })
    }

    pub(super) fn arm_ratio(&self, idx: usize) -> Ratio {
        let counted = self.branches.counted(idx);
        if counted.total > 0 {
            return counted;
        }
        let places = self.branches.arms(idx);
        let total = places.len() as u64;
        Ratio::new(self.arms.hits.taken(places), total)
    }

    pub(super) fn arms(&self, idx: usize) -> Arms<'_> {
        let counted = self.branches.counted(idx);
        if counted.total > 0 {
            return Arms::Counted(counted);
        }
        Arms::Listed(
            self.branches
                .arms(idx)
                .map(|at| Arm {
                    outcome: self.arms.outcome(at),
                    hits: self.arms.hits.get(at).unwrap_or_default(),
                })
                .collect(),
        )
    }

    /// The figures that the detail itself adds up to: lines, arms and functions.
    #[must_use]
    pub fn counted(&self) -> Totals {
        let all = |hits: &HitList| Ratio::new(hits.taken(0..hits.len()), hits.len() as u64);
        let called = self.functions.iter().filter(|it| it.hits.is_taken());
        let counted = match self.branches.total {
            Ints::Same { n: 0, .. } => Ratio::default(),
            _ => (0..self.branches.len())
                .map(|idx| self.branches.counted(idx))
                .fold(Ratio::default(), Ratio::plus),
        };
        Totals {
            branches: Some(all(&self.arms.hits).plus(counted)),
            lines: Some(all(&self.line_hits)),
            functions: Some(Ratio::new(
                called.count() as u64,
                self.functions.len() as u64,
            )),
            statements: None,
        }
    }
}

impl BranchRows {
    fn len(&self) -> usize {
        self.arm_ends.len()
    }

    /// The places of its listed arms.
    fn arms(&self, idx: usize) -> Range<usize> {
        let end = self.arm_ends.small(idx) as usize;
        let start = idx
            .checked_sub(1)
            .map_or(0, |before| self.arm_ends.small(before) as usize);
        start..end
    }

    fn counted(&self, idx: usize) -> Ratio {
        Ratio::new(self.covered.small(idx).into(), self.total.small(idx).into())
    }
}

impl ArmRows {
    fn outcome(&self, at: usize) -> Outcome<'_> {
        let number = || self.numbers.small(at);
        match self.kinds.small(at) {
            1 => Outcome::True,
            2 => Outcome::False,
            3 => Outcome::ToLine(line_of(number())),
            4 => Outcome::Exit,
            5 => Outcome::At(position_of(number(), self.columns.small(at))),
            6 => Outcome::ImplicitElse,
            7 => Outcome::Throw,
            8 => self
                .texts
                .get(number() as usize)
                .map_or(Outcome::Nth, |text| Outcome::Text(text)),
            _ => Outcome::Nth,
        }
    }
}

impl SpanRows {
    fn pack(spans: impl ExactSizeIterator<Item = Span> + Clone) -> Self {
        fn column(position: Position) -> u64 {
            position
                .column
                .map_or(0, |column| u64::from(column.get()) + 1)
        }
        Self {
            lines: Ints::pack(spans.clone().map(|span| span.start.line.get().into())),
            columns: Ints::pack(spans.clone().map(|span| column(span.start))),
            heights: Ints::pack(spans.clone().map(|span| {
                let height = span.end.line.get().saturating_sub(span.start.line.get());
                height.into()
            })),
            end_columns: Ints::pack(spans.map(|span| column(span.end))),
        }
    }

    fn get(&self, idx: usize) -> Span {
        let line = self.lines.small(idx);
        let end = line.saturating_add(self.heights.small(idx));
        Span {
            start: position_of(line, self.columns.small(idx)),
            end: position_of(end, self.end_columns.small(idx)),
        }
    }
}

/// What was stored as a line number is one.
fn line_of(number: u32) -> Line {
    Line::new(number).unwrap_or(Line::FIRST)
}

fn position_of(line: u32, column: u32) -> Position {
    Position {
        line: line_of(line),
        column: column.checked_sub(1).map(Column::new),
    }
}

/// Fills a [`FileCoverage`] in any order. One builder can make many files, one after the other, and
/// keeps its memory.
#[derive(Debug, Default)]
pub struct FileBuilder {
    reported: String,
    module: Option<Box<str>>,
    columns: ColumnUnit,
    totals: Totals,
    lines: Vec<Line>,
    /// As long as `lines`.
    line_hits: Vec<Hits>,
    branches: Vec<Row>,
    arm_hits: Vec<Hits>,
    /// As long as `arm_hits`, or empty while every outcome is "the nth".
    outcomes: Vec<StoredOutcome>,
    texts: Vec<Box<str>>,
    functions: Vec<Function>,
}

/// A decision on its way.
#[derive(Clone, Copy, Debug)]
struct Row {
    span: Span,
    construct: Construct,
    first_arm: u32,
    n_arms: u32,
    counted: (u32, u32),
}

/// An outcome as numbers: its kind, a line or the place of a text, a column.
type StoredOutcome = (u8, u32, u32);

impl FileBuilder {
    /// Starts a file under the path that the report writes, forgetting what was told before.
    pub fn start(&mut self, reported: &str) -> &mut Self {
        self.rename(reported);
        self.module = None;
        self.columns = ColumnUnit::default();
        self.totals = Totals::default();
        self.lines.clear();
        self.line_hits.clear();
        self.branches.clear();
        self.arm_hits.clear();
        self.outcomes.clear();
        self.texts.clear();
        self.functions.clear();
        self
    }

    /// Another path, for reports that tell it late.
    pub fn rename(&mut self, reported: &str) -> &mut Self {
        self.reported.clear();
        self.reported.push_str(reported);
        self
    }

    pub fn module(&mut self, module: &str) -> &mut Self {
        self.module = Some(module.into());
        self
    }

    pub fn column_unit(&mut self, unit: ColumnUnit) -> &mut Self {
        self.columns = unit;
        self
    }

    /// The tool's own figures for the file.
    pub fn totals(&mut self, totals: Totals) -> &mut Self {
        self.totals = totals;
        self
    }

    /// An executable line. The same line twice adds up.
    pub fn line(&mut self, line: Line, hits: Hits) -> &mut Self {
        self.lines.push(line);
        self.line_hits.push(hits);
        self
    }

    /// A decision; its arms follow with [`Self::arm`]. An end before its start is mended.
    pub fn branch(&mut self, span: Span, construct: Construct) -> &mut Self {
        self.push_branch(Span::new(span.start, span.end), construct, (0, 0))
    }

    /// An arm of the decision named last.
    pub fn arm(&mut self, outcome: Outcome<'_>, hits: Hits) -> &mut Self {
        let Some(row) = self.branches.last_mut().filter(|row| row.counted.1 == 0) else {
            return self;
        };
        row.n_arms += 1;
        if !matches!(outcome, Outcome::Nth) || !self.outcomes.is_empty() {
            let column = |position: Position| position.column.map_or(0, |at| at.get() + 1);
            let stored = match outcome {
                Outcome::Nth => (0, 0, 0),
                Outcome::True => (1, 0, 0),
                Outcome::False => (2, 0, 0),
                Outcome::ToLine(line) => (3, line.get(), 0),
                Outcome::Exit => (4, 0, 0),
                Outcome::At(position) => (5, position.line.get(), column(position)),
                Outcome::ImplicitElse => (6, 0, 0),
                Outcome::Throw => (7, 0, 0),
                Outcome::Text(text) => {
                    let place = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
                    self.texts.push(text.into());
                    (8, place, 0)
                }
            };
            self.outcomes.resize(self.arm_hits.len(), (0, 0, 0));
            self.outcomes.push(stored);
        }
        self.arm_hits.push(hits);
        self
    }

    /// A decision of which the report only knows how many arms were taken.
    pub fn counted_branch(
        &mut self,
        line: Line,
        construct: Construct,
        covered: u32,
        total: u32,
    ) -> &mut Self {
        self.push_branch(Span::line(line), construct, (covered.min(total), total))
    }

    fn push_branch(&mut self, span: Span, construct: Construct, counted: (u32, u32)) -> &mut Self {
        self.branches.push(Row {
            span,
            construct,
            first_arm: u32::try_from(self.arm_hits.len()).unwrap_or(u32::MAX),
            n_arms: 0,
            counted,
        });
        self
    }

    /// A function; an end before its start is mended.
    pub fn function(&mut self, name: &str, span: Span, hits: Hits) -> &mut Self {
        self.functions.push(Function {
            name: name.into(),
            span: Span::new(span.start, span.end),
            hits,
        });
        self
    }

    /// The file as told so far, detail only: for parsers whose tool stores no figures.
    #[must_use]
    pub fn counted(&mut self) -> Totals {
        fn ratio(hits: impl Iterator<Item = Hits>) -> Ratio {
            hits.fold(Ratio::default(), |sum, hits| {
                sum.plus(Ratio::new(hits.is_taken().into(), 1))
            })
        }
        self.settle_lines();
        let counted = self.branches.iter().fold(Ratio::default(), |sum, row| {
            sum.plus(Ratio::new(row.counted.0.into(), row.counted.1.into()))
        });
        Totals {
            branches: Some(ratio(self.arm_hits.iter().copied()).plus(counted)),
            lines: Some(ratio(self.line_hits.iter().copied())),
            functions: Some(ratio(self.functions.iter().map(|function| function.hits))),
            statements: None,
        }
    }

    /// Puts the lines in order, each once.
    fn settle_lines(&mut self) {
        if self.lines.is_sorted_by(|a, b| a < b) {
            return;
        }
        let mut pairs: Vec<_> = self.lines.drain(..).zip(self.line_hits.drain(..)).collect();
        pairs.sort_by_key(|&(line, _)| line);
        for (line, hits) in pairs {
            if let (Some(&last), Some(sum)) = (self.lines.last(), self.line_hits.last_mut())
                && last == line
            {
                *sum = sum.plus(hits);
            } else {
                self.lines.push(line);
                self.line_hits.push(hits);
            }
        }
    }

    /// The file, with lines, branches and functions in the order of the text.
    #[must_use]
    pub fn finish(mut self) -> FileCoverage {
        self.take()
    }

    /// The same, leaving the builder for another file; [`Self::start`] begins it.
    #[must_use]
    pub fn take(&mut self) -> FileCoverage {
        self.settle_lines();
        if !self.branches.is_sorted_by_key(|row| row.span.start) {
            self.branches.sort_by_key(|row| row.span.start);
        }
        if !self.functions.is_sorted_by_key(|row| row.span.start) {
            self.functions.sort_by_key(|row| row.span.start);
        }
        FileCoverage {
            reported: self.reported.as_str().into(),
            module: self.module.take(),
            columns: self.columns,
            totals: self.totals,
            lines: Ints::pack(self.lines.iter().map(|line| line.get().into())),
            line_hits: HitList::pack(&self.line_hits),
            arms: self.pack_arms(),
            branches: self.pack_branches(),
            functions: self.functions.drain(..).collect(),
        }
    }

    fn pack_branches(&self) -> BranchRows {
        let rows = self.branches.iter();
        let mut end = 0;
        let arm_ends: Vec<u64> = rows
            .clone()
            .map(|row| {
                end += u64::from(row.n_arms);
                end
            })
            .collect();
        BranchRows {
            spans: SpanRows::pack(rows.clone().map(|row| row.span)),
            constructs: Ints::pack(rows.clone().map(|row| row.construct as u64)),
            arm_ends: Ints::pack(arm_ends.iter().copied()),
            covered: Ints::pack(rows.clone().map(|row| row.counted.0.into())),
            total: Ints::pack(rows.map(|row| row.counted.1.into())),
        }
    }

    /// Arms in the order of their decisions, which may have been told in another.
    fn pack_arms(&mut self) -> ArmRows {
        let in_order = self
            .branches
            .is_sorted_by(|a, b| a.first_arm <= b.first_arm);
        if !in_order {
            let places = || {
                self.branches
                    .iter()
                    .flat_map(|row| row.first_arm..row.first_arm + row.n_arms)
                    .map(|at| at as usize)
            };
            let hits = places()
                .filter_map(|at| self.arm_hits.get(at).copied())
                .collect();
            let outcomes = places()
                .filter_map(|at| self.outcomes.get(at).copied())
                .collect();
            (self.arm_hits, self.outcomes) = (hits, outcomes);
        }
        let outcomes = self.outcomes.iter();
        ArmRows {
            hits: HitList::pack(&self.arm_hits),
            kinds: Ints::pack(outcomes.clone().map(|outcome| outcome.0.into())),
            numbers: Ints::pack(outcomes.clone().map(|outcome| outcome.1.into())),
            columns: Ints::pack(outcomes.map(|outcome| outcome.2.into())),
            texts: self.texts.drain(..).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_construct_is_stored_as_its_place() {
        for (idx, construct) in CONSTRUCTS.into_iter().enumerate() {
            assert_eq!(construct as usize, idx);
        }
    }
}
