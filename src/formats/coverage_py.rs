//! coverage.py's JSON report, formats 1 (no key), 2 and 3: coverage.py 5.0 to 7.17.
//!
//! A branch is a source line, its arms are the arcs that leave it; nothing is counted, only seen. An
//! arc to a negative line leaves the code object that begins there.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::by_path::ByPath;
use super::json::{self, Text};
use super::oddities::Oddities;
use super::{ParseError, text};
use crate::coverage::{
    Construct, FileBuilder, FileCoverage, Format, Hits, Line, Outcome, Position, Ratio, Report,
    Span, Totals,
};

/// Reads a report.
pub(super) fn parse(bytes: &[u8]) -> Result<Report, ParseError> {
    let mut found = Found::default();
    json::read(bytes, Root(&mut found))?;
    Ok(found.report())
}

/// Everything read so far.
#[derive(Default)]
struct Found {
    meta: Meta,
    files: ByPath,
    totals: Option<Summary>,
    oddities: Oddities,
}

impl Found {
    fn add(&mut self, path: &str, entry: &Entry<'_>) {
        let file = entry.file(path, &mut self.oddities);
        self.files.add(path, file, &mut self.oddities);
    }

    fn report(mut self) -> Report {
        let summed = self.files.totals();
        let mut totals = self.totals.as_ref().map_or(summed, Summary::totals);
        if self.totals.is_some() && !self.files.is_empty() && totals != summed {
            self.oddities.note("totals", || {
                "the totals in the report are not the sum of its files; they are shown as they are"
                    .to_owned()
            });
        }
        if self.meta.branch_coverage == Some(false) {
            totals.branches = None;
        }
        Report {
            format: Format::CoveragePy,
            tool: self
                .meta
                .version
                .map(|version| format!("coverage.py {version}")),
            totals,
            files: self.files.into_vec(),
            source_roots: Vec::new(),
            warnings: self.oddities.finish(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, expecting = "what the report says of itself")]
struct Meta {
    version: Option<String>,
    branch_coverage: Option<bool>,
}

/// The figures of a file or of the whole. The branch keys are there only when branches were measured.
#[derive(Default, Deserialize)]
#[serde(default, expecting = "figures")]
struct Summary {
    covered_lines: u64,
    num_statements: u64,
    num_branches: Option<u64>,
    covered_branches: Option<u64>,
    missing_branches: Option<u64>,
}

impl Summary {
    fn branches(&self) -> Option<Ratio> {
        let total = self.num_branches?;
        // 7.17 stores all three; where one is absent the other two tell it.
        let covered = self
            .covered_branches
            .or_else(|| Some(total.saturating_sub(self.missing_branches?)))?;
        Some(Ratio::new(covered, total))
    }

    fn totals(&self) -> Totals {
        Totals {
            branches: self.branches(),
            lines: Some(Ratio::new(self.covered_lines, self.num_statements)),
            functions: None,
            statements: None,
        }
    }
}

/// One file. Lines past `u32` are an error of the reader, with their place.
#[derive(Default, Deserialize)]
#[serde(default, expecting = "a file's lines and arcs")]
struct Entry<'a> {
    executed_lines: Vec<u32>,
    missing_lines: Vec<u32>,
    summary: Option<Summary>,
    executed_branches: Vec<(i64, i64)>,
    missing_branches: Vec<(i64, i64)>,
    #[serde(borrow)]
    functions: Regions<'a>,
}

/// A file's functions by name (coverage.py 7.6 and later); the module itself is the one without a name.
#[derive(Default)]
struct Regions<'a>(Vec<(Text<'a>, Region)>);

#[derive(Default, Deserialize)]
#[serde(default, expecting = "a function's lines")]
struct Region {
    executed_lines: Vec<u32>,
    missing_lines: Vec<u32>,
    /// Only in newer versions of format 3.
    start_line: Option<u32>,
}

