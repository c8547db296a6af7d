//! What the screen shows, in every state and at every size: snapshots of the drawn cells.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "support/driver.rs"]
mod driver;
#[path = "support/fake_codex.rs"]
mod fake_codex;
#[path = "support/run_record.rs"]
mod run_record;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use driver::{Driver, coverage_of, project, sample, settings};
use untaken::agent::{Incoming, TurnStatus};
use untaken::app::effect::RequestId;
use untaken::app::message::{LoadFailure, Message, Reading, TestsEvent, WatchState};
use untaken::app::review::{Now, ReviewEvent};
use untaken::app::settings::{Colours, ThemeName};
use untaken::app::work::RunNews;
use untaken::coverage::{Coverage, FilePath, Format, SourceState, Warning};
use untaken::evidence::{Examined, FindingCode, Rung, RungResult, TestFile, Verdict};
use untaken::gaps::{ArmRef, Delta};

/// Width and height of every picture.
const SIZES: [(u16, u16); 4] = [(200, 60), (140, 42), (80, 24), (40, 10)];

fn shop() -> Driver {
    let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    Driver::new(settings(140, 42), coverage, sources)
}

fn router() -> Driver {
    let (coverage, sources) = project(&sample("nyc-ts"), "coverage/coverage-final.json");
    Driver::new(settings(140, 42), coverage, sources)
}

fn bank() -> Driver {
    let (coverage, sources) = project(&sample("jacoco"), "reports/jacoco.xml");
    Driver::new(settings(140, 42), coverage, sources)
}

/// One picture at every size.
fn at_every_size(name: &str, driver: &mut Driver) {
    for (columns, rows) in SIZES {
        driver.resize(columns, rows);
        at_this_size(name, driver);
    }
}

fn at_this_size(name: &str, driver: &Driver) {
    let size = driver.app.size();
    let name = format!("{name}_{}x{}", size.columns, size.rows);
    if let Ok(folder) = std::env::var("UNTAKEN_LOOK") {
        let path = std::path::Path::new(&folder).join(format!("{name}.ans"));
        std::fs::write(path, driver::ansi_of(&driver.buffer())).unwrap();
    }
    insta::assert_snapshot!(name, driver.screen());
}

#[test]
fn the_explorer() {
    at_every_size("explorer", &mut shop());
}

#[test]
fn a_gap_in_words() {
    let mut driver = shop();
    driver.keys("j<enter>n n");
    at_every_size("gap", &mut driver);
}

#[test]
fn arms_with_columns_and_hit_counts() {
    let mut driver = router();
    driver.keys("jj<enter>nnn");
    at_every_size("columns", &mut driver);
}

#[test]
fn arms_that_are_only_counted() {
    let mut driver = bank();
    driver.keys("<enter>n");
    at_every_size("counted", &mut driver);
}

#[test]
fn picks_of_gaps_files_and_folders() {
    let mut driver = shop();
    driver.keys(" j<enter>n <esc>jj j");
    at_every_size("picks", &mut driver);
}

#[test]
fn a_filter_being_typed() {
    let mut driver = shop();
    driver.keys("/pri");
    at_every_size("filter", &mut driver);
}

#[test]
fn one_list_of_files() {
    let mut driver = shop();
    driver.keys("vo");
    at_every_size("flat", &mut driver);
}

#[test]
fn functions_and_all_gaps() {
    let mut driver = shop();
    driver.keys("Fj ");
    at_every_size("functions", &mut driver);
    driver.keys("A");
    at_every_size("gaps", &mut driver);
}

#[test]
fn the_keys() {
    let mut driver = shop();
    driver.keys("?");
    at_every_size("help", &mut driver);
}

#[test]
fn a_run_left_something_to_review() {
    let mut driver = shop();
    let left = run_record::left_of(&run_record::told_events());
    driver.left = Some(Arc::new(left));
    driver.keys("RR");
    at_every_size("review_offer", &mut driver);
    driver.keys("Rj");
    at_every_size("review", &mut driver);
    driver.keys("<enter>jjj");
    at_every_size("review_page", &mut driver);
}

