//! The reports that would be read, and how old they are.

use std::fmt::Write as _;
use std::path::Path;
use std::time::SystemTime;

use super::Check;
use crate::coverage::SourceState;
use crate::runtime::reports::{Reader, Sources};
use crate::settings::Settings;

/// One report that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSeen {
    /// Relative to the root where it lies inside.
    pub path: String,
    pub format: &'static str,
    pub tool: Option<String>,
    /// Since it was written, in seconds; `None` where the file's time lies in the future or cannot be read.
    pub age: Option<u64>,
}

const NAME: &str = "reports";

/// Reads the reports as every other command would.
#[must_use]
pub fn reports(settings: &Settings) -> (Check, Vec<ReportSeen>) {
    let coverage = match Reader::new(settings).load(Sources::Compared) {
        Ok(coverage) => coverage,
        Err(failure) => {
            let says = format!("{}: {}", failure.path.as_str(), failure.message);
            let todo = match &settings.tests.command {
                Some(command) => format!("run the tests with coverage: {command}"),
                None => "run the tests with coverage, or name the report under [reports] paths"
                    .to_owned(),
            };
            return (Check::wrong(NAME, says, todo), Vec::new());
        }
    };
    let seen: Vec<ReportSeen> = coverage
        .reports
        .iter()
        .map(|info| ReportSeen {
            path: info.path.as_str().to_owned(),
            format: info.format.name(),
            tool: info.tool.clone(),
            age: age(&settings.root.join(info.path.as_str())),
        })
        .collect();
    let count = |wanted: &SourceState| {
        coverage
            .files
            .iter()
            .filter(|file| file.source == *wanted)
            .count()
    };
    let (changed, missing) = (count(&SourceState::Changed), count(&SourceState::Missing));
    let n_files = coverage.files.len();
    let mut says = format!(
        "{} read: {}, {}",
        counted(seen.len(), "report"),
        counted(n_files, "file"),
        figures(&coverage.totals)
    );
    let check = if n_files == 0 {
        Check::wrong(
            NAME,
            format!("{says}; nothing was measured"),
            "look at the source folders that the coverage tool was given",
        )
    } else if missing == n_files {
        Check::wrong(
            NAME,
            format!("{says}; none of its sources is found here"),
            "set strip or prefix under [reports], so that its paths become the project's",
        )
    } else if changed > 0 {
        let _ = write!(says, "; {changed} changed since");
        Check::note(NAME, says, "run the tests with coverage again")
    } else if let Some((path, warning)) = coverage.warnings.first() {
        Check::note(
            NAME,
            format!(
                "{says}; {} to say: {}",
                counted(coverage.warnings.len(), "thing"),
                warning.message
            ),
            format!("see {}; untaken gaps says all of it", path.as_str()),
        )
    } else {
        Check::ok(NAME, says)
    };
    (check, seen)
}

fn figures(totals: &crate::coverage::Totals) -> String {
    let percent = |ratio: Option<crate::coverage::Ratio>, what: &str| {
        Some(format!("{} % of {what}", ratio?.percent()?))
    };
    percent(totals.branches, "branches")
        .or_else(|| percent(totals.lines, "lines"))
        .unwrap_or_else(|| "no figures".to_owned())
}

fn counted(n: usize, one: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}

fn age(path: &Path) -> Option<u64> {
    let written = path.metadata().ok()?.modified().ok()?;
    let since = SystemTime::now().duration_since(written).ok()?;
    Some(since.as_secs())
}
