//! The project's coverage for whoever asks, again and again, without a screen: read anew when a report
//! changed, compared with what was there first.
//!
//! It is the explorer's own knowledge of reports and sources, so that a gap has the same name in both.

use std::sync::Arc;

use super::reloads::known::Knowledge;
use super::reports::{LoadFailure, Reader, Sources};
use crate::coverage::{Coverage, FilePath, ReportInfo};
use crate::gaps::{Delta, Gap, Source};
use crate::settings::Settings;

/// Reads when asked, and never by itself.
#[derive(Debug)]
pub struct Serving {
    reader: Reader,
    knowledge: Knowledge,
    last: Option<Coverage>,
}

/// Coverage, and how current it is.
#[derive(Debug)]
pub struct Served {
    pub coverage: Coverage,
    /// Why this is the last good reading, and not what lies on the disk now.
    pub stale: Option<LoadFailure>,
}

impl Serving {
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            reader: Reader::new(settings),
            knowledge: Knowledge::new(Arc::new(settings.clone())),
            last: None,
        }
    }

    /// The coverage as it is on the disk; while it cannot be read, the last that could be.
    ///
    /// # Errors
    /// When none could be read so far.
    pub fn coverage(&mut self) -> Result<Served, LoadFailure> {
        match self.reader.load(Sources::Compared) {
            Ok(coverage) => {
                if !self.is_known(&coverage) {
                    self.knowledge.take_in(coverage.clone());
                    self.knowledge.keep_texts(|| true);
                }
                self.last = Some(coverage.clone());
                Ok(Served {
                    coverage,
                    stale: None,
                })
            }
            Err(failure) => match &self.last {
                Some(last) => Ok(Served {
                    coverage: last.clone(),
                    stale: Some(failure),
                }),
                None => Err(failure),
            },
        }
    }

    /// Whether it was read from the very reports that are known.
    fn is_known(&self, coverage: &Coverage) -> bool {
        let names = |reports: &[ReportInfo]| -> Vec<(FilePath, u64)> {
            reports
                .iter()
                .map(|report| (report.path.clone(), report.written_ms))
                .collect()
        };
        // A report may be written twice within one tick of the clock: then its figures tell.
        self.last.as_ref().is_some_and(|last| {
            names(&last.reports) == names(&coverage.reports)
                && last.totals == coverage.totals
                && last.files.len() == coverage.files.len()
                && last
                    .files
                    .iter()
                    .zip(&coverage.files)
                    .all(|(a, b)| a.path == b.path && a.coverage == b.coverage)
        })
    }

    /// The gaps of a file of the report, with the text as it is now.
    ///
    /// # Errors
    /// When the file is not in the report.
    pub fn gaps(&self, path: &FilePath) -> Result<Vec<Gap>, String> {
        self.knowledge.gaps(path)
    }

    /// The text of a file of the report.
    ///
    /// # Errors
    /// When it is not in the report, or cannot be read.
    pub fn source(&self, path: &FilePath) -> Result<Source, String> {
        self.knowledge.source(path).map(|(source, _)| source)
    }

    /// What became of arms since the first reading; `None` where the reports were read only once.
    #[must_use]
    pub fn delta(&self) -> Option<Delta> {
        self.knowledge.loaded()?.since_start.clone()
    }
}
