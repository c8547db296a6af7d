//! The verdict in words, tables, JSON and annotations.

use std::fmt::Write as _;

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::judge::{Check, Gate, Metric, Outcome};
use crate::commands::paint::Style;
use crate::commands::{json as encoder, shape, table};
use crate::coverage::{Coverage, FilePath, Ratio};
use crate::gaps::Gap;
use crate::harmless;
use crate::runtime::project::shell_quoted;

/// What is told.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) coverage: &'a Coverage,
    pub(super) gate: &'a Gate,
    pub(super) note: Option<&'a str>,
    /// `--diff BASE`: the figures are those of changed lines.
    pub(super) base: Option<&'a str>,
}

/// How many files are named as the place to begin.
const N_WORST: usize = 5;

/// How many annotations are written; GitHub shows fewer.
const MOST_ANNOTATIONS: usize = 50;

fn figure(ratio: Option<Ratio>) -> String {
    match ratio {
        None => "no data".to_owned(),
        Some(ratio) => match table::percent(ratio) {
            Some(percent) => percent,
            None => "nothing".to_owned(),
        },
    }
}

fn count(ratio: Option<Ratio>) -> String {
    ratio.map_or(String::new(), |ratio| {
        format!("{}/{}", ratio.covered, ratio.total)
    })
}

fn verdict(check: &Check) -> String {
    match check.outcome {
        Outcome::Holds => "holds".to_owned(),
        Outcome::Nothing => "nothing to cover".to_owned(),
        Outcome::Missed(n) => format!("missed: {}", check.threshold.metric.missing(n)),
        Outcome::NoData => format!(
            "missed: the report has no data on {}",
            check.threshold.metric.name()
        ),
    }
}

impl Report<'_> {
    fn missed(&self) -> impl Iterator<Item = &Check> {
        self.gate
            .whole
            .iter()
            .chain(&self.gate.files)
            .filter(|check| !check.holds())
    }

    /// What to do about each metric that misses, once each.
    fn what_to_do(&self) -> Vec<Advice> {
        let mut metrics: Vec<Metric> = Vec::new();
        let mut advice = Vec::new();
        for check in self.missed() {
            let metric = check.threshold.metric;
            if metrics.contains(&metric) {
                continue;
            }
            metrics.push(metric);
            if check.outcome == Outcome::NoData {
                advice.push(Advice::new(how_to_measure(metric)));
                continue;
            }
            let worst = self.where_to_begin(metric);
            for (path, ratio) in worst.iter().take(N_WORST) {
                let file = shell_quoted(path.as_str());
                let list = match self.base {
                    Some(base) => {
                        format!("untaken gaps --diff {} --file {file}", shell_quoted(base))
                    }
                    None => format!("untaken gaps --file {file}"),
                };
                let things = match metric {
                    Metric::Branches => "arms",
                    Metric::Lines | Metric::Functions | Metric::Statements => metric.name(),
                };
                let text = format!(
                    "{}: {} of {} {things} not covered",
                    path.as_str(),
                    ratio.missed(),
                    ratio.total
                );
                advice.push(Advice {
                    text,
                    command: Some(list),
                });
            }
            if worst.len() > N_WORST {
                let more = format!("and {} more files", worst.len() - N_WORST);
                advice.push(Advice::new(&more));
            }
        }
        advice
    }

    /// The files to work on: any where the whole is missed, else those that are missed themselves.
    fn where_to_begin(&self, metric: Metric) -> Vec<(&FilePath, Ratio)> {
        let is_missed = |check: &&Check| check.threshold.metric == metric && !check.holds();
        let mut worst = self.gate.worst(metric);
        if !self.gate.whole.iter().any(|check| is_missed(&check)) {
            let missed: FxHashSet<&FilePath> = self
                .gate
                .files
                .iter()
                .filter(is_missed)
                .filter_map(|check| check.file.as_ref())
                .collect();
            worst.retain(|(path, _)| missed.contains(path));
        }
        worst
    }
}

/// A next step.
#[derive(Debug)]
struct Advice {
    text: String,
    /// For a shell.
    command: Option<String>,
}

impl Advice {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            command: None,
        }
    }

    fn line(&self) -> String {
        match &self.command {
            Some(command) => format!("{}; {command}", self.text),
            None => self.text.clone(),
        }
    }

    fn markdown(&self) -> String {
        match &self.command {
            Some(command) => format!("{}; {}", table::markdown(&self.text), table::code(command)),
            None => table::markdown(&self.text),
        }
    }
}

