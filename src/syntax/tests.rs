//! Outlines of small texts, written out: `line kind head: label→where`.

use std::fmt::Write as _;

use super::*;
use crate::coverage::FilePath;

fn render(outline: &Outline) -> String {
    let mut out = String::new();
    for function in &outline.functions {
        let span = function.span;
        writeln!(
            out,
            "fn {} {}-{}",
            function.name,
            span.start.line,
            span.last_line()
        )
        .unwrap();
    }
    for decision in &outline.decisions {
        write!(
            out,
            "{} {:?} `{}`",
            decision.span.start.line, decision.kind, decision.head
        )
        .unwrap();
        for arm in &decision.arms {
            let onward = match arm.onward {
                Onward::At(place) => place.line.to_string(),
                Onward::Exit => "exit".to_owned(),
                Onward::Unknown => "?".to_owned(),
            };
            write!(out, " {}→{onward}", arm.label).unwrap();
        }
        writeln!(out).unwrap();
    }
    out
}

fn check(path: &str, text: &str, expected: &str) {
    let language = Language::of(&FilePath::new(path)).unwrap();
    let text = text.strip_prefix('\n').unwrap_or(text);
    let expected: String = expected
        .trim()
        .lines()
        .flat_map(|line| [line.trim(), "\n"])
        .collect();
    pretty_assertions::assert_eq!(render(&outline(language, text)), expected);
}

#[test]
fn python_branches_go_where_the_interpreter_goes() {
    check(
        "a.py",
        r#"
@deco
class Port:
    @property
    def assign(self, a=1):
        for x in a:
            if x: continue
            elif (a or
                  b):
                c()
            else:
                global d
                e()
        else:
            return 1
        while a:
            f()
        if g: return 2
        if h:
            pass

def module_level(): return [i for i in x if i]

if __name__ == "__main__":
    main()
"#,
        "
        fn Port.assign 3-19
        fn module_level 21-21
        5 ForEach `for x in a:` true→6 false→14
        6 If `if x` true→6 false→7
        7 Elif `elif a or b` true→9 false→12
        7 Or `a or b` a→7 b→8
        15 While `while a` true→16 false→17
        17 If `if g` true→17 false→18
        18 If `if h` true→19 false→exit
        21 Comprehension `[i for i in x if i]`
        23 If `if __name__==\"__main__\"` true→24 false→exit
        ",
    );
}

#[test]
fn python_match_and_try_hand_on_to_the_next_clause() {
    check(
        "a.py",
        r"
def f(x):
    match x:
        case 1 | 2 if x:
            a()
        case _:
            b()
    try:
        c()
    except (A,
            B) as e:
        d()
    except C:
        return 1
    else:
        g()
    finally:
        h()
    try:
        i()
    except D:
        j()
    with k() as l:
        m()
    return lambda q: q if q else 1
",
        "
        fn f 1-24
        fn f.(anonymous) 24-24
        3 Case `case 1|2 if x` case 1 | 2 if x→4 no match→5
        5 Case `case _` case _→6 no match→7
        9 Except `except (A,B)as e` except (A, B) as e→11 not caught→12
        12 Except `except C` except C→13 not caught→17
        20 Except `except D` except D→21 not caught→exit
        22 With `with k()as l:`
        24 Lambda `lambda q:q if q else 1`
        24 Conditional `? q` true→24 false→24
        ",
    );
}

#[test]
fn typescript_names_methods_properties_and_defaults() {
    check(
        "a.ts",
        r"
export class Router<T> {
  constructor(private readonly base: string = '/') {}
  static async get(m = Method.Get, { q = 1 } = {}) {
    if (a && (b || c)) return;
    else if (d) {
      e();
    }
    do { n--; } while (n > 0);
    for (;;) { if (x) break; }
    for (let i = 0; i < 3; i++) foo();
    for (const k of xs) {
      bar();
    }
  }
}
const o = { f() { return 1 }, 'h-h': () => 2, g: function () { return c ? d : e } };
x.y.z = () => {};
foo(function () { return a ?? b });
switch (x) {
  case 'a':
  case 1: y(); break;
  // nothing
  default: z();
}
",
        "
        fn Router.constructor 2-2
        fn Router.get 3-14
        fn f 16-16
        fn h-h 16-16
        fn g 16-16
        fn z 17-17
        fn (anonymous) 18-18
        2 DefaultArgument `= base` default→2
        3 DefaultArgument `= m` default→3
        3 DefaultArgument `= {q=1}` default→3
        3 DefaultArgument `= q` default→3
        4 If `if a&&(b||c)` true→4 false→5
        4 And `a&&(b||c)` a→4 b→4 c→4
        5 If `if d` true→6 false→8
        8 DoWhile `do while n>0` true→8 false→9
        9 If `if x` true→9 false→9
        10 For `for(let i=0;i<3;i++)` true→10 false→11
        11 ForEach `for(const k of xs)` true→12 false→exit
        16 Conditional `? c` true→16 false→16
        18 Coalesce `a??b` a→18 b→18
        19 Switch `switch x` case 'a'→21 case 1→21 default→23
        ",
    );
}

