//! Deciding about what a run left: files, the record, commits, and the built program on top of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/driver.rs"]
mod driver;
#[path = "support/fake_codex.rs"]
mod fake_codex;
#[path = "support/pty.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "each test uses its own part of it"
)]
mod pty;
#[path = "support/run_record.rs"]
mod run_record;

use std::sync::Arc;

use driver::{Driver, project, sample, settings};
use pty::Start;
use run_record::{
    BEFORE_TEXT, CHANGED, CHANGED_TEXT, MOCKED, MOCKED_TEXT, NEW, NEW_TEXT, Place, SOURCE,
    SOURCE_EXCLUDED, SOURCE_TEXT, git, reviewed,
};
use untaken::agent::TurnStatus;
use untaken::app::effect::{Effect, Timer};
use untaken::app::message::{Message, TestsEvent};
use untaken::app::review::{Left, Measuring, Now, ReviewEvent, ReviewWish};
use untaken::runtime::review::Desk;
use untaken::settings::Settings;
use untaken::triage::record::{Event, RunResult};
use untaken::triage::review::{Decision, PieceId};

fn desk(place: &Place) -> Desk {
    let mut settings = Settings::defaults(place.root());
    settings.state = Some(place.state());
    Desk::new(Arc::new(settings))
}

fn id(path: &str) -> PieceId {
    PieceId {
        path: path.into(),
        turn: 1,
    }
}

fn open(left: &Left) -> Vec<&str> {
    left.open().map(|piece| piece.id.path.as_str()).collect()
}

fn now(left: &Left, path: &str) -> Now {
    let at = left
        .review
        .pieces
        .iter()
        .position(|piece| piece.id.path == path)
        .unwrap();
    left.files[at].now
}

fn decide(desk: &mut Desk, place: &Place, path: &str, wants_it: bool) -> Result<Decision, String> {
    let (done, refused) = desk.decide(&place.run, &[id(path)], wants_it)?;
    match refused.into_iter().next() {
        Some(why) => Err(why),
        None => Ok(done[0]),
    }
}

#[test]
fn a_new_file_is_removed_and_a_changed_one_restored_and_undo_brings_both_back() {
    let place = Place::new();
    let mut desk = desk(&place);
    let left = desk.look().unwrap();
    assert_eq!(open(&left), [CHANGED, NEW]);
    assert_eq!(now(&left, MOCKED), Now::Without);
    assert_eq!(now(&left, SOURCE), Now::Without);

    assert_eq!(
        decide(&mut desk, &place, NEW, false),
        Ok(Decision::Rejected)
    );
    // It closed no arm.
    assert_eq!(
        decide(&mut desk, &place, CHANGED, false),
        Ok(Decision::Removed)
    );
    assert_eq!(place.read(NEW), None);
    assert_eq!(place.read(CHANGED).unwrap(), BEFORE_TEXT);
    assert_eq!(RunResult::of(&place.events()).closed, []);
    let left = desk.look_at(&place.run).unwrap();
    assert_eq!(open(&left), Vec::<&str>::new());
    assert!(left.review.is_stale);

    for path in [NEW, CHANGED] {
        desk.undo(&place.run, &id(path)).unwrap();
    }
    assert_eq!(place.read(NEW).unwrap(), NEW_TEXT);
    assert_eq!(place.read(CHANGED).unwrap(), CHANGED_TEXT);
    assert_eq!(RunResult::of(&place.events()).closed.len(), 1);
    assert!(desk.undo(&place.run, &id(NEW)).is_err());
    // Another start of the program finds what this one decided.
    decide(&mut desk, &place, NEW, true).unwrap();
    drop(desk);
    assert_eq!(open(&self::desk(&place).look().unwrap()), [CHANGED]);
}

#[test]
fn an_edit_of_the_person_is_never_lost() {
    let place = Place::new();
    let mut desk = desk(&place);
    let mine = format!("{NEW_TEXT}\n# mine\n");
    place.write(NEW, &mine);
    let why = decide(&mut desk, &place, NEW, false).unwrap_err();
    assert!(why.contains("your edits stay"), "{why}");
    assert_eq!(place.read(NEW).unwrap(), mine);
    assert_eq!(now(&desk.look().unwrap(), NEW), Now::Other);
    // Theirs to accept just so; the undo of that writes nothing.
    assert_eq!(decide(&mut desk, &place, NEW, true), Ok(Decision::Accepted));
    assert_eq!(place.read(NEW).unwrap(), mine);
    desk.undo(&place.run, &id(NEW)).unwrap();
    assert_eq!(place.read(NEW).unwrap(), mine);

    decide(&mut desk, &place, CHANGED, false).unwrap();
    place.write(CHANGED, "mine\n");
    let why = desk.undo(&place.run, &id(CHANGED)).unwrap_err();
    assert!(why.contains("your edits stay"), "{why}");
    assert_eq!(place.read(CHANGED).unwrap(), "mine\n");

    place.write(SOURCE, "mine\n");
    let why = decide(&mut desk, &place, SOURCE, true).unwrap_err();
    assert!(why.contains(".patch in "), "{why}");
    assert_eq!(place.read(SOURCE).unwrap(), "mine\n");
    place.write(MOCKED, "mine\n");
    assert!(decide(&mut desk, &place, MOCKED, true).is_err());
    assert_eq!(place.read(MOCKED).unwrap(), "mine\n");
}

