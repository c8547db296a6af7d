//! What the examinations of this program's turns found, whole: test files with their rungs, findings, and
//! the three lists of the delta.

use crate::coverage::FilePath;
use crate::evidence::{Examined, Finding, TestFile, Verdict};
use crate::gaps::ArmRef;

/// Everything that was found so far.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The newest examination of each test file, with its turn.
    pub tests: Vec<(u32, TestFile)>,
    /// Findings about a turn as a whole, with the turn; those of a test file are with it.
    pub findings: Vec<(u32, Finding)>,
    /// Arms that kept test files closed, with the file.
    pub closed: Vec<(ArmRef, FilePath)>,
    pub lost: Vec<ArmRef>,
    pub vanished: Vec<(ArmRef, String)>,
    /// Taken in one run and not in the next, without any change: credited to nobody.
    pub unstable: Vec<ArmRef>,
}

impl Found {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty()
            && self.findings.is_empty()
            && self.lost.is_empty()
            && self.vanished.is_empty()
            && self.unstable.is_empty()
    }

    /// Test files that stay, and those that do not.
    #[must_use]
    pub fn n_tests(&self) -> (usize, usize) {
        let kept = self
            .tests
            .iter()
            .filter(|(_, test)| test.verdict == Verdict::Kept)
            .count();
        (kept, self.tests.len() - kept)
    }

    /// Rows that it takes to tell all of it, at least.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        let tests: usize = self
            .tests
            .iter()
            .map(|(_, test)| test.rungs.len() + test.closed.len() + 2)
            .sum();
        tests + self.all_findings().count() + self.unstable.len() + 6
    }

    /// Every finding with its turn, those of the test files included.
    pub fn all_findings(&self) -> impl Iterator<Item = (u32, &Finding)> {
        let of_tests = self
            .tests
            .iter()
            .flat_map(|(turn, test)| test.findings.iter().map(|finding| (*turn, finding)));
        self.findings
            .iter()
            .map(|(turn, finding)| (*turn, finding))
            .chain(of_tests)
    }

    pub(super) fn take(&mut self, turn: u32, found: &Examined) {
        for test in &found.tests {
            self.tests.retain(|(_, known)| known.path != test.path);
            self.tests.push((turn, test.clone()));
        }
        self.findings
            .extend(found.findings.iter().map(|finding| (turn, finding.clone())));
        for (arm, by) in &found.closed {
            self.lost.retain(|lost| lost != arm);
            self.closed.push((arm.clone(), by.clone()));
        }
        self.lost.extend(found.lost.iter().cloned());
        self.vanished.extend(found.vanished.iter().cloned());
        for arm in &found.unstable {
            if !self.unstable.contains(arm) {
                self.unstable.push(arm.clone());
            }
        }
    }
}
