//! The exact sentences.

use super::*;
use crate::coverage::Outcome;
use crate::gaps::byte_offset;

#[track_caller]
fn check_sample(folder: &str, report: &str, file: &str, expected: &str) {
    expect(&sample(folder, report, file), expected);
}

#[track_caller]
fn check_python(text: &str, lines: &str, arcs: &str, expected: &str) {
    let text = text.strip_prefix('\n').unwrap_or(text);
    let path = FilePath::new("a.py");
    expect(
        &find(&path, &python(lines, arcs), Some(&source("a.py", text))),
        expected,
    );
}

// ---- samples ------------------------------------------------------------------------------------

#[test]
fn coverage_py() {
    check_sample(
        "coveragepy",
        "reports/coverage.json",
        "src/shop/pricing.py",
        r#"
        function: line 14: `Item.pretty` never ran [1]
        line 24: the condition was never true (would go on at line 25)
        line 35: `case "US"` never matched (would go on at line 36)
        line 37: `case str() if strict` never matched (would go on at line 38)
        line 44: the loop never ran to its end (would go on at line 48)
        line 45: the condition was never false (would go on at line 44)
        line 68: the condition was never false (would leave `Basket.stream`)
        function: line 75: `Basket.pay` never ran [4]
        line 77: never reached (true: line 78, false: line 79)
        "#,
    );
    check_sample(
        "coveragepy",
        "reports/coverage.json",
        "src/shop/io/parsing.py",
        "
        line 4: the condition was never true (would go on at line 5)
        line: lines 11 to 12, in an exception handler, never ran [2]
        line 18: the condition was never true (would go on at line 19)
        line 23: the condition was never false (would go on at line 25)
        line 27: the condition was never true (would go on at line 28)
        line 36: the condition was never false (would go on at line 41)
        line 46: the condition was never false (would go on at line 45)
        line 55: the condition was never true (would go on at line 56)
        ",
    );
    check_sample(
        "coveragepy",
        "reports/coverage.json",
        "src/shop/naïve été.py",
        "
        line 6: the condition was never true (would run `return None`)
        line 7: the condition was never true (would go on at line 8)
        ",
    );
    check_sample(
        "coveragepy",
        "reports/coverage.json",
        "src/shop/io/never_imported.py",
        "
        function: line 1: `orphan` never ran [4]
        line 2: never reached (true: line 3, false: line 4)
        line: line 7 never ran [1]
        function: line 8: `Ghost.boo` never ran [3]
        line 9: never reached (body: line 10, end: leaves `Ghost.boo`)
        ",
    );
}

#[test]
fn coverage_py_in_lcov_says_the_same_of_its_arms() {
    check_sample(
        "coveragepy",
        "reports/coverage.lcov",
        "src/shop/io/parsing.py",
        "
        line 4: the condition was never true (would go on at line 5)
        line: lines 11 to 12, in an exception handler, never ran [2]
        line 18: the condition was never true (would go on at line 19)
        line 23: the condition was never false (would go on at line 25)
        line 27: the condition was never true (would go on at line 28)
        line 36: the condition was never false (would go on at line 41)
        line 46: the condition was never false (would go on at line 45)
        line 55: the condition was never true (would go on at line 56)
        ",
    );
}

#[test]
fn coverage_py_without_branches_has_lines_and_functions_only() {
    check_sample(
        "coveragepy",
        "reports/coverage-nobranch.json",
        "src/shop/pricing.py",
        "
        function: line 14: `Item.pretty` never ran [1]
        line: line 25 never ran [1]
        line: line 36 never ran [1]
        line: line 38 never ran [1]
        line: line 48 never ran [1]
        function: line 75: `Basket.pay` never ran [4]
        ",
    );
}

