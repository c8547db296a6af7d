//! What became of a source since it was measured: by the text that was kept, or by git.

use std::path::Path;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::coverage::CoveredFile;
use crate::coverage::shift::Hunk;
use crate::runtime::git::Git;
use crate::runtime::sources;

/// The changed places between two texts, in the order of the text.
pub(super) fn between(old: &[String], new: &[String]) -> Vec<Hunk> {
    capture_diff_slices(Algorithm::Patience, old, new)
        .iter()
        .filter_map(|op| {
            let (old, new) = match op {
                DiffOp::Equal { .. } => return None,
                DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                    (op.old_range(), op.new_range())
                }
            };
            // A side without lines names the line before it: for an empty side that is its 0-based start.
            let first = |range: &std::ops::Range<usize>| {
                number(range.start + usize::from(!range.is_empty()))
            };
            Some(Hunk {
                old_start: first(&old),
                old_len: number(old.len()),
                new_start: first(&new),
                new_len: number(new.len()),
            })
        })
        .collect()
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The changed places of a file since it was measured, as git knows them; `None` where it does not.
pub(super) fn since_measured(root: &Path, file: &CoveredFile) -> Option<Vec<Hunk>> {
    let (git, commit) = measured_commit(root, file)?;
    git.hunks(&commit, &file.path).ok()
}

/// The text of a file as it was measured, as git knows it.
pub(super) fn measured_text(root: &Path, file: &CoveredFile) -> Option<Vec<String>> {
    let (git, commit) = measured_commit(root, file)?;
    Some(sources::split(&git.text_at(&commit, &file.path)?))
}

/// The commit that the work tree was at when a file was measured; the last one where that is not known.
fn measured_commit(root: &Path, file: &CoveredFile) -> Option<(Git, String)> {
    let git = Git::at(root)?;
    let commit = git
        .commit_at(file.measured_ms)
        .unwrap_or_else(|| "HEAD".to_owned());
    Some((git, commit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Line;
    use crate::coverage::shift::old_lines;

    fn check(old: &str, new: &str, expected: &[Option<u32>]) {
        let lines = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        let (old, new) = (lines(old), lines(new));
        let was: Vec<Option<u32>> = old_lines(&between(&old, &new), new.len())
            .into_iter()
            .map(|line| line.map(Line::get))
            .collect();
        assert_eq!(was, expected);
    }

    #[test]
    fn lines_keep_their_marks_across_an_edit() {
        check("a b c", "a b c", &[Some(1), Some(2), Some(3)]);
        check("a b c", "new a b c", &[None, Some(1), Some(2), Some(3)]);
        check(
            "a b c",
            "a new new b c",
            &[Some(1), None, None, Some(2), Some(3)],
        );
        check("a b c d", "a d", &[Some(1), Some(4)]);
        check("a b c", "a x c tail", &[Some(1), None, Some(3), None]);
        check("a b", "b", &[Some(2)]);
    }
}
