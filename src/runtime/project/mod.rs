//! What the project is: its language, how its tests run with coverage, where they lie.
//!
//! Found out from the files that people write for their tools, and only where the settings are silent.
//! Nothing is run here.

mod command_line;
mod detect;
mod tests_of;

pub use command_line::shell_quoted;
pub use detect::detect;
pub use tests_of::{TestPaths, nearest_test};

use crate::coverage::{FilePath, Format, ReportInfo};
use crate::settings::Settings;

/// The language most of the project is written in, as far as its tools are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    Python,
    JavaScript,
    TypeScript,
    /// Java, Kotlin and their neighbours.
    Jvm,
    Rust,
    Go,
    C,
    Ruby,
    Php,
}

/// What runs the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framework {
    Pytest,
    Jest,
    Vitest,
    Mocha,
    Maven,
    Gradle,
    Cargo,
    Go,
    CTest,
    RSpec,
    PhpUnit,
}

impl Framework {
    /// As people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pytest => "pytest",
            Self::Jest => "Jest",
            Self::Vitest => "Vitest",
            Self::Mocha => "Mocha",
            Self::Maven => "Maven",
            Self::Gradle => "Gradle",
            Self::Cargo => "cargo test",
            Self::Go => "go test",
            Self::CTest => "CTest",
            Self::RSpec => "RSpec",
            Self::PhpUnit => "PHPUnit",
        }
    }
}

/// What was found out. Everything is `None` or empty in a folder that no tool knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    pub language: Option<Language>,
    pub framework: Option<Framework>,
    /// Runs all tests and writes a report, for a shell at the root.
    pub test_command: Option<String>,
    /// Runs the test files put for `{files}`; frameworks that name classes or packages have none.
    pub file_command: Option<String>,
    /// What counts as a test, as in a `.gitignore`.
    pub test_paths: Vec<String>,
    /// What starts the framework here: `npx jest`, `./mvnw`, `uv run pytest`.
    launcher: String,
    /// A script of the project's own that measures coverage.
    own_script: Option<String>,
    /// pytest-cov is among the dependencies.
    has_pytest_cov: bool,
}

/// How the tests of a project run: the settings, and what was found out where they are silent.
#[derive(Clone, Debug)]
pub struct Tests {
    pub framework: Option<Framework>,
    /// `None`: `[tests] command` must be set.
    pub command: Option<String>,
    pub paths: TestPaths,
    file_command: Option<String>,
    project: Project,
}

impl Tests {
    /// The tests of a project. A command that is found out writes those reports that are being read.
    #[must_use]
    pub fn of(settings: &Settings, reports: &[ReportInfo]) -> Self {
        let project = detect(&settings.root);
        let paths = settings.tests.paths.clone();
        Self {
            framework: project.framework,
            command: settings
                .tests
                .command
                .clone()
                .or_else(|| project.command_writing(reports)),
            paths: TestPaths::new(&paths.unwrap_or_else(|| project.test_paths.clone())),
            file_command: settings.tests.file_command.clone(),
            project,
        }
    }

    /// What counts as a test where the settings do not say.
    #[must_use]
    pub fn found_paths(&self) -> &[String] {
        &self.project.test_paths
    }

    /// The command line that runs the test files put for `{files}`; `None` where there is no such line.
    #[must_use]
    pub fn file_template(&self) -> Option<&str> {
        self.file_command
            .as_deref()
            .or(self.project.file_command.as_deref())
    }

    /// The command that runs some test files only, for a shell at the root; `None` where it is not known.
    #[must_use]
    pub fn command_for(&self, files: &[FilePath]) -> Option<String> {
        match &self.file_command {
            Some(template) => Some(command_line::filled(template, files)),
            None => self.project.command_for(files),
        }
    }
}

impl Project {
    /// What to do to get a report, in words that go on after "no coverage report found; ".
    #[must_use]
    pub fn how_to_measure(&self) -> String {
        match &self.test_command {
            Some(command) => format!("run the tests with coverage first: {command}"),
            None => "run the tests with coverage first (pytest --cov --cov-branch --cov-report=json, jest \
                     --coverage, mvn verify with JaCoCo, lcov --capture)"
                .to_owned(),
        }
    }

    /// The test command, writing the report that is being read where that can be chosen.
    #[must_use]
    pub fn command_writing(&self, reports: &[ReportInfo]) -> Option<String> {
        let one = match reports {
            [one] => Some((one.format, one.path.as_str())),
            _ => None,
        };
        command_line::measuring(self, one)
    }

    fn command_for(&self, files: &[FilePath]) -> Option<String> {
        if let Some(template) = &self.file_command {
            return Some(command_line::filled(template, files));
        }
        command_line::by_names(self.framework?, &self.launcher, files)
    }

    /// How reports of a format are called where the framework does not say.
    fn usual_report(&self) -> Option<(Format, &'static str)> {
        Some(match self.framework? {
            Framework::Pytest => (Format::CoveragePy, "coverage.json"),
            Framework::Cargo => (Format::LlvmCov, "target/llvm-cov/coverage.json"),
            Framework::Go => (Format::GoCover, "cover.out"),
            Framework::CTest => (Format::Gcovr, "coverage.json"),
            Framework::PhpUnit => (Format::Clover, "build/logs/clover.xml"),
            Framework::Jest
            | Framework::Vitest
            | Framework::Mocha
            | Framework::Maven
            | Framework::Gradle
            | Framework::RSpec => return None,
        })
    }
}

#[cfg(test)]
mod tests;
