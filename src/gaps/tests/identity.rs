//! Names for life: what changes them, and what does not.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::gaps::{Decided, GapId, decisions};

const PATH: &str = "src/a.py";

fn decide(coverage: &FileCoverage, source: Option<&Source>) -> Vec<Decided> {
    decisions(&FilePath::new(PATH), coverage, source)
}

/// A small Python program: functions with decisions, some of them the same text, told apart by `tag`s in
/// comments, which no name for life may depend on.
#[derive(Clone, Debug)]
struct Program {
    functions: Vec<Vec<Statement>>,
}

#[derive(Clone, Debug)]
struct Statement {
    loops: bool,
    /// A small number, so that several decisions have the same text.
    condition: u8,
    taken: [bool; 2],
    filler: u8,
}

/// A program as text, and the report of it.
struct Written {
    text: String,
    coverage: FileCoverage,
}

/// How a program is laid out: changes to it are no changes of what it decides.
#[derive(Clone, Copy, Debug)]
struct Layout {
    indent: usize,
    blank_before_function: u8,
    header: u8,
    extra_filler: u8,
    all_taken: bool,
}

const PLAIN: Layout = Layout {
    indent: 4,
    blank_before_function: 0,
    header: 0,
    extra_filler: 0,
    all_taken: false,
};

impl Program {
    fn write(&self, layout: Layout) -> Written {
        let mut text = String::new();
        let mut lines = Vec::new();
        let mut arcs = String::new();
        let mut n_lines = 0;
        let mut push = |line: String, runs: bool| {
            text.push_str(&line);
            text.push('\n');
            n_lines += 1;
            if runs {
                lines.push(format!("{n_lines}:1"));
            }
            n_lines
        };
        for n in 0..layout.header {
            push(format!("import module_{n}"), true);
        }
        let pad = " ".repeat(layout.indent);
        for (n, body) in self.functions.iter().enumerate() {
            for _ in 0..layout.blank_before_function {
                push(String::new(), false);
            }
            push(format!("def f{n}(a):"), true);
            for statement in body {
                for filler in 0..statement.filler + layout.extra_filler {
                    push(format!("{pad}x = {filler}"), true);
                }
                let head = if statement.loops { "while" } else { "if" };
                let from = push(format!("{pad}{head} a > {}:", statement.condition), true);
                let body = push(format!("{pad}{pad}a -= 1"), true);
                let sign = |taken: bool| if taken || layout.all_taken { '+' } else { '-' };
                let [yes, no] = statement.taken;
                write!(arcs, "{from} {}{body} {}{};", sign(yes), sign(no), body + 1).unwrap();
            }
            push(format!("{pad}return a"), true);
        }
        Written {
            coverage: python(&lines.join(" "), &arcs),
            text,
        }
    }
}

impl Written {
    fn decided(&self) -> Vec<Decided> {
        decide(&self.coverage, Some(&source(PATH, &self.text)))
    }
}

fn ids(decided: &[Decided]) -> Vec<GapId> {
    decided.iter().map(|it| it.id).collect()
}

fn keys(decided: &[Decided]) -> Vec<Vec<&str>> {
    decided
        .iter()
        .map(|it| it.arms.iter().map(|arm| arm.key.as_str()).collect())
        .collect()
}

fn program() -> impl Strategy<Value = Program> {
    let statement = (any::<bool>(), 0..3_u8, any::<[bool; 2]>(), 0..3_u8).prop_map(
        |(loops, condition, taken, filler)| Statement {
            loops,
            condition,
            taken,
            filler,
        },
    );
    let function = prop::collection::vec(statement, 1..6);
    prop::collection::vec(function, 1..5).prop_map(|functions| Program { functions })
}

