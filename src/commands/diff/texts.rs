//! The texts that two reports were measured from.
//!
//! A decision is known by its text, so both sides need theirs, or neither may have one. The disk has
//! the newer; the older is that of `--before REV`, the same one where the reports have the same shape, or
//! what git had when the older report was written.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::commands::Failure;
use crate::coverage::{Arms, Coverage, CoveredFile, FileCoverage, FilePath, SourceState};
use crate::gaps::{Facts, Source};
use crate::runtime::git::{Git, GitError};
use crate::runtime::reports::speaks_past;
use crate::runtime::sources;
use crate::settings::Settings;

/// Both measurements with their texts.
pub(super) fn facts(
    before: &Coverage,
    after: &Coverage,
    revision: Option<&str>,
    settings: &Settings,
) -> Result<(Vec<Facts>, Vec<Facts>), Failure> {
    let git = Git::at(&settings.root);
    let commit = match (revision, &git) {
        (Some(revision), Some(git)) => Some(git.commit(revision)?),
        (Some(revision), None) => return Err(GitError::NoWorkTree(revision.to_owned()).into()),
        (None, _) => None,
    };
    let history = History {
        git: git.as_ref(),
        commit: commit.as_deref(),
        settings,
    };
    let was: FxHashMap<&FilePath, &CoveredFile> =
        before.files.iter().map(|file| (&file.path, file)).collect();
    let mut texts: FxHashMap<&FilePath, Option<Arc<Source>>> = FxHashMap::default();
    let mut new = Vec::with_capacity(after.files.len());
    for file in &after.files {
        let mut text = None;
        if let Some(old) = was.get(&file.path)
            && old.coverage != file.coverage
        {
            let pair = history.pair(old, file);
            texts.insert(&old.path, pair.0);
            text = pair.1;
        }
        new.push(fact(file, text));
    }
    let old = before
        .files
        .iter()
        .map(|file| {
            let text = match texts.get(&file.path) {
                Some(text) => text.clone(),
                // It left the report: its text only makes the words better.
                None => history.old_text(file),
            };
            fact(file, text)
        })
        .collect();
    Ok((old, new))
}

fn fact(file: &CoveredFile, source: Option<Arc<Source>>) -> Facts {
    Facts {
        path: file.path.clone(),
        coverage: Arc::clone(&file.coverage),
        source,
    }
}

struct History<'a> {
    git: Option<&'a Git>,
    /// `--before REV`.
    commit: Option<&'a str>,
    settings: &'a Settings,
}

impl History<'_> {
    /// The texts of a file that both reports know: both, or none.
    fn pair(
        &self,
        old: &CoveredFile,
        new: &CoveredFile,
    ) -> (Option<Arc<Source>>, Option<Arc<Source>>) {
        let Some(now) = self.new_text(new) else {
            return (None, None);
        };
        let then = if self.commit.is_none() && has_same_shape(&old.coverage, &new.coverage) {
            Some(Arc::clone(&now))
        } else {
            self.old_text(old)
        };
        match then {
            Some(then) => (Some(then), Some(now)),
            None => (None, None),
        }
    }

    fn new_text(&self, file: &CoveredFile) -> Option<Arc<Source>> {
        let text = sources::text(&self.settings.root, file).ok()?;
        text.fits.then(|| Arc::new(text.source))
    }

    fn old_text(&self, file: &CoveredFile) -> Option<Arc<Source>> {
        if !matches!(
            file.source,
            SourceState::Found | SourceState::Changed | SourceState::Missing
        ) {
            return None;
        }
        let git = self.git?;
        let commit = match self.commit {
            Some(commit) => commit.to_owned(),
            None => git.commit_at(file.measured_ms)?,
        };
        let lines = sources::split(&git.text_at(&commit, &file.path)?);
        let fits = !speaks_past(&file.coverage, lines.len());
        fits.then(|| Arc::new(Source::new(&file.path, lines)))
    }
}

/// Whether two reports speak of the same lines and decisions: then they are of the same text.
fn has_same_shape(a: &FileCoverage, b: &FileCoverage) -> bool {
    let n_arms = |arms: Arms<'_>| match arms {
        Arms::Listed(arms) => arms.len() as u64,
        Arms::Counted(ratio) => ratio.total,
    };
    a.lines()
        .map(|(line, _)| line)
        .eq(b.lines().map(|(line, _)| line))
        && a.branches()
            .map(|branch| (branch.span(), n_arms(branch.arms())))
            .eq(b
                .branches()
                .map(|branch| (branch.span(), n_arms(branch.arms()))))
}
