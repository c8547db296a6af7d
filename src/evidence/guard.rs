//! What kind of file a changed path is: a test may change, nothing else may.
//!
//! Configuration decides what is measured and which tests run, so a change to it is told apart from a
//! change to source. Set-up files of test runners count as configuration, although they lie among tests:
//! one line in a `conftest.py` can skip a suite.

use crate::coverage::FilePath;

/// What a changed file is, as far as trust goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A file that the runner collects tests from.
    Test,
    /// Something beside the tests that they use: helpers, data, an empty `__init__.py`.
    TestSupport,
    /// Coverage, test or build configuration, set-up files of test runners included.
    Config,
    /// Everything else.
    Source,
}

impl FileKind {
    /// As the record spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::TestSupport => "test support",
            Self::Config => "configuration",
            Self::Source => "source",
        }
    }

    /// Whether a turn may leave it changed.
    #[must_use]
    pub fn may_change(self) -> bool {
        matches!(self, Self::Test | Self::TestSupport)
    }
}

/// The kind of a path. `among_tests` says whether the project counts the path as a test (`[tests] paths`
/// or what was found out).
#[must_use]
pub fn kind(path: &FilePath, among_tests: bool) -> FileKind {
    if is_config(path) {
        FileKind::Config
    } else if is_test_name(path) && (among_tests || tells_itself(path)) {
        FileKind::Test
    } else if among_tests {
        if is_collected_by_place(path) {
            FileKind::Test
        } else {
            FileKind::TestSupport
        }
    } else {
        FileKind::Source
    }
}

/// Names that tools read their settings from, lower case.
const CONFIG_NAMES: &[&str] = &[
    // Python
    "conftest.py",
    "pytest.ini",
    ".pytest.ini",
    "pytest.toml",
    "tox.ini",
    "setup.cfg",
    "setup.py",
    "pyproject.toml",
    ".coveragerc",
    ".coveragerc.toml",
    "noxfile.py",
    "pipfile",
    "pipfile.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "sitecustomize.py",
    "usercustomize.py",
    // JavaScript and TypeScript
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".swcrc",
    "bunfig.toml",
    "setuptests.js",
    "setuptests.ts",
    "setuptests.jsx",
    "setuptests.tsx",
    // JVM
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "settings.gradle",
    "settings.gradle.kts",
    "gradle.properties",
    "junit-platform.properties",
    "testng.xml",
    "lombok.config",
    // Rust, Go, C and C++
    "cargo.toml",
    "cargo.lock",
    "build.rs",
    "go.mod",
    "go.sum",
    "go.work",
    "cmakelists.txt",
    "makefile",
    "gnumakefile",
    "meson.build",
    "build",
    "build.bazel",
    "workspace",
    ".bazelrc",
    ".lcovrc",
    "lcovrc",
    "gcovr.cfg",
    "nextest.toml",
    "rust-toolchain",
    "rust-toolchain.toml",
    "clippy.toml",
    // Ruby and PHP
    "gemfile",
    "gemfile.lock",
    "rakefile",
    ".rspec",
    ".simplecov",
    "spec_helper.rb",
    "rails_helper.rb",
    "test_helper.rb",
    "composer.json",
    "composer.lock",
    "phpunit.xml",
    "phpunit.xml.dist",
    "phpunit.dist.xml",
    // Around all of them
    "dockerfile",
    ".gitignore",
    ".gitattributes",
    ".gitlab-ci.yml",
    "codecov.yml",
    ".codecov.yml",
    "codecov.yaml",
    "sonar-project.properties",
    "untaken.toml",
    "agents.md",
    "agents.override.md",
    ".env",
];