#[test]
fn istanbul_of_nyc() {
    check_sample(
        "nyc-ts",
        "coverage/coverage-final.json",
        "src/unused.ts",
        "
        function: line 3: `unused` was never called [3]
        line 4: never reached (true: line 5, false: line 7)
        line 7: never reached (true: `r.path`, false: `'none'`)
        ",
    );
    check_sample(
        "nyc-ts",
        "coverage/coverage-final.json",
        "src/types.ts",
        "
        line 8: the right operand of || was never evaluated (`'/'`): the left was never false
        function: line 11: `isRoute` was never called [1]
        line 12: never reached: none of the 3 operands of && was ever evaluated
        ",
    );
}

#[test]
fn istanbul_of_jest_with_what_typescript_made_of_optional_chains() {
    check_sample(
        "jest-ts",
        "coverage/coverage-final.json",
        "src/router.ts",
        "
        line 18: the condition was never true (would evaluate `url`)
        line 36: the condition was never true (would run `return null`)
        line 42: the condition was never true (would go on at line 43)
        line 44: the condition was never false (would go on at line 46)
        line 51: arm 1 of 2 of the ?: that the compiler made of `opts?.fallback?.() ?? 'not found'` was never taken
        line 51: arm 2 of 2 of the ?: that the compiler made of `opts?.fallback?.()` was never taken
        line 51: arm 2 of 2 of the ?: that the compiler made of `opts?.fallback` was never taken
        ",
    );
}

#[test]
fn istanbul_of_jest_with_switches_and_implicit_else() {
    check_sample(
        "jest-babel-js",
        "coverage/coverage-final.json",
        "src/pricing.js",
        "
        line 8: the condition was never false (would evaluate `5`)
        line 11: the condition was never true (would go on at line 12)
        line 19: `case 'JP'` was never taken (would go on at line 26); `default` was never taken (would go on at line 29)
        line 33: the condition was never true (would evaluate `'free'`)
        line 33: the condition was never false (would evaluate `'dear'`)
        line 37: the condition was never true (would run `continue`)
        line 46: the condition was never false (would skip the block and go on at line 47)
        function: line 49: `Basket.size` was never called [1]
        ",
    );
    check_sample(
        "jest-babel-js",
        "coverage/coverage-final.json",
        "src/café menu.js",
        "
        line 4: the condition was never true (would evaluate `-1`)
        line 4: the condition was never true (would evaluate `base * 0.9`)
        line 4: the condition was never true (would run `return null`)
        line 5: the condition was never true (would evaluate “`cher: ${p}`”)
        ",
    );
}

#[test]
fn blocks_of_v8() {
    check_sample(
        "jest-v8-js",
        "coverage/coverage-final.json",
        "src/pricing.js",
        "
        line 8: this block never ran: the condition was never false
        line 11: this block never ran: the condition was never true
        line 25: this block never ran: this case was never taken
        line 28: this block never ran: this case was never taken
        line 33: this block never ran: the condition was never true
        line 33: this block never ran: the condition was never false
        line 37: this block never ran: the condition was never true
        function: line 49: `Basket.size` was never called [2]
        ",
    );
    check_sample(
        "jest-v8-js",
        "coverage/coverage-final.json",
        "src/never-imported.js",
        "
        function: line 1: this file was never loaded [8]
        line 1: the block from here to line 8 never ran
        ",
    );
}

#[test]
fn jacoco_knows_no_more_than_numbers() {
    let gaps = sample(
        "jacoco/core/src",
        "../../reports/jacoco.xml",
        "com/acme/bank/Account.java",
    );
    expect(
        &gaps,
        "
        line 16: 1 of 2 branches missed
        line 21: 2 of 6 branches missed
        line 30: 2 of 3 branches missed
        line 34: 1 of 2 branches missed
        line 44: 1 of 2 branches missed
        line 52: 2 of 4 branches missed
        line 56: 1 of 4 branches missed
        function: line 59: `Account.Vault.<init>` never ran [1]
        function: line 61: `Account.Vault.toggle` never ran [1]
        line 61: 2 of 2 branches missed
        function: line 62: `Account.Vault.nom` never ran [1]
        line 62: 2 of 2 branches missed
        line 66: 2 of 3 branches missed
        ",
    );
    // Which arms they were cannot be known; which lines were not reached can.
    assert!(gaps.iter().all(|gap| gap.arms.is_empty()));
    let behind: Vec<_> = gaps
        .iter()
        .map(|gap| (gap.line.get(), gap.lines_behind))
        .collect();
    assert!(behind.contains(&(30, 2)) && behind.contains(&(44, 1)) && behind.contains(&(66, 2)));
}

