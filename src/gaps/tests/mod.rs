//! Gaps over the samples, and over small files built by hand.

mod delta;
mod identity;
mod robust;
mod sentences;

use std::fmt::Write as _;

use super::{Gap, GapKind, Source, find};
use crate::coverage::{
    Construct, FileBuilder, FileCoverage, FilePath, Hits, Line, Outcome, Position, Span,
};

pub(super) fn line(number: u32) -> Line {
    Line::new(number).unwrap()
}

pub(super) fn source(path: &str, text: &str) -> Source {
    let lines = text.lines().map(str::to_owned).collect();
    Source::new(&FilePath::new(path), lines)
}

/// `1:3 2:0` as executable lines with their hits.
pub(super) fn with_lines(file: &mut FileBuilder, lines: &str) {
    for pair in lines.split_whitespace() {
        let (number, hits) = pair.split_once(':').unwrap();
        file.line(
            line(number.parse().unwrap()),
            Hits::times(hits.parse().unwrap()),
        );
    }
}

/// Arcs as coverage.py has them: `+` taken, `-` missing, `x` for leaving: `4 +5 -7; 9 -x +10`.
pub(super) fn with_arcs(file: &mut FileBuilder, arcs: &str) {
    for decision in arcs.split(';').filter(|it| !it.trim().is_empty()) {
        let mut words = decision.split_whitespace();
        let from = line(words.next().unwrap().parse().unwrap());
        file.branch(Span::line(from), Construct::Unknown);
        for word in words {
            let (sign, to) = word.split_at(1);
            let outcome = match to {
                "x" => Outcome::Exit,
                to => Outcome::ToLine(line(to.parse().unwrap())),
            };
            file.arm(outcome, Hits::seen(sign == "+"));
        }
    }
}

pub(super) fn python(lines: &str, arcs: &str) -> FileCoverage {
    let mut file = FileCoverage::builder("a.py");
    with_lines(&mut file, lines);
    with_arcs(&mut file, arcs);
    file.finish()
}

/// One decision with columns, 0-based, and numbered or placed arms.
pub(super) fn with_branch(
    file: &mut FileBuilder,
    construct: Construct,
    span: [u32; 4],
    arms: &[(Outcome<'_>, u64)],
) {
    let [first, start, last, end] = span;
    let span = Span {
        start: Position::new(line(first), start),
        end: Position::new(line(last), end),
    };
    file.branch(span, construct);
    for (outcome, hits) in arms {
        file.arm(*outcome, Hits::times(*hits));
    }
}

pub(super) fn at(number: u32, column: u32) -> Outcome<'static> {
    Outcome::At(Position::new(line(number), column))
}

/// What the gaps of a file say, one a line; `function` and `line` gaps with how many lines are behind them.
pub(super) fn say(gaps: &[Gap]) -> String {
    let mut out = String::new();
    for gap in gaps {
        match gap.kind {
            GapKind::Branch => writeln!(out, "{}", gap.says).unwrap(),
            kind => writeln!(out, "{}: {} [{}]", kind.name(), gap.says, gap.lines_behind).unwrap(),
        }
    }
    out
}

pub(super) fn expect(gaps: &[Gap], expected: &str) {
    let expected: String = expected
        .trim()
        .lines()
        .flat_map(|line| [line.trim(), "\n"])
        .collect();
    pretty_assertions::assert_eq!(say(gaps), expected);
}

/// The gaps of one file of a sample, its source at hand.
pub(super) fn sample(folder: &str, report: &str, file: &str) -> Vec<Gap> {
    let folder = format!(
        "{}/tests/fixtures/reports/{folder}",
        env!("CARGO_MANIFEST_DIR")
    );
    let bytes = std::fs::read(format!("{folder}/{report}")).unwrap();
    let report = crate::formats::parse(&bytes).unwrap();
    let coverage = report
        .files
        .iter()
        .find(|it| it.reported().ends_with(file))
        .unwrap();
    let text = std::fs::read(format!("{folder}/{file}")).unwrap();
    let text = String::from_utf8_lossy(&text);
    find(&FilePath::new(file), coverage, Some(&source(file, &text)))
}
