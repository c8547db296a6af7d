//! The project's own test command, with its report written to another place.
//!
//! A measuring run must not be fooled by a report that somebody prepared at the usual place, and a
//! partial run must not change the project's own report. Runners that take a place for their report on
//! the command line get one; for the others the caller puts the report's bytes aside.

use crate::coverage::Format;

/// A command whose report lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    pub command: String,
    /// The report's name inside the folder that was asked for.
    pub report: &'static str,
}

/// Rewrites `command` so that a report of `format` is written into `folder` (absolute). `script` is what
/// a package script (`npm test`) runs, where the command is one. `None` where the command is not plainly
/// one that is known to take a place.
#[must_use]
pub fn elsewhere(
    command: &str,
    script: Option<&str>,
    format: Format,
    folder: &str,
) -> Option<Elsewhere> {
    let last = last_command(command)?;
    let words: Vec<&str> = last.split_whitespace().collect();
    let folder = quoted(folder);
    if let Some(script) = script.filter(|_| is_package_script(&words)) {
        let script = last_command(script)?;
        let option = appended(runner(script)?, format, &folder)?;
        // npm keeps what stands before `--` for itself; yarn and pnpm pass everything on.
        let dashes = if words.first() == Some(&"npm") && !words.contains(&"--") {
            " --"
        } else {
            ""
        };
        return Some(Elsewhere {
            command: format!("{command}{dashes} {}", option.0),
            report: option.1,
        });
    }
    match runner(last)? {
        Runner::Nyc => {
            let report = istanbul_report(format)?;
            inserted(command, "nyc", &format!("--report-dir={folder}"), report)
        }
        Runner::C8 => {
            let report = istanbul_report(format)?;
            inserted(command, "c8", &format!("--reports-dir={folder}"), report)
        }
        runner => {
            let (option, report) = appended(runner, format, &folder)?;
            Some(Elsewhere {
                command: format!("{command} {option}"),
                report,
            })
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runner {
    Pytest,
    Jest,
    Vitest,
    Nyc,
    C8,
    Go,
}

/// The runner that the words of one command name. nyc and c8 wrap another, so they win.
fn runner(command: &str) -> Option<Runner> {
    let names: Vec<&str> = command
        .split_whitespace()
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .collect();
    let has = |name: &str| names.contains(&name);
    if has("nyc") {
        Some(Runner::Nyc)
    } else if has("c8") {
        Some(Runner::C8)
    } else if has("pytest") || has("py.test") {
        Some(Runner::Pytest)
    } else if has("vitest") {
        Some(Runner::Vitest)
    } else if has("jest") {
        Some(Runner::Jest)
    } else if names.windows(2).any(|pair| pair == ["go", "test"]) {
        Some(Runner::Go)
    } else {
        None
    }
}

/// What is put behind the command, and the report's name.
fn appended(runner: Runner, format: Format, folder: &str) -> Option<(String, &'static str)> {
    match runner {
        Runner::Pytest => {
            // An additional report: pytest-cov writes every one that it is asked for.
            let (kind, name) = match format {
                Format::CoveragePy => ("json", "coverage.json"),
                Format::Cobertura => ("xml", "coverage.xml"),
                Format::Lcov => ("lcov", "coverage.lcov"),
                _ => return None,
            };
            Some((format!("--cov-report={kind}:{folder}/{name}"), name))
        }
        Runner::Jest => Some((
            format!("--coverageDirectory={folder}"),
            istanbul_report(format)?,
        )),
        Runner::Vitest => Some((
            format!("--coverage.reportsDirectory={folder}"),
            istanbul_report(format)?,
        )),
        // The last -coverprofile wins (Go 1.19).
        Runner::Go if format == Format::GoCover => {
            Some((format!("-coverprofile={folder}/cover.out"), "cover.out"))
        }
        Runner::Go | Runner::Nyc | Runner::C8 => None,
    }
}

/// The name that istanbul-reports gives each report inside its folder.
fn istanbul_report(format: Format) -> Option<&'static str> {
    match format {
        Format::Istanbul => Some("coverage-final.json"),
        Format::IstanbulSummary => Some("coverage-summary.json"),
        Format::Lcov => Some("lcov.info"),
        Format::Cobertura => Some("cobertura-coverage.xml"),
        Format::Clover => Some("clover.xml"),
        _ => None,
    }
}

/// Puts an option right behind the word that names a program.
fn inserted(command: &str, program: &str, option: &str, report: &'static str) -> Option<Elsewhere> {
    let mut from = 0;
    while let Some(at) = command.get(from..)?.find(program).map(|at| at + from) {
        let end = at + program.len();
        let starts = at == 0 || command.get(..at)?.ends_with([' ', '/', '\t']);
        let ends = command.get(end..)?.is_empty() || command.get(end..)?.starts_with([' ', '\t']);
        if starts && ends {
            let (before, after) = (command.get(..end)?, command.get(end..)?);
            return Some(Elsewhere {
                command: format!("{before} {option}{after}"),
                report,
            });
        }
        from = end;
    }
    None
}

fn is_package_script(words: &[&str]) -> bool {
    matches!(
        words,
        ["npm", "test" | "t" | "run" | "run-script", ..]
            | ["yarn" | "pnpm", ..]
            | ["bun", "run", ..]
    )
}

/// The command that runs last, when it is one to whose end an option can be put: no pipe, no
/// redirection, no subshell, no comment.
fn last_command(command: &str) -> Option<&str> {
    let last = command
        .rsplit(['\n', ';'])
        .next()?
        .rsplit("&&")
        .next()?
        .trim();
    let plain = !last.is_empty() && !last.contains(['|', '>', '<', '&', '(', ')', '`', '#']);
    plain.then_some(last)
}

/// A word for a POSIX shell.
#[must_use]
pub fn quoted(word: &str) -> String {
    let safe = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '/' | '.' | '_' | '-' | ':' | '=' | ',' | '+' | '@')
    };
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::{elsewhere, quoted};
    use crate::coverage::Format;

    fn check(command: &str, format: Format, expected: Option<&str>) {
        check_script(command, None, format, expected);
    }

    fn check_script(command: &str, script: Option<&str>, format: Format, expected: Option<&str>) {
        let found = elsewhere(command, script, format, "/s/r 1");
        assert_eq!(
            found
                .map(|found| format!("{} -> {}", found.command, found.report))
                .as_deref(),
            expected
        );
    }

    #[test]
    fn runners_that_take_a_place_get_one() {
        check(
            "pytest --cov --cov-branch",
            Format::CoveragePy,
            Some(
                "pytest --cov --cov-branch --cov-report=json:'/s/r 1'/coverage.json -> coverage.json",
            ),
        );
        check(
            "cd py && python -m pytest",
            Format::Cobertura,
            Some(
                "cd py && python -m pytest --cov-report=xml:'/s/r 1'/coverage.xml -> coverage.xml",
            ),
        );
        check(
            "npx jest --coverage",
            Format::Istanbul,
            Some("npx jest --coverage --coverageDirectory='/s/r 1' -> coverage-final.json"),
        );
        check(
            "npx vitest run --coverage",
            Format::Lcov,
            Some("npx vitest run --coverage --coverage.reportsDirectory='/s/r 1' -> lcov.info"),
        );
        check(
            "npx nyc --all mocha",
            Format::Istanbul,
            Some("npx nyc --report-dir='/s/r 1' --all mocha -> coverage-final.json"),
        );
        check(
            "node_modules/.bin/c8 node --test",
            Format::Istanbul,
            Some("node_modules/.bin/c8 --reports-dir='/s/r 1' node --test -> coverage-final.json"),
        );
        check(
            "go test ./... -coverprofile=c.out",
            Format::GoCover,
            Some("go test ./... -coverprofile=c.out -coverprofile='/s/r 1'/cover.out -> cover.out"),
        );
    }

    #[test]
    fn a_package_script_is_known_by_what_it_runs() {
        check_script(
            "npm test",
            Some("jest --coverage"),
            Format::Istanbul,
            Some("npm test -- --coverageDirectory='/s/r 1' -> coverage-final.json"),
        );
        check_script(
            "yarn test",
            Some("vitest run"),
            Format::Istanbul,
            Some("yarn test --coverage.reportsDirectory='/s/r 1' -> coverage-final.json"),
        );
        check_script("npm test", Some("nyc mocha"), Format::Istanbul, None);
        check_script("npm test", None, Format::Istanbul, None);
    }

    #[test]
    fn what_is_not_plain_is_left_alone() {
        check("make coverage", Format::CoveragePy, None);
        check("pytest --cov | tee log", Format::CoveragePy, None);
        check("pytest --cov; coverage json", Format::CoveragePy, None);
        check("pytest --cov", Format::Istanbul, None);
        check("(cd a; pytest)", Format::CoveragePy, None);
        check("", Format::CoveragePy, None);
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("tests/test_a.py"), "tests/test_a.py");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
