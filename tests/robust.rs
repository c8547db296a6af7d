//! Bad input: whatever the bytes, there is a report or an error that names its place, and never a panic.
//!
//! Every prefix and every flipped byte of every sample report up to 16 KB, a seeded choice of both for
//! those above, and the classics: deep nesting, entity bombs, numbers past `u64`, one endless line.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use untaken::coverage::{Arms, Outcome, Report};
use untaken::formats::{ParseError, parse, sniff};

fn samples() -> Vec<(PathBuf, Vec<u8>)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.file_name().unwrap() != "expected.json" {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports"),
        &mut paths,
    );
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .filter(|(_, bytes)| sniff(bytes).is_ok())
        .collect()
}

/// What must hold for any bytes. `what` is only made for a failure.
fn hold(bytes: &[u8], what: impl Fn() -> String) {
    match parse(bytes) {
        Ok(report) => {
            if let Err(problem) = sound(&report) {
                panic!("{}: {problem}", what());
            }
        }
        Err(error) => {
            let message = error.to_string();
            assert!(is_harmless(&message), "{}: {message:?}", what());
            if let ParseError::Truncated { place, .. }
            | ParseError::Syntax { place, .. }
            | ParseError::Limit { place, .. } = error
            {
                assert!(
                    place.line >= 1 && place.column >= 1 && place.byte <= bytes.len() as u64 * 2,
                    "{}: {place:?} is not in the input",
                    what()
                );
            }
        }
    }
}

fn is_harmless(message: &str) -> bool {
    !message.is_empty() && message.len() < 600 && !message.chars().any(char::is_control)
}

/// Everything that the rest of the program takes for granted in a report.
fn sound(report: &Report) -> Result<(), String> {
    if report.warnings.len() > 60 {
        return Err(format!("{} warnings", report.warnings.len()));
    }
    if let Some(warning) = report.warnings.iter().find(|it| !is_harmless(&it.message)) {
        return Err(format!("warning {:?}", warning.message));
    }
    for file in &report.files {
        let lines: Vec<_> = file.lines().collect();
        if !lines.is_sorted_by(|a, b| a.0 < b.0) {
            return Err("lines are not ascending".to_owned());
        }
        if lines
            .iter()
            .any(|&(line, hits)| file.line(line) != Some(hits))
        {
            return Err("a line is not found".to_owned());
        }
        if !file
            .branches()
            .is_sorted_by_key(|branch| branch.span().start)
        {
            return Err("branches are not in the order of the text".to_owned());
        }
        for branch in file.branches() {
            let ratio = branch.ratio();
            let taken = match branch.arms() {
                Arms::Counted(ratio) => ratio.covered,
                Arms::Listed(arms) => {
                    if arms.len() as u64 != ratio.total {
                        return Err("arms are not all there".to_owned());
                    }
                    if arms
                        .iter()
                        .any(|arm| matches!(arm.outcome, Outcome::Text("")))
                    {
                        return Err("an arm of no words".to_owned());
                    }
                    arms.iter().filter(|arm| arm.hits.is_taken()).count() as u64
                }
            };
            if taken != ratio.covered || ratio.covered > ratio.total {
                return Err(format!("arms make {taken}, the ratio is {ratio:?}"));
            }
        }
        if file
            .functions()
            .iter()
            .any(|it| it.span.end.line < it.span.start.line)
        {
            return Err("a function ends before it starts".to_owned());
        }
    }
    Ok(())
}

/// A small generator of numbers that are the same on every machine.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap() % bound
    }
}

/// How much is tried.
#[derive(Clone, Copy)]
enum Effort {
    /// What a minute allows without optimization.
    Quick,
    Full,
}

impl Effort {
    /// The size up to which every place of a sample is tried.
    fn whole(self) -> usize {
        match self {
            Self::Quick => 2 * 1024,
            Self::Full => 16 * 1024,
        }
    }

    /// All places of a small sample, a choice of those of a large one.
    fn places(self, length: usize, seeded: &mut Seeded) -> Vec<usize> {
        if length <= self.whole() {
            (0..length).collect()
        } else {
            let fits = (self.whole() * self.whole() / length).clamp(20, 1000);
            (0..fits).map(|_| seeded.below(length)).collect()
        }
    }
}

