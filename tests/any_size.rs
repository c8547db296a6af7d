//! Whatever the size and whatever the text, the screen is drawn, and its columns stay where they are.

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

use std::collections::BTreeMap;

use driver::{Driver, coverage_of, project, sample, settings};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use untaken::app::layout::{Layout, Panes, Share, Size};
use untaken::app::message::{Message, TestsEvent};
use untaken::coverage::{Construct, FileCoverage, Hits, Line, Outcome, Ratio, Span, Totals};

/// Letters that terminals and editors disagree about, and ordinary ones.
fn nasty_text() -> impl Strategy<Value = String> {
    let letter = prop_oneof![
        4 => prop::char::range(' ', '~'),
        1 => any::<char>(),
        1 => prop::sample::select(vec![
            '\t', '\u{1b}', '\u{7}', '\r', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200b}', '\u{200d}',
            '\u{feff}', '\u{301}', '\u{fe0f}', '日', '👩', '🏽', '\u{1f1e9}', 'é', '\u{e0041}', '\u{1100}', '\u{1161}',
        ]),
    ];
    prop::collection::vec(letter, 0..120).prop_map(|letters| letters.into_iter().collect())
}

fn file_of(path: &str, n_lines: usize) -> FileCoverage {
    let mut file = FileCoverage::builder(path);
    for idx in 0..n_lines {
        file.line(Line::from_index(idx), Hits::times(idx as u64));
        file.branch(Span::line(Line::from_index(idx)), Construct::If)
            .arm(Outcome::True, Hits::ZERO)
            .arm(Outcome::False, Hits::times(3));
    }
    file.totals(Totals {
        branches: Some(Ratio::new(n_lines as u64, 2 * n_lines as u64)),
        lines: Some(Ratio::new(1, n_lines.max(1) as u64)),
        ..Totals::default()
    });
    file.finish()
}

/// No cell holds anything that would move the cursor, and every wide letter has its two cells.
fn check_cells(buffer: &Buffer) {
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            assert!(
                !symbol.chars().any(|letter| letter.is_control()
                    || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')),
                "{symbol:?} at {x},{y}"
            );
            let width = unicode_width::UnicodeWidthStr::width(symbol);
            assert!((1..=2).contains(&width), "{symbol:?} takes {width} cells");
            if width == 2 {
                assert!(x + 1 < buffer.area.width, "{symbol:?} hangs over the edge");
                assert_eq!(buffer[(x + 1, y)].symbol(), " ", "{symbol:?} is covered");
            }
            x += u16::try_from(width).unwrap();
        }
    }
}

/// The column between the panes is nothing else, in every row.
fn check_divider(driver: &Driver) {
    let buffer = driver.buffer();
    if driver.app.overlay().is_some() || driver.app.prompt().is_open() {
        return;
    }
    if let Some(Panes::Two { divider, .. }) = driver.app.panes() {
        for y in divider.y..divider.y + divider.height {
            assert_eq!(
                buffer[(divider.x, y)].symbol(),
                "│",
                "row {y} of\n{}",
                driver.screen()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_drawn_aligned(
        lines in prop::collection::vec(nasty_text(), 1..30),
        name in nasty_text(),
        columns in 40_u16..160,
        rows in 10_u16..50,
        shift in 0..6_usize,
    ) {
        let path = format!("src/{}.py", name.replace('/', "-"));
        let n = lines.len();
        let mut driver = Driver::new(
            settings(columns, rows),
            coverage_of(vec![(path.as_str(), file_of(&path, n))]),
            BTreeMap::from([(path.clone(), lines.clone())]),
        );
        check_cells(&driver.buffer());
        driver.keys("<enter>nn");
        driver.keys(&"l".repeat(shift));
        check_cells(&driver.buffer());
        if driver.app.panes().is_some() && driver.app.loaded().is_some() {
            check_divider(&driver);
        }
        driver.keys("A");
        check_cells(&driver.buffer());
        driver.keys("<esc> s");
        check_cells(&driver.buffer());
        driver.keys("<enter>");
        fake_codex::answer(&mut driver);
        fake_codex::says(&mut driver, "m", &lines.join("\n"));
        fake_codex::runs(&mut driver, "c", "true", &lines.join("\n"), 1);
        fake_codex::asks(&mut driver, 1, &lines[0], &name);
        check_cells(&driver.buffer());
        driver.send(Message::Tests(TestsEvent::Output(lines.join("\r\n"))));
        driver.keys("t");
        check_cells(&driver.buffer());
    }

    #[test]
    fn any_size_and_any_keys_are_survived(
        sizes in prop::collection::vec((0_u16..220, 0_u16..70), 1..6),
        script in "[jkhlnNvopzgGATLFdWtuU /?s]{0,12}",
    ) {
        let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
        let mut driver = Driver::new(settings(80, 24), coverage, sources);
        driver.keys(&script);
        for (columns, rows) in sizes {
            driver.resize(columns, rows);
            check_cells(&driver.buffer());
            driver.keys("jn");
        }
    }

    #[test]
    fn the_parts_of_the_screen_lie_in_it_and_never_overlap(
        columns in 0_u16..400,
        rows in 0_u16..150,
        left in prop::option::of(0_u16..400),
        percent in 10_u16..60,
    ) {
        let Some(layout) = Layout::of(Size { columns, rows }, Share { left, percent, most: 72, aside: columns % 2 == 0 }) else {
            prop_assert!(columns < 40 || rows < 10);
            return Ok(());
        };
        let mut areas = vec![
            layout.header,
            layout.aside,
            layout.rule,
            layout.strip,
            layout.footer,
        ];
        match layout.panes {
            Panes::One(area) => areas.push(area),
            Panes::Two { left, divider, right } => {
                prop_assert!(left.width >= 20 && right.width >= 30, "{left:?} {right:?}");
                areas.extend([left, divider, right]);
            }
        }
        let mut owner = vec![None; usize::from(columns) * usize::from(rows)];
        for (idx, area) in areas.iter().enumerate() {
            prop_assert!(area.x + area.width <= columns && area.y + area.height <= rows);
            for y in area.y..area.y + area.height {
                for x in area.x..area.x + area.width {
                    let cell = &mut owner[usize::from(y) * usize::from(columns) + usize::from(x)];
                    prop_assert!(cell.is_none(), "{areas:?}");
                    *cell = Some(idx);
                }
            }
        }
    }
}
