//! Any report over any text: nothing panics, and what is promised of gaps holds.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::coverage::{ColumnUnit, Outcome, Ratio};
use crate::gaps::decisions;

const PATHS: [&str; 10] = [
    "a.py", "a.js", "a.ts", "a.tsx", "A.java", "a.go", "a.rs", "a.c", "a.cpp", "a.rb",
];

/// Lines that are code in some of the languages, and lines that are code in none.
const LINES: [&str; 34] = [
    "def f(a):",
    "    if a and b:",
    "        return 1",
    "    elif c: x = 2",
    "    else:",
    "    for x in y: pass",
    "    match x:",
    "        case 1: pass",
    "    try:",
    "    except E:",
    "class K { int f(int a) {",
    "  if (a && b || c) { d(); } else if (e) f();",
    "  switch (x) { case 1: case 'é': y(); break; default: z(); }",
    "  for (int i = 0; i < 3; i++) while (x) do { y(); } while (z);",
    "  return a ? b : c ?? d;",
    "  const f = (a = 1, { b = 2 } = {}) => a?.b?.();",
    "func (q *Q) F(x int) int { if err != nil { return err } }",
    "fn f<T>(x: T) -> i32 { match x { Some(1) if y => 2, _ => 3 } }",
    "template <class T> T f(T a) { try { throw a; } catch (...) { } }",
    "}",
    "}}",
    ")",
    "(((((",
    "  '😀' + `${a ? b : c}`",
    "\t\u{feff}\u{202e}x = 1",
    "// comment",
    "# comment",
    "",
    "   ",
    "lambda x: [i for i in x if i]",
    "@deco",
    "export default () => { throw 1 }",
    "a.b = function () { return x || y && z }",
    "\u{0}\u{1b}[31m",
];

fn position() -> impl Strategy<Value = Position> {
    (
        1..40_u32,
        prop::option::of(prop_oneof![0..60_u32, any::<u32>()]),
    )
        .prop_map(|(number, column)| match column {
            Some(column) => Position::new(line(number), column),
            None => Position::line(line(number)),
        })
}

fn construct() -> impl Strategy<Value = Construct> {
    prop::sample::select(vec![
        Construct::Unknown,
        Construct::If,
        Construct::Conditional,
        Construct::Logical,
        Construct::Switch,
        Construct::DefaultArgument,
        Construct::Block,
        Construct::Loop,
        Construct::Case,
        Construct::Match,
        Construct::Try,
    ])
}

#[derive(Clone, Debug)]
enum Going {
    Nth,
    True,
    False,
    To(u32),
    Exit,
    At(Position),
    ImplicitElse,
    Throw,
    Text(String),
}

impl Going {
    fn outcome(&self) -> Outcome<'_> {
        match self {
            Self::Nth => Outcome::Nth,
            Self::True => Outcome::True,
            Self::False => Outcome::False,
            Self::To(number) => Outcome::ToLine(line(*number)),
            Self::Exit => Outcome::Exit,
            Self::At(position) => Outcome::At(*position),
            Self::ImplicitElse => Outcome::ImplicitElse,
            Self::Throw => Outcome::Throw,
            Self::Text(text) => Outcome::Text(text),
        }
    }
}

fn going() -> impl Strategy<Value = Going> {
    prop_oneof![
        Just(Going::Nth),
        Just(Going::True),
        Just(Going::False),
        (1..40_u32).prop_map(Going::To),
        Just(Going::Exit),
        position().prop_map(Going::At),
        Just(Going::ImplicitElse),
        Just(Going::Throw),
        "jump to line [0-9]{1,12}|exit the module|\\PC{0,9}".prop_map(Going::Text),
    ]
}

type AnyBranch = (
    Position,
    Position,
    Construct,
    Vec<(Going, u64)>,
    Option<(u32, u32)>,
);

fn branch() -> impl Strategy<Value = AnyBranch> {
    (
        position(),
        position(),
        construct(),
        prop::collection::vec((going(), 0..3_u64), 0..5),
        prop::option::weighted(0.2, (0..4_u32, 0..5_u32)),
    )
}

fn coverage() -> impl Strategy<Value = FileCoverage> {
    (
        prop::collection::vec((1..40_u32, 0..3_u64), 0..30),
        prop::collection::vec(branch(), 0..12),
        prop::collection::vec(
            (position(), position(), 0..2_u64, "[a-z.(_$0-9<>:]{0,12}"),
            0..6,
        ),
        prop::sample::select(vec![ColumnUnit::Utf16, ColumnUnit::Byte, ColumnUnit::Char]),
    )
        .prop_map(|(lines, branches, functions, unit)| {
            let mut file = FileCoverage::builder("any");
            file.column_unit(unit);
            for (number, hits) in lines {
                file.line(line(number), Hits::times(hits));
            }
            for (start, end, construct, arms, counted) in branches {
                if let Some((covered, total)) = counted {
                    file.counted_branch(start.line, construct, covered, total);
                    continue;
                }
                file.branch(Span { start, end }, construct);
                for (going, hits) in &arms {
                    file.arm(going.outcome(), Hits::times(*hits));
                }
            }
            for (start, end, hits, name) in functions {
                file.function(&name, Span { start, end }, Hits::times(hits));
            }
            file.finish()
        })
}