#[test]
fn gcc_numbers_its_arms_and_hits_prove_some() {
    check_sample(
        "gcc-lcov-gcovr-llvm",
        "reports/lcov-2.5.info",
        "src/calc.c",
        "
        line 6: 2 of 4 arms never taken (arms 2 and 3; the report does not tell which outcome that is)
        line 7: 2 of 4 arms never taken (arms 2 and 4; the report does not tell which outcome that is)
        line 11: the condition was never true (would go on at line 12)
        line 24: 1 of 2 arms never taken (arm 1; the report does not tell which outcome that is)
        line 37: 6 of 8 arms never taken (arms 2, 3, 5, 6, 7, 8; the report does not tell which outcome that is)
        ",
    );
    check_sample(
        "gcc-lcov-gcovr-llvm",
        "reports/lcov-2.5.info",
        "src/unused.c",
        "
        function: line 1: `unused` was never called [3]
        line 2: none of the 2 arms was ever taken
        ",
    );
}

#[test]
fn clang_counts_each_operand() {
    check_sample(
        "gcc-lcov-gcovr-llvm",
        "reports/llvm-cov.json",
        "src/calc.c",
        "
        line 6: `!op` was never true
        line 6: `!*op` was never true
        line 9: `case '-'` was never taken (would run `return a - b`)
        line 11: the condition was never true (would go on at line 12)
        line 15: `default` was never taken (would go on at line 16)
        line 18: never reached
        line: line 18 never ran [1]
        line 24: the condition was never true (would run `continue`)
        function: line 31: `debug` was never called [3]
        line 32: never reached (true: `abort()`, false: leaves `debug`)
        line 37: `x > 0` was never false
        line 37: `y > 0` was never false
        line 37: `x < 0` was never true and never false
        line 37: `y < 0` was never true and never false
        line 41: the condition was never true (would run `exit(3)`)
        ",
    );
}

#[test]
fn go_profiles_have_no_arms() {
    check_sample(
        "go",
        "reports/cover.out",
        "queue.go",
        "
        line: line 12 never ran [1]
        line: lines 21 to 22 never ran [2]
        line: lines 25 to 26 never ran [2]
        line: line 31 never ran [1]
        ",
    );
}

// ---- Python's arcs --------------------------------------------------------------------------------

#[test]
fn conditions_over_several_lines_and_elif_chains() {
    check_python(
        "
def f(a, b):
    if (
        a
        and b
    ):
        x = 1
    elif (a or
          b):
        x = 2
    else:
        x = 3
    return x
",
        "1:1 2:1 6:0 7:1 9:0 11:1 12:1",
        "2 -6 +7; 7 -9 +11",
        "
        line 2: the condition was never true (would go on at line 6)
        line 7: the condition was never true (would go on at line 9)
        ",
    );
}

#[test]
fn one_line_bodies_are_told_by_the_other_arm() {
    check_python(
        "
def f(x):
    if x: return 1
    for i in x:
        if i: continue
        if i is None: break
    if x == 0: y = 2
    else: y = 3
",
        "1:1 2:1 3:1 4:1 5:1 6:1 7:1",
        "2 +3 -x; 3 +4 -6; 4 -3 +5; 5 +3 -6; 6 -7 +x",
        "
        line 2: the condition was never true (would run `return 1`)
        line 3: the loop never ran to its end (would go on at line 6)
        line 4: the condition was never true (would go on at line 3)
        line 5: the condition was never true (would go on at line 6)
        line 6: the condition was never false (would go on at line 7)
        ",
    );
}

