//! How long a key takes to become a picture in a large project. Run it with optimizations:
//! `cargo test --release --test speed -- --ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests stop at the first surprise, and this one has something to say"
)]

#[path = "support/driver.rs"]
mod driver;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use driver::{Driver, coverage_of, keys, settings};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use untaken::app::message::Message;
use untaken::coverage::{FileCoverage, Ratio, Totals};

/// A project of so many files, forty in a folder.
fn large(files: u64) -> Driver {
    let paths: Vec<String> = (0..files)
        .map(|n| format!("src/part{}/group{}/module_{n}.py", n / 4000, n / 40))
        .collect();
    let files = paths
        .iter()
        .zip(0_u64..)
        .map(|(path, n)| {
            let mut file = FileCoverage::builder(path);
            file.totals(Totals {
                branches: Some(Ratio::new(n * 7919 % 100, 100)),
                lines: Some(Ratio::new(90, 100)),
                ..Totals::default()
            });
            (path.as_str(), file.finish())
        })
        .collect();
    Driver::new(settings(200, 60), coverage_of(files), BTreeMap::new())
}

/// The slowest hundredth of the times from a key to its picture.
fn measure(driver: &mut Driver, what: &str, script: &str, times: usize) -> Duration {
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).unwrap();
    let script = keys(script);
    let mut took = Vec::new();
    for _ in 0..times {
        for key in &script {
            let start = Instant::now();
            driver.send(Message::Key(*key));
            terminal
                .draw(|frame| untaken::view::draw(&driver.app, frame))
                .unwrap();
            took.push(start.elapsed());
        }
    }
    took.sort();
    let p99 = took[took.len() * 99 / 100];
    println!(
        "{what:<40} median {:>9.3?}   p99 {:>9.3?}   worst {:>9.3?}",
        took[took.len() / 2],
        p99,
        took[took.len() - 1]
    );
    p99
}

#[test]
#[ignore = "measures time; run it with optimizations"]
fn a_key_is_drawn_within_four_milliseconds_in_a_tree_of_100_000_files() {
    let start = Instant::now();
    let mut driver = large(100_000);
    println!(
        "{:<40} {:?}",
        "first picture of 100,000 files",
        start.elapsed()
    );
    let mut worst = Duration::ZERO;
    worst = worst.max(measure(&mut driver, "down and up", "jjjjjjkkk", 100));
    worst = worst.max(measure(&mut driver, "fold and unfold a folder", "hhll", 50));
    worst = worst.max(measure(
        &mut driver,
        "next gap, from file to file",
        "n",
        200,
    ));
    driver.keys("zR");
    worst = worst.max(measure(
        &mut driver,
        "unfolded: down",
        "jjjjjj<ctrl-f>",
        100,
    ));
    worst = worst.max(measure(&mut driver, "unfolded: end and home", "Ggg", 50));
    worst = worst.max(measure(
        &mut driver,
        "unfolded: fold and unfold a folder",
        "hhll",
        50,
    ));
    worst = worst.max(measure(&mut driver, "unfolded: next gap", "n", 200));
    worst = worst.max(measure(
        &mut driver,
        "pick a file and put it back",
        "  ",
        50,
    ));
    let start = Instant::now();
    driver.reload();
    println!("{:<40} {:?}", "a new report", start.elapsed());
    measure(&mut driver, "all open and all closed", "zRzM", 5);
    measure(&mut driver, "next order", "o", 8);
    measure(
        &mut driver,
        "a filter, letter by letter",
        "/module 99<esc>",
        5,
    );
    assert!(worst < Duration::from_millis(4), "{worst:?}");
}