impl Entry<'_> {
    fn file(&self, path: &str, oddities: &mut Oddities) -> FileCoverage {
        let mut file = FileCoverage::builder(path);
        let executed = self.executed_lines.iter().map(|&line| (line, true));
        let missing = self.missing_lines.iter().map(|&line| (line, false));
        for (line, taken) in executed.chain(missing) {
            match Line::new(line) {
                Some(line) => {
                    file.line(line, Hits::seen(taken));
                }
                None => oddities.note("lines 0", || {
                    format!("{} has a line 0, which is left out", text::quote_name(path))
                }),
            }
        }
        self.arcs(path, &mut file, oddities);
        for (name, region) in &self.functions.0 {
            region.function(name.as_str(), &mut file);
        }
        if let Some(summary) = &self.summary {
            let mut told = summary.totals();
            if told.branches.is_none() {
                // Versions before 6 store how many there are, and list the missing ones.
                told.branches = summary.num_branches.map(|total| {
                    Ratio::new(
                        total.saturating_sub(self.missing_branches.len() as u64),
                        total,
                    )
                });
            }
            file.totals(told);
            self.compare(path, told, file.counted(), oddities);
        } else {
            let mut counted = file.counted();
            counted.functions = None;
            if self.executed_branches.is_empty() && self.missing_branches.is_empty() {
                counted.branches = None;
            }
            file.totals(counted);
        }
        file.finish()
    }

    /// Arcs by the line they leave, arms by where they go: exits last.
    fn arcs(&self, path: &str, file: &mut FileBuilder, oddities: &mut Oddities) {
        let executed = self.executed_branches.iter().map(|&arc| (arc, true));
        let missing = self.missing_branches.iter().map(|&arc| (arc, false));
        let mut arcs: Vec<_> = executed
            .chain(missing)
            .filter_map(|((from, to), taken)| {
                let line = u32::try_from(from).ok().and_then(Line::new);
                if line.is_none() {
                    oddities.note("arcs from nowhere", || {
                        format!(
                            "{} has an arc from line {from}, which is left out",
                            text::quote_name(path)
                        )
                    });
                }
                let to = u32::try_from(to).ok().and_then(Line::new);
                Some((line?, to.is_none(), to, taken))
            })
            .collect();
        arcs.sort_unstable();
        let mut at = None;
        for (from, _, to, taken) in arcs {
            if at != Some(from) {
                file.branch(Span::line(from), Construct::Unknown);
                at = Some(from);
            }
            let outcome = to.map_or(Outcome::Exit, Outcome::ToLine);
            file.arm(outcome, Hits::seen(taken));
        }
    }

    /// Says where the stored figures cannot be made from the lines and arcs.
    fn compare(&self, path: &str, told: Totals, listed: Totals, oddities: &mut Oddities) {
        if told.lines != listed.lines {
            differ(path, "lines", told.lines, listed.lines, oddities);
        }
        let (Some(branches), Some(arcs)) = (told.branches, listed.branches) else {
            return;
        };
        if branches != arcs && branches.missed() == self.missing_branches.len() as u64 {
            // An arc behind `# pragma: no branch` counts as taken and is not listed; version 6 lists
            // more than it counts.
            oddities.note("files with arms that are counted and not listed", || {
                format!(
                    "{} counts {} taken arms and lists {}; an arm excluded by a pragma counts as taken",
                    text::quote_name(path),
                    branches.covered,
                    arcs.covered
                )
            });
        } else if branches != arcs {
            differ(path, "arms", told.branches, listed.branches, oddities);
        }
    }
}

fn differ(
    path: &str,
    what: &str,
    told: Option<Ratio>,
    listed: Option<Ratio>,
    oddities: &mut Oddities,
) {
    let (told, listed) = (told.unwrap_or_default(), listed.unwrap_or_default());
    oddities.note("files whose figures and lists differ", || {
        format!(
            "{} stores {} of {} {what} taken and lists {} of {}; the stored figures are shown",
            text::quote_name(path),
            told.covered,
            told.total,
            listed.covered,
            listed.total
        )
    });
}

impl Region {
    /// A region is called when any line of it ran: its `def` belongs to the region around it.
    fn function(&self, name: &str, file: &mut FileBuilder) {
        let lines = self.executed_lines.iter().chain(&self.missing_lines);
        let (Some(first), Some(last)) = (lines.clone().min(), lines.max()) else {
            // Nothing in it is counted, so nothing tells whether it ran.
            return;
        };
        let start = self.start_line.unwrap_or(*first);
        if let (false, Some(start), Some(end)) =
            (name.is_empty(), Line::new(start), Line::new(*last))
        {
            let span = Span {
                start: Position::line(start),
                end: Position::line(end.max(start)),
            };
            file.function(name, span, Hits::seen(!self.executed_lines.is_empty()));
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Regions<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Regions<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("functions by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut regions = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    regions.push(entry);
                }
                Ok(Regions(regions))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[derive(Default)]
struct Seen {
    meta: bool,
    files: bool,
}

/// The outermost object.
struct Root<'f>(&'f mut Found);

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a coverage.py report")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = Seen::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            // Twice the same key is a report put together by hand: which of them counts, nobody knows.
            match key.as_str() {
                "meta" if seen.meta => return Err(A::Error::duplicate_field("meta")),
                "files" if seen.files => return Err(A::Error::duplicate_field("files")),
                "totals" if self.0.totals.is_some() => {
                    return Err(A::Error::duplicate_field("totals"));
                }
                "meta" => {
                    seen.meta = true;
                    self.0.meta = map.next_value()?;
                }
                "files" => {
                    seen.files = true;
                    map.next_value_seed(Files(self.0))?;
                }
                "totals" => self.0.totals = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The object of files, each turned into coverage as soon as it is read.
struct Files<'f>(&'f mut Found);

impl<'de> DeserializeSeed<'de> for Files<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Files<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("files by path")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((path, entry)) = map.next_entry::<Text<'de>, Entry<'de>>()? {
            self.0.add(path.as_str(), &entry);
        }
        Ok(())
    }
}