fn text() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..30)
        .prop_map(|lines| lines.into_iter().map(str::to_owned).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_report_over_any_text_keeps_the_promises(
        path in prop::sample::select(PATHS.to_vec()),
        coverage in coverage(),
        lines in prop::option::of(text()),
        moved in prop::option::of(prop::collection::vec(prop::option::of(1..40_u32), 30)),
    ) {
        let path = FilePath::new(path);
        let source = lines.map(|lines| {
            let n_lines = lines.len();
            let source = Source::new(&path, lines);
            match moved {
                None => source,
                Some(moved) => source.shifted(
                    moved.into_iter().take(n_lines).map(|it| it.map(line)).collect(),
                ),
            }
        });
        let gaps = find(&path, &coverage, source.as_ref());

        let ids: HashSet<_> = gaps.iter().map(|gap| gap.id).collect();
        prop_assert_eq!(ids.len(), gaps.len());
        let decided = decisions(&path, &coverage, source.as_ref());
        prop_assert_eq!(decided.len(), coverage.branches().len());
        let untaken: u32 = gaps.iter().map(|gap| gap.arms_untaken).sum();
        prop_assert_eq!(u64::from(untaken), coverage.counted().branches.map_or(0, Ratio::missed));
        let unrun = coverage.lines().filter(|(_, hits)| !hits.is_taken()).count();
        let behind: u32 = gaps.iter().map(|gap| gap.lines_behind).sum();
        prop_assert_eq!(behind as usize, unrun, "every line that never ran belongs to one gap");
        for gap in &gaps {
            prop_assert!(gap.line <= gap.end_line);
            prop_assert!(!gap.brief.is_empty());
            for said in [&gap.says, &gap.brief].into_iter().chain(gap.arms.iter().map(|arm| &arm.label)) {
                prop_assert!(!said.chars().any(crate::harmless::acts_on_terminal), "{said:?}");
            }
            for mark in gap.arms.iter().filter_map(|arm| arm.mark.as_ref()) {
                let text = source.as_ref().map_or("", |source| source.line(mark.line));
                prop_assert!(text.get(mark.bytes.clone()).is_some_and(|piece| !piece.is_empty()));
            }
        }
        for it in &decided {
            let keys: HashSet<_> = it.arms.iter().map(|arm| &arm.key).collect();
            prop_assert_eq!(keys.len(), it.arms.len());
        }
    }
}

/// A bundle: all code on one line. What looks at the whole line for each branch does not come to an end.
#[test]
fn a_bundle_on_one_line_is_read_in_time_with_its_size() {
    let n = 2_000;
    let unit = "function f(a=1){if(a&&b){c(`é😀`)}return a?b:c}";
    let text = unit.repeat(n);
    let units = u32::try_from(unit.encode_utf16().count()).unwrap();
    let path = FilePath::new("bundle.js");
    let mut with_columns = FileCoverage::builder("bundle.js");
    let mut without = FileCoverage::builder("bundle.js");
    for nth in 0..u32::try_from(n).unwrap() {
        let at_column = |column: u32| at(1, nth * units + column);
        let span = |start: u32, end: u32| Span {
            start: Position::new(line(1), nth * units + start),
            end: Position::new(line(1), nth * units + end),
        };
        with_columns.function("f", span(0, units), Hits::times(1));
        with_columns.branch(span(16, 32), Construct::If);
        with_columns.arm(Outcome::True, Hits::ZERO);
        with_columns.arm(Outcome::ImplicitElse, Hits::times(1));
        with_columns.branch(span(19, 23), Construct::Logical);
        with_columns.arm(at_column(19), Hits::times(1));
        with_columns.arm(at_column(22), Hits::ZERO);
        without.function("f", Span::line(line(1)), Hits::times(1));
        without.branch(Span::line(line(1)), Construct::Unknown);
        without.arm(Outcome::Nth, Hits::ZERO);
        without.arm(Outcome::Nth, Hits::times(1));
    }
    let source = source("bundle.js", &text);
    let gaps = find(&path, &with_columns.finish(), Some(&source));
    assert_eq!(gaps.len(), 2 * n);
    assert!(
        gaps.iter()
            .all(|gap| gap.construct.as_deref() != Some("logical")),
        "linked, all of them"
    );
    let gaps = find(&path, &without.finish(), Some(&source));
    assert_eq!(gaps.len(), n);
}