/// `STEM.config.js` and the like: a stem and what may follow it.
const CONFIG_STEMS: &[&str] = &[
    "jest.config",
    "jest.setup",
    "jest-setup",
    "setup-jest",
    "jest.preset",
    "vitest.config",
    "vitest.setup",
    "vitest-setup",
    "setup-vitest",
    "vitest.workspace",
    "vite.config",
    "babel.config",
    ".babelrc",
    "nyc.config",
    ".nycrc",
    ".c8rc",
    ".mocharc",
    "karma.conf",
    "ava.config",
    "cypress.config",
    "playwright.config",
    "webpack.config",
    "rollup.config",
    "tsconfig",
    "jsconfig",
    "wallaby",
    ".istanbul",
    ".eslintrc",
    "eslint.config",
];

fn is_config(path: &FilePath) -> bool {
    let name = path.name().to_lowercase();
    let in_folder = |folder: &str| {
        path.as_str()
            .split('/')
            .rev()
            .skip(1)
            .any(|part| part.eq_ignore_ascii_case(folder))
    };
    CONFIG_NAMES.contains(&name.as_str())
        || CONFIG_STEMS.iter().any(|stem| {
            name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        })
        || (name.starts_with("requirements") && has_extension(path, &["txt"]))
        || has_extension(path, &["cmake", "mk", "pth", "gradle", "csproj", "props", "targets", "runsettings"])
        || in_folder(".github")
        || in_folder(".circleci")
        || in_folder(".cargo")
        || in_folder(".config")
        || in_folder(".codex")
        || in_folder(".agents")
        // Jest replaces a module by what lies in such a folder, without a word in any test.
        || in_folder("__mocks__")
}

fn has_extension(path: &FilePath, wanted: &[&str]) -> bool {
    wanted
        .iter()
        .any(|wanted| path.extension().eq_ignore_ascii_case(wanted))
}

/// A name that some runner collects, in its own language.
fn is_test_name(path: &FilePath) -> bool {
    let name = path.name();
    let stem = name.split('.').next().unwrap_or(name);
    match path.extension() {
        "py" => stem.starts_with("test_") || stem.ends_with("_test"),
        "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" => is_script_test(name),
        "java" | "kt" | "groovy" | "scala" => {
            ["Test", "Tests", "TestCase", "IT", "Spec"]
                .iter()
                .any(|end| stem.ends_with(end))
                || stem.starts_with("Test")
        }
        "go" => stem.ends_with("_test"),
        "rs" => stem.starts_with("test") || stem.ends_with("test") || stem.ends_with("tests"),
        "rb" => stem.ends_with("_spec") || stem.ends_with("_test") || stem.starts_with("test_"),
        "php" | "cs" => stem.ends_with("Test") || stem.ends_with("Tests"),
        "c" | "cc" | "cpp" | "cxx" => {
            let stem = stem.to_lowercase();
            stem.starts_with("test") || stem.ends_with("test") || stem.ends_with("tests")
        }
        _ => false,
    }
}

fn is_script_test(name: &str) -> bool {
    name.contains(".test.")
        || name.contains(".spec.")
        || name.contains("-test.")
        || name.contains("_test.")
}

/// Names that are tests wherever they lie: no source is called so by its tools.
fn tells_itself(path: &FilePath) -> bool {
    match path.extension() {
        "go" => true,
        "py" => path.name().starts_with("test_"),
        _ => {
            is_script_test(path.name()) || path.as_str().split('/').any(|part| part == "__tests__")
        }
    }
}

/// Among tests some runners collect every file, whatever it is called.
fn is_collected_by_place(path: &FilePath) -> bool {
    let mut folders = path.as_str().split('/').rev().skip(1);
    match path.extension() {
        // Mocha runs every file of `test/`; Jest those of `__tests__`.
        "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" => {
            matches!(folders.next(), Some("test" | "__tests__"))
        }
        // Cargo builds every file right below `tests/`.
        "rs" => folders.next() == Some("tests"),
        _ => false,
    }
}

