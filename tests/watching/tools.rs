//! The tools themselves. Each makes a report, is watched while it makes another one, and what was read of
//! that must be the whole of what it left.

use super::*;

fn write(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn run(folder: &Path, shell: &str) {
    let done = Command::new("sh")
        .args(["-c", shell])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{shell}\n{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

/// Links the folder of tools that CI installs.
fn with_node_modules(folder: &TempDir) {
    let modules = std::env::var("UNTAKEN_NODE_MODULES").expect("UNTAKEN_NODE_MODULES: see .ci/run");
    #[cfg(unix)]
    std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).unwrap();
    write(
        folder,
        "package.json",
        "{\"name\": \"kiosk\", \"private\": true}",
    );
}

/// Runs the command, watches while it runs again, and holds what was read against what it left.
fn watch(folder: TempDir, reports: &[&str], shell: &str) -> Heard {
    run(folder.path(), shell);
    let project = Project::at(folder, reports);
    let before: Vec<_> = project
        .reports
        .iter()
        .map(|path| fs::read(path).unwrap())
        .collect();
    let heard = project.listen(|| run(project.folder.path(), &format!("export AGAIN=1; {shell}")));
    for (path, before) in project.reports.iter().zip(before) {
        let whole = fs::read(path).unwrap();
        assert_ne!(whole, before, "the second run is to differ");
        heard.assert_whole(path, &whole);
    }
    assert!(
        !heard
            .states
            .iter()
            .any(|state| matches!(state, WatchState::Blind { .. }))
    );
    heard
}

/// Sources enough for the writing to take its time.
fn python(folder: &TempDir) {
    for n in 0..150 {
        let mut text = String::new();
        for function in 0..20 {
            writeln!(text, "def f{function}(x):\n    if x > {n} and x < 99:\n        return [y for y in range(x) if y]\n    return 0").unwrap();
        }
        write(folder, &format!("shop/m{n}.py"), &text);
    }
    let test = "import importlib, os\ndef test_all():\n    for n in range(150):\n        m = importlib.import_module(f'shop.m{n}')\n        assert m.f0(0) == 0\n        if os.environ.get('AGAIN'):\n            assert m.f1(n + 1 if n < 98 else 0) is not None\n";
    write(folder, "test_shop.py", test);
    write(folder, "shop/__init__.py", "");
}

#[test]
#[ignore = "needs coverage.py and pytest"]
fn coverage_py() {
    let folder = TempDir::new().unwrap();
    python(&folder);
    let shell =
        "coverage run --branch --source=shop -m pytest -q && coverage json -q -o coverage.json";
    let heard = watch(folder, &["coverage.json"], shell);
    heard.assert_current();
}

#[test]
#[ignore = "needs pytest-cov"]
fn pytest_cov_with_three_reports() {
    let folder = TempDir::new().unwrap();
    python(&folder);
    let shell = "pytest -q --cov=shop --cov-branch --cov-report=json:out/coverage.json --cov-report=xml:out/coverage.xml --cov-report=lcov:out/coverage.lcov";
    watch(
        folder,
        &["out/coverage.json", "out/coverage.xml", "out/coverage.lcov"],
        shell,
    );
}

fn javascript(folder: &TempDir, import: bool) {
    with_node_modules(folder);
    for n in 0..60 {
        let mut text = String::new();
        for function in 0..30 {
            let export = if import { "export " } else { "" };
            writeln!(text, "{export}function f{function}(x) {{ if (x > {n}) {{ return x ? 1 : 2 }} return x || 0 }}").unwrap();
        }
        if !import {
            writeln!(text, "module.exports = {{ f0, f1 }}").unwrap();
        }
        write(folder, &format!("src/m{n}.js"), &text);
    }
}

const CALLS: &str = "for (const m of all) { m.f0(0); if (process.env.AGAIN) m.f1(100) }";

fn required() -> String {
    format!("const all = []; for (let n = 0; n < 60; n++) all.push(require(`../src/m${{n}}.js`));\n{CALLS}\n").replace("../src", "./src")
}

#[test]
#[ignore = "needs nyc"]
fn nyc() {
    let folder = TempDir::new().unwrap();
    javascript(&folder, false);
    write(&folder, "all.js", &required());
    let shell =
        "nyc --reporter=json --reporter=json-summary --reporter=lcov --reporter=clover node all.js";
    let reports = [
        "coverage/coverage-final.json",
        "coverage/coverage-summary.json",
    ];
    let heard = watch(folder, &reports, shell);
    heard.assert_current();
    let [(_, read)] = heard.readings.as_slice() else {
        panic!("a summary and its detail are one reading: {heard:?}")
    };
    assert_eq!(read.len(), 2);
}

#[test]
#[ignore = "needs nyc"]
fn lcov_of_nyc() {
    let folder = TempDir::new().unwrap();
    javascript(&folder, false);
    write(&folder, "all.js", &required());
    watch(
        folder,
        &["coverage/lcov.info"],
        "nyc --reporter=lcovonly node all.js",
    );
}

#[test]
#[ignore = "needs Jest"]
fn jest() {
    let folder = TempDir::new().unwrap();
    javascript(&folder, false);
    write(
        &folder,
        "all.test.js",
        &format!("test('all', () => {{ {} }})", required()),
    );
    let shell = "jest --coverage --coverageReporters=json --coverageReporters=lcov --coverageReporters=clover --coverageReporters=text-summary";
    watch(folder, &["coverage/coverage-final.json"], shell).assert_current();
}

#[test]
#[ignore = "needs Vitest"]
fn vitest() {
    let folder = TempDir::new().unwrap();
    javascript(&folder, true);
    write(
        &folder,
        "vitest.config.mjs",
        "export default { test: { coverage: { enabled: true, provider: 'istanbul', include: ['src/**'], reporter: ['json', 'lcovonly'] } } }",
    );
    write(
        &folder,
        "all.test.js",
        &format!(
            "import {{ test }} from 'vitest'\ntest('all', async () => {{ const all = []; for (let n = 0; n < 60; n++) all.push(await import(`./src/m${{n}}.js`)); {CALLS}; await new Promise(done => setTimeout(done, 700)) }}, 200000)"
        ),
    );
    let heard = watch(folder, &["coverage/coverage-final.json"], "vitest run");
    heard.assert_current();
    let is_gone = |state: &WatchState| matches!(state, WatchState::Rewriting { why, .. } if why.contains("deleted"));
    assert!(heard.states.iter().any(is_gone), "{:?}", heard.states);
}

#[test]
#[ignore = "needs gcc and lcov"]
fn lcov() {
    let folder = TempDir::new().unwrap();
    let mut main = String::from("#include <stdlib.h>\n");
    for n in 0..12 {
        write(
            &folder,
            &format!("m{n}.c"),
            &format!("int m{n}(int x) {{ if (x > {n}) return 1; return x ? 2 : 3; }}\n"),
        );
        writeln!(main, "int m{n}(int);").unwrap();
    }
    main.push_str("int main(void) { int again = getenv(\"AGAIN\") != 0; int sum = 0;\n");
    for n in 0..12 {
        writeln!(main, "sum += m{n}(again ? 50 : 0);").unwrap();
    }
    main.push_str("return sum < 0; }\n");
    write(&folder, "main.c", &main);
    run(folder.path(), "gcc --coverage -O0 *.c -o main");
    let shell = "./main && lcov -q -c -d . --rc lcov_branch_coverage=1 -o coverage.info";
    run(folder.path(), shell);
    let project = Project::at(folder, &["coverage.info"]);
    let heard = project.listen(|| run(project.folder.path(), &format!("export AGAIN=1; {shell}")));
    // It appends file by file: a prefix may be read, but never without the mark, nor as the last.
    let whole = fs::read(&project.reports[0]).unwrap();
    assert_eq!(
        heard.of(&project.reports[0]).last().copied(),
        Some(whole.as_slice())
    );
    let is_marked = |state: &WatchState| matches!(state, WatchState::MayGrow { .. });
    assert!(heard.states.iter().any(is_marked), "{:?}", heard.states);
}
