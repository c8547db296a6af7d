use super::*;
use crate::coverage::{Construct, Hits, Position, SourceState, Span};

fn line(number: u32) -> Line {
    Line::new(number).unwrap()
}

/// A file with lines `(line, hits)` and two-armed decisions `(line, hits, hits)`; figures are counted.
fn file(path: &str, lines: &[(u32, u64)], decisions: &[(u32, u64, u64)]) -> CoveredFile {
    let mut builder = FileCoverage::builder(path);
    for &(number, hits) in lines {
        builder.line(line(number), Hits::times(hits));
    }
    for &(number, yes, no) in decisions {
        builder.branch(Span::line(line(number)), Construct::Unknown);
        builder.arm(Outcome::Nth, Hits::times(yes));
        builder.arm(Outcome::Nth, Hits::times(no));
    }
    let totals = builder.counted();
    builder.totals(totals);
    covered(path, builder.finish())
}

fn covered(path: &str, coverage: FileCoverage) -> CoveredFile {
    CoveredFile {
        path: FilePath::new(path),
        source: SourceState::Found,
        coverage: Arc::new(coverage),
        measured_ms: 0,
    }
}

fn part(report: &str, files: Vec<CoveredFile>) -> Part {
    Part {
        report: FilePath::new(report),
        totals: sum(&files),
        files,
    }
}

fn check(ratio: Option<Ratio>, covered: u64, total: u64) {
    assert_eq!(ratio, Some(Ratio::new(covered, total)));
}

#[test]
fn hits_of_a_shared_file_add_up_and_totals_come_from_the_union() {
    let merged = merge(vec![
        part("a.info", vec![file("x.c", &[(1, 1), (2, 0)], &[(1, 1, 0)])]),
        part(
            "b.info",
            vec![file("x.c", &[(1, 2), (2, 1), (3, 0)], &[(1, 0, 5)])],
        ),
    ]);
    let x = &merged.files[0].coverage;
    assert_eq!(merged.files.len(), 1);
    assert_eq!(x.line(line(1)), Some(Hits::times(3)));
    check(merged.totals.lines, 2, 3);
    check(merged.totals.branches, 2, 2);
    assert_eq!(x.totals(), merged.totals);
    assert!(merged.warnings.is_empty());
}

#[test]
fn reports_that_share_no_file_keep_their_tools_figures() {
    let mut a = part("a.xml", vec![file("a.java", &[(1, 1)], &[])]);
    // A class without a source file counts in the report's total and in no file's.
    a.totals.lines = Some(Ratio::new(1, 5));
    let b = part("b.xml", vec![file("b.java", &[(1, 1)], &[])]);
    check(merge(vec![a, b]).totals.lines, 2, 6);
}

#[test]
fn one_report_alone_is_left_as_it_is() {
    let mut a = part("a.xml", vec![file("a.java", &[(1, 1)], &[(1, 0, 0)])]);
    a.totals.branches = Some(Ratio::new(7, 9));
    let merged = merge(vec![a.clone()]);
    assert_eq!(merged.totals, a.totals);
    assert_eq!(merged.files, a.files);
}

#[test]
fn a_report_that_names_a_file_twice_knows_one_file() {
    let twice = part(
        "a.info",
        vec![file("x.c", &[(1, 1)], &[]), file("x.c", &[(2, 0)], &[])],
    );
    let merged = merge(vec![twice]);
    assert_eq!(merged.files.len(), 1);
    check(merged.files[0].coverage.totals().lines, 1, 2);
    check(merged.totals.lines, 1, 2);
}

#[test]
fn shapes_that_contradict_each_other_are_reported_and_the_first_stays() {
    let mut other = FileCoverage::builder("x.c");
    other.branch(Span::line(line(1)), Construct::Unknown);
    for _ in 0..3 {
        other.arm(Outcome::Nth, Hits::times(1));
    }
    let merged = merge(vec![
        part("a.info", vec![file("x.c", &[], &[(1, 1, 0)])]),
        part("b.info", vec![covered("x.c", other.finish())]),
    ]);
    check(merged.totals.branches, 1, 2);
    let (report, warning) = &merged.warnings[0];
    assert_eq!(report.as_str(), "b.info");
    assert!(
        warning
            .message
            .starts_with("on 1 line of x.c the decisions"),
        "{}",
        warning.message
    );
}

#[test]
fn arms_that_are_only_counted_ran_at_least_as_often_as_in_either() {
    let counted = |covered_arms| {
        let mut builder = FileCoverage::builder("X.java");
        builder.counted_branch(line(3), Construct::Unknown, covered_arms, 4);
        let totals = builder.counted();
        builder.totals(totals);
        covered("X.java", builder.finish())
    };
    let merged = merge(vec![
        part("a", vec![counted(1)]),
        part("b", vec![counted(3)]),
    ]);
    check(merged.totals.branches, 3, 4);
}