#[test]
fn loops_decorators_and_classes() {
    check_python(
        "
def f(a):
    while True:
        if a:
            break
    while a:
        a -= 1
    else:
        a = 2
    class K:
        if a:
            z = 1
    if a:
        global G
        G = 1

@deco
def g(): return 1
",
        "1:1 2:1 3:1 4:1 5:1 6:0 8:1 9:1 10:1 11:0 12:1 14:0 16:1 17:1",
        "3 -2 +4; 5 -6 +8; 10 -11 +x; 12 -14 +x",
        "
        line 3: the condition was never false (would go on at line 2)
        line 5: the condition was never true (would go on at line 6)
        line 10: the condition was never true (would go on at line 11)
        line 12: the condition was never true (would go on at line 14)
        ",
    );
}

#[test]
fn arcs_of_older_coverage_py() {
    // Before 7.6 except clauses, with statements and comprehensions were decisions, too.
    check_python(
        "
def f(a):
    try:
        g()
    except KeyError:
        h()
    except (A, B):
        i()
    with a:
        j()
    return [x for x in a if x]
",
        "1:1 2:1 3:1 4:1 5:0 6:1 7:1 8:1 9:1 10:1",
        "4 -5 +6; 6 +7 -x; 8 +9 -x; 10 +x -x",
        "
        line 4: `except KeyError` never caught anything (would go on at line 5)
        line 6: `except (A, B)` never let an exception pass (would leave `f`)
        line 8: this way out was never taken (would leave `f`)
        line 10: this way out was never taken
        ",
    );
}

#[test]
fn a_function_on_one_line_is_left_where_it_is_entered() {
    check_python(
        "
class A:
    def __lt__(self, other): return self.x < other.x
    def __le__(self, other): return self.x <= other.x
",
        "1:1 2:1 3:1",
        "2 +3 -x; 3 +x -x",
        "
        line 2: `A.__lt__`, defined on this line, never returned
        line 3: `A.__le__`, defined on this line, never returned
        ",
    );
}

#[test]
fn a_report_without_its_source_proves_nothing_of_arcs() {
    let coverage = python("1:1 2:1 3:0", "2 -3 +x");
    expect(
        &find(&FilePath::new("a.py"), &coverage, None),
        "line 2: this way was never taken (would go on at line 3)",
    );
    let gap = &find(&FilePath::new("a.py"), &coverage, None)[0];
    let labels: Vec<_> = gap.arms.iter().map(|arm| arm.label.as_str()).collect();
    assert_eq!(labels, ["to line 3", "exit"]);
}

// ---- lines and what they belong to ------------------------------------------------------------------

#[test]
fn what_an_untaken_arm_leads_to_is_no_gap_of_its_own() {
    check_python(
        "
def f(a):
    if a:
        b()
        if c:
            d()
        e()
    try:
        if g:
            return 1
        h()
    except E:
        i()
    j()
",
        "1:1 2:1 3:0 4:0 5:0 6:0 7:1 8:1 9:1 10:0 11:0 12:0 13:0",
        "2 -3 +7; 4 -5 -6; 8 +9 -10",
        "
        line 2: the condition was never true (would go on at line 3)
        line 4: never reached (true: line 5, false: line 6)
        line 8: the condition was never false (would go on at line 10)
        line: lines 11 to 12, in an exception handler, never ran [2]
        line: line 13 never ran [1]
        ",
    );
}

