//! From the last write of a report to the frame on the screen, in a terminal of its own.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::pty::Start;
use crate::{check, seconds, shown};

/// How often the report is written anew.
const TIMES: usize = 9;
/// In seconds, beside the parse.
const GOAL: f64 = 0.3;

/// Writes the report anew with one file of 4,000 changed, and waits for its figures on the screen; prints
/// how long that took, and says whether the goal was missed.
pub(crate) fn measure(folder: &Path, report: &Path) -> Option<String> {
    let text = fs::read(report).unwrap();
    let project = folder.join("reload");
    let path = project.join("lcov.info");
    fs::create_dir_all(&project).unwrap();
    let written = sources(&project, &text);
    let (changed, taken, total) = one_file_changed(&text);
    write(&path, &text);
    // A report that was written just now might still grow, and that would be said.
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let file = fs::File::options().append(true).open(&path).unwrap();
    file.set_modified(hour_ago).unwrap();

    let mut reading = check(&path);
    let mut pty = Start::new(env!("CARGO_BIN_EXE_untaken"), &project)
        .arg("--root")
        .arg(&project)
        .arg("lcov.info")
        .size(140, 42)
        .start();
    pty.wait_for(&format!("{taken}/{total}"));
    let mut took = Vec::new();
    for nth in 0..TIMES {
        pty.wait_quiet(Duration::from_secs(4));
        let (text, taken) = if nth % 2 == 0 {
            (&changed, taken + 1)
        } else {
            (&text, taken)
        };
        let last_write = write(&path, text);
        pty.wait_for(&format!("{taken}/{total}"));
        took.push(last_write.elapsed());
        // What the same file takes to be read, by itself and at about the same time.
        thread::sleep(Duration::from_millis(200));
        reading.once();
    }
    pty.type_keys("q");
    assert_eq!(pty.wait_end(), 0);
    let (took, reading) = (crate::measure::median(&mut took), reading.median());
    let rest = seconds(took) - seconds(reading);
    println!(
        "Reload, 1 file of {written} changed: {} from the last write to the frame on the screen; \
         `untaken check` reads the same file in {}; the rest is {:.0} ms (goal {:.0} ms).",
        shown(took),
        shown(reading),
        rest * 1000.0,
        GOAL * 1000.0
    );
    (rest > GOAL).then(|| format!("reload {:.0} ms and the parse", rest * 1000.0))
}

/// Writes the report as Istanbul does, truncated first; when the last byte was written.
fn write(path: &Path, text: &[u8]) -> Instant {
    let mut file = fs::File::create(path).unwrap();
    for chunk in text.chunks(1 << 16) {
        file.write_all(chunk).unwrap();
    }
    Instant::now()
}

/// The sources that the report speaks of, each as long as it must be; how many there are.
fn sources(project: &Path, text: &[u8]) -> usize {
    let mut written = 0;
    let mut name = "";
    for record in std::str::from_utf8(text).unwrap().split("end_of_record\n") {
        let mut last = 0;
        for line in record.lines() {
            if let Some(path) = line.strip_prefix("SF:") {
                name = path;
            } else if let Some((at, _)) = line.strip_prefix("DA:").and_then(|it| it.split_once(','))
            {
                last = at.parse().unwrap();
            }
        }
        if last > 0 {
            let path = project.join(name);
            written += 1;
            if !path.exists() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "go()\n".repeat(last + 1)).unwrap();
            }
        }
    }
    written
}

/// The report with one arm more taken, in a file near its middle, and the arms taken before and of all.
fn one_file_changed(text: &[u8]) -> (Vec<u8>, u64, u64) {
    let text = std::str::from_utf8(text).unwrap();
    let sum = |tag: &str| -> u64 {
        let lines = text.lines().filter_map(|line| line.strip_prefix(tag));
        lines.map(|n| n.parse::<u64>().unwrap()).sum()
    };
    let (taken, total) = (sum("BRH:"), sum("BRF:"));
    let behind = |at: usize| at + text[at..].find("end_of_record\n").unwrap() + 14;
    let start = behind(text.len() / 2);
    let end = behind(start);
    let mut record = text[start..end].to_owned();
    let arm = record.find("BRDA:").unwrap();
    let untaken = arm + record[arm..].find(",0\n").unwrap();
    record.replace_range(untaken..untaken + 3, ",7\n");
    let hit = record.find("BRH:").unwrap() + 4;
    let hit_end = hit + record[hit..].find('\n').unwrap();
    let n: u64 = record[hit..hit_end].parse().unwrap();
    record.replace_range(hit..hit_end, &(n + 1).to_string());
    let changed = [&text[..start], &record, &text[end..]].concat();
    (changed.into_bytes(), taken, total)
}
