//! The program driven by keys: what moves, what is asked of the world, what stays where it was.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

#[path = "support/driver.rs"]
mod driver;

use std::sync::Arc;

use driver::{Driver, coverage_of, project, sample, settings};
use untaken::app::effect::{Effect, RequestId};
use untaken::app::message::{LoadFailure, Message, Mouse, MouseKind, WatchState};
use untaken::app::picks::Picked;
use untaken::app::{Focus, Overlay};
use untaken::coverage::{FileCoverage, FilePath, Hits, Line, Outcome, Ratio, Span, Totals};

fn shop() -> Driver {
    let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    Driver::new(settings(140, 42), coverage, sources)
}

/// A file with so many arms, the first of them taken.
fn file(path: &str, covered: u64, total: u64) -> FileCoverage {
    let mut file = FileCoverage::builder(path);
    file.totals(Totals {
        branches: Some(Ratio::new(covered, total)),
        lines: Some(Ratio::new(total, total)),
        ..Totals::default()
    });
    for at in 0..total {
        let line = Line::from_index(usize::try_from(at).unwrap());
        file.line(line, Hits::TAKEN);
        file.branch(Span::line(line), untaken::coverage::Construct::If)
            .arm(Outcome::True, Hits::seen(at < covered));
    }
    file.finish()
}

fn tree_of(files: &[(&str, u64, u64)]) -> Driver {
    let coverage = coverage_of(
        files
            .iter()
            .map(|(path, covered, total)| (*path, file(path, *covered, *total)))
            .collect(),
    );
    Driver::new(
        settings(140, 42),
        coverage,
        std::collections::BTreeMap::new(),
    )
}

/// The tree as it is unfolded: labels, indented.
fn rows(driver: &Driver) -> Vec<String> {
    let tree = driver.app.tree();
    tree.rows()
        .iter()
        .map(|&idx| {
            let node = tree.node(idx).unwrap();
            format!("{}{}", " ".repeat(usize::from(node.depth)), node.label)
        })
        .collect()
}

fn current(driver: &Driver) -> String {
    driver
        .app
        .tree()
        .current()
        .unwrap()
        .1
        .path
        .as_str()
        .to_owned()
}

fn gap_line(driver: &Driver) -> (String, u32) {
    let source = driver.app.source();
    let (_, gap) = source.current_gap().unwrap();
    (source.path().unwrap().as_str().to_owned(), gap.line.get())
}

#[test]
fn it_opens_with_the_worst_file_and_its_folders_unfolded() {
    let driver = shop();
    assert_eq!(current(&driver), "src/shop/io/never_imported.py");
    assert_eq!(
        rows(&driver),
        [
            "src/shop",
            " io",
            "  never_imported.py",
            "  parsing.py",
            "  __init__.py",
            " naïve été.py",
            " pricing.py",
            " __init__.py",
        ]
    );
    assert_eq!(
        gap_line(&driver),
        ("src/shop/io/never_imported.py".into(), 1)
    );
}

#[test]
fn folders_have_the_sums_of_their_arms_and_never_a_mean() {
    let driver = tree_of(&[("a/x.py", 1, 2), ("a/b/y.py", 0, 8), ("z.py", 5, 5)]);
    let tree = driver.app.tree();
    let figures: Vec<_> = tree
        .rows()
        .iter()
        .map(|&idx| {
            let node = tree.node(idx).unwrap();
            let ratio = node.totals.branches.unwrap();
            (node.label.to_string(), ratio.covered, ratio.total)
        })
        .collect();
    let figures: Vec<_> = figures
        .iter()
        .map(|(label, covered, total)| (label.as_str(), *covered, *total))
        .collect();
    assert_eq!(
        figures,
        [
            ("a", 1, 10),
            ("b", 0, 8),
            ("y.py", 0, 8),
            ("x.py", 1, 2),
            ("z.py", 5, 5)
        ]
    );
}