#[test]
fn what_was_rejected_or_put_back_can_be_had_after_all() {
    let place = Place::new();
    let mut desk = desk(&place);
    assert_eq!(
        decide(&mut desk, &place, MOCKED, true),
        Ok(Decision::TakenBack)
    );
    assert_eq!(place.read(MOCKED).unwrap(), MOCKED_TEXT);
    assert_eq!(
        decide(&mut desk, &place, SOURCE, true),
        Ok(Decision::KeptChange)
    );
    assert_eq!(place.read(SOURCE).unwrap(), SOURCE_EXCLUDED);
    // No arm is credited to it: a person wanted the file, the evidence is what it was.
    let result = RunResult::of(&place.events());
    assert_eq!((result.closed.len(), result.tests.len()), (1, 3));
    for path in [MOCKED, SOURCE] {
        desk.undo(&place.run, &id(path)).unwrap();
    }
    assert_eq!(place.read(MOCKED), None);
    assert_eq!(place.read(SOURCE).unwrap(), SOURCE_TEXT);
}

#[test]
fn a_commit_takes_what_was_accepted_and_nothing_else() {
    let place = Place::new();
    let root = place.root();
    place.write("mine.py", "mine = 2\n");
    place.write("mine_too.py", "x = 1\n");
    git(&root, &["add", "mine.py", "mine_too.py"]);
    let mut desk = desk(&place);
    decide(&mut desk, &place, NEW, true).unwrap();
    let paths = [NEW.to_owned()];
    let id_of = desk.commit(&place.run, &paths, "Take 1 arm\n").unwrap();
    assert_eq!(
        git(&root, &["show", "--format=%s", "--name-only"]),
        format!("Take 1 arm\n\n{NEW}\n")
    );
    assert_eq!(
        git(&root, &["status", "--porcelain"]),
        format!("M  mine.py\nA  mine_too.py\n M {CHANGED}\n")
    );
    let left = desk.look().unwrap();
    let piece = left.review.piece(&id(NEW)).unwrap();
    assert_eq!(piece.commit.as_ref(), Some(&id_of));
    assert!(
        decide(&mut desk, &place, NEW, false)
            .unwrap_err()
            .contains("committed")
    );
    assert!(desk.undo(&place.run, &id(NEW)).is_err());
    assert!(
        desk.commit(&place.run, &paths, "x").is_err(),
        "there is nothing left"
    );

    // What the person commits by hand waits for nobody.
    git(
        &root,
        &["commit", "-qm", "by hand", "--only", "--", CHANGED],
    );
    assert_eq!(open(&desk.look().unwrap()), Vec::<&str>::new());
}

#[test]
fn a_run_that_somebody_writes_is_left_alone() {
    let place = Place::new();
    let held = place.reopen();
    let mut desk = desk(&place);
    assert!(desk.look().unwrap().is_written);
    let why = decide(&mut desk, &place, NEW, false).unwrap_err();
    assert!(why.contains("another untaken"), "{why}");
    assert_eq!(place.read(NEW).unwrap(), NEW_TEXT);
    drop(held);
    assert!(!desk.look().unwrap().is_written);
    decide(&mut desk, &place, NEW, false).unwrap();
}

#[test]
fn a_decision_that_was_told_but_not_done_is_seen_and_can_be_done() {
    let place = Place::new();
    let event = Event::Reviewed {
        at: 30,
        path: NEW.into(),
        turn: 1,
        action: "rejected".into(),
        wrote: None,
    };
    // As a kill between the two would leave it.
    place.reopen().append(&event).unwrap();
    let mut desk = desk(&place);
    let left = desk.look().unwrap();
    assert_eq!(now(&left, NEW), Now::With);
    assert!(!left.review.piece(&id(NEW)).unwrap().should_be_in_tree());
    decide(&mut desk, &place, NEW, false).unwrap();
    assert_eq!(place.read(NEW), None);
    desk.undo(&place.run, &id(NEW)).unwrap();
    assert_eq!(place.read(NEW).unwrap(), NEW_TEXT);
}

/// The program on its own, with what these events say.
fn driver_with(more: Vec<Event>) -> Driver {
    let (coverage, sources) = project(&sample("coveragepy"), "reports/coverage.json");
    let mut driver = Driver::new(settings(120, 34), coverage, sources);
    let mut events = run_record::told_events();
    events.extend(more);
    driver.left = Some(Arc::new(run_record::left_of(&events)));
    driver.keys("R");
    driver.asked();
    driver
}

