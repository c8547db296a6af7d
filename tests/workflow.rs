//! The pipelines that `untaken init` writes, taken apart and run: their shell steps in order, in a sample repository,
//! with the real Codex and a scripted model. What a hosted runner would do itself (checking out, installing,
//! keeping artifacts) is done by the test, and each such place is named here.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/codex_home.rs"]
mod codex_home;
#[path = "support/model_server.rs"]
mod model_server;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use codex_home::CodexHome;
use model_server::{ModelServer, codex_config};

const SETTINGS: &str = "\
[tests]
command = \"python3 -m pytest -q --cov --cov-report=json\"
file_command = \"python3 -m pytest -q {files}\"

[target]
branches = 60
";

const PYPROJECT: &str = "\
[tool.pytest.ini_options]
pythonpath = [\"src\"]
testpaths = [\"tests\"]

[tool.coverage.run]
branch = true
source = [\"src\"]
";

const CART: &str = "\
def total(prices):
    if not prices:
        return 0
    return sum(prices)
";

const TEST_CART: &str = "\
from shop.cart import total


def test_total():
    assert total([30, 12]) == 42
    assert total([]) == 0
";

/// What the pull request adds: a decision, and a test of one side of it.
const LABEL: &str = "

def label(n):
    if n < 0:
        return \"refund\"
    return \"charge\"
";

const TEST_LABEL: &str = "\
from shop.cart import label


def test_label():
    assert label(1) == \"charge\"
";

const REPAIR: &str = "\
from shop.cart import label


def test_refunds_are_labelled():
    assert label(-1) == \"refund\"
";

/// A repository, its server side, and a machine to run jobs on.
struct Machine {
    place: TempDir,
    home: CodexHome,
}

impl Machine {
    fn new(server: &ModelServer) -> Self {
        let machine = Self {
            place: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap(),
            home: CodexHome::new(&codex_config(&server.base_url(), "gpt-5.5")),
        };
        fs::create_dir(machine.path("repo")).unwrap();
        // Stand-ins for what would reach the network. Cargo gives the program that was built for this test.
        machine.program(
            "cargo",
            &format!(
                "echo \"$*\" >>'{0}/cargo-was-asked'\nroot='{0}/bin'\nfor word; do [ \"$last\" = --root ] && root=\"$PWD/$word/bin\"; last=$word; done\n\
                 mkdir -p \"$root\"; ln -sf '{1}' \"$root/untaken\"\n",
                machine.place.path().display(),
                env!("CARGO_BIN_EXE_untaken"),
            ),
        );
        for name in ["pip", "npm", "sudo", "apt-get"] {
            machine.program(name, "exit 0\n");
        }
        machine.program(
            "gh",
            &format!(
                "echo \"$*\" >'{0}/gh-was-asked'; while [ $# -gt 1 ]; do shift; done; cat \"$1\" >'{0}/comment'\n",
                machine.place.path().display()
            ),
        );
        std::os::unix::fs::symlink(machine.home.command(), machine.path("bin/codex")).unwrap();
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn repo(&self) -> PathBuf {
        self.path("repo")
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.repo().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.place.path().join(path)).unwrap_or_default()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap();
        command
            .current_dir(self.repo())
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("OPENAI_API_KEY");
        command
    }

    fn git(&self, args: &[&str]) -> String {
        let done = self
            .command("git")
            .args([
                "-c",
                "user.name=shop",
                "-c",
                "user.email=shop@example.org",
                "-c",
                "init.defaultBranch=main",
            ])
            .args(args)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "git {args:?}: {}",
            text(&done.stderr)
        );
        text(&done.stdout)
    }

    fn untaken(&self, args: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_untaken"))
            .args(args)
            .output()
            .unwrap()
    }

    /// Writes the pipelines, with the place that untaken comes from filled in as a person would.
    fn init(&self, part: &str, path: &str) -> Value {
        let done = self.untaken(&["init", "--yes", part]);
        assert!(done.status.success(), "{}", text(&done.stderr));
        let filled = fs::read_to_string(self.repo().join(path)).unwrap().replace(
            "UNTAKEN_GIT: \"\"",
            "UNTAKEN_GIT: \"https://example.org/untaken.git\"",
        );
        self.write(path, &filled);
        let again = self.untaken(&["init", "--dry-run", part]);
        assert!(
            text(&again.stdout).contains("unchanged"),
            "{}",
            text(&again.stdout)
        );
        parsed(&self.repo().join(path))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// YAML as JSON. (YAML 1.1 reads the key `on` as true; nothing here needs it.)
fn parsed(path: &Path) -> Value {
    let script = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let done = Command::new("python3")
        .args(["-c", script])
        .arg(path)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "this test needs python3 with PyYAML: {}",
        text(&done.stderr)
    );
    serde_json::from_slice(&done.stdout).unwrap()
}

/// What GitHub knows where a workflow asks for it: expression to value.
type Facts = BTreeMap<&'static str, String>;

/// One job as GitHub would run it.
struct Job {
    /// Of each step with an id, as `steps.ID.outputs.NAME`.
    outputs: BTreeMap<String, String>,
    summary: String,
    /// What the steps printed.
    said: String,
    succeeded: bool,
    /// The names of the steps that ran.
    ran: Vec<String>,
}

fn filled(text: &str, facts: &Facts) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").unwrap();
        out.push_str(before);
        let expression = expression.trim();
        match facts.get(expression) {
            Some(value) => out.push_str(value),
            // A job that did not run has no outputs.
            None if expression.starts_with("needs.") => {}
            None => panic!("nobody told {expression}"),
        }
        rest = after;
    }
    out + rest
}

/// Whether a condition holds: terms joined by `&&`, each an equality or a call that `facts` know.
fn holds(condition: &str, facts: &Facts, outputs: &BTreeMap<String, String>) -> bool {
    let inner = condition
        .trim()
        .trim_start_matches("${{")
        .trim_end_matches("}}");
    inner.split("&&").map(str::trim).all(|term| {
        let value = |word: &str| -> String {
            let word = word.trim();
            if let Some(quoted) = word.strip_prefix('\'') {
                return quoted.trim_end_matches('\'').to_owned();
            }
            facts
                .get(word)
                .or_else(|| outputs.get(word))
                .cloned()
                .unwrap_or_default()
        };
        match term {
            "always()" | "!cancelled()" => true,
            _ => match (term.split_once("=="), term.split_once("!=")) {
                (Some((a, b)), _) => value(a) == value(b),
                (None, Some((a, b))) => value(a) != value(b),
                (None, None) => value(term) == "true",
            },
        }
    })
}

impl Machine {
    fn job(&self, workflow: &Value, name: &str, facts: &Facts) -> Job {
        let job = &workflow["jobs"][name];
        let mut done = Job {
            outputs: BTreeMap::new(),
            summary: String::new(),
            said: String::new(),
            succeeded: true,
            ran: Vec::new(),
        };
        let environment = |into: &mut BTreeMap<String, String>, env: &Value| {
            for (key, value) in env.as_object().into_iter().flatten() {
                into.insert(key.clone(), filled(value.as_str().unwrap(), facts));
            }
        };
        let summary = self.path(&format!("{name}-summary"));
        fs::write(&summary, "").unwrap();
        for step in job["steps"].as_array().unwrap() {
            // Actions are the runner's: the repository is there, Codex and Python are installed, artifacts stay.
            let Some(script) = step["run"].as_str() else {
                assert!(step["uses"].is_string());
                continue;
            };
            let title = step["name"].as_str().unwrap().to_owned();
            let condition = step["if"].as_str().unwrap_or("always()");
            if !holds(condition, facts, &done.outputs)
                || (!done.succeeded && !condition.contains("always()"))
            {
                continue;
            }
            let mut env = BTreeMap::new();
            environment(&mut env, &workflow["env"]);
            environment(&mut env, &job["env"]);
            environment(&mut env, &step["env"]);
            let output = self.path("github-output");
            fs::write(&output, "").unwrap();
            fs::write(self.path("step.sh"), script).unwrap();
            let ended = self
                .command("bash")
                .arg("-e")
                .arg(self.path("step.sh"))
                .envs(&env)
                .env("GITHUB_OUTPUT", &output)
                .env("GITHUB_STEP_SUMMARY", &summary)
                .output()
                .unwrap();
            for part in [
                "── ",
                &title,
                "\n",
                &text(&ended.stdout),
                &text(&ended.stderr),
            ] {
                done.said.push_str(part);
            }
            if !ended.status.success() {
                done.succeeded = false;
            }
            if let Some(id) = step["id"].as_str() {
                for line in fs::read_to_string(&output).unwrap().lines() {
                    let (key, value) = line.split_once('=').unwrap();
                    done.outputs
                        .insert(format!("steps.{id}.outputs.{key}"), value.to_owned());
                }
            }
            done.ran.push(title);
        }
        done.summary = fs::read_to_string(&summary).unwrap();
        done
    }
}

/// A pull request of the repository itself, with the label and the key.
fn facts() -> Facts {
    BTreeMap::from([
        ("github.base_ref", "main".to_owned()),
        (
            "github.event.pull_request.head.repo.full_name",
            "shop/shop".to_owned(),
        ),
        ("github.repository", "shop/shop".to_owned()),
        (
            "contains(github.event.pull_request.labels.*.name, 'untaken')",
            "true".to_owned(),
        ),
        ("secrets.OPENAI_API_KEY != ''", "true".to_owned()),
        ("secrets.OPENAI_API_KEY", "sk-test".to_owned()),
        ("github.token", "token".to_owned()),
        ("github.event.pull_request.number", "7".to_owned()),
        ("github.server_url", "https://github.com".to_owned()),
        ("github.run_id", "1".to_owned()),
    ])
}

/// The shop on `main`, and a branch that adds a decision of which one side is tested.
fn shop(machine: &Machine) {
    machine.write("src/shop/__init__.py", "");
    machine.write("src/shop/cart.py", CART);
    machine.write("tests/test_cart.py", TEST_CART);
    machine.write("pyproject.toml", PYPROJECT);
    machine.write("untaken.toml", SETTINGS);
    machine.write(
        ".gitignore",
        "__pycache__/\n.coverage\ncoverage.json\n.pytest_cache/\nresult.json\nuntaken.patch\ncheck.md\ncomment.md\nshards/\n",
    );
    machine.git(&["init", "-q"]);
    machine.git(&["add", "-A"]);
    machine.git(&["commit", "-qm", "the shop"]);
    let origin = machine.path("origin.git");
    machine.git(&["clone", "-q", "--bare", ".", origin.to_str().unwrap()]);
    machine.git(&["remote", "add", "origin", origin.to_str().unwrap()]);
    machine.git(&["fetch", "-q", "origin"]);
    machine.git(&["checkout", "-q", "-b", "labels"]);
    machine.write("src/shop/cart.py", &format!("{CART}{LABEL}"));
    machine.write("tests/test_label.py", TEST_LABEL);
    machine.git(&["add", "-A"]);
    machine.git(&["commit", "-qm", "label carts"]);
}

fn repairing_model() -> ModelServer {
    ModelServer::start(json!({
        "tokens": {"input": 1200, "cached": 1024, "output": 80, "reasoning": 16},
        "replies": [
            {"output": [{"write": "tests/test_refunds.py", "text": REPAIR}]},
            {"output": [{"say": "Done.", "phase": "final_answer"}]},
        ],
    }))
}

#[test]
#[ignore = "needs codex, and python3 with pytest-cov and PyYAML"]
fn a_pull_request_fails_is_repaired_and_holds() {
    let server = repairing_model();
    let machine = Machine::new(&server);
    shop(&machine);
    let workflow = machine.init("github-plain", ".github/workflows/untaken-plain.yml");
    machine.git(&["add", "-A"]);
    machine.git(&["commit", "-qm", "the workflow"]);
    let mut facts = facts();

    let gate = machine.job(&workflow, "gate", &facts);
    assert!(gate.succeeded, "{}", gate.said);
    assert_eq!(
        gate.outputs["steps.check.outputs.holds"], "false",
        "{}",
        gate.said
    );
    let named =
        |line: &str| line.starts_with("::") && line.contains("file=src/shop/cart.py,line=8");
    assert!(gate.said.lines().any(named), "{}", gate.said);
    assert!(
        gate.summary.contains("src/shop/cart.py"),
        "{}",
        gate.summary
    );
    assert!(
        machine
            .read("cargo-was-asked")
            .contains("install --locked --git https://example.org/untaken.git untaken"),
        "{}",
        machine.read("cargo-was-asked")
    );

    facts.insert("needs.gate.outputs.holds", "false".to_owned());
    let condition = workflow["jobs"]["close"]["if"].as_str().unwrap();
    assert!(holds(condition, &facts, &BTreeMap::new()), "{condition}");
    let close = machine.job(&workflow, "close", &facts);
    assert!(close.succeeded, "{}", close.said);
    assert_eq!(
        close.outputs["steps.again.outputs.holds"], "true",
        "{}",
        close.said
    );
    for words in [
        "**1 arm taken, 0 lost, 0 vanished.**",
        "src/shop/cart.py:8",
        "tests/test\\_refunds.py",
        "1024 of them cached",
    ] {
        // Two calls of the model, each with its cached input.
        let words = words.replace("1024", "2048");
        assert!(
            close.summary.contains(&words),
            "{words}\n{}\n{}",
            close.summary,
            close.said
        );
    }
    let patch = machine.read("repo/untaken.patch");
    assert!(patch.contains("tests/test_refunds.py"), "{patch}");
    assert_eq!(
        patch.matches("diff --git").count(),
        1,
        "the kept test and nothing else: {patch}"
    );
    assert!(!close.said.contains("sk-test"), "the key is never printed");
    machine.home.assert_nothing_left();

    facts.insert("needs.close.result", "success".to_owned());
    facts.insert("needs.close.outputs.holds", "true".to_owned());
    let verdict = machine.job(&workflow, "verdict", &facts);
    assert!(!verdict.succeeded, "the request itself is not covered yet");
    assert!(
        verdict.said.contains("the patch of this run covers them"),
        "{}",
        verdict.said
    );
    assert!(
        machine.read("comment").contains("1 arm taken"),
        "{}",
        machine.read("comment")
    );

    // The patch is applied, and the gate holds by itself.
    machine.git(&["reset", "-q", "--hard", "HEAD~1"]);
    fs::write(machine.path("untaken.patch"), patch).unwrap();
    machine.git(&["am", "-q", machine.path("untaken.patch").to_str().unwrap()]);
    let gate = machine.job(&workflow, "gate", &facts);
    assert_eq!(
        gate.outputs["steps.check.outputs.holds"], "true",
        "{}",
        gate.said
    );
}

#[test]
#[ignore = "needs python3 with pytest-cov and PyYAML"]
fn a_fork_and_a_repository_without_the_secret_stop_politely() {
    let server = ModelServer::start(json!({"replies": []}));
    let machine = Machine::new(&server);
    shop(&machine);
    for (part, path) in [
        ("github", ".github/workflows/untaken.yml"),
        ("github-plain", ".github/workflows/untaken-plain.yml"),
    ] {
        let workflow = machine.init(part, path);
        let mut facts = facts();
        facts.insert("needs.gate.outputs.holds", "false".to_owned());
        let condition = workflow["jobs"]["close"]["if"].as_str().unwrap();
        assert!(holds(condition, &facts, &BTreeMap::new()));
        // A fork: the job with the key never starts.
        facts.insert(
            "github.event.pull_request.head.repo.full_name",
            "stranger/shop".to_owned(),
        );
        assert!(!holds(condition, &facts, &BTreeMap::new()));
        // Nobody allowed it.
        facts.insert(
            "github.event.pull_request.head.repo.full_name",
            "shop/shop".to_owned(),
        );
        facts.insert(
            "contains(github.event.pull_request.labels.*.name, 'untaken')",
            "false".to_owned(),
        );
        assert!(!holds(condition, &facts, &BTreeMap::new()));
        // No secret: the job says so, does nothing, and fails nobody.
        facts.insert("secrets.OPENAI_API_KEY != ''", "false".to_owned());
        facts.insert("secrets.OPENAI_API_KEY", String::new());
        let close = machine.job(&workflow, "close", &facts);
        assert!(close.succeeded, "{}", close.said);
        assert_eq!(close.ran, ["Is there a key?"]);
        assert!(
            close.summary.contains("No secret OPENAI_API_KEY"),
            "{}",
            close.summary
        );
        facts.insert("needs.close.result", "success".to_owned());
        let verdict = machine.job(&workflow, "verdict", &facts);
        assert_eq!(verdict.ran, ["Verdict"]);
        assert!(
            verdict.said.contains("Changed branches are not taken"),
            "{}",
            verdict.said
        );
        // No job but the one with the key sees it, and only where it is needed.
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            let seen = job["steps"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|step| step.to_string().contains("secrets.OPENAI_API_KEY }}"));
            assert_eq!(seen.count(), usize::from(name == "close"), "{part} {name}");
            let rights = &job["permissions"];
            assert!(
                *rights == json!({"contents": "read"})
                    || *rights == json!({"pull-requests": "write"}),
                "{part} {name}: {rights}"
            );
        }
        assert_eq!(workflow["permissions"], json!({}));
    }
    assert!(server.received().is_empty());
}

