//! Which reports are read when none is named.

use std::fs;

use crate::world::{Project, files, lcov};

fn one(path: &str) -> String {
    lcov(&[(path, &[(1, 0)], &[])])
}

fn reports(project: &Project) -> Vec<String> {
    let answer = project.gaps(&[]);
    let reports = answer["reports"].as_array().unwrap();
    reports
        .iter()
        .map(|report| report["path"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn no_report_is_said_with_what_to_do() {
    let project = Project::new(&[(
        "pyproject.toml",
        "[tool.pytest.ini_options]\n# pytest-cov\n",
    )]);
    let answer = project.run(&["gaps"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains("no coverage report found"),
        "{}",
        answer.stderr
    );
    assert!(
        answer
            .stderr
            .contains("pytest --cov --cov-branch --cov-report=json"),
        "{}",
        answer.stderr
    );
}

#[test]
fn data_that_must_be_exported_first_is_named_with_the_command() {
    let project = Project::new(&[(".coverage", "SQLite format 3\0 and more")]);
    let answer = project.run(&["gaps"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.starts_with("untaken: .coverage: "),
        "{}",
        answer.stderr
    );
    assert!(answer.stderr.contains("coverage json"), "{}", answer.stderr);
}

#[test]
fn siblings_of_one_run_are_not_added_up() {
    let project = Project::sample("nyc-js");
    assert_eq!(reports(&project), ["coverage/coverage-final.json"]);
    fs::remove_file(project.path("coverage/coverage-final.json")).unwrap();
    assert_eq!(reports(&project), ["coverage/lcov.info"]);
    fs::remove_file(project.path("coverage/lcov.info")).unwrap();
    // Both know as much; the newer one is taken.
    for (name, seconds) in [("clover.xml", 10), ("cobertura-coverage.xml", 5)] {
        project.age(&format!("coverage/{name}"), seconds);
    }
    assert_eq!(reports(&project), ["coverage/cobertura-coverage.xml"]);
}

#[test]
fn a_sibling_that_is_much_newer_is_mentioned() {
    let project = Project::sample("nyc-js");
    project.age("coverage/coverage-final.json", 3 * 60 * 60);
    let answer = project.gaps(&[]);
    assert_eq!(answer["reports"][0]["path"], "coverage/coverage-final.json");
    let message = answer["warnings"][0]["message"].as_str().unwrap();
    assert!(message.contains("is much newer"), "{message}");
}

#[test]
fn every_module_gives_its_best_report() {
    let project = Project::new(&[
        ("web/package.json", "{}"),
        ("web/src/a.js", "x\n"),
        ("web/coverage/lcov.info", &one("src/a.js")),
        ("core/src/b.c", "x\n"),
        ("core/coverage.info", &one("src/b.c")),
        ("node_modules/x/coverage/lcov.info", &one("no.js")),
        ("tests/fixtures/lcov.info", &one("no.js")),
    ]);
    assert_eq!(
        reports(&project),
        ["core/coverage.info", "web/coverage/lcov.info"]
    );
    assert_eq!(
        files(&project.gaps(&[])),
        ["core/src/b.c:found", "web/src/a.js:found"]
    );
}

#[test]
fn what_version_control_ignores_is_searched_all_the_same() {
    let project = Project::new(&[
        (".gitignore", "coverage/\nlcov.info\nbuild/\n"),
        ("web/src/a.js", "x\n"),
        ("web/coverage/lcov.info", &one("src/a.js")),
        ("core/src/b.c", "x\n"),
        ("core/lcov.info", &one("src/b.c")),
    ]);
    project.commit("start");
    assert_eq!(
        reports(&project),
        ["core/lcov.info", "web/coverage/lcov.info"]
    );
}

#[test]
fn the_root_is_that_of_the_work_tree() {
    let project = Project::new(&[
        ("src/deep/a.c", "x\n"),
        ("coverage/lcov.info", &one("src/deep/a.c")),
    ]);
    project.commit("start");
    let answer = project.run_in("src/deep", &["gaps", "--format", "json"]);
    assert!(
        answer.stdout.contains("\"path\": \"coverage/lcov.info\""),
        "{}",
        answer.stderr
    );
    assert!(answer.stdout.contains("\"path\": \"src/deep/a.c\""));
    let named = project.run_in("src/deep", &["gaps", "../../coverage/lcov.info"]);
    assert_eq!(named.status, 0, "{}", named.stderr);
}

#[test]
fn a_folder_stands_for_the_reports_in_it() {
    let project = Project::new(&[
        ("web/src/a.js", "x\n"),
        ("web/coverage/lcov.info", &one("src/a.js")),
        ("core/src/b.c", "x\n"),
        ("core/lcov.info", &one("src/b.c")),
    ]);
    assert_eq!(files(&project.gaps(&["web"])), ["web/src/a.js:found"]);
}

#[test]
fn settings_name_the_reports() {
    let project = Project::new(&[
        ("untaken.toml", "[reports]\npaths = [\"odd/place.txt\"]\n"),
        ("a.c", "x\n"),
        ("odd/place.txt", &one("a.c")),
        ("lcov.info", &one("b.c")),
    ]);
    assert_eq!(reports(&project), ["odd/place.txt"]);
    let named = project.gaps(&["lcov.info"]);
    assert_eq!(named["reports"][0]["path"], "lcov.info");
}

#[test]
fn what_an_aggregate_repeats_is_not_read_twice() {
    let module = |name: &str, group: bool| {
        let package = format!(
            "<package name=\"a\"><class name=\"a/{name}\" sourcefilename=\"{name}.java\"/><sourcefile \
             name=\"{name}.java\"><line nr=\"1\" mi=\"0\" ci=\"1\" mb=\"1\" cb=\"1\"/><counter type=\"BRANCH\" \
             missed=\"1\" covered=\"1\"/><counter type=\"LINE\" missed=\"0\" covered=\"1\"/></sourcefile><counter \
             type=\"BRANCH\" missed=\"1\" covered=\"1\"/></package><counter type=\"BRANCH\" missed=\"1\" covered=\"1\"/>"
        );
        let name = name.to_lowercase();
        if group {
            format!("<group name=\"{name}\">{package}</group>")
        } else {
            package
        }
    };
    let report = |name: &str, inside: &str| {
        format!(
            "<?xml version=\"1.0\"?><!DOCTYPE report PUBLIC \"-//JACOCO//DTD Report 1.1//EN\" \"report.dtd\"><report name=\"{name}\">{inside}</report>"
        )
    };
    // A class that nobody could read counts in the aggregate's own total.
    let all = format!(
        "{}{}<counter type=\"BRANCH\" missed=\"5\" covered=\"2\"/>",
        module("One", true),
        module("Two", true)
    );
    let project = Project::new(&[
        ("one/src/main/java/a/One.java", "x\n"),
        ("two/src/main/java/a/Two.java", "x\n"),
        (
            "one/target/site/jacoco/jacoco.xml",
            &report("one", &module("One", false)),
        ),
        (
            "two/target/site/jacoco/jacoco.xml",
            &report("two", &module("Two", false)),
        ),
        (
            "all/target/site/jacoco-aggregate/jacoco.xml",
            &report("all", &all),
        ),
    ]);
    let answer = project.gaps(&[]);
    assert_eq!(answer["totals"]["branches"]["total"], 7);
    assert_eq!(answer["files"].as_array().unwrap().len(), 2);
}
