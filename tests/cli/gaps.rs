//! `untaken gaps`.

use std::process::Stdio;

use serde_json::Value;

use crate::world::{Project, acts_on_terminal, figure, files, lcov, places};

/// Two files with two untaken arms each in one report.
fn two_files() -> Project {
    let text = "def f(a):\n    if a:\n        return 1\n    return 2\n";
    let one = [(1, 1), (2, 1), (3, 0), (4, 1)];
    Project::new(&[
        ("src/a.py", text),
        ("src/b.py", text),
        (
            "lcov.info",
            &lcov(&[
                ("src/a.py", &one, &[(2, 0, 0), (2, 1, 1)]),
                ("src/b.py", &one, &[(2, 0, 0), (2, 1, 0)]),
            ]),
        ),
    ])
}

#[test]
fn the_json_has_the_shape_of_the_contract() {
    let project = Project::sample("coveragepy");
    let answer = project.gaps(&["reports/coverage.json"]);
    assert_eq!(answer["version"], 1);
    assert_eq!(
        answer["reports"],
        serde_json::json!([{"path": "reports/coverage.json", "format": "coverage-py", "tool": "coverage.py 7.17.3"}])
    );
    assert_eq!(
        answer["totals"],
        serde_json::json!({
            "branches": {"covered": 31, "total": 52, "percent": 59.61},
            "lines": {"covered": 88, "total": 114, "percent": 77.19},
            "functions": null, "statements": null,
        })
    );
    let file = &answer["files"][0];
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut expected = [
        "path",
        "source",
        "branches",
        "lines",
        "functions",
        "statements",
        "gaps",
    ];
    expected.sort_unstable();
    assert_eq!(keys(file), expected);
    let branch = file["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|gap| gap["kind"] == "branch")
        .unwrap();
    let mut expected = [
        "id",
        "kind",
        "line",
        "end_line",
        "column",
        "function",
        "construct",
        "arms_total",
        "arms_untaken",
        "arms",
        "says",
    ];
    expected.sort_unstable();
    assert_eq!(keys(branch), expected);
    assert_eq!(branch["id"].as_str().unwrap().len(), 12);
    assert_eq!(keys(&branch["arms"][0]), ["hits", "label", "line", "taken"]);
}

#[test]
fn files_come_worst_first() {
    let answer = Project::sample("coveragepy").gaps(&[]);
    let percents: Vec<f64> = answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|file| file["branches"]["percent"].as_f64())
        .collect();
    assert_eq!(percents.len(), 4);
    assert!(percents.is_sorted(), "{percents:?}");
}

#[test]
fn what_is_chosen_is_listed_and_the_totals_stay_whole() {
    let project = two_files();
    let all = project.gaps(&[]);
    assert_eq!(places(&all), ["src/b.py:2", "src/a.py:2"]);
    for (args, listed) in [
        (&["--file", "src/a.py"][..], &["src/a.py:found"][..]),
        (&["--file", "*.py"], &["src/b.py:found", "src/a.py:found"]),
        (&["--file", "src"], &["src/b.py:found", "src/a.py:found"]),
        (&["--file", "lib/"], &[]),
        (
            &["--file", "a.py", "--file", "src/b*"],
            &["src/b.py:found", "src/a.py:found"],
        ),
        (&["--below", "50"], &["src/b.py:found"]),
        (&["--below", "0"], &[]),
        (&["--limit", "1"], &["src/b.py:found"]),
        (&["--limit", "0"], &[]),
    ] {
        let answer = project.gaps(args);
        assert_eq!(files(&answer), listed, "{args:?}");
        assert_eq!(answer["totals"], all["totals"], "{args:?}");
    }
}

#[test]
fn a_file_with_brackets_in_its_name_can_be_chosen() {
    let project = Project::new(&[
        ("pages/[id].ts", "x\n"),
        ("lcov.info", &lcov(&[("pages/[id].ts", &[(1, 0)], &[])])),
    ]);
    assert_eq!(
        files(&project.gaps(&["--file", "pages/[id].ts"])),
        ["pages/[id].ts:found"]
    );
}

#[test]
fn text_is_for_people_and_piped_text_has_no_colour() {
    let answer = two_files().run(&["gaps"]);
    assert_eq!(answer.status, 0);
    assert!(
        answer.stdout.contains("branches 25.00 % 1/4"),
        "{}",
        answer.stdout
    );
    let b = answer.stdout.find("src/b.py  0.00 %").unwrap();
    let a = answer.stdout.find("src/a.py  50.00 %").unwrap();
    assert!(b < a);
    assert!(answer.stdout.contains("2 gaps in 2 files"));
    assert!(!acts_on_terminal(&answer.stdout));
    assert_eq!(answer.stderr, "");
}

#[test]
fn markdown_is_a_table() {
    let answer = two_files().run(&["gaps", "--format", "markdown"]);
    let rows: Vec<_> = answer
        .stdout
        .lines()
        .filter(|line| line.starts_with("| src/"))
        .collect();
    assert_eq!(rows.len(), 2);
    assert!(
        rows[0].starts_with("| src/b.py | 2 | 2 of 2 | "),
        "{}",
        rows[0]
    );
}

