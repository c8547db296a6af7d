//! Go's cover profile: `mode: count`, then a line for each block of statements (go 1.19, 1.2x):
//! `example.com/queue/queue.go:8.23,9.26 1 2`.
//!
//! A profile knows blocks, not branches: the body of an `if` that never ran is a block with count 0,
//! an `else` that nobody wrote is nowhere in it. So the report has no branch figures, and a block that
//! never ran is seen as the lines it spans. The tool counts statements, never lines; nor do we.
//!
//! Blocks come in no order, and once for each test binary with `-coverpkg`; the same block twice is
//! added up (`set`: either). Any prefix that ends with a line end is a whole profile: nothing here can
//! tell whether `go test` is still running.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::bounds::LineBudget;
use super::oddities::Oddities;
use super::{ParseError, Place, text, xml};
use crate::coverage::{ColumnUnit, FileCoverage, Format, Hits, Line, Ratio, Report, Totals};

pub(super) fn parse(text: &[u8]) -> Result<Report, ParseError> {
    let mut profile = Profile::default();
    let mut oddities = Oddities::default();
    let mut start = 0;
    while start < text.len() {
        let rest = text.get(start..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest);
        let row = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        match (profile.row(row.trim_ascii(), &mut oddities), end) {
            (Ok(()), Some(_)) => {}
            (Ok(()), None) => oddities.note("unfinished lines", || {
                "the last line has no line end; the tests may still be running".to_owned()
            }),
            (Err(_), None) => {
                return Err(ParseError::Truncated {
                    place: Place::of(text, text.len()),
                    within: "a line",
                });
            }
            (Err(expected), Some(_)) => return Err(text::syntax(text, start, expected)),
        }
        start += row.len() + 1;
    }
    if profile.files.is_empty() {
        oddities.note("empty profiles", || {
            "no blocks: the tests are still running, or nothing was measured".to_owned()
        });
    }
    profile.report(text, oddities)
}

/// Counted, or only seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Set,
    Count,
}

#[derive(Debug, Default)]
struct Profile<'a> {
    mode: Option<Mode>,
    files: Vec<(&'a [u8], Vec<Block>)>,
    by_path: FxHashMap<&'a [u8], usize>,
}

/// A run of statements without a jump in it. Lines and columns are 1-based, columns in bytes; `to` is
/// exclusive. Ordered by where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    from: (u32, u32),
    to: (u32, u32),
    statements: u64,
    count: u64,
}

