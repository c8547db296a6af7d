//! Which files and gaps are shown, and in which order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "support/driver.rs"]
mod driver;

use std::collections::BTreeMap;
use std::sync::Arc;

use driver::{Driver, coverage_of, project, sample, settings};
use untaken::app::effect::{Effect, RequestId};
use untaken::app::filter::{Changes, Found, Mine, Show};
use untaken::app::message::Message;
use untaken::coverage::{FileCoverage, FilePath, Line, Ratio, Totals};
use untaken::gaps::{ArmRef, Delta};

fn shop() -> Driver {
    let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    Driver::new(settings(140, 42), coverage, sources)
}

fn rows(driver: &Driver) -> Vec<String> {
    let tree = driver.app.tree();
    tree.rows()
        .iter()
        .map(|&idx| tree.node(idx).unwrap().label.to_string())
        .collect()
}

fn place(driver: &Driver) -> (String, u32) {
    let source = driver.app.source();
    (
        source.path().unwrap().as_str().to_owned(),
        Line::from_index(source.cursor()).get(),
    )
}

/// Answers what was asked about the person's changes.
fn changed(driver: &mut Driver, files: &[(&str, Changes)]) {
    let request = asked_for_mine(driver);
    let mine = Mine {
        base: "main".to_owned(),
        files: files
            .iter()
            .map(|(path, lines)| (FilePath::new(path), lines.clone()))
            .collect(),
    };
    driver.send(Message::Mine {
        request,
        outcome: Ok(Arc::new(mine)),
    });
}

fn asked_for_mine(driver: &mut Driver) -> RequestId {
    let asked = driver.asked();
    let found = asked.iter().rev().find_map(|effect| match effect {
        Effect::FindMine { request } => Some(*request),
        _ => None,
    });
    found.expect("it asks what the person changed")
}

#[test]
fn only_what_lies_on_changed_lines_is_shown_and_stepped_through() {
    let mut driver = shop();
    let before = rows(&driver);
    driver.keys("M");
    changed(
        &mut driver,
        &[
            ("src/shop/io/parsing.py", Some(vec![(23, 23), (27, 28)])),
            // Changed, and nothing of it untaken.
            ("src/shop/__init__.py", Some(vec![(1, 1)])),
            // No report names it.
            ("README.md", None),
        ],
    );
    assert_eq!(
        rows(&driver),
        ["src/shop", "io", "parsing.py", "__init__.py"]
    );
    let path = "src/shop/io/parsing.py".to_owned();
    assert_eq!(place(&driver), (path.clone(), 23));
    driver.keys("n");
    assert_eq!(place(&driver), (path.clone(), 27));
    driver.keys("n");
    assert_eq!(
        place(&driver),
        (path.clone(), 23),
        "round, and past what is not theirs"
    );
    driver.keys("N");
    assert_eq!(place(&driver), (path, 27));

    driver.keys("A");
    let lines: Vec<u32> = driver
        .app
        .list()
        .rows()
        .iter()
        .filter_map(|row| Some(row.gap()?.line.get()))
        .collect();
    assert!(!lines.is_empty());
    assert!(
        lines.iter().all(|line| [23, 27].contains(line)),
        "{lines:?}"
    );

    driver.keys("TM");
    assert_eq!(rows(&driver), before);
}

#[test]
fn a_new_report_asks_again_what_changed() {
    let mut driver = shop();
    driver.keys("M");
    changed(&mut driver, &[("src/shop/io/parsing.py", None)]);
    driver.reload();
    changed(&mut driver, &[("src/shop/pricing.py", None)]);
    assert_eq!(rows(&driver), ["src/shop", "pricing.py"]);
}

#[test]
fn where_git_cannot_tell_everything_is_shown_and_the_reason_too() {
    let mut driver = shop();
    let before = rows(&driver);
    driver.keys("M");
    let request = asked_for_mine(&mut driver);
    driver.send(Message::Mine {
        request,
        outcome: Err("not in a git work tree".to_owned()),
    });
    assert_eq!(rows(&driver), before);
    assert_eq!(driver.app.show(), Show::All);
    assert!(driver.app.notice().unwrap().text.contains("git"));
}