#[test]
fn nothing_hostile_reaches_a_terminal() {
    let project = Project::sample("edge");
    for format in ["text", "json", "markdown"] {
        let answer = project.run(&["gaps", "--format", format, "hostile/coverage-final.json"]);
        assert_eq!(answer.status, 0);
        assert!(!acts_on_terminal(&answer.stdout), "{format}");
        assert!(!acts_on_terminal(&answer.stderr), "{format}");
    }
    let answer = project.gaps(&["hostile/coverage-final.json"]);
    assert!(files(&answer).contains(&"../../../../etc/passwd:outside".to_owned()));
    assert!(files(&answer).iter().any(|file| file.contains('\u{1b}')));
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let project = Project::new(&[]);
    let sources: Vec<String> = (0..3000).map(|n| format!("src/{n}.c")).collect();
    let lines = [(1, 0), (2, 0)];
    let report: Vec<_> = sources
        .iter()
        .map(|path| (path.as_str(), &lines[..], &[][..]))
        .collect();
    project.write("lcov.info", &lcov(&report));
    let mut child = project
        .command("", &["gaps"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn what_is_no_report_is_named_with_the_place_in_it() {
    let project = Project::sample("edge");
    for (report, expected) in [
        (
            "empty/zero-bytes.json",
            "untaken: empty/zero-bytes.json: the file is empty",
        ),
        (
            "truncated/coverage-final.json",
            "untaken: truncated/coverage-final.json: line 4, column 2746: ",
        ),
        ("nowhere.json", "untaken: nowhere.json: no such file"),
    ] {
        let answer = project.run(&["gaps", report]);
        assert_eq!(answer.status, 2, "{report}");
        assert_eq!(answer.stdout, "", "{report}");
        assert!(answer.stderr.starts_with(expected), "{}", answer.stderr);
        assert_eq!(answer.stderr.lines().count(), 1, "{}", answer.stderr);
    }
}

#[test]
fn no_branch_data_is_neither_none_nor_all() {
    let project = Project::sample("coveragepy");
    let answer = project.gaps(&["reports/coverage-nobranch.json"]);
    assert_eq!(answer["totals"]["branches"], Value::Null);
    assert_eq!(answer["files"][0]["branches"], Value::Null);
    let text = project
        .run(&["gaps", "reports/coverage-nobranch.json"])
        .stdout;
    assert!(text.contains("no branch data"), "{text}");
}

#[test]
fn several_reports_are_one_union() {
    let project = Project::new(&[
        ("src/a.c", "1\n2\n3\n"),
        (
            "a.info",
            &lcov(&[(
                "src/a.c",
                &[(1, 1), (2, 0), (3, 0)],
                &[(1, 0, 1), (1, 1, 0)],
            )]),
        ),
        (
            "b.info",
            &lcov(&[(
                "/build/server/project/src/a.c",
                &[(1, 0), (2, 4), (3, 0)],
                &[(1, 0, 0), (1, 1, 2)],
            )]),
        ),
    ]);
    let answer = project.gaps(&["a.info", "b.info"]);
    assert_eq!(files(&answer), ["src/a.c:found"]);
    assert_eq!(figure(&answer["totals"], "lines"), "2/3");
    assert_eq!(figure(&answer["totals"], "branches"), "2/2");
    assert_eq!(answer["reports"].as_array().unwrap().len(), 2);
    assert_eq!(places(&answer), ["src/a.c:3"]);
}

#[test]
fn a_summary_takes_its_places_from_the_report_of_the_same_run() {
    let project = Project::sample("nyc-js");
    let summary = project.gaps(&["coverage/coverage-summary.json"]);
    let whole = project.gaps(&["coverage/coverage-final.json"]);
    assert_eq!(summary["reports"][0]["format"], "istanbul-summary");
    assert_eq!(summary["totals"], whole["totals"]);
    assert_eq!(places(&summary), places(&whole));
    assert!(!places(&summary).is_empty());
}

#[test]
fn a_summary_alone_says_which_reporter_to_add() {
    let project = Project::sample("nyc-js");
    for name in [
        "coverage-final.json",
        "lcov.info",
        "clover.xml",
        "cobertura-coverage.xml",
    ] {
        std::fs::remove_file(project.path(&format!("coverage/{name}"))).unwrap();
    }
    let answer = project.gaps(&["coverage/coverage-summary.json"]);
    assert!(places(&answer).is_empty());
    assert_eq!(figure(&answer["totals"], "branches"), "43/66");
    let message = answer["warnings"][0]["message"].as_str().unwrap();
    assert!(message.contains("--coverageReporters=json"), "{message}");
}

#[test]
fn a_summary_of_another_run_takes_no_places() {
    let project = Project::sample("nyc-js");
    for name in ["lcov.info", "clover.xml", "cobertura-coverage.xml"] {
        std::fs::remove_file(project.path(&format!("coverage/{name}"))).unwrap();
    }
    let path = project.path("coverage/coverage-final.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut other: Value = serde_json::from_str(&text).unwrap();
    let first = other.as_object_mut().unwrap().values_mut().next().unwrap();
    first["s"]["0"] = (1 - first["s"]["0"].as_u64().unwrap().min(1)).into();
    let other = other.to_string();
    std::fs::write(&path, other).unwrap();
    let answer = project.gaps(&["coverage/coverage-summary.json"]);
    assert!(places(&answer).is_empty());
    let message = answer["warnings"][0]["message"].as_str().unwrap();
    assert!(message.contains("of another run"), "{message}");
}

#[test]
fn a_setting_that_nobody_reads_is_refused() {
    let project = two_files();
    project.write("untaken.toml", "[reports]\npath = [\"lcov.info\"]\n");
    let answer = project.run(&["gaps"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains(
            "untaken.toml:2: unknown key path in [reports]; the nearest known key is paths"
        ),
        "{}",
        answer.stderr
    );
}
