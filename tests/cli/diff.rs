//! `untaken diff`.

use serde_json::Value;

use crate::world::{Project, lcov};

const TEXT: &str = "def f(a):\n    if a:\n        return 1\n    return 2\n";

fn report(line: u32, yes: u64, no: u64) -> String {
    lcov(&[("a.py", &[(line, 1)], &[(line, 0, yes), (line, 1, no)])])
}

fn project(before: &str, after: &str) -> Project {
    Project::new(&[
        ("a.py", TEXT),
        ("before.info", before),
        ("after.info", after),
    ])
}

fn diff(project: &Project, args: &[&str]) -> (i32, Value) {
    let answer = project.run(
        &[
            &["diff", "--format", "json", "before.info", "after.info"],
            args,
        ]
        .concat(),
    );
    let json = serde_json::from_str(&answer.stdout).unwrap_or_else(|_| panic!("{}", answer.stderr));
    (answer.status, json)
}

/// How many arms were taken, lost, vanished.
fn counts(json: &Value) -> [usize; 3] {
    ["taken", "lost", "vanished"].map(|list| json[list].as_array().unwrap().len())
}

#[test]
fn arms_taken_are_named() {
    let (status, json) = diff(&project(&report(2, 0, 1), &report(2, 5, 1)), &[]);
    assert_eq!((status, counts(&json)), (0, [1, 0, 0]));
    assert_eq!(json["taken"][0]["file"], "a.py");
    assert_eq!(json["taken"][0]["line"], 2);
    assert_eq!(json["taken"][0]["id"].as_str().unwrap().len(), 12);
    assert_eq!(json["before"]["totals"]["branches"]["covered"], 1);
    assert_eq!(json["after"]["totals"]["branches"]["covered"], 2);
}

#[test]
fn arms_lost_make_it_fail() {
    let project = project(&report(2, 5, 1), &report(2, 0, 1));
    let (status, json) = diff(&project, &[]);
    assert_eq!((status, counts(&json)), (1, [0, 1, 0]));
    let text = project.run(&["diff", "before.info", "after.info"]);
    assert_eq!(text.status, 1);
    assert!(
        text.stdout.contains("0 arms taken, 1 lost, 0 vanished"),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.contains("lost: taken before, untaken now"),
        "{}",
        text.stdout
    );
    let markdown = project.run(&["diff", "--format", "markdown", "before.info", "after.info"]);
    assert!(
        markdown.stdout.contains("| lost | a.py | 2 | "),
        "{}",
        markdown.stdout
    );
}

#[test]
fn arms_that_left_the_report_are_neither() {
    let empty = lcov(&[("a.py", &[(1, 1)], &[])]);
    let (status, json) = diff(&project(&report(2, 0, 0), &empty), &[]);
    assert_eq!((status, counts(&json)), (0, [0, 0, 2]));
    assert!(json["vanished"][0]["why"].is_string());
}

#[test]
fn no_change_is_no_change() {
    let (status, json) = diff(&project(&report(2, 0, 1), &report(2, 0, 7)), &[]);
    assert_eq!((status, counts(&json)), (0, [0, 0, 0]));
}

#[test]
fn an_arm_is_the_same_arm_where_its_line_moved() {
    let project = project(&report(2, 0, 1), &report(5, 3, 1));
    project.commit("start");
    project.write("a.py", &format!("import os\nimport sys\n\n{TEXT}"));
    project.age("a.py", 60);
    let (status, json) = diff(&project, &["--before", "HEAD"]);
    assert_eq!((status, counts(&json)), (0, [1, 0, 0]));
    assert_eq!(json["taken"][0]["line"], 5);
}

#[test]
fn a_revision_that_is_none_is_refused() {
    let project = project(&report(2, 0, 1), &report(2, 1, 1));
    let answer = project.run(&["diff", "before.info", "after.info", "--before", "HEAD"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains("not in a git work tree"),
        "{}",
        answer.stderr
    );
    project.commit("start");
    let answer = project.run(&["diff", "before.info", "after.info", "--before", "nowhere"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains("nowhere: no such revision"),
        "{}",
        answer.stderr
    );
}

#[test]
fn a_report_that_cannot_be_read_is_named() {
    let project = project(&report(2, 0, 1), "");
    let answer = project.run(&["diff", "before.info", "after.info"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.starts_with("untaken: after.info: "),
        "{}",
        answer.stderr
    );
}
