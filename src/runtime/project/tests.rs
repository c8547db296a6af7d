use std::fs;
use std::path::Path;

use super::*;

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    place
}

fn commands_of(files: &[(&str, &str)], tests: &[&str]) -> [String; 2] {
    let place = project(files);
    let settings = Settings::defaults(place.path().canonicalize().unwrap());
    let how = Tests::of(&settings, &[]);
    let tests: Vec<FilePath> = tests.iter().map(|path| FilePath::new(path)).collect();
    [
        or_dash(how.command.clone()),
        or_dash(how.command_for(&tests)),
    ]
}

/// What is not known reads `-`.
fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

#[test]
fn javascript_is_run_by_what_package_json_names() {
    assert_eq!(
        commands_of(
            &[("package.json", r#"{"devDependencies": {"jest": "29"}}"#)],
            &["a b.test.js"]
        ),
        [
            "npx jest --coverage",
            "npx jest --coverage=false 'a b.test.js'"
        ]
    );
    assert_eq!(
        commands_of(
            &[
                ("package.json", r#"{"devDependencies": {"vitest": "4"}}"#),
                ("pnpm-lock.yaml", "")
            ],
            &["a.test.ts"]
        ),
        [
            "pnpm exec vitest run --coverage",
            "pnpm exec vitest run --coverage.enabled=false a.test.ts"
        ]
    );
    assert_eq!(
        commands_of(
            &[(
                "package.json",
                r#"{"scripts": {"test": "mocha", "coverage": "c8 mocha"}}"#
            )],
            &[]
        )[0],
        "npm run coverage"
    );
}

#[test]
fn python_is_run_by_pytest() {
    assert_eq!(
        commands_of(
            &[
                ("pyproject.toml", "dev = [\"pytest-cov\"]"),
                ("uv.lock", "")
            ],
            &["tests/test_a.py"]
        ),
        [
            "uv run pytest --cov --cov-branch --cov-report=json:coverage.json",
            "uv run pytest tests/test_a.py"
        ]
    );
    assert_eq!(
        commands_of(&[("requirements.txt", "coverage\npytest\n")], &[])[0],
        "coverage run --branch -m pytest && coverage json -o coverage.json"
    );
}

#[test]
fn the_report_that_is_read_is_the_one_that_is_written() {
    let place = project(&[("pyproject.toml", "pytest-cov")]);
    let report = ReportInfo {
        path: FilePath::new("out put/cov.xml"),
        format: Format::Cobertura,
        tool: None,
        written_ms: 0,
    };
    let command = detect(place.path()).command_writing(&[report]).unwrap();
    assert_eq!(
        command,
        "pytest --cov --cov-branch --cov-report=xml:'out put/cov.xml'"
    );
}

#[test]
fn frameworks_that_want_names_get_names() {
    assert_eq!(
        commands_of(
            &[("pom.xml", "")],
            &["core/src/test/java/a/TaxTest.java", "ATest.java"]
        ),
        [
            "mvn -B verify",
            "mvn -B test -Dtest=TaxTest,ATest -Dsurefire.failIfNoSpecifiedTests=false"
        ]
    );
    assert_eq!(
        commands_of(
            &[("build.gradle.kts", ""), ("gradlew", "")],
            &["src/test/kotlin/TaxTest.kt"]
        )[1],
        "./gradlew test --tests '*TaxTest'"
    );
    assert_eq!(
        commands_of(&[("go.mod", "")], &["heap/heap_test.go"])[1],
        "go test ./heap"
    );
    assert_eq!(
        commands_of(&[("Cargo.toml", "")], &["tests/cli.rs"])[1],
        "cargo test --test cli"
    );
    assert_eq!(
        commands_of(&[("Cargo.toml", "")], &["src/a/tests.rs"])[1],
        "-"
    );
}

#[test]
fn settings_have_the_last_word() {
    let place = project(&[("pyproject.toml", "")]);
    let mut settings = Settings::defaults(place.path().canonicalize().unwrap());
    settings.tests.command = Some("make cover".to_owned());
    settings.tests.file_command = Some("make test FILES={files}".to_owned());
    settings.tests.paths = Some(vec!["checks/".to_owned()]);
    let how = Tests::of(&settings, &[]);
    assert_eq!(how.command.as_deref(), Some("make cover"));
    assert_eq!(
        or_dash(how.command_for(&[FilePath::new("-x.py")])),
        "make test FILES=./-x.py"
    );
    assert!(how.paths.contains(&FilePath::new("checks/a.py")));
    assert!(!how.paths.contains(&FilePath::new("tests/a.py")));
}

#[test]
fn nothing_known_is_nothing_said() {
    let place = project(&[("README", "")]);
    assert_eq!(detect(place.path()), Project::default());
    assert!(
        detect(place.path())
            .how_to_measure()
            .contains("--cov-branch")
    );
}

#[test]
fn what_counts_as_a_test() {
    let contains = |patterns: &[&str], path: &str| {
        let patterns: Vec<String> = patterns.iter().map(|&it| it.to_owned()).collect();
        TestPaths::new(&patterns).contains(&FilePath::new(path))
    };
    assert!(contains(&["tests/"], "tests/unit/test_a.py"));
    assert!(contains(&["tests"], "tests/unit/test_a.py"));
    assert!(contains(&["./tests/"], "tests/a.py"));
    assert!(contains(&["*.test.*"], "src/a.test.ts"));
    assert!(contains(&["src/test/"], "src/test/java/A.java"));
    assert!(!contains(&["/tests/"], "src/tests/a.py"));
    assert!(!contains(&["tests/"], "src/contests/a.py"));
}

fn nearest(files: &[&str], source: &str) -> String {
    let files: Vec<(&str, &str)> = files.iter().map(|&path| (path, "")).collect();
    let place = project(&files);
    let root: &Path = place.path();
    let tests = TestPaths::new(&detect(root).test_paths);
    or_dash(nearest_test(root, &tests, &FilePath::new(source)).map(|path| path.as_str().to_owned()))
}

#[test]
fn the_pattern_is_the_test_named_after_the_source_else_the_nearest() {
    let tests = [
        "pyproject.toml",
        "tests/test_a.py",
        "tests/io/test_parse.py",
        "tests/conftest.py",
    ];
    assert_eq!(
        nearest(&tests, "src/shop/parse.py"),
        "tests/io/test_parse.py"
    );
    assert_eq!(nearest(&tests, "src/io/other.py"), "tests/io/test_parse.py");
    assert_eq!(nearest(&tests, "src/other.py"), ("tests/test_a.py"));
    assert_eq!(nearest(&["pyproject.toml", "src/a.py"], "src/a.py"), "-");
}
