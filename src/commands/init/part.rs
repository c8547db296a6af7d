//! The parts that can be set up, and the text of each for a project.

use std::path::Path;

use super::section;
use super::setup::{Setup, Step, setup};
use super::stamp::{Style, Whose, filled_in, stamped, whose};
use crate::cli::InitPart;
use crate::coverage::Percent;
use crate::runtime::codex;
use crate::runtime::project::Project;
use crate::triage::record::RunResult;

const AGENTS: &str = include_str!("../../../assets/init/agents.md");
const SKILL: &str = include_str!("../../../assets/init/skill.md");
const GITHUB: &str = include_str!("../../../assets/init/github.yml");
const GITHUB_SHARDS: &str = include_str!("../../../assets/init/github-shards.yml");
const INSTALL: &str = include_str!("../../../assets/init/install.yml");
const SOURCE: &str = include_str!("../../../assets/init/source.yml");
const GITLAB: &str = include_str!("../../../assets/init/gitlab.yml");

/// Nothing better is known: a gate that most projects can hold for the lines they change.
const USUAL_TARGET: &str = "80";

/// In the place of a test command that could not be found out: it fails, and says what to do.
const NO_COMMAND: &str =
    "echo 'put the command here that runs the tests with coverage' >&2 && exit 1";

/// What the texts are made of.
pub(super) struct Facts<'a> {
    pub(super) root: &'a Path,
    pub(super) project: &'a Project,
    /// Runs all tests and writes a report.
    pub(super) command: Option<String>,
    pub(super) target: Option<Percent>,
}

/// What would become of a part's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    New(String),
    /// The file is there, and this is its new text.
    Changed(String),
    Unchanged,
    /// Somebody's own: it is left alone, and this says why.
    LeftAlone(&'static str),
    /// It cannot be told what to do.
    Unclear(String),
}

pub(super) fn path(part: InitPart) -> &'static str {
    match part {
        InitPart::Settings => crate::settings::FILE_NAME,
        InitPart::Agents => "AGENTS.md",
        InitPart::Skill => ".agents/skills/coverage-audit/SKILL.md",
        InitPart::Schema => ".agents/skills/coverage-audit/result.schema.json",
        InitPart::Github => ".github/workflows/untaken.yml",
        InitPart::GithubPlain => ".github/workflows/untaken-plain.yml",
        InitPart::GithubShards => ".github/workflows/untaken-shards.yml",
        InitPart::Gitlab => ".gitlab/untaken.yml",
    }
}

/// What a part is, in a few words.
pub(super) fn about(part: InitPart) -> &'static str {
    match part {
        InitPart::Settings => "settings, with what was found out",
        InitPart::Agents => "a section with the standards for generated tests",
        InitPart::Skill => "the Codex skill coverage-audit",
        InitPart::Schema => "the JSON Schema of a run's result",
        InitPart::Github => "GitHub workflow with openai/codex-action",
        InitPart::GithubPlain => "GitHub workflow with the plain Codex CLI",
        InitPart::GithubShards => "GitHub workflow for the whole project, on four machines",
        InitPart::Gitlab => "GitLab pipeline; include it from .gitlab-ci.yml",
    }
}

/// What would become of a part, given the text that its file has now.
pub(super) fn fate(part: InitPart, facts: &Facts<'_>, now: Option<&str>) -> Fate {
    let wanted = match part {
        InitPart::Settings => {
            return match now {
                None => Fate::New(settings(facts)),
                Some(now) if now == settings(facts) => Fate::Unchanged,
                Some(_) => Fate::LeftAlone("your settings"),
            };
        }
        InitPart::Agents => {
            match section::placed(now.unwrap_or_default(), &filled(AGENTS, facts)) {
                Ok(text) => text,
                Err(why) => return Fate::Unclear(why),
            }
        }
        InitPart::Skill => stamped(&filled(SKILL, facts), Style::Markup),
        InitPart::Schema => stamped(&schema(), Style::Json),
        InitPart::Github => pipeline(&github(GITHUB, facts, true), now),
        InitPart::GithubPlain => pipeline(&github(GITHUB, facts, false), now),
        InitPart::GithubShards => pipeline(&github(GITHUB_SHARDS, facts, true), now),
        InitPart::Gitlab => pipeline(&gitlab(facts), now),
    };
    match now {
        None => Fate::New(wanted),
        Some(now) if now == wanted || now.replace("\r\n", "\n") == wanted => Fate::Unchanged,
        Some(now) if part != InitPart::Agents && whose(now) == Whose::Theirs => {
            Fate::LeftAlone("changed since, or not from here; remove it to get it anew")
        }
        Some(_) => Fate::Changed(wanted),
    }
}

fn command(facts: &Facts<'_>) -> String {
    facts
        .command
        .clone()
        .unwrap_or_else(|| NO_COMMAND.to_owned())
}