#[test]
fn a_review_half_way() {
    let mut driver = shop();
    let mut events = run_record::told_events();
    events.push(run_record::reviewed(run_record::NEW, "accepted"));
    events.push(run_record::reviewed(run_record::CHANGED, "removed"));
    events.push(run_record::reviewed(run_record::SOURCE, "change kept"));
    let mut left = run_record::left_of(&events);
    let mocked = left
        .review
        .pieces
        .iter()
        .position(|it| it.id.path == run_record::MOCKED);
    left.files[mocked.unwrap()].now = Now::Other;
    driver.left = Some(Arc::new(left));
    driver.keys("Rjj");
    driver.send(Message::Review(ReviewEvent::Measuring(
        "running the whole suite".into(),
    )));
    driver.now += Duration::from_secs(3);
    at_every_size("review_half_way", &mut driver);
    driver.send(Message::Review(ReviewEvent::Measured(Err(
        "the tests fail: 1 passed, 1 failed".into(),
    ))));
    driver.keys("c");
    at_every_size("commit", &mut driver);
}

#[test]
fn no_run_left_anything() {
    let mut driver = shop();
    driver.keys("R");
    at_every_size("review_none", &mut driver);
}

#[test]
fn before_anything_was_read() {
    let mut driver = Driver::empty(settings(140, 42));
    at_every_size("start", &mut driver);
    driver.send(Message::Reading(Reading {
        done: 36_500_000,
        total: 114_300_000,
        files: 0,
    }));
    at_every_size("reading", &mut driver);
    driver.send(Message::Reading(Reading {
        done: 114_300_000,
        total: 114_300_000,
        files: 4000,
    }));
    at_every_size("reading_done", &mut driver);
}

#[test]
fn no_report_at_all() {
    let mut driver = Driver::empty(settings(140, 42));
    driver.send(Message::Reports {
        request: RequestId::default(),
        outcome: Err(LoadFailure {
            path: FilePath::new("/work/harbour"),
            message: "no coverage report found; run `pytest --cov --cov-branch --cov-report=json`, or name the report".to_owned(),
        }),
    });
    at_every_size("no_report", &mut driver);
}

#[test]
fn a_report_without_branches() {
    let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage-nobranch.json");
    let mut driver = Driver::new(settings(140, 42), coverage, sources);
    driver.keys("<enter>");
    at_every_size("no_branches", &mut driver);
}

