//! What a measurement found, kept for comparing later ones with it: the coverage of each file and,
//! within a bound, its text as it was then.
//!
//! The texts are read here so that a later edit of a source does not take away what an arm was.

use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::changes;
use crate::coverage::{Coverage, CoveredFile, FilePath, SourceState, Totals};
use crate::gaps::{self, Delta, Facts, Source};
use crate::runtime::sources;

/// Texts of more than so many bytes together are not kept; the comparison is then as exact as the report.
const MOST_TEXT: usize = 24 << 20;

/// One measurement.
#[derive(Clone, Debug)]
pub(in crate::runtime) struct Measured {
    facts: Vec<Facts>,
    by_path: FxHashMap<FilePath, usize>,
    totals: Totals,
}

impl Measured {
    /// Takes down a measurement. Files whose coverage is what it was share it with `last`, so that many
    /// reloads cost the memory of one; so do their texts, as they were read before.
    pub(in crate::runtime) fn take_down(coverage: &mut Coverage, last: Option<&Self>) -> Self {
        let facts: Vec<Facts> = coverage
            .files
            .iter_mut()
            .map(|file| {
                let before = last.and_then(|last| last.of(&file.path));
                if let Some(before) = before
                    && before.coverage == file.coverage
                {
                    file.coverage = Arc::clone(&before.coverage);
                }
                Facts {
                    path: file.path.clone(),
                    coverage: Arc::clone(&file.coverage),
                    source: None,
                }
            })
            .collect();
        let by_path = facts
            .iter()
            .enumerate()
            .map(|(idx, facts)| (facts.path.clone(), idx))
            .collect();
        Self {
            facts,
            by_path,
            totals: coverage.totals,
        }
    }

    /// What was measured of a file.
    pub(in crate::runtime) fn of(&self, path: &FilePath) -> Option<&Facts> {
        self.facts.get(*self.by_path.get(path)?)
    }

    /// Reads the texts of files whose coverage differs from `last`, or of all where there is none; a text
    /// of `last` that is still what lies on the disk is shared. Stops early when `go_on` says so.
    pub(in crate::runtime) fn read_texts(
        &mut self,
        root: &Path,
        files: &[CoveredFile],
        last: Option<&Self>,
        only: Which,
        go_on: impl Fn() -> bool,
    ) {
        let mut bytes: usize = 0;
        for file in files {
            if !file.source.is_readable() {
                continue;
            }
            if !go_on() {
                return;
            }
            let Some(facts) = self
                .by_path
                .get(&file.path)
                .and_then(|idx| self.facts.get_mut(*idx))
            else {
                continue;
            };
            let before = last.and_then(|last| last.of(&file.path));
            let same = before.is_some_and(|before| Arc::ptr_eq(&before.coverage, &facts.coverage));
            if facts.source.is_some() || (only == Which::Changed && same) {
                continue;
            }
            let lines = match file.source {
                // What lies there now is not what was measured.
                SourceState::Changed => changes::measured_text(root, file),
                _ => sources::lines(root, &file.path).ok(),
            };
            let Some(lines) = lines else { continue };
            bytes += lines.iter().map(|line| line.len() + 1).sum::<usize>();
            if bytes > MOST_TEXT {
                return;
            }
            let known = before
                .and_then(|before| before.source.as_ref())
                .filter(|source| source.lines() == lines);
            facts.source = Some(match known {
                Some(source) => Arc::clone(source),
                None => Arc::new(Source::new(&file.path, lines)),
            });
        }
    }

    /// What became of the arms from here to a later measurement.
    pub(in crate::runtime) fn until(&self, later: &Self) -> Delta {
        let mut delta = gaps::delta(&self.facts, &later.facts);
        // The tools' own totals, which the files need not add up to.
        delta.before = self.totals;
        delta.after = later.totals;
        delta
    }
}

/// Which texts are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::runtime) enum Which {
    /// Of files whose coverage changed: what a comparison needs at once.
    Changed,
    All,
}
