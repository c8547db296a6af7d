//! What the screen shows, in every state and at every size: snapshots of the drawn cells.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "support/driver.rs"]
mod driver;

use driver::{Driver, project, sample, settings};

/// Width and height of every picture, with its name.
const SIZES: [(u16, u16); 4] = [(200, 60), (140, 42), (80, 24), (40, 10)];

fn shop() -> Driver {
    let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    Driver::new(settings(140, 42), coverage, sources)
}

/// One picture at every size.
fn at_every_size(name: &str, driver: &mut Driver) {
    for (columns, rows) in SIZES {
        driver.resize(columns, rows);
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), driver.screen());
    }
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
