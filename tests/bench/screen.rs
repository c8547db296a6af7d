//! How quick the screen is: the built program in a real terminal, with reports and sources made for it.
//!
//! ```text
//! cargo bench --bench screen            all of it
//! cargo bench --bench screen -- tree    what has `tree` in its name
//! ```
//!
//! It prints a table of what was measured beside what it should be, and ends with 1 where that is missed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a measurement stops at the first surprise, and prints"
)]

#[path = "../support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use support::project::script;
use support::pty::{Pty, Start, cpu_ticks};
use tempfile::TempDir;

/// The program draws at most once in 16 ms; a key that is measured waits for no frame before it.
const APART: Duration = Duration::from_millis(25);

/// One line of the table.
struct Row {
    what: String,
    goal: String,
    is: String,
    holds: bool,
}

type Bench = fn() -> Vec<Row>;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let benches: [(&str, Bench); 6] = [
        ("start", start),
        ("tree", tree),
        ("source", source),
        ("burst", burst),
        ("idle", idle),
        ("memory", memory),
    ];
    let mut table = Vec::new();
    for (name, bench) in benches {
        if wanted.is_empty() || wanted.iter().any(|word| name.contains(word)) {
            eprintln!("measuring {name} …");
            let rows = bench();
            for row in &rows {
                eprintln!("  {}: {} ({})", row.what, row.is, row.goal);
            }
            table.extend(rows);
        }
    }
    println!("| what | goal | measured | |\n|---|---|---|---|");
    for row in &table {
        let sign = if row.holds { "✓" } else { "✗" };
        println!("| {} | {} | {} | {sign} |", row.what, row.goal, row.is);
    }
    ExitCode::from(u8::from(table.iter().any(|row| !row.holds)))
}

fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

fn at_most(what: impl Into<String>, goal: Duration, is: Duration) -> Row {
    Row {
        what: what.into(),
        goal: format!("≤ {}", ms(goal)),
        is: ms(is),
        holds: is <= goal,
    }
}

/// The value below which so many percent of all are.
fn percentile(values: &mut [Duration], percent: usize) -> Duration {
    values.sort_unstable();
    values[(values.len() * percent / 100).min(values.len() - 1)]
}

/// The 99th percentile against its goal, with the median beside it.
fn quantiles(what: &str, goal: Duration, mut times: Vec<Duration>) -> Row {
    let n = times.len();
    let median = percentile(&mut times, 50);
    let mut row = at_most(
        format!("{what}, 99th percentile of {n}"),
        goal,
        percentile(&mut times, 99),
    );
    let _ = write!(row.is, " (median {})", ms(median));
    row
}

/// A project with an LCOV report of so many files, each with so many lines, and their sources.
fn project(n_files: usize, n_lines: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut report = String::new();
    let mut text = String::from("def f(a):\n");
    for line in 1..n_lines {
        let _ = writeln!(
            text,
            "    a = a + {line} if a > {line} else \"text {line}\"  # why"
        );
    }
    for file in 0..n_files {
        // As deep and as wide as real trees are.
        let path = format!(
            "src/area{}/part{}/module_{file}.py",
            file / 2000,
            file / 100
        );
        let on_disk = folder.path().join(&path);
        if file % 100 == 0 {
            fs::create_dir_all(on_disk.parent().unwrap()).unwrap();
        }
        fs::write(&on_disk, &text).unwrap();
        let _ = writeln!(
            report,
            "SF:{path}\nFN:1,f\nFNDA:{},f\nFNF:1\nFNH:1",
            file % 7 + 1
        );
        let mut taken = 0;
        for line in 2..=n_lines {
            let hits = (file + line) % 3;
            taken += 1 + usize::from(hits > 0);
            let _ = writeln!(report, "BRDA:{line},0,0,1\nBRDA:{line},0,1,{hits}");
        }
        let _ = writeln!(report, "BRF:{}\nBRH:{taken}", 2 * (n_lines - 1));
        for line in 1..=n_lines {
            let _ = writeln!(report, "DA:{line},{}", file % 5 + 1);
        }
        let _ = writeln!(report, "LF:{n_lines}\nLH:{n_lines}\nend_of_record");
    }
    let path = folder.path().join("coverage/lcov.info");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, report).unwrap();
    // Nobody writes it any more.
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let report = fs::File::options().append(true).open(path).unwrap();
    report.set_modified(hour_ago).unwrap();
    folder
}

fn report_size(folder: &TempDir) -> u64 {
    let report = folder.path().join("coverage/lcov.info");
    report.metadata().unwrap().len()
}

fn explorer(folder: &TempDir) -> Pty {
    let pty = Start::untaken(folder.path()).size(140, 42).start();
    pty.wait_for("branches ");
    pty.wait_quiet(Duration::from_millis(500));
    pty
}

fn leave(mut pty: Pty) {
    pty.type_keys("q");
    pty.wait_end();
}

/// How long a key takes to its frame.
fn key_to_frame(pty: &mut Pty, key: &str) -> Duration {
    sleep(APART);
    let n_before = pty.n_frames();
    let typed = Instant::now();
    pty.type_keys(key);
    pty.wait_frame(n_before) - typed
}

