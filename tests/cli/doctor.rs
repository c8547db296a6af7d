//! `untaken doctor`: it always answers, and for whatever is not right there is something to do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::world::{Project, acts_on_terminal, lcov};

/// A stand-in for Codex: its version, whether it wants a login, and whether its sandbox works.
fn codex(project: &Project, version: &str, wants_login: bool, sandbox: &str) -> String {
    let text = format!(
        r#"#!/bin/sh
[ "$1" = sandbox ] && {{ {sandbox}; }}
[ "$1" = app-server ] || exit 0
while read -r line; do
  case "$line" in
    *'"method":"initialize"'*) printf '%s\n' '{{"id":1,"result":{{"userAgent":"untaken/{version} (Debian)"}}}}' ;;
    *'"method":"account/read"'*) printf '%s\n' '{{"id":2,"result":{{"account":null,"requiresOpenaiAuth":{wants_login}}}}}' ;;
    *'"method":"thread'*) touch opened-a-thread ;;
  esac
done
"#
    );
    project.write("bin/codex", &text);
    let path = project.path("bin/codex");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

fn project() -> Project {
    let project = Project::new(&[(
        "src/a.py",
        "def f(x):\n    if x:\n        return 1\n    return 2\n",
    )]);
    let report = lcov(&[(
        "src/a.py",
        &[(1, 1), (2, 1), (3, 0), (4, 1)],
        &[(2, 0, 0), (2, 1, 1)],
    )]);
    project.write("coverage/lcov.info", &report);
    project.age("coverage/lcov.info", 7_300);
    project
}

fn settings(project: &Project, codex: &str) {
    project.write(
        "untaken.toml",
        &format!("[tests]\ncommand = \"sh run-tests\"\n\n[agent]\ncommand = {codex:?}\n"),
    );
}

fn answer(project: &Project, args: &[&str]) -> Value {
    let answer = project.run(&[&["doctor", "--format", "json"], args].concat());
    assert_eq!(answer.status, 0, "{}", answer.stderr);
    assert_eq!(answer.stderr, "");
    serde_json::from_str(&answer.stdout).unwrap()
}