/// Four files with a decision each, of which one side is tested.
fn four_shelves(machine: &Machine) {
    let mut test = String::new();
    for name in ["apples", "bread", "cheese", "dates"] {
        machine.write(
            &format!("src/shop/{name}.py"),
            &format!("def {name}(n):\n    if n < 0:\n        raise ValueError(n)\n    return n\n"),
        );
        for part in ["from shop.", name, " import ", name, "\n"] {
            test.push_str(part);
        }
    }
    test +=
        "\n\ndef test_shelves():\n    assert apples(1) == bread(1) == cheese(1) == dates(1) == 1\n";
    machine.write("src/shop/__init__.py", "");
    machine.write("tests/test_shelves.py", &test);
    machine.write("pyproject.toml", PYPROJECT);
    machine.write("untaken.toml", SETTINGS);
    machine.write(
        ".gitignore",
        "__pycache__/\n.coverage\ncoverage.json\n.pytest_cache/\nshards/\n",
    );
    machine.git(&["init", "-q"]);
    machine.git(&["add", "-A"]);
    machine.git(&["commit", "-qm", "the shelves"]);
}

fn test_of(shelf: &str) -> Value {
    let text = format!(
        "import pytest\n\nfrom shop.{shelf} import {shelf}\n\n\ndef test_fewer_than_none():\n    with pytest.raises(ValueError):\n        {shelf}(-1)\n"
    );
    json!([
        {"output": [{"write": format!("tests/test_{shelf}.py"), "text": text}]},
        {"output": [{"say": "Done.", "phase": "final_answer"}]},
    ])
}