fn keys_to_frames(pty: &mut Pty, keys: &[&str]) -> Vec<Duration> {
    keys.iter().map(|key| key_to_frame(pty, key)).collect()
}

/// From the start of the program to its first frame, and to the report on the screen.
fn start() -> Vec<Row> {
    let folder = project(1000, 130);
    let megabytes = report_size(&folder) as f64 / 1e6;
    let (mut first, mut shown) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let started = Instant::now();
        let pty = Start::untaken(folder.path()).size(140, 42).start();
        first.push(pty.wait_frame(0) - started);
        pty.wait_for("branches ");
        shown.push(started.elapsed());
        leave(pty);
    }
    vec![
        at_most(
            format!("start to first frame, report of {megabytes:.1} MB, median of 20"),
            Duration::from_millis(50),
            percentile(&mut first, 50),
        ),
        at_most(
            "start to that report on the screen, median of 20",
            Duration::from_millis(250),
            percentile(&mut shown, 50),
        ),
    ]
}

/// Keys in a tree of 100,000 files.
fn tree() -> Vec<Row> {
    const GOAL: Duration = Duration::from_millis(4);
    let folder = project(100_000, 3);
    let mut pty = explorer(&folder);
    let mut rows = Vec::new();
    let mut measure = |pty: &mut Pty, what: &str, keys: &[&str], rounds: usize| {
        let times = (0..rounds)
            .flat_map(|_| keys_to_frames(pty, keys))
            .collect();
        rows.push(quantiles(
            &format!("tree of 100,000 files: {what}"),
            GOAL,
            times,
        ));
    };
    let page = ["\x1b[6~", "\x1b[6~", "\x1b[5~"];
    measure(&mut pty, "move", &["j", "j", "k"], 70);
    measure(&mut pty, "fold and unfold", &["h", "l"], 50);
    measure(&mut pty, "next gap", &["n"], 100);
    measure(&mut pty, "pick and put back", &[" "], 100);
    pty.type_keys("zR");
    pty.wait_quiet(Duration::from_millis(300));
    measure(&mut pty, "all folders open: move", &["j", "j", "k"], 70);
    measure(&mut pty, "all folders open: page", &page, 70);
    measure(
        &mut pty,
        "all folders open: end and start",
        &["G", "\x1b[H"],
        50,
    );
    measure(
        &mut pty,
        "all folders open: sort by the next figure",
        &["o"],
        50,
    );
    pty.type_keys("/");
    let letters = ["m", "o", "d", "u", "l", "e", "9", "9", "7", "\x7f", "\x7f"];
    let mut times = Vec::new();
    for _ in 0..10 {
        times.extend(keys_to_frames(&mut pty, &letters));
        pty.type_keys("\x1b");
        pty.wait_quiet(Duration::from_millis(300));
        pty.type_keys("/");
        pty.wait_quiet(Duration::from_millis(100));
    }
    rows.push(quantiles(
        "tree of 100,000 files: a letter of the filter",
        GOAL,
        times,
    ));
    pty.type_keys("\x1b");
    pty.wait_quiet(Duration::from_millis(300));
    leave(pty);
    rows
}

/// Jumps in a source of 100,000 lines, and typing while it is coloured.
fn source() -> Vec<Row> {
    let folder = project(1, 100_000);
    let mut pty = explorer(&folder);
    // A key that finds no text yet changes nothing, and so draws nothing.
    pty.wait_for("def f(a):");
    pty.type_keys("\t");
    pty.wait_quiet(Duration::from_secs(1));
    let (mut jumps, mut colours, mut moves) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..20 {
        // A count is shown while it is typed: the jump is the last key.
        pty.type_keys(&format!("{}", 4000 * round + 1000));
        for (key, then) in [("G", "k"), ("\x1b[H", "j"), ("G", "k")] {
            let typed = Instant::now();
            jumps.push(key_to_frame(&mut pty, key));
            // A key while the colours are still on their way.
            moves.push(key_to_frame(&mut pty, then));
            pty.wait_quiet(Duration::from_millis(150));
            colours.push((pty.last_frame() - typed).saturating_sub(APART));
        }
    }
    leave(pty);
    vec![
        quantiles(
            "source of 100,000 lines: jump to the end, the start, a line",
            Duration::from_millis(16),
            jumps,
        ),
        quantiles(
            "source of 100,000 lines: a key while it is coloured",
            Duration::from_millis(16),
            moves,
        ),
        quantiles(
            "source of 100,000 lines: from the jump to the last colours",
            Duration::from_millis(100),
            colours,
        ),
    ]
}