#[test]
fn folders_with_a_single_child_are_one_row() {
    let driver = tree_of(&[
        ("src/main/java/shop/a/A.java", 0, 1),
        ("src/main/java/shop/b/B.java", 0, 2),
        ("src/test/T.java", 1, 1),
        ("/abs/lib/x.c", 1, 1),
        ("top.py", 1, 1),
    ]);
    let mut driver = driver;
    driver.keys("zR");
    assert_eq!(
        rows(&driver),
        [
            "src",
            " main/java/shop",
            "  b",
            "   B.java",
            "  a",
            "   A.java",
            " test",
            "  T.java",
            "/abs/lib",
            " x.c",
            "top.py",
        ]
    );
}

#[test]
fn files_stand_in_the_order_of_the_contract() {
    // Branch coverage ascending, then untaken arms descending, then path; without branch data last, by lines.
    let mut driver = tree_of(&[
        ("d.py", 1, 2),
        ("c.py", 2, 4),
        ("b.py", 1, 2),
        ("a.py", 9, 10),
        ("f.py", 0, 0),
        ("e.py", 0, 3),
    ]);
    assert_eq!(
        rows(&driver),
        ["e.py", "c.py", "b.py", "d.py", "a.py", "f.py"]
    );
    driver.keys("o");
    assert_eq!(
        rows(&driver),
        ["e.py", "c.py", "b.py", "d.py", "a.py", "f.py"]
    );
    driver.keys("oo");
    assert_eq!(
        rows(&driver),
        ["a.py", "b.py", "c.py", "d.py", "e.py", "f.py"]
    );
}

#[test]
fn the_order_keeps_the_cursor_on_its_file() {
    let mut driver = tree_of(&[("a.py", 9, 10), ("b.py", 1, 2), ("c.py", 0, 1)]);
    driver.keys("j");
    assert_eq!(current(&driver), "b.py");
    driver.keys("ooo");
    assert_eq!(rows(&driver), ["a.py", "b.py", "c.py"]);
    assert_eq!(current(&driver), "b.py");
}

#[test]
fn folding_takes_rows_away_and_brings_them_back() {
    let mut driver = shop();
    driver.keys("h");
    assert_eq!(current(&driver), "src/shop/io");
    driver.keys("h");
    assert_eq!(
        rows(&driver),
        [
            "src/shop",
            " io",
            " naïve été.py",
            " pricing.py",
            " __init__.py"
        ]
    );
    driver.keys("ll");
    assert_eq!(current(&driver), "src/shop/io/never_imported.py");
    driver.keys("zM");
    assert_eq!(rows(&driver), ["src/shop"]);
    driver.keys("zR");
    assert_eq!(rows(&driver).len(), 8);
}

#[test]
fn one_list_of_files_and_back() {
    let mut driver = shop();
    driver.keys("v");
    assert!(rows(&driver)[0].ends_with("never_imported.py"));
    assert_eq!(driver.app.tree().rows().len(), 6);
    driver.keys("jjvvv");
    assert_eq!(driver.app.tree().rows().len(), 8);
}

#[test]
fn the_source_follows_the_tree_and_enter_goes_there() {
    let mut driver = shop();
    driver.keys("j");
    assert_eq!(
        driver.app.source().path().unwrap().as_str(),
        "src/shop/io/parsing.py"
    );
    driver.keys("<enter>");
    assert_eq!(driver.app.focus(), Focus::Source);
    driver.keys("<esc>");
    assert_eq!(driver.app.focus(), Focus::Tree);
    driver.keys("<tab>");
    assert_eq!(driver.app.focus(), Focus::Source);
    driver.keys("<backtab>");
    assert_eq!(driver.app.focus(), Focus::Tree);
}

#[test]
fn n_goes_through_all_gaps_across_files_and_round() {
    let mut driver = shop();
    let first = gap_line(&driver);
    let mut seen = vec![first.clone()];
    for _ in 0..200 {
        driver.keys("n");
        if gap_line(&driver) == first {
            break;
        }
        seen.push(gap_line(&driver));
    }
    let files: Vec<&str> = {
        let mut files: Vec<&str> = seen.iter().map(|(path, _)| path.as_str()).collect();
        files.dedup();
        files
    };
    assert_eq!(
        files,
        [
            "src/shop/io/never_imported.py",
            "src/shop/io/parsing.py",
            "src/shop/naïve été.py",
            "src/shop/pricing.py"
        ]
    );
    assert!(driver.app.notice().unwrap().text.contains("from the top"));
    // And the same way back.
    let mut back = vec![first.clone()];
    for _ in 1..seen.len() {
        driver.keys("N");
        back.push(gap_line(&driver));
    }
    back[1..].reverse();
    assert_eq!(back, seen);
}