fn layout() -> impl Strategy<Value = Layout> {
    (1..9_usize, 0..4_u8, 0..5_u8, 0..3_u8, any::<bool>()).prop_map(
        |(indent, blank_before_function, header, extra_filler, all_taken)| Layout {
            indent,
            blank_before_function,
            header,
            extra_filler,
            all_taken,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_inserted_indentation_and_new_tests_change_no_name(
        program in program(),
        layout in layout(),
    ) {
        let before = program.write(PLAIN).decided();
        let after = program.write(layout).decided();
        prop_assert_eq!(ids(&before), ids(&after));
        prop_assert_eq!(keys(&before), keys(&after));
    }

    #[test]
    fn no_two_decisions_share_a_name_and_no_two_arms_a_key(program in program()) {
        let decided = program.write(PLAIN).decided();
        let unique: HashSet<_> = decided.iter().map(|it| it.id).collect();
        prop_assert_eq!(unique.len(), decided.len());
        for it in &decided {
            let unique: HashSet<_> = it.arms.iter().map(|arm| &arm.key).collect();
            prop_assert_eq!(unique.len(), it.arms.len());
        }
    }

    #[test]
    fn a_decision_inserted_changes_the_name_of_no_other_text_or_function(
        program in program(),
        at in any::<prop::sample::Index>(),
    ) {
        let mut edited = program.clone();
        let n = at.index(edited.functions.len());
        let new = Statement { loops: false, condition: 9, taken: [true, false], filler: 0 };
        edited.functions[n].insert(0, new);
        let after: HashSet<_> = edited.write(PLAIN).decided().iter().map(|it| it.id).collect();
        for it in program.write(PLAIN).decided() {
            prop_assert!(after.contains(&it.id));
        }
    }

    #[test]
    fn a_decision_deleted_above_changes_only_those_of_its_own_text_and_function(
        program in program(),
        at in any::<prop::sample::Index>(),
    ) {
        let mut edited = program.clone();
        let n = at.index(edited.functions.len());
        let gone = edited.functions[n].remove(0);
        let name = format!("f{n}");
        let after: HashSet<_> = edited.write(PLAIN).decided().iter().map(|it| it.id).collect();
        let first = program.functions[..n].iter().map(Vec::len).sum::<usize>();
        let same = |it: &Decided| {
            it.function.as_deref() == Some(name.as_str()) && {
                let statement = &program.functions[n][it.branch - first];
                statement.condition == gone.condition && statement.loops == gone.loops
            }
        };
        for it in program.write(PLAIN).decided() {
            prop_assert!(same(&it) || after.contains(&it.id));
        }
    }

    #[test]
    fn a_source_that_changed_since_the_report_changes_no_name(
        program in program(),
        inserted in 0..4_usize,
    ) {
        let written = program.write(PLAIN);
        let before = written.decided();
        let lines: Vec<_> = written.text.lines().collect();
        let mut text = "# new\n".repeat(inserted);
        text.push_str(&written.text);
        let map = (0..inserted)
            .map(|_| None)
            .chain((0..lines.len()).map(|idx| Some(Line::from_index(idx))))
            .collect();
        let after = decide(&written.coverage, Some(&source(PATH, &text).shifted(map)));
        prop_assert_eq!(ids(&before), ids(&after));
        let shift = u32::try_from(inserted).unwrap();
        for (was, is) in before.iter().zip(&after) {
            prop_assert_eq!(was.line.get() + shift, is.line.get());
        }
    }
}

#[test]
fn a_name_is_the_same_on_every_machine() {
    let coverage = python("1:1 2:1 3:1 4:1", "2 +3 -4");
    let text = "def f(a):\n    if a:\n        b()\n    c()\n";
    let decided = decide(&coverage, Some(&source(PATH, text)));
    // Written down once; a change of it loses everybody's record of what they dismissed.
    assert_eq!(decided[0].id.to_string(), "b14abc70d813");
    assert_ne!(
        decisions(
            &FilePath::new("src/b.py"),
            &coverage,
            Some(&source(PATH, text))
        )[0]
        .id,
        decided[0].id
    );
}

#[test]
fn an_identical_decision_inserted_above_is_the_one_exception() {
    let text = "def f(a):\n    if a:\n        b()\n    c()\n";
    let before = decide(&python("", "2 +3 -4"), Some(&source(PATH, text)));
    let text = "def f(a):\n    if a:\n        new()\n    if a:\n        b()\n    c()\n";
    let after = decide(&python("", "2 +3 -4; 4 +5 -6"), Some(&source(PATH, text)));
    assert_eq!(before[0].id, after[0].id);
    assert_ne!(before[0].id, after[1].id);
    // In another function it changes nothing.
    let text = "def e(a):\n    if a:\n        new()\ndef f(a):\n    if a:\n        b()\n    c()\n";
    let after = decide(&python("", "2 +3 -x; 5 +6 -7"), Some(&source(PATH, text)));
    assert_eq!(before[0].id, after[1].id);
}

#[test]
fn anonymous_functions_have_no_numbers_in_names() {
    let text = "foo(function () {\n  if (a) b();\n});\n";
    let more = "foo(() => 1);\nfoo(() => 2);\nfoo(function () {\n  if (a) b();\n});\n";
    let file = |first: u32| {
        let mut file = FileCoverage::builder("a.js");
        with_branch(
            &mut file,
            Construct::If,
            [first, 2, first, 14],
            &[(Outcome::True, 0), (Outcome::ImplicitElse, 1)],
        );
        file.finish()
    };
    let path = FilePath::new("a.js");
    let one = decisions(&path, &file(2), Some(&source("a.js", text)));
    let other = decisions(&path, &file(4), Some(&source("a.js", more)));
    assert_eq!(one[0].function.as_deref(), Some("(anonymous)"));
    assert_eq!(one[0].id, other[0].id);
}

#[test]
fn reformatting_a_decision_changes_no_name_where_the_report_has_columns() {
    let path = FilePath::new("a.js");
    let decide = |text: &str, span: [u32; 4]| {
        let mut file = FileCoverage::builder("a.js");
        with_branch(
            &mut file,
            Construct::If,
            span,
            &[(Outcome::True, 0), (Outcome::ImplicitElse, 1)],
        );
        decisions(&path, &file.finish(), Some(&source("a.js", text)))[0].id
    };
    assert_eq!(
        decide("if (a && b) { c() }\n", [1, 0, 1, 19]),
        decide(
            "{\n  if (\n    a &&\n    b\n  ) {\n    c()\n  }\n}\n",
            [2, 2, 7, 3]
        ),
    );
}

#[test]
fn one_line_may_hold_many_decisions() {
    let path = FilePath::new("src/calc.c");
    for (folder, report, file) in [
        ("gcc-lcov-gcovr-llvm", "reports/gcovr.json", "src/calc.c"),
        ("gcc-lcov-gcovr-llvm", "reports/llvm-cov.json", "src/calc.c"),
        ("jest-ts", "coverage/coverage-final.json", "src/router.ts"),
        (
            "jest-v8-js",
            "coverage/coverage-final.json",
            "src/pricing.js",
        ),
        (
            "jacoco/core/src",
            "../../reports/jacoco.xml",
            "com/acme/bank/Account.java",
        ),
    ] {
        let gaps = sample(folder, report, file);
        let unique: HashSet<_> = gaps.iter().map(|gap| gap.id).collect();
        assert_eq!(unique.len(), gaps.len(), "{folder}");
    }
    // Even the very same line of a report, named again and again.
    let mut file = FileCoverage::builder("src/calc.c");
    for _ in 0..500 {
        file.counted_branch(line(3), Construct::Unknown, 0, 2);
    }
    let decided = decisions(&path, &file.finish(), None);
    let unique: HashSet<_> = decided.iter().map(|it| it.id).collect();
    assert_eq!(unique.len(), 500);
}

#[test]
fn without_a_source_the_place_in_the_function_is_the_name() {
    let file = |first: u32| {
        let mut file = FileCoverage::builder("a.rb");
        file.function(
            "total",
            Span {
                start: Position::line(line(first)),
                end: Position::line(line(first + 9)),
            },
            Hits::times(1),
        );
        file.branch(Span::line(line(first + 2)), Construct::Unknown);
        file.arm(Outcome::Nth, Hits::ZERO);
        file.finish()
    };
    let path = FilePath::new("a.rb");
    let id = |first| decisions(&path, &file(first), None)[0].id;
    assert_eq!(id(10), id(70));
}

#[test]
fn what_hits_prove_is_no_part_of_a_name() {
    let text = "void f() {\n  if (x)\n    a();\n  b();\n}\n";
    let path = FilePath::new("a.c");
    let decide = |arms: [u64; 2], body: u64| {
        let mut file = FileCoverage::builder("a.c");
        with_lines(&mut file, &format!("2:5 3:{body} 4:5"));
        file.branch(Span::line(line(2)), Construct::Unknown);
        for hits in arms {
            file.arm(Outcome::Nth, Hits::times(hits));
        }
        decisions(&path, &file.finish(), Some(&source("a.c", text)))
    };
    let (proven, unproven) = (decide([5, 0], 0), decide([5, 2], 2));
    assert_eq!(proven[0].arms[1].label, "true");
    assert_eq!(unproven[0].arms[1].label, "arm 2");
    assert_eq!(proven[0].id, unproven[0].id);
    assert_eq!(keys(&proven), keys(&unproven));
}

#[test]
fn functions_and_lines_have_names_for_life_too() {
    let text = "def f():\n    a()\n\ndef g():\n    if b:\n        c()\n    try:\n        d()\n    except E:\n        e()\n";
    let coverage = python("1:1 2:0 4:1 5:1 6:1 7:1 8:1 9:0 10:0", "5 +6 +7");
    let path = FilePath::new(PATH);
    let before = find(&path, &coverage, Some(&source(PATH, text)));
    let shifted = format!("import os\n\n\n{text}");
    let coverage = python("1:1 4:1 5:0 7:1 8:1 9:1 10:1 11:1 12:0 13:0", "8 +9 +10");
    let after = find(&path, &coverage, Some(&source(PATH, &shifted)));
    let names = |gaps: &[Gap]| -> HashMap<GapId, GapKind> {
        gaps.iter().map(|gap| (gap.id, gap.kind)).collect()
    };
    assert_eq!(before.len(), 2);
    assert_eq!(names(&before), names(&after));
}
