//! `JaCoCo`'s CSV: figures by class, and no line, no branch, no source file.
//!
//! A class is not a file: the sums over classes can pass those of the XML report, where classes share
//! lines.

use std::borrow::Cow;

use super::oddities::Oddities;
use super::{ParseError, text};
use crate::coverage::{FileCoverage, Format, Ratio, Report, Totals, Warning};

/// Reads a report: a row for each class, shown as a file named after the class.
pub(super) fn parse(bytes: &[u8]) -> Result<Report, ParseError> {
    let mut rows = bytes.split(|&byte| byte == b'\n').scan(0, |offset, row| {
        let start = *offset;
        *offset += row.len() + 1;
        Some((start, row))
    });
    let header = rows.next().map_or(&[][..], |(_, row)| row);
    let header = text::name(header.trim_ascii_end());
    let columns: Vec<_> = header.split(',').collect();
    let mut oddities = Oddities::default();
    let mut files = Vec::new();
    for (start, row) in rows {
        let row = row.trim_ascii_end();
        if row.is_empty() {
            continue;
        }
        let row = text::name(row);
        let fields = fields(&row);
        if fields.len() < columns.len() {
            return Err(if start + row.len() >= bytes.len() {
                ParseError::Truncated {
                    place: super::Place::of(bytes, bytes.len()),
                    within: "a row",
                }
            } else {
                text::syntax(bytes, start, format!("{} fields", columns.len()))
            });
        }
        let field = |name: &str| {
            let at = columns.iter().position(|&column| column == name)?;
            fields.get(at).map(AsRef::as_ref)
        };
        let ratio = |missed: &str, covered: &str| -> Result<Option<Ratio>, ParseError> {
            let number = |name: &str| match field(name) {
                None => Ok(None),
                Some(value) => match super::xml::number(value) {
                    Some(number) => Ok(Some(number)),
                    None => Err(text::syntax(
                        bytes,
                        start,
                        format!("a whole number as {name}"),
                    )),
                },
            };
            let (missed, covered) = (number(missed)?, number(covered)?);
            Ok(missed
                .zip(covered)
                .map(|(missed, covered)| Ratio::new(covered, missed.saturating_add(covered))))
        };
        let totals = Totals {
            branches: ratio("BRANCH_MISSED", "BRANCH_COVERED")?,
            lines: ratio("LINE_MISSED", "LINE_COVERED")?,
            functions: ratio("METHOD_MISSED", "METHOD_COVERED")?,
            statements: None,
        };
        let class = field("CLASS").unwrap_or_default();
        let path = match field("PACKAGE").unwrap_or_default() {
            "" | "default" => class.to_owned(),
            package => format!("{}/{class}", package.replace('.', "/")),
        };
        if class.is_empty() {
            oddities.note("rows without a class", || "a row names no class".to_owned());
        }
        let mut file = FileCoverage::builder(&path);
        if let Some(group) = field("GROUP") {
            file.module(group);
        }
        file.totals(totals);
        files.push(file.finish());
    }
    let totals = files
        .iter()
        .fold(Totals::default(), |sum, file: &FileCoverage| {
            sum.plus(file.totals())
        });
    let mut warnings = vec![Warning::new(
        "JaCoCo's CSV has figures by class only, no lines and no branches to show; add the XML report and open that",
    )];
    warnings.extend(oddities.finish());
    Ok(Report {
        format: Format::JacocoCsv,
        tool: None,
        totals,
        files,
        source_roots: Vec::new(),
        warnings,
    })
}

/// The fields of a row; one in quotes may hold commas, and quotes doubled.
fn fields(row: &str) -> Vec<Cow<'_, str>> {
    let mut fields = Vec::new();
    let mut rest = row;
    loop {
        let (field, tail) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted),
            None => match rest.split_once(',') {
                Some((field, tail)) => (Cow::Borrowed(field), Some(tail)),
                None => (Cow::Borrowed(rest), None),
            },
        };
        fields.push(field);
        match tail {
            Some(tail) => rest = tail,
            None => return fields,
        }
    }
}

fn quoted_field(quoted: &str) -> (Cow<'_, str>, Option<&str>) {
    let mut field = String::new();
    let mut rest = quoted;
    while let Some((before, after)) = rest.split_once('"') {
        field.push_str(before);
        if let Some(more) = after.strip_prefix('"') {
            field.push('"');
            rest = more;
        } else {
            let tail = after.split_once(',').map(|(_, tail)| tail);
            return (Cow::Owned(field), tail);
        }
    }
    field.push_str(rest);
    (Cow::Owned(field), None)
}
