//! A report as it was read, and the coverage of a project that one or more reports make.

use std::fmt;
use std::sync::Arc;

use super::{FileCoverage, FilePath, Totals};

/// The shape a report is written in. The names are those of `gaps --format json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Istanbul,
    IstanbulSummary,
    CoveragePy,
    JacocoXml,
    JacocoCsv,
    Lcov,
    Cobertura,
    Clover,
    LlvmCov,
    Gcovr,
    GoCover,
    SimpleCov,
}

impl Format {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Istanbul => "istanbul",
            Self::IstanbulSummary => "istanbul-summary",
            Self::CoveragePy => "coverage-py",
            Self::JacocoXml => "jacoco-xml",
            Self::JacocoCsv => "jacoco-csv",
            Self::Lcov => "lcov",
            Self::Cobertura => "cobertura",
            Self::Clover => "clover",
            Self::LlvmCov => "llvm-cov",
            Self::Gcovr => "gcovr",
            Self::GoCover => "go-cover",
            Self::SimpleCov => "simplecov",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Something odd that did not stop the reading. Lower case, no full stop, says what to do if anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub message: String,
}

impl Warning {
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// One parsed report. Its paths are still the report's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub format: Format,
    /// The tool and its version where the report names them: `coverage.py 7.10.1`.
    pub tool: Option<String>,
    /// The tool's own stored figures for the whole; summed over files only where it stores none.
    pub totals: Totals,
    pub files: Vec<FileCoverage>,
    /// Folders that the paths are relative to, as the report names them (Cobertura's `<source>`).
    pub source_roots: Vec<String>,
    pub warnings: Vec<Warning>,
}

/// Which report a figure came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportInfo {
    /// Relative to the root where it lies under it.
    pub path: FilePath,
    pub format: Format,
    pub tool: Option<String>,
    /// When the file was written last, in milliseconds since 1970, as the file system says.
    pub written_ms: u64,
}

/// Whether the source of a file of the report could be found, and whether it is still the one measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceState {
    Found,
    Missing,
    /// Several files fit equally well; none is opened.
    Ambiguous(Vec<FilePath>),
    /// It lies outside the root and is not opened.
    Outside,
    /// It is not the text that was measured any more.
    Changed,
}

impl SourceState {
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Missing => "missing",
            Self::Ambiguous(_) => "ambiguous",
            Self::Outside => "outside",
            Self::Changed => "changed",
        }
    }

    /// Whether there is a text to show.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        matches!(self, Self::Found | Self::Changed)
    }
}

/// One source file of the project with what is known of its coverage.
#[derive(Clone, Debug, PartialEq)]
pub struct CoveredFile {
    pub path: FilePath,
    pub source: SourceState,
    pub coverage: Arc<FileCoverage>,
    /// When the oldest report that speaks of it was written, in milliseconds since 1970.
    pub measured_ms: u64,
}

/// The coverage of a project: one report, or the union of several, with every path resolved.
/// Files are in the contract's order: branch coverage ascending, then untaken arms descending, then
/// path; files without branch data come after those with it, by line coverage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    pub reports: Vec<ReportInfo>,
    pub totals: Totals,
    pub files: Vec<CoveredFile>,
    /// With the path of the report they are about.
    pub warnings: Vec<(FilePath, Warning)>,
}

impl Coverage {
    /// The file of a path.
    #[must_use]
    pub fn file(&self, path: &FilePath) -> Option<&CoveredFile> {
        self.files.iter().find(|file| &file.path == path)
    }
}