fn target(facts: &Facts<'_>) -> String {
    let Some(target) = facts.target else {
        return USUAL_TARGET.to_owned();
    };
    // As people write it, so that it reads the same the next time: 80, not 80.00.
    let text = target.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Puts the test command into a text for people.
fn filled(template: &str, facts: &Facts<'_>) -> String {
    let command = facts
        .command
        .as_deref()
        .unwrap_or("the project's test command, with coverage");
    template.replace("{{command}}", command)
}

fn settings(facts: &Facts<'_>) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let mut lines = vec![
        "# Settings of untaken. All of them may be left out: what is not set is found out."
            .to_owned(),
        String::new(),
        "[tests]".to_owned(),
        "# Runs all tests and writes the report.".to_owned(),
        match &facts.command {
            Some(command) => format!("command = {}", quoted(command)),
            None => "# command = \"…\"".to_owned(),
        },
    ];
    if let Some(command) = &facts.project.file_command {
        lines.push("# Runs some test files only.".to_owned());
        lines.push(format!("file_command = {}", quoted(command)));
    }
    if !facts.project.test_paths.is_empty() {
        let paths: Vec<_> = facts
            .project
            .test_paths
            .iter()
            .map(|path| quoted(path))
            .collect();
        lines.push(
            "# What counts as a test; the rest is source, which no agent may change.".to_owned(),
        );
        lines.push(format!("paths = [{}]", paths.join(", ")));
    }
    lines.push("# Tests that an agent wrote run only inside Codex's sandbox.".to_owned());
    lines.push("sandbox = true".to_owned());
    lines.push(String::new());
    lines.push("[target]".to_owned());
    lines.push(
        "# Total branch coverage that a run works towards, and that `untaken check` asks for."
            .to_owned(),
    );
    lines.push(format!("branches = {}", target(facts)));
    lines.push(String::new());
    lines.push("[agent]".to_owned());
    lines.push("rounds = 3".to_owned());
    lines.push("max_files = 10".to_owned());
    lines.push("max_tokens = 2_000_000".to_owned());
    lines.join("\n") + "\n"
}

fn schema() -> String {
    let mut schema = schemars::schema_for!(RunResult);
    schema.insert("title".to_owned(), "The result of a run of untaken".into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// A stamped pipeline; where untaken comes from stays as a person filled it in.
fn pipeline(text: &str, now: Option<&str>) -> String {
    stamped(&filled_in(text, now.unwrap_or_default()), Style::Hash)
}

fn github(template: &str, facts: &Facts<'_>, with_action: bool) -> String {
    let setup = setup(facts.root, facts.project);
    let codex = if with_action {
        format!(
            "      # Without a prompt it installs Codex, keeps the key in a proxy where no test can read it, and\n\
             \x20     # gives up the right to become root.\n\
             \x20     - uses: openai/codex-action@v1\n\
             \x20       with:\n\
             \x20         openai-api-key: ${{{{ secrets.OPENAI_API_KEY }}}}\n\
             \x20         codex-version: {}\n",
            codex::TESTED
        )
    } else {
        format!(
            "      # The key lies in a file that the tests can read: with openai/codex-action it does not.\n\
             \x20     - name: Codex\n\
             \x20       env:\n\
             \x20         OPENAI_API_KEY: ${{{{ secrets.OPENAI_API_KEY }}}}\n\
             \x20       run: |\n\
             \x20         npm install --global --silent @openai/codex@{}\n\
             \x20         # Ubuntu 24.04 and later keep unprivileged programs from what the sandbox is made of.\n\
             \x20         sudo sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0 || true\n\
             \x20         printf '%s' \"$OPENAI_API_KEY\" | codex login --with-api-key\n",
            codex::TESTED
        )
    };
    let setup = steps(&setup.steps);
    let text = template
        .replace("{{source}}\n", SOURCE)
        .replace("{{setup}}\n", &setup)
        .replace("{{setup-if-key}}\n", &if_key(&setup))
        .replace("{{install}}\n", INSTALL)
        .replace("{{install-if-key}}\n", &if_key(INSTALL))
        .replace("{{codex}}\n", &codex)
        .replace("{{codex-if-key}}\n", &if_key(&codex))
        .replace("{{command}}", &yaml(&command(facts)));
    in_general(&text, facts)
}

/// The same steps, left out where there is no key.
fn if_key(steps: &str) -> String {
    let mut text = String::with_capacity(steps.len() + 64);
    for line in steps.split_inclusive('\n') {
        text.push_str(line);
        if line.starts_with("      - ") {
            text.push_str("        if: steps.key.outputs.there == 'true'\n");
        }
    }
    text
}

fn gitlab(facts: &Facts<'_>) -> String {
    let setup: Setup = setup(facts.root, facts.project);
    let mut lines = String::new();
    for line in setup.shell_lines() {
        lines.push_str("    - ");
        lines.push_str(&yaml(line));
        lines.push('\n');
    }
    let text = GITLAB
        .replace("{{source}}\n", SOURCE)
        .replace("{{setup}}\n", &lines)
        .replace("{{image}}", setup.image)
        .replace("{{codex}}", codex::TESTED)
        .replace("{{command}}", &yaml(&command(facts)));
    in_general(&text, facts)
}

fn in_general(text: &str, facts: &Facts<'_>) -> String {
    text.replace("{{target}}", &target(facts))
}

/// Steps as YAML, where a job's steps stand.
fn steps(steps: &[Step]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for step in steps {
        let _ = match step {
            Step::Uses(action, _) => writeln!(text, "      - uses: {action}"),
            Step::Run(name, _) => writeln!(text, "      - name: {name}"),
        };
        match step {
            Step::Uses(_, inputs) => {
                if !inputs.is_empty() {
                    text.push_str("        with:\n");
                }
                for (name, value) in *inputs {
                    let _ = writeln!(text, "          {name}: {}", yaml(value));
                }
            }
            Step::Run(_, line) => {
                let _ = writeln!(text, "        run: {}", yaml(line));
            }
        }
    }
    text
}

/// A text as a YAML scalar: always quoted, so that nothing in it means anything.
fn yaml(text: &str) -> String {
    if text.contains(['\n', '\r', '\t']) {
        // YAML's double quotes read what JSON writes.
        return serde_json::Value::from(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}
