//! Sources that are not the text that was measured any more, and lines changed since a revision.

use crate::world::{Project, files, lcov, places};

const TEXT: &str = "def f(a):\n    if a:\n        return 1\n    return 2\n";

/// A file with an untaken arm on line 2, measured after its commit; the report is a minute old.
fn measured() -> Project {
    let report = lcov(&[(
        "a.py",
        &[(1, 1), (2, 1), (3, 0), (4, 1)],
        &[(2, 0, 0), (2, 1, 1)],
    )]);
    let project = Project::new(&[
        (".gitignore", "lcov.info\n"),
        ("a.py", TEXT),
        ("lcov.info", &report),
    ]);
    project.commit("start");
    project.age("a.py", 120);
    project.age("lcov.info", 60);
    project
}

fn source(project: &Project) -> String {
    files(&project.gaps(&[])).join(" ")
}

#[test]
fn a_newer_time_alone_is_no_change() {
    let project = measured();
    assert_eq!(source(&project), "a.py:found");
    project.write("a.py", TEXT);
    assert_eq!(source(&project), "a.py:found");
}

#[test]
fn an_edit_is_a_change_and_the_gap_moves_with_its_line() {
    let project = measured();
    project.write("a.py", &format!("import os\n\n{TEXT}"));
    let answer = project.gaps(&[]);
    assert_eq!(files(&answer), ["a.py:changed"]);
    assert_eq!(places(&answer), ["a.py:4"]);
}

#[test]
fn a_later_commit_is_a_change() {
    let project = measured();
    project.write("a.py", &format!("import os\n{TEXT}"));
    project.git_at(
        "2090-01-01T00:00:00Z",
        &["commit", "-q", "-a", "-m", "later"],
    );
    let answer = project.gaps(&[]);
    assert_eq!(files(&answer), ["a.py:changed"]);
    assert_eq!(places(&answer), ["a.py:3"]);
}

#[test]
fn an_edit_from_before_the_measurement_is_none() {
    let project = measured();
    project.write("a.py", &format!("{TEXT}\n# later\n"));
    project.age("a.py", 90);
    assert_eq!(source(&project), "a.py:found");
}

#[test]
fn a_text_too_short_for_its_report_is_another_text() {
    let project = Project::new(&[
        ("a.py", "x = 1\n"),
        ("lcov.info", &lcov(&[("a.py", &[(1, 1), (40, 0)], &[])])),
    ]);
    assert_eq!(source(&project), "a.py:changed");
}

/// Two functions, each with an untaken arm; then the second one changes on a branch.
fn on_a_branch() -> Project {
    let two = |second: &str| {
        format!("def f(a):\n    if a:\n        return 1\n    return 2\n\n\n{second}")
    };
    let old = "def g(b):\n    if b:\n        return 3\n    return 4\n";
    let new = "def g(b):\n    if b > 1:\n        return 3\n    return 4\n";
    let arms = [(2, 0, 0), (2, 1, 1), (8, 0, 0), (8, 1, 1)];
    let lines = [
        (1, 1),
        (2, 1),
        (3, 0),
        (4, 1),
        (7, 1),
        (8, 1),
        (9, 0),
        (10, 1),
    ];
    let project = Project::new(&[(".gitignore", "lcov.info\n"), ("old name.py", &two(old))]);
    project.commit("start");
    project.git(&["checkout", "-q", "-b", "work"]);
    project.git(&["mv", "old name.py", "new name.py"]);
    project.write("new name.py", &two(new));
    project.commit("change");
    project.age("new name.py", 60);
    project.write("lcov.info", &lcov(&[("new name.py", &lines, &arms)]));
    project
}

#[test]
fn only_what_lies_on_changed_lines_is_kept_and_renames_are_followed() {
    let project = on_a_branch();
    assert_eq!(
        places(&project.gaps(&[])),
        ["new name.py:2", "new name.py:8"]
    );
    assert_eq!(
        places(&project.gaps(&["--diff", "main"])),
        ["new name.py:8"]
    );
    assert_eq!(
        places(&project.gaps(&["--diff", "HEAD"])),
        Vec::<String>::new()
    );
}

#[test]
fn the_base_is_where_the_work_branched_off() {
    let project = on_a_branch();
    project.git(&["checkout", "-q", "main"]);
    project.write("old name.py", "# quite another text on the main branch\n");
    project.commit("meanwhile");
    project.git(&["checkout", "-q", "work"]);
    project.age("new name.py", 60);
    assert_eq!(
        places(&project.gaps(&["--diff", "main"])),
        ["new name.py:8"]
    );
}

#[test]
fn what_is_not_committed_counts_as_changed() {
    let project = measured();
    project.write("a.py", &TEXT.replace("if a:", "if a > 0:"));
    project.write("b.py", TEXT);
    let lines = [(1, 1), (2, 1), (3, 0), (4, 1)];
    let arms = [(2, 0, 0), (2, 1, 1)];
    project.write(
        "lcov.info",
        &lcov(&[("a.py", &lines, &arms), ("b.py", &lines, &arms)]),
    );
    assert_eq!(
        places(&project.gaps(&["--diff", "HEAD"])),
        ["a.py:2", "b.py:2"]
    );
}

#[test]
fn a_base_that_is_none_is_refused() {
    let project = measured();
    for base in ["nowhere", "--output=x", ""] {
        let answer = project.run(&["gaps", &format!("--diff={base}")]);
        assert_eq!(answer.status, 2, "{base}");
        assert!(
            answer.stderr.contains("no such revision"),
            "{}",
            answer.stderr
        );
    }
    let without = Project::new(&[
        ("a.py", TEXT),
        ("lcov.info", &lcov(&[("a.py", &[(1, 1)], &[])])),
    ]);
    let answer = without.run(&["gaps", "--diff", "main"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains("not in a git work tree"),
        "{}",
        answer.stderr
    );
}

#[test]
fn branches_without_a_common_past_are_named_as_such() {
    let project = measured();
    project.git(&["checkout", "-q", "--orphan", "island"]);
    project.git(&["commit", "-q", "-m", "alone"]);
    let answer = project.run(&["gaps", "--diff", "main"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains("fetch-depth: 0"),
        "{}",
        answer.stderr
    );
}

#[test]
fn the_repository_cannot_make_git_run_programs() {
    let project = on_a_branch();
    let script = project.path("evil.sh");
    std::fs::write(&script, "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\ncat\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let script = script.to_str().unwrap();
    project.git(&["config", "diff.external", script]);
    project.git(&["config", "core.fsmonitor", script]);
    project.git(&["config", "diff.evil.textconv", script]);
    project.git(&["config", "diff.evil.command", script]);
    project.write(".gitattributes", "*.py diff=evil\n");
    assert_eq!(
        places(&project.gaps(&["--diff", "main"])),
        ["new name.py:8"]
    );
    assert!(!project.path("ran").exists());
}
