//! What a test runner said at its end: how many tests passed, failed and were skipped.
//!
//! Only the closing lines that runners print for people are read, because every project has those;
//! a runner that prints none gives no counts, and then only its exit status speaks.

use std::fmt;

/// How many tests there were, as the runner itself counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCounts {
    pub passed: u64,
    /// Failures and errors together.
    pub failed: u64,
    /// Skipped, ignored, pending, deselected, to-do and expectedly failing tests together.
    pub skipped: u64,
}

impl TestCounts {
    /// Tests that were really run.
    #[must_use]
    pub fn run(self) -> u64 {
        self.passed + self.failed
    }

    fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            skipped: self.skipped.saturating_add(other.skipped),
        }
    }
}

impl fmt::Display for TestCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed", self.passed)?;
        if self.failed > 0 {
            write!(f, ", {} failed", self.failed)?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

/// One run of the project's tests, or of some test files, as far as its outcome goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOutcome {
    /// `None` when a signal or the time limit ended it.
    pub exit_code: Option<i32>,
    pub counts: Option<TestCounts>,
    /// Whether the time limit ended it.
    pub timed_out: bool,
    /// Whether a coverage threshold of the project was missed: see [`misses_threshold`].
    pub missed_threshold: bool,
    /// The end of what it printed, without control characters.
    pub tail: String,
}

impl TestOutcome {
    /// Exit status 0, and no failed test among the counts. A run whose tests all pass and whose coverage
    /// alone is too low has passed too: raising it is what the work is about.
    #[must_use]
    pub fn passed(&self) -> bool {
        match self.exit_code {
            Some(0) => self.counts.is_none_or(|counts| counts.failed == 0),
            Some(_) => {
                self.missed_threshold
                    && self
                        .counts
                        .is_some_and(|counts| counts.failed == 0 && counts.passed > 0)
            }
            None => false,
        }
    }

    /// One line for people: the counts, else the exit status.
    #[must_use]
    pub fn summary(&self) -> String {
        if self.timed_out {
            return "stopped by the time limit (timeout under [tests])".to_owned();
        }
        match (self.counts, self.exit_code) {
            (Some(counts), Some(code)) if code != 0 && self.passed() => {
                format!("{counts} (exit {code}: a coverage threshold is missed)")
            }
            (Some(counts), Some(0)) => counts.to_string(),
            (Some(counts), Some(code)) => format!("{counts} (exit {code})"),
            (Some(counts), None) => format!("{counts} (ended by a signal)"),
            (None, Some(code)) => format!("exit {code}"),
            (None, None) => "ended by a signal".to_owned(),
        }
    }
}

type Reader = fn(&[&str]) -> Option<TestCounts>;

/// Reads the counts from a run's output. `None` where no closing line of a known runner is in it.
///
/// Several closing lines of one runner (cargo's test binaries, Maven's modules, a workspace's packages)
/// add up; Maven's own total line replaces the sum of its classes.
#[must_use]
pub fn test_counts(output: &str) -> Option<TestCounts> {
    let plain = without_escapes(output);
    let lines: Vec<&str> = plain.lines().map(str::trim).collect();
    let readers: [Reader; 8] = [
        vitest, jest, cargo, maven, node_test, unittest, pytest, mocha,
    ];
    readers.iter().find_map(|read| read(&lines))
}

/// Whether a run says that it failed because coverage is below a threshold of the project, and says of no
/// test file that it failed: pytest-cov, coverage.py, Jest, Vitest, nyc, c8, and `JaCoCo` in Maven and Gradle.
#[must_use]
pub fn misses_threshold(output: &str) -> bool {
    let mut missed = false;
    for line in output.lines().map(str::trim) {
        // A file that could not even be loaded fails no test, so the counts of tests do not tell.
        let of_files = line.starts_with("Test Suites:") || line.starts_with("Test Files");
        if (of_files && line.contains(" failed")) || line.contains("Unhandled Error") {
            return false;
        }
        missed |= line.contains("FAIL Required test coverage of")
            || line.contains("Coverage failure: total of")
            || (line.contains("coverage threshold for") && line.contains("not met"))
            || (line.contains("Coverage for ") && line.contains(" does not meet "))
            || line.contains("Coverage checks have not been met")
            || line.contains("Rule violated for ");
    }
    missed
}

/// Removes ANSI escape sequences, as runners colour their output even where nobody looks.
#[must_use]
pub fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('[') => {
                for next in chars.by_ref() {
                    if ('\u{40}'..='\u{7e}').contains(&next) {
                        break;
                    }
                }
            }
            Some(']') => {
                while let Some(next) = chars.next() {
                    if next == '\u{7}' || (next == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    plain
}

/// Adds up `12 passed`, `1 failed`, `2 skipped` in a list with any separators; `None` without a number.
fn worded(list: &str) -> Option<TestCounts> {
    let mut counts = TestCounts::default();
    let mut any = false;
    let words: Vec<&str> = list
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '|' | ';' | '(' | ')' | '='))
        .filter(|word| !word.is_empty())
        .collect();
    for pair in words.windows(2) {
        let [number, word] = pair else { continue };
        let Ok(n) = number.parse::<u64>() else {
            continue;
        };
        let slot = match *word {
            "passed" | "passing" | "xpassed" => &mut counts.passed,
            "failed" | "failing" | "error" | "errors" => &mut counts.failed,
            // A test that is expected to fail checks nothing any more.
            "skipped" | "ignored" | "pending" | "todo" | "deselected" | "xfailed" => {
                &mut counts.skipped
            }
            _ => continue,
        };
        *slot = slot.saturating_add(n);
        any = true;
    }
    any.then_some(counts)
}

