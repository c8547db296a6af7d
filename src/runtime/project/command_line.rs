//! Command lines for a framework.

use super::{Framework, Project};
use crate::coverage::{FilePath, Format};

/// A word as a POSIX shell reads it unchanged.
#[must_use]
pub fn shell_quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A template with the files put for `{files}`, or behind it where it has no such place.
pub(super) fn filled(template: &str, files: &[FilePath]) -> String {
    // A file called `-x` is a file, not an option.
    let words: Vec<String> = files
        .iter()
        .map(|file| match file.as_str() {
            path if path.starts_with('-') => shell_quoted(&format!("./{path}")),
            path => shell_quoted(path),
        })
        .collect();
    let words = words.join(" ");
    if template.contains("{files}") {
        template.replace("{files}", &words)
    } else {
        format!("{template} {words}")
    }
}

/// Runs all tests and writes a report: the one given where the framework lets us choose.
pub(super) fn measuring(project: &Project, report: Option<(Format, &str)>) -> Option<String> {
    if let Some(script) = &project.own_script {
        return Some(script.clone());
    }
    let launcher = &project.launcher;
    let (format, path) = report.or_else(|| project.usual_report()).unzip();
    let path = shell_quoted(path.unwrap_or_default());
    let command = match project.framework? {
        Framework::Pytest => {
            let kind = match format {
                Some(Format::Cobertura) => "xml",
                Some(Format::Lcov) => "lcov",
                _ => "json",
            };
            if project.has_pytest_cov {
                format!("{launcher} --cov --cov-branch --cov-report={kind}:{path}")
            } else {
                let coverage = launcher.strip_suffix("pytest").unwrap_or_default();
                format!(
                    "{coverage}coverage run --branch -m pytest && {coverage}coverage {kind} -o {path}"
                )
            }
        }
        Framework::Jest => format!("{launcher} --coverage"),
        Framework::Vitest => format!("{launcher} run --coverage"),
        Framework::Mocha => format!("npx c8 --reporter=json --reporter=lcov {launcher}"),
        Framework::Maven => format!("{launcher} -B verify"),
        Framework::Gradle => format!("{launcher} test jacocoTestReport"),
        Framework::Cargo => match format {
            Some(Format::Lcov) => format!("{launcher} llvm-cov --lcov --output-path {path}"),
            _ => format!("{launcher} llvm-cov --json --output-path {path}"),
        },
        Framework::Go => format!("{launcher} test -coverpkg=./... -coverprofile={path} ./..."),
        Framework::CTest => {
            let tests = "cmake --build build && ctest --test-dir build --output-on-failure";
            match format {
                Some(Format::Lcov) => format!(
                    "{tests} && lcov --capture --directory build --rc branch_coverage=1 -o {path}"
                ),
                Some(Format::Cobertura) => format!("{tests} && gcovr -r . --cobertura {path}"),
                _ => format!("{tests} && gcovr -r . --json {path}"),
            }
        }
        Framework::RSpec => launcher.clone(),
        Framework::PhpUnit => format!("{launcher} --coverage-clover {path}"),
    };
    Some(command)
}

/// Some tests only, for frameworks that want classes, packages or targets instead of files.
pub(super) fn by_names(framework: Framework, launcher: &str, files: &[FilePath]) -> Option<String> {
    let stems = || {
        files
            .iter()
            .map(|file| file.name().split('.').next().unwrap_or_default())
            .filter(|stem| !stem.is_empty())
    };
    let mut words: Vec<String> = match framework {
        Framework::Maven => {
            let classes: Vec<&str> = stems().collect();
            vec![format!("-Dtest={}", shell_quoted(&classes.join(",")))]
        }
        Framework::Gradle => stems()
            .map(|class| format!("--tests {}", shell_quoted(&format!("*{class}"))))
            .collect(),
        Framework::Go => files
            .iter()
            .map(|file| match file.as_str().rsplit_once('/') {
                Some((folder, _)) => shell_quoted(&format!("./{folder}")),
                None => ".".to_owned(),
            })
            .collect(),
        Framework::Cargo => {
            // Only files directly under `tests/` are targets of their own.
            let mut targets = Vec::new();
            for file in files {
                let name = file.as_str().strip_prefix("tests/")?.strip_suffix(".rs")?;
                if name.contains('/') {
                    return None;
                }
                targets.push(format!("--test {}", shell_quoted(name)));
            }
            targets
        }
        Framework::CTest => {
            let names: Vec<&str> = stems().collect();
            vec![format!("-R {}", shell_quoted(&names.join("|")))]
        }
        Framework::Pytest
        | Framework::Jest
        | Framework::Vitest
        | Framework::Mocha
        | Framework::RSpec
        | Framework::PhpUnit => return None,
    };
    words.dedup();
    let words = words.join(" ");
    Some(match framework {
        Framework::Maven => {
            format!("{launcher} -B test {words} -Dsurefire.failIfNoSpecifiedTests=false")
        }
        Framework::CTest => format!("ctest --test-dir build --output-on-failure {words}"),
        _ => format!("{launcher} test {words}"),
    })
}