#[test]
fn n_opens_the_folder_of_the_file_it_goes_to() {
    let mut driver = shop();
    driver.keys("zM");
    assert_eq!(rows(&driver).len(), 1);
    driver.keys("9n");
    assert!(rows(&driver).len() > 1);
    assert_eq!(
        current(&driver),
        driver.app.source().path().unwrap().as_str()
    );
}

#[test]
fn counts_and_jumps() {
    let mut driver = shop();
    driver.keys("j<enter>G");
    let last = driver.app.source().cursor();
    assert_eq!(last + 1, driver.app.source().view().unwrap().lines.len());
    driver.keys("gg");
    assert_eq!(driver.app.source().cursor(), 0);
    driver.keys("5j");
    assert_eq!(driver.app.source().cursor(), 5);
    driver.keys("3G");
    assert_eq!(driver.app.source().cursor(), 2);
    driver.keys("2<ctrl-d>");
    assert!(driver.app.source().cursor() > 2);
    driver.keys("<home>");
    assert_eq!(driver.app.source().cursor(), 0);
    // A key that means nothing forgets the count.
    driver.keys("5zzj");
    assert_eq!(driver.app.source().cursor(), 1);
}

#[test]
fn space_picks_a_gap_a_file_or_a_folder_and_u_undoes_it() {
    let mut driver = shop();
    let path = FilePath::new("src/shop/io/never_imported.py");
    driver.keys("<enter> ");
    assert!(matches!(driver.app.picks().of(&path), Some(Picked::Gaps(gaps)) if gaps.len() == 1));
    assert_eq!(driver.app.n_picked().gaps, 1);
    driver.keys(" ");
    assert!(driver.app.picks().is_empty());
    driver.keys("u");
    assert_eq!(driver.app.n_picked().gaps, 1);
    driver.keys("u");
    assert!(driver.app.picks().is_empty());

    driver.keys("<esc> ");
    assert_eq!(driver.app.picks().of(&path), Some(&Picked::Whole));
    assert_eq!(driver.app.n_picked().gaps, 5);
    // The folder: what is left of it is picked too, then all of it is put back.
    driver.keys("h ");
    assert_eq!(driver.app.n_picked().files, 2);
    assert_eq!(driver.app.n_picked().unknown, 0);
    driver.keys(" ");
    assert!(driver.app.picks().is_empty());
    driver.keys("uuU");
    assert!(driver.app.picks().is_empty());
    driver.keys("u");
    assert_eq!(driver.app.n_picked().files, 1);
}

#[test]
fn a_gap_taken_out_of_a_whole_file_leaves_the_others() {
    let mut driver = shop();
    driver.keys(" <enter> ");
    let path = FilePath::new("src/shop/io/never_imported.py");
    assert!(matches!(driver.app.picks().of(&path), Some(Picked::Gaps(gaps)) if gaps.len() == 4));
}

#[test]
fn what_is_wholly_taken_cannot_be_picked() {
    let mut driver = tree_of(&[("a.py", 2, 2)]);
    driver.keys(" ");
    assert!(driver.app.picks().is_empty());
    assert!(driver.app.notice().is_some());
}

#[test]
fn a_filter_shows_what_fits_with_its_folders_open_and_esc_shows_everything_as_it_was() {
    let mut driver = shop();
    driver.keys("zM/pri");
    assert!(
        rows(&driver).len() > 2,
        "letters in order, wherever they stand"
    );
    assert_eq!(
        current(&driver),
        "src/shop/pricing.py",
        "the best is selected"
    );
    driver.keys("cing");
    assert_eq!(rows(&driver), ["src/shop", " pricing.py"]);
    driver.keys("<backspace><backspace><backspace><backspace>");
    assert_eq!(current(&driver), "src/shop/pricing.py");
    driver.keys("q?<esc>");
    assert!(driver.asked().is_empty(), "what is typed is no command");
    driver.keys("/parsing<enter>");
    assert!(!driver.app.is_filtering());
    assert_eq!(rows(&driver), ["src/shop", " io", "  parsing.py"]);
    driver.keys("<esc>");
    assert!(driver.app.filter().query().is_empty());
}