#[test]
fn java_switches_fall_through_and_arrows_do_not() {
    check(
        "A.java",
        r#"
class A<T> {
  A(int x) { this.x = x; }
  int f(int a) {
    if (a > 0 && b) return 1; else if (c) return 2; else { return 3; }
    switch (k) {
      case A:
      case B: foo(); break;
      default: bar();
    }
    int y = switch (k) { case A, C -> 1; case B -> { yield 2; } default -> 3; };
    for (String s : xs) foo();
    try { b(); } catch (E | F e) { c(); } finally { d(); }
    Object o = new Runnable() { public void run() { x(); } };
    Runnable r = () -> foo();
    assert a : "b";
    return a ? b : c;
  }
  static { foo(); }
  record P(int a) { P { if (a < 0) throw x; } }
}
"#,
        "
        fn A.A 2-2
        fn A.f 3-17
        fn A.f.Runnable.run 13-13
        fn A.f.r 14-14
        fn A.static 18-18
        fn A.P.P 19-19
        4 If `if a>0&&b` true→4 false→4
        4 And `a>0&&b` a > 0→4 b→4
        4 If `if c` true→4 false→4
        5 Switch `switch k` case A→7 case B→7 default→8
        10 Switch `switch k` case A, C→10 case B→10 default→10
        11 ForEach `for(String s:xs)` true→11 false→12
        15 Assert `assert a` true→16 false→exit
        16 Conditional `? a` true→16 false→16
        19 If `if a<0` true→19 false→exit
        ",
    );
}

#[test]
fn go_names_receivers_and_reads_all_loops() {
    check(
        "a.go",
        r"
package a
func (q *Queue[T]) Pop(def int) int {
	if x := f(); x > 0 && y {
		return 1
	} else if z {
		return 2
	}
	switch k := v.(type) {
	case int, string:
		a()
	default:
		b()
	}
	switch {
	case a < 0:
	case b:
		return 1
	}
	for i := 0; i < 3; i++ {
		a()
	}
	for _, x := range xs {
		b()
	}
	for a {
		c()
	}
	for {
		d()
	}
	select {
	case <-c:
		e()
	}
	g := func(x int) { h() }
	return 1
}
",
        "
        fn Queue.Pop 2-37
        fn Queue.Pop.g 35-35
        3 If `if x>0&&y` true→4 false→5
        3 And `x>0&&y` x > 0→3 y→3
        5 If `if z` true→6 false→8
        8 Switch `switch v` case int, string→10 default→12
        14 Switch `switch ` case a < 0→19 case b→17
        19 For `for i:=0;i<3;i++` true→20 false→22
        22 ForEach `for _,x:=range xs` true→23 false→25
        25 For `for a` true→26 false→28
        31 Switch `select ` case <-c→33
        ",
    );
}

#[test]
fn rust_matches_and_impls() {
    check(
        "a.rs",
        r"
mod m {
    impl<T> Foo for Bar<T> {
        fn f(&self) -> i32 {
            if a && b { 1 } else if let Some(x) = y { 2 } else { 3 };
            match x {
                1 | 2 if a => foo(),
                Some(y) => { 2 }
                _ => 3,
            }
            while let Some(x) = y { c() }
            for i in x { d() }
            loop { break; }
            let c = |x| x + 1;
            g()
        }
    }
}
",
        "
        fn m.Bar.f 3-15
        fn m.Bar.f.c 13-13
        4 If `if a&&b` true→4 false→4
        4 And `a&&b` a→4 b→4
        4 If `if let Some(x)=y` true→4 false→4
        5 Match `match x` 1 | 2 if a→6 Some(y)→7 _→8
        10 While `while let Some(x)=y` true→10 false→11
        11 ForEach `for i in x` true→11 false→12
        ",
    );
}

