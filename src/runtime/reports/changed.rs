//! Which sources are not the text that was measured any more.
//!
//! A newer time alone proves nothing: a checkout touches every file. Git says whether the text differs
//! from the one at the time of the measurement; without git, only a report that speaks of lines past the
//! end of the text does.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::coverage::{CoveredFile, FileCoverage, FilePath, SourceState};
use crate::runtime::git::Git;
use crate::runtime::sources::{self, Stat};

/// Marks the files that changed. `stats` says what is known of those that were found.
pub(super) fn mark(root: &Path, files: &mut [CoveredFile], stats: &FxHashMap<String, Stat>) {
    let newer: Vec<&mut CoveredFile> = files
        .iter_mut()
        .filter(|file| file.source == SourceState::Found)
        .filter(|file| {
            let measured = UNIX_EPOCH + Duration::from_millis(file.measured_ms);
            stats
                .get(file.path.as_str())
                .is_some_and(|stat| stat.modified > measured + Duration::from_millis(1))
        })
        .collect();
    if newer.is_empty() {
        return;
    }
    let git = Git::at(root);
    let mut differing: FxHashMap<u64, FxHashSet<FilePath>> = FxHashMap::default();
    for file in newer {
        let differs = git.as_ref().is_some_and(|git| {
            differing
                .entry(file.measured_ms)
                .or_insert_with(|| differing_since(git, file.measured_ms))
                .contains(&file.path)
        });
        if differs || (git.is_none() && is_shorter(root, file)) {
            file.source = SourceState::Changed;
        }
    }
}

/// The tracked files that differ from the commit of a time; without such a commit, from the last one.
fn differing_since(git: &Git, time_ms: u64) -> FxHashSet<FilePath> {
    let commit = git.commit_at(time_ms).unwrap_or_else(|| "HEAD".to_owned());
    git.differing(&commit).unwrap_or_default()
}

fn is_shorter(root: &Path, file: &CoveredFile) -> bool {
    sources::lines(root, &file.path).is_ok_and(|lines| speaks_past(&file.coverage, lines.len()))
}

/// Whether a report speaks of lines that a text of so many lines does not have. One line past the end is
/// where some tools put the end of a file.
#[must_use]
pub fn speaks_past(coverage: &FileCoverage, n_lines: usize) -> bool {
    let last_line = coverage.lines().last().map(|(line, _)| line);
    let last_branch = coverage
        .branches()
        .last()
        .map(crate::coverage::Branch::line);
    last_line
        .max(last_branch)
        .is_some_and(|line| line.index() > n_lines)
}