fn wishes(driver: &mut Driver) -> Vec<ReviewWish> {
    driver
        .asked()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Review(wish) => Some(wish),
            _ => None,
        })
        .collect()
}

fn wish(path: &str, wants_it: bool) -> ReviewWish {
    ReviewWish::Decide {
        run: "20261122-143400-1a".into(),
        pieces: vec![id(path)],
        wants_it,
    }
}

#[test]
fn each_file_is_decided_by_itself_and_what_closes_nothing_is_never_accepted_in_bulk() {
    let mut driver = driver_with(Vec::new());
    assert_eq!(driver.app.review().n_open(), 2);
    driver.keys("x");
    assert_eq!(wishes(&mut driver), [wish(CHANGED, false)]);
    // The cursor went on to the next that waits.
    driver.keys("a");
    assert_eq!(wishes(&mut driver), [wish(NEW, true)]);
    driver.keys("A");
    assert_eq!(wishes(&mut driver), [wish(NEW, true)]);
    driver.keys("Gx");
    assert_eq!(wishes(&mut driver), []);
    assert!(
        driver.screen().contains("it is not in the tree"),
        "{}",
        driver.screen()
    );
    driver.keys("a");
    assert_eq!(wishes(&mut driver), [wish(SOURCE, true)]);
    driver.keys("u");
    assert!(
        driver.screen().contains("nothing was decided"),
        "{}",
        driver.screen()
    );
}

#[test]
fn the_suite_is_measured_once_the_decisions_have_come_to_rest() {
    let mut driver = driver_with(Vec::new());
    driver.keys("xa");
    let timers: Vec<Timer> = driver
        .asked()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::After { timer, .. } => Some(timer),
            _ => None,
        })
        .collect();
    let [.., early, last] = timers[..] else {
        panic!("{timers:?}");
    };
    driver.send(Message::Timer { timer: early });
    assert_eq!(wishes(&mut driver), []);
    driver.send(Message::Timer { timer: last });
    let measure = |sandboxed| ReviewWish::Measure {
        run: "20261122-143400-1a".into(),
        sandboxed,
    };
    // Nothing was told of the decisions: the files still wait.
    assert_eq!(wishes(&mut driver), [measure(true)]);
    assert!(
        driver.screen().contains("measuring again"),
        "{}",
        driver.screen()
    );
    // While it goes on nothing is committed, and a further decision ends it.
    driver.keys("c");
    assert!(
        driver.screen().contains("measured again"),
        "{}",
        driver.screen()
    );
    driver.send(Message::Tests(TestsEvent::Started {
        command: "sh suite.sh".into(),
    }));
    driver.keys("a");
    assert!(driver.asked().contains(&Effect::StopTests));
    driver.send(Message::Review(ReviewEvent::Measured(
        Err("stopped".into()),
    )));
    assert_eq!(driver.app.review().measuring, Measuring::Due);
}

#[test]
fn figures_older_than_a_decision_say_so_and_r_measures_anew() {
    let mut driver = driver_with(vec![
        reviewed(NEW, "accepted"),
        reviewed(CHANGED, "removed"),
    ]);
    assert!(
        driver
            .screen()
            .contains("not measured since the last decision: r"),
        "{}",
        driver.screen()
    );
    driver.keys("r");
    let measure = ReviewWish::Measure {
        run: "20261122-143400-1a".into(),
        sandboxed: false,
    };
    assert_eq!(wishes(&mut driver), [measure]);
    driver.send(Message::Review(ReviewEvent::Measured(Err(
        "the tests fail: 1 failed".into(),
    ))));
    assert!(
        driver
            .screen()
            .contains("not measured again: the tests fail"),
        "{}",
        driver.screen()
    );
}

#[test]
fn a_commit_is_shown_before_it_is_made() {
    let mut driver = driver_with(vec![reviewed(NEW, "accepted")]);
    driver.keys("c");
    assert_eq!(wishes(&mut driver), []);
    let screen = driver.screen();
    for words in [
        "Take 1 untaken arm of src/berths.py",
        "Codex-Thread: 01a2b3c4",
        NEW,
    ] {
        assert!(screen.contains(words), "{screen}");
    }
    // The figures are older than the decision.
    assert!(!screen.contains("100.00 % after"), "{screen}");
    driver.keys("n");
    assert_eq!(wishes(&mut driver), []);
    driver.keys("cy");
    let made = wishes(&mut driver);
    let [ReviewWish::Commit { paths, .. }] = &made[..] else {
        panic!("{made:?}");
    };
    assert_eq!(paths, &[NEW.to_owned()]);
    let mut driver = driver_with(Vec::new());
    driver.keys("c");
    assert!(
        driver.screen().contains("nothing is accepted"),
        "{}",
        driver.screen()
    );
}