/// `9 passed, 1 skipped in 0.11s`, with or without the `=====` around it (pytest 3 to 9).
fn pytest(lines: &[&str]) -> Option<TestCounts> {
    lines.iter().rev().find_map(|line| {
        let inner = line.trim_matches('=').trim();
        let (list, time) = inner.rsplit_once(" in ")?;
        let seconds = time.split('s').next()?;
        seconds.trim().parse::<f64>().ok()?;
        if list == "no tests ran" {
            Some(TestCounts::default())
        } else {
            worded(list)
        }
    })
}

/// `Tests:       1 failed, 2 skipped, 12 passed, 15 total` (jest 27 to 30).
fn jest(lines: &[&str]) -> Option<TestCounts> {
    sum(lines, |line| {
        let list = line.strip_prefix("Tests:")?;
        list.contains(" total").then(|| worded(list)).flatten()
    })
}

/// `Tests  1 failed | 12 passed | 2 skipped (15)` (vitest 1 to 4).
fn vitest(lines: &[&str]) -> Option<TestCounts> {
    sum(lines, |line| {
        let list = line.strip_prefix("Tests  ")?;
        list.ends_with(')').then(|| worded(list)).flatten()
    })
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; …` once for each test binary.
fn cargo(lines: &[&str]) -> Option<TestCounts> {
    sum(lines, |line| {
        worded(line.strip_prefix("test result:")?.split_once(". ")?.1)
    })
}

/// `Tests run: 12, Failures: 0, Errors: 0, Skipped: 1`; the lines without a class are Surefire's totals.
fn maven(lines: &[&str]) -> Option<TestCounts> {
    sum(lines, |line| {
        let list = line.split_once("Tests run:")?.1;
        if list.contains("Time elapsed") {
            return None;
        }
        let mut numbers = list.split(',').map(|part| {
            part.rsplit(':')
                .next()
                .and_then(|n| n.trim().parse::<u64>().ok())
                .unwrap_or(0)
        });
        let (run, failures) = (numbers.next()?, numbers.next()?);
        let (errors, skipped) = (numbers.next()?, numbers.next()?);
        let failed = failures.saturating_add(errors);
        Some(TestCounts {
            passed: run.saturating_sub(failed).saturating_sub(skipped),
            failed,
            skipped,
        })
    })
}

/// `# pass 12`, `# fail 0`, `# skipped 1` (node:test, TAP reporter) or `ℹ pass 12` (spec reporter).
fn node_test(lines: &[&str]) -> Option<TestCounts> {
    let mut counts = TestCounts::default();
    let mut any = false;
    for line in lines {
        let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) else {
            continue;
        };
        let Some((word, n)) = rest.split_once(' ') else {
            continue;
        };
        let Ok(n) = n.trim().parse::<u64>() else {
            continue;
        };
        match word {
            "pass" => counts.passed = n,
            "fail" | "cancelled" => counts.failed = counts.failed.saturating_add(n),
            "skipped" | "todo" => counts.skipped = counts.skipped.saturating_add(n),
            _ => continue,
        }
        any = true;
    }
    any.then_some(counts)
}

/// `Ran 12 tests in 0.1s`, then `OK (skipped=2)` or `FAILED (failures=1, errors=1, skipped=1)`.
fn unittest(lines: &[&str]) -> Option<TestCounts> {
    let at = lines
        .iter()
        .rposition(|line| line.starts_with("Ran ") && line.contains(" test"))?;
    let run: u64 = lines.get(at)?.split(' ').nth(1)?.parse().ok()?;
    let verdict = lines
        .get(at + 1..)?
        .iter()
        .find(|l| l.starts_with("OK") || l.starts_with("FAILED"))?;
    let of = |word: &str| -> u64 {
        verdict
            .split(['(', ')', ',', ' '])
            .find_map(|part| part.strip_prefix(word)?.strip_prefix('=')?.parse().ok())
            .unwrap_or(0)
    };
    let failed = of("failures") + of("errors");
    let skipped = of("skipped");
    Some(TestCounts {
        passed: run.saturating_sub(failed).saturating_sub(skipped),
        failed,
        skipped,
    })
}

/// `12 passing (30ms)`, `1 failing`, `2 pending`, a line each.
fn mocha(lines: &[&str]) -> Option<TestCounts> {
    let mut passing = false;
    let counts = sum(lines, |line| {
        let mut words = line.split(' ');
        words.next()?.parse::<u64>().ok()?;
        let word = words.next()?;
        passing |= word == "passing";
        matches!(word, "passing" | "failing" | "pending")
            .then(|| worded(line))
            .flatten()
    });
    counts.filter(|_| passing)
}