fn check(answer: &Value, name: &str) -> (String, String, Option<String>) {
    let check = answer["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == name)
        .unwrap_or_else(|| panic!("no {name}: {answer:#}"));
    let text = |key: &str| check[key].as_str().map(str::to_owned);
    (text("state").unwrap(), text("says").unwrap(), text("todo"))
}

#[test]
fn where_all_is_well_it_says_so() {
    let project = project();
    settings(&project, &codex(&project, "0.169.0", false, "exit 0"));
    project.commit("all");
    let answer = answer(&project, &[]);
    for (name, words) in [
        ("settings", "untaken.toml"),
        ("reports", "50.00 % of branches"),
        ("tests", "sh run-tests"),
        ("git", "HEAD at "),
        ("codex", "0.169.0, which untaken was tried with"),
        ("login", "none needed"),
        ("sandbox", "a command ran inside it"),
    ] {
        let (state, says, todo) = check(&answer, name);
        assert_eq!((state.as_str(), todo), ("ok", None), "{name}: {says}");
        assert!(says.contains(words), "{name}: {says}");
    }
    let report = &answer["reports"][0];
    assert_eq!(report["path"], "coverage/lcov.info");
    assert_eq!(report["format"], "lcov");
    let age = report["age_seconds"].as_u64().unwrap();
    assert!((7_300..7_400).contains(&age), "{age}");
    assert!(
        !project.path("opened-a-thread").exists(),
        "it asks, and opens no thread"
    );
}

#[test]
fn what_is_not_right_has_a_line_of_what_to_do() {
    let project = project();
    let refuses =
        "echo 'bwrap: Creating new namespace failed: No space left on device' >&2; exit 1";
    settings(&project, &codex(&project, "0.99.1", true, refuses));
    project.write(
        "untaken.toml",
        &fs::read_to_string(project.path("untaken.toml"))
            .unwrap()
            .replace("sh run-tests", "no-such-runner --cov"),
    );
    fs::remove_file(project.path("coverage/lcov.info")).unwrap();
    let answer = answer(&project, &[]);
    for (name, state, says, todo) in [
        (
            "reports",
            "wrong",
            "no coverage report found",
            "no-such-runner --cov",
        ),
        ("tests", "wrong", "no program `no-such-runner`", "install"),
        ("git", "wrong", "in no work tree", "git init"),
        ("codex", "note", "0.99.1, older than 0.169.0", "npm install"),
        ("login", "wrong", "not logged in", "codex login"),
        (
            "sandbox",
            "wrong",
            "bwrap: Creating new namespace",
            "user namespaces",
        ),
    ] {
        let found = check(&answer, name);
        assert_eq!(found.0, state, "{name}: {}", found.1);
        assert!(found.1.contains(says), "{name}: {}", found.1);
        assert!(
            found.2.as_ref().unwrap().contains(todo),
            "{name}: {found:?}"
        );
    }
    assert_eq!(answer["reports"], serde_json::json!([]));
}

#[test]
fn without_codex_the_rest_is_told_all_the_same() {
    let project = project();
    settings(&project, "/nowhere/codex");
    let answer = answer(&project, &[]);
    let (state, says, todo) = check(&answer, "codex");
    assert_eq!(state, "wrong", "{says}");
    assert!(todo.unwrap().contains("npm install -g @openai/codex"));
    for name in ["login", "sandbox"] {
        let (state, _, todo) = check(&answer, name);
        assert_eq!(state, "unknown");
        assert!(todo.is_some());
    }
    assert_eq!(check(&answer, "reports").0, "ok");
}

#[test]
fn each_setting_says_where_it_comes_from() {
    let project = project();
    settings(&project, "/nowhere/codex");
    project.write(
        "../config/untaken/config.toml",
        "[agent]\neffort = \"high\"\ncommand = \"another\"\n",
    );
    project.write("pyproject.toml", "[tool.pytest.ini_options]\n");
    let root = project.path("");
    let answer = answer(&project, &["--root", root.to_str().unwrap()]);
    let setting = |key: &str| {
        answer["settings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["key"] == key)
            .cloned()
            .unwrap_or_else(|| panic!("no {key}"))
    };
    let of = |key: &str| {
        let it = setting(key);
        (
            it["origin"].as_str().unwrap().to_owned(),
            it["from"].as_str().unwrap_or_default().to_owned(),
            it["line"].as_u64(),
        )
    };
    assert_eq!(of("--root"), ("flag".into(), "--root".into(), None));
    assert_eq!(
        of("tests.command"),
        ("file".into(), "untaken.toml".into(), Some(2))
    );
    assert_eq!(
        of("agent.command"),
        ("file".into(), "untaken.toml".into(), Some(5))
    );
    let effort = of("agent.effort");
    assert!(
        effort.1.ends_with("config/untaken/config.toml"),
        "{effort:?}"
    );
    assert_eq!(effort.2, Some(2));
    assert_eq!(of("tests.repeat").0, "default");
    assert_eq!(setting("tests.repeat")["value"], "3");
    assert_eq!(of("tests.file_command").0, "found");
    assert_eq!(setting("tests.file_command")["value"], "\"pytest {files}\"");
    assert_eq!(of("reports.paths").0, "found");
    assert_eq!(
        setting("reports.paths")["value"],
        "[\"coverage/lcov.info\"]"
    );
}

#[test]
fn settings_that_cannot_be_read_are_one_of_the_things_it_tells() {
    let project = project();
    project.write("untaken.toml", "[tests]\n\ncomand = \"x\"\n");
    let answer = answer(&project, &[]);
    let (state, says, todo) = check(&answer, "settings");
    assert_eq!(state, "wrong");
    assert!(
        says.contains("untaken.toml:3: unknown key comand"),
        "{says}"
    );
    assert!(todo.is_some());
    assert_eq!(check(&answer, "reports").0, "ok");
    // Where there is no project there is nothing to look at.
    let nowhere = project.run(&["doctor", "--root", "no/such/folder"]);
    assert_eq!((nowhere.status, nowhere.stdout.as_str()), (2, ""));
}

#[test]
fn the_text_has_no_colour_outside_a_terminal_and_obeys_nobody() {
    let project = project();
    settings(&project, "/nowhere/\\u001b[31mcodex\\u202e");
    let answer = project.run(&["doctor"]);
    assert_eq!(answer.status, 0);
    assert!(!acts_on_terminal(&answer.stdout), "{}", answer.stdout);
    for words in [
        "wrong   codex",
        "→ ",
        "reports\n",
        "settings\n",
        "written 2 h ago",
    ] {
        assert!(answer.stdout.contains(words), "{words}\n{}", answer.stdout);
    }
}