/// Shares samples among two threads.
fn with_each_sample(test: impl Fn(&Path, &[u8]) + Sync) {
    let samples = samples();
    assert!(samples.len() > 60, "only {} samples", samples.len());
    std::thread::scope(|scope| {
        for nth in 0..2 {
            let (samples, test) = (&samples, &test);
            scope.spawn(move || {
                for (path, bytes) in samples.iter().skip(nth).step_by(2) {
                    test(path, bytes);
                }
            });
        }
    });
}

fn try_prefixes(effort: Effort) {
    with_each_sample(|path, bytes| {
        for end in effort.places(bytes.len(), &mut Seeded(1)) {
            hold(&bytes[..end], || {
                format!("{}, the first {end} bytes", path.display())
            });
        }
    });
}

fn try_flips(effort: Effort) {
    with_each_sample(|path, bytes| {
        let mut seeded = Seeded(2);
        let mut flipped = bytes.to_vec();
        for at in effort.places(bytes.len(), &mut seeded) {
            // One bit, or another character that means something to some parser.
            let other = match seeded.below(3) {
                0 => b"\"{}[]<>/&,:-0\n\\="[seeded.below(16)],
                _ => bytes[at] ^ (1 << seeded.below(8)),
            };
            flipped[at] = other;
            hold(&flipped, || {
                format!("{}, byte {at} as {other:#04x}", path.display())
            });
            flipped[at] = bytes[at];
        }
    });
}

#[test]
fn a_cut_report_is_read_or_refused() {
    try_prefixes(Effort::Quick);
}

#[test]
fn a_damaged_report_is_read_or_refused() {
    try_flips(Effort::Quick);
}

#[test]
#[ignore = "takes minutes without optimization"]
fn every_prefix_of_a_report_is_read_or_refused() {
    try_prefixes(Effort::Full);
}

#[test]
#[ignore = "takes minutes without optimization"]
fn every_flipped_byte_of_a_report_is_read_or_refused() {
    try_flips(Effort::Full);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Pieces that mean something to some parser, in any order.
    #[test]
    fn any_pieces_are_read_or_refused(
        start in prop::sample::select(STARTS),
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60),
    ) {
        let text: String = std::iter::once(start).chain(pieces).collect();
        hold(text.as_bytes(), || format!("{text:?}"));
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        start in prop::sample::select(STARTS),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [start.as_bytes(), &bytes].concat();
        hold(&bytes, || format!("{bytes:?}"));
    }
}

/// How each format begins.
const STARTS: &[&str] = &[
    "",
    "SF:a.c\n",
    "mode: count\n",
    "GROUP,PACKAGE,CLASS,LINE_MISSED,LINE_COVERED\n",
    r#"{"a.js":{"statementMap":{"0":{"start":{"line":1}}},"branchMap":{"0":"#,
    r#"{"total":{"lines":{"pct":1,"total":"#,
    r#"{"meta":{"branch_coverage":true},"files":{"a.py":{"executed_lines":["#,
    r#"{"data":[{"files":[{"filename":"a.c","branches":["#,
    r#"{"gcovr/format_version":"0.15","files":[{"file":"a.c","lines":["#,
    r#"{"RSpec":{"coverage":{"a.rb":{"lines":["#,
    "<report name='a'><package name='b'>",
    "<coverage line-rate='1'><packages><package>",
    "<coverage clover='1'><project>",
    "<report name='a'><package name='b'><sourcefile name='",
];