#[test]
fn what_lies_in_a_function_never_called_is_its_own_but_for_branches() {
    let mut file = FileCoverage::builder("a.js");
    with_lines(&mut file, "1:1 2:0 3:0 5:0 8:1 9:0");
    let span = |first, last| Span {
        start: Position::new(line(first), 0),
        end: Position::new(line(last), 1),
    };
    file.function("outer", span(1, 7), Hits::ZERO);
    file.function("inner", span(4, 6), Hits::ZERO);
    with_branch(
        &mut file,
        Construct::If,
        [2, 2, 2, 20],
        &[(Outcome::True, 0), (Outcome::ImplicitElse, 0)],
    );
    let text = "function outer() {\n  if (a) b();\n  c();\n  function inner() {\n    d();\n  }\n}\ne();\nf();\n";
    expect(
        &find(
            &FilePath::new("a.js"),
            &file.finish(),
            Some(&source("a.js", text)),
        ),
        "
        function: line 1: `outer` was never called [3]
        line 2: never reached (true: `b()`, false: line 3)
        line: line 9 never ran [1]
        ",
    );
}

#[test]
fn templates_are_one_function_of_the_text() {
    let mut file = FileCoverage::builder("a.cpp");
    with_lines(&mut file, "1:2 2:2 4:0 5:0");
    for (name, first, last, hits) in [
        ("f<int>", 1, 3, 2),
        ("f<double>", 1, 3, 0),
        ("g<int>", 4, 6, 0),
        ("g<double>", 4, 6, 0),
    ] {
        let span = Span {
            start: Position::line(line(first)),
            end: Position::line(line(last)),
        };
        file.function(name, span, Hits::times(hits));
    }
    let text =
        "template<class T> void f(T a) {\n  a();\n}\ntemplate<class T> void g(T a) {\n  a();\n}\n";
    expect(
        &find(
            &FilePath::new("a.cpp"),
            &file.finish(),
            Some(&source("a.cpp", text)),
        ),
        "function: line 4: `g` was never called [2]",
    );
}

// ---- numbers that hits prove -------------------------------------------------------------------------

fn lcov(lines: &str, arms: &[u64]) -> FileCoverage {
    let mut file = FileCoverage::builder("a.c");
    with_lines(&mut file, lines);
    file.branch(Span::line(line(2)), Construct::Unknown);
    for hits in arms {
        file.arm(Outcome::Nth, Hits::times(*hits));
    }
    file.finish()
}

#[track_caller]
fn check_numbers(condition: &str, lines: &str, arms: &[u64], expected: &str) {
    let text = format!("void f() {{\n  if ({condition})\n    a();\n  b();\n}}\n");
    let gaps = find(
        &FilePath::new("a.c"),
        &lcov(lines, arms),
        Some(&source("a.c", &text)),
    );
    let branch = gaps.iter().find(|gap| gap.kind == GapKind::Branch);
    assert_eq!(branch.unwrap().says, expected);
}

#[test]
fn hits_prove_an_arm_only_where_nothing_else_could_have_it() {
    let unknown =
        "line 2: 1 of 2 arms never taken (arm 2; the report does not tell which outcome that is)";
    check_numbers(
        "x",
        "2:5 3:0 4:5",
        &[5, 0],
        "line 2: the condition was never true (would go on at line 3)",
    );
    check_numbers(
        "x",
        "2:5 3:5 4:5",
        &[5, 0],
        "line 2: the condition was never false (would go on at line 4)",
    );
    // Two conditions on the line: the arms may be those of either.
    check_numbers("x && y", "2:5 3:0 4:5", &[5, 0], unknown);
    // No line tells whether it was entered.
    check_numbers("x", "2:5 4:5", &[5, 0], unknown);
    // gcc leaves some lines out: what is counted first in the body need not run first.
    let text = "void f() {\n  if (x) {\n    switch (y) {\n    case 0:\n      a();\n    case 1:\n      b();\n    }\n  }\n}\n";
    let gaps = find(
        &FilePath::new("a.c"),
        &lcov("2:5 5:0 7:5", &[5, 0]),
        Some(&source("a.c", text)),
    );
    assert_eq!(gaps[0].says, unknown);
    // The line of the closing brace is another decision's.
    let text = "void f() {\n  if (x) {\n    a();\n  } else if (y) {\n    b();\n  }\n}\n";
    let gaps = find(
        &FilePath::new("a.c"),
        &lcov("2:5 3:0 4:5 5:5", &[5, 0]),
        Some(&source("a.c", text)),
    );
    assert_eq!(
        gaps[0].says,
        "line 2: the condition was never true (would go on at line 3)"
    );
    // More arms than the decision has: some are the compiler's.
    check_numbers(
        "x",
        "2:5 3:0 4:5",
        &[5, 0, 1, 0],
        "line 2: 2 of 4 arms never taken (arms 2 and 4; the report does not tell which outcome that is)",
    );
    check_numbers(
        "x",
        "2:0 3:0 4:0",
        &[0, 0],
        "line 2: none of the 2 arms was ever taken",
    );
}