/// Lines that a patch adds and that take code out of the measurement: the comments and attributes of
/// coverage.py, Istanbul, V8, LCOV, gcovr, coverlet, rustc, `SimpleCov` and JaCoCo.
#[must_use]
pub fn exclusions_added(patch: &str) -> Vec<&str> {
    const MARKERS: &[&str] = &[
        "pragma: no cover",
        "pragma: no branch",
        "pragma: nocover",
        "istanbul ignore",
        "c8 ignore",
        "v8 ignore",
        "node:coverage",
        "lcov_excl",
        "gcov_excl",
        "gcovr_excl",
        "excludefromcodecoverage",
        "coverage(off)",
        "cfg_attr(coverage",
        ":nocov:",
        "codecoverageignore",
        "@generated",
    ];
    patch
        .lines()
        .filter_map(|line| line.strip_prefix('+'))
        .filter(|line| !line.starts_with("++"))
        .filter(|line| {
            let line = line.to_lowercase();
            MARKERS.iter().any(|marker| line.contains(marker))
        })
        .map(str::trim)
        .collect()
}

/// How many lines a patch adds and removes.
#[must_use]
pub fn patch_size(patch: &str) -> (usize, usize) {
    let mut in_hunk = false;
    patch.lines().fold((0, 0), |(added, removed), line| {
        if line.starts_with("@@") {
            in_hunk = true;
        } else if line.starts_with("diff --git") {
            in_hunk = false;
        } else if in_hunk && line.starts_with('+') {
            return (added + 1, removed);
        } else if in_hunk && line.starts_with('-') {
            return (added, removed + 1);
        }
        (added, removed)
    })
}

#[cfg(test)]
mod tests {
    use super::{FileKind, exclusions_added, kind, patch_size};
    use crate::coverage::FilePath;

    fn check(path: &str, among_tests: bool, expected: FileKind) {
        assert_eq!(kind(&FilePath::new(path), among_tests), expected, "{path}");
    }

    #[test]
    fn tests_are_known_by_place_and_name() {
        for path in [
            "tests/test_cart.py",
            "tests/unit/cart_test.py",
            "src/cart.test.ts",
            "src/__tests__/cart.spec.tsx",
            "test/cart.js",
            "tests/close.rs",
            "src/test/java/shop/CartTest.java",
            "queue/queue_test.go",
        ] {
            check(path, true, FileKind::Test);
        }
        check("src/cart.test.ts", false, FileKind::Test);
        check("queue/queue_test.go", false, FileKind::Test);
        check("src/contest.py", false, FileKind::Source);
        check("src/latest.ts", false, FileKind::Source);
        check("src/main/java/shop/Cart.java", false, FileKind::Source);
        check("tests/data/cart.json", true, FileKind::TestSupport);
        check("tests/__init__.py", true, FileKind::TestSupport);
        check("tests/helpers.py", true, FileKind::TestSupport);
    }

    #[test]
    fn set_up_files_among_tests_are_configuration() {
        for path in [
            "tests/conftest.py",
            "conftest.py",
            "jest.setup.ts",
            "test/setupTests.js",
            "vitest.config.mts",
            "src/__mocks__/cart.ts",
            "tsconfig.test.json",
            ".coveragerc",
            "pyproject.toml",
            ".github/workflows/test.yml",
            "requirements-dev.txt",
            "packages/a/package.json",
            ".mocharc.cjs",
            "spec/spec_helper.rb",
        ] {
            check(path, true, FileKind::Config);
            check(path, false, FileKind::Config);
        }
        check("src/jest.configure.ts", false, FileKind::Source);
    }

    #[test]
    fn exclusions_are_found_only_in_added_lines() {
        let patch = "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,3 @@\n-    old()  # pragma: no cover\n+    if x:  # pragma: no cover\n+/* istanbul ignore next */\n     keep()\n";
        assert_eq!(
            exclusions_added(patch),
            ["if x:  # pragma: no cover", "/* istanbul ignore next */"]
        );
        assert_eq!(patch_size(patch), (2, 1));
    }
}
