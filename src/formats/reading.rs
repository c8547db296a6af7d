//! A report in parts that can be read at the same time.
//!
//! This room starts no thread: it says where a report may be cut, reads one part, and joins what was
//! read. Whoever has threads reads the parts on them. However many parts there are, the report and its
//! warnings are the same; of several errors the first in the text is told.

use std::borrow::Cow;

use super::{
    ParseError, clover, cobertura, coverage_py, gcovr, go_cover, istanbul, istanbul_summary,
    jacoco_csv, jacoco_xml, lcov, llvm_cov, simplecov, sniff, text,
};
use crate::coverage::{Format, Report};

/// The least bytes that are worth a thread.
const LEAST: usize = 1 << 18;

/// A report whose format is known, and where its parts begin.
#[derive(Debug)]
pub struct Reading<'a> {
    text: Cow<'a, [u8]>,
    format: Format,
    /// Where each part but the first begins, ascending.
    cuts: Vec<usize>,
}

/// What was read of one part; [`Reading::join`] makes a report of all of them.
#[derive(Debug)]
pub struct Part<'t>(Read<'t>);

#[derive(Debug)]
enum Read<'t> {
    Lcov(Result<lcov::Part<'t>, ParseError>),
    Istanbul(Result<istanbul::Part, ParseError>),
    CoveragePy(Result<coverage_py::Part, ParseError>),
    JacocoXml(Result<jacoco_xml::Part, ParseError>),
    Whole(Box<Result<Report, ParseError>>),
}

impl<'a> Reading<'a> {
    /// Finds out the format, and up to `n_parts` parts of about the same size; fewer where the report is
    /// small or its format cannot be cut.
    ///
    /// # Errors
    /// When the bytes are no report of a known format.
    pub fn new(bytes: &'a [u8], n_parts: usize) -> Result<Self, ParseError> {
        let text = text::decode(bytes);
        let format = sniff::decoded(&text)?;
        let n_parts = n_parts.min(text.len() / LEAST).max(1);
        let mut reading = Self {
            text,
            format,
            cuts: Vec::new(),
        };
        for nth in 1..n_parts {
            let fair = reading.text.len() / n_parts * nth;
            if let Some(cut) = reading.cut(fair)
                && reading.cuts.last().is_none_or(|&last| last < cut)
            {
                reading.cuts.push(cut);
            }
        }
        Ok(reading)
    }

    /// A place behind an offset where the report may be cut.
    fn cut(&self, from: usize) -> Option<usize> {
        match self.format {
            Format::Lcov => lcov::cut(&self.text, from),
            Format::Istanbul => istanbul::cut(&self.text, from),
            Format::CoveragePy => coverage_py::cut(&self.text, from),
            Format::JacocoXml => jacoco_xml::cut(&self.text, from),
            _ => None,
        }
    }

    /// How many parts there are; at least one.
    #[must_use]
    pub fn n_parts(&self) -> usize {
        self.cuts.len() + 1
    }

    /// Reads a part, 0-based.
    #[must_use]
    pub fn part(&self, idx: usize) -> Part<'_> {
        let text: &[u8] = &self.text;
        let start = idx
            .checked_sub(1)
            .map_or(Some(0), |before| self.cuts.get(before).copied());
        let start = start.unwrap_or(text.len());
        let end = self.cuts.get(idx).copied().unwrap_or(text.len());
        let whole =
            |read: fn(&[u8]) -> Result<Report, ParseError>| Read::Whole(Box::new(read(text)));
        Part(match self.format {
            Format::Lcov => Read::Lcov(lcov::part(text, start..end)),
            Format::Istanbul => Read::Istanbul(istanbul::part(text, start..end)),
            Format::IstanbulSummary => whole(istanbul_summary::parse),
            Format::CoveragePy => Read::CoveragePy(coverage_py::part(text, start..end)),
            Format::JacocoXml => Read::JacocoXml(jacoco_xml::part(text, start..end)),
            Format::JacocoCsv => whole(jacoco_csv::parse),
            Format::Cobertura => whole(cobertura::parse),
            Format::Clover => whole(clover::parse),
            Format::LlvmCov => whole(llvm_cov::parse),
            Format::Gcovr => whole(gcovr::parse),
            Format::GoCover => whole(go_cover::parse),
            Format::SimpleCov => whole(simplecov::parse),
        })
    }

    /// The report that all parts make, given in their order.
    ///
    /// # Errors
    /// The first error in the text, if any part had one.
    pub fn join<'t>(&'t self, parts: Vec<Part<'t>>) -> Result<Report, ParseError> {
        let (mut lcov, mut istanbul) = (Vec::new(), Vec::new());
        let (mut coverage_py, mut jacoco_xml) = (Vec::new(), Vec::new());
        for part in parts {
            match part.0 {
                Read::Lcov(part) => lcov.push(part),
                Read::Istanbul(part) => istanbul.push(part),
                Read::CoveragePy(part) => coverage_py.push(part),
                Read::JacocoXml(part) => jacoco_xml.push(part),
                Read::Whole(report) => return *report,
            }
        }
        match self.format {
            Format::Istanbul => istanbul::join(istanbul),
            Format::CoveragePy => coverage_py::join(coverage_py),
            Format::JacocoXml => jacoco_xml::join(&self.text, jacoco_xml),
            _ => lcov::join(&self.text, lcov),
        }
    }
}
