//! `untaken check`.

use serde_json::Value;

use crate::world::{Project, acts_on_terminal, files, lcov};

const TEXT: &str = "def f(a):\n    if a:\n        return 1\n    return 2\n";

/// `a.py` with 1 of 2 arms and 3 of 4 lines, `b.py` with 2 of 2 arms and 4 of 4 lines.
fn project() -> Project {
    let text = lcov(&[
        (
            "a.py",
            &[(1, 1), (2, 1), (3, 0), (4, 1)],
            &[(2, 0, 0), (2, 1, 1)],
        ),
        (
            "b.py",
            &[(1, 1), (2, 1), (3, 1), (4, 1)],
            &[(2, 0, 1), (2, 1, 1)],
        ),
    ]);
    Project::new(&[
        ("a.py", TEXT),
        ("b.py", TEXT),
        ("lcov.info", &text),
        (".gitignore", "lcov.info\n"),
    ])
}

fn json(project: &Project, args: &[&str]) -> Value {
    let answer = project.run(&[&["check", "--format", "json"], args].concat());
    serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{}", answer.stderr))
}

#[test]
fn a_gate_holds_or_does_not() {
    let project = project();
    for (args, status) in [
        (&["--branches", "75"][..], 0),
        (&["--branches", "75.01"], 1),
        (&["--lines", "87.5"], 0),
        (&["--branches", "75", "--lines", "90"], 1),
        (&["--branches", "0"], 0),
    ] {
        let answer = project.run(&[&["check"], args].concat());
        assert_eq!(answer.status, status, "{args:?} {}", answer.stdout);
    }
}

#[test]
fn a_miss_says_what_to_do() {
    let answer = project().run(&["check", "--branches", "80"]);
    assert!(
        answer.stdout.contains("missed: 1 more arm must be taken"),
        "{}",
        answer.stdout
    );
    assert!(
        answer
            .stdout
            .contains("a.py: 1 of 2 arms not covered; untaken gaps --file a.py"),
        "{}",
        answer.stdout
    );
    assert!(!answer.stdout.contains("b.py"), "{}", answer.stdout);
}

#[test]
fn nothing_asked_is_wrong_use_unless_the_settings_have_a_target() {
    let project = project();
    let answer = project.run(&["check"]);
    assert_eq!(answer.status, 2);
    assert!(answer.stderr.contains("--branches"), "{}", answer.stderr);
    project.write("untaken.toml", "[target]\nbranches = 80\n");
    assert_eq!(project.run(&["check"]).status, 1);
    assert_eq!(project.run(&["check", "--branches", "70"]).status, 0);
}

#[test]
fn what_is_not_measured_does_not_hold() {
    let project = Project::sample("coveragepy");
    let report = "reports/coverage-nobranch.json";
    let answer = project.run(&["check", "--branches", "0", report]);
    assert_eq!(answer.status, 1);
    assert!(answer.stdout.contains("--cov-branch"), "{}", answer.stdout);
    project.write("untaken.toml", "[target]\nbranches = 77\n");
    let answer = project.run(&["check", report]);
    assert_eq!(answer.status, 0, "{}", answer.stdout);
    assert!(
        answer
            .stdout
            .contains("no branch data, so the target is held against its lines"),
        "{}",
        answer.stdout
    );
}

#[test]
fn every_file_by_itself() {
    let project = project();
    assert_eq!(project.run(&["check", "--branches", "60"]).status, 0);
    let answer = project.run(&["check", "--branches", "60", "--per-file"]);
    assert_eq!(answer.status, 1);
    assert!(
        answer.stdout.contains("1 hold, 1 missed"),
        "{}",
        answer.stdout
    );
    let checks = json(&project, &["--branches", "60", "--per-file"])["checks"].clone();
    let missed: Vec<_> = checks
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["holds"] == false)
        .collect();
    assert_eq!(missed.len(), 1);
    assert_eq!(
        (missed[0]["file"].as_str(), missed[0]["missing"].as_u64()),
        (Some("a.py"), Some(1))
    );
}

#[test]
fn figures_in_json_are_the_tools_own() {
    let answer = json(&project(), &["--branches", "80", "--lines", "80"]);
    assert_eq!(answer["version"], 1);
    assert_eq!(answer["holds"], false);
    assert_eq!(
        answer["checks"][0]["figure"],
        serde_json::json!({"covered": 3, "total": 4, "percent": 75.0})
    );
    assert_eq!(answer["checks"][0]["least"], 80.0);
    assert_eq!(answer["checks"][1]["holds"], true);
}

#[test]
fn changed_lines_are_held_by_themselves() {
    let project = project();
    project.commit("start");
    project.git(&["checkout", "-q", "-b", "work"]);
    project.write("b.py", &TEXT.replace("if a:", "if a > 0:"));
    project.age("b.py", 60);
    project.commit("change b");
    // Only b.py changed, and all of its arms are taken.
    let answer = json(&project, &["--branches", "100", "--diff", "main"]);
    assert_eq!(answer["holds"], true, "{answer}");
    assert_eq!(answer["checks"][0]["figure"]["total"], 2);
    project.write("a.py", &TEXT.replace("if a:", "if a > 0:"));
    project.age("a.py", 60);
    project.commit("change a");
    let answer = json(&project, &["--branches", "100", "--diff", "main"]);
    assert_eq!(answer["holds"], false);
    assert_eq!(
        answer["checks"][0]["figure"],
        serde_json::json!({"covered": 3, "total": 4, "percent": 75.0})
    );
    let text = project.run(&["check", "--branches", "100", "--diff", "main"]);
    assert_eq!(text.status, 1);
    assert!(
        text.stdout.contains("untaken gaps --diff main --file a.py"),
        "{}",
        text.stdout
    );
}