fn how_to_measure(metric: Metric) -> &'static str {
    match metric {
        Metric::Branches => {
            "measure branches: pytest --cov-branch, coverage run --branch, lcov --rc branch_coverage=1, cargo \
             +nightly llvm-cov --branch; where the tool cannot (go test), use --lines"
        }
        Metric::Lines | Metric::Functions | Metric::Statements => {
            "use a report that has the figure, or another threshold"
        }
    }
}

/// For people: one line a threshold, then the files, then what to do.
pub(super) fn text(report: &Report<'_>, style: Style) -> String {
    let mut out = String::new();
    for info in &report.coverage.reports {
        let tool = info.tool.as_deref().unwrap_or(info.format.name());
        let line = format!(
            "{}  {}",
            harmless::line(info.path.as_str()),
            harmless::line(tool)
        );
        let _ = writeln!(out, "{}", style.quiet(&line));
    }
    if let Some(note) = report.note {
        let _ = writeln!(out, "{note}");
    }
    if let Some(base) = report.base {
        let _ = writeln!(
            out,
            "on lines changed since {}, in {}",
            harmless::line(base),
            table::counted(report.gate.counted.len(), "measured file")
        );
    }
    rows(&mut out, &report.gate.whole, style);
    let missed: Vec<Check> = report
        .gate
        .files
        .iter()
        .filter(|check| !check.holds())
        .cloned()
        .collect();
    if !report.gate.files.is_empty() {
        let _ = writeln!(out);
        let held = report.gate.files.len() - missed.len();
        let _ = writeln!(out, "file by file: {held} hold, {} missed", missed.len());
        rows(&mut out, &missed, style);
    }
    let advice = report.what_to_do();
    if !advice.is_empty() {
        let _ = writeln!(out, "\nwhat to do");
        for line in advice {
            let _ = writeln!(out, "  {}", harmless::line(&line.line()));
        }
    }
    out
}

fn rows(out: &mut String, checks: &[Check], style: Style) {
    let cells: Vec<[String; 5]> = checks
        .iter()
        .map(|check| {
            let path = check.file.as_ref().map_or("", FilePath::as_str);
            [
                harmless::line(path).into_owned(),
                check.threshold.metric.name().to_owned(),
                figure(check.figure),
                count(check.figure),
                format!("least {} %", check.threshold.least),
            ]
        })
        .collect();
    let width = |column: usize| {
        table::widest(
            cells
                .iter()
                .filter_map(|row| row.get(column))
                .map(String::as_str),
        )
    };
    let widths = [width(0), width(1), width(2), width(3), width(4)];
    for (row, check) in cells.iter().zip(checks) {
        let [path, metric, figure, count, least] = row;
        let [of_path, of_metric, of_figure, of_count, of_least] = widths;
        let path = match of_path {
            0 => String::new(),
            width => format!("{}  ", table::left(path, width)),
        };
        let verdict = if check.holds() {
            style.good(&verdict(check))
        } else {
            style.bad(&verdict(check))
        };
        let _ = writeln!(
            out,
            "{path}{}  {}  {}  {}  {verdict}",
            table::left(metric, of_metric),
            table::right(figure, of_figure),
            table::right(count, of_count),
            table::left(least, of_least),
        );
    }
}

/// `check --format json`, version 1.
#[derive(Serialize)]
struct Shape<'a> {
    version: u32,
    holds: bool,
    reports: Vec<shape::Report<'a>>,
    totals: shape::Figures,
    /// The base of the changed lines that `checks` are about; `null` for all lines.
    diff: Option<&'a str>,
    checks: Vec<CheckShape<'a>>,
    note: Option<&'a str>,
    advice: Vec<String>,
    warnings: Vec<shape::Warning<'a>>,
}

#[derive(Serialize)]
struct CheckShape<'a> {
    /// `null` for the whole.
    file: Option<&'a str>,
    metric: &'static str,
    /// `null` where the report has no such figure.
    figure: Option<shape::Figure>,
    least: f64,
    holds: bool,
    /// How many more must be covered; `null` where that is not known.
    missing: Option<u64>,
}