fn sum(lines: &[&str], mut read: impl FnMut(&str) -> Option<TestCounts>) -> Option<TestCounts> {
    lines
        .iter()
        .filter_map(|line| read(line))
        .reduce(TestCounts::plus)
}

#[cfg(test)]
mod tests {
    use super::{TestCounts, TestOutcome, misses_threshold, test_counts, without_escapes};

    #[test]
    fn a_missed_threshold_is_no_failed_test_and_a_failed_test_is_no_missed_threshold() {
        for says in [
            "FAIL Required test coverage of 90% not reached. Total coverage: 50.00%",
            "Coverage failure: total of 45 is less than fail-under=80",
            "Jest: \"global\" coverage threshold for branches (80%) not met: 40%",
            "Jest: Coverage for branches (50%) does not meet \"global\" threshold (80%)",
            "ERROR: Coverage for branches (40%) does not meet global threshold (80%)",
            "[WARNING] Rule violated for bundle shop: branches covered ratio is 0.40",
        ] {
            assert!(misses_threshold(&format!("3 passed\n{says}\n")), "{says}");
            let broken = format!("Test Suites: 1 failed, 1 passed, 2 total\n{says}");
            assert!(!misses_threshold(&broken), "{says}");
        }
        assert!(!misses_threshold("3 passed in 0.1s"));
        let outcome = |code, failed, missed| TestOutcome {
            exit_code: code,
            counts: Some(TestCounts {
                passed: 3,
                failed,
                skipped: 0,
            }),
            timed_out: code.is_none(),
            missed_threshold: missed,
            tail: String::new(),
        };
        let low = outcome(Some(1), 0, true);
        assert!(low.passed());
        assert_eq!(
            low.summary(),
            "3 passed (exit 1: a coverage threshold is missed)"
        );
        assert!(!outcome(Some(1), 1, true).passed());
        assert!(!outcome(Some(1), 0, false).passed());
        assert!(!outcome(None, 0, true).passed());
        assert!(outcome(None, 0, false).summary().contains("time limit"));
    }

    fn check(output: &str, expected: Option<(u64, u64, u64)>) {
        let expected = expected.map(|(passed, failed, skipped)| TestCounts {
            passed,
            failed,
            skipped,
        });
        assert_eq!(test_counts(output), expected, "in {output:?}");
    }

    #[test]
    fn pytest_in_its_three_dresses() {
        check("....\n4 passed in 0.31s\n", Some((4, 0, 0)));
        check(
            "=== 1 failed, 97 passed, 2 skipped, 3 deselected, 1 warning in 1.2s ===",
            Some((97, 1, 5)),
        );
        check(
            "===== 2 passed, 1 error in 61.20s (0:01:01) =====",
            Some((2, 1, 0)),
        );
        check("==== no tests ran in 0.01s ====", Some((0, 0, 0)));
        check("1 xfailed, 2 passed in 0.02s", Some((2, 0, 1)));
    }

    #[test]
    fn javascript_runners() {
        check(
            "Test Suites: 1 passed, 1 total\nTests:       1 failed, 2 skipped, 12 passed, 15 total",
            Some((12, 1, 2)),
        );
        check(
            " Test Files  2 passed (2)\n      Tests  1 failed | 12 passed | 2 skipped (15)\n",
            Some((12, 1, 2)),
        );
        check(
            "\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m6 passed\x1b[39m\x1b[22m\x1b[90m (6)\x1b[39m",
            Some((6, 0, 0)),
        );
        check(
            "  12 passing (30ms)\n  2 pending\n  1 failing\n\n  1) it breaks",
            Some((12, 1, 2)),
        );
        check(
            "# tests 5\n# suites 0\n# pass 3\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 0",
            Some((3, 1, 1)),
        );
    }

    #[test]
    fn other_runners() {
        check("Ran 12 tests in 0.100s\n\nOK (skipped=2)", Some((10, 0, 2)));
        check(
            "Ran 3 tests in 0.1s\n\nFAILED (failures=1, errors=1)",
            Some((1, 2, 0)),
        );
        check(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\ntest result: ok. 3 passed; 0 failed; 0 ignored",
            Some((15, 0, 1)),
        );
        check(
            "[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s -- in AppTest\n[INFO] Results:\n[INFO] Tests run: 4, Failures: 1, Errors: 0, Skipped: 1",
            Some((2, 1, 1)),
        );
    }

    #[test]
    fn prose_is_no_count() {
        check("", None);
        check("12 passed the gate, 3 failed to show up", None);
        check("we ran in 3 seconds", None);
        check("1 pending", None);
    }

    #[test]
    fn escapes_are_dropped_and_a_cut_one_ends_quietly() {
        assert_eq!(
            without_escapes("a\x1b[1;31mb\x1b[0m\x1b]8;;x\x07c\x1b[3"),
            "abc"
        );
    }
}