#[test]
fn words_for_an_arm_are_taken_from_whoever_has_them() {
    let mut wordy = FileCoverage::builder("x.py");
    wordy.branch(Span::line(line(1)), Construct::If);
    wordy.arm(Outcome::ToLine(line(2)), Hits::seen(true));
    wordy.arm(Outcome::Exit, Hits::seen(false));
    let merged = merge(vec![
        part("a", vec![file("x.py", &[], &[(1, 0, 4)])]),
        part("b", vec![covered("x.py", wordy.finish())]),
    ]);
    let branch = merged.files[0].coverage.branch(0).unwrap();
    let Arms::Listed(arms) = branch.arms() else {
        panic!("arms are listed")
    };
    assert_eq!(arms[0].outcome, Outcome::ToLine(line(2)));
    assert_eq!((arms[0].hits, arms[1].hits), (Hits::TAKEN, Hits::TAKEN));
}

#[test]
fn functions_are_the_same_by_name_and_line() {
    let with = |name: &str, hits| {
        let mut builder = FileCoverage::builder("x.c");
        builder.function(name, Span::line(line(1)), Hits::times(hits));
        let totals = builder.counted();
        builder.totals(totals);
        covered("x.c", builder.finish())
    };
    let merged = merge(vec![
        part("a", vec![with("f", 0)]),
        part("b", vec![with("f", 2)]),
        part("c", vec![with("g", 0)]),
    ]);
    check(merged.totals.functions, 1, 2);
}

fn missing(path: &str, hits: u64) -> CoveredFile {
    CoveredFile {
        source: SourceState::Missing,
        ..file(path, &[(1, hits)], &[])
    }
}

#[test]
fn a_file_that_was_not_found_is_the_same_where_its_path_can_mean_only_one() {
    let two = |a: &str, b: &str, path: &str| {
        let parts = vec![
            part(a, vec![missing(path, 0)]),
            part(b, vec![missing(path, 1)]),
        ];
        let merged = merge(parts);
        let names: Vec<_> = merged
            .files
            .iter()
            .map(|file| file.path.as_str().to_owned())
            .collect();
        names.join(" ")
    };
    assert_eq!(two("a.info", "b.info", "src/x.c"), "src/x.c");
    assert_eq!(two("a/lcov.info", "b/lcov.info", "/ci/x.c"), "/ci/x.c");
    assert_eq!(
        two("a/lcov.info", "b/lcov.info", "x.c"),
        "x.c b/lcov.info/x.c"
    );
}

#[test]
fn twins_of_two_modules_stay_two_files() {
    let of = |module: &str| {
        let mut builder = FileCoverage::builder("com/acme/Strings.java");
        builder.module(module).line(line(1), Hits::ZERO);
        let totals = builder.counted();
        builder.totals(totals);
        CoveredFile {
            source: SourceState::Missing,
            ..covered("com/acme/Strings.java", builder.finish())
        }
    };
    let merged = merge(vec![part("jacoco.xml", vec![of("core"), of("web")])]);
    let names: Vec<_> = merged.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        names,
        ["com/acme/Strings.java", "web/com/acme/Strings.java"]
    );
    check(merged.totals.lines, 0, 2);
}

#[test]
fn the_order_is_worst_branches_first() {
    let branches = |path: &str, taken: u32, arms: u32| {
        let mut builder = FileCoverage::builder(path);
        builder.counted_branch(line(1), Construct::Unknown, taken, arms);
        let totals = builder.counted();
        builder.totals(totals);
        covered(path, builder.finish())
    };
    let lines = |path: &str, hits: &[u64]| {
        let mut builder = FileCoverage::builder(path);
        for (n, &hits) in hits.iter().enumerate() {
            builder.line(Line::from_index(n), Hits::times(hits));
        }
        let totals = Totals {
            branches: None,
            ..builder.counted()
        };
        builder.totals(totals);
        covered(path, builder.finish())
    };
    let mut files = vec![
        lines("empty", &[]),
        lines("full", &[1]),
        branches("none-of-2", 0, 2),
        branches("half", 1, 2),
        lines("bad", &[0, 1]),
        branches("none-of-9", 0, 9),
        branches("b-all", 2, 2),
        branches("a-all", 2, 2),
    ];
    order(&mut files);
    let names: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        names,
        [
            "none-of-9",
            "none-of-2",
            "half",
            "a-all",
            "b-all",
            "bad",
            "full",
            "empty"
        ]
    );
}

#[test]
fn the_place_of_a_decision_survives_the_union() {
    let at = |hits| {
        let mut builder = FileCoverage::builder("x.js");
        let start = Position::new(line(2), 4);
        builder.branch(
            Span {
                start,
                end: Position::new(line(3), 1),
            },
            Construct::If,
        );
        builder.arm(Outcome::ImplicitElse, Hits::times(hits));
        covered("x.js", builder.finish())
    };
    let merged = merge(vec![part("a", vec![at(0)]), part("b", vec![at(1)])]);
    let branch = merged.files[0].coverage.branch(0).unwrap();
    assert_eq!(branch.span().start, Position::new(line(2), 4));
    assert_eq!(branch.construct(), Construct::If);
    assert_eq!(branch.ratio(), Ratio::new(1, 1));
}
