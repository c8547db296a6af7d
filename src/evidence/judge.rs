//! What the outcome of a run means for a test file: a rung climbed or not, and the finding when not.

use super::suite::TestOutcome;
use super::{Finding, FindingCode, Rung, RungResult};
use crate::coverage::FilePath;
use crate::gaps::ArmRef;

/// A rung, and why it was not climbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    pub rung: RungResult,
    pub findings: Vec<Finding>,
}

impl Judgement {
    fn good(rung: Rung, evidence: String) -> Self {
        Self {
            rung: RungResult {
                rung,
                ok: true,
                evidence,
            },
            findings: Vec::new(),
        }
    }

    fn bad(rung: Rung, path: &FilePath, code: FindingCode, evidence: String) -> Self {
        let finding = Finding {
            code,
            path: path.clone(),
            line: None,
            evidence: evidence.clone(),
        };
        Self {
            rung: RungResult {
                rung,
                ok: false,
                evidence,
            },
            findings: vec![finding],
        }
    }

    #[must_use]
    pub fn is_good(&self) -> bool {
        self.rung.ok
    }
}

/// The first rung: what the syntax of the file shows. Findings that do not block are told all the same.
#[must_use]
pub fn of_smells(findings: Vec<Finding>) -> Judgement {
    let blocking: Vec<&Finding> = findings.iter().filter(|f| f.code.is_blocking()).collect();
    let evidence = match blocking.first() {
        Some(first) => format!("{}: {}", first.code, first.evidence),
        None if findings.is_empty() => "assertions found, no smell".to_owned(),
        None => {
            let codes: Vec<&str> = findings.iter().map(|finding| finding.code.name()).collect();
            format!("assertions found; to look at: {}", codes.join(", "))
        }
    };
    let ok = blocking.is_empty();
    Judgement {
        rung: RungResult {
            rung: Rung::Static,
            ok,
            evidence,
        },
        findings,
    }
}

/// The first rung for a language whose syntax is not read here: said, and left to the later rungs.
#[must_use]
pub fn of_unread_smells() -> Judgement {
    Judgement::good(
        Rung::Static,
        "not read: no parser for this language".to_owned(),
    )
}

/// The second rung. `others` are the changed files that are no tests; their own findings stand apart.
#[must_use]
pub fn of_others(others: &[FilePath]) -> RungResult {
    let evidence = match others {
        [] => "only tests changed".to_owned(),
        [one] => format!("{} was changed too, and put back", one.as_str()),
        [first, rest @ ..] => {
            format!(
                "{} and {} more were changed too, and put back",
                first.as_str(),
                rest.len()
            )
        }
    };
    RungResult {
        rung: Rung::Untouched,
        ok: others.is_empty(),
        evidence,
    }
}

/// The third rung: the file alone, once.
#[must_use]
pub fn of_alone(path: &FilePath, outcome: &TestOutcome) -> Judgement {
    let summary = outcome.summary();
    if !outcome.passed() {
        return Judgement::bad(
            Rung::Passes,
            path,
            FindingCode::TestsFailed,
            format!("alone: {summary}"),
        );
    }
    match outcome.counts {
        Some(counts) if counts.run() == 0 => {
            let why = format!("no test of it ran: {summary}");
            Judgement::bad(Rung::Passes, path, FindingCode::TestsSkipped, why)
        }
        _ => Judgement::good(Rung::Passes, summary),
    }
}

/// The fourth rung: the same result every time. `outcomes` are all runs of one kind, the first included.
#[must_use]
pub fn of_repeats(path: &FilePath, outcomes: &[TestOutcome]) -> Judgement {
    let n = outcomes.len();
    let differs = outcomes.first().and_then(|first| {
        outcomes
            .iter()
            .position(|o| o.passed() != first.passed() || o.counts != first.counts)
    });
    match (differs, outcomes.first()) {
        (Some(at), Some(first)) => {
            let other = outcomes
                .get(at)
                .map(TestOutcome::summary)
                .unwrap_or_default();
            let why = format!("run 1: {}; run {} of {n}: {other}", first.summary(), at + 1);
            Judgement::bad(Rung::Repeats, path, FindingCode::Flaky, why)
        }
        _ => Judgement::good(Rung::Repeats, format!("the same in {n} of {n} runs")),
    }
}

/// The fifth rung: the suite with the file, against the suite before. `new_tests` is how many tests the
/// file holds when it runs alone, where that is known.
#[must_use]
pub fn of_suite(
    path: &FilePath,
    before: &TestOutcome,
    after: &TestOutcome,
    new_tests: Option<u64>,
) -> Judgement {
    if !after.passed() {
        let why = format!("the suite passed before; now: {}", after.summary());
        return Judgement::bad(Rung::Suite, path, FindingCode::TestsFailed, why);
    }
    let (Some(was), Some(is)) = (before.counts, after.counts) else {
        return Judgement::good(
            Rung::Suite,
            format!(
                "{}; the runner prints no counts to compare",
                after.summary()
            ),
        );
    };
    let change = format!("{was} before; {is} now");
    if is.skipped > was.skipped || is.run() < was.run() {
        return Judgement::bad(Rung::Suite, path, FindingCode::TestsSkipped, change);
    }
    // An added file must add its tests: where the total stayed, others went missing in exchange.
    if new_tests.is_some_and(|new| new > 0 && is.run() < was.run().saturating_add(new)) {
        let why = format!(
            "{change}, though the file alone runs {} tests",
            new_tests.unwrap_or(0)
        );
        return Judgement::bad(Rung::Suite, path, FindingCode::TestsSkipped, why);
    }
    Judgement::good(Rung::Suite, change)
}