#[test]
fn the_end_of_a_declared_object_is_no_proof_in_cpp() {
    let says = |condition: &str| {
        let text = format!("void f() {{\n  if ({condition})\n    a();\n  b();\n}}\n");
        let coverage = lcov("2:5 3:5 4:5", &[0, 5]);
        find(
            &FilePath::new("a.cpp"),
            &coverage,
            Some(&source("a.cpp", &text)),
        )[0]
        .says
        .clone()
    };
    assert_eq!(
        says("x"),
        "line 2: the condition was never false (would go on at line 4)"
    );
    for declares in ["D d = D(x)", "D d; d.ok()"] {
        assert_eq!(
            says(declares),
            "line 2: 1 of 2 arms never taken (arm 1; the report does not tell which outcome that is)"
        );
    }
}

#[test]
fn exception_edges_are_called_so() {
    for (arms, expected) in [
        (
            &[(Outcome::Nth, 3), (Outcome::Throw, 0)][..],
            "line 2: 1 of 2 arms never taken, an exception edge",
        ),
        (
            &[(Outcome::Nth, 3), (Outcome::Throw, 0), (Outcome::Throw, 0)],
            "line 2: 2 of 3 arms never taken, all of them exception edges",
        ),
        (
            &[(Outcome::Nth, 3), (Outcome::Nth, 0), (Outcome::Throw, 0)],
            "line 2: 2 of 3 arms never taken, one of them an exception edge",
        ),
    ] {
        let mut file = FileCoverage::builder("a.cpp");
        file.branch(Span::line(line(2)), Construct::Unknown);
        for (outcome, hits) in arms {
            file.arm(*outcome, Hits::times(*hits));
        }
        let gaps = find(&FilePath::new("a.cpp"), &file.finish(), None);
        assert_eq!(gaps[0].says, expected);
    }
}

// ---- Istanbul's corners ---------------------------------------------------------------------------

#[test]
fn an_arm_that_a_comment_left_out_proves_no_number() {
    // `istanbul ignore if`: the only arm is the else block.
    let text = "if (a) {\n  b();\n} else {\n  c();\n}\n";
    let mut file = FileCoverage::builder("a.js");
    with_lines(&mut file, "1:1 2:1 4:0");
    with_branch(&mut file, Construct::If, [1, 0, 5, 1], &[(at(3, 7), 0)]);
    expect(
        &find(
            &FilePath::new("a.js"),
            &file.finish(),
            Some(&source("a.js", text)),
        ),
        "line 1: the condition was never false (would go on at line 4)",
    );
    // The same of a conditional: the place tells, without a text nothing does.
    let mut file = FileCoverage::builder("a.js");
    with_branch(
        &mut file,
        Construct::Conditional,
        [1, 4, 1, 13],
        &[(at(1, 12), 0)],
    );
    let file = file.finish();
    let text = "x = a ? b : c;\n";
    let says =
        |source: Option<&Source>| find(&FilePath::new("a.js"), &file, source)[0].says.clone();
    assert_eq!(
        says(Some(&source("a.js", text))),
        "line 1: the condition was never false (would evaluate `c`)"
    );
    assert_eq!(says(None), "line 1: this arm was never taken");
}