#[test]
fn only_the_picked_files_can_be_shown() {
    let mut driver = shop();
    driver.keys(" pp");
    assert_eq!(rows(&driver), ["src/shop", " io", "  never_imported.py"]);
    driver.keys("p");
    assert_eq!(rows(&driver).len(), 8);
}

#[test]
fn a_new_report_changes_the_figures_and_nothing_else() {
    let mut driver = tree_of(&[
        ("a/x.py", 1, 4),
        ("a/y.py", 2, 4),
        ("b/z.py", 3, 4),
        ("c.py", 4, 4),
    ]);
    driver.keys("jj ");
    let before = (current(&driver), driver.app.n_picked().files);
    let was_open = rows(&driver);
    let coverage = coverage_of(vec![
        ("a/x.py", file("a/x.py", 4, 4)),
        ("a/y.py", file("a/y.py", 3, 4)),
        ("b/z.py", file("b/z.py", 3, 4)),
        ("c.py", file("c.py", 4, 4)),
    ]);
    driver.coverage = Arc::new(coverage);
    driver.reload();
    assert_eq!((current(&driver), driver.app.n_picked().files), before);
    let mut now = rows(&driver);
    now.sort();
    let mut was = was_open;
    was.sort();
    assert_eq!(now, was, "the same folders are open");
    assert_eq!(driver.app.history().points().len(), 2);
}

#[test]
fn the_place_in_the_source_survives_a_new_report() {
    let mut driver = shop();
    driver.keys("j<enter>nnjj");
    let before = (driver.app.source().cursor(), driver.app.source().scroll());
    driver.reload();
    assert_eq!(
        (driver.app.source().cursor(), driver.app.source().scroll()),
        before
    );
    assert_eq!(driver.app.focus(), Focus::Source);
}

#[test]
fn a_file_that_leaves_the_report_leaves_the_screen() {
    let mut driver = tree_of(&[("a.py", 0, 1), ("b.py", 0, 2)]);
    assert_eq!(current(&driver), "b.py");
    driver.coverage = Arc::new(coverage_of(vec![("a.py", file("a.py", 0, 1))]));
    driver.reload();
    assert_eq!(current(&driver), "a.py");
    assert_eq!(driver.app.source().path().unwrap().as_str(), "a.py");
}

#[test]
fn late_answers_are_ignored() {
    let mut driver = shop();
    driver.answers = false;
    driver.keys("jj");
    let asked = driver.asked();
    let requests: Vec<RequestId> = asked
        .iter()
        .filter_map(|effect| match effect {
            Effect::LoadSource { request, .. } => Some(*request),
            _ => None,
        })
        .collect();
    assert_eq!(requests.len(), 2, "each asks for its own: {asked:?}");
    assert!(requests[0] < requests[1]);
    let view = |path: &str, text: &str| {
        Arc::new(untaken::app::message::SourceView {
            path: FilePath::new(path),
            lines: vec![text.to_owned()],
            gaps: Vec::new(),
            report_lines: None,
        })
    };
    let path = FilePath::new("src/shop/io/parsing.py");
    let stale = Message::Source {
        request: requests[0],
        path: path.clone(),
        outcome: Ok(view("src/shop/io/parsing.py", "stale")),
    };
    assert!(!driver.send(stale), "nothing changed");
    driver.send(Message::Source {
        request: requests[0],
        path,
        outcome: Err("stale".to_owned()),
    });
    assert!(
        driver
            .app
            .source()
            .view()
            .is_none_or(|view| view.lines[0] != "stale")
    );
}

