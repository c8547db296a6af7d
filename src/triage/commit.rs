//! The words of a commit of accepted tests: what they closed, the figures, the threads that wrote them.
//!
//! Pure. Names from outside are made harmless first: a line break in one of them would write a trailer.

use std::fmt::Write as _;

use super::record::{ClosedArm, RunResult};
use crate::harmless;

/// The message for a commit of some of a run's files. `measure` is what the figures count: `branches` or
/// `lines`. Arms that other files closed are not in it.
#[must_use]
pub fn message(result: &RunResult, measure: &str, paths: &[String]) -> String {
    let closed: Vec<&ClosedArm> = result
        .closed
        .iter()
        .filter(|closed| paths.contains(&closed.by))
        .collect();
    let mut files: Vec<&str> = closed
        .iter()
        .map(|closed| closed.arm.file.as_str())
        .collect();
    files.sort_unstable();
    files.dedup();
    let arms = match closed.len() {
        1 => "1 untaken arm".to_owned(),
        n => format!("{n} untaken arms"),
    };
    let subject = match (files.as_slice(), paths) {
        ([], [one]) => format!("Add tests in {}", harmless::line(one)),
        ([], _) => format!("Add tests in {} files", paths.len()),
        ([one], _) => format!("Take {arms} of {}", harmless::line(one)),
        _ => format!("Take {arms} in {} files", files.len()),
    };
    let mut text = format!("{subject}\n\n");
    if let (Some(before), Some(after)) = (result.coverage_before, result.coverage_after) {
        let what = if measure == "lines" { "Line" } else { "Branch" };
        let _ = write!(
            text,
            "{what} coverage {before:.2} % before, {after:.2} % after.\n\n"
        );
    }
    for closed in &closed {
        let _ = writeln!(
            text,
            "- {}:{} {} (by {})",
            harmless::line(&closed.arm.file),
            closed.arm.line,
            harmless::line(&closed.arm.arm),
            harmless::line(&closed.by)
        );
    }
    if !closed.is_empty() {
        text.push('\n');
    }
    for thread in &result.threads {
        let _ = writeln!(text, "Codex-Thread: {}", harmless::line(thread));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::message;
    use crate::triage::record::{ArmRecord, ClosedArm, RunResult};

    fn closed(file: &str, arm: &str, by: &str) -> ClosedArm {
        ClosedArm {
            arm: ArmRecord {
                id: "aa".into(),
                file: file.into(),
                line: 18,
                arm: arm.into(),
            },
            by: by.into(),
        }
    }

    fn result() -> RunResult {
        let mut result = RunResult::of(&[]);
        result.coverage_before = Some(71.15);
        result.coverage_after = Some(84.6);
        result.threads = vec!["01a2".into()];
        result
    }

    #[test]
    fn only_what_is_committed_is_named_and_the_thread_is_a_trailer() {
        let mut result = result();
        result.closed = vec![
            closed("src/cart.py", "true", "tests/test_a.py"),
            closed("src/tax.py", "false", "tests/test_b.py"),
        ];
        assert_eq!(
            message(&result, "branches", &["tests/test_a.py".into()]),
            "Take 1 untaken arm of src/cart.py\n\n\
             Branch coverage 71.15 % before, 84.60 % after.\n\n\
             - src/cart.py:18 true (by tests/test_a.py)\n\n\
             Codex-Thread: 01a2\n"
        );
        let both = ["tests/test_a.py".into(), "tests/test_b.py".into()];
        assert!(message(&result, "lines", &both).starts_with(
            "Take 2 untaken arms in 2 files\n\nLine coverage 71.15 % before, 84.60 % after.\n"
        ));
    }

    #[test]
    fn a_name_from_outside_writes_no_trailer_of_its_own() {
        let mut result = result();
        let evil = "a\nSigned-off-by: someone\n";
        result.closed = vec![closed(evil, evil, evil)];
        let text = message(&result, "branches", &[evil.into()]);
        assert!(
            !text.lines().any(|line| line.starts_with("Signed-off-by")),
            "{text}"
        );
        assert_eq!(text.lines().last(), Some("Codex-Thread: 01a2"));
    }

    #[test]
    fn without_arms_and_figures_it_says_what_there_is() {
        let result = RunResult::of(&[]);
        assert_eq!(
            message(&result, "lines", &["t.py".into()]),
            "Add tests in t.py\n"
        );
    }
}