#[test]
fn defaults_and_operands() {
    let text = "function f(a, b = g(1)) {\n  return a && b && h(a);\n}\nx = y ?? z;\n";
    let mut file = FileCoverage::builder("a.js");
    with_lines(&mut file, "2:1 4:1");
    with_branch(
        &mut file,
        Construct::DefaultArgument,
        [1, 14, 1, 22],
        &[(at(1, 18), 0)],
    );
    with_branch(
        &mut file,
        Construct::Logical,
        [2, 9, 2, 23],
        &[(at(2, 9), 1), (at(2, 14), 0), (at(2, 19), 0)],
    );
    with_branch(
        &mut file,
        Construct::Logical,
        [4, 4, 4, 10],
        &[(at(4, 4), 1), (at(4, 9), 0)],
    );
    let gaps = find(
        &FilePath::new("a.js"),
        &file.finish(),
        Some(&source("a.js", text)),
    );
    expect(
        &gaps,
        "
        line 1: the default of `b` was never used (`g(1)`)
        line 2: operand 2 of 3 of && was never evaluated (`b`); operand 3 of 3 of && was never evaluated (`h(a)`)
        line 4: the right operand of ?? was never evaluated (`z`): the left was never null or undefined
        ",
    );
    let briefs: Vec<_> = gaps.iter().map(|gap| gap.brief.as_str()).collect();
    assert_eq!(
        briefs,
        [
            "default never used · `g(1)`",
            "operand 2 of 3 of && never evaluated, operand 3 of 3 of && never evaluated",
            "left never null or undefined · right of ?? never evaluated",
        ]
    );
}

#[test]
fn marks_are_the_code_of_the_arm_to_the_byte() {
    let gaps = sample(
        "jest-babel-js",
        "coverage/coverage-final.json",
        "src/café menu.js",
    );
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/reports/jest-babel-js"
    );
    let text = std::fs::read_to_string(format!("{folder}/src/café menu.js")).unwrap();
    let marked: Vec<_> = gaps
        .iter()
        .flat_map(|gap| gap.arms.iter().filter(|arm| !arm.taken))
        .map(|arm| {
            let mark = arm.mark.clone().unwrap();
            &text.lines().nth(mark.line.index()).unwrap()[mark.bytes]
        })
        .collect();
    // An `if` whose arm is a block is marked at its condition: a brace says nothing.
    assert_eq!(marked, ["-1", "base * 0.9", "p < 0", "`cher: ${p}`"]);
}

#[test]
fn without_columns_nothing_is_marked() {
    for (folder, report, file) in [
        ("coveragepy", "reports/coverage.json", "src/shop/pricing.py"),
        ("gcc-lcov-gcovr-llvm", "reports/lcov-2.5.info", "src/calc.c"),
    ] {
        let gaps = sample(folder, report, file);
        assert!(!gaps.is_empty());
        assert!(
            gaps.iter()
                .flat_map(|gap| &gap.arms)
                .all(|arm| arm.mark.is_none())
        );
        assert!(gaps.iter().all(|gap| gap.column.is_none()));
    }
}

#[test]
fn columns_past_the_end_and_swapped_ends_are_borne() {
    let text = "x = a ? b : c\n";
    for span in [
        [1, 4, 1, 0],
        [1, 900, 1, 901],
        [9, 4, 9, 6],
        [1, 4, 700, 2],
        [1, 4, 1, 900],
    ] {
        for construct in [
            Construct::If,
            Construct::Conditional,
            Construct::Logical,
            Construct::Switch,
            Construct::DefaultArgument,
            Construct::Block,
            Construct::Unknown,
        ] {
            let mut file = FileCoverage::builder("a.js");
            with_branch(
                &mut file,
                construct,
                span,
                &[(at(1, 800), 0), (at(77, 3), 0)],
            );
            let gaps = find(
                &FilePath::new("a.js"),
                &file.finish(),
                Some(&source("a.js", text)),
            );
            assert_eq!(gaps.len(), 1);
            assert_eq!(gaps[0].arms_untaken, 2);
        }
    }
    assert_eq!(byte_offset("", 7, crate::coverage::ColumnUnit::Utf16), 0);
}

