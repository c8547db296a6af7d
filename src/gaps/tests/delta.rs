//! Three lists: taken, lost, vanished.

use std::sync::Arc;

use super::*;
use crate::gaps::{Delta, Facts, delta};

const TEXT: &str = "def f(a):\n    if a:\n        b()\n    c()\n";

fn facts(path: &str, coverage: FileCoverage, text: Option<&str>) -> Facts {
    Facts {
        path: FilePath::new(path),
        coverage: Arc::new(coverage),
        source: text.map(|text| Arc::new(source(path, text))),
    }
}

fn written(delta: &Delta) -> String {
    let mut out = String::new();
    for arm in &delta.taken {
        writeln!(out, "taken {}:{} {}", arm.file.as_str(), arm.line, arm.arm).unwrap();
    }
    for arm in &delta.lost {
        writeln!(out, "lost {}:{} {}", arm.file.as_str(), arm.line, arm.arm).unwrap();
    }
    for (arm, why) in &delta.vanished {
        writeln!(
            out,
            "vanished {}:{} {} ({why})",
            arm.file.as_str(),
            arm.line,
            arm.arm
        )
        .unwrap();
    }
    out
}

#[track_caller]
fn check(before: &[Facts], after: &[Facts], expected: &str) {
    let expected: String = expected
        .trim()
        .lines()
        .flat_map(|line| [line.trim(), "\n"])
        .collect();
    pretty_assertions::assert_eq!(written(&delta(before, after)), expected);
}

#[test]
fn an_arm_is_taken_or_lost_wherever_its_line_is_now() {
    let before = facts("a.py", python("2:1", "2 -3 +4"), Some(TEXT));
    let moved = format!("import os\n\n{TEXT}");
    let after = facts("a.py", python("4:1", "4 +5 -6"), Some(&moved));
    check(
        std::slice::from_ref(&before),
        std::slice::from_ref(&after),
        "
        taken a.py:4 true
        lost a.py:4 false
        ",
    );
    check(
        &[before],
        &[after.clone(), after],
        "taken a.py:4 true\nlost a.py:4 false",
    );
}

#[test]
fn a_decision_that_was_edited_vanishes_and_the_reason_is_told() {
    let before = facts("a.py", python("2:1", "2 -3 +4"), Some(TEXT));
    let edited = TEXT.replace("if a:", "if a and b:");
    check(
        std::slice::from_ref(&before),
        &[facts("a.py", python("2:1", "2 +3 -4"), Some(&edited))],
        "vanished a.py:2 true (left the report: the source changed)",
    );
    let excluded = TEXT.replace("if a:", "if a:  # pragma: no cover");
    check(
        std::slice::from_ref(&before),
        &[facts("a.py", python("2:1", ""), Some(&excluded))],
        "vanished a.py:2 true (excluded: a comment that takes code out of the measurement was added)",
    );
    check(
        std::slice::from_ref(&before),
        &[facts("a.py", python("2:1", ""), Some(TEXT))],
        "vanished a.py:2 true (excluded: the source is the same, so the configuration or the tool took it out)",
    );
    check(
        std::slice::from_ref(&before),
        &[facts("a.py", python("2:1", ""), None)],
        "vanished a.py:2 true (left the report)",
    );
    check(
        std::slice::from_ref(&before),
        &[facts("b.py", python("2:1", "2 +3 -4"), Some(TEXT))],
        "vanished a.py:2 true (the file left the report)",
    );
}

#[test]
fn what_was_taken_and_is_gone_is_in_no_list() {
    let before = facts("a.py", python("2:1", "2 +3 +4"), Some(TEXT));
    check(
        &[before],
        &[facts("a.py", python("2:1", ""), Some(TEXT))],
        "",
    );
}

#[test]
fn counted_arms_are_told_by_counts_and_never_by_guess() {
    let counted = |covered, total| {
        let mut file = FileCoverage::builder("A.java");
        file.counted_branch(line(2), Construct::Unknown, covered, total);
        facts(
            "A.java",
            file.finish(),
            Some("class A {\n  int f() { return a && b ? 1 : 2; }\n}\n"),
        )
    };
    check(
        &[counted(2, 6)],
        &[counted(4, 6)],
        "
        taken A.java:2 3 of 6
        taken A.java:2 4 of 6
        ",
    );
    check(&[counted(4, 6)], &[counted(3, 6)], "lost A.java:2 4 of 6");
    // Two arms fewer, and two missed ones fewer: those are gone, nothing was taken.
    check(
        &[counted(4, 6)],
        &[counted(4, 4)],
        "
        vanished A.java:2 5 of 6 (excluded: the source is the same, so the configuration or the tool took it out)
        vanished A.java:2 6 of 6 (excluded: the source is the same, so the configuration or the tool took it out)
        ",
    );
    // Two new arms that nobody takes are not lost.
    check(&[counted(4, 4)], &[counted(4, 6)], "");
}

#[test]
fn one_file_of_thousands_is_all_that_is_read() {
    let unchanged = Arc::new(python("2:1", "2 -3 +4"));
    let shared = Arc::new(source("a.py", TEXT));
    let all = |changed: FileCoverage| -> Vec<_> {
        let mut all: Vec<_> = (0..4_000)
            .map(|n| Facts {
                path: FilePath::new(&format!("src/m{n}.py")),
                coverage: Arc::clone(&unchanged),
                source: Some(Arc::clone(&shared)),
            })
            .collect();
        all.push(facts("src/z.py", changed, Some(TEXT)));
        all
    };
    let before = all(python("2:1", "2 -3 +4"));
    let after = all(python("2:1", "2 +3 +4"));
    check(&before, &after, "taken src/z.py:2 true");
    assert!(
        !shared.is_outlined(),
        "the text of an unchanged file was read"
    );
}

#[test]
fn totals_are_summed_and_stay_beside_each_other() {
    let file = |covered| {
        let mut file = FileCoverage::builder("a.py");
        with_arcs(&mut file, if covered { "2 +3 +4" } else { "2 -3 +4" });
        let counted = file.counted();
        file.totals(counted);
        file.finish()
    };
    let delta = delta(
        &[facts("a.py", file(false), Some(TEXT))],
        &[facts("a.py", file(true), Some(TEXT))],
    );
    assert_eq!(delta.before.branches.unwrap().covered, 1);
    assert_eq!(delta.after.branches.unwrap().covered, 2);
}