const PIECES: &[&str] = &[
    "DA:1,",
    "DA:",
    "BRDA:1,0,",
    "BRDA:2,e0,1,-\n",
    "FN:1,",
    "FNDA:",
    "FNL:0,1\n",
    "FNA:0,",
    "LF:",
    "SF:",
    "end_of_record\n",
    "\n",
    "\r\n",
    ",",
    "0",
    "1",
    "-1",
    "18446744073709551616",
    "1e400",
    "4294967296",
    ":",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "null",
    "true",
    "\"line\":",
    "\"column\":",
    "\"start\":",
    "\"locations\":[",
    "\"s\":{\"0\":",
    "\"type\":\"if\"",
    "\\u",
    "\\ud800",
    "[1,2]",
    "\"summary\":{",
    "\"executed_branches\":[",
    "<",
    ">",
    "/>",
    "</",
    "&",
    "&lt;",
    "&x;",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "<!DOCTYPE a [",
    "<line nr='1' ",
    "mb='2' ",
    "ci='",
    "<sourcefile name='A.java'>",
    "</sourcefile>",
    "<counter type='LINE' missed='",
    "<group name='g'>",
    "<class name='c' filename='f'>",
    "<lines>",
    "hits='1'",
    "a.go:1.2,3.4 5 6\n",
    "a.go:",
    "\u{1b}[2J",
    "\u{202e}",
    "é",
    "\0",
];

#[test]
fn deep_nesting_is_refused() {
    let deep = 200_000;
    for start in STARTS {
        for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("<a>", "</a>")] {
            let text = format!("{start}{}{}", open.repeat(deep), close.repeat(deep));
            hold(text.as_bytes(), || {
                format!("{start} and {deep} times {open}")
            });
        }
    }
    let message = |start: &str| {
        let text = format!("{start}{}", "[".repeat(deep));
        parse(text.as_bytes()).unwrap_err().to_string()
    };
    assert_eq!(
        message("{\"meta\":{\"branch_coverage\":true},\n\"totals\":"),
        format!(
            "line 2, column 10: expected a whole number, found `{}…`",
            "[".repeat(60)
        )
    );
}

#[test]
fn an_entity_bomb_stays_small() {
    let mut text = String::from("<!DOCTYPE report [<!ENTITY a0 \"ha\">");
    for n in 1..100 {
        write!(text, "<!ENTITY a{n} \"&a{};&a{};\">", n - 1, n - 1).unwrap();
    }
    text.push_str("]><report name='&a99;'><package name='&a99;'><sourcefile name='&a99;'>&a99;</sourcefile></package></report>");
    let report = parse(text.as_bytes()).unwrap();
    assert_eq!(report.files[0].reported(), "&a99;/&a99;");
}

#[test]
fn numbers_past_every_bound_are_read_or_refused() {
    let numbers = [
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999999999999999999",
        "-9223372036854775809",
        "4294967296",
        "1e308",
        "1e309",
        "1.5",
        "0x10",
        "٣",
    ];
    for (path, bytes) in samples() {
        let text = String::from_utf8_lossy(&bytes);
        if text.len() > 16 * 1024 {
            continue;
        }
        for number in numbers {
            // Every seventh number of the sample is replaced, each in turn.
            for nth in 0..7 {
                let mut at = 0;
                let mut changed = String::with_capacity(text.len() * 2);
                for piece in text.split_inclusive(|char: char| !char.is_ascii_digit()) {
                    let digits = piece.trim_end_matches(|char: char| !char.is_ascii_digit());
                    at += usize::from(!digits.is_empty());
                    if !digits.is_empty() && at % 7 == nth {
                        changed.push_str(number);
                        changed.push_str(&piece[digits.len()..]);
                    } else {
                        changed.push_str(piece);
                    }
                }
                hold(changed.as_bytes(), || {
                    format!("{} with {number}", path.display())
                });
            }
        }
    }
}

#[test]
fn one_endless_line_is_read_or_refused() {
    let fillers = ["a", "1,", "\"", "{}", "<a/>", "&", " "];
    for (nth, start) in STARTS.iter().enumerate() {
        for (other, filler) in fillers.iter().enumerate() {
            // One of them in full for each format; without optimization all of them take a minute.
            let size = if nth % fillers.len() == other {
                10 * 1024 * 1024
            } else {
                64 * 1024
            };
            let text = format!("{start}{}", filler.repeat(size / filler.len()));
            hold(text.as_bytes(), || {
                format!("{start} and {size} bytes of {filler}")
            });
        }
    }
}
