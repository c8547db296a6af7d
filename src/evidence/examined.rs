//! What the examination of a turn found, whole: for the screen, the campaign and the record.

use super::suite::TestOutcome;
use super::{Finding, FindingCode, Rung, RungResult, Verdict};
use crate::coverage::{FilePath, Totals};
use crate::gaps::{ArmRef, GapId};

/// One new or changed test file of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFile {
    pub path: FilePath,
    /// Whether the turn made the file; otherwise it changed one that was there.
    pub added: bool,
    /// In the order they were tried; the last one is the one that failed, if one did.
    pub rungs: Vec<RungResult>,
    pub findings: Vec<Finding>,
    pub verdict: Verdict,
    /// How many tests it holds, as the runner counts them; 0 where it prints no counts.
    pub n_tests: u64,
    /// The open arms that are taken because of it.
    pub closed: Vec<ArmRef>,
    /// The difference to the tree before the turn.
    pub patch: String,
}

impl TestFile {
    #[must_use]
    pub fn new(path: FilePath, added: bool, patch: String) -> Self {
        Self {
            path,
            added,
            rungs: Vec::new(),
            findings: Vec::new(),
            verdict: Verdict::Rejected,
            n_tests: 0,
            closed: Vec::new(),
            patch,
        }
    }

    /// Whether it has climbed every rung so far.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.rungs.iter().all(|rung| rung.ok)
    }

    /// The rung that decided against it.
    #[must_use]
    pub fn failed_rung(&self) -> Option<&RungResult> {
        self.rungs.iter().find(|rung| !rung.ok)
    }

    /// Adds what a rung brought.
    pub fn climb(&mut self, judged: super::judge::Judgement) {
        self.rungs.push(judged.rung);
        self.findings.extend(judged.findings);
    }

    /// Whether a rung was tried.
    #[must_use]
    pub fn was_tried(&self, rung: Rung) -> bool {
        self.rungs.iter().any(|tried| tried.rung == rung)
    }
}

/// A file that is no test and that the turn changed; it is put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutBack {
    pub path: FilePath,
    pub kind: super::guard::FileKind,
    pub patch: String,
}

/// What became of one turn's work.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    pub tests: Vec<TestFile>,
    /// Findings about the turn as a whole; those of a test file are with it.
    pub findings: Vec<Finding>,
    pub put_back: Vec<PutBack>,
    /// Arms that kept test files closed, with the file.
    pub closed: Vec<(ArmRef, FilePath)>,
    pub lost: Vec<ArmRef>,
    pub vanished: Vec<(ArmRef, String)>,
    /// Taken in one run and not in the next, without any change.
    pub unstable: Vec<ArmRef>,
    /// Gaps of the batch that the last report does not have any more.
    pub gaps_closed: Vec<GapId>,
    /// Gaps of the batch with fewer open arms than before, but some.
    pub gaps_narrowed: Vec<GapId>,
    /// The last measurement.
    pub totals: Option<Totals>,
    pub suite: Option<TestOutcome>,
    /// The end of the output of the run that failed, if one did.
    pub failed_output: String,
}

impl Examined {
    /// Every finding, those of the test files included.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .chain(self.tests.iter().flat_map(|test| &test.findings))
    }

    /// Whether something was found that must not pass.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.all_findings()
            .any(|finding| finding.code.is_blocking())
    }

    /// Adds a finding about the turn as a whole.
    pub fn find(&mut self, code: FindingCode, path: &FilePath, evidence: impl Into<String>) {
        self.findings.push(Finding {
            code,
            path: path.clone(),
            line: None,
            evidence: evidence.into(),
        });
    }
}
