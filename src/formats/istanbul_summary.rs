//! Istanbul's `coverage-summary.json`: figures by file and in total, and no place at all. Whoever loads
//! it looks beside it for the places, and says what to do where there are none.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::ParseError;
use super::by_path::ByPath;
use super::json::{self, Count, Text};
use super::oddities::Oddities;
use super::text;
use crate::coverage::{FileCoverage, Format, Ratio, Report, Totals, Warning};

/// Reads a report. The percentages in it are not read: they are cut from the counts, as everywhere.
pub(super) fn parse(bytes: &[u8]) -> Result<Report, ParseError> {
    let mut found = Found::default();
    json::read(bytes, &mut found)?;
    let summed = found.files.totals();
    let mut warnings = Vec::new();
    if !found.files.is_empty() && found.total.is_some_and(|total| total != summed) {
        warnings.push(Warning::new(
            "the totals in the report are not the sum of its files; they are shown as they are",
        ));
    }
    warnings.extend(found.oddities.finish());
    Ok(Report {
        format: Format::IstanbulSummary,
        tool: None,
        totals: found.total.unwrap_or(summed),
        files: found.files.into_vec(),
        source_roots: Vec::new(),
        warnings,
    })
}

#[derive(Default)]
struct Found {
    total: Option<Totals>,
    files: ByPath,
    oddities: Oddities,
}

/// `branchesTrue` is a figure of nyc's own that no other reporter shows.
#[derive(Default, Deserialize)]
#[serde(default, expecting = "four figures")]
struct Entry {
    lines: Option<Figure>,
    statements: Option<Figure>,
    functions: Option<Figure>,
    branches: Option<Figure>,
}

#[derive(Deserialize)]
#[serde(expecting = "a figure with `total` and `covered`")]
struct Figure {
    total: Count,
    covered: Count,
}

impl Entry {
    fn totals(&self) -> Totals {
        let ratio = |figure: &Option<Figure>| {
            let figure = figure.as_ref()?;
            Some(Ratio::new(figure.covered.n, figure.total.n))
        };
        Totals {
            branches: ratio(&self.branches),
            lines: ratio(&self.lines),
            functions: ratio(&self.functions),
            statements: ratio(&self.statements),
        }
    }

    fn is_odd(&self) -> bool {
        [
            &self.lines,
            &self.statements,
            &self.functions,
            &self.branches,
        ]
        .into_iter()
        .flatten()
        .any(|figure| figure.covered.odd || figure.total.odd || figure.covered.n > figure.total.n)
    }
}

impl<'de> DeserializeSeed<'de> for &mut Found {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Found {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("figures by file")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((path, entry)) = map.next_entry::<Text<'de>, Entry>()? {
            let path = path.as_str();
            if entry.is_odd() {
                self.oddities.note("figures that cannot be", || {
                    format!(
                        "{} has a figure that is negative, no whole number, or more covered than there is",
                        text::quote_name(path)
                    )
                });
            }
            if path == "total" {
                if self.total.is_some() {
                    return Err(A::Error::duplicate_field("total"));
                }
                self.total = Some(entry.totals());
            } else {
                let mut file = FileCoverage::builder(path);
                file.totals(entry.totals());
                self.files.add(file.finish(), &mut self.oddities);
            }
        }
        Ok(())
    }
}
