//! What a CI machine needs before the project's tests can run, found out from the project's own files.

use std::path::Path;

use crate::runtime::project::{Framework, Language, Project};

/// A step of a GitHub workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// An action by its version tag, with its inputs.
    Uses(&'static str, &'static [(&'static str, &'static str)]),
    /// A name, and a line for a shell.
    Run(&'static str, String),
}

/// What to install, for GitHub and, as shell lines and an image, for GitLab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    pub(super) steps: Vec<Step>,
    pub(super) image: &'static str,
}

impl Setup {
    /// The lines for a shell among the steps; the image stands for the rest.
    pub(super) fn shell_lines(&self) -> Vec<&str> {
        self.steps
            .iter()
            .filter_map(|step| match step {
                Step::Run(_, line) => Some(line.as_str()),
                Step::Uses(..) => None,
            })
            .collect()
    }
}

pub(super) fn setup(root: &Path, project: &Project) -> Setup {
    let has = |name: &str| root.join(name).exists();
    let mut steps = Vec::new();
    let image = match project.language {
        Some(Language::Python) => {
            steps.push(Step::Uses(
                "actions/setup-python@v6",
                &[("python-version", "3.x")],
            ));
            let line = if has("uv.lock") {
                "pip install uv && uv sync"
            } else if has("poetry.lock") {
                "pip install poetry && poetry install"
            } else if has("requirements-dev.txt") {
                "pip install -r requirements-dev.txt pytest pytest-cov"
            } else if has("requirements.txt") {
                "pip install -r requirements.txt pytest pytest-cov"
            } else if has("pyproject.toml") || has("setup.py") {
                "pip install -e . pytest pytest-cov"
            } else {
                "pip install pytest pytest-cov"
            };
            steps.push(Step::Run("Dependencies", line.to_owned()));
            "python:3"
        }
        Some(Language::JavaScript | Language::TypeScript) => {
            steps.push(Step::Uses(
                "actions/setup-node@v6",
                &[("node-version", "lts/*")],
            ));
            let line = if has("pnpm-lock.yaml") {
                "npm install --global pnpm && pnpm install --frozen-lockfile"
            } else if has("yarn.lock") {
                "npm install --global yarn && yarn install --frozen-lockfile"
            } else if has("package-lock.json") || has("npm-shrinkwrap.json") {
                "npm ci"
            } else {
                "npm install"
            };
            steps.push(Step::Run("Dependencies", line.to_owned()));
            "node:lts"
        }
        Some(Language::Jvm) => {
            steps.push(Step::Uses(
                "actions/setup-java@v5",
                &[("distribution", "temurin"), ("java-version", "21")],
            ));
            if project.framework == Some(Framework::Maven) {
                "maven:3-eclipse-temurin-21"
            } else {
                "gradle:jdk21"
            }
        }
        Some(Language::Rust) => {
            steps.push(Step::Run(
                "Coverage tools",
                "rustup component add llvm-tools && cargo install cargo-llvm-cov --locked"
                    .to_owned(),
            ));
            "rust:1-bookworm"
        }
        Some(Language::Go) => {
            steps.push(Step::Uses(
                "actions/setup-go@v6",
                &[("go-version-file", "go.mod")],
            ));
            "golang:1"
        }
        Some(Language::C) => {
            steps.push(Step::Run(
                "Coverage tools",
                "pip install gcovr && cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=--coverage -DCMAKE_CXX_FLAGS=--coverage".to_owned(),
            ));
            "gcc:14"
        }
        Some(Language::Ruby) => {
            steps.push(Step::Uses(
                "ruby/setup-ruby@v1",
                &[("ruby-version", "ruby"), ("bundler-cache", "true")],
            ));
            "ruby:3"
        }
        Some(Language::Php) => {
            steps.push(Step::Uses(
                "shivammathur/setup-php@v2",
                &[("php-version", "8.4"), ("coverage", "pcov")],
            ));
            steps.push(Step::Run(
                "Dependencies",
                "composer install --no-interaction".to_owned(),
            ));
            "php:8"
        }
        None => "debian:stable",
    };
    Setup { steps, image }
}
