//! Which files and gaps are listed: `--file`, `--below`, `--diff`, `--limit`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Failure;
use crate::cli::GapChoice;
use crate::coverage::{CoveredFile, FileCoverage, FilePath, Percent, SourceState};
use crate::gaps::Gap;
use crate::runtime::git::{Changes, Git, GitError};
use crate::runtime::project::TestPaths;
use crate::runtime::sources;
use crate::settings::Settings;

/// A choice made ready.
#[derive(Debug)]
pub(super) struct Choice {
    globs: Option<Globs>,
    below: Option<Percent>,
    changes: Option<Changes>,
    limit: usize,
}

#[derive(Debug)]
struct Globs {
    exact: Vec<String>,
    patterns: TestPaths,
}

/// A chosen file with its chosen gaps.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) file: CoveredFile,
    pub(super) gaps: Vec<Gap>,
}

impl Choice {
    pub(super) fn new(args: &GapChoice, settings: &Settings) -> Result<Self, Failure> {
        let globs = (!args.files.is_empty()).then(|| Globs {
            exact: args.files.clone(),
            patterns: TestPaths::new(&args.files),
        });
        Ok(Self {
            globs,
            below: args.below,
            changes: args
                .diff
                .as_deref()
                .map(|base| changes(settings, base))
                .transpose()?,
            limit: args.limit.unwrap_or(usize::MAX),
        })
    }

    pub(super) fn wants(&self, file: &CoveredFile) -> bool {
        let by_name = self.globs.as_ref().is_none_or(|globs| {
            globs.exact.iter().any(|exact| exact == file.path.as_str())
                || globs.patterns.contains(&file.path)
        });
        let by_figure = self
            .below
            .is_none_or(|below| figure(&file.coverage).is_some_and(|percent| percent < below));
        let by_change = self
            .changes
            .as_ref()
            .is_none_or(|changes| changes.has(&file.path));
        by_name && by_figure && by_change
    }

    /// Whether a gap lies on changed lines, where only those are wanted.
    pub(super) fn touches(&self, path: &FilePath, gap: &Gap) -> bool {
        self.changes
            .as_ref()
            .is_none_or(|changes| changes.touches(path, gap.line, gap.end_line))
    }

    /// The chosen files in their order, each with its chosen gaps. Sources are read as needed, two at a
    /// time; a file whose text turns out not to be the measured one is marked as changed.
    pub(super) fn list(&self, files: Vec<CoveredFile>, settings: &Settings) -> Vec<Listed> {
        let files: Vec<CoveredFile> = files.into_iter().filter(|file| self.wants(file)).collect();
        let mut listed = Vec::new();
        let mut left = self.limit;
        for (file, found) in files.iter().zip(find_gaps(&files, settings)) {
            if left == 0 {
                break;
            }
            let mut gaps: Vec<Gap> = found
                .gaps
                .into_iter()
                .filter(|gap| self.touches(&file.path, gap))
                .collect();
            gaps.truncate(left);
            left -= gaps.len();
            let mut file = file.clone();
            if found.is_another_text {
                file.source = SourceState::Changed;
            }
            listed.push(Listed { file, gaps });
        }
        listed
    }
}

/// Said where a target for branches meets a report that has none.
pub(super) fn instead_of_branches(name: &str) -> String {
    format!("the report has no branch data, so the target is held against its {name}")
}

/// What `--diff BASE` means here.
pub(super) fn changes(settings: &Settings, base: &str) -> Result<Changes, Failure> {
    let git = Git::at(&settings.root).ok_or_else(|| GitError::NoWorkTree(base.to_owned()))?;
    let commit = git.merge_base(base)?;
    Ok(git.changes_since(&commit)?)
}

/// The branch coverage of a file, or that of its lines or statements where it has no branches.
fn figure(coverage: &FileCoverage) -> Option<Percent> {
    coverage.totals().leading()?.1.percent()
}

/// The gaps of one file.
#[derive(Debug, Default)]
pub(super) struct FoundGaps {
    pub(super) gaps: Vec<Gap>,
    /// The text on the disk is not the one measured, although nothing but its length says so.
    pub(super) is_another_text: bool,
}

/// The gaps of files, in their order.
pub(super) fn find_gaps(files: &[CoveredFile], settings: &Settings) -> Vec<FoundGaps> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let idx = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(idx) else {
                return done;
            };
            done.push((idx, gaps_of(file, settings)));
        }
    };
    let mut done = thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut done = work();
        done.extend(other.join().unwrap_or_default());
        done
    });
    done.sort_by_key(|(idx, _)| *idx);
    done.into_iter().map(|(_, found)| found).collect()
}

fn gaps_of(file: &CoveredFile, settings: &Settings) -> FoundGaps {
    if !is_wanting(&file.coverage) {
        return FoundGaps::default();
    }
    let text = sources::text(&settings.root, file).ok();
    FoundGaps {
        is_another_text: file.source == SourceState::Found
            && text.as_ref().is_some_and(|text| !text.fits),
        gaps: sources::gaps_of(file, text.as_ref()),
    }
}

/// Whether anything in a file was never done.
fn is_wanting(coverage: &FileCoverage) -> bool {
    coverage.lines().any(|(_, hits)| !hits.is_taken())
        || coverage
            .branches()
            .any(|branch| branch.ratio().missed() > 0)
        || coverage
            .functions()
            .iter()
            .any(|function| !function.hits.is_taken())
}
