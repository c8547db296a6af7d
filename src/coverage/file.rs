//! One source file's coverage, stored compactly: a report of 100 MB must fit in about its own size.

use super::branch::{Arm, Arms, Branch, Construct, Outcome};
use super::{ColumnUnit, Hits, Line, Position, Ratio, Span, Totals};

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
/// Lines are ascending and unique; branches are ordered by where they start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCoverage {
    reported: Box<str>,
    module: Option<Box<str>>,
    columns: ColumnUnit,
    totals: Totals,
    lines: Vec<Line>,
    line_hits: Vec<Hits>,
    branches: Vec<BranchRow>,
    arm_hits: Vec<Hits>,
    outcomes: Vec<StoredOutcome>,
    texts: Vec<Box<str>>,
    functions: Vec<Function>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BranchRow {
    pub(super) span: Span,
    pub(super) construct: Construct,
    arms: ArmRows,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ArmRows {
    Listed { start: u32, n: u32 },
    Counted { covered: u32, total: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoredOutcome {
    Nth,
    True,
    False,
    ToLine(Line),
    Exit,
    At(Position),
    ImplicitElse,
    Throw,
    Text(u32),
}

impl FileCoverage {
    /// Starts a file under the path that the report writes.
    #[must_use]
    pub fn builder(reported: &str) -> FileBuilder {
        FileBuilder {
            file: Self {
                reported: reported.into(),
                module: None,
                columns: ColumnUnit::default(),
                totals: Totals::default(),
                lines: Vec::new(),
                line_hits: Vec::new(),
                branches: Vec::new(),
                arm_hits: Vec::new(),
                outcomes: Vec::new(),
                texts: Vec::new(),
                functions: Vec::new(),
            },
        }
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
    pub fn lines(&self) -> impl ExactSizeIterator<Item = (Line, Hits)> + '_ {
        self.lines
            .iter()
            .copied()
            .zip(self.line_hits.iter().copied())
    }

    /// How many executable lines stand above a line.
    #[must_use]
    pub fn n_lines_before(&self, line: Line) -> usize {
        self.lines.partition_point(|it| *it < line)
    }

    /// The hits of a line, `None` where the line is not executable.
    #[must_use]
    pub fn line(&self, line: Line) -> Option<Hits> {
        let idx = self.lines.binary_search(&line).ok()?;
        self.line_hits.get(idx).copied()
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

    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    pub(super) fn branch_row(&self, idx: usize) -> Option<&BranchRow> {
        self.branches.get(idx)
    }

    pub(super) fn arm_ratio(&self, idx: usize) -> Ratio {
        match self.branches.get(idx).map(|row| row.arms) {
            Some(ArmRows::Counted { covered, total }) => Ratio::new(covered.into(), total.into()),
            Some(ArmRows::Listed { start, n }) => {
                let (start, end) = (start as usize, start as usize + n as usize);
                let hits = self.arm_hits.get(start..end).unwrap_or_default();
                Ratio::new(
                    hits.iter().filter(|hits| hits.is_taken()).count() as u64,
                    n.into(),
                )
            }
            None => Ratio::default(),
        }
    }

    pub(super) fn arms(&self, idx: usize) -> Arms<'_> {
        match self.branches.get(idx).map(|row| row.arms) {
            Some(ArmRows::Counted { covered, total }) => {
                Arms::Counted(Ratio::new(covered.into(), total.into()))
            }
            Some(ArmRows::Listed { start, n }) => {
                let places = start as usize..start as usize + n as usize;
                Arms::Listed(
                    places
                        .map(|at| Arm {
                            outcome: self.outcome(at),
                            hits: self.arm_hits.get(at).copied().unwrap_or_default(),
                        })
                        .collect(),
                )
            }
            None => Arms::Listed(Vec::new()),
        }
    }

    /// Outcomes are stored only when one of them is more than "the nth".
    fn outcome(&self, at: usize) -> Outcome<'_> {
        match self.outcomes.get(at).copied().unwrap_or(StoredOutcome::Nth) {
            StoredOutcome::Nth => Outcome::Nth,
            StoredOutcome::True => Outcome::True,
            StoredOutcome::False => Outcome::False,
            StoredOutcome::ToLine(line) => Outcome::ToLine(line),
            StoredOutcome::Exit => Outcome::Exit,
            StoredOutcome::At(position) => Outcome::At(position),
            StoredOutcome::ImplicitElse => Outcome::ImplicitElse,
            StoredOutcome::Throw => Outcome::Throw,
            StoredOutcome::Text(idx) => self
                .texts
                .get(idx as usize)
                .map_or(Outcome::Nth, |text| Outcome::Text(text)),
        }
    }

    /// The figures that the detail itself adds up to: lines, arms and functions.
    #[must_use]
    pub fn counted(&self) -> Totals {
        let lines = Ratio::new(
            self.line_hits.iter().filter(|hits| hits.is_taken()).count() as u64,
            self.line_hits.len() as u64,
        );
        let functions = Ratio::new(
            self.functions
                .iter()
                .filter(|function| function.hits.is_taken())
                .count() as u64,
            self.functions.len() as u64,
        );
        let branches = self
            .branches()
            .map(Branch::ratio)
            .fold(Ratio::default(), Ratio::plus);
        Totals {
            branches: Some(branches),
            lines: Some(lines),
            functions: Some(functions),
            statements: None,
        }
    }
}

/// Fills a [`FileCoverage`] in any order.
#[derive(Debug)]
pub struct FileBuilder {
    file: FileCoverage,
}

impl FileBuilder {
    pub fn module(&mut self, module: &str) -> &mut Self {
        self.file.module = Some(module.into());
        self
    }

    pub fn column_unit(&mut self, unit: ColumnUnit) -> &mut Self {
        self.file.columns = unit;
        self
    }

    /// The tool's own figures for the file.
    pub fn totals(&mut self, totals: Totals) -> &mut Self {
        self.file.totals = totals;
        self
    }

    /// An executable line. The same line twice adds up.
    pub fn line(&mut self, line: Line, hits: Hits) -> &mut Self {
        self.file.lines.push(line);
        self.file.line_hits.push(hits);
        self
    }

    /// A decision; its arms follow with [`Self::arm`]. An end before its start is mended.
    pub fn branch(&mut self, span: Span, construct: Construct) -> &mut Self {
        let start = u32::try_from(self.file.arm_hits.len()).unwrap_or(u32::MAX);
        self.file.branches.push(BranchRow {
            span: Span::new(span.start, span.end),
            construct,
            arms: ArmRows::Listed { start, n: 0 },
        });
        self
    }

    /// An arm of the decision named last.
    pub fn arm(&mut self, outcome: Outcome<'_>, hits: Hits) -> &mut Self {
        let Some(BranchRow {
            arms: ArmRows::Listed { n, .. },
            ..
        }) = self.file.branches.last_mut()
        else {
            return self;
        };
        *n += 1;
        let stored = match outcome {
            Outcome::Nth => StoredOutcome::Nth,
            Outcome::True => StoredOutcome::True,
            Outcome::False => StoredOutcome::False,
            Outcome::ToLine(line) => StoredOutcome::ToLine(line),
            Outcome::Exit => StoredOutcome::Exit,
            Outcome::At(position) => StoredOutcome::At(position),
            Outcome::ImplicitElse => StoredOutcome::ImplicitElse,
            Outcome::Throw => StoredOutcome::Throw,
            Outcome::Text(text) => {
                self.file.texts.push(text.into());
                StoredOutcome::Text(u32::try_from(self.file.texts.len() - 1).unwrap_or(u32::MAX))
            }
        };
        if stored != StoredOutcome::Nth || !self.file.outcomes.is_empty() {
            self.file
                .outcomes
                .resize(self.file.arm_hits.len(), StoredOutcome::Nth);
            self.file.outcomes.push(stored);
        }
        self.file.arm_hits.push(hits);
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
        self.file.branches.push(BranchRow {
            span: Span::line(line),
            construct,
            arms: ArmRows::Counted {
                covered: covered.min(total),
                total,
            },
        });
        self
    }

    /// A function; an end before its start is mended.
    pub fn function(&mut self, name: &str, span: Span, hits: Hits) -> &mut Self {
        self.file.functions.push(Function {
            name: name.into(),
            span: Span::new(span.start, span.end),
            hits,
        });
        self
    }

    /// The file as told so far, detail only: for parsers whose tool stores no figures.
    #[must_use]
    pub fn counted(&mut self) -> Totals {
        self.settle_lines();
        self.file.counted()
    }

    /// Puts the lines in order, each once.
    fn settle_lines(&mut self) {
        let file = &mut self.file;
        if file.lines.is_sorted_by(|a, b| a < b) {
            return;
        }
        let mut pairs: Vec<_> = file
            .lines
            .iter()
            .copied()
            .zip(file.line_hits.iter().copied())
            .collect();
        pairs.sort_by_key(|&(line, _)| line);
        pairs.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.plus(next.1);
            }
            same
        });
        (file.lines, file.line_hits) = pairs.into_iter().unzip();
    }

    /// Puts lines, branches and functions in the order of the text.
    #[must_use]
    pub fn finish(mut self) -> FileCoverage {
        self.settle_lines();
        let mut file = self.file;
        if !file.branches.is_sorted_by_key(|row| row.span.start) {
            file.branches.sort_by_key(|row| row.span.start);
        }
        if !file
            .functions
            .is_sorted_by_key(|function| function.span.start)
        {
            file.functions.sort_by_key(|function| function.span.start);
        }
        file.lines.shrink_to_fit();
        file.line_hits.shrink_to_fit();
        file.branches.shrink_to_fit();
        file.arm_hits.shrink_to_fit();
        file.outcomes.shrink_to_fit();
        file.functions.shrink_to_fit();
        file
    }
}