#[test]
fn a_report_that_cannot_be_read_leaves_the_last_good_one() {
    let mut driver = shop();
    let failure = LoadFailure {
        path: FilePath::new("reports/coverage.json"),
        message: "line 3, column 9: the file ends in the middle of a text".to_owned(),
    };
    driver.send(Message::Reports {
        request: RequestId::default(),
        outcome: Err(failure),
    });
    assert!(driver.app.loaded().is_some());
    assert!(driver.screen().contains("line 3, column 9"));
    driver.reload();
    assert!(!driver.screen().contains("line 3, column 9"));
}

#[test]
fn the_watcher_is_heard() {
    let mut driver = shop();
    let rewriting = WatchState::Rewriting {
        path: FilePath::new("reports/coverage.json"),
        why: "0 bytes".to_owned(),
    };
    assert!(driver.send(Message::Watch(rewriting.clone())));
    assert!(
        !driver.send(Message::Watch(rewriting)),
        "the same again is no news"
    );
    assert!(driver.screen().contains("the last good report stays"));
    driver.send(Message::Watch(WatchState::Current));
    assert!(!driver.screen().contains("the last good report stays"));
}

#[test]
fn the_editor_gets_the_line_and_what_it_changed_is_read() {
    let mut driver = shop();
    driver.keys("<enter>e");
    let asked = driver.asked();
    assert!(matches!(&asked[..], [Effect::OpenEditor { path, line }]
        if path.as_str() == "src/shop/io/never_imported.py" && line.get() == 1));
    driver
        .sources
        .get_mut("src/shop/io/never_imported.py")
        .unwrap()[0] = "# changed".to_owned();
    driver.send(Message::EditorClosed(Ok(())));
    assert_eq!(driver.app.source().view().unwrap().lines[0], "# changed");
    driver.send(Message::EditorClosed(Err("vi: not found".to_owned())));
    assert!(driver.app.notice().unwrap().bad);
}

#[test]
fn copies_name_the_place_and_the_source() {
    let mut driver = shop();
    driver.keys("yY<enter>y");
    let copied: Vec<String> = driver
        .asked()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(copied[0], "src/shop/io/never_imported.py");
    assert!(copied[1].starts_with("def orphan(a, b):"));
    assert_eq!(copied[2], "src/shop/io/never_imported.py:1");
}

#[test]
fn help_opens_scrolls_and_leaves() {
    let mut driver = shop();
    driver.keys("?jj");
    assert_eq!(driver.app.overlay(), Some(Overlay::Help { scroll: 2 }));
    driver.keys("<esc>");
    assert_eq!(driver.app.overlay(), None);
    driver.keys("?q");
    assert_eq!(driver.app.overlay(), None);
    assert!(
        driver.asked().is_empty(),
        "q left the help, not the program"
    );
    driver.keys("W");
    assert!(matches!(
        driver.app.overlay(),
        Some(Overlay::Warnings { .. })
    ));
}

#[test]
fn q_and_ctrl_c_leave_and_a_signal_says_which() {
    for script in ["q", "<ctrl-c>", "?<ctrl-c>", "/x<ctrl-c>", "<enter>q"] {
        let mut driver = shop();
        driver.keys(script);
        let asked = driver.asked();
        assert_eq!(asked.last(), Some(&Effect::Quit { status: 0 }), "{script}");
    }
    let mut driver = shop();
    driver.send(Message::Terminate(15));
    assert_eq!(driver.asked(), [Effect::Quit { status: 143 }]);
}

