//! The vocabulary of evidence, spelled as the result of a run spells it.

use std::fmt;

use crate::coverage::FilePath;

/// What can be wrong with a piece of work. The names are part of the result's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingCode {
    /// A file that is no test was added, changed or deleted.
    SourceChanged,
    /// Coverage, test or build configuration was changed, test set-up files included.
    ConfigChanged,
    /// Arms left the report without being taken.
    DenominatorShrank,
    /// The report was written by something else than the test run, or contradicts a second run.
    ReportForged,
    /// A new or changed test file fails, or the suite that passed before fails now.
    TestsFailed,
    /// New tests did not give the same result every time.
    Flaky,
    /// Tests that ran before are skipped, deselected or deleted now.
    TestsSkipped,
    /// A new test file closes no arm that was open.
    NothingClosed,
    /// A new test asserts nothing.
    NoAssertion,
    /// The code under test itself is replaced by a mock.
    OverMocked,
    /// A new test compares with a stored snapshot.
    Snapshot,
    /// A new test waits on the clock, draws random values, or reaches for the network.
    Sleep,
    /// The agent's own figures differ from the report's.
    ClaimContradicted,
    /// A test fails because the code, not the test, looks wrong.
    SuspectedBug,
}

impl FindingCode {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SourceChanged => "source-changed",
            Self::ConfigChanged => "config-changed",
            Self::DenominatorShrank => "denominator-shrank",
            Self::ReportForged => "report-forged",
            Self::TestsFailed => "tests-failed",
            Self::Flaky => "flaky",
            Self::TestsSkipped => "tests-skipped",
            Self::NothingClosed => "nothing-closed",
            Self::NoAssertion => "no-assertion",
            Self::OverMocked => "over-mocked",
            Self::Snapshot => "snapshot",
            Self::Sleep => "sleep",
            Self::ClaimContradicted => "claim-contradicted",
            Self::SuspectedBug => "suspected-bug",
        }
    }

    /// Whether a test file with this finding can not be kept.
    #[must_use]
    pub fn is_blocking(self) -> bool {
        !matches!(
            self,
            Self::Snapshot | Self::Sleep | Self::ClaimContradicted | Self::SuspectedBug
        )
    }
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One thing found, with the proof in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: FindingCode,
    pub path: FilePath,
    /// Where in the file, 1-based, when it is one place.
    pub line: Option<crate::coverage::Line>,
    /// One line, from outside: terminal-safe writers only.
    pub evidence: String,
}

/// The steps a new or changed test file climbs, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// Smells and assertions, read from its syntax.
    Static,
    /// Nothing but tests changed.
    Untouched,
    /// It passes alone.
    Passes,
    /// It passes every time.
    Repeats,
    /// What passed before passes, and as many tests as before run.
    Suite,
    /// Open arms are taken, in a report written afterwards.
    Gains,
}

impl Rung {
    /// In the order they are tried.
    pub const ALL: [Self; 6] = [
        Self::Static,
        Self::Untouched,
        Self::Passes,
        Self::Repeats,
        Self::Suite,
        Self::Gains,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Untouched => "untouched",
            Self::Passes => "passes",
            Self::Repeats => "repeats",
            Self::Suite => "suite",
            Self::Gains => "gains",
        }
    }
}

/// How one rung went for one test file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RungResult {
    pub rung: Rung,
    pub ok: bool,
    /// One line of proof.
    pub evidence: String,
}

/// What became of a test file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Kept,
    Rejected,
    /// A suspected bug in the code: not in the tree, not lost.
    Aside,
}

impl Verdict {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Rejected => "rejected",
            Self::Aside => "aside",
        }
    }
}
