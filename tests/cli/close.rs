//! `untaken close` as far as it goes without an agent: its plan, its caps, its refusals.

use serde_json::Value;

use crate::world::{Project, acts_on_terminal, lcov};

/// Three files: `a.py` has one of four arms taken, `b.py` one of two, `c.py` three of four.
fn project() -> Project {
    let text = "def f(x):\n    if x:\n        return 1\n    if x is None:\n        return 2\n    return 3\n";
    let project = Project::new(&[("src/a.py", text), ("src/b.py", text), ("src/c.py", text)]);
    let lines: &[(u32, u64)] = &[(1, 1), (2, 1), (3, 0), (4, 1), (5, 0), (6, 1)];
    let report = lcov(&[
        (
            "src/a.py",
            lines,
            &[(2, 0, 0), (2, 1, 1), (4, 0, 0), (4, 1, 0)],
        ),
        ("src/b.py", lines, &[(2, 0, 0), (2, 1, 1)]),
        (
            "src/c.py",
            lines,
            &[(2, 0, 1), (2, 1, 1), (4, 0, 0), (4, 1, 1)],
        ),
    ]);
    project.write("lcov.info", &report);
    project.age("lcov.info", 3600);
    project
}

/// `untaken close --plan …`, which must succeed and spend nothing.
fn plan(project: &Project, args: &[&str]) -> String {
    let answer = project.run(&[&["close", "--plan"], args].concat());
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    assert_eq!(answer.stderr, "");
    assert!(!acts_on_terminal(&answer.stdout));
    answer.stdout
}

/// The files that would be worked on, in their order.
fn files(plan: &str) -> Vec<String> {
    plan.lines()
        .filter(|line| line.contains(" gaps  "))
        .map(|line| line.split("tokens  ").nth(1).unwrap().to_owned())
        .collect()
}

#[test]
fn the_plan_says_what_would_be_done_and_what_it_would_cost() {
    let project = project();
    let all = plan(&project, &[]);
    assert!(all.starts_with("now at 50.00 %\n"), "{all}");
    assert_eq!(
        files(&all),
        ["src/a.py", "src/b.py", "src/c.py"],
        "furthest below first"
    );
    assert!(
        all.contains("3 files, 4 gaps, 3 turns in the first round, about "),
        "{all}"
    );
    assert!(all.contains("at most 3 rounds, 2000000 tokens\n"), "{all}");
    let capped = plan(
        &project,
        &[
            "--target",
            "90",
            "--rounds",
            "2",
            "--max-tokens",
            "30000",
            "--max-minutes",
            "7",
        ],
    );
    assert!(
        capped.starts_with("now at 50.00 %, target 90.00 %\n"),
        "{capped}"
    );
    assert!(
        capped.contains("at most 2 rounds, 30000 tokens, 7 minutes\n"),
        "{capped}"
    );
    assert!(
        capped.contains("will probably suffice for 1 of these 3 turns"),
        "{capped}"
    );
    // Nothing was recorded, and nothing written.
    assert!(!project.path("../state").exists());
}

#[test]
fn caps_leave_the_rest_out_and_say_so() {
    let project = project();
    let few = plan(&project, &["--max-files", "1"]);
    assert_eq!(files(&few), ["src/a.py"]);
    assert!(
        few.contains("left out: src/b.py (not attempted: --max-files)"),
        "{few}"
    );
    let one = plan(&project, &["--max-gaps", "1"]);
    assert!(one.contains("1 files, 1 gaps"), "{one}");
    assert!(
        one.contains("left out: src/a.py (not attempted: --max-gaps)"),
        "{one}"
    );
}

#[test]
fn only_what_a_change_touches_is_worked_on() {
    let project = project();
    project.commit("before");
    let text = std::fs::read_to_string(project.path("src/b.py")).unwrap();
    project.write("src/b.py", &text.replace("    if x:", "    if x > 0:"));
    project.write(
        "lcov.info",
        &std::fs::read_to_string(project.path("lcov.info")).unwrap(),
    );
    let changed = plan(&project, &["--diff", "main"]);
    assert_eq!(files(&changed), ["src/b.py"], "{changed}");
    let answer = project.run(&["close", "--plan", "--diff", "no-such-branch"]);
    assert_eq!((answer.status, answer.stdout.as_str()), (2, ""));
    assert!(
        answer.stderr.contains("no such revision"),
        "{}",
        answer.stderr
    );
}

#[test]
fn shards_share_the_files_between_them() {
    let project = project();
    let mut all = Vec::new();
    for shard in ["1/2", "2/2"] {
        let share = files(&plan(&project, &["--shard", shard]));
        assert!(!share.is_empty(), "{shard}");
        all.extend(share);
    }
    all.sort();
    assert_eq!(all, ["src/a.py", "src/b.py", "src/c.py"]);
}

#[test]
fn wrong_words_are_wrong_use() {
    let project = project();
    for args in [
        ["--shard", "3/2"],
        ["--target", "101"],
        ["--max-files", "many"],
        ["--max-gaps", "1.5"],
        ["--max-tokens", "1k"],
        ["--max-minutes", ""],
        ["--rounds", "x"],
    ] {
        let answer = project.run(&[&["close", "--plan"], &args[..]].concat());
        assert_eq!((answer.status, answer.stdout.as_str()), (2, ""), "{args:?}");
        assert!(answer.stderr.contains(args[0]), "{}", answer.stderr);
    }
}

#[test]
fn without_an_agent_it_cannot_run_and_leaves_no_old_result() {
    let project = project();
    project.commit("all");
    project.write(
        "untaken.toml",
        "[agent]\ncommand = \"/nowhere/codex\"\n\n[tests]\ncommand = \"true\"\n",
    );
    project.write("result.json", "{\"version\": 1}");
    let answer = project.run(&["close", "-o", "result.json"]);
    assert_eq!(
        (answer.status, answer.stdout.as_str()),
        (3, ""),
        "{}",
        answer.stderr
    );
    assert!(
        answer.stderr.contains("codex was not found"),
        "{}",
        answer.stderr
    );
    assert!(
        !project.path("result.json").exists(),
        "a result of an earlier run is not this one's"
    );
}

#[test]
fn a_target_that_is_reached_needs_no_agent() {
    let project = project();
    let answer = project.run(&["close", "--target", "50"]);
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    assert!(answer.stderr.contains("the target is reached already"));
    let result: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(result["coverage_after"], 50.0);
    assert_eq!(result["rounds"], 0);
}

#[test]
fn settings_of_another_file_and_a_log_on_request() {
    let project = project();
    project.write("ci.toml", "[agent]\nrounds = 9\n");
    let answer = project.run(&[
        "close", "--plan", "--config", "ci.toml", "--log", "what.log",
    ]);
    assert!(
        answer.stdout.contains("at most 9 rounds"),
        "{}",
        answer.stdout
    );
    let log = std::fs::read_to_string(project.path("what.log")).unwrap();
    assert!(log.contains("status=0"), "{log}");
    let nowhere = project.run(&["gaps", "--log", "no/such/folder/what.log"]);
    assert_eq!((nowhere.status, nowhere.stdout.as_str()), (2, ""));
}