#[test]
fn hostile_names_and_texts_reach_the_screen_harmless() {
    let evil = "tests/\u{1b}]0;x\u{7}\u{202e}t.py";
    let mut events = vec![Event::Changed {
        at: 1,
        turn: 1,
        path: evil.into(),
        change: "added".into(),
        kind: "test".into(),
        patch: "\u{1b}[2J.patch".into(),
        put_back: false,
        before: None,
        after: Some("x = '\u{1b}[31m'\r\u{202e}\n".into()),
    }];
    events.push(Event::Rung {
        at: 2,
        turn: 1,
        path: evil.into(),
        rung: "static".into(),
        ok: false,
        evidence: "\u{1b}[2Jline 1".into(),
    });
    let mut driver = driver_with(events);
    for keys in ["", "j", "j<enter>"] {
        driver.keys(keys);
        let screen = driver.screen();
        let acts = screen
            .chars()
            .any(|c| c != '\n' && untaken::harmless::acts_on_terminal(c));
        assert!(!acts, "{screen:?}");
    }
}

#[test]
fn a_huge_diff_costs_no_more_to_look_at_than_a_small_one() {
    let text = "x = 1\n".repeat(400_000);
    let mut driver = driver_with(vec![Event::Changed {
        at: 1,
        turn: 1,
        path: "tests/test_huge.py".into(),
        change: "added".into(),
        kind: "test".into(),
        patch: String::new(),
        put_back: false,
        before: None,
        after: Some(text),
    }]);
    driver.keys("jj<enter>");
    let begun = std::time::Instant::now();
    for _ in 0..20 {
        driver.keys("<ctrl-d>");
        driver.buffer();
    }
    driver.keys("G");
    assert!(driver.screen().contains("400000"), "{}", driver.screen());
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

fn start(place: &Place, columns: u16, rows: u16) -> pty::Pty {
    Start::untaken(&place.root())
        .env("XDG_STATE_HOME", place.state_home())
        .env("TZ", "UTC")
        .size(columns, rows)
        .start()
}

#[test]
fn the_program_offers_the_review_decides_measures_and_commits() {
    let place = Place::new();
    let mut pty = start(&place, 120, 34);
    pty.wait_for("2 files of an agent wait for your review");
    pty.type_keys("R");
    pty.wait_for("2 to decide");
    // The changed file closes nothing: it goes.
    pty.wait_for("closes no arm that was open");
    pty.type_keys("x");
    pty.wait_for("1 to decide");
    assert_eq!(place.read(CHANGED).unwrap(), BEFORE_TEXT);
    pty.type_keys("a");
    pty.wait_for("all decided");
    pty.wait_for("measured again after the last decision");
    pty.type_keys("c");
    pty.wait_for("Take 1 untaken arm of src/berths.py");
    pty.wait_for("Codex-Thread: 01a2b3c4");
    assert_eq!(git(&place.root(), &["rev-list", "--count", "HEAD"]), "1\n");
    pty.type_keys("y");
    pty.wait_for("nothing was pushed");
    assert_eq!(
        git(&place.root(), &["show", "--format=", "--name-only"]),
        format!("{NEW}\n")
    );
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
    let events = place.events();
    let measured = events
        .iter()
        .filter(|event| matches!(event, Event::Measured { .. }))
        .count();
    assert!(measured >= 2, "{events:?}");
    // Nothing waits any more.
    let mut pty = start(&place, 120, 34);
    pty.wait_for("berths.py");
    pty.type_keys("R");
    pty.wait_for("all decided");
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
}

#[test]
fn what_a_run_left_is_offered_when_it_comes_to_rest_and_not_decided_about_before() {
    let mut driver = driver_with(Vec::new());
    let left = driver.left.take();
    driver.keys("R<esc>R");
    assert_eq!(driver.app.review().n_open(), 0);
    driver.keys("R sHELLO <enter>");
    fake_codex::answer(&mut driver);
    assert!(driver.app.is_worked_on());
    driver.left = left;
    driver.keys("Rx");
    assert_eq!(wishes(&mut driver), []);
    assert!(
        driver.screen().contains("decide when the run rests"),
        "{}",
        driver.screen()
    );
    driver.keys("R");
    assert!(!driver.screen().contains("for your review"));
    // What the turn left is put back: the run waits, and nobody works.
    fake_codex::tell(&mut driver, fake_codex::end(TurnStatus::Interrupted));
    fake_codex::answer(&mut driver);
    assert!(!driver.app.is_worked_on());
    assert_eq!(driver.app.review().n_open(), 2);
    driver.keys("Rx");
    assert_eq!(wishes(&mut driver), [wish(CHANGED, false)]);
}