/// The fifth rung, when the suite with the file did not end with a report that can be read.
#[must_use]
pub fn of_no_report(path: &FilePath, why: &str) -> Judgement {
    let why = format!("the suite with it ended without its report: {why}");
    Judgement::bad(Rung::Suite, path, FindingCode::TestsFailed, why)
}

/// The last rung, when the report of a run with the file cannot be believed.
#[must_use]
pub fn of_forgery(path: &FilePath, why: &str) -> Judgement {
    Judgement::bad(Rung::Gains, path, FindingCode::ReportForged, why.to_owned())
}

/// The last rung: open arms are taken in a report written afterwards. `lines` counts lines that ran for
/// the first time, for gaps that are no branches.
#[must_use]
pub fn of_gains(path: &FilePath, taken: &[ArmRef], lines: u64) -> Judgement {
    match (taken.len(), lines) {
        (0, 0) => {
            let why = "no open arm is taken with it".to_owned();
            Judgement::bad(Rung::Gains, path, FindingCode::NothingClosed, why)
        }
        (0, lines) => Judgement::good(Rung::Gains, format!("{lines} lines run for the first time")),
        (1, _) => Judgement::good(Rung::Gains, "1 arm".to_owned()),
        (n, _) => Judgement::good(Rung::Gains, format!("{n} arms")),
    }
}

/// The first few names of a list, and how many more there are.
#[must_use]
pub fn some_of(names: &[String]) -> String {
    const FEW: usize = 4;
    let few = names
        .iter()
        .take(FEW)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(FEW) {
        0 => few,
        more => format!("{few} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::{of_alone, of_gains, of_others, of_repeats, of_smells, of_suite};
    use crate::coverage::FilePath;
    use crate::evidence::suite::{TestCounts, TestOutcome};
    use crate::evidence::{Finding, FindingCode};

    fn outcome(code: i32, passed: u64, failed: u64, skipped: u64) -> TestOutcome {
        TestOutcome {
            exit_code: Some(code),
            counts: Some(TestCounts {
                passed,
                failed,
                skipped,
            }),
            timed_out: false,
            missed_threshold: false,
            tail: String::new(),
        }
    }

    fn path() -> FilePath {
        FilePath::new("tests/test_a.py")
    }

    fn codes(judgement: &super::Judgement) -> Vec<FindingCode> {
        judgement
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect()
    }

    #[test]
    fn a_failing_file_is_told_and_one_that_skips_itself_does_not_pass() {
        assert!(of_alone(&path(), &outcome(0, 9, 0, 0)).is_good());
        assert_eq!(
            codes(&of_alone(&path(), &outcome(1, 8, 1, 0))),
            [FindingCode::TestsFailed]
        );
        assert_eq!(
            codes(&of_alone(&path(), &outcome(0, 0, 0, 4))),
            [FindingCode::TestsSkipped]
        );
        // A runner that exits 0 although a test failed is not believed.
        assert_eq!(
            codes(&of_alone(&path(), &outcome(0, 8, 1, 0))),
            [FindingCode::TestsFailed]
        );
    }

    #[test]
    fn a_test_that_passes_only_the_first_time_is_flaky() {
        let same = [outcome(0, 2, 0, 0), outcome(0, 2, 0, 0)];
        assert!(of_repeats(&path(), &same).is_good());
        let once = [
            outcome(0, 2, 0, 0),
            outcome(1, 1, 1, 0),
            outcome(1, 1, 1, 0),
        ];
        let judged = of_repeats(&path(), &once);
        assert_eq!(codes(&judged), [FindingCode::Flaky]);
        assert_eq!(
            judged.rung.evidence,
            "run 1: 2 passed; run 2 of 3: 1 passed, 1 failed (exit 1)"
        );
    }

    #[test]
    fn tests_that_go_missing_in_exchange_are_noticed() {
        let before = outcome(0, 10, 0, 1);
        assert!(of_suite(&path(), &before, &outcome(0, 13, 0, 1), Some(3)).is_good());
        assert_eq!(
            codes(&of_suite(&path(), &before, &outcome(0, 12, 0, 2), Some(3))),
            [FindingCode::TestsSkipped]
        );
        assert_eq!(
            codes(&of_suite(&path(), &before, &outcome(0, 11, 0, 1), Some(3))),
            [FindingCode::TestsSkipped]
        );
        assert_eq!(
            codes(&of_suite(&path(), &before, &outcome(1, 12, 1, 1), Some(3))),
            [FindingCode::TestsFailed]
        );
        // A file that existed before and gained tests: how many is not known beforehand.
        assert!(of_suite(&path(), &before, &outcome(0, 11, 0, 1), None).is_good());
    }

    #[test]
    fn coverage_alone_decides_the_last_rung() {
        assert_eq!(
            codes(&of_gains(&path(), &[], 0)),
            [FindingCode::NothingClosed]
        );
        assert!(of_gains(&path(), &[], 3).is_good());
    }

    #[test]
    fn smells_block_or_only_warn() {
        let finding = |code| Finding {
            code,
            path: path(),
            line: None,
            evidence: "line".into(),
        };
        assert!(of_smells(vec![]).is_good());
        assert!(of_smells(vec![finding(FindingCode::Sleep)]).is_good());
        assert!(
            !of_smells(vec![
                finding(FindingCode::Sleep),
                finding(FindingCode::NoAssertion)
            ])
            .is_good()
        );
        assert!(!of_others(&[FilePath::new("src/a.py")]).ok);
        assert!(of_others(&[]).ok);
    }
}
