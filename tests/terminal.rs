//! The built program in a terminal of its own: what a person sees of its beginning and its end, and
//! what is left behind.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use support::project::{
    HARBOUR_BEFORE, HARBOUR_REPORT, harbour, harbour_after, name_tireless_codex, script, write,
};
use support::pty::{Pty, Start, cpu_ticks};
use tempfile::TempDir;

/// The explorer with the report of the harbour on the screen.
fn explorer(folder: &TempDir) -> Pty {
    let pty = Start::untaken(folder.path()).start();
    pty.wait_for("berths.py");
    pty
}

/// It ended with this status, and the terminal and the process table are as they were.
#[track_caller]
fn assert_clean_end(pty: &mut Pty, status: u32) {
    assert_eq!(pty.wait_end(), status);
    pty.assert_restored();
    assert!(!pty.is_raw(), "the line discipline is a shell's again");
    pty.wait_childless();
}

#[test]
fn it_draws_the_report_and_q_gives_everything_back() {
    let folder = harbour();
    let mut pty = explorer(&folder);
    pty.wait_for("if ship is None");
    assert!(pty.look(vt100::Screen::alternate_screen));
    assert!(pty.is_raw());
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn ctrl_c_leaves_with_status_0() {
    let folder = harbour();
    let mut pty = explorer(&folder);
    pty.type_keys("\x03");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn signals_end_it_with_128_and_their_number() {
    let folder = harbour();
    for (signal, status) in [
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
        (Signal::SIGINT, 130),
        (Signal::SIGQUIT, 131),
    ] {
        let mut pty = explorer(&folder);
        pty.signal(signal);
        assert_clean_end(&mut pty, status);
    }
}

#[test]
fn a_closed_terminal_ends_it() {
    let folder = harbour();
    let mut pty = explorer(&folder);
    pty.close();
    assert_eq!(pty.wait_end(), 129);
    pty.wait_childless();
}

#[test]
fn a_panic_is_told_on_a_usable_terminal() {
    let folder = harbour();
    let mut pty = Start::untaken(folder.path())
        .env("UNTAKEN_PANIC_ON", "?")
        .start();
    pty.wait_for("berths.py");
    pty.type_keys("?");
    assert_clean_end(&mut pty, 101);
    let left = pty.text();
    assert!(left.contains("panicked at"), "{left}");
    assert!(left.contains("please report"), "{left}");
}

#[test]
fn every_size_at_any_moment_is_drawn() {
    let folder = harbour();
    let mut pty = explorer(&folder);
    for round in 0..120_u16 {
        pty.resize(1 + (round * 37) % 200, 1 + (round * 13) % 60);
        if round % 8 == 0 {
            pty.type_keys("jk");
        }
    }
    pty.resize(40, 10);
    pty.resize(110, 28);
    pty.wait_screen("it is drawn at the last size", |screen| {
        let text = screen.contents();
        text.contains("berths.py") && text.contains("if ship is None")
    });
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn ctrl_z_gives_the_shell_its_terminal_and_fg_brings_the_screen_back() {
    let folder = harbour();
    let mut pty = Start::new("/bin/sh", folder.path())
        .arg("-i")
        .env("PS1", "sh> ")
        .start();
    pty.wait_for("sh>");
    pty.type_keys(&format!("{} --root .\n", env!("CARGO_BIN_EXE_untaken")));
    pty.wait_for("berths.py");
    for _ in 0..2 {
        pty.type_keys("\x1a");
        pty.wait_screen("the shell has its screen back", |screen| {
            !screen.alternate_screen() && screen.contents().contains("Stopped")
        });
        pty.assert_restored();
        // Keys are the shell's now.
        pty.type_keys("echo still-$((40+2))\n");
        pty.wait_for("still-42");
        pty.type_keys("clear; fg\n");
        pty.wait_screen("it is drawn again", |screen| {
            screen.alternate_screen() && screen.contents().contains("if ship is None")
        });
    }
    pty.type_keys("q");
    pty.wait_screen("it is left", |screen| !screen.alternate_screen());
    pty.type_keys("echo status-$?\n");
    pty.wait_for("status-0");
    pty.assert_restored();
}

#[test]
fn it_draws_anew_after_somebody_else_stopped_and_continued_it() {
    let folder = harbour();
    let mut pty = explorer(&folder);
    let before = pty.wait_quiet(Duration::from_millis(300));
    pty.signal(Signal::SIGSTOP);
    pty.signal(Signal::SIGCONT);
    let end = Instant::now() + Duration::from_secs(10);
    while !String::from_utf8_lossy(&pty.bytes()[before..]).contains("berths.py") {
        assert!(Instant::now() < end, "it did not draw again");
        std::thread::sleep(Duration::from_millis(10));
    }
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn the_editor_gets_the_file_the_line_and_every_key() {
    let folder = harbour();
    let told = folder.path().join("told");
    let editor = script(
        folder.path(),
        "bin/vim",
        &format!(
            "printf '%s\\n' \"$@\" > '{0}'\necho editing\nread line\necho \"typed $line\" >> '{0}'\n",
            told.display()
        ),
    );
    let mut pty = Start::untaken(folder.path()).env("EDITOR", &editor).start();
    pty.wait_for("if ship is None");
    // To the source, and there to its third line.
    pty.type_keys("\tgg2je");
    pty.wait_screen("the editor has the terminal", |screen| {
        !screen.alternate_screen() && screen.contents().contains("editing")
    });
    assert!(!pty.is_raw());
    pty.type_keys("quick keys\n");
    pty.wait_screen("it is back", |screen| {
        screen.alternate_screen() && screen.contents().contains("if ship is None")
    });
    assert!(pty.is_raw());
    assert_eq!(
        fs::read_to_string(&told).unwrap(),
        format!(
            "+3\n{}\ntyped quick keys\n",
            folder
                .path()
                .canonicalize()
                .unwrap()
                .join("src/berths.py")
                .display()
        )
    );
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn a_signal_while_the_editor_is_open_ends_both() {
    let folder = harbour();
    let editor = script(folder.path(), "bin/vim", "echo editing\nexec sleep 1000\n");
    let mut pty = Start::untaken(folder.path()).env("VISUAL", &editor).start();
    pty.wait_for("if ship is None");
    pty.type_keys("e");
    pty.wait_for("editing");
    // Ctrl-c there is the editor's, and nobody else's.
    pty.signal(Signal::SIGINT);
    pty.signal(Signal::SIGTERM);
    assert_clean_end(&mut pty, 143);
}

#[test]
fn an_editor_that_is_not_there_is_named() {
    let folder = harbour();
    let mut pty = Start::untaken(folder.path())
        .env("EDITOR", "no-such-editor-here")
        .start();
    pty.wait_for("if ship is None");
    pty.type_keys("e");
    pty.wait_for("no-such-editor-here");
    pty.wait_screen("it is back", vt100::Screen::alternate_screen);
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn idle_it_writes_nothing_and_uses_no_processor() {
    let folder = harbour();
    let mut pty = explorer(&folder);
    let bytes = pty.wait_quiet(Duration::from_millis(700));
    let ticks = cpu_ticks(pty.pid());
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(pty.bytes().len(), bytes, "bytes written while idle");
    assert_eq!(cpu_ticks(pty.pid()), ticks, "processor used while idle");
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn a_report_that_is_written_again_shows_by_itself() {
    let folder = harbour();
    let mut pty = explorer(&folder);
    pty.wait_for("branches 50.0 % 1/2");
    write(folder.path(), HARBOUR_REPORT, &harbour_after());
    pty.wait_for("branches 100.0 % 2/2");
    // Half a report never shows; what is whole again does.
    write(folder.path(), HARBOUR_REPORT, "");
    std::thread::sleep(Duration::from_millis(700));
    pty.wait_for("branches 100.0 % 2/2");
    write(folder.path(), HARBOUR_REPORT, HARBOUR_BEFORE);
    pty.wait_for("branches 50.0 % 1/2");
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn the_first_report_of_a_project_shows_by_itself() {
    let folder = harbour();
    fs::remove_dir_all(folder.path().join("coverage")).unwrap();
    let mut pty = Start::untaken(folder.path()).start();
    pty.wait_for("looks for reports again");
    write(folder.path(), HARBOUR_REPORT, HARBOUR_BEFORE);
    pty.wait_for("branches 50.0 % 1/2");
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

/// The explorer with a turn at work that never ends.
fn at_work(folder: &TempDir) -> Pty {
    name_tireless_codex(folder.path());
    let mut pty = Start::untaken(folder.path()).size(140, 42).start();
    pty.wait_for("if ship is None");
    pty.type_keys(" ");
    pty.wait_for("PICKED  ◉ 1 gap");
    pty.type_keys("s");
    pty.wait_for("PROMPT  for 1 gap");
    pty.type_keys("\r");
    pty.wait_for("thinking it over");
    // Codex itself, and the child of its own.
    assert!(pty.children().len() >= 2, "{:?}", pty.children());
    pty
}

#[test]
fn leaving_while_codex_works_asks_first_and_ends_it() {
    let folder = harbour();
    let mut pty = at_work(&folder);
    pty.type_keys("q");
    pty.wait_for("y yes");
    pty.type_keys("y");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn a_signal_while_codex_works_ends_both() {
    let folder = harbour();
    for (signal, status) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let mut pty = at_work(&folder);
        pty.signal(signal);
        assert_clean_end(&mut pty, status);
    }
}

#[test]
fn a_panic_while_codex_works_ends_both() {
    let folder = harbour();
    name_tireless_codex(folder.path());
    let mut pty = Start::untaken(folder.path())
        .env("UNTAKEN_PANIC_ON", "?")
        .start();
    pty.wait_for("if ship is None");
    pty.type_keys(" s");
    pty.wait_for("PROMPT  for 1 gap");
    pty.type_keys("\r");
    pty.wait_for("thinking it over");
    pty.type_keys("?");
    assert_clean_end(&mut pty, 101);
}

#[test]
fn codex_killed_is_said_and_the_explorer_goes_on() {
    let folder = harbour();
    let mut pty = at_work(&folder);
    let (codex, _) = pty
        .children()
        .into_iter()
        .find(|(_, command)| command.contains("app-server"))
        .expect("codex runs");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(codex), Signal::SIGKILL).unwrap();
    pty.wait_for("signal 9");
    // What it had started goes with it.
    pty.wait_childless();
    assert!(pty.look(vt100::Screen::alternate_screen));
    write(folder.path(), HARBOUR_REPORT, &harbour_after());
    pty.wait_for("branches 100.0 % 2/2");
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn a_run_of_the_tests_shows_and_its_report_is_read() {
    let folder = harbour();
    write(folder.path(), "after.info", &harbour_after());
    write(
        folder.path(),
        "untaken.toml",
        "[tests]\ncommand = \"cp after.info coverage/lcov.info && echo '12 passed in 0.1s'\"\n",
    );
    let mut pty = explorer(&folder);
    pty.wait_for("branches 50.0 % 1/2");
    pty.type_keys("r");
    pty.wait_for("branches 100.0 % 2/2");
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn leaving_while_tests_run_ends_them_whole() {
    let folder = harbour();
    write(
        folder.path(),
        "untaken.toml",
        "[tests]\ncommand = \"sleep 1000 & echo begun; sleep 1000\"\n",
    );
    let mut pty = explorer(&folder);
    pty.type_keys("r");
    let end = Instant::now() + Duration::from_secs(10);
    while pty
        .children()
        .iter()
        .filter(|(_, it)| it.starts_with("sleep"))
        .count()
        < 2
    {
        assert!(
            Instant::now() < end,
            "the tests never began: {:?}",
            pty.children()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    pty.signal(Signal::SIGTERM);
    assert_clean_end(&mut pty, 143);
}

#[test]
fn a_report_that_is_none_is_named_on_the_screen() {
    let folder = harbour();
    for (bad, word) in [
        ("", "empty"),
        ("{\"meta\": {\"format\": 3, \"ver", "coverage.json"),
    ] {
        write(folder.path(), "coverage.json", bad);
        let mut pty = Start::untaken(folder.path()).arg("coverage.json").start();
        pty.wait_for("coverage.json");
        pty.wait_for(word);
        pty.type_keys("q");
        assert_clean_end(&mut pty, 0);
    }
}

#[test]
fn the_mouse_is_asked_for_unless_the_settings_say_no() {
    let folder = harbour();
    let mode = |pty: &Pty| pty.look(vt100::Screen::mouse_protocol_mode);
    let mut pty = explorer(&folder);
    assert_eq!(mode(&pty), vt100::MouseProtocolMode::ButtonMotion);
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
    fs::write(folder.path().join("untaken.toml"), "[ui]\nmouse = false\n").unwrap();
    let mut pty = explorer(&folder);
    assert_eq!(mode(&pty), vt100::MouseProtocolMode::None);
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn the_theme_follows_the_terminals_background() {
    let folder = harbour();
    let mut pty = explorer(&folder);
    let asked = String::from_utf8_lossy(&pty.bytes()).contains("\x1b]11;?\x07");
    assert!(asked, "the terminal is asked for its background");
    let colours = |pty: &Pty| {
        pty.look(|screen| {
            let (rows, columns) = screen.size();
            let cells = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |at| (row, at)));
            cells
                .filter_map(|(row, at)| screen.cell(row, at))
                .map(|cell| (cell.fgcolor(), cell.bgcolor()))
                .collect::<Vec<_>>()
        })
    };
    pty.wait_quiet(Duration::from_millis(300));
    let dark = colours(&pty);
    // None of the answer is a key: `r`, `g` and digits would be commands.
    pty.type_keys("\x1b]11;rgb:fafa/fafa/f0f0\x1b\\");
    pty.wait_quiet(Duration::from_millis(300));
    assert_ne!(colours(&pty), dark, "it is drawn for a light background");
    assert!(pty.text().contains("berths.py"));
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
}

#[test]
fn a_dumb_terminal_and_none_at_all_are_told_what_to_do() {
    let folder = harbour();
    let mut pty = Start::untaken(folder.path()).env("TERM", "dumb").start();
    assert_eq!(pty.wait_end(), 2);
    let said = pty.text().replace('\n', "");
    assert!(said.contains("TERM=dumb"), "{said}");
    assert!(said.contains("untaken gaps"), "{said}");
    assert!(!pty.bytes().contains(&0x1b), "no control sequence");

    let none = std::process::Command::new(env!("CARGO_BIN_EXE_untaken"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(none.status.code(), Some(2));
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(
        said.contains("no terminal") && said.contains("untaken gaps"),
        "{said}"
    );
    assert!(none.stdout.is_empty());
}

#[test]
fn a_log_is_written_to_its_file_alone() {
    let folder = harbour();
    let log = folder.path().join("untaken.log");
    let mut pty = Start::untaken(folder.path()).arg("--log").arg(&log).start();
    pty.wait_for("berths.py");
    pty.type_keys("q");
    assert_clean_end(&mut pty, 0);
    assert!(!fs::read_to_string(log).unwrap().is_empty());
}