#[test]
fn p_goes_through_what_there_is_to_see() {
    let mut driver = shop();
    let mut seen = Vec::new();
    for _ in 0..3 {
        driver.keys("p");
        seen.push(driver.app.show());
    }
    assert_eq!(
        seen,
        [Show::Open, Show::Mine, Show::All],
        "nothing is picked"
    );
    driver.keys(" pp");
    assert_eq!(driver.app.show(), Show::Picked);
}

#[test]
fn the_most_changed_of_this_run_can_come_first() {
    let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    let totals = coverage.totals;
    let mut driver = Driver::new(settings(140, 42), coverage, sources);
    let gaps = driver
        .app
        .gaps_of(&FilePath::new("src/shop/io/never_imported.py"));
    let gap = gaps.unwrap()[0].id;
    let arm = |path: &str| ArmRef {
        gap,
        file: FilePath::new(path),
        line: Line::FIRST,
        arm: "true".to_owned(),
    };
    driver.since_start = Some(Delta {
        taken: vec![arm("src/shop/pricing.py"), arm("src/shop/pricing.py")],
        lost: vec![arm("src/shop/io/parsing.py")],
        vanished: Vec::new(),
        before: totals,
        after: totals,
    });
    driver.reload();
    driver.keys("oooo");
    assert_eq!(
        rows(&driver)[..4],
        ["src/shop", "pricing.py", "io", "parsing.py"]
    );
    let screen = driver.screen();
    assert!(screen.contains("most changed first"), "{screen}");
    assert!(screen.contains("+2"), "{screen}");
    // What changed may take the bar's place, never that of the name.
    let screen = driver.resize(128, 36).screen();
    assert!(screen.contains("+2"), "{screen}");
    assert!(screen.contains("parsing.py "), "{screen}");
    assert!(screen.contains("-1"), "{screen}");
}

#[test]
fn in_a_list_n_goes_to_the_next_gap_of_the_list_in_its_order() {
    let mut driver = shop();
    driver.keys("Agg");
    let gaps: Vec<(String, u32)> = driver
        .app
        .list()
        .rows()
        .iter()
        .filter(|row| matches!(row, untaken::app::gap_list::ListRow::Gap { .. }))
        .map(|row| {
            let path = row.group().path.as_str().to_owned();
            (path, row.gap().unwrap().line.get())
        })
        .collect();
    for gap in &gaps {
        driver.keys("n");
        assert_eq!(&place(&driver), gap);
    }
    driver.keys("n");
    assert_eq!(&place(&driver), &gaps[0], "from the top again");
    // By name: the files stand together, in the order of their paths.
    driver.keys("ooo");
    let paths: Vec<String> = driver
        .app
        .list()
        .rows()
        .iter()
        .map(|row| row.group().path.as_str().to_owned())
        .collect();
    assert!(paths.is_sorted(), "{paths:?}");
}

/// More files than are looked through while a key waits.
fn large() -> Driver {
    let paths: Vec<String> = (0..5000)
        .map(|n| format!("src/p{}/m{n}.py", n / 50))
        .collect();
    let files = paths
        .iter()
        .map(|path| {
            let mut file = FileCoverage::builder(path);
            file.totals(Totals {
                branches: Some(Ratio::new(1, 3)),
                ..Totals::default()
            });
            (path.as_str(), file.finish())
        })
        .collect();
    Driver::new(settings(140, 42), coverage_of(files), BTreeMap::new())
}

#[test]
fn many_files_are_looked_through_elsewhere_and_only_the_last_answer_counts() {
    let mut driver = large();
    driver.asked();
    driver.keys("/m49");
    let wishes: Vec<(RequestId, String)> = driver
        .asked()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::FindFiles { request, query } => Some((request, query)),
            _ => None,
        })
        .collect();
    let queries: Vec<&str> = wishes.iter().map(|(_, query)| query.as_str()).collect();
    assert_eq!(queries, ["m", "m4", "m49"]);
    assert!(
        driver.screen().contains("/m49"),
        "what is typed is seen at once"
    );
    let mut answer = |at: usize| {
        let (request, query) = &wishes[at];
        let found = Arc::new(Found::of(query, &driver.coverage));
        driver.send(Message::Files {
            request: *request,
            found,
        })
    };
    assert!(!answer(1), "too late");
    assert!(answer(2));
    let tree = driver.app.tree();
    assert!(tree.rows().len() < 5000);
    let current = tree.current().unwrap().1.path.as_str();
    assert!(current.contains("m49"), "{current}");
}