/// A turn of 10,000 pieces of text as fast as a pipe brings them.
fn burst() -> Vec<Row> {
    const EVENTS: usize = 10_000;
    let folder = project(50, 20);
    let mut events = String::new();
    for piece in 0..EVENTS {
        let _ = writeln!(
            events,
            "{{\"method\":\"item/agentMessage/delta\",\"params\":{{\"threadId\":\"t1\",\"turnId\":\"u1\",\"itemId\":\"m1\",\"delta\":\"piece {piece} of it \"}}}}"
        );
    }
    fs::write(folder.path().join("events"), events).unwrap();
    let codex = script(
        folder.path(),
        "bin/codex",
        r#"[ "$1" = app-server ] || exit 0
tell() { printf '%s\n' "$1"; }
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"method":"initialize"'*) tell "{\"id\":$id,\"result\":{\"userAgent\":\"stand-in/0\"}}" ;;
    *'"method":"account/read"'*) tell "{\"id\":$id,\"result\":{\"account\":null,\"requiresOpenaiAuth\":false}}" ;;
    *'"method":"thread/start"'*) tell "{\"id\":$id,\"result\":{\"thread\":{\"id\":\"t1\"},\"model\":\"stand-in\"}}" ;;
    *'"method":"turn/start"'*)
      tell "{\"id\":$id,\"result\":{\"turn\":{\"id\":\"u1\",\"status\":\"inProgress\"}}}"
      tell '{"method":"turn/started","params":{"threadId":"t1","turn":{"id":"u1","status":"inProgress"}}}'
      tell '{"method":"item/started","params":{"threadId":"t1","turnId":"u1","item":{"type":"agentMessage","id":"m1","text":"","phase":"commentary"}}}'
      sleep 1
      cat events
      tell '{"method":"item/completed","params":{"threadId":"t1","turnId":"u1","item":{"type":"agentMessage","id":"m1","text":"all of it is said","phase":"final_answer"}}}'
      ;;
    *'"id"'*) tell "{\"id\":$id,\"result\":{}}" ;;
  esac
done
"#,
    );
    fs::write(
        folder.path().join("untaken.toml"),
        format!(
            "[agent]\ncommand = {:?}\n[tests]\ncommand = \"cp measured coverage/lcov.info\"\nsandbox = false\n",
            codex.display().to_string()
        ),
    )
    .unwrap();
    // A run measures before its first turn.
    let report = folder.path().join("coverage/lcov.info");
    fs::copy(report, folder.path().join("measured")).unwrap();
    let mut pty = explorer(&folder);
    pty.type_keys(" s");
    pty.wait_for("PROMPT");
    pty.type_keys("\r");
    pty.wait_for("● working");
    pty.wait_for("piece");
    let n_before = pty.n_frames();
    let ticks = cpu_ticks(pty.pid());
    pty.wait_for("all of it is said");
    let busy = Duration::from_millis(10 * (cpu_ticks(pty.pid()) - ticks));
    let burst = pty.frames().split_off(n_before.saturating_sub(1));
    let pauses: Vec<Duration> = burst.windows(2).map(|pair| pair[1] - pair[0]).collect();
    pty.type_keys("q");
    pty.wait_for("quit");
    pty.type_keys("y");
    pty.wait_end();
    let n_frames = u32::try_from(pauses.len().max(1)).unwrap();
    let mut row = at_most(
        format!("burst of {EVENTS} events: processor time of a frame, all threads"),
        Duration::from_millis(16),
        busy / n_frames,
    );
    let longest = pauses.iter().copied().max().unwrap_or_default();
    let _ = write!(
        row.is,
        " ({n_frames} frames, at most {} from one to the next)",
        ms(longest)
    );
    vec![row]
}

fn idle() -> Vec<Row> {
    let folder = project(1000, 130);
    let pty = explorer(&folder);
    sleep(Duration::from_secs(2));
    let (bytes, ticks) = (pty.bytes().len(), cpu_ticks(pty.pid()));
    sleep(Duration::from_secs(10));
    let written = pty.bytes().len() - bytes;
    let used = Duration::from_millis(10 * (cpu_ticks(pty.pid()) - ticks));
    leave(pty);
    vec![
        Row {
            what: "idle for 10 s: bytes written".to_owned(),
            goal: "0".to_owned(),
            is: written.to_string(),
            holds: written == 0,
        },
        at_most("idle for 10 s: processor time", Duration::ZERO, used),
    ]
}

fn memory() -> Vec<Row> {
    [(1000, 130), (4000, 700)]
        .into_iter()
        .map(|(n_files, n_lines)| {
            let folder = project(n_files, n_lines);
            let size = report_size(&folder);
            let pty = explorer(&folder);
            // The texts of the sources are taken in after the report.
            sleep(Duration::from_secs(3));
            let peak = peak_memory(pty.pid());
            leave(pty);
            let goal = size + 60_000_000;
            Row {
                what: format!(
                    "memory at its highest, report of {:.1} MB",
                    size as f64 / 1e6
                ),
                goal: format!("≤ {:.0} MB", goal as f64 / 1e6),
                is: format!("{:.0} MB", peak as f64 / 1e6),
                holds: peak <= goal,
            }
        })
        .collect()
}

/// The most that was resident, in bytes.
fn peak_memory(pid: i32) -> u64 {
    let status =
        fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("a line of the kernel's");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes * 1024
}
