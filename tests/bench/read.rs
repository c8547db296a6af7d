//! How fast the built program reads large reports, in how much memory, and how soon a report that changed is
//! on the screen.
//!
//! `cargo bench --bench read` writes the reports below `target/`, and measures `untaken check` against
//! `sha1sum` of the same file, one after the other and again, so that whatever else the machine does meets
//! both. `cargo bench --bench read -- lcov reload` measures only these. `grcov` and `node` are measured where
//! they are on the path. Times are medians; a goal that is missed is printed as missed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first surprise, and its figures are for people"
)]

mod generate;
mod measure;
#[cfg(target_os = "linux")]
#[path = "../support/pty.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the tests of the terminal ask more of it"
)]
mod pty;
#[cfg(target_os = "linux")]
mod reload;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use generate::Shape;
use measure::{Machine, Timed, has, peak_memory};

/// How often each program runs.
const REPEATS: usize = 15;
/// How often one runs that takes many times as long.
const FEW: usize = 3;

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| !arg.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
    let folder = folder();
    println!("{}", Machine::now());
    println!();
    println!("| input | sha1sum | `untaken check` | ratio | goal | others | peak memory | goal |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut missed = Vec::new();
    for shape in Shape::ALL {
        if is_wanted(shape.key()) {
            missed.extend(read(shape, &report(&folder, shape)));
        }
    }
    #[cfg(target_os = "linux")]
    if is_wanted("reload") {
        println!();
        missed.extend(reload::measure(&folder, &report(&folder, Shape::Lcov)));
    }
    println!();
    if missed.is_empty() {
        println!("All goals are met. {}", Machine::load());
    } else {
        println!("Missed: {}. {}", missed.join("; "), Machine::load());
    }
}

/// The folder of the reports: another generator writes others.
fn folder() -> PathBuf {
    let text = include_str!("generate.rs");
    let mark = text.bytes().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(16_777_619) ^ u32::from(byte)
    });
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("reading-{mark:08x}"))
}

/// A report in a folder of its own, written when it is not there yet.
fn report(folder: &Path, shape: Shape) -> PathBuf {
    let path = folder.join(shape.key()).join(shape.file_name());
    if !path.exists() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let unfinished = path.with_extension("unfinished");
        shape.write(&unfinished).unwrap();
        fs::rename(unfinished, &path).unwrap();
    }
    path
}

/// What the issue of a shape asks: times `sha1sum`, and times faster than others.
struct Goals {
    of_sha1sum: f64,
    grcov: Option<f64>,
    node: Option<f64>,
}

fn goals(shape: Shape) -> Goals {
    let (of_sha1sum, grcov, node) = match shape {
        Shape::Lcov => (1.0, Some(10.0), None),
        Shape::CoveragePy => (1.3, None, None),
        Shape::Istanbul => (1.8, None, Some(4.0)),
        Shape::JacocoXml => (2.2, Some(5.0), None),
    };
    Goals {
        of_sha1sum,
        grcov,
        node,
    }
}

/// Times the peak memory of a reading may be the file.
const MEMORY: f64 = 2.0;

/// Prints the row of a report; which goals it misses.
fn read(shape: Shape, path: &Path) -> Vec<String> {
    let goals = goals(shape);
    let mut missed = Vec::new();
    let mut sha1sum = Timed::new("sha1sum", [path]);
    let mut untaken = check(path);
    untaken.once();
    sha1sum.once();
    for _ in 0..REPEATS {
        sha1sum.once();
        untaken.once();
    }
    let ratio = seconds(untaken.median()) / seconds(sha1sum.median());
    if ratio > goals.of_sha1sum {
        missed.push(format!("{} {ratio:.2} x sha1sum", shape.name()));
    }
    let mut others = Vec::new();
    let mut against = |name: &str, took: Option<Duration>, goal: Option<f64>| {
        let Some(goal) = goal else { return };
        let Some(took) = took else {
            others.push(format!("{name} is not installed"));
            return;
        };
        let faster = seconds(took) / seconds(untaken.median());
        others.push(format!(
            "{faster:.1} x faster than {name} ({}), goal {goal}",
            shown(took)
        ));
        if faster < goal {
            missed.push(format!("{} {faster:.1} x faster than {name}", shape.name()));
        }
    };
    against("grcov", goals.grcov.and_then(|_| grcov(path)), goals.grcov);
    against(
        "JSON.parse",
        goals.node.and_then(|_| json_parse(path)),
        goals.node,
    );
    let size = fs::metadata(path).unwrap().len();
    let memory = peak_memory(&mut check(path).command());
    let memory = match memory {
        Some(bytes) => {
            let of_file = bytes as f64 / size as f64;
            if of_file > MEMORY {
                missed.push(format!("{} memory {of_file:.2} x file", shape.name()));
            }
            format!("{} MB = {of_file:.2} x", bytes / 1_000_000)
        }
        None => "not measured (no GNU time)".to_owned(),
    };
    println!(
        "| {}, {} MB, {} files | {} | {} | {ratio:.2} | {:.1} | {} | {memory} | {MEMORY:.1} x |",
        shape.name(),
        size / 1_000_000,
        shape.n_files(),
        shown(sha1sum.median()),
        shown(untaken.median()),
        goals.of_sha1sum,
        others.join("; "),
    );
    missed
}

/// The gate on a report that passes it: everything is read, and the figures are said.
fn check(path: &Path) -> Timed {
    let mut untaken = Timed::new(env!("CARGO_BIN_EXE_untaken"), ["check", "--branches", "1"]);
    untaken.args([path]);
    untaken.args(["--root".as_ref(), path.parent().unwrap()]);
    untaken
}

/// How long `grcov` reads, branches too as untaken does: it writes no more than the names of the files.
fn grcov(path: &Path) -> Option<Duration> {
    if !has("grcov") {
        return None;
    }
    let mut grcov = Timed::new("grcov", [path]);
    grcov.args(["--branch", "-t", "files", "--threads", "2"]);
    for _ in 0..FEW {
        grcov.once();
    }
    Some(grcov.median())
}

/// How long `JSON.parse` alone takes, without the start of Node and the reading of the file.
fn json_parse(path: &Path) -> Option<Duration> {
    const SCRIPT: &str = "const text = require('fs').readFileSync(process.argv[1], 'utf8'); \
        const before = performance.now(); JSON.parse(text); console.log(performance.now() - before)";
    if !has("node") {
        return None;
    }
    let mut took: Vec<Duration> = (0..FEW)
        .map(|_| {
            let mut node = Timed::new("node", ["-e", SCRIPT]);
            node.args([path]);
            let milliseconds: f64 = node.output().trim().parse().unwrap();
            Duration::from_secs_f64(milliseconds / 1000.0)
        })
        .collect();
    Some(measure::median(&mut took))
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn shown(duration: Duration) -> String {
    format!("{:.0} ms", seconds(duration) * 1000.0)
}