#[test]
fn sources_that_cannot_be_shown() {
    let (mut coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    for (file, state) in coverage.files.iter_mut().zip([
        SourceState::Missing,
        SourceState::Changed,
        SourceState::Ambiguous(vec![
            FilePath::new("a/src/shop/io/__init__.py"),
            FilePath::new("b/src/shop/io/__init__.py"),
        ]),
        SourceState::Outside,
        SourceState::Missing,
        SourceState::Changed,
    ]) {
        file.source = state;
    }
    let states: Vec<_> = coverage
        .files
        .iter()
        .map(|file| (file.path.clone(), file.source.name()))
        .collect();
    let mut driver = Driver::new(settings(100, 20), coverage, sources);
    for (path, state) in states {
        driver.keys("<esc>zR/");
        driver.keys(path.as_str());
        driver.keys("<enter>");
        assert_eq!(driver.app.source().path(), Some(&path));
        at_this_size(
            &format!("source_{state}_{}", path.name().replace([' ', '.'], "_")),
            &driver,
        );
    }
}

#[test]
fn a_summary_has_figures_and_no_lines() {
    let (coverage, sources) = project(&sample("nyc-ts"), "coverage/coverage-summary.json");
    let mut driver = Driver::new(settings(140, 42), coverage, sources);
    driver.keys("<enter>");
    at_every_size("summary", &mut driver);
}

#[test]
fn a_report_that_is_being_written_and_one_that_is_broken() {
    let mut driver = shop();
    driver.send(Message::Watch(WatchState::Rewriting {
        path: FilePath::new("reports/coverage.json"),
        why: "0 bytes".to_owned(),
    }));
    at_every_size("rewriting", &mut driver);
    driver.send(Message::Watch(WatchState::Current));
    driver.send(Message::Reports {
        request: RequestId::default(),
        outcome: Err(LoadFailure {
            path: FilePath::new("reports/coverage.json"),
            message: "line 1, column 88: the file ends in the middle of a text".to_owned(),
        }),
    });
    at_every_size("broken", &mut driver);
}

#[test]
fn warnings_about_the_reports() {
    let mut driver = shop();
    let mut coverage = Coverage {
        warnings: vec![(
            FilePath::new("reports/coverage.json"),
            Warning::new(
                "the totals of 2 files do not add up to their lines; the stored ones are shown",
            ),
        )],
        ..Coverage::default()
    };
    coverage.reports.clone_from(&driver.coverage.reports);
    coverage.files.clone_from(&driver.coverage.files);
    coverage.totals = driver.coverage.totals;
    driver.coverage = Arc::new(coverage);
    driver.reload();
    at_every_size("warning", &mut driver);
    driver.keys("W");
    at_every_size("warnings", &mut driver);
}

#[test]
fn the_prompt() {
    let mut driver = shop();
    driver.keys(" s");
    at_every_size("prompt", &mut driver);
}

/// A run as in a real project: some gaps closed, one still open, more to do, and a question.
fn at_work() -> Driver {
    let mut driver = shop();
    driver.keys(" j s<enter>");
    fake_codex::answer(&mut driver);
    driver.now += Duration::from_secs(41);
    fake_codex::says(
        &mut driver,
        "m1",
        "I read parsing.py around `amount` and the nearest test, tests/test_shop.py. The true arm of line 18 needs a text that is empty after strip; one blank does that.",
    );
    fake_codex::edits(
        &mut driver,
        "f1",
        "tests/test_parsing_more.py",
        "+import pytest\n+\n+from shop.io.parsing import amount\n+\n+\n+def test_blank_is_nothing():\n+    assert amount(\"  \") is None\n+\n+\n+def test_tilde_is_about():\n+    assert amount(\"~1.5\") == 1.5",
    );
    fake_codex::runs(
        &mut driver,
        "c1",
        "pytest -q tests/test_parsing_more.py --cov --cov-branch --cov-report=json",
        "....                                              [100%]\n4 passed in 0.31s\n",
        0,
    );
    fake_codex::costs(&mut driver, 41_200, 30_500, 2_810);
    closes(&mut driver, &[(18, 19)], "09:41:50", 12);
    closes(&mut driver, &[(18, 19), (23, 25), (27, 28)], "09:42:03", 13);
    driver
}

/// The tests run again, and the report counts these jumps of parsing.py as taken.
fn closes(driver: &mut Driver, jumps: &[(u32, u32)], clock: &str, seconds: u64) {
    let path = FilePath::new("src/shop/io/parsing.py");
    let (before, _) = project(&sample("coveragepy"), "reports/coverage.json");
    let (after, _) =
        driver::project_where(&sample("coveragepy"), "reports/coverage.json", |report| {
            let file = &mut report["files"][path.as_str()];
            for (from, to) in jumps {
                let jump = serde_json::json!([from, to]);
                let missing = file["missing_branches"].as_array_mut().unwrap();
                missing.retain(|own| *own != jump);
                file["executed_branches"].as_array_mut().unwrap().push(jump);
            }
            let n = u64::try_from(jumps.len()).unwrap();
            let totals = &mut report["totals"];
            let figure = |name: &str| totals[name].as_u64().unwrap();
            let (covered, missing) = (
                figure("covered_branches") + n,
                figure("missing_branches") - n,
            );
            totals["covered_branches"] = covered.into();
            totals["missing_branches"] = missing.into();
        });
    let gaps = driver.app.run().gaps().to_vec();
    driver.since_start = Some(Delta {
        taken: jumps
            .iter()
            .map(|(from, to)| {
                let own = gaps
                    .iter()
                    .find(|own| own.path == path && own.gap.line.get() == *from)
                    .unwrap();
                ArmRef {
                    gap: own.gap.id,
                    file: path.clone(),
                    line: own.gap.line,
                    arm: format!("to line {to}"),
                }
            })
            .collect(),
        lost: Vec::new(),
        vanished: Vec::new(),
        before: before.totals,
        after: after.totals,
    });
    driver.coverage = Arc::new(after);
    clock.clone_into(&mut driver.clock);
    driver.now += Duration::from_secs(seconds);
    driver.reload();
}

/// A turn as it was measured: one test file kept, one not, a finding about the source, an arm that flickers.
#[test]
fn a_turn_that_was_examined() {
    let mut driver = at_work();
    fake_codex::tell(&mut driver, fake_codex::end(TurnStatus::Completed));
    let batch = driver.app.run().turn().unwrap().batch.clone();
    let arm = |nth: usize| ArmRef {
        gap: batch.picks[nth].gap,
        file: batch.file.clone(),
        line: batch.picks[nth].line,
        arm: "true".to_owned(),
    };
    let climbed = |n: usize| -> Vec<RungResult> {
        let proofs = [
            "4 tests with 6 assertions",
            "nothing but tests changed",
            "4 passed in 0.11s",
            "3 of 3 runs passed",
            "31 passed in 1.02s, 27 before",
            "2 open arms are taken",
        ];
        Rung::ALL
            .into_iter()
            .zip(proofs)
            .take(n)
            .map(|(rung, proof)| RungResult {
                rung,
                ok: true,
                evidence: proof.to_owned(),
            })
            .collect()
    };
    let path = FilePath::new("tests/test_ghosts.py");
    let mut kept = TestFile::new(path.clone(), true, String::new());
    kept.rungs = climbed(6);
    kept.verdict = Verdict::Kept;
    kept.closed = vec![arm(1), arm(4)];
    let mut rejected = TestFile::new(FilePath::new("tests/test_hollow.py"), true, String::new());
    rejected.rungs = vec![RungResult {
        rung: Rung::Static,
        ok: false,
        evidence: "test_orphan asserts nothing".to_owned(),
    }];
    let mut found = Examined {
        closed: vec![(arm(1), path.clone()), (arm(4), path)],
        gaps_closed: vec![batch.picks[1].gap, batch.picks[4].gap],
        unstable: vec![arm(2)],
        tests: vec![kept, rejected],
        ..Examined::default()
    };
    found.find(
        FindingCode::SourceChanged,
        &batch.file,
        "1 lines added, 1 removed; put back",
    );
    driver.tell(RunNews::Examined {
        turn: 1,
        found: Arc::new(found),
    });
    fake_codex::answer(&mut driver);
    driver.keys("h");
    at_every_size("examined", &mut driver);
    driver.keys("d");
    at_every_size("examined_whole", &mut driver);
}

#[test]
fn a_session_at_work() {
    let mut driver = at_work();
    at_every_size("session", &mut driver);
    driver.keys("h");
    at_every_size("session_gaps", &mut driver);
    driver.keys("<tab><tab>");
    at_every_size("session_explorer", &mut driver);
}

#[test]
fn the_arms_that_changed() {
    let mut driver = at_work();
    driver.keys("d");
    at_every_size("changes", &mut driver);
}

#[test]
fn a_question_of_the_agent() {
    let mut driver = at_work();
    fake_codex::asks(
        &mut driver,
        7,
        "pip install pytest-asyncio",
        "the test needs an event loop",
    );
    at_every_size("approval", &mut driver);
}

#[test]
fn a_message_to_the_agent() {
    let mut driver = at_work();
    driver.keys("mkeep to the fixtures<ctrl-j>of the nearest test");
    at_every_size("saying", &mut driver);
}

#[test]
fn an_error_and_the_end_of_a_turn() {
    let mut driver = at_work();
    for _ in 0..3 {
        fake_codex::fails(&mut driver, "stream disconnected before completion", true);
    }
    fake_codex::tell(&mut driver, fake_codex::end(TurnStatus::Failed));
    at_every_size("failed", &mut driver);
}

#[test]
fn no_codex() {
    let mut driver = shop();
    driver.keys(" s<enter>");
    driver.asked();
    driver.send(Message::Agent(Incoming::NotFound {
        command: "codex".to_owned(),
        looked: "on PATH".to_owned(),
    }));
    driver.keys("<tab>");
    at_every_size("no_codex", &mut driver);
}

#[test]
fn quitting_is_asked() {
    let mut driver = at_work();
    driver.keys("q");
    at_every_size("quit", &mut driver);
}

#[test]
fn the_tests_run() {
    let mut driver = shop();
    driver.keys("rt");
    driver.send(Message::Tests(TestsEvent::Started {
        command: "pytest --cov --cov-branch".to_owned(),
    }));
    driver.send(Message::Tests(TestsEvent::Output(
        "============ test session starts ============\ncollected 12 items\n\n\u{1b}[32mtests/test_shop.py ........\u{1b}[0m\n".to_owned(),
    )));
    driver.now += Duration::from_secs(3);
    at_every_size("tests", &mut driver);
}

#[test]
fn too_small() {
    let mut driver = shop();
    for (columns, rows) in [(39, 10), (40, 9), (12, 3), (1, 1)] {
        driver.resize(columns, rows);
        at_this_size("small", &driver);
    }
    driver.keys("q");
    assert!(!driver.asked().is_empty(), "keys still work");
}

#[test]
fn a_target_marks_what_is_below_it() {
    let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    let mut with_target = settings(80, 24);
    with_target.target = Some(driver::percent(6_000));
    let driver = Driver::new(with_target, coverage, sources);
    at_this_size("target", &driver);
}

#[test]
fn several_reports_have_no_name_in_common() {
    let (mut coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    let mut second = coverage.reports[0].clone();
    second.format = Format::Lcov;
    second.path = FilePath::new("web/lcov.info");
    coverage.reports.push(second);
    let mut with_banner = settings(140, 42);
    with_banner.banner = Some("recording".to_owned());
    let driver = Driver::new(with_banner, coverage, sources);
    at_this_size("several", &driver);
}

#[test]
fn ascii_where_nothing_else_can_be_shown() {
    let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    let mut ascii = settings(140, 42);
    ascii.look.ascii = true;
    let mut driver = Driver::new(ascii, coverage, sources);
    driver.keys("j<enter>n n");
    for (columns, rows) in SIZES {
        driver.resize(columns, rows);
        assert!(driver.screen().is_ascii(), "{}", driver.screen());
    }
    driver.resize(80, 24);
    at_this_size("ascii", &driver);
    for script in ["?", "<esc> s", "<enter>", "<tab>t"] {
        driver.keys(script);
        fake_codex::answer(&mut driver);
        assert!(driver.screen().is_ascii(), "{script}: {}", driver.screen());
    }
}

#[test]
fn every_theme_has_the_same_signs_in_colours_of_its_own() {
    for (name, theme, colours) in [
        ("dark", ThemeName::Dark, Colours::Full),
        ("light", ThemeName::Light, Colours::Full),
        ("ansi", ThemeName::Ansi, Colours::Sixteen),
        ("colour_blind", ThemeName::ColourBlind, Colours::Full),
        (
            "colour_blind_light",
            ThemeName::ColourBlindLight,
            Colours::Full,
        ),
        ("palette", ThemeName::Dark, Colours::Palette),
        ("none", ThemeName::Dark, Colours::None),
    ] {
        let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
        let mut of_theme = settings(80, 24);
        of_theme.look = driver::look(theme, colours);
        let mut driver = Driver::new(of_theme, coverage, sources);
        driver.keys("j<enter>n n");
        // The looks of the cells, beside their text.
        insta::assert_debug_snapshot!(format!("theme_{name}"), driver.buffer());
    }
}

#[test]
fn deep_trees_and_long_names_stay_aligned() {
    let deep = (0..30).fold(String::new(), |deep, n| format!("{deep}d{n}/"));
    let paths = [
        format!("{deep}a.py"),
        "d0/b.py".to_owned(),
        "d0/d1/c.py".to_owned(),
        "d0/d1/d2/日本語のとても長い名前のファイル.py".to_owned(),
        format!("d0/{}.py", "long".repeat(40)),
        "evil\u{1b}[31m\u{202e}name\t.py".to_owned(),
    ];
    let files = paths
        .iter()
        .map(|path| {
            let mut file = untaken::coverage::FileCoverage::builder(path);
            file.totals(untaken::coverage::Totals {
                branches: Some(untaken::coverage::Ratio::new(1, 3)),
                ..untaken::coverage::Totals::default()
            });
            (path.as_str(), file.finish())
        })
        .collect();
    let mut driver = Driver::new(settings(140, 42), coverage_of(files), BTreeMap::new());
    driver.keys("zR");
    at_every_size("deep", &mut driver);
}
