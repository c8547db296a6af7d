//! `kill -9` at moments that a seed picks: of untaken, of Codex, of the tests.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::{HONEST, Shop, run, say, write};

const N_MOMENTS: u64 = 10;

/// The same numbers every time: a failure can be looked at again.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn shop() -> Shop {
    let shop = Shop::new(&json!([
        write("tests/test_cart_edges.py", HONEST),
        run("python3 -m pytest -q tests/test_cart_edges.py"),
        say("Done."),
    ]));
    let settings = shop.read("untaken.toml");
    shop.write(
        "untaken.toml",
        &settings.replace("[tests]\n", "[tests]\nrepeat = 1\n"),
    );
    shop
}

fn start(shop: &Shop) -> Child {
    Command::new(env!("CARGO_BIN_EXE_untaken"))
        .arg("close")
        .current_dir(shop.root())
        .env("XDG_STATE_HOME", shop.state())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(shop.said()).unwrap())
        .spawn()
        .unwrap()
}

fn end(shop: &Shop, close: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    loop {
        if let Some(status) = close.try_wait().unwrap() {
            return status.code();
        }
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "it did not end: {}",
            fs::read_to_string(shop.said()).unwrap()
        );
        sleep(Duration::from_millis(20));
    }
}

/// Python itself, and neither the shell nor the sandbox around it.
fn is_pytest(command: &str) -> bool {
    let program = command.split(' ').next().unwrap_or_default();
    program.contains("python") && command.contains("-m pytest")
}

/// Kills what runs with such a command line; how many that were.
fn kill_those(shop: &Shop, is_one: impl Fn(&str) -> bool) -> usize {
    let those: Vec<_> = shop
        .home
        .processes()
        .into_iter()
        .filter(|(_, command)| is_one(command))
        .collect();
    for (pid, _) in &those {
        let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
    }
    those.len()
}

/// Nothing runs any more, the record can be read, the user's files are what they were, and no folder of the
/// sandbox is left.
fn check_nothing_is_broken(
    shop: &Shop,
    before: &std::collections::BTreeMap<String, String>,
    when: &str,
) {
    let begun = Instant::now();
    while !shop.home.processes().is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(8),
            "left after {when}: {:#?}",
            shop.home.processes()
        );
        sleep(Duration::from_millis(50));
    }
    let runs = shop.untaken(&["runs", "--format", "json"]);
    assert_eq!(
        runs.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&runs.stderr)
    );
    let runs: Value = serde_json::from_slice(&runs.stdout).unwrap();
    let runs = runs.as_array().unwrap();
    assert!(runs.iter().all(|run| run["alive"] == false), "{runs:#?}");
    for (path, text) in before {
        assert_eq!(&shop.read(path), text, "{path} after {when}");
    }
    // The next start of anything that reads the project has cleared these.
    let _ = shop.untaken(&["gaps", "--limit", "1"]);
    for name in [".agents", ".aws", ".codex"] {
        assert!(!shop.root().join(name).exists(), "{name} after {when}");
    }
    // What was finished in time is taken away again, so that there is work for the next one.
    let _ = fs::remove_file(shop.root().join("tests/test_cart_edges.py"));
}

#[test]
#[ignore = "needs codex and python3 with pytest-cov"]
fn untaken_killed_at_any_moment() {
    let shop = shop();
    let before = shop.tree();
    let report: Value = serde_json::from_str(&shop.read("coverage.json")).unwrap();
    let mut seeded = Seeded(9);
    for n in 0..N_MOMENTS {
        let moment = 200 + n * 500 + seeded.below(500);
        let mut close = start(&shop);
        sleep(Duration::from_millis(moment));
        close.kill().unwrap();
        close.wait().unwrap();
        let when = format!("{moment} ms");
        check_nothing_is_broken(&shop, &before, &when);
        // A run killed while it measured in place leaves half a report, as any killed test run does; one
        // that was put aside is back.
        if let Ok(text) = fs::read_to_string(shop.root().join("coverage.json"))
            && let Ok(now) = serde_json::from_str::<Value>(&text)
        {
            let of = |report: &Value| report["totals"]["num_branches"].clone();
            assert_eq!(of(&now), of(&report), "after {when}");
        }
    }
}

#[test]
#[ignore = "needs codex and python3 with pytest-cov"]
fn codex_killed_at_any_moment() {
    let shop = shop();
    let before = shop.tree();
    let mut seeded = Seeded(4);
    for _ in 0..N_MOMENTS {
        let delay = seeded.below(1_200);
        let mut close = start(&shop);
        let begun = Instant::now();
        while !shop
            .home
            .processes()
            .iter()
            .any(|(_, command)| command.contains("app-server"))
        {
            assert!(close.try_wait().unwrap().is_none(), "it ended too early");
            assert!(begun.elapsed() < Duration::from_secs(60));
            sleep(Duration::from_millis(10));
        }
        sleep(Duration::from_millis(delay));
        kill_those(&shop, |command| command.contains("app-server"));
        let status = end(&shop, &mut close);
        let said = fs::read_to_string(shop.said()).unwrap();
        // A turn that was over by then is examined, whatever becomes of its process.
        let is_over = said.contains("tests/test_cart_edges.py alone");
        let expected: &[Option<i32>] = if is_over {
            &[Some(0), Some(1), Some(3)]
        } else {
            &[Some(3)]
        };
        assert!(
            expected.contains(&status),
            "{status:?} after {delay} ms: {said}"
        );
        if status == Some(3) {
            assert!(said.contains("codex"), "{said}");
            assert!(!shop.root().join("tests/test_cart_edges.py").exists());
        }
        check_nothing_is_broken(&shop, &before, &format!("codex, {delay} ms"));
        shop.measure();
    }
}

#[test]
#[ignore = "needs codex and python3 with pytest-cov"]
fn the_tests_killed_at_any_moment() {
    let shop = shop();
    let before = shop.tree();
    let mut seeded = Seeded(7);
    let mut n_killed = 0;
    for n in 0..N_MOMENTS {
        // The n-th run of the tests: baseline, its repetition, those of the turn, those of the examination.
        let (which, delay) = (n % 6, seeded.below(80));
        let mut close = start(&shop);
        let mut seen: Vec<i32> = Vec::new();
        let mut starts = 0;
        let status = loop {
            if close.try_wait().unwrap().is_some() {
                break end(&shop, &mut close);
            }
            let tests: Vec<i32> = shop
                .home
                .processes()
                .into_iter()
                .filter(|(_, command)| is_pytest(command))
                .map(|(pid, _)| pid)
                .collect();
            if tests.iter().any(|pid| !seen.contains(pid)) {
                starts += 1;
                seen.extend(&tests);
                if starts > which {
                    sleep(Duration::from_millis(delay));
                    // One that ended in these milliseconds gives way to the next.
                    let n = kill_those(&shop, is_pytest);
                    if n > 0 {
                        n_killed += 1;
                        break end(&shop, &mut close);
                    }
                }
            }
            sleep(Duration::from_millis(5));
        };
        let said = fs::read_to_string(shop.said()).unwrap();
        assert!(
            matches!(status, Some(0..=2)),
            "{status:?} after {which}, {delay} ms: {said}"
        );
        if status == Some(2) {
            assert!(said.contains("already fail before any work"), "{said}");
        }
        check_nothing_is_broken(&shop, &before, &format!("tests {which}, {delay} ms"));
        shop.measure();
    }
    assert!(n_killed >= 8, "only {n_killed} runs were caught alive");
}
