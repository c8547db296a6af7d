//! From manifest files to what the project is.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{Framework, Language, Project, command_line};

/// Manifests larger than this are nobody's.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Finds out what a project is. Where several tools are at home, the first of this order that has tests
/// to run is taken: JavaScript, Python, Maven, Gradle, Cargo, Go, `CMake`, Ruby, PHP.
#[must_use]
pub fn detect(root: &Path) -> Project {
    let project = javascript(root)
        .or_else(|| python(root))
        .or_else(|| maven(root))
        .or_else(|| gradle(root))
        .or_else(|| cargo(root))
        .or_else(|| go(root))
        .or_else(|| cmake(root))
        .or_else(|| ruby(root))
        .or_else(|| php(root));
    let mut project = project.unwrap_or_default();
    project.test_command = command_line::measuring(&project, None);
    project
}

fn text(root: &Path, name: &str) -> Option<String> {
    let path = root.join(name);
    let about = fs::metadata(&path).ok()?;
    if !about.is_file() || about.len() > LARGEST {
        return None;
    }
    fs::read(&path)
        .ok()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn has(root: &Path, name: &str) -> bool {
    root.join(name).exists()
}

fn words(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|&path| path.to_owned()).collect()
}

fn javascript(root: &Path) -> Option<Project> {
    let manifest: Value = serde_json::from_str(&text(root, "package.json")?).ok()?;
    let depends = |name: &str| {
        ["dependencies", "devDependencies", "peerDependencies"]
            .iter()
            .any(|group| {
                manifest
                    .get(group)
                    .and_then(|group| group.get(name))
                    .is_some()
            })
    };
    let script = |name: &str| manifest.get("scripts")?.get(name)?.as_str();
    let test = script("test").unwrap_or_default();
    let named = |name: &str| {
        depends(name)
            || test
                .split_whitespace()
                .any(|word| word == name || word.ends_with(&format!("/{name}")))
    };
    let config = |stem: &str| {
        ["js", "cjs", "mjs", "ts", "mts", "cts", "json"]
            .iter()
            .any(|extension| has(root, &format!("{stem}.config.{extension}")))
    };
    let framework = if named("vitest") || config("vitest") {
        Framework::Vitest
    } else if named("jest") || config("jest") || manifest.get("jest").is_some() {
        Framework::Jest
    } else if named("mocha") {
        Framework::Mocha
    } else {
        return None;
    };
    let program = match framework {
        Framework::Vitest => "vitest",
        Framework::Jest => "jest",
        _ => "mocha",
    };
    let manager = manager(root, &manifest);
    let own_script = ["coverage", "test:coverage", "test:cov", "cov"]
        .iter()
        .find(|name| script(name).is_some())
        .map(|name| format!("{manager} run {name}"))
        .or_else(|| {
            let measures =
                test.contains("--coverage") || test.contains("nyc ") || test.contains("c8 ");
            measures.then(|| format!("{manager} test"))
        });
    let launcher = match manager {
        "pnpm" => format!("pnpm exec {program}"),
        "yarn" => format!("yarn {program}"),
        "bun" => format!("bunx {program}"),
        _ => format!("npx {program}"),
    };
    let file_command = match framework {
        // Measured or not, a threshold that the project sets would fail a file that runs by itself.
        Framework::Vitest => format!("{launcher} run --coverage.enabled=false {{files}}"),
        Framework::Jest => format!("{launcher} --coverage=false {{files}}"),
        _ => format!("{launcher} {{files}}"),
    };
    let language = if has(root, "tsconfig.json") || depends("typescript") {
        Language::TypeScript
    } else {
        Language::JavaScript
    };
    Some(Project {
        language: Some(language),
        framework: Some(framework),
        file_command: Some(file_command),
        test_paths: words(&[
            "*.test.*",
            "*.spec.*",
            "__tests__/",
            "__mocks__/",
            "/test/",
            "/tests/",
            "/spec/",
        ]),
        launcher,
        own_script,
        ..Project::default()
    })
}

fn manager(root: &Path, manifest: &Value) -> &'static str {
    let declared = manifest
        .get("packageManager")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let is = |name: &str, lock: &[&str]| {
        declared.starts_with(name)
            || (declared.is_empty() && lock.iter().any(|lock| has(root, lock)))
    };
    if is("pnpm", &["pnpm-lock.yaml"]) {
        "pnpm"
    } else if is("yarn", &["yarn.lock"]) {
        "yarn"
    } else if is("bun", &["bun.lockb", "bun.lock"]) {
        "bun"
    } else {
        "npm"
    }
}