#[test]
#[ignore = "needs codex, and python3 with pytest-cov and PyYAML"]
fn four_shards_work_side_by_side_and_become_one() {
    let when: Vec<Value> = ["apples", "bread", "cheese", "dates"]
        .iter()
        .map(|shelf| json!({"says": format!("src/shop/{shelf}.py"), "replies": test_of(shelf)}))
        .collect();
    let server = ModelServer::start(json!({
        "tokens": {"input": 1000, "cached": 700, "output": 50, "reasoning": 10},
        "when": when, "replies": [],
    }));
    let machines: Vec<Machine> = (0..5).map(|_| Machine::new(&server)).collect();
    let mut workflow = Value::Null;
    for machine in &machines {
        four_shelves(machine);
        workflow = machine.init("github-shards", ".github/workflows/untaken-shards.yml");
    }
    let (merging, shards) = machines.split_first().unwrap();
    assert_eq!(
        workflow["jobs"]["close"]["strategy"]["matrix"]["shard"],
        json!([1, 2, 3, 4])
    );
    std::thread::scope(|scope| {
        for (number, machine) in shards.iter().enumerate() {
            let workflow = &workflow;
            scope.spawn(move || {
                let facts = Facts::from([
                    ("inputs.target", "100".to_owned()),
                    ("matrix.shard", (number + 1).to_string()),
                    ("strategy.job-total", "4".to_owned()),
                ]);
                let close = machine.job(workflow, "close", &facts);
                assert!(close.succeeded, "shard {number}: {}", close.said);
                machine.home.assert_nothing_left();
            });
        }
    });
    // The artifacts of all shards, in one folder.
    for machine in shards {
        fs::create_dir_all(merging.repo().join("shards")).unwrap();
        for entry in fs::read_dir(machine.repo().join("shards")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(
                entry.path(),
                merging.repo().join("shards").join(entry.file_name()),
            )
            .unwrap();
        }
    }
    let facts = Facts::from([("inputs.target", "100".to_owned())]);
    let merge = merging.job(&workflow, "merge", &facts);
    assert!(merge.succeeded, "{}", merge.said);
    let result: Value = serde_json::from_str(&merging.read("repo/result.json")).unwrap();
    assert_eq!(result["files_processed"], 4, "{result:#}");
    assert_eq!(result["tests_generated"], 4);
    assert_eq!(result["closed"].as_array().unwrap().len(), 4);
    assert_eq!(result["coverage_before"], 50.0);
    assert_eq!(
        result["coverage_after"], 100.0,
        "measured with all tests together"
    );
    assert_eq!(result["tokens"]["cached"], 4 * 2 * 700);
    assert_eq!(result["threads"].as_array().unwrap().len(), 4);
    assert!(
        merge.summary.contains("4 arms taken, 0 lost, 0 vanished"),
        "{}",
        merge.summary
    );
    assert_eq!(
        merging
            .read("repo/untaken.patch")
            .matches("diff --git")
            .count(),
        4
    );
    // No shard wrote in another's files.
    let mut tests: Vec<&str> = result["tests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|test| test["path"].as_str().unwrap())
        .collect();
    tests.sort_unstable();
    tests.dedup();
    assert_eq!(tests.len(), 4);
}

#[test]
#[ignore = "needs codex, and python3 with pytest-cov and PyYAML"]
fn the_pipeline_for_gitlab_does_the_same() {
    let server = repairing_model();
    let machine = Machine::new(&server);
    shop(&machine);
    let pipeline = machine.init("gitlab", ".gitlab/untaken.yml");
    machine.write(
        ".gitignore",
        &format!(
            "{}.untaken-bin/\n.gitlab/\n",
            machine.read("repo/.gitignore")
        ),
    );
    machine.git(&["add", "-A"]);
    machine.git(&["commit", "-qm", "the pipeline"]);
    let run = |name: &str| -> (bool, String) {
        let job = &pipeline[name];
        let mut lines = vec!["set -eo pipefail".to_owned()];
        let mut env: BTreeMap<String, String> = BTreeMap::new();
        let common = pipeline[job["extends"].as_str().unwrap_or("none")].clone();
        for source in [
            &pipeline["variables"],
            &common["variables"],
            &job["variables"],
        ] {
            for (key, value) in source.as_object().into_iter().flatten() {
                env.insert(key.clone(), value.as_str().unwrap().to_owned());
            }
        }
        for script in [&common["before_script"], &job["script"]] {
            for line in script.as_array().into_iter().flatten() {
                lines.push(line.as_str().expect("a line is a text").to_owned());
            }
        }
        let done = machine
            .command("bash")
            .arg("-c")
            .arg(lines.join("\n"))
            .envs(&env)
            .env("CI_PROJECT_DIR", machine.repo())
            .env("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main")
            .env("OPENAI_API_KEY", "sk-test")
            .output()
            .unwrap();
        (
            done.status.success(),
            text(&done.stdout) + &text(&done.stderr),
        )
    };
    let (installed, said) = run("untaken:install");
    assert!(installed, "{said}");
    let (held, said) = run("untaken:gate");
    assert!(!held && said.contains("src/shop/cart.py"), "{said}");
    let (held, said) = run("untaken:close");
    assert!(held, "{said}");
    assert!(
        said.contains("**1 arm taken, 0 lost, 0 vanished.**"),
        "{said}"
    );
    assert!(
        machine
            .read("repo/untaken.patch")
            .contains("tests/test_refunds.py")
    );
    let (held, said) = run("untaken:gate");
    assert!(held, "the commit of the kept tests is there: {said}");
    // Each job that a merge request starts says so, and the one with the key only by hand.
    for name in ["untaken:install", "untaken:gate", "untaken:close"] {
        let rules = match &pipeline[name]["rules"] {
            Value::Null => &pipeline[".untaken"]["rules"],
            rules => rules,
        };
        let condition = rules[0]["if"].as_str().unwrap();
        assert!(condition.contains("merge_request_event"), "{name}");
        assert_eq!(rules[0]["when"] == "manual", name == "untaken:close");
        assert_eq!(
            condition.contains("$OPENAI_API_KEY"),
            name == "untaken:close"
        );
    }
    machine.home.assert_nothing_left();
}