impl<'a> Profile<'a> {
    /// Takes one line; the error says what was expected.
    fn row(&mut self, row: &'a [u8], oddities: &mut Oddities) -> Result<(), &'static str> {
        if row.is_empty() {
            return Ok(());
        }
        if let Some(mode) = row.strip_prefix(b"mode:") {
            // Profiles are often joined by hand, each with a mode line of its own.
            let mode = match mode.trim_ascii() {
                b"set" => Mode::Set,
                b"count" | b"atomic" => Mode::Count,
                _ => return Err("`mode: set`, `mode: count` or `mode: atomic`"),
            };
            if self.mode.is_some_and(|known| known != mode) {
                oddities.note("mode lines", || {
                    "profiles of different modes are joined here; hits are shown as seen or not"
                        .to_owned()
                });
                self.mode = Some(Mode::Set);
            } else {
                self.mode = Some(mode);
            }
            return Ok(());
        }
        let (path, block) =
            block(row).ok_or("`file.go:line.column,line.column statements count`")?;
        let idx = *self.by_path.entry(path).or_insert_with(|| {
            self.files.push((path, Vec::new()));
            self.files.len() - 1
        });
        if let Some((_, blocks)) = self.files.get_mut(idx) {
            blocks.push(block);
        }
        Ok(())
    }

    fn report(self, text: &[u8], mut oddities: Oddities) -> Result<Report, ParseError> {
        let mode = self.mode.unwrap_or(Mode::Count);
        let mut budget = LineBudget::of(text);
        let mut totals = Totals::default();
        let mut files = Vec::with_capacity(self.files.len());
        for (path, blocks) in self.files {
            let path: Cow<'_, str> = text::name(path);
            let blocks = merged(blocks, || {
                oddities.note("blocks of two sizes", || {
                    format!(
                        "{}: one block is given with different numbers of statements; the profile joins different versions of the file",
                        text::quote_name(&path)
                    )
                });
            });
            let statements = blocks.iter().fold(Ratio::default(), |sum, block| {
                let covered = if block.count > 0 { block.statements } else { 0 };
                sum.plus(Ratio::new(covered, block.statements))
            });
            let of_file = Totals {
                statements: Some(statements),
                ..Totals::default()
            };
            let mut file = FileCoverage::builder(&path);
            file.column_unit(ColumnUnit::Byte).totals(of_file);
            let lines = lines(&blocks, mode, &mut budget).ok_or_else(|| ParseError::Limit {
                place: Place::of(text, text.len()),
                what: format!(
                    "the blocks of {} span more lines than any source has",
                    text::quote_name(&path)
                ),
            })?;
            for (line, hits) in lines {
                file.line(line, hits);
            }
            files.push(file.finish());
            totals = totals.plus(of_file);
        }
        if totals.statements.is_none() {
            totals.statements = Some(Ratio::default());
        }
        Ok(Report {
            format: Format::GoCover,
            tool: None,
            totals,
            files,
            source_roots: Vec::new(),
            warnings: oddities.finish(),
        })
    }
}

/// `path:l.c,l.c statements count`, read from its end: a path may hold spaces and colons.
fn block(row: &[u8]) -> Option<(&[u8], Block)> {
    let (rest, count) = split_last(row, b' ')?;
    let (rest, statements) = split_last(rest, b' ')?;
    let (path, range) = split_last(rest, b':')?;
    let comma = memchr::memchr(b',', range)?;
    let (from, to) = range.split_at_checked(comma)?;
    let block = Block {
        from: place(from)?,
        to: place(to.get(1..)?)?,
        statements: number(statements)?,
        count: number(count)?,
    };
    (!path.is_empty() && block.from <= block.to).then_some((path, block))
}

fn split_last(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let found = memchr::memrchr(at, bytes)?;
    Some((bytes.get(..found)?, bytes.get(found + 1..)?))
}

/// `line.column`.
fn place(bytes: &[u8]) -> Option<(u32, u32)> {
    let dot = memchr::memchr(b'.', bytes)?;
    let line = number(bytes.get(..dot)?)?;
    let column = number(bytes.get(dot + 1..)?)?;
    let line = u32::try_from(line).ok().filter(|&line| line > 0)?;
    Some((line, u32::try_from(column).unwrap_or(u32::MAX)))
}

fn number(bytes: &[u8]) -> Option<u64> {
    xml::number(std::str::from_utf8(bytes).ok()?)
}

/// Sorts the blocks and adds up those that are the same; `odd` is called when two of them disagree.
fn merged(mut blocks: Vec<Block>, mut odd: impl FnMut()) -> Vec<Block> {
    blocks.sort_unstable();
    blocks.dedup_by(|next, kept| {
        let same = (next.from, next.to) == (kept.from, kept.to);
        if same {
            if next.statements != kept.statements {
                odd();
            }
            kept.statements = kept.statements.max(next.statements);
            kept.count = kept.count.saturating_add(next.count);
        }
        same
    });
    blocks
}

/// How much a block says about a line that it touches, least first.
///
/// A block begins behind the `{` of the line that decides about it, and ends at the next `{` or behind
/// its own `}`. So `if x > 3 {` belongs to the block that ends there, not to the body that begins
/// there, and `} else if y {` to the condition that stands alone on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Begins,
    Ends,
    Within,
    Alone,
}

/// Every line that a block touches, ascending, with the hits of the block that says most about it.
/// `None` when the blocks span more lines than the input can mean.
fn lines(blocks: &[Block], mode: Mode, budget: &mut LineBudget) -> Option<Vec<(Line, Hits)>> {
    let mut claims: Vec<(u32, Bond, (u32, u32), u64)> = Vec::new();
    for block in blocks {
        let (first, last) = (block.from.0, block.to.0);
        budget.spend((last - first).saturating_add(1))?;
        for line in first..=last {
            let bond = match (line == first, line == last) {
                (true, true) => Bond::Alone,
                (true, false) => Bond::Begins,
                (false, true) => Bond::Ends,
                (false, false) => Bond::Within,
            };
            claims.push((line, bond, block.from, block.count));
        }
    }
    claims.sort_unstable();
    let mut lines: Vec<(Line, Hits)> = Vec::new();
    for claims in claims.chunk_by(|a, b| a.0 == b.0) {
        let Some(&(number, strongest, _, innermost)) = claims.last() else {
            continue;
        };
        let count = if strongest == Bond::Alone {
            // `{ if !f(x) { break } }`: a part of the line that never ran must not hide.
            let alone = claims.iter().filter(|claim| claim.1 == Bond::Alone);
            alone.map(|claim| claim.3).min().unwrap_or(innermost)
        } else {
            innermost
        };
        let hits = match mode {
            Mode::Set => Hits::seen(count > 0),
            Mode::Count => Hits::times(count),
        };
        lines.extend(Line::new(number).map(|line| (line, hits)));
    }
    Some(lines)
}