#[test]
fn c_and_cpp_read_declarators_and_cases() {
    check(
        "a.cpp",
        r"
namespace n { class P { int f(int a) const { return a; } bool operator==(int o) { return o; } }; }
int n::P::g(int a) {
  if (int q = h(); q) i();
  switch (a) { case 1: case 2: j(); break; default: k(); }
  for (auto x : xs) m();
  do { c(); } while (d);
  auto z = [&](int x) { return x ? 1 : 2; };
  try { a(); } catch (const E& e) { b(); }
  return 0;
}
static int *été(void) { return a && b; }
template <typename T> T tmpl(T a) { return a; }
",
        "
        fn n.P.f 1-1
        fn n.P.operator== 1-1
        fn n.P.g 2-10
        fn n.P.g.z 7-7
        fn été 11-11
        fn tmpl 12-12
        3 If `if q` true→3 false→4
        4 Switch `switch a` case 1→4 case 2→4 default→4
        5 ForEach `for(auto x:xs)` true→5 false→6
        6 DoWhile `do while d` true→6 false→7
        7 Conditional `? x` true→7 false→7
        11 And `a&&b` a→11 b→11
        ",
    );
}

#[test]
fn a_broken_text_gives_what_can_be_read() {
    check(
        "a.js",
        "function f() { if (a) { b(); } }\nfunction g( { ]]]\nfunction h() { if (c) d(); }\n",
        "
        fn f 1-1
        fn h 3-3
        1 If `if a` true→1 false→exit
        3 If `if c` true→3 false→exit
        ",
    );
}

#[test]
fn a_formatter_changes_no_head() {
    let language = Language::TypeScript;
    let heads = |text| -> Vec<_> {
        outline(language, text)
            .decisions
            .into_iter()
            .map(|decision| decision.head)
            .collect()
    };
    assert_eq!(
        heads("if (a && typeof b === 'x') { c() }"),
        heads("if (\n    a &&\n    typeof b === 'x'\n)\n{\n  c()\n}"),
    );
}

#[test]
fn a_place_finds_its_innermost_function() {
    let text = "function a() {\n  function b() { c }\n  d\n}\ne\n";
    let outline = outline(Language::JavaScript, text);
    for (line, byte, expected) in [
        (1, 0, Some("a")),
        (2, 17, Some("a.b")),
        (3, 2, Some("a")),
        (5, 0, None),
    ] {
        let line = crate::coverage::Line::new(line).unwrap();
        let found = outline.function_at(Place { line, byte });
        assert_eq!(
            found.map(|idx| outline.functions[idx].name.as_str()),
            expected
        );
    }
}

/// Recursion, or a look back at every node, would not come to the end of these.
#[test]
fn deep_long_and_hostile_texts_come_to_an_end() {
    let n = 4_000;
    for (language, text, n_decisions) in [
        (Language::JavaScript, "(".repeat(n), 0),
        (
            Language::JavaScript,
            "if (a) {".repeat(n) + &"}".repeat(n),
            n,
        ),
        (
            Language::JavaScript,
            format!("x = {};", vec!["a"; n].join(" && ")),
            1,
        ),
        (Language::JavaScript, "f(function(){".repeat(n), 0),
        (Language::JavaScript, "`${".repeat(n), 0),
        (Language::Python, "if a:\n  b\n".repeat(n), n),
        (Language::Python, "\t(".repeat(n), 0),
        (Language::Cpp, "template<".repeat(n), 0),
        (Language::Rust, "match a { b => ".repeat(n), 0),
        (Language::Java, "class A { void f() { if (a) ".repeat(n), n),
        (
            Language::C,
            format!("int f() {{ switch (a) {{ {} }} }}", "case 1: ".repeat(n)),
            1,
        ),
        (Language::Go, "\u{0}\u{ffff}<>".repeat(n), 0),
    ] {
        let found = outline(language, &text).decisions.len();
        assert!(found <= n_decisions, "{language:?} {}: {found}", &text[..8]);
        if text.ends_with(['}', ';', '\n']) {
            assert_eq!(found, n_decisions, "{language:?} {}", &text[..8]);
        }
    }
    let huge = "if (a) b;".repeat(2 << 20);
    assert_eq!(outline(Language::JavaScript, &huge), Outline::default());
}
