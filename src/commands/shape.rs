//! The shapes of machine-readable answers, version 1. Other programs read them: fields are added, never
//! renamed or removed.

use serde::Serialize;

use crate::coverage::{Coverage, CoveredFile, Ratio, ReportInfo, Totals};
use crate::gaps::{Gap, GapArm};

/// `gaps --format json`.
#[derive(Debug, Serialize)]
pub(super) struct Gaps<'a> {
    pub(super) version: u32,
    pub(super) reports: Vec<Report<'a>>,
    pub(super) totals: Figures,
    pub(super) files: Vec<File<'a>>,
    pub(super) warnings: Vec<Warning<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    path: &'a str,
    format: &'static str,
    tool: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Warning<'a> {
    path: &'a str,
    message: &'a str,
}

impl<'a> Warning<'a> {
    pub(super) fn new(path: &'a str, message: &'a str) -> Self {
        Self { path, message }
    }
}

/// `null` where the report has no such figure.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Figures {
    branches: Option<Figure>,
    lines: Option<Figure>,
    functions: Option<Figure>,
    statements: Option<Figure>,
}

/// `percent` is cut to two decimals, and `null` for 0 of 0.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Figure {
    covered: u64,
    total: u64,
    percent: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct File<'a> {
    path: &'a str,
    source: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<&'a str>,
    #[serde(flatten)]
    figures: Figures,
    gaps: Vec<GapShape<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct GapShape<'a> {
    id: String,
    kind: &'static str,
    line: u32,
    end_line: u32,
    column: Option<u32>,
    function: Option<&'a str>,
    construct: Option<&'a str>,
    arms_total: u32,
    arms_untaken: u32,
    arms: Vec<ArmShape<'a>>,
    says: &'a str,
}

#[derive(Debug, Serialize)]
struct ArmShape<'a> {
    label: &'a str,
    line: Option<u32>,
    hits: Option<u64>,
    taken: bool,
}

impl From<Ratio> for Figure {
    fn from(ratio: Ratio) -> Self {
        Self {
            covered: ratio.covered,
            total: ratio.total,
            percent: ratio.percent().map(crate::coverage::Percent::as_f64),
        }
    }
}

impl From<Totals> for Figures {
    fn from(totals: Totals) -> Self {
        Self {
            branches: totals.branches.map(Figure::from),
            lines: totals.lines.map(Figure::from),
            functions: totals.functions.map(Figure::from),
            statements: totals.statements.map(Figure::from),
        }
    }
}

impl<'a> From<&'a ReportInfo> for Report<'a> {
    fn from(report: &'a ReportInfo) -> Self {
        Self {
            path: report.path.as_str(),
            format: report.format.name(),
            tool: report.tool.as_deref(),
        }
    }
}

/// The warnings of a coverage.
pub(super) fn warnings(coverage: &Coverage) -> Vec<Warning<'_>> {
    coverage
        .warnings
        .iter()
        .map(|(path, warning)| Warning {
            path: path.as_str(),
            message: &warning.message,
        })
        .collect()
}

/// A file with the gaps that are listed.
pub(super) fn file<'a>(file: &'a CoveredFile, gaps: &'a [Gap]) -> File<'a> {
    use crate::coverage::{FilePath, SourceState};
    File {
        path: file.path.as_str(),
        source: file.source.name(),
        candidates: match &file.source {
            SourceState::Ambiguous(candidates) => candidates.iter().map(FilePath::as_str).collect(),
            SourceState::Found
            | SourceState::Missing
            | SourceState::Outside
            | SourceState::Changed => Vec::new(),
        },
        figures: file.coverage.totals().into(),
        gaps: gaps.iter().map(GapShape::from).collect(),
    }
}

impl<'a> From<&'a Gap> for GapShape<'a> {
    fn from(gap: &'a Gap) -> Self {
        Self {
            id: gap.id.to_string(),
            kind: gap.kind.name(),
            line: gap.line.get(),
            end_line: gap.end_line.get(),
            column: gap.column,
            function: gap.function.as_deref(),
            construct: gap.construct.as_deref(),
            arms_total: gap.arms_total,
            arms_untaken: gap.arms_untaken,
            arms: gap.arms.iter().map(ArmShape::from).collect(),
            says: &gap.says,
        }
    }
}

impl<'a> From<&'a GapArm> for ArmShape<'a> {
    fn from(arm: &'a GapArm) -> Self {
        Self {
            label: &arm.label,
            line: arm.line.map(crate::coverage::Line::get),
            hits: arm.hits,
            taken: arm.taken,
        }
    }
}
