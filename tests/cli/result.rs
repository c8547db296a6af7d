//! `untaken result merge`: one result of several, or a refusal that says why.

use serde_json::{Value, json};

use crate::world::{Project, lcov};

fn result(name: &str) -> Value {
    json!({
        "version": 1, "files_processed": 1, "tests_generated": 2,
        "coverage_before": 50.0, "coverage_after": 60.0,
        "remaining_gaps": [{"file": format!("src/{name}.py"), "uncovered_lines": [3], "reason": "still open after 1 rounds"}],
        "closed": [
            {"id": "00000000000a", "file": "src/shared.py", "line": 9, "arm": "true", "by": format!("tests/test_{name}.py")},
            {"id": "00000000000b", "file": format!("src/{name}.py"), "line": 2, "arm": "false", "by": format!("tests/test_{name}.py")},
        ],
        "lost": [], "vanished": [],
        "tests": [{"path": format!("tests/test_{name}.py"), "verdict": "kept", "rungs": []}],
        "findings": [], "rounds": 1, "threads": [format!("thread-{name}")],
        "tokens": {"input": 100, "cached": 60, "output": 10, "reasoning": 4},
    })
}

fn project() -> Project {
    let project = Project::new(&[]);
    for name in ["one", "two"] {
        project.write(&format!("{name}.json"), &result(name).to_string());
    }
    project
}

#[test]
fn two_shards_become_one_result() {
    let project = project();
    let answer = project.run(&["result", "merge", "one.json", "two.json"]);
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    let merged: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(merged["files_processed"], 2);
    assert_eq!(merged["tests_generated"], 4);
    assert_eq!(merged["closed"].as_array().unwrap().len(), 3, "{merged:#}");
    assert_eq!(
        merged["tokens"],
        json!({"input": 200, "cached": 120, "output": 20, "reasoning": 8})
    );
    assert_eq!(merged["coverage_before"], 50.0);
    assert_eq!(
        merged["coverage_after"],
        Value::Null,
        "nobody measured both"
    );
    assert_eq!(merged["threads"].as_array().unwrap().len(), 2);
}

#[test]
fn a_report_measured_with_all_tests_tells_the_coverage_afterwards() {
    let project = project();
    project.write("a.py", "if x:\n    y()\n");
    let report = lcov(&[(
        "a.py",
        &[(1, 1), (2, 1)],
        &[(1, 0, 1), (1, 1, 1), (1, 2, 0)],
    )]);
    project.write("all.info", &report);
    let answer = project.run(&[
        "result",
        "merge",
        "one.json",
        "two.json",
        "--after",
        "all.info",
        "-o",
        "merged.json",
    ]);
    assert_eq!(
        (answer.status, answer.stdout.as_str()),
        (0, ""),
        "{}",
        answer.stderr
    );
    let merged = std::fs::read_to_string(project.path("merged.json")).unwrap();
    let merged: Value = serde_json::from_str(&merged).unwrap();
    assert_eq!(merged["coverage_after"], 66.66);
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let project = project();
    let mut other = result("three");
    other["coverage_before"] = json!(51.25);
    project.write("three.json", &other.to_string());
    let mut same_test = result("four");
    same_test["tests"][0]["path"] = json!("tests/test_one.py");
    project.write("four.json", &same_test.to_string());
    project.write("prose.json", "all covered");
    let mut newer = result("five");
    newer["version"] = json!(2);
    project.write("five.json", &newer.to_string());
    for (second, words) in [
        (
            "three.json",
            "coverage_before is 50.00 in the one and 51.25 in the other",
        ),
        ("one.json", "of the same run: thread thread-one"),
        ("four.json", "both keep tests/test_one.py"),
        ("prose.json", "prose.json: not a result of a run"),
        ("five.json", "five.json: version 2"),
        ("nothing.json", "nothing.json: "),
    ] {
        let answer = project.run(&["result", "merge", "one.json", second]);
        assert_eq!((answer.status, answer.stdout.as_str()), (2, ""), "{second}");
        assert!(answer.stderr.contains(words), "{second}: {}", answer.stderr);
    }
    let none = project.run(&["result", "merge"]);
    assert_eq!(none.status, 2);
}