#[test]
fn hostile_text_does_nothing_to_a_terminal() {
    let text = "switch (x) {\n  case '\u{1b}[2J\u{202e}': a();\n}\n";
    let mut file = FileCoverage::builder("a.js");
    with_branch(&mut file, Construct::Switch, [1, 0, 3, 1], &[(at(2, 2), 0)]);
    let gaps = find(
        &FilePath::new("a.js"),
        &file.finish(),
        Some(&source("a.js", text)),
    );
    let gap = &gaps[0];
    for said in [&gap.says, &gap.brief, &gap.arms[0].label] {
        assert!(
            !said.chars().any(crate::harmless::acts_on_terminal),
            "{said:?}"
        );
    }
    assert!(gap.says.contains(r"\u{1b}[2J\u{202e}"), "{}", gap.says);
}

// ---- a source that changed ---------------------------------------------------------------------------

#[test]
fn a_changed_source_shows_the_marks_where_the_lines_are_now() {
    let coverage = python("1:1 2:1 3:0 4:1", "2 -3 +4");
    let text = "import os\n\ndef f(a):\n    if a:\n        b()\n    c()\n";
    let map = [None, None, Some(1), Some(2), Some(3), Some(4)];
    let changed = source("a.py", text).shifted(map.map(|it| it.map(line)).to_vec());
    let gaps = find(&FilePath::new("a.py"), &coverage, Some(&changed));
    expect(
        &gaps,
        "line 4: the condition was never true (would go on at line 5)",
    );
    assert_eq!(gaps[0].function.as_deref(), Some("f"));
    assert_eq!(gaps[0].lines_behind, 1);
    // The decision itself is gone: it is shown at what is left above it, and nothing of it is said for sure.
    let map = [None, None, Some(1), None, None, Some(4)];
    let changed = source("a.py", text).shifted(map.map(|it| it.map(line)).to_vec());
    let gaps = find(&FilePath::new("a.py"), &coverage, Some(&changed));
    assert_eq!(gaps[0].line, line(3));
    assert!(!gaps[0].says.contains("condition"), "{}", gaps[0].says);
}

// ---- totals --------------------------------------------------------------------------------------------

#[test]
fn the_arms_of_the_gaps_are_those_of_the_report() {
    for (folder, report, files) in [
        (
            "coveragepy",
            "reports/coverage.json",
            &["src/shop/pricing.py", "src/shop/io/parsing.py"][..],
        ),
        (
            "jest-ts",
            "coverage/coverage-final.json",
            &["src/router.ts", "src/unused.ts"],
        ),
        (
            "jest-v8-js",
            "coverage/coverage-final.json",
            &["src/parse.js", "src/pricing.js"],
        ),
        (
            "gcc-lcov-gcovr-llvm",
            "reports/lcov-2.5.info",
            &["src/calc.c"],
        ),
        ("gcc-lcov-gcovr-llvm", "reports/gcovr.json", &["src/calc.c"]),
    ] {
        let path = format!(
            "{}/tests/fixtures/reports/{folder}/{report}",
            env!("CARGO_MANIFEST_DIR")
        );
        let parsed = crate::formats::parse(&std::fs::read(path).unwrap()).unwrap();
        for file in files {
            let coverage = parsed
                .files
                .iter()
                .find(|it| it.reported().ends_with(file))
                .unwrap();
            let missed = coverage.counted().branches.unwrap().missed();
            let gaps = sample(folder, report, file);
            let untaken: u32 = gaps.iter().map(|gap| gap.arms_untaken).sum();
            assert_eq!(u64::from(untaken), missed, "{file}");
            for gap in gaps.iter().filter(|gap| !gap.arms.is_empty()) {
                let listed = gap.arms.iter().filter(|arm| !arm.taken).count();
                assert_eq!(listed, gap.arms_untaken as usize);
                assert_eq!(gap.arms.len(), gap.arms_total as usize);
            }
        }
    }
}