pub(super) fn json(report: &Report<'_>) -> String {
    let checks = report
        .gate
        .whole
        .iter()
        .chain(&report.gate.files)
        .map(|check| CheckShape {
            file: check.file.as_ref().map(FilePath::as_str),
            metric: check.threshold.metric.name(),
            figure: check.figure.map(shape::Figure::from),
            least: check.threshold.least.as_f64(),
            holds: check.holds(),
            missing: match check.outcome {
                Outcome::Holds | Outcome::Nothing => Some(0),
                Outcome::Missed(n) => Some(n),
                Outcome::NoData => None,
            },
        })
        .collect();
    encoder::encode(&Shape {
        version: 1,
        holds: report.gate.holds(),
        reports: report
            .coverage
            .reports
            .iter()
            .map(shape::Report::from)
            .collect(),
        totals: report.coverage.totals.into(),
        diff: report.base,
        checks,
        note: report.note,
        advice: report.what_to_do().iter().map(Advice::line).collect(),
        warnings: shape::warnings(report.coverage),
    })
}

pub(super) fn markdown(report: &Report<'_>) -> String {
    let mut out = String::new();
    let title = if report.gate.holds() {
        "Coverage holds"
    } else {
        "Coverage is missed"
    };
    let _ = match report.base {
        Some(base) => writeln!(
            out,
            "**{title}** on lines changed since {}\n",
            table::markdown(base)
        ),
        None => writeln!(out, "**{title}**\n"),
    };
    if let Some(note) = report.note {
        let _ = writeln!(out, "{}\n", table::markdown(note));
    }
    out.push_str("| | | covered | least | |\n|---|---|---:|---:|---|\n");
    let missed = report.gate.files.iter().filter(|check| !check.holds());
    for check in report.gate.whole.iter().chain(missed) {
        let whole = if report.base.is_some() {
            "all changed lines"
        } else {
            "total"
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} {} | {} % | {} |",
            check
                .file
                .as_ref()
                .map_or(whole.to_owned(), |path| table::markdown(path.as_str())),
            check.threshold.metric.name(),
            figure(check.figure),
            count(check.figure),
            check.threshold.least,
            verdict(check),
        );
    }
    let advice = report.what_to_do();
    if !advice.is_empty() {
        out.push('\n');
        for line in advice {
            let _ = writeln!(out, "- {}", line.markdown());
        }
    }
    out
}

/// Workflow commands: an error for each missed threshold, a warning for each gap on a changed line.
pub(super) fn github(report: &Report<'_>, gaps: &[(FilePath, Vec<Gap>)]) -> String {
    let mut out = String::new();
    for check in report.missed().take(MOST_ANNOTATIONS) {
        let place = match &check.file {
            Some(path) => format!("file={},", property(path.as_str())),
            None => String::new(),
        };
        let where_to = match report.base {
            Some(base) => format!(" on lines changed since {base}"),
            None => String::new(),
        };
        let message = format!(
            "{} {}, least {} %{where_to}, {}",
            check.threshold.metric.name(),
            figure(check.figure),
            check.threshold.least,
            verdict(check)
        );
        let _ = writeln!(out, "::error {place}title=coverage::{}", data(&message));
    }
    let all = gaps
        .iter()
        .flat_map(|(path, gaps)| gaps.iter().map(move |gap| (path, gap)));
    for (path, gap) in all.take(MOST_ANNOTATIONS) {
        let _ = writeln!(
            out,
            "::warning file={},line={},endLine={},title=not covered::{}",
            property(path.as_str()),
            gap.line,
            gap.end_line,
            data(&gap.says)
        );
    }
    for line in report.what_to_do() {
        let _ = writeln!(out, "{}", plain(&line.line()));
    }
    if report.gate.holds() {
        for check in &report.gate.whole {
            let metric = check.threshold.metric.name();
            let _ = writeln!(
                out,
                "{metric} {}, least {} %, {}",
                figure(check.figure),
                check.threshold.least,
                verdict(check)
            );
        }
    }
    out
}

/// A line of the log that is no command, whatever a path is called.
fn plain(text: &str) -> String {
    let safe = harmless::line(text);
    if safe.trim_start().starts_with("::") || safe.contains("##[") {
        format!("· {}", safe.replace("##[", "# #["))
    } else {
        safe.into_owned()
    }
}

fn data(text: &str) -> String {
    harmless::line(text).replace('%', "%25")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