#[test]
fn a_change_without_measured_lines_holds() {
    let project = project();
    project.commit("start");
    project.git(&["checkout", "-q", "-b", "work"]);
    project.write("README.md", "hello\n");
    project.commit("words");
    for metric in ["--branches", "--lines", "--functions"] {
        let answer = project.run(&["check", metric, "100", "--diff", "main"]);
        assert_eq!(answer.status, 0, "{metric} {}", answer.stdout);
    }
}

#[test]
fn annotations_are_commands_that_github_understands() {
    let project = project();
    project.commit("start");
    project.git(&["checkout", "-q", "-b", "work"]);
    project.git(&["mv", "a.py", "a,b%: c.py"]);
    project.write("a,b%: c.py", &TEXT.replace("if a:", "if a > 0:"));
    project.age("a,b%: c.py", 60);
    project.commit("change");
    project.write(
        "lcov.info",
        &lcov(&[(
            "a,b%: c.py",
            &[(1, 1), (2, 1), (3, 0), (4, 1)],
            &[(2, 0, 0), (2, 1, 1)],
        )]),
    );
    let answer = project.run(&[
        "check",
        "--branches",
        "80",
        "--diff",
        "main",
        "--format",
        "github",
    ]);
    assert_eq!(answer.status, 1);
    let commands: Vec<_> = answer
        .stdout
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect();
    assert!(
        commands[0].starts_with("::error title=coverage::branches 50.00 %25, least 80.00 %25"),
        "{commands:?}"
    );
    assert!(
        commands[1]
            .starts_with("::warning file=a%2Cb%25%3A c.py,line=2,endLine=2,title=not covered::"),
        "{commands:?}"
    );
    assert_eq!(commands.len(), 2, "{commands:?}");
}

#[test]
fn a_hostile_path_makes_no_annotation_of_its_own() {
    let lines = [(1, 0)];
    let project = Project::new(&[(
        "lcov.info",
        &lcov(&[
            ("::error::x", &lines[..], &[]),
            ("\u{1b}]0;x\u{7}.py", &lines[..], &[]),
        ]),
    )]);
    let answer = project.run(&["check", "--lines", "80", "--format", "github"]);
    assert_eq!(answer.status, 1);
    assert_eq!(
        answer
            .stdout
            .lines()
            .filter(|line| line.starts_with("::"))
            .count(),
        1,
        "{}",
        answer.stdout
    );
    assert!(!acts_on_terminal(&answer.stdout));
}

#[test]
fn markdown_is_for_a_pull_request() {
    let answer = project().run(&["check", "--branches", "80", "--format", "markdown"]);
    assert!(
        answer.stdout.starts_with("**Coverage is missed**\n"),
        "{}",
        answer.stdout
    );
    assert!(
        answer
            .stdout
            .contains("| total | branches | 75.00 % 3/4 | 80.00 % |"),
        "{}",
        answer.stdout
    );
    assert!(
        answer
            .stdout
            .contains("- a.py: 1 of 2 arms not covered; `untaken gaps --file a.py`"),
        "{}",
        answer.stdout
    );
}

/// A Go profile has neither branches nor lines: 18 of 25 statements ran.
#[test]
fn what_a_go_profile_cannot_tell_is_held_against_its_statements_and_said() {
    let project = Project::sample("go");
    let report = "reports/cover.out";
    for (lines, status) in [("72", 0), ("72.01", 1)] {
        let answer = project.run(&["check", report, "--lines", lines]);
        assert_eq!(answer.status, status, "{}", answer.stdout);
        assert!(answer.stdout.contains("statements  72.00 %  18/25"));
        assert!(
            answer
                .stdout
                .contains("no data on lines, so --lines is held against its statements"),
            "{}",
            answer.stdout
        );
    }
    project.write("untaken.toml", "[target]\nbranches = 73\n");
    let answer = project.run(&["check", report]);
    assert_eq!(answer.status, 1, "{}", answer.stdout);
    assert!(
        answer
            .stdout
            .contains("no branch data, so the target is held against its statements"),
        "{}",
        answer.stdout
    );
    let answer = project.run(&["close", "--plan", report]);
    assert!(
        answer.stdout.starts_with(
            "now at 72.00 %, target 73.00 %\nthe report has no branch data, so the target is held against its statements\n"
        ),
        "{}",
        answer.stdout
    );
    let worst_first: Vec<String> = files(&project.gaps(&[report]));
    assert_eq!(
        worst_first,
        [
            "heap/naïve.go:found",
            "queue.go:found",
            "heap/heap.go:found"
        ]
    );
}

#[test]
fn on_changed_lines_a_go_profile_is_counted_by_lines() {
    let project = Project::sample("go");
    project.commit("start");
    let text = std::fs::read_to_string(project.path("queue.go")).unwrap();
    let changed = text.replace('\n', " // now\n");
    project.write("queue.go", &changed);
    project.age("queue.go", 100_000_000);
    let answer = project.run(&[
        "check",
        "reports/cover.out",
        "--diff",
        "HEAD",
        "--lines",
        "100",
    ]);
    assert_eq!(answer.status, 1, "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.contains("lines"), "{}", answer.stdout);
    assert!(answer.stdout.contains("more line"), "{}", answer.stdout);
}
