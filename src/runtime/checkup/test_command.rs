//! The test command: known, and its programs there.
//!
//! The tests themselves are not run: a suite may take an hour, and would write the report anew. What is
//! looked at is whether each program of the command line is found, whether a launcher has what it is to
//! launch, and for pytest whether it answers and has the plug-in that `--cov` needs.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Check;
use crate::coverage::ReportInfo;
use crate::runtime::codex::{Located, locate};
use crate::runtime::project::Tests;
use crate::settings::Settings;

const NAME: &str = "tests";
/// Asking pytest for its version takes half a second; a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a shell does itself, or what only stands before a program.
const OF_THE_SHELL: &[&str] = &[
    "cd", "export", "set", "unset", "source", ".", "true", "false", ":", "test", "[", "echo",
    "eval", "if", "then", "else", "fi", "for", "do", "done", "while", "(", "{", "!", "ulimit",
    "umask", "wait", "trap",
];
const BEFORE_A_PROGRAM: &[&str] = &["env", "exec", "time", "nice", "command", "nohup"];

/// Looks whether the test command could run. `reports` are those that it would write.
#[must_use]
pub fn test_command(settings: &Settings, reports: &[ReportInfo]) -> Check {
    let Some(command) = Tests::of(settings, reports).command else {
        return Check::wrong(
            NAME,
            "no test command is known",
            "set command under [tests] in untaken.toml, or let untaken init write it",
        );
    };
    let programs = programs(&command);
    let mut found = Vec::new();
    for words in &programs {
        match missing(words, &settings.root) {
            Ok(Some(place)) if found.contains(&place) => {}
            Ok(Some(place)) => found.push(place),
            Ok(None) => {}
            Err((says, todo)) => return Check::wrong(NAME, format!("{command}: {says}"), todo),
        }
    }
    if let Some(asked) = programs.iter().find_map(|words| pytest(words)) {
        match answer(&asked, &settings.root) {
            Some((true, said)) if command.contains("--cov") && !said.contains("pytest-cov") => {
                return Check::wrong(
                    NAME,
                    format!("{command}: pytest is there without pytest-cov, which --cov needs"),
                    "pip install pytest-cov",
                );
            }
            Some((true, _)) => {
                return Check::ok(
                    NAME,
                    format!("{command}: pytest answers; the tests were not run"),
                );
            }
            Some((false, said)) => {
                let last = said.lines().rfind(|line| !line.trim().is_empty());
                return Check::wrong(
                    NAME,
                    format!(
                        "{command}: `{} --version` fails: {}",
                        asked.join(" "),
                        last.unwrap_or("without a word")
                    ),
                    "install pytest, or activate the environment that has it",
                );
            }
            None => {}
        }
    }
    match found.as_slice() {
        [] => Check::ok(NAME, format!("{command}: a line for the shell, not run")),
        [one] => Check::ok(NAME, format!("{command}: {one} is there; not run")),
        several => Check::ok(
            NAME,
            format!("{command}: {} are there; not run", several.join(", ")),
        ),
    }
}

/// The words of each program that a shell line starts, as far as they are plain.
fn programs(line: &str) -> Vec<Vec<String>> {
    let mut programs = Vec::new();
    for part in line.split(['\n', ';', '|', '&']) {
        let words = part
            .split_whitespace()
            .map(|word| word.trim_matches(['\'', '"']).to_owned())
            .skip_while(|word| is_assignment(word) || BEFORE_A_PROGRAM.contains(&word.as_str()));
        let words: Vec<String> = words.collect();
        let plain = words.first().is_some_and(|first| {
            !OF_THE_SHELL.contains(&first.as_str())
                && !first.contains(['$', '`', '(', '{', '<', '>', '*'])
        });
        if plain {
            programs.push(words);
        }
    }
    programs
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Where the program is; `None` where that cannot be told; else what is wrong and what to do.
fn missing(words: &[String], root: &Path) -> Result<Option<String>, (String, String)> {
    let Some(program) = words.first() else {
        return Ok(None);
    };
    let Located::At(place) = locate(program, root) else {
        return Err((
            format!("there is no program `{program}`"),
            format!(
                "install `{program}`, activate the environment that has it, or set command under [tests]"
            ),
        ));
    };
    let launched = match (program.as_str(), words.get(1).map(String::as_str)) {
        ("npx" | "bunx", Some(name)) => Some(name),
        ("pnpm", Some("exec")) => words.get(2).map(String::as_str),
        _ => None,
    };
    if let Some(name) = launched.filter(|name| !name.starts_with('-')) {
        let installed = root
            .ancestors()
            .any(|folder| folder.join("node_modules/.bin").join(name).exists());
        if !installed {
            return Err((
                format!("`{name}` is not installed in the project"),
                format!("install the project's packages: {}", installer(root)),
            ));
        }
    }
    Ok(Some(place.display().to_string()))
}

fn installer(root: &Path) -> &'static str {
    if root.join("pnpm-lock.yaml").exists() {
        "pnpm install"
    } else if root.join("package-lock.json").exists() {
        "npm ci"
    } else {
        "npm install"
    }
}

/// The words with which pytest itself is started; `None` where another program would start it, and might
/// install things first.
fn pytest(words: &[String]) -> Option<Vec<String>> {
    let first = words.first()?;
    let name = first.rsplit('/').next()?;
    if name == "pytest" || name == "py.test" {
        return Some(vec![first.clone()]);
    }
    let as_module = name.starts_with("python")
        && words.get(1).is_some_and(|word| word == "-m")
        && words.get(2).is_some_and(|word| word == "pytest");
    as_module.then(|| words.iter().take(3).cloned().collect())
}

/// Whether the program answers when asked for its version and plug-ins, and what it says.
fn answer(words: &[String], root: &Path) -> Option<(bool, String)> {
    let (program, arguments) = words.split_first()?;
    let program = if program.contains('/') {
        root.join(program).display().to_string()
    } else {
        program.clone()
    };
    let mut child = Command::new(program)
        .args(arguments)
        .arg("-VV")
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match child.try_wait() {
            Ok(Some(_)) => {
                // A few lines, which a pipe holds.
                let output = child.wait_with_output().ok()?;
                let said = [output.stdout, output.stderr].concat();
                return Some((
                    output.status.success(),
                    String::from_utf8_lossy(&said).into_owned(),
                ));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => break,
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firsts(line: &str) -> Vec<String> {
        programs(line)
            .into_iter()
            .filter_map(|words| words.into_iter().next())
            .collect()
    }

    #[test]
    fn the_programs_of_a_line_are_found_and_nothing_is_guessed() {
        assert_eq!(firsts("pytest --cov"), ["pytest"]);
        assert_eq!(
            firsts("cd a && CI=1 env X=2 coverage run -m pytest && coverage json"),
            ["coverage", "coverage"]
        );
        assert_eq!(firsts("make test | tee log"), ["make", "tee"]);
        assert!(firsts("$RUNNER test").is_empty());
        assert!(firsts("for f in *; do :; done").is_empty());
    }

    #[test]
    fn pytest_is_asked_only_where_it_is_started_directly() {
        let asked = |line: &str| programs(line).iter().find_map(|words| pytest(words));
        assert_eq!(asked("pytest --cov").unwrap(), ["pytest"]);
        assert_eq!(
            asked("X=1 python3 -m pytest -q").unwrap(),
            ["python3", "-m", "pytest"]
        );
        assert!(asked("uv run pytest").is_none());
        assert!(asked("make").is_none());
    }
}