fn python(root: &Path) -> Option<Project> {
    const MANIFESTS: &[&str] = &[
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "tox.ini",
        "pytest.ini",
        "requirements.txt",
        "requirements-dev.txt",
        "requirements-test.txt",
        "Pipfile",
        "noxfile.py",
    ];
    let texts: Vec<String> = MANIFESTS
        .iter()
        .filter_map(|name| text(root, name))
        .collect();
    let is_python = !texts.is_empty() || has(root, "conftest.py") || has(root, "tests/conftest.py");
    if !is_python {
        return None;
    }
    let mentions = |word: &str| texts.iter().any(|text| text.contains(word));
    let launcher = if has(root, "uv.lock") {
        "uv run pytest"
    } else if has(root, "poetry.lock") {
        "poetry run pytest"
    } else if has(root, ".venv/bin/pytest") {
        ".venv/bin/pytest"
    } else {
        "pytest"
    };
    Some(Project {
        language: Some(Language::Python),
        framework: Some(Framework::Pytest),
        // `addopts` may measure, and set a threshold. Without pytest-cov the option is unknown.
        file_command: Some(if mentions("--cov") {
            format!("{launcher} --no-cov {{files}}")
        } else {
            format!("{launcher} {{files}}")
        }),
        test_paths: words(&[
            "/tests/",
            "/test/",
            "tests/",
            "test_*.py",
            "*_test.py",
            "conftest.py",
        ]),
        launcher: launcher.to_owned(),
        has_pytest_cov: mentions("pytest-cov") || mentions("--cov") || !mentions("coverage"),
        ..Project::default()
    })
}

fn maven(root: &Path) -> Option<Project> {
    has(root, "pom.xml").then(|| {
        let wrapper = if has(root, "mvnw") { "./mvnw" } else { "mvn" };
        jvm(Framework::Maven, wrapper)
    })
}

fn gradle(root: &Path) -> Option<Project> {
    let names = [
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
    ];
    names.iter().any(|name| has(root, name)).then(|| {
        let wrapper = if has(root, "gradlew") {
            "./gradlew"
        } else {
            "gradle"
        };
        jvm(Framework::Gradle, wrapper)
    })
}

fn jvm(framework: Framework, launcher: &str) -> Project {
    Project {
        language: Some(Language::Jvm),
        framework: Some(framework),
        test_paths: words(&["src/test/", "src/*Test/", "src/integrationTest/"]),
        launcher: launcher.to_owned(),
        ..Project::default()
    }
}

fn cargo(root: &Path) -> Option<Project> {
    has(root, "Cargo.toml").then(|| Project {
        language: Some(Language::Rust),
        framework: Some(Framework::Cargo),
        test_paths: words(&["tests/", "tests.rs", "*_test.rs"]),
        launcher: "cargo".to_owned(),
        ..Project::default()
    })
}

fn go(root: &Path) -> Option<Project> {
    (has(root, "go.mod") || has(root, "go.work")).then(|| Project {
        language: Some(Language::Go),
        framework: Some(Framework::Go),
        test_paths: words(&["*_test.go", "testdata/"]),
        launcher: "go".to_owned(),
        ..Project::default()
    })
}

fn cmake(root: &Path) -> Option<Project> {
    has(root, "CMakeLists.txt").then(|| Project {
        language: Some(Language::C),
        framework: Some(Framework::CTest),
        test_paths: words(&["/tests/", "/test/", "test_*.c*", "*_test.c*"]),
        launcher: "ctest".to_owned(),
        ..Project::default()
    })
}

fn ruby(root: &Path) -> Option<Project> {
    has(root, "Gemfile").then(|| Project {
        language: Some(Language::Ruby),
        framework: Some(Framework::RSpec),
        file_command: Some("bundle exec rspec {files}".to_owned()),
        test_paths: words(&["/spec/", "/test/"]),
        launcher: "bundle exec rspec".to_owned(),
        ..Project::default()
    })
}

fn php(root: &Path) -> Option<Project> {
    has(root, "composer.json").then(|| Project {
        language: Some(Language::Php),
        framework: Some(Framework::PhpUnit),
        file_command: Some("vendor/bin/phpunit {files}".to_owned()),
        test_paths: words(&["/tests/", "*Test.php"]),
        launcher: "vendor/bin/phpunit".to_owned(),
        ..Project::default()
    })
}