#[test]
fn clicks_and_the_wheel() {
    let mut driver = shop();
    let mouse = |kind, column, row| Message::Mouse(Mouse { kind, column, row });
    // The panes begin below the header and a free row; the first row is the title.
    driver.send(mouse(MouseKind::Press, 12, 6));
    assert_eq!(current(&driver), "src/shop/io/parsing.py");
    driver.send(mouse(MouseKind::Press, 12, 6));
    assert_eq!(driver.app.focus(), Focus::Source);
    driver.send(mouse(MouseKind::Press, 70, 6));
    assert_eq!(driver.app.focus(), Focus::Source);
    // On a folder a click folds it.
    let n = driver.app.tree().rows().len();
    driver.send(mouse(MouseKind::Press, 8, 4));
    assert!(driver.app.tree().rows().len() < n);
    let before = driver.app.source().scroll();
    for _ in 0..30 {
        driver.send(mouse(MouseKind::ScrollDown, 70, 10));
    }
    assert!(driver.app.source().scroll() >= before);
    // The divider is dragged.
    let left = |driver: &Driver| match driver.app.panes().unwrap() {
        untaken::app::layout::Panes::Two { left, .. } => left.width,
        untaken::app::layout::Panes::One(_) => 0,
    };
    let x = left(&driver);
    driver.send(mouse(MouseKind::Press, x, 10));
    driver.send(mouse(MouseKind::Drag, x + 9, 10));
    driver.send(mouse(MouseKind::Release, x + 9, 10));
    assert_eq!(left(&driver), x + 9);
    driver.send(mouse(MouseKind::Drag, 30, 10));
    assert_eq!(left(&driver), x + 9, "only while the button is down");
}

#[test]
fn every_key_of_the_table_can_be_typed_anywhere_without_harm() {
    use untaken::app::keymap::{Chord, TABLE};
    for start in ["", "<enter>", "?", " s"] {
        for entry in TABLE {
            for keys in entry.keys {
                assert!(Chord::parse(keys).is_some(), "{keys}");
                let mut driver = shop();
                driver.keys(start);
                for key in keys.split(' ') {
                    driver.keys(&if key.len() == 1 {
                        key.to_owned()
                    } else {
                        format!("<{key}>")
                    });
                }
                driver.screen();
            }
        }
    }
}

#[test]
fn keys_can_be_remapped_and_a_wrong_name_finds_the_nearest() {
    use untaken::app::keymap::{Action, KeyMap, KeyMapError};
    let own = |name: &str, key: &str| KeyMap::with(&[(name.to_owned(), key.to_owned())]);
    let map = own("next-gap", "]").unwrap();
    assert_eq!(map.keys(Action::NextGap), ["]"]);
    // A key that was taken away from something else.
    let map = own("next-gap", "o").unwrap();
    assert_eq!(map.keys(Action::NextGap), ["o"]);
    assert!(map.keys(Action::Order).is_empty());
    assert_eq!(
        own("nextgap", "x").unwrap_err(),
        KeyMapError::UnknownAction {
            action: "nextgap".to_owned(),
            nearest: "next-gap"
        }
    );
    assert!(own("next-gap", "hyper-x").is_err());
}

#[test]
fn all_gaps_by_worth_and_the_functions_alone() {
    let mut driver = shop();
    driver.keys("A");
    let rows = driver.app.list().rows().len();
    assert!(rows > 15, "{rows} rows");
    assert_eq!(driver.app.list().awaited, 0);
    let shown = |driver: &Driver| {
        let row = driver.app.list().current().unwrap();
        (
            row.group().path.as_str().to_owned(),
            row.gap().unwrap().line.get(),
        )
    };
    // The source follows, and space picks the one gap.
    driver.keys("ggj");
    assert_eq!(gap_line(&driver), shown(&driver));
    driver.keys(" ");
    assert_eq!(driver.app.n_picked().gaps, 1);
    // On the function it is all of them.
    driver.keys("U");
    driver.keys("k ");
    let group = driver.app.list().current().unwrap().group().clone();
    assert_eq!(driver.app.n_picked().gaps, group.gaps.len());
    driver.keys("F");
    assert!(driver.app.list().rows().len() < rows);
    driver.keys("<enter>");
    assert_eq!(driver.app.focus(), Focus::Source);
    driver.keys("<esc>/amount");
    assert_eq!(driver.app.list().rows().len(), 1);
    driver.keys("<esc>T");
    assert!(!driver.app.view().is_list());
    assert_eq!(driver.app.tree().rows().len(), 8);
}

#[test]
fn a_list_keeps_its_cursor_over_a_new_report() {
    let mut driver = shop();
    driver.keys("A5j");
    let before = gap_line(&driver);
    driver.reload();
    let row = driver.app.list().current().unwrap();
    assert_eq!(
        (
            row.group().path.as_str().to_owned(),
            row.gap().unwrap().line.get()
        ),
        before
    );
}
